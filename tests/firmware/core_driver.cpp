// The gate core on a pipe, so that another program can drive it beside a model of its own. One request a line:
//   new 0 TWO_FACTOR BEAM | reboot 0 | connect T | disconnect T | wait T | flash T 0|1 | command T HEX
//   exit T 0|1 | fire T 0|1 | reset T 0|1 | door T 0|1 | tamper T 0|1 | press T 0|1 | beam T 0|1 | beams T 0|1 0|1
//   card T RELAY HEX | pin T RELAY DIGITS
// T is the uptime in ms. After each, loop() runs once; the answer is every line that was published, as
// "<hello|ack|event> <line>", every "hint <pattern> <ms>", then "relays <0|1> <0|1>", then ".".
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
    out = ++this->boot;
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
  uint32_t boot{6};
  bool flash_works{true};
  bench::Records records;

 private:
  uint8_t drawn_{0};
};

struct Node {
  Node(PipePort &port, bool two_factor, bool beam) : core(port) {
    auto &config = this->core.config();
    config.gate = std::string_view("main");
    const auto key = bench::unhex(bench::KEY);
    std::copy(key.begin(), key.end(), config.key.begin());
    config.relays = 2;
    config.exit_relay = 2;
    config.debounce_ms = 0;
    config.two_factor = two_factor;
    config.has_beam = beam;
    this->core.start(0);
  }
  facegate::GateCore core;
};

}  // namespace

int main() {
  std::unique_ptr<PipePort> port;
  std::unique_ptr<Node> node;
  bool two_factor = false, beam = false;
  std::string request;
  while (std::getline(std::cin, request)) {
    std::istringstream words(request);
    std::string what, first, second;
    uint32_t now = 0;
    words >> what >> now >> first >> second;
    const bool level = first == "1";
    if (what == "new") {
      two_factor = level;
      beam = second == "1";
      port = std::make_unique<PipePort>();
    }
    if (what == "new" || what == "reboot")
      node = std::make_unique<Node>(*port, two_factor, beam);
    auto &core = node->core;
    if (what == "connect")
      core.on_connected(now);
    if (what == "disconnect")
      core.on_disconnected(now);
    if (what == "flash")
      port->flash_works = level;
    if (what == "command")
      core.on_command(bench::unhex(first), now);
    if (what == "exit")
      core.on_exit(level, now);
    if (what == "fire")
      core.on_fire(level, now);
    if (what == "reset")
      core.on_fire_reset(level, now);
    if (what == "door")
      core.on_door(level, now);
    if (what == "tamper")
      core.on_tamper(level, now);
    if (what == "press")
      core.on_press(level, now);
    if (what == "beam")
      core.on_beam(level, now);
    if (what == "beams")
      core.on_beams(level, second == "1", now);
    if (what == "card") {
      const auto bytes = bench::unhex(second);
      core.on_card(std::stoul(first), reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), now);
    }
    if (what == "pin")
      core.on_pin(std::stoul(first), second, now);
    core.loop(now);
    std::cout << "relays " << port->energised[0] << " " << port->energised[1] << "\n." << std::endl;
  }
}
