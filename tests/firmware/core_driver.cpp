// The gate core on a pipe, so that another program can drive it beside a model of its own. One request a line:
//   new | connect T | disconnect T | wait T | fire T 0|1 | command T HEX
// T is the uptime in ms. After each, loop() runs once; the answer is every line that was published, as
// "<hello|ack|event> <line>", then "relays <0|1> <0|1>", then ".".
#include <iostream>
#include <memory>
#include <sstream>

#include "test_port.h"

namespace {

constexpr const char *LEAVES[] = {"hello", "ack", "event"};

class PipePort final : public facegate::Port {
 public:
  bool hmac(const facegate::Key &key, std::string_view data, facegate::Digest &out) override {
    const auto mac = bench::hmac(std::string(key.begin(), key.end()), std::string(data));
    std::copy(mac.begin(), mac.end(), out.begin());
    return true;
  }
  // 1, 2, 3, … as 128 bits, as the test lets its model draw them.
  bool random(uint8_t *out, size_t size) override {
    std::fill(out, out + size, uint8_t(0));
    out[size - 1] = ++this->drawn_;
    return true;
  }
  bool next_boot(uint32_t &out) override {
    out = 7;
    return true;
  }
  bool load(facegate::Record record, uint32_t index, uint8_t *out, size_t size) override {
    return bench::load(this->records, record, index, out, size);
  }
  bool save(facegate::Record record, uint32_t index, const uint8_t *data, size_t size) override {
    if (!this->flash_works)
      return false;
    this->records[{record, index}] = std::string(reinterpret_cast<const char *>(data), size);
    return true;
  }
  void hint(facegate::Pattern pattern, uint32_t ms) override {
    std::cout << "hint " << facegate::HINTS[size_t(pattern)] << " " << ms << "\n";
  }
  void relay(uint32_t relay, bool energised, uint32_t) override { this->energised[relay - 1] = energised; }
  bool publish(facegate::Leaf leaf, std::string_view line) override {
    std::cout << LEAVES[size_t(leaf)] << " " << line << "\n";
    return true;
  }

  bool energised[2]{};
  bool flash_works{true};
  bench::Records records;

 private:
  uint8_t drawn_{0};
};

struct Node {
  Node() {
    auto &config = this->core.config();
    config.gate = std::string_view("main");
    const auto key = bench::unhex(bench::KEY);
    std::copy(key.begin(), key.end(), config.key.begin());
    config.relays = 2;
    config.debounce_ms = 0;
    this->core.start(0);
  }
  PipePort port;
  facegate::GateCore core{port};
};

}  // namespace

int main() {
  auto node = std::make_unique<Node>();
  std::string request;
  while (std::getline(std::cin, request)) {
    std::istringstream words(request);
    std::string what, more;
    uint32_t now = 0;
    words >> what >> now >> more;
    if (what == "new")
      node = std::make_unique<Node>();
    if (what == "connect")
      node->core.on_connected(now);
    if (what == "disconnect")
      node->core.on_disconnected(now);
    if (what == "fire")
      node->core.on_fire(more == "1", now);
    if (what == "command")
      node->core.on_command(bench::unhex(more), now);
    node->core.loop(now);
    std::cout << "relays " << node->port.energised[0] << " " << node->port.energised[1] << "\n." << std::endl;
  }
}
