#pragma once
// What happened at the gate, in order: kept until the broker has it, and after that until the room is needed, so that
// it can be told again.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "line.h"

namespace facegate {

inline constexpr size_t QUEUED_EVENTS = 64;

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
    if (this->count_ == QUEUED_EVENTS) {
      this->first_ = (this->first_ + 1) % QUEUED_EVENTS;
      this->count_--;
      this->told_ -= this->told_ != 0 ? 1 : 0;
    }
    this->events_[(this->first_ + this->count_++) % QUEUED_EVENTS] = {uptime, ++this->seq_, type, subject, value};
  }
  bool all_told() const { return this->told_ == this->count_; }
  // The next one to tell.
  const Event &next() const { return this->events_[(this->first_ + this->told_) % QUEUED_EVENTS]; }
  void told() { this->told_++; }
  // Tells everything from number `seq` on again, as far as it is still here; returns how many those are.
  size_t again(uint32_t seq) {
    const uint32_t oldest = this->seq_ - uint32_t(this->count_) + 1;
    const size_t before = seq > oldest ? seq - oldest : 0, were_told = this->told_;
    this->told_ = before < were_told ? before : were_told;  // what was never told stays to be told
    return were_told - this->told_;
  }
  // The number of the event that was added last.
  uint32_t seq() const { return this->seq_; }

 private:
  std::array<Event, QUEUED_EVENTS> events_{};
  size_t first_{0};
  size_t count_{0};
  size_t told_{0};  // so many of them, the oldest
  uint32_t seq_{0};
};

}  // namespace facegate
