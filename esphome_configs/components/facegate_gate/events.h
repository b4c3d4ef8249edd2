#pragma once
// What happened at the gate, in order, until the broker has it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "line.h"

namespace facegate {

inline constexpr size_t QUEUED_EVENTS = 32;

struct Event {
  uint64_t uptime{0};
  uint32_t seq{0};
  Text<24> type;
  Text<24> subject;
  Text<20> value;
};

// Full, it forgets the oldest; the numbers show the gap.
class Events {
 public:
  void add(uint64_t uptime, std::string_view type, std::string_view subject, std::string_view value) {
    if (this->count_ == QUEUED_EVENTS)
      this->drop_first();
    this->events_[(this->first_ + this->count_++) % QUEUED_EVENTS] = {uptime, ++this->seq_, type, subject, value};
  }
  bool empty() const { return this->count_ == 0; }
  const Event &first() const { return this->events_[this->first_]; }
  void drop_first() {
    this->first_ = (this->first_ + 1) % QUEUED_EVENTS;
    this->count_--;
  }
  // The number of the event that was added last.
  uint32_t seq() const { return this->seq_; }

 private:
  std::array<Event, QUEUED_EVENTS> events_{};
  size_t first_{0};
  size_t count_{0};
  uint32_t seq_{0};
};

}  // namespace facegate
