// Cards and PINs at the reader.
#include "list.h"

using bench::ALWAYS;
using bench::CARD;
using bench::Node;
using bench::digest;
using bench::let_in;
using bench::reboot;
using facegate::Leaf;
using Words = std::vector<std::string>;

namespace {

TEST(Card, OpensOnlineAndOffline) {
  Node node;
  node.up();
  let_in(node);
  node.card(1, CARD);
  EXPECT_EQ(node.pulses(1).size(), 1u);
  node.wait(2'000);
  node.disconnect();
  node.card(1, CARD);
  EXPECT_EQ(node.pulses(1).size(), 2u);
  node.pass();
  node.connect();
  const auto told = digest("card a1b2c3");
  EXPECT_EQ(node.events(), (Words{"granted card:1 " + told, "granted card:1 " + told, "passed 1 0000000100000001"}));
}

TEST(Card, OutlastsAReboot) {
  Node before, node;
  before.up();
  let_in(before, "7");
  reboot(before, node);
  EXPECT_EQ(node.heard(Leaf::HELLO).back()[10], "7");
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
}

TEST(Card, WhatIsNotOnTheListDoesNotLeaveTheNode) {
  Node node;
  node.up();
  let_in(node);
  node.card(1, "\x01\x02\x03");
  node.wait(16);
  EXPECT_EQ(node.pulse_count(), 0u);
  EXPECT_EQ(node.events(), Words{"denied card:1:unknown -"});
  for (const auto &said : node.port.said)
    EXPECT_EQ(said.line.find(digest("card 010203")), std::string::npos);
  EXPECT_EQ(node.port.hints, Words{"denied 0"});
}

TEST(Card, OfAnotherKindOrRelayDoesNotOpen) {
  Node node;
  node.up();
  const auto pin = digest("pin 1234");
  node.tell("list", "1:0:1:0", digest("card a1b2c3") + "11" + std::string(24, '0') + pin + "12" + std::string(24, '0'));
  node.card(2, CARD);
  node.card(1, "\x12\x34");
  node.wait(16);
  EXPECT_EQ(node.pulse_count(), 0u);
  EXPECT_EQ(node.events(), (Words{"denied card:2:relay " + digest("card a1b2c3"), "denied card:1:unknown -"}));
}

TEST(Card, WithAWindowNeedsTheTimeAndOneWithoutDoesNot) {
  Node node;
  node.up();
  // Mondays from 08:00 to 18:00
  node.tell("list", "1:0:1:0", digest("card a1b2c3") + "31" + "01" + "1e0438" + std::string(16, '0') +
                                   digest("card 04") + ALWAYS);
  node.card(1, CARD);
  node.card(1, "\x04");
  node.wait(2'000);
  EXPECT_EQ(node.events(), (Words{"denied card:1:clock " + digest("card a1b2c3"), "granted card:1 " + digest("card 04")}));
  node.tell("time", "1790575199", "0");  // Monday, 05:59:59 UTC
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
  node.tell("time", "1790575200", "120");  // 08:00 in the local time that is two hours ahead
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 2u);
  node.wait(2'000);
  node.tell("time", "1790575200", "120:1790575201:60");  // and summer time ends
  node.wait(1'008);
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 2u);
}

TEST(Card, OverWiegandIsTakenWithGoodParityOnly) {
  Node node;
  node.up();
  let_in(node);
  const uint64_t good = uint64_t(0xa1b2c3) << 1;  // 6 ones in the first half, 5 in the second: both parities are 0
  node.wiegand(1, good ^ 1, 26);
  node.wiegand(1, good ^ uint64_t(1) << 25, 26);
  node.wiegand(1, good, 27);
  EXPECT_EQ(node.pulse_count(), 0u);
  node.wiegand(1, good, 26);
  EXPECT_EQ(node.pulse_count(), 1u);
}

TEST(Card, AtAGateWithTwoFactorsIsToldAndDecidesNothing) {
  Node node;
  node.core.config().two_factor = true;
  node.up();
  EXPECT_EQ(node.tell("list", "1:0:1:0", "-"), "mode two_factor");
  node.card(1, CARD);
  node.pin(1, "1234");
  node.wait(16);
  EXPECT_EQ(node.pulse_count(), 0u);
  EXPECT_EQ(node.events(), (Words{"card 1 " + digest("card a1b2c3"), "pin 1 " + digest("pin 1234")}));
}

TEST(Learning, TellsOneCardAtOneReaderAndOpensNothing) {
  Node node;
  node.up();
  let_in(node);
  const std::string other = "\x01\x02\x03\x04";
  EXPECT_EQ(node.tell("learn", "1", "30"), "done 30");
  EXPECT_EQ(node.port.hints, Words{"wait 30000"});
  node.card(2, other);  // the other reader
  node.pin(1, "4711");
  node.card(1, other);
  node.card(1, other);  // once is enough
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"denied card:2:unknown -", "denied pin:1:unknown -",
                                  "learned 1 " + digest("card 01020304"), "denied card:1:unknown -"}));
  EXPECT_EQ(node.tell("learn", "1", "30"), "done 30");
  node.card(1, CARD);  // on the list: it does not open either, so that nobody is let in unasked
  node.wait(16);
  EXPECT_EQ(node.events().back(), "learned 1 " + digest("card a1b2c3"));
  EXPECT_EQ(node.pulse_count(), 0u);
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
}

TEST(Learning, EndsByItself) {
  const auto end_by = [](auto end) {
    Node node;
    node.up();
    let_in(node);
    node.tell("learn", "1", "10");
    end(node);
    node.card(1, "\x01\x02\x03\x04");
    node.wait(16);
    for (const auto &event : node.events())
      EXPECT_EQ(event, "denied card:1:unknown -");
  };
  end_by([](Node &node) { node.wait(10'000); });
  end_by([](Node &node) { EXPECT_EQ(node.tell("learn", "1", "0"), "done 0"); });
  end_by([](Node &node) {
    node.disconnect();
    node.connect();
  });
}

TEST(Learning, AtAGateWithTwoFactorsIsNoFactor) {
  Node node;
  node.core.config().two_factor = true;
  node.up();
  EXPECT_EQ(node.tell("learn", "1", "30"), "done 30");
  node.card(1, CARD);
  node.card(1, CARD);
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"learned 1 " + digest("card a1b2c3"), "card 1 " + digest("card a1b2c3")}));
}

// The bytes of one printed number, 0012345678, at each reader; the recognizer makes a typed number into all of them.
TEST(Readers, GiveTheBytesThatTheRecognizerExpects) {
  const auto listed = [](const std::string &bytes, auto present) {
    Node node;
    node.up();
    EXPECT_EQ(node.tell("list", "1:0:1:0", digest("card " + bytes) + ALWAYS), "done committed");
    present(node);
    return node.pulse_count();
  };
  const uint64_t number = 12'345'678;
  const auto wiegand = [&](uint32_t bits) {
    const uint32_t half = (bits + 1) / 2;
    const uint64_t data = number << 1;
    uint64_t whole = data | uint64_t(__builtin_popcountll(data >> (bits - half)) % 2) << (bits - 1);
    whole |= __builtin_popcountll(whole & ((uint64_t(1) << half) - 1)) % 2 == 0 ? 1 : 0;
    return [whole, bits](Node &node) { node.wiegand(1, whole, bits); };
  };
  // RDM6300, three of Wiegand, PN532
  EXPECT_EQ(listed("00bc614e", [&](Node &node) { node.core.on_card_number(1, number, 32, node.now()); }), 1u);
  EXPECT_EQ(listed("bc614e", wiegand(26)), 1u);
  EXPECT_EQ(listed("00bc614e", wiegand(34)), 1u);
  EXPECT_EQ(listed("0000bc614e", wiegand(37)), 1u);
  EXPECT_EQ(listed("04a23b5c6d7e80", [](Node &node) { node.card(1, "\x04\xa2\x3b\x5c\x6d\x7e\x80"); }), 1u);
}

TEST(Pin, FiveWrongOnesLockPinsAndNeverCards) {
  Node node;
  node.up();
  const auto pin = digest("pin 271828");
  node.tell("list", "1:0:1:0", pin + "32" + std::string(24, '0') + digest("card a1b2c3") + ALWAYS);
  for (int i = 0; i < 5; i++)
    node.pin(1, "111111");
  node.pin(1, "271828");
  EXPECT_EQ(node.pulse_count(), 0u);
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 1u);
  node.wait(60'000);
  node.pin(1, "271828");
  EXPECT_EQ(node.pulse_count(), 2u);
  const auto events = node.events();
  EXPECT_EQ(events[5], "locked 1 60");
  EXPECT_EQ(events[6], "denied pin:1:locked -");
}

TEST(Pin, EachLockIsTwiceAsLongUpToAnHour) {
  Node node;
  node.up();
  let_in(node);
  Words locks;
  for (int lock = 0; lock < 8; lock++) {
    for (int i = 0; i < 5; i++) {
      node.pin(1, "1");
      node.wait(2'000);
    }
    node.wait(3'600'000);
  }
  for (const auto &event : node.events()) {
    if (event.rfind("locked", 0) == 0)
      locks.push_back(event.substr(9));
  }
  EXPECT_EQ(locks, (Words{"60", "120", "240", "480", "960", "1920", "3600", "3600"}));
}

}  // namespace
