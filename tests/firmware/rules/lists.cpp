// The list of cards and PINs on flash.
#include "list.h"

using bench::ALWAYS;
using bench::CARD;
using bench::Node;
using bench::digest;
using bench::let_in;
using bench::reboot;

namespace {

TEST(List, ComesWholeOrNotAtAll) {
  Node node;
  node.up();
  let_in(node);
  EXPECT_EQ(node.tell("list", "2:0:2:0", "-"), "done stored");
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
  EXPECT_EQ(node.core.list_version(), 1u);
  EXPECT_EQ(node.tell("list", "2:1:2:0", "-"), "done committed");
  node.wait(2'000);
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
}

TEST(List, APowerCutAtAnyWriteLeavesTheOldOrTheNew) {
  for (int cut = 0; cut <= 3; cut++) {
    Node before, node;
    before.up();
    let_in(before);
    before.port.saves_until_power_cut = cut;
    before.tell("list", "2:0:2:0", digest("card 04") + ALWAYS);
    before.tell("list", "2:1:2:0", digest("card 05") + ALWAYS);
    reboot(before, node);
    node.card(1, CARD);
    node.wait(2'000);
    const bool old = node.pulse_count() == 1;
    node.card(1, "\x04");
    node.wait(2'000);
    node.card(1, "\x05");
    EXPECT_EQ(node.pulse_count(), old ? 1u : 2u) << cut;
    EXPECT_EQ(node.core.list_version(), cut == 3 ? 2u : 1u);
  }
}

TEST(List, NeverGoesBackNotEvenAfterAReboot) {
  Node before, node;
  before.up();
  let_in(before, "9");
  EXPECT_EQ(before.tell("list", "8:0:1:0", "-"), "argument version");
  reboot(before, node);
  EXPECT_EQ(node.tell("list", "8:0:1:0", "-"), "argument version");
  EXPECT_EQ(node.tell("list", "9:0:1:0", "-"), "done committed");  // it was; nothing changes
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
}

TEST(List, ThatHasExpiredOpensForNobody) {
  Node node;
  node.up();
  node.tell("list", "1:0:1:1790000000", digest("card a1b2c3") + ALWAYS);
  node.tell("time", "1789999999", "0");
  node.card(1, CARD);
  node.wait(2'000);
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
  EXPECT_EQ(node.events().back(), "granted card:1 " + digest("card a1b2c3"));
  EXPECT_EQ(node.port.hints.back(), "fault 0");
}

TEST(List, HoldsAsManyAsTheSpecificationSays) {
  Node node;
  node.up();
  for (int chunk = 0; chunk < 112; chunk++) {
    std::string entries;
    for (int i = 0; i < 9; i++) {
      char bytes[5];
      std::snprintf(bytes, sizeof(bytes), "%04x", chunk * 9 + i);
      entries += digest("card " + std::string(bytes)) + ALWAYS;
    }
    ASSERT_EQ(node.tell("list", "1:" + std::to_string(chunk) + ":112:0", entries),
              chunk == 111 ? "done committed" : "done stored");
    if (chunk % 50 == 49)
      node.wait(16);
  }
  node.card(1, std::string("\x03\xef", 2));  // the 1008th
  EXPECT_EQ(node.pulse_count(), 1u);
}

TEST(List, ThatCannotBeReadOpensForNobodyAndLocksNoPins) {
  Node node;
  node.up();
  let_in(node);
  node.port.flash_reads = false;
  for (int i = 0; i < 6; i++)
    node.pin(1, "1234");
  node.card(1, CARD);
  node.wait(16);
  EXPECT_EQ(node.pulse_count(), 0u);
  EXPECT_EQ(node.events().back(), "denied card:1:fault -");
}

}  // namespace
