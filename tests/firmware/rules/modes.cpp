// Lockdown, free, and what the lamps are told.
#include "list.h"

using bench::Ask;
using bench::CARD;
using bench::Node;
using bench::let_in;
using bench::reboot;
using facegate::Leaf;
using Words = std::vector<std::string>;

namespace {

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
