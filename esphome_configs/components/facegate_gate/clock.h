#pragma once
// The time of day, as the recognizer told it and the node's uptime carries it on.
#include <cstdint>
#include <string_view>

namespace facegate {

class Clock {
 public:
  // Arguments of the verb `time`. Names the wrong one, or nothing.
  std::string_view set(std::string_view subject, std::string_view value, uint64_t uptime);
  bool known() const { return this->unix_ != 0; }
  // Seconds since 1970, in UTC and as the clocks on the wall show them.
  uint64_t utc(uint64_t uptime) const { return this->unix_ + (uptime - this->set_at_) / 1000; }
  int64_t local(uint64_t uptime) const;

 private:
  uint64_t unix_{0};
  uint64_t set_at_{0};
  int32_t offset_{0};  // minutes
  uint64_t change_at_{UINT64_MAX};
  int32_t change_to_{0};
};

}  // namespace facegate
