// What the node tells, in which order, and what it keeps while nobody listens.
#include "list.h"

using bench::Node;
using bench::with_id;
using facegate::Leaf;
using Words = std::vector<std::string>;

namespace {

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
  for (int i = 0; i < 36; i++) {
    node.fire(true);
    node.fire(false);
  }
  node.connect();
  const auto events = node.heard(Leaf::EVENT);
  ASSERT_EQ(events.size(), 64u);
  EXPECT_EQ(events.front()[4], "9");
  EXPECT_EQ(events.back()[4], "72");
  for (size_t i = 1; i < events.size(); i++)
    EXPECT_EQ(std::stoi(events[i][4]), std::stoi(events[i - 1][4]) + 1);
}

TEST(Again, TellsTheSameLinesAsBefore) {
  Node node;
  node.up();
  for (int i = 0; i < 3; i++) {
    node.tamper(true);
    node.tamper(false);
  }
  node.wait(16);
  const auto before = node.heard(Leaf::EVENT);
  ASSERT_EQ(before.size(), 6u);
  EXPECT_EQ(node.tell("again", "1", "5"), "done 2");
  node.wait(16);
  auto after = node.heard(Leaf::EVENT);
  ASSERT_EQ(after.size(), 8u);
  EXPECT_EQ(after[6], before[4]);
  EXPECT_EQ(after[7], before[5]);
  EXPECT_EQ(node.tell("again", "1", "7"), "done 0");
  EXPECT_EQ(node.tell("again", "1", "1"), "done 6");
  EXPECT_EQ(node.pulse_count(), 0u);
  node.wait(1'000);
  EXPECT_EQ(node.heard(Leaf::EVENT).size(), 14u);
}

TEST(Again, GoesBackAsFarAsThereIsRoom) {
  Node node;
  node.up();
  for (int i = 0; i < 40; i++) {
    node.tamper(true);
    node.tamper(false);
    node.wait(16);
  }
  EXPECT_EQ(node.tell("again", "1", "1"), "done 64");
  node.wait(16);
  const auto events = node.heard(Leaf::EVENT);
  ASSERT_EQ(events.size(), 144u);
  EXPECT_EQ(events[80][4], "17");
  EXPECT_EQ(events.back()[4], "80");
}

TEST(Again, NeverSkipsWhatWasNotToldYet) {
  Node node;
  node.up();
  node.port.broker_works = false;
  node.fire(true);
  node.fire(false);
  node.port.broker_works = true;
  EXPECT_EQ(node.tell("again", "1", "99"), "done 0");
  node.wait(16);
  EXPECT_EQ(node.events(), (Words{"fire start -", "fire quiet -"}));
}

TEST(Again, KnowsNothingOfABootBefore) {
  Node node;
  node.up();
  EXPECT_EQ(node.tell("again", "2", "1"), "argument subject");
  EXPECT_EQ(node.tell("again", "1", "0"), "argument value");
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

}  // namespace
