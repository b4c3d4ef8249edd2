#pragma once
// What several files of rules need: a numbered wish, and a node with a list, before and after a restart.
#include <gtest/gtest.h>

#include "test_port.h"

namespace bench {

inline Ask with_id(int number, int counter) {
  char id[17];
  std::snprintf(id, sizeof(id), "%016x", number);
  Ask ask;
  ask.id = id;
  ask.counter = std::to_string(counter);
  return ask;
}

inline const std::string CARD = "\xa1\xb2\xc3";

inline std::string digest(const std::string &text, const std::string &gate_key = unhex(KEY)) {
  const auto whole = hmac(derive(gate_key, "digest main"), text);
  return hex(reinterpret_cast<const uint8_t *>(whole.data()), 8);
}

inline const std::string ALWAYS = "31" + std::string(24, '0');

// A node that opens for CARD at any time.
inline void let_in(Node &node, const std::string &version = "1") {
  ASSERT_EQ(node.tell("list", version + ":0:1:0", digest("card a1b2c3") + ALWAYS), "done committed");
}

// The same flash, later.
inline void reboot(Node &old, Node &node) {
  node.port.records = old.port.records;
  node.port.boot = old.port.boot;
  node.up();
}

}  // namespace bench
