// What a node does when it starts, when something it needs is missing, and as its time goes on.
#include <gtest/gtest.h>

#include "test_port.h"

using bench::Ask;
using bench::Node;
using facegate::Leaf;
using Words = std::vector<std::string>;

namespace {

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

}  // namespace
