// What the gate core does with cards and PINs. Their numbers end here: only digests leave the node, and of what is not
// on the list not even those, unless the recognizer has to decide.
#include <algorithm>

#include "gate_core.h"

namespace facegate {

namespace {

Text<2 * DIGEST_BYTES> hex(const ShortDigest &digest) {
  char chars[2 * DIGEST_BYTES];
  to_hex(digest.data(), digest.size(), chars);
  return std::string_view(chars, sizeof(chars));
}

uint32_t ones(uint64_t value) {
  uint32_t count = 0;
  for (; value != 0; value &= value - 1)
    count++;
  return count;
}

}  // namespace

void GateCore::on_card(uint32_t relay, const uint8_t *bytes, size_t size, uint32_t now) {
  this->advance_(now);
  if (size == 0 || size > CARD_BYTES_MAX)
    return;
  char number[2 * CARD_BYTES_MAX];
  to_hex(bytes, size, number);
  this->present_(Kind::CARD, relay, {number, 2 * size});
}

void GateCore::on_card_number(uint32_t relay, uint64_t number, uint32_t bits, uint32_t now) {
  uint8_t bytes[sizeof(number)];
  const size_t size = std::min<size_t>((bits + 7) / 8, sizeof(bytes));
  for (size_t i = 0; i < size; i++)
    bytes[i] = uint8_t(number >> 8 * (size - 1 - i));
  this->on_card(relay, bytes, size, now);
}

void GateCore::on_wiegand(uint32_t relay, uint64_t value, uint32_t bits, uint32_t now) {
  if (bits != 26 && bits != 34 && bits != 37)
    return;
  // Even parity in front over the first half, odd parity at the end over the second; in 37 bits they share one.
  const uint32_t half = (bits + 1) / 2;
  const uint64_t whole = value & ((uint64_t(1) << bits) - 1);
  const uint64_t front = whole >> (bits - half), back = whole & ((uint64_t(1) << half) - 1);
  if (ones(front) % 2 != 0 || ones(back) % 2 == 0)
    return;
  const uint32_t number_bits = bits - 2;
  this->on_card_number(relay, (whole >> 1) & ((uint64_t(1) << number_bits) - 1), number_bits, now);
}

void GateCore::on_pin(uint32_t relay, std::string_view digits, uint32_t now) {
  this->advance_(now);
  if (digits.empty() || digits.size() > PIN_DIGITS_MAX ||
      !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return;
  this->present_(Kind::PIN, relay, digits);
}

void GateCore::present_(Kind kind, uint32_t relay, std::string_view number) {
  if (!this->ready_ || relay < 1 || relay > this->config_.relays || this->released())
    return;
  if (kind == Kind::CARD && relay == this->learn_relay_ && this->uptime_ < this->learn_until_) {
    this->learned_(relay, number);
    return;
  }
  if (kind == Kind::PIN && this->uptime_ < this->pins_locked_until_) {
    this->deny_(kind, relay, "locked", NONE);
    return;
  }
  if (this->config_.two_factor) {
    this->report_(kind, relay, number);
    return;
  }
  if (this->busy_for_() != 0) {
    this->port_.hint(Pattern::WAIT, 0);
    return;
  }
  if (this->list_.version() == 0 || (this->clock_.known() && this->list_.expired(this->clock_.utc(this->uptime_)))) {
    this->deny_(kind, relay, "list", NONE);
    return;
  }
  ShortDigest digest;
  bool listed = false;
  std::string_view why = "fault";
  if (make_digest(this->port_, this->list_.digest_key(), kind, number, digest))
    why = this->list_.judge(kind, digest, relay, this->clock_, this->uptime_, listed);
  if (listed && why != "fault" && this->mode_ == Mode::LOCKDOWN)
    why = "lockdown";
  if (!why.empty() || !this->follow_(Cause::LIST)) {
    this->deny_(kind, relay, why, listed ? hex(digest).view() : NONE);
    if (kind == Kind::PIN && why == "unknown")
      this->wrong_pin_(relay);
    return;
  }
  if (kind == Kind::PIN) {
    this->wrong_pins_ = 0;
    this->pin_locks_ = 0;
  }
  // The passage will bear the position of the event, which is the next one.
  char id[ID_CHARS];
  const uint32_t seq = this->events_.seq() + 1;
  uint8_t position[8];
  for (int i = 0; i < 4; i++) {
    position[i] = uint8_t(this->boot_ >> (24 - 8 * i));
    position[4 + i] = uint8_t(seq >> (24 - 8 * i));
  }
  to_hex(position, sizeof(position), id);
  Text<20> subject(word(kind));
  subject.append(":").append(decimal(relay).view());
  // The event comes first for its number, and is only sent later: the relay does not wait.
  this->event_("granted", subject.view(), hex(digest).view());
  this->pulse_(relay, this->config_.pulse_ms, {id, sizeof(id)});
  this->port_.hint(Pattern::GRANTED, 0);
}

void GateCore::report_(Kind kind, uint32_t relay, std::string_view number) {
  ShortDigest digest;
  if (!make_digest(this->port_, this->keys_.digest, kind, number, digest)) {
    this->deny_(kind, relay, "fault", NONE);
    return;
  }
  if (this->may_tell_())
    this->event_(word(kind), decimal(relay).view(), hex(digest).view());
  this->port_.hint(Pattern::WAIT, 0);
}

// Somebody has asked for this one card; it opens nothing.
void GateCore::learned_(uint32_t relay, std::string_view number) {
  this->learn_until_ = 0;
  ShortDigest digest;
  if (!make_digest(this->port_, this->keys_.digest, Kind::CARD, number, digest)) {
    this->deny_(Kind::CARD, relay, "fault", NONE);
    return;
  }
  this->event_("learned", decimal(relay).view(), hex(digest).view());
  this->port_.hint(Pattern::WAIT, 0);
}

void GateCore::deny_(Kind kind, uint32_t relay, std::string_view reason, std::string_view digest) {
  this->port_.hint(reason == "fault" || reason == "list" ? Pattern::FAULT : Pattern::DENIED, 0);
  Text<24> subject(word(kind));
  subject.append(":").append(decimal(relay).view()).append(":").append(reason);
  if (this->may_tell_())
    this->event_("denied", subject.view(), digest);
}

void GateCore::wrong_pin_(uint32_t relay) {
  if (++this->wrong_pins_ < PIN_ATTEMPTS)
    return;
  this->wrong_pins_ = 0;
  const uint32_t seconds = std::min(PIN_LOCK_S << std::min<uint32_t>(this->pin_locks_, 8), PIN_LOCK_MAX_S);
  this->pin_locks_++;
  this->pins_locked_until_ = this->uptime_ + uint64_t(seconds) * 1000;
  this->event_("locked", decimal(relay).view(), decimal(seconds).view());
}

}  // namespace facegate
