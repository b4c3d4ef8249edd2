// The exit button and the fire alarm, which nothing overrides.
#include "list.h"

using bench::Ask;
using bench::Node;
using bench::reboot;
using facegate::Leaf;
using Words = std::vector<std::string>;

namespace {

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

}  // namespace
