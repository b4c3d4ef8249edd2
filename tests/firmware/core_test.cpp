// The gate core's rules, one test each. Run by test_core.py with AddressSanitizer and UndefinedBehaviorSanitizer.
#include <gtest/gtest.h>

#include "test_port.h"

using bench::Ask;
using bench::Node;
using facegate::Leaf;
using Words = std::vector<std::string>;

namespace {

Ask with_id(int number, int counter) {
  char id[17];
  std::snprintf(id, sizeof(id), "%016x", number);
  Ask ask;
  ask.id = id;
  ask.counter = std::to_string(counter);
  return ask;
}

// ---- boot ----

TEST(Boot, FailSecureStartsWithoutCurrent) {
  Node node;
  node.start();
  EXPECT_EQ(node.port.writes, (std::vector<bench::Write>{{1, false, 0, 0}, {2, false, 0, 0}}));
}

TEST(Boot, FailSafeStartsWithCurrent) {
  Node node;
  node.core.config().fail_safe = true;
  node.start();
  EXPECT_EQ(node.port.writes, (std::vector<bench::Write>{{1, true, 0, 0}, {2, true, 0, 0}}));
  EXPECT_FALSE(node.core.is_open(1));
}

TEST(Boot, ClosesBeforeAnythingElse) {
  Node node;
  node.start();
  ASSERT_GE(node.port.calls.size(), 3u);
  EXPECT_EQ(Words(node.port.calls.begin(), node.port.calls.begin() + 3), (Words{"relay", "relay", "next_boot"}));
}

TEST(Boot, OneRelayIsNeverTwo) {
  Node node;
  node.core.config().relays = 1;
  node.core.config().exit_relay = 1;
  node.up();
  node.fire(true);
  Ask ask;
  ask.subject = "2";
  EXPECT_EQ(node.ask(ask), "argument");
  for (const auto &write : node.port.writes)
    EXPECT_EQ(write.relay, 1u);
}

TEST(Boot, EveryLineBearsTheBootNumber) {
  Node node;
  node.port.boot = 41;
  node.up();
  node.ask({});
  node.exit(true);
  node.wait(16);
  ASSERT_EQ(node.port.said.size(), 3u);
  for (const auto &said : node.port.said)
    EXPECT_EQ(said.fields[3], "42");
}

// ---- fault ----

class Fault : public testing::TestWithParam<bool bench::TestPort::*> {};

TEST_P(Fault, IssuesNothingAndAnswersNothingButLetsPeopleOut) {
  Node node;
  node.port.*GetParam() = false;
  node.up();
  node.wait(30'000);
  node.raw(node.line({}));
  node.raw("nonsense");
  EXPECT_TRUE(node.core.fault());
  EXPECT_EQ(node.heard(Leaf::HELLO).size(), 0u);
  EXPECT_EQ(node.heard(Leaf::ACK).size(), 0u);
  EXPECT_EQ(node.pulse_count(), 0u);
  node.exit(true);
  EXPECT_TRUE(node.core.is_open(2));
  node.fire(true);
  EXPECT_TRUE(node.core.is_open(1));
}

INSTANTIATE_TEST_SUITE_P(Of, Fault,
                         testing::Values(&bench::TestPort::random_works, &bench::TestPort::flash_works,
                                         &bench::TestPort::hmac_works));

TEST(FaultOfRandomness, EndsWithTheNextGoodChallenge) {
  Node node;
  node.up();
  node.port.random_works = false;
  node.wait(10'016);
  EXPECT_TRUE(node.core.fault());
  EXPECT_EQ(node.ask({}), "");  // the challenge before is not served on
  node.port.random_works = true;
  node.wait(10'016);
  EXPECT_FALSE(node.core.fault());
  EXPECT_EQ(node.ask({}), "opened");
}

TEST(FaultOfConfiguration, AGateWithoutANameSaysNothing) {
  Node node;
  node.core.config().gate = std::string_view("Not An Id");
  node.up();
  node.wait(20'000);
  EXPECT_TRUE(node.core.fault());
  EXPECT_TRUE(node.port.said.empty());
}

// ---- challenges ----

TEST(Challenge, ComesAtOnceWithTheConnection) {
  Node node;
  node.start();
  node.wait(5'000);
  EXPECT_TRUE(node.port.said.empty());
  node.connect();
  const auto hellos = node.heard(Leaf::HELLO);
  ASSERT_EQ(hellos.size(), 1u);
  EXPECT_EQ(hellos[0].size(), 12u);
  EXPECT_EQ(hellos[0][5], "5000");
  EXPECT_EQ(hellos[0][7] + " " + hellos[0][8] + " " + hellos[0][9] + " " + hellos[0][10], "normal closed 0 0");
}

TEST(Challenge, IsNewEveryTenSeconds) {
  Node node;
  node.up();
  node.wait(59'000);
  std::vector<std::string> seen;
  for (const auto &f : node.heard(Leaf::HELLO))
    seen.push_back(f[6]);
  EXPECT_EQ(seen.size(), 6u);  // one of them at the start
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST(Challenge, LivesTwentySeconds) {
  for (uint32_t age : {10'100u, 19'900u, 20'100u}) {
    Node node;
    node.up();
    Ask ask;
    ask.challenge = node.challenge();
    node.wait(age);
    EXPECT_EQ(node.ask(ask), age < 20'000 ? "opened" : "stale") << age;
  }
}

TEST(Challenge, DiesAtEveryReconnect) {
  Node node;
  node.up();
  Ask ask;
  ask.challenge = node.challenge();
  node.disconnect();
  node.connect();
  EXPECT_NE(node.challenge(), ask.challenge);
  EXPECT_EQ(node.ask(ask), "stale");
  EXPECT_EQ(node.ask({}), "opened");
}

TEST(Challenge, DiesWithTheConnection) {
  Node node;
  node.up();
  const auto kept = node.line({});
  node.disconnect();
  node.raw(kept);
  EXPECT_EQ(node.pulse_count(), 0u);
}

TEST(Challenge, AnUnknownOneBringsAFreshHelloButNotAFlood) {
  Node node;
  node.up();
  node.wait(2'000);
  Ask ask;
  ask.challenge = std::string(32, 'f');
  for (int i = 1; i <= 100; i++) {
    ask.counter = std::to_string(i);
    EXPECT_EQ(node.ask(ask), "stale");
    node.wait(16);
  }
  EXPECT_EQ(node.heard(Leaf::HELLO).size(), 3u);  // at the start, at once, and one second after that
}

// ---- time ----

TEST(Time, GoesOnWhenTheMillisecondCounterRollsOver) {
  Node node(UINT32_MAX - 500);
  node.up();
  EXPECT_EQ(node.ask({}), "opened");
  node.wait(600);
  EXPECT_LT(node.now(), 1'000u);
  EXPECT_EQ(node.core.uptime(), 600u);
  EXPECT_TRUE(node.core.is_open(1));
  node.wait(150);
  EXPECT_FALSE(node.core.is_open(1));
}

TEST(Time, ADayAfterTheRolloverIsNotTheDayBefore) {
  Node node(0);
  node.up();
  for (int i = 0; i < 60; i++) {  // 60 days in steps of one
    node.disconnect();
    node.core.loop(uint32_t(uint64_t(i + 1) * 86'400'000));
  }
  EXPECT_EQ(node.core.uptime(), 60ull * 86'400'000);
}

TEST(Time, AClockThatReadsALittleEarlierStandsStill) {
  Node node(10'000);
  node.up();
  node.core.loop(10'100);
  node.core.loop(10'090);
  EXPECT_EQ(node.core.uptime(), 100u);
  node.core.loop(10'110);
  EXPECT_EQ(node.core.uptime(), 110u);
}

// ---- lines that are not believed ----

TEST(Refused, EverySingleBitFlip) {
  Node node;
  node.up();
  const auto good = node.line({});
  for (size_t i = 0; i < good.size(); i++) {
    for (int bit = 0; bit < 8; bit++) {
      auto bad = good;
      bad[i] = char(bad[i] ^ (1 << bit));
      node.raw(bad);
      ASSERT_EQ(node.pulse_count(), 0u) << "byte " << i << " bit " << bit;
    }
  }
  EXPECT_EQ(node.heard(Leaf::ACK).size(), 0u);
  EXPECT_EQ(node.core.refused(), 8 * good.size());
  node.raw(good);
  EXPECT_EQ(node.pulse_count(), 1u);
}

TEST(Refused, EveryTruncation) {
  Node node;
  node.up();
  const auto good = node.line({});
  for (size_t size = 0; size < good.size(); size++)
    node.raw(good.substr(0, size));
  EXPECT_EQ(node.core.refused(), good.size());
  EXPECT_EQ(node.pulse_count(), 0u);
}

TEST(Refused, IsReportedWithReasonAndRunningCount) {
  Node node;
  node.up();
  auto forged = node.line({});
  forged.back() = forged.back() == '0' ? '1' : '0';
  node.raw("");
  node.raw("fg1  command");
  node.raw(forged);
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"refused size 1", "refused format 2", "refused mac 3"}));
}

TEST(Refused, AFloodIsCountedButNotEchoed) {
  Node node;
  node.up();
  for (int i = 0; i < 10'000; i++)
    node.raw("nonsense");
  node.wait(16);
  EXPECT_EQ(node.events().size(), 16u);
  node.wait(3'000);
  for (int i = 0; i < 100; i++)
    node.raw("nonsense");
  node.wait(16);
  const auto events = node.events();
  ASSERT_EQ(events.size(), 19u);  // one a second again
  EXPECT_EQ(events[16], "refused format 10001");
  node.wait(10'000);
  EXPECT_EQ(node.heard(Leaf::HELLO).back()[9], "10100");
}

TEST(Refused, UsesUpNoCounter) {
  Node node;
  node.up();
  Ask ask;
  ask.id = "NOT-AN-ID";
  ask.counter = "9";
  EXPECT_EQ(node.ask(ask), "");
  EXPECT_EQ(node.ask({}), "opened");
}

// ---- counters ----

TEST(Counter, MustGrow) {
  Node node;
  node.up();
  EXPECT_EQ(node.ask(with_id(1, 5)), "opened");
  node.wait(1'000);
  EXPECT_EQ(node.ask(with_id(2, 5)), "counter");
  EXPECT_EQ(node.ask(with_id(3, 4)), "counter");
  EXPECT_EQ(node.ask(with_id(4, 6)), "opened");
}

TEST(Counter, IsEachSlotsOwn) {
  Node node;
  node.up();
  EXPECT_EQ(node.ask(with_id(1, 5)), "opened");
  node.wait(1'000);
  auto other = with_id(1, 1);
  other.slot = "2";
  EXPECT_EQ(node.ask(other), "opened");
}

TEST(Counter, IsEachChallengesOwn) {
  Node node;
  node.up();
  EXPECT_EQ(node.ask(with_id(1, 500)), "opened");
  node.wait(10'100);
  EXPECT_EQ(node.ask(with_id(2, 1)), "opened");
}

TEST(Counter, IsUsedUpByABusyAnswer) {
  Node node;
  node.up();
  EXPECT_EQ(node.ask(with_id(1, 1)), "opened");
  EXPECT_EQ(node.ask(with_id(2, 2)), "busy");
  EXPECT_EQ(node.ask(with_id(2, 2)), "counter");
}

// ---- not-after, verbs, arguments ----

TEST(NotAfter, ADelayedCommandDies) {
  Node node;
  node.up();
  const auto delayed = node.line({});
  node.wait(2'001);
  node.raw(delayed);
  EXPECT_EQ(node.pulse_count(), 0u);
  EXPECT_EQ(node.heard(Leaf::ACK).back()[8], "late");
}

TEST(NotAfter, IsNotForTomorrow) {
  Node node;
  node.up();
  Ask ask;
  ask.not_after = "10001";
  EXPECT_EQ(node.ask(ask), "argument");
  EXPECT_EQ(node.heard(Leaf::ACK).back()[9], "not_after");
  ask = with_id(2, 2);
  ask.not_after = "10000";
  EXPECT_EQ(node.ask(ask), "opened");
}

TEST(Verb, UnknownOnesAreNotServed) {
  Node node;
  node.up();
  int counter = 0;
  for (const char *verb : {"close", "opened", "ope", "guards", "free", "o"}) {
    counter++;
    auto ask = with_id(counter, counter);
    ask.verb = verb;
    EXPECT_EQ(node.ask(ask), "verb") << verb;
  }
  EXPECT_EQ(node.pulse_count(), 0u);
}

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

// ---- busy and ids ----

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

// ---- exit ----

TEST(Exit, OpensWithoutAnyNetwork) {
  Node node;
  node.start();
  node.exit(true);
  EXPECT_TRUE(node.core.is_open(2));
  node.wait(750);
  EXPECT_FALSE(node.core.is_open(2));
  node.connect();
  EXPECT_EQ(node.events(), (Words{"exit 2 -"}));
}

TEST(Exit, AButtonHeldDownIsPressedOnce) {
  Node node;
  node.up();
  for (int i = 0; i < 200; i++) {
    node.exit(true);
    node.wait(16);
  }
  EXPECT_EQ(node.pulses(2).size(), 1u);
  node.exit(false);
  node.exit(true);
  EXPECT_EQ(node.pulses(2).size(), 2u);
}

TEST(Exit, IsNeverBusy) {
  Node node;
  node.core.config().exit_relay = 1;
  node.up();
  Ask ask;
  ask.value = "5000";
  EXPECT_EQ(node.ask(ask), "opened");
  node.wait(4'900);
  node.exit(true);
  node.wait(600);
  EXPECT_TRUE(node.core.is_open(1));  // the button's own time, not the end of the command's
  node.wait(200);
  EXPECT_FALSE(node.core.is_open(1));
  node.exit(false);
  node.exit(true);  // nor does it wait for the gap
  EXPECT_TRUE(node.core.is_open(1));
}

TEST(Exit, DoesNotShortenAnOpening) {
  Node node;
  node.core.config().exit_relay = 1;
  node.up();
  Ask ask;
  ask.value = "3000";
  node.ask(ask);
  node.exit(true);
  node.wait(2'900);
  EXPECT_TRUE(node.core.is_open(1));
}

TEST(Exit, LeavesTheOtherRelaysGuardAlone) {
  Node node;
  node.up();
  node.ask({});
  const auto writes = node.port.writes.size();
  node.exit(true);
  ASSERT_EQ(node.port.writes.size(), writes + 1);
  EXPECT_EQ(node.port.writes.back().relay, 2u);
}

// ---- fire ----

TEST(Fire, ReleasesBothRelaysUntilItIsReset) {
  Node node;
  node.up();
  node.fire(true);
  node.wait(600'000);
  EXPECT_TRUE(node.core.is_open(1) && node.core.is_open(2));
  for (const auto &write : node.port.writes)
    EXPECT_EQ(write.at_most_ms, 0u);  // no guard may close it
  node.fire(false);
  node.wait(600'000);
  EXPECT_TRUE(node.core.is_open(1) && node.core.is_open(2));  // until somebody has looked
  node.reset(true);
  EXPECT_FALSE(node.core.is_open(1) || node.core.is_open(2));
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"fire start -", "fire quiet -", "fire clear -"}));
}

TEST(Fire, ActiveAtBootCounts) {
  Node node;
  node.start();
  node.fire(true);
  EXPECT_TRUE(node.core.is_open(1) && node.core.is_open(2));
}

TEST(Fire, OutlastsAPulse) {
  Node node;
  node.up();
  node.ask({});
  node.fire(true);
  node.wait(2'000);
  EXPECT_TRUE(node.core.is_open(1));
  node.fire(false);
  node.reset(true);
  EXPECT_FALSE(node.core.is_open(1));
  EXPECT_EQ(node.port.writes.back(), (bench::Write{2, false, 0, 0}));
}

TEST(Fire, LeavesARunningPulseItsGuard) {
  Node node;
  node.up();
  node.ask({});
  node.fire(true);
  node.fire(false);
  node.reset(true);
  EXPECT_TRUE(node.core.is_open(1));
  EXPECT_EQ(node.port.writes[node.port.writes.size() - 2].at_most_ms, 5'000u);
  node.wait(1'000);
  EXPECT_FALSE(node.core.is_open(1));
}

TEST(Fire, ReleasesAFailSafeLockByTakingTheCurrentAway) {
  Node node;
  node.core.config().fail_safe = true;
  node.up();
  node.fire(true);
  EXPECT_EQ(node.port.writes.back(), (bench::Write{2, false, 0, 0}));
}

TEST(Fire, OpensNeedNoCommand) {
  Node node;
  node.up();
  node.fire(true);
  EXPECT_EQ(node.ask({}), "mode");
  EXPECT_EQ(node.heard(Leaf::ACK).back()[9], "fire");
}

// ---- passages ----

TEST(Passage, AfterAGrantIsPassedWithItsId) {
  Node node;
  node.up();
  node.ask({});
  node.wait(500);
  node.pass();
  node.wait(10'000);
  EXPECT_EQ(node.events(), (Words{"passed 1 00c0ffee5eed0001"}));
}

TEST(Passage, NoneWithinItsTimeIsNotPassed) {
  Node node;
  node.up();
  node.ask({});
  node.wait(7'900);
  EXPECT_EQ(node.events(), Words{});
  node.wait(200);
  EXPECT_EQ(node.events(), (Words{"not_passed 1 00c0ffee5eed0001"}));
}

TEST(Passage, ASecondOnOneGrantIsTailgated) {
  Node node;
  node.up();
  node.ask({});
  node.pass();
  node.wait(1'000);
  node.pass();
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"passed 1 00c0ffee5eed0001", "tailgated 1 00c0ffee5eed0001"}));
}

TEST(Passage, WithoutAGrantIsForced) {
  Node node;
  node.up();
  node.pass();
  node.ask({});
  node.pass();
  node.wait(8'100);
  node.pass();
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"forced - -", "passed 1 00c0ffee5eed0001", "forced - -"}));
}

TEST(Passage, TwoGrantsLetTwoPass) {
  Node node;
  node.up();
  EXPECT_EQ(node.ask(with_id(1, 1)), "opened");
  node.wait(1'000);
  EXPECT_EQ(node.ask(with_id(2, 2)), "opened");
  node.pass();
  node.pass();
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"passed 1 0000000000000001", "passed 1 0000000000000002"}));
}

TEST(Passage, AfterTheExitButtonHasNoId) {
  Node node;
  node.up();
  node.exit(true);
  node.pass();
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"exit 2 -", "passed 2 -"}));
}

TEST(Passage, ABeamBrokenAtBootIsNobody) {
  Node node;
  node.start();
  node.beam(true);
  node.connect();
  EXPECT_EQ(node.events(), Words{});
}

TEST(Passage, IsNotCountedInAFire) {
  Node node;
  node.up();
  node.ask({});
  node.fire(true);
  node.pass();
  node.wait(10'000);
  EXPECT_EQ(node.events(), (Words{"fire start -"}));
}

TEST(Passage, WithoutABeamNothingIsSaidOfIt) {
  Node node;
  node.core.config().has_beam = false;
  node.up();
  node.ask({});
  node.wait(20'000);
  EXPECT_EQ(node.events(), Words{});
}

TEST(Passage, MoreGrantsThanRoomEndTheOldest) {
  Node node;
  node.core.config().passage_timeout_ms = 60'000;
  node.up();
  for (int i = 0; i < 9; i++) {
    node.exit(true);
    node.exit(false);
  }
  node.wait(16);
  const auto events = node.events();
  EXPECT_EQ(std::count(events.begin(), events.end(), "not_passed 2 -"), 1);
}

// ---- events while offline, and the order of things ----

TEST(Queue, KeepsEventsWithTheTimeOfTheirHappening) {
  Node node;
  node.up();
  node.disconnect();
  node.wait(1'000);
  node.fire(true);
  node.wait(5'000);
  node.fire(false);
  node.wait(60'000);
  EXPECT_EQ(node.events(), Words{});
  node.connect();
  const auto events = node.heard(Leaf::EVENT);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0][4] + " " + events[0][5] + " " + events[0][7], "1 1000 start");
  EXPECT_EQ(events[1][4] + " " + events[1][5] + " " + events[1][7], "2 6000 quiet");
}

TEST(Queue, DropsTheOldestAndTheGapShows) {
  Node node;
  node.up();
  node.disconnect();
  for (int i = 0; i < 20; i++) {
    node.fire(true);
    node.fire(false);
  }
  node.connect();
  const auto events = node.heard(Leaf::EVENT);
  ASSERT_EQ(events.size(), 32u);
  EXPECT_EQ(events.front()[4], "9");
  EXPECT_EQ(events.back()[4], "40");
  for (size_t i = 1; i < events.size(); i++)
    EXPECT_EQ(std::stoi(events[i][4]), std::stoi(events[i - 1][4]) + 1);
}

TEST(Queue, WaitsForABrokerThatTakesNothing) {
  Node node;
  node.up();
  node.port.broker_works = false;
  node.fire(true);
  node.wait(100);
  EXPECT_EQ(node.events(), Words{});
  node.port.broker_works = true;
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"fire start -"}));
}

TEST(Sequence, IsEachKindsOwnFromOne) {
  Node node;
  node.up();
  node.ask(with_id(1, 1));
  node.ask(with_id(2, 2));
  node.fire(true);
  node.wait(2'000);
  for (Leaf leaf : {Leaf::HELLO, Leaf::ACK, Leaf::EVENT}) {
    const auto lines = node.heard(leaf);
    ASSERT_FALSE(lines.empty());
    for (size_t i = 0; i < lines.size(); i++)
      EXPECT_EQ(lines[i][4], std::to_string(i + 1));
  }
}

TEST(Hello, TellsOfAChangeWithinASecond) {
  Node node;
  node.up();
  node.wait(3'000);
  node.ask({});
  node.wait(16);
  EXPECT_EQ(node.heard(Leaf::HELLO).back()[8], "open");
  node.wait(2'000);
  EXPECT_EQ(node.heard(Leaf::HELLO).back()[8], "closed");
  node.fire(true);
  node.wait(16);
  EXPECT_EQ(node.heard(Leaf::HELLO).back()[8], "fire");
  EXPECT_EQ(node.heard(Leaf::HELLO).size(), 4u);
}

// ---- the comparison ----

TEST(ConstantTime, SeesADifferenceAnywhere) {
  uint8_t a[32]{}, b[32]{};
  EXPECT_TRUE(facegate::constant_time_equal(a, b, sizeof(a)));
  for (size_t i = 0; i < sizeof(a); i++) {
    b[i] = 1;
    EXPECT_FALSE(facegate::constant_time_equal(a, b, sizeof(a))) << i;
    b[i] = 0;
  }
}

}  // namespace
