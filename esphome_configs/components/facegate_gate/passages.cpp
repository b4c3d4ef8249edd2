#include "passages.h"

#include <algorithm>

namespace facegate {

void Passages::grant(uint32_t relay, std::string_view id, uint64_t now, uint64_t until) {
  if (this->count_ == this->grants_.size())
    this->grants_[0].until = now;
  this->expire(now);
  this->grants_[this->count_++] = {relay, id, until};
}

void Passages::pass(Way way, uint32_t relays, bool free, uint64_t now) {
  const uint32_t direction = way == Way::ENTRY ? 1 : way == Way::EXIT ? 2 : 0;
  const auto fits = [&](const Grant &grant) { return direction == 0 || relays == 1 || grant.relay == direction; };
  const auto said = [&](uint32_t fallback) {
    const uint32_t number = direction != 0 ? direction : fallback;
    return number != 0 ? decimal(number) : Text<20>(NONE);
  };
  for (size_t i = 0; i < this->count_; i++) {
    if (!fits(this->grants_[i]))
      continue;
    this->passed_ = this->take_(i);
    this->events_.add(now, "passed", said(this->passed_.relay).view(), this->passed_.id.view());
    return;
  }
  if (free) {
    this->events_.add(now, "passed", said(0).view(), NONE);
  } else if (now < this->passed_.until && fits(this->passed_)) {
    this->events_.add(now, "tailgated", said(this->passed_.relay).view(), this->passed_.id.view());
  } else {
    this->events_.add(now, "forced", said(0).view(), NONE);
  }
}

// All grants last equally long, so the first to be given is the first to end.
void Passages::expire(uint64_t now) {
  while (this->count_ != 0 && now >= this->grants_[0].until) {
    const Grant grant = this->take_(0);
    this->events_.add(now, "not_passed", decimal(grant.relay).view(), grant.id.view());
  }
}

void Passages::forget() {
  this->count_ = 0;
  this->passed_ = {};
}

Passages::Grant Passages::take_(size_t index) {
  const Grant taken = this->grants_[index];
  this->count_--;
  std::move(this->grants_.begin() + index + 1, this->grants_.end(), this->grants_.begin() + index);
  return taken;
}

}  // namespace facegate
