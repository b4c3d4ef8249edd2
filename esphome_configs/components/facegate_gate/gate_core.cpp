#include "gate_core.h"

#include <algorithm>

namespace facegate {

// In the order of VERBS in addon/src/facegate/contract/lines.py.
const GateCore::Verb GateCore::VERBS[] = {
    {"open", &GateCore::serve_open_}, {"guard", nullptr}, {"mode", nullptr}, {"hint", nullptr},
    {"time", nullptr},                {"list", nullptr},  {"key", nullptr},  {"reset", nullptr},
};

void GateCore::start(uint32_t now) {
  this->last_now_ = now;
  this->drive_all_();  // closed, before anything that may take time or fail
  // The boot number is on flash before the first line is signed: no two boots ever share one.
  this->ready_ = is_gate_id(this->config_.gate.view()) && this->port_.next_boot(this->boot_) && this->boot_ != 0 &&
                 this->keys_.derive(this->port_, this->config_.key, this->config_.gate.view());
}

void GateCore::loop(uint32_t now) {
  this->advance_(now);
  if (!this->connected_ || !this->ready_)
    return;
  if (this->uptime_ - this->current_.at >= CHALLENGE_INTERVAL_MS) {
    this->issue_challenge_();
  } else if (this->hello_wanted_ && this->uptime_ - this->hello_at_ >= HELLO_SPACING_MS) {
    this->hello_();
  }
  this->send_events_();
}

// Takes the time on to 64 bits, and does what time alone brings.
void GateCore::advance_(uint32_t now) {
  const uint32_t elapsed = now - this->last_now_;
  if (elapsed < UINT32_MAX / 2) {  // a caller whose clock reads a little earlier is not 49 days late
    this->uptime_ += elapsed;
    this->last_now_ = now;
  }
  this->end_pulses_();
  this->expire_grants_();
}

// ---- relays ----

void GateCore::end_pulses_() {
  for (uint32_t relay = 1; relay <= this->config_.relays; relay++) {
    Pulse &pulse = this->pulses_[relay - 1];
    if (!pulse.open || this->uptime_ < pulse.closes_at)
      continue;
    pulse.open = false;
    this->drive_(relay);
    this->free_at_ = this->uptime_ + GAP_MS;
    this->want_hello_();
  }
}

void GateCore::drive_(uint32_t relay) {
  const bool open = this->is_open(relay);
  const bool guarded = open && !this->fire_;
  this->port_.relay(relay, open != this->config_.fail_safe, guarded ? this->config_.max_pulse_ms : 0);
}

void GateCore::drive_all_() {
  for (uint32_t relay = 1; relay <= this->config_.relays; relay++)
    this->drive_(relay);
}

void GateCore::pulse_(uint32_t relay, uint32_t pulse_ms, std::string_view id) {
  Pulse &pulse = this->pulses_[relay - 1];
  const uint64_t closes_at = this->uptime_ + std::min(pulse_ms, this->config_.max_pulse_ms);
  pulse.closes_at = pulse.open ? std::max(pulse.closes_at, closes_at) : closes_at;
  pulse.open = true;
  this->drive_(relay);  // first the relay, then the talking
  this->want_hello_();
  if (!this->config_.has_beam || this->fire_)
    return;
  if (this->grant_count_ == this->grants_.size())
    this->grants_[0].until = this->uptime_;
  this->expire_grants_();
  this->grants_[this->grant_count_++] = {relay, id, this->uptime_ + this->config_.passage_timeout_ms};
}

uint64_t GateCore::busy_for_() const {
  uint64_t until = this->free_at_;
  for (const auto &pulse : this->pulses_) {
    if (pulse.open)
      until = std::max(until, pulse.closes_at + GAP_MS);
  }
  return until > this->uptime_ ? until - this->uptime_ : 0;
}

// ---- commands ----

void GateCore::on_command(std::string_view line, uint32_t now) {
  this->advance_(now);
  if (this->fault())
    return;
  Command command;
  const Refusal refusal = parse_command(line, this->config_.gate.view(), this->keys_, this->port_, command);
  if (refusal != Refusal::NONE) {
    this->refuse_(refusal);
    return;
  }
  // From here on the sender holds the key, so it gets a signed answer.
  if (const Finished *finished = this->finished_(command)) {
    this->ack_(command, finished->answer);
    return;
  }
  const Answer answer = this->judge_(command);
  this->ack_(command, answer);
  switch (answer.result) {
    case Result::STALE:
      this->want_hello_();
      break;
    case Result::COUNTER:
    case Result::BUSY:
      break;
    default:
      this->remembered_[this->next_remembered_++ % REMEMBERED_IDS] = {command.slot, command.id, answer};
  }
}

GateCore::Answer GateCore::judge_(const Command &command) {
  Issued *issued = this->issued_(command.challenge);
  if (issued == nullptr)
    return {Result::STALE, NONE};
  uint32_t &counter = issued->counters[command.slot - 1];
  if (command.counter <= counter)
    return {Result::COUNTER, decimal(counter)};
  counter = command.counter;
  if (this->uptime_ > command.not_after)
    return {Result::LATE, decimal(this->uptime_ - command.not_after)};
  for (const auto &verb : VERBS) {
    if (verb.name != command.verb || verb.serve == nullptr)
      continue;
    if (command.not_after - this->uptime_ > NOT_AFTER_MAX_MS)
      return {Result::ARGUMENT, std::string_view("not_after")};
    return (this->*verb.serve)(command);
  }
  return {Result::VERB, NONE};
}

GateCore::Answer GateCore::serve_open_(const Command &command) {
  uint64_t relay = 0, pulse_ms = 0;
  if (!parse_number(command.subject, this->config_.relays, relay) || relay == 0)
    return {Result::ARGUMENT, std::string_view("subject")};
  if (!parse_number(command.value, UINT32_MAX, pulse_ms))
    return {Result::ARGUMENT, std::string_view("value")};
  if (this->fire_)
    return {Result::MODE, std::string_view("fire")};
  if (const uint64_t wait = this->busy_for_())
    return {Result::BUSY, decimal(wait)};
  if (pulse_ms == 0)
    pulse_ms = this->config_.pulse_ms;
  pulse_ms = std::min<uint64_t>(pulse_ms, this->config_.max_pulse_ms);
  this->pulse_(uint32_t(relay), uint32_t(pulse_ms), command.id);
  return {Result::OPENED, decimal(pulse_ms)};
}

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
  const uint64_t refill = (this->uptime_ - this->refilled_at_) / REFUSED_REFILL_MS;
  this->refilled_at_ += refill * REFUSED_REFILL_MS;
  this->refused_tokens_ = uint32_t(std::min<uint64_t>(REFUSED_BURST, this->refused_tokens_ + refill));
  if (this->refused_tokens_ == 0)
    return;  // counted; the next event or hello tells the sum
  this->refused_tokens_--;
  this->event_("refused", facegate::word(refusal), decimal(this->refused_).view());
}

// ---- inputs ----

void GateCore::on_exit(bool pressed, uint32_t now) {
  this->advance_(now);
  const bool edge = pressed && !this->exit_pressed_;
  this->exit_pressed_ = pressed;
  if (!edge)
    return;
  // Never busy: who wants out does not wait.
  this->pulse_(this->config_.exit_relay, this->config_.pulse_ms, NONE);
  this->event_("exit", decimal(this->config_.exit_relay).view(), NONE);
}

void GateCore::on_fire(bool active, uint32_t now) {
  this->advance_(now);
  if (active == this->fire_)
    return;
  this->fire_ = active;
  this->drive_all_();
  this->grant_count_ = 0;  // who leaves a burning house is not counted
  this->passed_ = {};
  this->want_hello_();
  this->event_("fire", active ? "start" : "clear", NONE);
}

void GateCore::on_beam(bool blocked, uint32_t now) {
  this->advance_(now);
  const bool edge = blocked && !this->beam_blocked_ && this->beam_known_;
  this->beam_known_ = true;
  this->beam_blocked_ = blocked;
  if (!edge || this->fire_)
    return;
  if (this->grant_count_ != 0) {
    this->passed_ = this->grants_[0];
    this->grant_count_--;
    std::move(this->grants_.begin() + 1, this->grants_.end(), this->grants_.begin());
    this->event_("passed", decimal(this->passed_.relay).view(), this->passed_.id.view());
  } else if (this->uptime_ < this->passed_.until) {
    this->event_("tailgated", decimal(this->passed_.relay).view(), this->passed_.id.view());
  } else {
    this->event_("forced", NONE, NONE);
  }
}

// All grants last equally long, so the first to be given is the first to end.
void GateCore::expire_grants_() {
  while (this->grant_count_ != 0 && this->uptime_ >= this->grants_[0].until) {
    const Grant grant = this->grants_[0];
    this->grant_count_--;
    std::move(this->grants_.begin() + 1, this->grants_.end(), this->grants_.begin());
    this->event_("not_passed", decimal(grant.relay).view(), grant.id.view());
  }
}

// ---- what the node says ----

void GateCore::on_connected(uint32_t now) {
  this->advance_(now);
  this->void_challenges_();  // whatever the broker kept while we were away is worthless
  this->connected_ = true;
  if (!this->ready_)
    return;
  this->issue_challenge_();
  this->send_events_();
}

void GateCore::on_disconnected(uint32_t now) {
  this->advance_(now);
  this->connected_ = false;
  this->void_challenges_();
}

void GateCore::void_challenges_() {
  this->current_ = {};
  this->previous_ = {};
}

void GateCore::issue_challenge_() {
  this->previous_ = this->current_;
  this->current_ = {};
  this->current_.at = this->uptime_;
  this->random_failed_ = !this->port_.random(this->current_.challenge.data(), this->current_.challenge.size());
  if (this->random_failed_) {
    this->previous_ = {};
    return;
  }
  this->current_.alive = true;
  this->hello_();
}

void GateCore::hello_() {
  if (!this->current_.alive)
    return;
  const bool open = this->pulses_[0].open || this->pulses_[1].open;
  Line line("hello", this->config_.gate.view());
  line.number(this->boot_)
      .number(++this->hello_seq_)
      .number(this->uptime_)
      .hex(this->current_.challenge.data(), this->current_.challenge.size())
      .word("normal")
      .word(this->fire_ ? "fire" : open ? "open" : "closed")
      .number(this->refused_)
      .number(0);
  this->hello_at_ = this->uptime_;
  this->hello_wanted_ = !line.sign(this->port_, this->keys_.node) || !this->port_.publish(Leaf::HELLO, line.text());
}

void GateCore::ack_(const Command &command, const Answer &answer) {
  Line line("ack", this->config_.gate.view());
  line.number(this->boot_)
      .number(++this->ack_seq_)
      .number(this->uptime_)
      .number(command.slot)
      .word(command.id)
      .word(RESULTS[size_t(answer.result)])
      .word(answer.detail.view());
  // An ack that cannot leave is let go: the recognizer asks again with the same id.
  if (line.sign(this->port_, this->keys_.node))
    this->port_.publish(Leaf::ACK, line.text());
}

// Every event goes through the queue, so there is one order, online and offline.
void GateCore::event_(std::string_view type, std::string_view subject, std::string_view value) {
  if (this->event_count_ == QUEUED_EVENTS) {
    this->first_event_ = (this->first_event_ + 1) % QUEUED_EVENTS;
    this->event_count_--;
  }
  this->events_[(this->first_event_ + this->event_count_++) % QUEUED_EVENTS] = {this->uptime_, ++this->event_seq_, type,
                                                                                subject, value};
}

void GateCore::send_events_() {
  while (this->event_count_ != 0) {
    const Event &event = this->events_[this->first_event_];
    Line line("event", this->config_.gate.view());
    line.number(this->boot_)
        .number(event.seq)
        .number(event.uptime)
        .word(event.type.view())
        .word(event.subject.view())
        .word(event.value.view());
    if (!line.sign(this->port_, this->keys_.node) || !this->port_.publish(Leaf::EVENT, line.text()))
      return;  // tried again in the next loop
    this->first_event_ = (this->first_event_ + 1) % QUEUED_EVENTS;
    this->event_count_--;
  }
}

}  // namespace facegate
