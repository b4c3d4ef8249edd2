#pragma once
// What a gate node does, with no ESPHome, Arduino or ESP-IDF in it: time, randomness, HMAC, relays, publishing and
// persistence come through the Port, so this file runs in firmware, in ESPHome's host build, in unit tests and under
// a fuzzer. One thread calls it. Nothing here allocates. gate_states.h has its states and the ways between them.
//
// Time: `now` is the caller's millisecond counter of 32 bits; loop() must be called more often than every 24 days.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "allow_list.h"
#include "clock.h"
#include "events.h"
#include "flash.h"
#include "gate_states.h"
#include "inputs.h"
#include "line.h"
#include "passages.h"

namespace facegate {

inline constexpr uint32_t CHALLENGE_INTERVAL_MS = 10'000;
inline constexpr uint32_t CHALLENGE_LIFE_MS = 20'000;
inline constexpr uint32_t NOT_AFTER_MAX_MS = 10'000;  // nobody honest plans an opening further ahead
inline constexpr uint32_t GAP_MS = 250;               // closed between two pulses, so that a turnstile sees two
inline constexpr uint32_t HELLO_SPACING_MS = 1'000;   // of the hellos that no new challenge asked for
inline constexpr uint32_t REFUSED_BURST = 16;         // events that a stranger can cause: then one a second
inline constexpr uint32_t REFUSED_REFILL_MS = 1'000;
inline constexpr uint32_t PRESS_SPACING_MS = 500;
inline constexpr size_t REMEMBERED_IDS = 16;
inline constexpr uint32_t HINT_MAX_MS = 60'000;
inline constexpr uint32_t LEARN_MAX_S = 60;
inline constexpr uint32_t DOOR_GRACE_MS = 1'000;  // a door that was unlocked may still be on its way
inline constexpr uint32_t PIN_ATTEMPTS = 5;       // wrong ones in a row, then PINs are locked
inline constexpr uint32_t PIN_LOCK_S = 60;        // at first; twice as long each time
inline constexpr uint32_t PIN_LOCK_MAX_S = 3'600;
inline constexpr size_t PIN_DIGITS_MAX = 16;
inline constexpr size_t CARD_BYTES_MAX = 16;

enum class Result : uint8_t { OPENED, DONE, BUSY, STALE, COUNTER, LATE, VERB, ARGUMENT, MODE, FAULT };
inline constexpr std::string_view RESULTS[] = {"opened", "done", "busy",     "stale", "counter",
                                               "late",   "verb", "argument", "mode",  "fault"};

enum class Mode : uint8_t { NORMAL, LOCKDOWN, FREE };
inline constexpr std::string_view MODES[] = {"normal", "lockdown", "free"};

enum class Pattern : uint8_t { GRANTED, DENIED, WAIT, CLOSER, LOOK, FAULT, CHALLENGE_LEFT, CHALLENGE_RIGHT };
inline constexpr std::string_view HINTS[] = {"granted", "denied", "wait",           "closer",
                                             "look",    "fault",  "challenge_left", "challenge_right"};

enum class Leaf : uint8_t { HELLO, ACK, EVENT };

// Everything outside. Called from inside the core's own calls, on the same thread.
class Port : public Hmac, public Flash {
 public:
  // False when these bytes cannot be trusted to be random.
  virtual bool random(uint8_t *out, size_t size) = 0;
  // How often this node has started: one more than the last time, and saved for good before it returns true.
  virtual bool next_boot(uint32_t &out) = 0;
  // Sets relay 1 or 2. After `at_most_ms` the port turns it back by itself, whatever becomes of the core; 0: never.
  virtual void relay(uint32_t relay, bool energised, uint32_t at_most_ms) = 0;
  // Lamps and sounders; 0 ms is the pattern's own length.
  virtual void hint(Pattern pattern, uint32_t ms) = 0;
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
  uint32_t max_free_s{43'200};
  uint32_t exit_relay{1};
  uint32_t press_relay{1};  // whose side the button of press-to-recognise is on
  bool has_beam{false};
  uint32_t passage_timeout_ms{8'000};
  uint32_t debounce_ms{30};
  uint32_t held_after_ms{30'000};
  bool two_factor{false};  // no list: what is presented is told to the recognizer, which decides
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
  // Contacts are levels, told at every look. An exit button, a fire contact or a tamper contact that is active from
  // the first look on counts; a door's or a beam's first level is where it starts from, nobody has moved yet.
  void on_exit(bool pressed, uint32_t now);
  void on_fire(bool active, uint32_t now);
  void on_fire_reset(bool pressed, uint32_t now);
  void on_door(bool open, uint32_t now);
  void on_tamper(bool active, uint32_t now);
  // The button of press-to-recognise. It moves nothing; held down at the first look it has told nothing.
  void on_press(bool pressed, uint32_t now);
  // One beam, or two: the first on the side of the entry.
  void on_beam(bool broken, uint32_t now);
  void on_beams(bool first, bool second, uint32_t now);
  // At the reader beside `relay`. A card is its bytes as the reader gives them, or a number of so many bits, or what
  // came over two Wiegand wires, with its parity; 26, 34 and 37 bits are cards.
  void on_card(uint32_t relay, const uint8_t *bytes, size_t size, uint32_t now);
  void on_card_number(uint32_t relay, uint64_t number, uint32_t bits, uint32_t now);
  void on_wiegand(uint32_t relay, uint64_t value, uint32_t bits, uint32_t now);
  void on_pin(uint32_t relay, std::string_view digits, uint32_t now);

  // Without a boot number, keys or randomness the node believes and answers nothing; exit and fire still work.
  bool fault() const { return !this->ready_ || this->random_failed_; }
  bool fire() const { return this->state_ == State::FIRE || this->state_ == State::QUIET; }
  bool released() const { return this->fire() || this->state_ == State::FREE; }
  bool is_open(uint32_t relay) const { return this->released() || this->pulses_[relay - 1].open; }
  State state() const { return this->state_; }
  Mode mode() const { return this->mode_; }
  uint32_t boot() const { return this->boot_; }
  uint64_t uptime() const { return this->uptime_; }
  uint32_t refused() const { return this->refused_; }
  uint32_t list_version() const { return this->list_.version(); }

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
  struct Verb {
    std::string_view name;
    Answer (GateCore::*serve)(const Command &command);
    bool remembered;  // else doing it twice does no harm
  };
  static const Verb VERBS[];

  void advance_(uint32_t now);
  bool follow_(Cause cause);
  void set_mode_(Mode mode, uint32_t seconds, std::string_view why);
  void end_hold_();
  void load_state_();
  bool save_state_();

  void end_pulses_();
  void drive_(uint32_t relay);
  void drive_all_();
  void pulse_(uint32_t relay, uint32_t pulse_ms, std::string_view id);
  uint64_t busy_for_() const;

  bool believe_(std::string_view line, Command &command);
  Answer judge_(const Command &command, bool &remembered);
  Answer open_(const Command &command, Cause cause);
  Answer serve_open_(const Command &command);
  Answer serve_guard_(const Command &command);
  Answer serve_mode_(const Command &command);
  Answer serve_hint_(const Command &command);
  Answer serve_time_(const Command &command);
  Answer serve_list_(const Command &command);
  Answer serve_key_(const Command &command);
  Answer serve_reset_(const Command &command);
  Answer serve_learn_(const Command &command);
  Answer serve_again_(const Command &command);
  const Finished *finished_(const Command &command) const;
  Issued *issued_(const Challenge &challenge);
  void refuse_(Refusal refusal);
  bool may_tell_();

  void load_keys_();
  bool save_keys_();
  void go_over_to_next_key_();
  void erase_old_key_();

  void passed_(Way way);
  void watch_door_();
  void present_(Kind kind, uint32_t relay, std::string_view number);
  void report_(Kind kind, uint32_t relay, std::string_view number);
  void learned_(uint32_t relay, std::string_view number);
  void deny_(Kind kind, uint32_t relay, std::string_view reason, std::string_view digest);
  void wrong_pin_(uint32_t relay);

  void void_challenges_();
  void issue_challenge_();
  void want_hello_() { this->hello_wanted_ = true; }
  void hello_();
  void ack_(const Command &command, const Answer &answer);
  void event_(std::string_view type, std::string_view subject, std::string_view value) {
    this->events_.add(this->uptime_, type, subject, value);
  }
  void send_events_();

  Port &port_;
  Config config_;
  Key gate_key_{};
  Keys keys_;
  bool next_key_known_{false};  // after a rotation, until a line under the next key has come
  Key next_gate_key_{};
  Keys next_keys_;
  bool old_key_on_flash_{false};
  KeyCheck key_check_{};
  bool ready_{false};
  bool random_failed_{false};
  bool connected_{false};
  uint32_t boot_{0};
  uint32_t last_now_{0};
  uint64_t uptime_{0};

  State state_{State::CLOSED};
  Mode mode_{Mode::NORMAL};
  uint64_t free_until_{0};
  std::array<Pulse, RELAYS> pulses_{};
  uint64_t free_at_{0};
  uint8_t saved_state_{0};

  Input exit_, fire_contact_, fire_reset_, door_, tamper_, press_, first_beam_, second_beam_;
  Beams beams_;
  uint64_t press_again_at_{0};
  uint64_t door_since_{0};
  bool held_{false};

  Clock clock_;
  AllowList list_{this->port_};
  uint32_t wrong_pins_{0};
  uint32_t pin_locks_{0};
  uint64_t pins_locked_until_{0};
  uint32_t learn_relay_{0};
  uint64_t learn_until_{0};  // until then the next card at that reader is told, because somebody has asked for it

  Issued current_{};
  Issued previous_{};
  std::array<Finished, REMEMBERED_IDS> remembered_{};
  size_t next_remembered_{0};

  uint32_t hello_seq_{0};
  uint64_t hello_at_{0};
  bool hello_wanted_{false};
  uint32_t ack_seq_{0};
  Events events_;
  Passages passages_{this->events_};
  uint32_t refused_{0};
  uint32_t refused_tokens_{REFUSED_BURST};
  uint64_t refilled_at_{0};
};

}  // namespace facegate
