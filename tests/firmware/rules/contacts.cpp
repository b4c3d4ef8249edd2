// Door, beams and tamper: what they bring, and who has passed.
#include "list.h"

using bench::Node;
using bench::with_id;
using Words = std::vector<std::string>;

namespace {

void walk(Node &node, std::initializer_list<std::pair<bool, bool>> way) {
  for (const auto &[first, second] : way)
    node.beams(first, second);
}

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

}  // namespace
