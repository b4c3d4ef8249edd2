#pragma once
// Who went through, told from what was granted and what the beams saw.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "events.h"
#include "inputs.h"
#include "line.h"

namespace facegate {

inline constexpr size_t PENDING_GRANTS = 8;

class Passages {
 public:
  explicit Passages(Events &events) : events_(events) {}

  // Somebody may go through until `until`.
  void grant(uint32_t relay, std::string_view id, uint64_t now, uint64_t until);
  // Somebody has; `relays`: of this gate, so that with one relay either way belongs to its grants. `free`: anybody may.
  void pass(Way way, uint32_t relays, bool free, uint64_t now);
  // Grants that nobody has used in their time.
  void expire(uint64_t now);
  // Nobody is counted from here on, and nothing granted before counts.
  void forget();

 private:
  struct Grant {
    uint32_t relay{0};
    Text<ID_CHARS> id;
    uint64_t until{0};
  };
  Grant take_(size_t index);

  Events &events_;
  std::array<Grant, PENDING_GRANTS> grants_{};
  size_t count_{0};
  Grant passed_{};
};

}  // namespace facegate
