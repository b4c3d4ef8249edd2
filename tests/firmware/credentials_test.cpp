// The gate core's rules of modes, fire, contacts, cards, lists and keys, one test each, as in core_test.cpp.
#include <gtest/gtest.h>

#include "test_port.h"

using bench::Ask;
using bench::Node;
using facegate::Leaf;
using facegate::Record;
using Words = std::vector<std::string>;

namespace {

const std::string CARD = "\xa1\xb2\xc3";

std::string digest(const std::string &text, const std::string &gate_key = bench::unhex(bench::KEY)) {
  const auto whole = bench::hmac(bench::derive(gate_key, "digest main"), text);
  return bench::hex(reinterpret_cast<const uint8_t *>(whole.data()), 8);
}

const std::string ALWAYS = "31" + std::string(24, '0');

// A node that opens for CARD at any time.
void let_in(Node &node, const std::string &version = "1") {
  ASSERT_EQ(node.tell("list", version + ":0:1:0", digest("card a1b2c3") + ALWAYS), "done committed");
}

// The same flash, later.
void reboot(Node &old, Node &node) {
  node.port.records = old.port.records;
  node.port.boot = old.port.boot;
  node.up();
}

// ---- modes ----

TEST(Lockdown, LeavesTheWayOutAndTheGuard) {
  Node node;
  node.up();
  let_in(node);
  EXPECT_EQ(node.tell("mode", "lockdown", "0"), "done 0");
  EXPECT_EQ(node.tell("open", "1", "0"), "mode lockdown");
  node.card(1, CARD);
  EXPECT_EQ(node.pulse_count(), 0u);
  node.exit(true);
  EXPECT_EQ(node.pulses(2).size(), 1u);
  node.wait(1'000);
  EXPECT_EQ(node.tell("guard", "1", "0"), "opened 700");
  EXPECT_EQ(node.pulses(1).size(), 1u);
  node.fire(true);
  EXPECT_TRUE(node.core.is_open(1) && node.core.is_open(2));
}

TEST(Lockdown, OutlastsAReboot) {
  Node before, node;
  before.up();
  before.tell("mode", "lockdown", "0");
  reboot(before, node);
  EXPECT_EQ(node.heard(Leaf::HELLO).back()[7], "lockdown");
  EXPECT_EQ(node.tell("open", "1", "0"), "mode lockdown");
  node.wait(16);
  EXPECT_EQ(node.events()[0], "mode lockdown boot");
  EXPECT_EQ(node.pulse_count(), 0u);
}

TEST(Lockdown, OnAFullFlashIsInForceAndSaysSo) {
  Node node;
  node.up();
  node.port.flash_works = false;
  EXPECT_EQ(node.tell("mode", "lockdown", "0"), "fault flash");
  EXPECT_EQ(node.tell("open", "1", "0"), "mode lockdown");
}

TEST(Free, HoldsOpenAndEndsByItself) {
  Node node;
  node.up();
  EXPECT_EQ(node.tell("mode", "free", "60"), "done 60");
  EXPECT_TRUE(node.core.is_open(1) && node.core.is_open(2));
  EXPECT_EQ(node.port.writes.back().at_most_ms, 60'000u);  // the guards know when, too
  node.wait(59'984);
  EXPECT_TRUE(node.core.is_open(1));
  node.wait(16);
  EXPECT_FALSE(node.core.is_open(1) || node.core.is_open(2));
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"mode free command", "mode normal end"}));
}

TEST(Free, DoesNotOutlastAReboot) {
  Node before, node;
  before.up();
  before.tell("mode", "free", "60");
  reboot(before, node);
  EXPECT_FALSE(node.core.is_open(1));
  EXPECT_EQ(node.pulse_count(), 0u);
}

TEST(Free, IsCutToTheNodesMaximum) {
  Node node;
  node.core.config().max_free_s = 10;
  node.up();
  EXPECT_EQ(node.tell("mode", "free", "4294967295"), "done 10");
  node.wait(10'000);
  EXPECT_FALSE(node.core.is_open(1));
}

// ---- fire ----

TEST(Latch, OutlastsAReboot) {
  Node before, node;
  before.up();
  before.fire(true);
  before.fire(false);
  reboot(before, node);
  EXPECT_TRUE(node.core.is_open(1) && node.core.is_open(2));
  EXPECT_EQ(node.tell("reset", "fire", "-"), "done");
  EXPECT_FALSE(node.core.is_open(1));
}

TEST(Latch, IsNotResetWhileItBurns) {
  Node node;
  node.up();
  node.fire(true);
  EXPECT_EQ(node.tell("reset", "fire", "-"), "mode fire");
  node.reset(true);
  EXPECT_TRUE(node.core.is_open(1));
  node.fire(false);
  EXPECT_TRUE(node.core.is_open(1));  // the button that has been held all the while counts for nothing
  node.reset(false);
  node.reset(true);
  EXPECT_FALSE(node.core.is_open(1));
}

TEST(Latch, OfAFullFlashReleasesAllTheSame) {
  Node node;
  node.port.flash_works = false;
  node.start();
  node.fire(true);
  EXPECT_TRUE(node.core.is_open(1) && node.core.is_open(2));
}

// ---- contacts ----

TEST(Bouncing, IsNoPress) {
  Node node;
  node.core.config().debounce_ms = 30;
  node.up();
  for (int i = 0; i < 20; i++) {
    node.exit(i % 2 == 0);
    node.fire(i % 2 == 0);
    node.wait(16);
  }
  EXPECT_EQ(node.pulse_count(), 0u);
  for (int i = 0; i < 3; i++) {
    node.exit(true);
    node.wait(16);
  }
  EXPECT_EQ(node.pulses(2).size(), 1u);
}

TEST(Door, OpenedWithoutAnOpeningIsForced) {
  Node node;
  node.up();
  node.door(false);
  node.door(true);
  node.wait(16);
  EXPECT_EQ(node.events(), Words{"forced - door"});
}

TEST(Door, AfterAnOpeningIsNot) {
  Node node;
  node.core.config().has_beam = false;
  node.up();
  node.door(false);
  node.tell("open", "1", "0");
  node.wait(1'600);  // 700 ms open, and a hand that was slow
  node.door(true);
  node.wait(16);
  EXPECT_EQ(node.events(), Words{});
}

TEST(Door, HeldOpenIsSaidOnceAndEnds) {
  Node node;
  node.core.config().has_beam = false;
  node.up();
  node.door(true);
  node.wait(90'000);
  node.door(false);
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"held start -", "held clear -"}));
}

TEST(Tamper, ActiveAtBootCounts) {
  Node node;
  node.up();
  node.tamper(true);
  node.tamper(false);
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"tamper start -", "tamper clear -"}));
}

TEST(Press, TellsAndMovesNothing) {
  Node node;
  node.up();
  node.press(false);
  node.press(true);
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"press 1 -"}));
  EXPECT_EQ(node.pulse_count(), 0u);
  node.press(false);
  node.press(true);  // at once: hammering
  node.wait(500);
  EXPECT_EQ(node.events().size(), 1u);
  node.press(false);
  node.press(true);
  node.wait(16);
  EXPECT_EQ(node.events().size(), 2u);
}

TEST(Press, HeldDownAtBootTellsNothing) {
  Node node;
  node.up();
  node.press(true);
  node.wait(16);
  EXPECT_TRUE(node.events().empty());
}

TEST(Press, WithoutABrokerIsForgotten) {
  Node node;
  node.start();
  node.press(false);
  node.press(true);
  node.connect();
  node.wait(1'000);
  EXPECT_TRUE(node.events().empty());
}

void walk(Node &node, std::initializer_list<std::pair<bool, bool>> way) {
  for (const auto &[first, second] : way)
    node.beams(first, second);
}

TEST(TwoBeams, TellTheWay) {
  Node node;
  node.up();
  node.tell("open", "1", "0");
  walk(node, {{false, false}, {true, false}, {true, true}, {false, true}, {false, false}});
  node.wait(16);
  EXPECT_EQ(node.events(), Words{"passed 1 0000000000000001"});
}

TEST(TwoBeams, AWayOutOnAWayInIsForced) {
  Node node;
  node.up();
  node.tell("open", "1", "0");
  walk(node, {{false, false}, {false, true}, {true, true}, {true, false}, {false, false}});
  node.wait(16);
  EXPECT_EQ(node.events(), Words{"forced 2 -"});
}

TEST(TwoBeams, WhoTurnsRoundHasNotPassed) {
  Node node;
  node.up();
  node.tell("open", "1", "0");
  walk(node, {{false, false}, {true, false}, {true, true}, {true, false}, {false, false}});
  node.wait(9'000);
  EXPECT_EQ(node.events(), Words{"not_passed 1 0000000000000001"});
}

TEST(TwoBeams, ASecondOneBehindTheFirstHasTailgated) {
  Node node;
  node.up();
  node.tell("open", "1", "0");
  walk(node, {{false, false}, {true, false}, {true, true}, {false, true}, {true, true}, {false, true}, {false, false}});
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"passed 1 0000000000000001", "tailgated 1 0000000000000001"}));
}

// ---- cards ----

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

// ---- PINs ----

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

// ---- lists ----

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

// ---- keys ----

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

// ---- hints ----

TEST(Hint, IsShownAndPushesNoOpeningOut) {
  Node node;
  node.up();
  Ask open;
  open.counter.clear();
  open.id = "ffffffffffffffff";
  EXPECT_EQ(node.ask(open), "opened");
  for (int i = 0; i < 100; i++)
    EXPECT_EQ(node.tell("hint", "closer", "1500"), "done");
  EXPECT_EQ(node.port.hints.size(), 100u);
  EXPECT_EQ(node.port.hints[0], "closer 1500");
  node.wait(2'000);
  EXPECT_EQ(node.ask(open), "opened");
  EXPECT_EQ(node.pulse_count(), 1u);
}

}  // namespace
