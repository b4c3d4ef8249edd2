// Which lines are believed: challenges, counters, deadlines, verbs.
#include "list.h"

using bench::Ask;
using bench::Node;
using bench::with_id;
using facegate::Leaf;
using Words = std::vector<std::string>;

namespace {

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
