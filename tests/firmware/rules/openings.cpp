// What an opening does to the relays, and that one wish is one opening.
#include "list.h"

using bench::Ask;
using bench::Node;
using bench::with_id;
using facegate::Leaf;
using Words = std::vector<std::string>;

namespace {

TEST(Pulse, LastsAsAskedAndNeverBeyondTheMaximum) {
  const std::pair<const char *, uint64_t> cases[] = {{"0", 700}, {"300", 300}, {"5000", 5'000}, {"4294967295", 5'000}};
  for (const auto &[value, wanted] : cases) {
    Node node;
    node.up();
    Ask ask;
    ask.value = value;
    EXPECT_EQ(node.ask(ask), "opened");
    EXPECT_EQ(node.heard(Leaf::ACK).back()[9], std::to_string(wanted));
    node.wait(8'000);
    const auto pulses = node.pulses(1);
    ASSERT_EQ(pulses.size(), 1u);
    EXPECT_GE(pulses[0].second - pulses[0].first, wanted);
    EXPECT_LT(pulses[0].second - pulses[0].first, wanted + 17);
  }
}

TEST(Pulse, IsGuardedOutsideTheCoreToo) {
  Node node;
  node.up();
  node.ask({});
  EXPECT_EQ(node.port.writes.back().at_most_ms, 5'000u);
  node.wait(1'000);
  EXPECT_EQ(node.port.writes.back().at_most_ms, 0u);
}

TEST(Pulse, MovesItsOwnRelayOnly) {
  Node node;
  node.up();
  Ask ask;
  ask.subject = "2";
  EXPECT_EQ(node.ask(ask), "opened");
  EXPECT_EQ(node.pulses(1).size(), 0u);
  EXPECT_EQ(node.pulses(2).size(), 1u);
}

TEST(Pulse, OfAFailSafeLockTakesTheCurrentAway) {
  Node node;
  node.core.config().fail_safe = true;
  node.up();
  EXPECT_EQ(node.ask({}), "opened");
  EXPECT_EQ(node.port.writes.back(), (bench::Write{1, false, 0, 0}));
  node.wait(1'000);
  EXPECT_EQ(node.port.writes.back(), (bench::Write{1, true, 0, 0}));
}

TEST(Pulse, ComesBeforeTheTalking) {
  Node node;
  node.up();
  node.port.calls.clear();
  node.ask({});
  EXPECT_EQ(node.port.calls, (Words{"hmac", "relay", "hmac", "publish"}));
}

TEST(Busy, TwoGrantsTwoHundredMillisecondsApartAreTwoPulses) {
  Node node;
  node.up();
  int counter = 0;
  EXPECT_EQ(node.ask(with_id(1, ++counter)), "opened");
  node.wait(200);
  std::string result;
  for (int i = 0; i < 100 && result != "opened"; i++) {  // the recognizer retries the same id with a new counter
    result = node.ask(with_id(2, ++counter));
    EXPECT_TRUE(result == "busy" || result == "opened");
    node.wait(50);
  }
  node.wait(1'000);
  const auto pulses = node.pulses(1);
  ASSERT_EQ(pulses.size(), 2u);
  EXPECT_GE(pulses[1].first - pulses[0].second, 250u);
}

TEST(Busy, IsTheWholeNode) {
  Node node;
  node.up();
  EXPECT_EQ(node.ask(with_id(1, 1)), "opened");
  auto other = with_id(2, 2);
  other.subject = "2";
  EXPECT_EQ(node.ask(other), "busy");
  EXPECT_EQ(node.heard(Leaf::ACK).back()[9], "950");  // ms until it is worth another try
}

TEST(Id, AFinishedOneIsAckedAgainAndDoesNothing) {
  Node node;
  node.up();
  const auto line = node.line({});
  node.raw(line);
  node.wait(2'500);
  node.raw(line);  // late by now, and its counter used: but it is the same command
  EXPECT_EQ(node.ask(with_id(7, 2)), "opened");
  auto again = Ask{};
  again.counter = "3";
  EXPECT_EQ(node.ask(again), "opened");
  EXPECT_EQ(node.pulses(1).size(), 2u);
  const auto acks = node.heard(Leaf::ACK);
  EXPECT_EQ(acks.size(), 4u);
  EXPECT_EQ(acks[0][8] + acks[0][9], acks[1][8] + acks[1][9]);
}

TEST(Id, BelongsToItsSlot) {
  Node node;
  node.up();
  EXPECT_EQ(node.ask({}), "opened");
  node.wait(1'000);
  Ask other;
  other.slot = "3";
  EXPECT_EQ(node.ask(other), "opened");
  EXPECT_EQ(node.pulse_count(), 2u);
}

TEST(Id, SixteenAreRemembered) {
  Node node;
  node.up();
  int counter = 0;
  std::string first;
  for (int id = 1; id <= 17; id++) {
    auto ask = with_id(id, ++counter);
    ask.verb = "lift";  // finished at once
    if (id == 1)
      first = node.line(ask);
    EXPECT_EQ(node.ask(ask), "verb");
    if (id == 16) {
      node.raw(first);
      EXPECT_EQ(node.heard(Leaf::ACK).back()[8], "verb");
    }
  }
  node.raw(first);
  EXPECT_EQ(node.heard(Leaf::ACK).back()[8], "counter");
}

TEST(Id, WhatOldLinesCanCauseIsNotRemembered) {
  Node node;
  node.up();
  Ask stale;
  stale.challenge = std::string(32, 'e');
  EXPECT_EQ(node.ask(stale), "stale");
  EXPECT_EQ(node.ask({}), "opened");
}

}  // namespace
