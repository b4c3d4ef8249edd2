#pragma once
// A gate core on a bench: the Port records everything in order, time stands in the test's hand.
// Lines are signed and read here without line.cpp, so that the core is not checked against itself.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gate_core.h"
#include "hmac.h"

namespace bench {

inline std::string hex(const uint8_t *data, size_t size) {
  std::string out;
  char two[3];
  for (size_t i = 0; i < size; i++) {
    std::snprintf(two, sizeof(two), "%02x", data[i]);
    out += two;
  }
  return out;
}

inline std::string unhex(const std::string &text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    out += char(std::stoi(text.substr(i, 2), nullptr, 16));
  return out;
}

inline std::string derive(const std::string &gate_key, const std::string &purpose) {
  return hmac(gate_key, "facegate/1 " + purpose + "\x01");
}

inline std::string sign(const std::string &key, const std::string &body) {
  const std::string mac = hmac(key, body);
  return body + " " + hex(reinterpret_cast<const uint8_t *>(mac.data()), mac.size());
}

inline std::vector<std::string> split(const std::string &line) {
  std::vector<std::string> fields{""};
  for (char c : line) {
    if (c == ' ') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

struct Write {
  uint32_t relay;
  bool energised;
  uint32_t at_most_ms;
  uint64_t uptime;
  bool operator==(const Write &other) const { return this->relay == other.relay && this->energised == other.energised; }
};

struct Said {
  facegate::Leaf leaf;
  std::string line;
  std::vector<std::string> fields;  // of a verified line
};

// Records as they would lie on flash; a copy is a node of which the power was cut.
using Records = std::map<std::pair<facegate::Record, uint32_t>, std::string>;

inline bool load(const Records &records, facegate::Record record, uint32_t index, uint8_t *out, size_t size) {
  const auto found = records.find({record, index});
  if (found == records.end() || found->second.size() != size)
    return false;
  std::copy(found->second.begin(), found->second.end(), out);
  return true;
}

class TestPort final : public facegate::Port {
 public:
  bool hmac(const facegate::Key &key, std::string_view data, facegate::Digest &out) override {
    this->calls.emplace_back("hmac");
    const auto mac = bench::hmac(std::string(key.begin(), key.end()), std::string(data));
    std::copy(mac.begin(), mac.end(), out.begin());
    return this->hmac_works;
  }
  bool random(uint8_t *out, size_t size) override {
    this->calls.emplace_back("random");
    for (size_t i = 0; i < size; i++) {
      this->random_state = this->random_state * 1103515245 + 12345;
      out[i] = uint8_t(this->random_state >> 16);
    }
    return this->random_works;
  }
  bool next_boot(uint32_t &out) override {
    this->calls.emplace_back("next_boot");
    out = ++this->boot;
    return this->flash_works;
  }
  bool load(facegate::Record record, uint32_t index, uint8_t *out, size_t size) override {
    return this->flash_reads && bench::load(this->records, record, index, out, size);
  }
  bool save(facegate::Record record, uint32_t index, const uint8_t *data, size_t size) override {
    this->calls.emplace_back("save");
    if (this->saves_until_power_cut == 0 || !this->flash_works || size > 255)
      return false;
    this->saves_until_power_cut--;
    this->records[{record, index}] = std::string(reinterpret_cast<const char *>(data), size);
    return true;
  }
  void hint(facegate::Pattern pattern, uint32_t ms) override {
    this->calls.emplace_back("hint");
    this->hints.push_back(std::string(facegate::HINTS[size_t(pattern)]) + " " + std::to_string(ms));
  }
  void relay(uint32_t relay, bool energised, uint32_t at_most_ms) override {
    this->calls.emplace_back("relay");
    this->writes.push_back({relay, energised, at_most_ms, this->core == nullptr ? 0 : this->core->uptime()});
  }
  bool publish(facegate::Leaf leaf, std::string_view line) override {
    this->calls.emplace_back("publish");
    if (!this->broker_works)
      return false;
    this->said.push_back({leaf, std::string(line), split(std::string(line))});
    return true;
  }

  facegate::GateCore *core{nullptr};
  bool hmac_works{true}, random_works{true}, flash_works{true}, broker_works{true};
  bool flash_reads{true};
  int saves_until_power_cut{-1};
  uint32_t random_state{1};
  uint32_t boot{0};
  Records records;
  std::vector<std::string> hints;
  std::vector<std::string> calls;
  std::vector<Write> writes;
  std::vector<Said> said;
};

inline constexpr char KEY[] = "8f5b0a7e3c1d94626be2f7a80914cd35e6a1b2780fd34c59913e6ad7c204bb18";

// What a recognizer says; the defaults are a good opening of relay 1.
struct Ask {
  std::string slot{"1"};
  std::string id{"00c0ffee5eed0001"};
  std::string challenge;
  std::string counter{"1"};
  std::string not_after;
  std::string verb{"open"};
  std::string subject{"1"};
  std::string value{"0"};
  std::string key{KEY};
};

class Node {
 public:
  explicit Node(uint32_t now = 0) : now_(now) {
    this->port.core = &this->core;
    auto &config = this->core.config();
    config.gate = std::string_view("main");
    const auto key = unhex(KEY);
    std::copy(key.begin(), key.end(), config.key.begin());
    config.relays = 2;
    config.exit_relay = 2;
    config.has_beam = true;
    config.debounce_ms = 0;  // but in the tests of bouncing
  }

  // Power and broker.
  void start() { this->core.start(this->now_); }
  void connect() { this->core.on_connected(this->now_); }
  void disconnect() { this->core.on_disconnected(this->now_); }
  void up() {
    this->start();
    this->connect();
  }

  // Time passes in steps as long as ESPHome's loop.
  void wait(uint32_t ms) {
    while (ms != 0) {
      const uint32_t step = std::min<uint32_t>(ms, 16);
      this->now_ += step;
      ms -= step;
      this->core.loop(this->now_);
    }
  }
  uint32_t now() const { return this->now_; }

  // Inputs.
  void exit(bool pressed) { this->core.on_exit(pressed, this->now_); }
  void fire(bool active) { this->core.on_fire(active, this->now_); }
  void reset(bool pressed) { this->core.on_fire_reset(pressed, this->now_); }
  void door(bool open) { this->core.on_door(open, this->now_); }
  void tamper(bool active) { this->core.on_tamper(active, this->now_); }
  void press(bool pressed) { this->core.on_press(pressed, this->now_); }
  void beams(bool first, bool second) { this->core.on_beams(first, second, this->now_); }
  void card(uint32_t relay, const std::string &bytes) {
    this->core.on_card(relay, reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), this->now_);
  }
  void wiegand(uint32_t relay, uint64_t value, uint32_t bits) {
    this->core.on_wiegand(relay, value, bits, this->now_);
  }
  void pin(uint32_t relay, const std::string &digits) { this->core.on_pin(relay, digits, this->now_); }
  void beam(bool blocked) { this->core.on_beam(blocked, this->now_); }
  void pass() {
    this->beam(false);
    this->beam(true);
    this->beam(false);
  }

  // Commands. An Ask without challenge or not-after gets good ones.
  std::string line(Ask ask) {
    if (ask.challenge.empty())
      ask.challenge = this->challenge();
    if (ask.counter.empty())
      ask.counter = std::to_string(++this->counter_);
    if (ask.not_after.empty())
      ask.not_after = std::to_string(this->core.uptime() + 2000);
    return sign(derive(unhex(ask.key), "command " + ask.slot + " main"),
                "fg1 command main " + ask.slot + " " + ask.id + " " + ask.challenge + " " + ask.counter + " " +
                    ask.not_after + " " + ask.verb + " " + ask.subject + " " + ask.value);
  }
  void raw(const std::string &line) { this->core.on_command(line, this->now_); }
  // The result and detail of the answer to a command with a new id and the next counter.
  std::string tell(const std::string &verb, const std::string &subject, const std::string &value,
                   const std::string &key = KEY) {
    Ask ask;
    char id[17];
    std::snprintf(id, sizeof(id), "%016x", ++this->told_);
    ask.id = id;
    ask.counter.clear();
    ask.verb = verb;
    ask.subject = subject;
    ask.value = value;
    ask.key = key;
    const size_t before = this->port.said.size();
    this->raw(this->line(ask));
    for (size_t i = before; i < this->port.said.size(); i++) {
      const auto &fields = this->port.said[i].fields;
      if (this->port.said[i].leaf == facegate::Leaf::ACK)
        return fields[9] == "-" ? fields[8] : fields[8] + " " + fields[9];
    }
    return "";
  }
  // The result of the ack, or nothing.
  std::string ask(const Ask &ask) {
    const size_t before = this->port.said.size();
    this->raw(this->line(ask));
    for (size_t i = before; i < this->port.said.size(); i++) {
      const auto &said = this->port.said[i];
      if (said.leaf == facegate::Leaf::ACK)
        return said.fields[8];
    }
    return "";
  }

  // What it said, each line verified.
  std::vector<std::vector<std::string>> heard(facegate::Leaf leaf) const {
    std::vector<std::vector<std::string>> out;
    const std::string key = derive(unhex(this->voice), "node main");
    for (const auto &said : this->port.said) {
      if (said.leaf != leaf)
        continue;
      const auto &line = said.line;
      if (sign(key, line.substr(0, line.rfind(' '))) != line)
        out.push_back({"not signed by the node", line});
      else
        out.push_back(said.fields);
    }
    return out;
  }
  std::string challenge() const {
    const auto hellos = this->heard(facegate::Leaf::HELLO);
    return hellos.empty() ? std::string(32, '0') : hellos.back()[6];
  }
  // "type subject value" of each event.
  std::vector<std::string> events() const {
    std::vector<std::string> out;
    for (const auto &f : this->heard(facegate::Leaf::EVENT))
      out.push_back(f[6] + " " + f[7] + " " + f[8]);
    return out;
  }
  // Times at which a relay of a fail-secure gate opened and closed, oldest first.
  std::vector<std::pair<uint64_t, uint64_t>> pulses(uint32_t relay) const {
    std::vector<std::pair<uint64_t, uint64_t>> out;
    bool open = false;
    for (const auto &write : this->port.writes) {
      if (write.relay != relay)
        continue;
      if (write.energised && !open)
        out.emplace_back(write.uptime, UINT64_MAX);
      if (!write.energised && open)
        out.back().second = write.uptime;
      open = write.energised;
    }
    return out;
  }
  size_t pulse_count() const { return this->pulses(1).size() + this->pulses(2).size(); }

  TestPort port;
  facegate::GateCore core{port};
  std::string voice{KEY};  // the gate key that its lines are to be signed under

 private:
  uint32_t now_;
  uint32_t counter_{0};  // grows over all challenges
  unsigned told_{0};
};

}  // namespace bench
