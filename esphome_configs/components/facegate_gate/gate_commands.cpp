// What the gate core does with signed lines: whom it believes, what it is asked, what it answers.
#include <algorithm>

#include "gate_core.h"

namespace facegate {

namespace {

constexpr uint8_t KEYS_FORMAT = 1;
constexpr size_t KEYS_BYTES = 1 + 8 + KEY_BYTES + KEY_BYTES + 1;
constexpr size_t NONCE_CHARS = 64;
constexpr std::string_view CHECK_PURPOSE = "check";

template<size_t N> size_t find(const std::string_view (&words)[N], std::string_view word) {
  return size_t(std::find(std::begin(words), std::end(words), word) - std::begin(words));
}

}  // namespace

// In the order of VERBS in addon/src/facegate/contract/lines.py.
const GateCore::Verb GateCore::VERBS[] = {
    {"open", &GateCore::serve_open_, true},  {"guard", &GateCore::serve_guard_, true},
    {"mode", &GateCore::serve_mode_, true},  {"hint", &GateCore::serve_hint_, false},
    {"time", &GateCore::serve_time_, false}, {"list", &GateCore::serve_list_, false},
    {"key", &GateCore::serve_key_, true},    {"reset", &GateCore::serve_reset_, true},
    {"learn", &GateCore::serve_learn_, true}, {"again", &GateCore::serve_again_, false},
};

void GateCore::on_command(std::string_view line, uint32_t now) {
  this->advance_(now);
  if (this->fault())
    return;
  Command command;
  if (!this->believe_(line, command))
    return;
  // From here on the sender holds the key, so it gets a signed answer.
  if (const Finished *finished = this->finished_(command)) {
    this->ack_(command, finished->answer);
    return;
  }
  bool remembered = true;
  const Answer answer = this->judge_(command, remembered);
  this->ack_(command, answer);
  switch (answer.result) {
    case Result::STALE:
      this->want_hello_();
      break;
    case Result::COUNTER:
    case Result::BUSY:
      break;
    default:
      if (remembered)
        this->remembered_[this->next_remembered_++ % REMEMBERED_IDS] = {command.slot, command.id, answer};
  }
}

bool GateCore::believe_(std::string_view line, Command &command) {
  const auto gate = this->config_.gate.view();
  const Refusal refusal = parse_command(line, gate, this->keys_, this->port_, command);
  if (refusal == Refusal::NONE)
    return true;
  if (refusal == Refusal::MAC && this->next_key_known_ &&
      parse_command(line, gate, this->next_keys_, this->port_, command) == Refusal::NONE) {
    this->go_over_to_next_key_();
    return true;
  }
  this->refuse_(refusal);
  return false;
}

GateCore::Answer GateCore::judge_(const Command &command, bool &remembered) {
  const auto verb = std::find_if(std::begin(VERBS), std::end(VERBS),
                                 [&](const Verb &known) { return known.name == command.verb; });
  remembered = verb == std::end(VERBS) || verb->remembered;
  Issued *issued = this->issued_(command.challenge);
  if (issued == nullptr)
    return {Result::STALE, NONE};
  uint32_t &counter = issued->counters[command.slot - 1];
  if (command.counter <= counter)
    return {Result::COUNTER, decimal(counter)};
  counter = command.counter;
  if (this->uptime_ > command.not_after)
    return {Result::LATE, decimal(this->uptime_ - command.not_after)};
  if (verb == std::end(VERBS))
    return {Result::VERB, NONE};
  if (command.not_after - this->uptime_ > NOT_AFTER_MAX_MS)
    return {Result::ARGUMENT, std::string_view("not_after")};
  return (this->*verb->serve)(command);
}

GateCore::Answer GateCore::open_(const Command &command, Cause cause) {
  uint64_t relay = 0, pulse_ms = 0;
  if (!parse_number(command.subject, this->config_.relays, relay) || relay == 0)
    return {Result::ARGUMENT, std::string_view("subject")};
  if (!parse_number(command.value, UINT32_MAX, pulse_ms))
    return {Result::ARGUMENT, std::string_view("value")};
  if (this->released())
    return {Result::MODE, std::string_view(this->fire() ? "fire" : "free")};
  if (this->mode_ == Mode::LOCKDOWN && cause != Cause::GUARD)
    return {Result::MODE, MODES[size_t(Mode::LOCKDOWN)]};
  if (const uint64_t wait = this->busy_for_())
    return {Result::BUSY, decimal(wait)};
  if (!this->follow_(cause))
    return {Result::FAULT, std::string_view("state")};  // the table and the lines above disagree: closed
  if (pulse_ms == 0)
    pulse_ms = this->config_.pulse_ms;
  pulse_ms = std::min<uint64_t>(pulse_ms, this->config_.max_pulse_ms);
  this->pulse_(uint32_t(relay), uint32_t(pulse_ms), command.id);
  return {Result::OPENED, decimal(pulse_ms)};
}

GateCore::Answer GateCore::serve_open_(const Command &command) { return this->open_(command, Cause::COMMAND); }

GateCore::Answer GateCore::serve_guard_(const Command &command) { return this->open_(command, Cause::GUARD); }

GateCore::Answer GateCore::serve_mode_(const Command &command) {
  const size_t index = find(MODES, command.subject);
  if (index == std::size(MODES))
    return {Result::ARGUMENT, std::string_view("subject")};
  const auto mode = Mode(index);
  uint64_t seconds = 0;
  if (!parse_number(command.value, UINT32_MAX, seconds) || (mode == Mode::FREE) != (seconds != 0))
    return {Result::ARGUMENT, std::string_view("value")};
  seconds = std::min<uint64_t>(seconds, this->config_.max_free_s);
  this->set_mode_(mode, uint32_t(seconds), "command");
  if (!this->save_state_())
    return {Result::FAULT, std::string_view("flash")};
  return {Result::DONE, decimal(seconds)};
}

GateCore::Answer GateCore::serve_hint_(const Command &command) {
  const size_t index = find(HINTS, command.subject);
  if (index == std::size(HINTS))
    return {Result::ARGUMENT, std::string_view("subject")};
  uint64_t ms = 0;
  if (!parse_number(command.value, HINT_MAX_MS, ms))
    return {Result::ARGUMENT, std::string_view("value")};
  this->port_.hint(Pattern(index), uint32_t(ms));
  return {Result::DONE, NONE};
}

GateCore::Answer GateCore::serve_time_(const Command &command) {
  const auto wrong = this->clock_.set(command.subject, command.value, this->uptime_);
  if (!wrong.empty())
    return {Result::ARGUMENT, wrong};
  return {Result::DONE, NONE};
}

GateCore::Answer GateCore::serve_list_(const Command &command) {
  if (this->config_.two_factor)
    return {Result::MODE, std::string_view("two_factor")};
  switch (this->list_.store(command.subject, command.value, this->keys_.digest)) {
    case AllowList::Stored::STORED:
      return {Result::DONE, std::string_view("stored")};
    case AllowList::Stored::COMMITTED:
      this->want_hello_();
      return {Result::DONE, std::string_view("committed")};
    case AllowList::Stored::SUBJECT:
      return {Result::ARGUMENT, std::string_view("subject")};
    case AllowList::Stored::VALUE:
      return {Result::ARGUMENT, std::string_view("value")};
    case AllowList::Stored::VERSION:
      return {Result::ARGUMENT, std::string_view("version")};
    case AllowList::Stored::CHUNK:
      return {Result::ARGUMENT, std::string_view("chunk")};
    case AllowList::Stored::FLASH:
      break;
  }
  return {Result::FAULT, std::string_view("flash")};
}

GateCore::Answer GateCore::serve_reset_(const Command &command) {
  if (command.subject != "fire")
    return {Result::ARGUMENT, std::string_view("subject")};
  if (command.value != NONE)
    return {Result::ARGUMENT, std::string_view("value")};
  if (this->state_ == State::FIRE)
    return {Result::MODE, std::string_view("fire")};
  if (this->follow_(Cause::RESET)) {
    this->event_("fire", "clear", NONE);
    if (!this->save_state_())
      return {Result::FAULT, std::string_view("flash")};
  }
  return {Result::DONE, NONE};
}

GateCore::Answer GateCore::serve_learn_(const Command &command) {
  uint64_t relay = 0, seconds = 0;
  if (!parse_number(command.subject, this->config_.relays, relay) || relay == 0)
    return {Result::ARGUMENT, std::string_view("subject")};
  if (!parse_number(command.value, LEARN_MAX_S, seconds))
    return {Result::ARGUMENT, std::string_view("value")};
  this->learn_relay_ = uint32_t(relay);
  this->learn_until_ = this->uptime_ + seconds * 1000;
  if (seconds != 0)
    this->port_.hint(Pattern::WAIT, uint32_t(seconds * 1000));
  return {Result::DONE, decimal(seconds)};
}

GateCore::Answer GateCore::serve_again_(const Command &command) {
  uint64_t boot = 0, seq = 0;
  if (!parse_number(command.subject, UINT32_MAX, boot))
    return {Result::ARGUMENT, std::string_view("subject")};
  if (!parse_number(command.value, UINT32_MAX, seq) || seq == 0)
    return {Result::ARGUMENT, std::string_view("value")};
  if (boot != this->boot_)  // what was told before a restart is forgotten
    return {Result::ARGUMENT, std::string_view("subject")};
  return {Result::DONE, decimal(this->events_.again(uint32_t(seq)))};  // they leave with the next loop
}

// ---- keys ----

GateCore::Answer GateCore::serve_key_(const Command &command) {
  if (command.subject != "rotate")
    return {Result::ARGUMENT, std::string_view("subject")};
  std::array<uint8_t, NONCE_CHARS / 2> nonce;
  if (!parse_hex(command.value, nonce.data(), nonce.size()))
    return {Result::ARGUMENT, std::string_view("value")};
  const auto gate = this->config_.gate.view();
  const bool was_known = this->next_key_known_;
  const Key before = this->next_gate_key_;
  Keys keys;
  if (!derive_key(this->port_, this->gate_key_, ROTATE_PURPOSE, command.value, gate, this->next_gate_key_) ||
      !keys.derive(this->port_, this->next_gate_key_, gate)) {
    this->next_gate_key_ = before;
    return {Result::FAULT, std::string_view("hmac")};
  }
  this->next_key_known_ = true;
  if (!this->save_keys_()) {
    this->next_key_known_ = was_known;
    this->next_gate_key_ = before;
    return {Result::FAULT, std::string_view("flash")};
  }
  this->next_keys_ = keys;
  return {Result::DONE, NONE};
}

void GateCore::load_keys_() {
  const auto gate = this->config_.gate.view();
  Key check;
  this->ready_ = derive_key(this->port_, this->config_.key, CHECK_PURPOSE, {}, gate, check);
  std::copy_n(check.begin(), this->key_check_.size(), this->key_check_.begin());
  this->gate_key_ = this->config_.key;
  std::array<uint8_t, KEYS_BYTES> record;
  if (this->port_.load(Record::KEYS, 0, record.data(), record.size()) && record[0] == KEYS_FORMAT &&
      std::equal(this->key_check_.begin(), this->key_check_.end(), record.begin() + 1)) {
    const auto *at = record.data() + 1 + this->key_check_.size();
    std::copy_n(at, KEY_BYTES, this->gate_key_.begin());
    std::copy_n(at + KEY_BYTES, KEY_BYTES, this->next_gate_key_.begin());
    this->next_key_known_ = at[2 * KEY_BYTES] != 0;
  }
  this->ready_ = this->ready_ && this->keys_.derive(this->port_, this->gate_key_, gate) &&
                 (!this->next_key_known_ || this->next_keys_.derive(this->port_, this->next_gate_key_, gate));
  if (!this->config_.two_factor)
    this->list_.load(this->key_check_);
}

bool GateCore::save_keys_() {
  std::array<uint8_t, KEYS_BYTES> record;
  record[0] = KEYS_FORMAT;
  auto *at = std::copy(this->key_check_.begin(), this->key_check_.end(), record.data() + 1);
  at = std::copy(this->gate_key_.begin(), this->gate_key_.end(), at);
  at = std::copy(this->next_gate_key_.begin(), this->next_gate_key_.end(), at);
  *at = this->next_key_known_ ? 1 : 0;
  return this->port_.save(Record::KEYS, 0, record.data(), record.size());
}

// The first line under the next key: the old one is worth nothing from here on.
void GateCore::go_over_to_next_key_() {
  this->gate_key_ = this->next_gate_key_;
  this->keys_ = this->next_keys_;
  this->next_gate_key_ = {};
  this->next_keys_ = {};
  this->next_key_known_ = false;
  this->erase_old_key_();
}

// Tried again with every challenge, until the flash has taken it.
void GateCore::erase_old_key_() {
  this->old_key_on_flash_ = !this->save_keys_();
  if (!this->old_key_on_flash_)
    this->event_("key", "rotated", NONE);
}

// ---- what is refused ----

const GateCore::Finished *GateCore::finished_(const Command &command) const {
  for (const auto &finished : this->remembered_) {
    if (finished.slot == command.slot && finished.id.view() == command.id)
      return &finished;
  }
  return nullptr;
}

GateCore::Issued *GateCore::issued_(const Challenge &challenge) {
  for (Issued *issued : {&this->current_, &this->previous_}) {
    if (issued->alive && this->uptime_ - issued->at < CHALLENGE_LIFE_MS &&
        constant_time_equal(issued->challenge.data(), challenge.data(), challenge.size()))
      return issued;
  }
  return nullptr;
}

void GateCore::refuse_(Refusal refusal) {
  if (this->refused_ != UINT32_MAX)
    this->refused_++;
  if (this->may_tell_())  // else it is counted; the next event or hello tells the sum
    this->event_("refused", facegate::word(refusal), decimal(this->refused_).view());
}

// What strangers can cause at will must not push out what the node has to tell.
bool GateCore::may_tell_() {
  const uint64_t refill = (this->uptime_ - this->refilled_at_) / REFUSED_REFILL_MS;
  this->refilled_at_ += refill * REFUSED_REFILL_MS;
  this->refused_tokens_ = uint32_t(std::min<uint64_t>(REFUSED_BURST, this->refused_tokens_ + refill));
  if (this->refused_tokens_ == 0)
    return false;
  this->refused_tokens_--;
  return true;
}

}  // namespace facegate
