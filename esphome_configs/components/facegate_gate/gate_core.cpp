#include "gate_core.h"

#include <algorithm>

namespace facegate {

namespace {

// Bits of the STATE record.
constexpr uint8_t STATE_LOCKDOWN = 1, STATE_FIRE = 2;

}  // namespace

void GateCore::start(uint32_t now) {
  this->last_now_ = now;
  this->drive_all_();  // closed, before anything that may take time or fail
  this->load_state_();
  // The boot number is on flash before the first line is signed: no two boots ever share one.
  this->ready_ = is_gate_id(this->config_.gate.view()) && this->port_.next_boot(this->boot_) && this->boot_ != 0;
  if (this->ready_)
    this->load_keys_();
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
  this->end_hold_();
  this->end_pulses_();
  this->passages_.expire(this->uptime_);
  this->watch_door_();
}

// ---- states ----

// The one way from state to state. Whether this cause may do anything now.
bool GateCore::follow_(Cause cause) {
  const State before = this->state_;
  const bool was_released = this->released(), was_fire = this->fire();
  if (!follow(this->state_, cause))
    return false;
  if (this->state_ == State::UNDER) {
    const bool open = this->pulses_[0].open || this->pulses_[1].open;
    this->state_ = this->mode_ == Mode::FREE       ? State::FREE
                   : this->mode_ == Mode::LOCKDOWN ? (open ? State::LOCKED_OPEN : State::LOCKED)
                                                   : (open ? State::OPEN : State::CLOSED);
  }
  if (this->state_ == State::FREE || (this->state_ != before && (this->released() || was_released)))
    this->drive_all_();  // a longer `free` needs its guards anew
  if (this->fire() && !was_fire)
    this->passages_.forget();  // who leaves a burning house is not counted
  this->want_hello_();
  return true;
}

void GateCore::set_mode_(Mode mode, uint32_t seconds, std::string_view why) {
  const bool changed = mode != this->mode_;
  this->mode_ = mode;
  this->free_until_ = this->uptime_ + uint64_t(seconds) * 1000;
  this->follow_(mode == Mode::FREE                       ? Cause::HOLD
                : mode == Mode::LOCKDOWN                 ? Cause::LOCKDOWN
                : why == std::string_view("end")         ? Cause::HOLD_END
                                                         : Cause::NORMAL);
  if (changed)
    this->event_("mode", MODES[size_t(mode)], why);
}

void GateCore::end_hold_() {
  if (this->mode_ == Mode::FREE && this->uptime_ >= this->free_until_)
    this->set_mode_(Mode::NORMAL, 0, "end");
}

void GateCore::load_state_() {
  uint8_t record = 0;
  if (!this->port_.load(Record::STATE, 0, &record, sizeof(record)))
    return;  // a node that starts for the first time
  this->saved_state_ = record;
  if ((record & STATE_LOCKDOWN) != 0)
    this->set_mode_(Mode::LOCKDOWN, 0, "boot");
  if ((record & STATE_FIRE) != 0) {
    // Nobody has reset it. The contact is looked at in a moment; until then it is as quiet as it may be.
    this->follow_(Cause::ALARM);
    this->follow_(Cause::ALARM_END);
    this->event_("fire", "quiet", NONE);
  }
}

// Lockdown and fire outlast a loss of power.
bool GateCore::save_state_() {
  const auto record = uint8_t((this->mode_ == Mode::LOCKDOWN ? STATE_LOCKDOWN : 0) | (this->fire() ? STATE_FIRE : 0));
  if (record == this->saved_state_)
    return true;
  if (!this->port_.save(Record::STATE, 0, &record, sizeof(record)))
    return false;
  this->saved_state_ = record;
  return true;
}

// ---- relays ----

void GateCore::end_pulses_() {
  bool ended = false, open = false;
  for (uint32_t relay = 1; relay <= this->config_.relays; relay++) {
    Pulse &pulse = this->pulses_[relay - 1];
    if (pulse.open && this->uptime_ >= pulse.closes_at) {
      pulse.open = false;
      ended = true;
      this->drive_(relay);
    }
    open = open || pulse.open;
  }
  if (!ended)
    return;
  this->free_at_ = this->uptime_ + GAP_MS;
  this->want_hello_();
  if (!open)
    this->follow_(Cause::PULSE_END);
}

void GateCore::drive_(uint32_t relay) {
  const bool open = this->is_open(relay);
  uint32_t at_most_ms = 0;
  if (this->state_ == State::FREE) {
    at_most_ms = uint32_t(this->free_until_ - this->uptime_);
  } else if (open && !this->fire()) {
    at_most_ms = this->config_.max_pulse_ms;
  }
  this->port_.relay(relay, open != this->config_.fail_safe, at_most_ms);
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
  if (this->config_.has_beam && !this->fire())
    this->passages_.grant(relay, id, this->uptime_, this->uptime_ + this->config_.passage_timeout_ms);
}

uint64_t GateCore::busy_for_() const {
  uint64_t until = this->free_at_;
  for (const auto &pulse : this->pulses_) {
    if (pulse.open)
      until = std::max(until, pulse.closes_at + GAP_MS);
  }
  return until > this->uptime_ ? until - this->uptime_ : 0;
}

// ---- contacts ----

void GateCore::on_exit(bool pressed, uint32_t now) {
  this->advance_(now);
  if (!this->exit_.update(pressed, this->uptime_, this->config_.debounce_ms) || !pressed)
    return;
  // Never busy, in every state: who wants out does not wait.
  this->follow_(Cause::EXIT);
  this->pulse_(this->config_.exit_relay, this->config_.pulse_ms, NONE);
  this->event_("exit", decimal(this->config_.exit_relay).view(), NONE);
}

void GateCore::on_fire(bool active, uint32_t now) {
  this->advance_(now);
  const bool changed = this->fire_contact_.update(active, this->uptime_, this->config_.debounce_ms);
  if (!changed || !this->follow_(active ? Cause::ALARM : Cause::ALARM_END))
    return;
  this->event_("fire", active ? "start" : "quiet", NONE);
  this->save_state_();  // after the relays; a flash that fails keeps nobody in
}

void GateCore::on_fire_reset(bool pressed, uint32_t now) {
  this->advance_(now);
  if (!this->fire_reset_.update(pressed, this->uptime_, this->config_.debounce_ms) || !pressed)
    return;
  // A button that was held down before the fire, or a wire that is shorted, resets nothing.
  if (!this->follow_(Cause::RESET))
    return;
  this->event_("fire", "clear", NONE);
  this->save_state_();
}

void GateCore::on_door(bool open, uint32_t now) {
  this->advance_(now);
  if (!this->door_.update(open, this->uptime_, this->config_.debounce_ms))
    return;
  this->door_since_ = this->uptime_;
  if (!open && this->held_) {
    this->held_ = false;
    this->event_("held", "clear", NONE);
  }
  const bool pulsing = this->pulses_[0].open || this->pulses_[1].open;
  const bool late = this->free_at_ == 0 || this->uptime_ >= this->free_at_ - GAP_MS + DOOR_GRACE_MS;
  if (open && !this->door_.first() && !this->released() && !pulsing && late)
    this->event_("forced", NONE, "door");
}

void GateCore::watch_door_() {
  if (!this->door_.active() || this->released()) {
    this->door_since_ = this->uptime_;
  } else if (!this->held_ && this->uptime_ - this->door_since_ >= this->config_.held_after_ms) {
    this->held_ = true;
    this->event_("held", "start", NONE);
  }
}

void GateCore::on_tamper(bool active, uint32_t now) {
  this->advance_(now);
  if (this->tamper_.update(active, this->uptime_, this->config_.debounce_ms))
    this->event_("tamper", active ? "start" : "clear", NONE);
}

void GateCore::on_press(bool pressed, uint32_t now) {
  this->advance_(now);
  if (!this->press_.update(pressed, this->uptime_, this->config_.debounce_ms) || !pressed || this->press_.first())
    return;
  // Without a broker nobody waits for it, and later it would be worth nothing. Hammering pushes out no other event.
  if (!this->connected_ || this->uptime_ < this->press_again_at_)
    return;
  this->press_again_at_ = this->uptime_ + PRESS_SPACING_MS;
  this->event_("press", decimal(this->config_.press_relay).view(), NONE);
}

void GateCore::on_beam(bool broken, uint32_t now) {
  this->advance_(now);
  const bool changed = this->first_beam_.update(broken, this->uptime_, this->config_.debounce_ms);
  if (changed && broken && !this->first_beam_.first())
    this->passed_(Way::UNKNOWN);
}

void GateCore::on_beams(bool first, bool second, uint32_t now) {
  this->advance_(now);
  this->first_beam_.update(first, this->uptime_, this->config_.debounce_ms);
  this->second_beam_.update(second, this->uptime_, this->config_.debounce_ms);
  if (!this->first_beam_.settled() || !this->second_beam_.settled())
    return;
  const Way way = this->beams_.update(this->first_beam_.active(), this->second_beam_.active());
  if (way != Way::NONE)
    this->passed_(way);
}

void GateCore::passed_(Way way) {
  if (!this->fire())
    this->passages_.pass(way, this->config_.relays, this->state_ == State::FREE, this->uptime_);
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
  this->learn_until_ = 0;
  this->void_challenges_();
}

void GateCore::void_challenges_() {
  this->current_ = {};
  this->previous_ = {};
}

void GateCore::issue_challenge_() {
  if (this->old_key_on_flash_)
    this->erase_old_key_();
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
  const bool open = this->state_ == State::FREE || this->pulses_[0].open || this->pulses_[1].open;
  Line line("hello", this->config_.gate.view());
  line.number(this->boot_)
      .number(++this->hello_seq_)
      .number(this->uptime_)
      .hex(this->current_.challenge.data(), this->current_.challenge.size())
      .word(MODES[size_t(this->mode_)])
      .word(this->fire() ? "fire" : open ? "open" : "closed")
      .number(this->refused_)
      .number(this->list_.version());
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
void GateCore::send_events_() {
  while (!this->events_.all_told()) {
    const Event &event = this->events_.next();
    Line line("event", this->config_.gate.view());
    line.number(this->boot_)
        .number(event.seq)
        .number(event.uptime)
        .word(event.type.view())
        .word(event.subject.view())
        .word(event.value.view());
    if (!line.sign(this->port_, this->keys_.node) || !this->port_.publish(Leaf::EVENT, line.text()))
      return;  // tried again in the next loop
    this->events_.told();
  }
}

}  // namespace facegate
