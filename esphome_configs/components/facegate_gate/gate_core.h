#pragma once
// What a gate node does, with no ESPHome, Arduino or ESP-IDF in it: time, randomness, HMAC, relays, publishing and
// persistence come through the Port, so this file runs in firmware, in ESPHome's host build, in unit tests and under
// a fuzzer. One thread calls it. Nothing here allocates.
//
// Time: `now` is the caller's millisecond counter of 32 bits; loop() must be called more often than every 24 days.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "line.h"

namespace facegate {

inline constexpr uint32_t CHALLENGE_INTERVAL_MS = 10'000;
inline constexpr uint32_t CHALLENGE_LIFE_MS = 20'000;
inline constexpr uint32_t NOT_AFTER_MAX_MS = 10'000;  // nobody honest plans an opening further ahead
inline constexpr uint32_t GAP_MS = 250;               // closed between two pulses, so that a turnstile sees two
inline constexpr uint32_t HELLO_SPACING_MS = 1'000;   // of the hellos that no new challenge asked for
inline constexpr uint32_t REFUSED_BURST = 16;         // events about lines that are not believed: then one a second
inline constexpr uint32_t REFUSED_REFILL_MS = 1'000;
inline constexpr size_t REMEMBERED_IDS = 16;
inline constexpr size_t QUEUED_EVENTS = 32;
inline constexpr size_t PENDING_GRANTS = 8;

enum class Result : uint8_t { OPENED, DONE, BUSY, STALE, COUNTER, LATE, VERB, ARGUMENT, MODE, FAULT };
inline constexpr std::string_view RESULTS[] = {"opened", "done", "busy",     "stale", "counter",
                                               "late",   "verb", "argument", "mode",  "fault"};

enum class Leaf : uint8_t { HELLO, ACK, EVENT };

// Everything outside. Called from inside the core's own calls, on the same thread.
class Port : public Hmac {
 public:
  // False when these bytes cannot be trusted to be random.
  virtual bool random(uint8_t *out, size_t size) = 0;
  // How often this node has started: one more than the last time, and saved for good before it returns true.
  virtual bool next_boot(uint32_t &out) = 0;
  // Sets relay 1 or 2. After `at_most_ms` the port turns it back by itself, whatever becomes of the core; 0: never.
  virtual void relay(uint32_t relay, bool energised, uint32_t at_most_ms) = 0;
  // False when the line was not taken; the core keeps events, and lets hellos and acks go.
  virtual bool publish(Leaf leaf, std::string_view line) = 0;

 protected:
  ~Port() = default;
};

struct Config {
  Text<GATE_CHARS> gate;
  Key key{};
  uint32_t relays{1};
  bool fail_safe{false};  // false: energised opens; true: energised keeps it closed
  uint32_t pulse_ms{700};
  uint32_t max_pulse_ms{5'000};
  uint32_t exit_relay{1};
  bool has_beam{false};
  uint32_t passage_timeout_ms{8'000};
};

class GateCore {
 public:
  explicit GateCore(Port &port) : port_(port) {}
  Config &config() { return this->config_; }

  void start(uint32_t now);
  void loop(uint32_t now);
  void on_connected(uint32_t now);
  void on_disconnected(uint32_t now);
  void on_command(std::string_view line, uint32_t now);
  // Inputs are levels, told as often as the caller likes. An exit button or a fire contact that is active from the
  // first call on counts; a beam's first level is where it starts from, nobody has moved yet.
  void on_exit(bool pressed, uint32_t now);
  void on_fire(bool active, uint32_t now);
  void on_beam(bool blocked, uint32_t now);

  // Without a boot number, keys or randomness the node believes and answers nothing; exit and fire still work.
  bool fault() const { return !this->ready_ || this->random_failed_; }
  bool fire() const { return this->fire_; }
  bool is_open(uint32_t relay) const { return this->fire_ || this->pulses_[relay - 1].open; }
  uint32_t boot() const { return this->boot_; }
  uint64_t uptime() const { return this->uptime_; }
  uint32_t refused() const { return this->refused_; }

 private:
  struct Pulse {
    bool open{false};
    uint64_t closes_at{0};
  };
  struct Issued {
    Challenge challenge{};
    uint64_t at{0};
    bool alive{false};
    std::array<uint32_t, SLOTS> counters{};
  };
  struct Answer {
    Result result{Result::FAULT};
    Text<20> detail{NONE};
  };
  struct Finished {
    uint32_t slot{0};
    Text<ID_CHARS> id;
    Answer answer;
  };
  struct Event {
    uint64_t uptime{0};
    uint32_t seq{0};
    Text<24> type;
    Text<20> subject;
    Text<20> value;
  };
  struct Grant {
    uint32_t relay{0};
    Text<ID_CHARS> id;
    uint64_t until{0};
  };
  // A verb without a way to serve it is known, and answered `verb`.
  struct Verb {
    std::string_view name;
    Answer (GateCore::*serve)(const Command &command);
  };
  static const Verb VERBS[];

  void advance_(uint32_t now);
  void end_pulses_();
  void expire_grants_();
  void drive_(uint32_t relay);
  void drive_all_();
  void pulse_(uint32_t relay, uint32_t pulse_ms, std::string_view id);

  Answer judge_(const Command &command);
  Answer serve_open_(const Command &command);
  const Finished *finished_(const Command &command) const;
  Issued *issued_(const Challenge &challenge);
  uint64_t busy_for_() const;
  void refuse_(Refusal refusal);

  void void_challenges_();
  void issue_challenge_();
  void want_hello_() { this->hello_wanted_ = true; }
  void hello_();
  void ack_(const Command &command, const Answer &answer);
  void event_(std::string_view type, std::string_view subject, std::string_view value);
  void send_events_();

  Port &port_;
  Config config_;
  Keys keys_;
  bool ready_{false};
  bool random_failed_{false};
  bool connected_{false};
  uint32_t boot_{0};
  uint32_t last_now_{0};
  uint64_t uptime_{0};

  std::array<Pulse, RELAYS> pulses_{};
  uint64_t free_at_{0};
  bool fire_{false};
  bool exit_pressed_{false};
  bool beam_known_{false};
  bool beam_blocked_{false};

  Issued current_{};
  Issued previous_{};
  std::array<Finished, REMEMBERED_IDS> remembered_{};
  size_t next_remembered_{0};

  uint32_t hello_seq_{0};
  uint64_t hello_at_{0};
  bool hello_wanted_{false};
  uint32_t ack_seq_{0};

  uint32_t event_seq_{0};
  std::array<Event, QUEUED_EVENTS> events_{};
  size_t first_event_{0};
  size_t event_count_{0};
  uint32_t refused_{0};
  uint32_t refused_tokens_{REFUSED_BURST};
  uint64_t refilled_at_{0};

  std::array<Grant, PENDING_GRANTS> grants_{};
  size_t grant_count_{0};
  Grant passed_{};
};

}  // namespace facegate
