// libFuzzer target: anything may arrive, in any order, at any time; what must hold is checked after every step.
// The input is a little program: one byte says what happens, the bytes behind it with what.
//
// FACEGATE_FUZZ_FIND_OPENING=1 makes it abort at the first opening by command: the proof that the corpus gets there.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "gate_core.h"

namespace {

void must(bool holds) {
  if (!holds)
    std::abort();
}

class Input {
 public:
  Input(const uint8_t *data, size_t size) : data_(data), size_(size) {}
  bool done() const { return this->size_ == 0; }
  uint8_t byte() {
    if (this->size_ == 0)
      return 0;
    this->size_--;
    return *this->data_++;
  }
  std::string_view text(size_t size) {
    size = size < this->size_ ? size : this->size_;
    const std::string_view out(reinterpret_cast<const char *>(this->data_), size);
    this->data_ += size;
    this->size_ -= size;
    return out;
  }

 private:
  const uint8_t *data_;
  size_t size_;
};

// The MAC of everything is the same, so the fuzzer gets past it as soon as it is written behind a line.
class FuzzPort final : public facegate::Port {
 public:
  bool hmac(const facegate::Key &, std::string_view, facegate::Digest &out) override {
    out.fill(0xab);
    return true;
  }
  bool random(uint8_t *out, size_t size) override {
    std::memset(out, 0x11, size);
    return this->random_works;
  }
  bool next_boot(uint32_t &out) override {
    out = 1;
    return true;
  }
  bool load(facegate::Record record, uint32_t index, uint8_t *out, size_t size) override {
    must(size <= 255);
    const auto found = this->records.find({record, index});
    if (found == this->records.end() || found->second.size() != size)
      return false;
    std::copy(found->second.begin(), found->second.end(), out);
    return true;
  }
  bool save(facegate::Record record, uint32_t index, const uint8_t *data, size_t size) override {
    must(size <= 255 && index < 2 * facegate::CHUNKS_MAX);
    if (this->flash_works)
      this->records[{record, index}] = std::string(reinterpret_cast<const char *>(data), size);
    return this->flash_works;
  }
  void hint(facegate::Pattern pattern, uint32_t ms) override {
    must(size_t(pattern) < std::size(facegate::HINTS) && ms <= facegate::HINT_MAX_MS);
  }
  void relay(uint32_t relay, bool energised, uint32_t at_most_ms) override {
    must(relay == 1 || relay == 2);
    if (energised && !this->energised[relay - 1])
      this->openings++;
    this->energised[relay - 1] = energised;
    must(energised || at_most_ms == 0);
  }
  bool publish(facegate::Leaf leaf, std::string_view line) override {
    must(!line.empty() && line.size() <= facegate::MAX_LINE && line.back() != ' ');
    for (size_t i = 0; i < line.size(); i++)
      must(line[i] >= 0x20 && line[i] <= 0x7e && !(line[i] == ' ' && line[i + 1] == ' '));
    if (leaf == facegate::Leaf::ACK)
      this->said_opened = line.find(" opened ") != std::string_view::npos;
    return this->broker_works;
  }

  bool random_works{true}, broker_works{true}, flash_works{true};
  std::map<std::pair<facegate::Record, uint32_t>, std::string> records;
  bool energised[2]{};
  int openings{0};
  bool said_opened{false};
};

constexpr uint32_t MAX_PULSE_MS = 5'000;
constexpr uint64_t MAX_FREE_S = 20;

class Bench {
 public:
  Bench() {
    auto &config = this->core_.config();
    config.gate = std::string_view("g");
    config.relays = 2;
    config.exit_relay = 2;
    config.has_beam = true;
    config.debounce_ms = 0;
    config.max_free_s = MAX_FREE_S;
    this->core_.start(this->now_);
    must(!this->port_.energised[0] && !this->port_.energised[1]);
  }

  void step(Input &input) {
    switch (input.byte() % 19) {
      case 0:
        this->wait_(input.byte());
        break;
      case 1:
        this->wait_(uint32_t(input.byte()) << 8);
        break;
      case 2:
        this->port_.random_works = input.byte() % 4 != 0;
        this->core_.on_connected(this->now_);
        break;
      case 3:
        this->core_.on_disconnected(this->now_);
        break;
      case 4: {  // the bytes themselves
        const auto line = input.text(size_t(input.byte()) * 3);
        this->command_(line);
        break;
      }
      case 5: {  // "<slot> <id> …" inside a line that is right otherwise
        char line[facegate::MAX_LINE + 256];
        size_t size = 0;
        const auto append = [&](std::string_view text) { size += text.copy(line + size, sizeof(line) - size); };
        append("fg1 command g ");
        append(input.text(input.byte()));
        append(" ");
        for (int i = 0; i < 32; i++)
          append("ab");
        this->command_({line, size});
        break;
      }
      case 6: {
        const int before = this->port_.openings;
        const bool pressed = input.byte() % 2 != 0;
        this->core_.on_exit(pressed, this->now_);
        must(this->port_.openings - before <= (pressed ? 1 : 0));
        if (pressed && this->core_.is_open(2))
          this->last_opening_ = this->core_.uptime();
        break;
      }
      case 7:
        this->core_.on_fire(input.byte() % 2 != 0, this->now_);
        break;
      case 8:
        this->core_.on_beam(input.byte() % 2 != 0, this->now_);
        break;
      case 9:
        this->port_.broker_works = input.byte() % 4 != 0;
        break;
      case 10:
        this->core_.on_fire_reset(input.byte() % 2 != 0, this->now_);
        break;
      case 11:
        this->core_.on_door(input.byte() % 2 != 0, this->now_);
        break;
      case 12:
        this->core_.on_tamper(input.byte() % 2 != 0, this->now_);
        break;
      case 13: {
        const uint8_t beams = input.byte();
        this->core_.on_beams(beams % 2 != 0, beams / 2 % 2 != 0, this->now_);
        break;
      }
      case 14: {  // everything has the digest abab…, so the list lets all or nobody in
        const auto bytes = input.text(input.byte() % 20);
        this->present_([&] {
          this->core_.on_card(input.byte() % 4, reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(),
                              this->now_);
        });
        break;
      }
      case 15: {
        const auto digits = input.text(input.byte() % 20);
        this->present_([&] { this->core_.on_pin(input.byte() % 4, digits, this->now_); });
        break;
      }
      case 16: {
        uint64_t value = 0;
        for (int i = 0; i < 5; i++)
          value = value << 8 | input.byte();
        this->present_([&] { this->core_.on_wiegand(1, value, input.byte(), this->now_); });
        break;
      }
      case 18: {  // it asks to be looked at, and moves nothing
        this->core_.loop(this->now_);
        const int before = this->port_.openings;
        this->core_.on_press(input.byte() % 2 != 0, this->now_);
        must(this->port_.openings == before);
        break;
      }
      default:
        this->port_.flash_works = input.byte() % 4 != 0;
    }
    this->core_.loop(this->now_);
    for (uint32_t relay = 1; relay <= 2; relay++) {
      must(this->port_.energised[relay - 1] == this->core_.is_open(relay));
      must(!this->core_.fire() || this->core_.is_open(relay));
      must(this->core_.released() || !this->core_.is_open(relay) ||
           this->core_.uptime() < this->last_opening_ + MAX_PULSE_MS);
      if (this->core_.state() != facegate::State::FREE)
        this->free_since_ = this->core_.uptime();
      must(this->core_.uptime() - this->free_since_ <= MAX_FREE_S * 1000 * (1 + this->frees_));
    }
  }

 private:
  void wait_(uint32_t ms) {
    this->now_ += ms;
    this->core_.loop(this->now_);
  }

  // A card or a PIN opens one relay at most, and in a lockdown none.
  template<typename Present> void present_(Present present) {
    this->core_.loop(this->now_);
    const int before = this->port_.openings;
    const bool locked = this->core_.mode() == facegate::Mode::LOCKDOWN;
    present();
    const int opened = this->port_.openings - before;
    must(opened == 0 || (opened == 1 && !locked && this->core_.list_version() != 0));
    if (opened != 0)
      this->last_opening_ = this->core_.uptime();
  }

  // A command opens one relay at most, and never without saying so; but `mode free`, and it says `done`.
  void command_(std::string_view line) {
    this->core_.loop(this->now_);
    const int before = this->port_.openings;
    this->port_.said_opened = false;
    this->core_.on_command(line, this->now_);
    const int opened = this->port_.openings - before;
    if (line.find(" mode free ") != std::string_view::npos)
      this->frees_++;
    if (this->core_.state() == facegate::State::FREE) {
      must(opened == 0 || line.find(" mode free ") != std::string_view::npos ||
           line.find(" reset fire ") != std::string_view::npos);
      return;
    }
    must(opened == 0 || (opened == 1 && this->port_.said_opened && !this->core_.fault()));
    if (opened != 0) {
      this->last_opening_ = this->core_.uptime();
      must(std::getenv("FACEGATE_FUZZ_FIND_OPENING") == nullptr);
    }
  }

  uint32_t now_{UINT32_MAX - 30'000};  // the rollover is never far
  uint64_t last_opening_{0};
  uint64_t free_since_{0};
  uint64_t frees_{0};  // commands that may have made it longer
  FuzzPort port_;
  facegate::GateCore core_{port_};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Bench bench;
  Input input(data, size);
  while (!input.done())
    bench.step(input);
  return 0;
}
