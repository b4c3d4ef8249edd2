// Changing the key of a gate.
#include "list.h"

using bench::CARD;
using bench::Node;
using bench::let_in;
using bench::reboot;
using facegate::Leaf;
using facegate::Record;

namespace {

const std::string NONCE(64, '5');

std::string next_key(const std::string &key = bench::KEY) {
  const auto next = bench::derive(bench::unhex(key), "rotate " + NONCE + " main");
  return bench::hex(reinterpret_cast<const uint8_t *>(next.data()), next.size());
}

TEST(Rotation, TheFirstLineUnderTheNewKeyErasesTheOldOne) {
  Node node;
  node.up();
  EXPECT_EQ(node.tell("key", "rotate", NONCE), "done");
  EXPECT_EQ(node.tell("open", "1", "0"), "opened 700");  // the old one still holds
  node.voice = bench::KEY;
  const auto before = node.heard(Leaf::ACK);
  node.wait(2'000);
  EXPECT_EQ(node.tell("hint", "look", "0", next_key()), "done");
  EXPECT_EQ(node.tell("open", "1", "0"), "");
  node.voice = next_key();
  EXPECT_EQ(node.heard(Leaf::ACK).back()[8], "done");
  node.wait(16);
  EXPECT_NE(std::string(node.port.records.at({Record::KEYS, 0})).find(bench::unhex(next_key())), std::string::npos);
  EXPECT_EQ(node.port.records.at({Record::KEYS, 0}).find(bench::unhex(bench::KEY)), std::string::npos);
}

TEST(Rotation, OutlastsAReboot) {
  Node before, node;
  before.up();
  before.tell("key", "rotate", NONCE);
  before.tell("hint", "look", "0", next_key());
  node.voice = next_key();
  reboot(before, node);
  EXPECT_EQ(node.tell("open", "1", "0"), "");
  EXPECT_EQ(node.tell("open", "1", "0", next_key()), "opened 700");
}

TEST(Rotation, LeavesTheListInForce) {
  Node node;
  node.up();
  let_in(node);
  node.tell("key", "rotate", NONCE);
  node.tell("hint", "look", "0", next_key());
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
}

TEST(Rotation, AFullFlashChangesNothing) {
  Node node;
  node.up();
  node.port.flash_works = false;
  EXPECT_EQ(node.tell("key", "rotate", NONCE), "fault flash");
  EXPECT_EQ(node.tell("hint", "look", "0", next_key()), "");
  EXPECT_EQ(node.tell("hint", "look", "0"), "done");
}

TEST(NewKey, FlashedOverTheOldOneVoidsListAndRotation) {
  Node before, node;
  before.up();
  let_in(before);
  before.tell("key", "rotate", NONCE);
  before.tell("hint", "look", "0", next_key());
  const std::string fresh(64, '7');
  const auto bytes = bench::unhex(fresh);
  std::copy(bytes.begin(), bytes.end(), node.core.config().key.begin());
  node.voice = fresh;
  reboot(before, node);
  EXPECT_EQ(node.core.list_version(), 0u);
  EXPECT_EQ(node.tell("hint", "look", "0", next_key()), "");
  EXPECT_EQ(node.tell("hint", "look", "0", fresh), "done");
}

}  // namespace
