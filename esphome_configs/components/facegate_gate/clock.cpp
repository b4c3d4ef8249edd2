#include "clock.h"

#include "line.h"

namespace facegate {

namespace {

constexpr uint64_t OFFSET_MAX = 1439;  // minutes: no local time is a day away from UTC

bool parse_offset(std::string_view text, int32_t &out) {
  const bool behind = !text.empty() && text[0] == '-';
  uint64_t minutes = 0;
  if (!parse_number(text.substr(behind ? 1 : 0), OFFSET_MAX, minutes) || (behind && minutes == 0))
    return false;
  out = behind ? -int32_t(minutes) : int32_t(minutes);
  return true;
}

}  // namespace

std::string_view Clock::set(std::string_view subject, std::string_view value, uint64_t uptime) {
  uint64_t now = 0;
  if (!parse_number(subject, UINT32_MAX, now) || now == 0)
    return "subject";
  Clock next;
  const size_t colon = value.find(':');
  if (!parse_offset(value.substr(0, colon), next.offset_))
    return "value";
  if (colon != std::string_view::npos) {
    const auto change = value.substr(colon + 1);
    const size_t second = change.find(':');
    if (second == std::string_view::npos || !parse_number(change.substr(0, second), UINT32_MAX, next.change_at_) ||
        next.change_at_ == 0 || !parse_offset(change.substr(second + 1), next.change_to_))
      return "value";
  }
  next.unix_ = now;
  next.set_at_ = uptime;
  *this = next;
  return {};
}

int64_t Clock::local(uint64_t uptime) const {
  const uint64_t now = this->utc(uptime);
  return int64_t(now) + 60 * int64_t(now >= this->change_at_ ? this->change_to_ : this->offset_);
}

}  // namespace facegate
