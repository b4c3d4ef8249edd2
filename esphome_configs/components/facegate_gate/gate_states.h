#pragma once
// Every state of a gate and every way from one to another; docs/node-states.md draws it, and a test holds the two
// together. What stands in no row changes nothing.
#include <cstdint>
#include <string_view>

namespace facegate {

enum class State : uint8_t {
  CLOSED,       // mode normal
  OPEN,         // mode normal, a pulse runs
  LOCKED,       // mode lockdown
  LOCKED_OPEN,  // mode lockdown, a pulse of the exit button or of a guard runs
  FREE,         // mode free: held open
  FIRE,         // released, the contact is active
  QUIET,        // released, the contact is quiet again, nobody has reset it
  UNDER,        // no state of its own: the one of the first five that the mode and the pulses say
};

enum class Cause : uint8_t {
  COMMAND,    // `open`
  LIST,       // a card or a PIN of the list
  GUARD,      // `guard`
  EXIT,       // the exit button
  PULSE_END,  // the last pulse is over
  NORMAL,     // `mode normal`
  LOCKDOWN,   // `mode lockdown`
  HOLD,       // `mode free`
  HOLD_END,   // the time of `free` is over
  ALARM,      // the fire contact becomes active
  ALARM_END,  // the fire contact becomes quiet
  RESET,      // `reset fire`, or the reset input
};

struct Transition {
  State from;
  Cause cause;
  State to;
};

inline constexpr Transition TRANSITIONS[] = {
    {State::CLOSED, Cause::COMMAND, State::OPEN},
    {State::CLOSED, Cause::LIST, State::OPEN},
    {State::CLOSED, Cause::GUARD, State::OPEN},
    {State::CLOSED, Cause::EXIT, State::OPEN},
    {State::CLOSED, Cause::NORMAL, State::CLOSED},
    {State::CLOSED, Cause::LOCKDOWN, State::LOCKED},
    {State::CLOSED, Cause::HOLD, State::FREE},
    {State::CLOSED, Cause::ALARM, State::FIRE},

    {State::OPEN, Cause::EXIT, State::OPEN},
    {State::OPEN, Cause::PULSE_END, State::CLOSED},
    {State::OPEN, Cause::NORMAL, State::OPEN},
    {State::OPEN, Cause::LOCKDOWN, State::LOCKED_OPEN},
    {State::OPEN, Cause::HOLD, State::FREE},
    {State::OPEN, Cause::ALARM, State::FIRE},

    {State::LOCKED, Cause::GUARD, State::LOCKED_OPEN},
    {State::LOCKED, Cause::EXIT, State::LOCKED_OPEN},
    {State::LOCKED, Cause::NORMAL, State::CLOSED},
    {State::LOCKED, Cause::LOCKDOWN, State::LOCKED},
    {State::LOCKED, Cause::HOLD, State::FREE},
    {State::LOCKED, Cause::ALARM, State::FIRE},

    {State::LOCKED_OPEN, Cause::EXIT, State::LOCKED_OPEN},
    {State::LOCKED_OPEN, Cause::PULSE_END, State::LOCKED},
    {State::LOCKED_OPEN, Cause::NORMAL, State::OPEN},
    {State::LOCKED_OPEN, Cause::LOCKDOWN, State::LOCKED_OPEN},
    {State::LOCKED_OPEN, Cause::HOLD, State::FREE},
    {State::LOCKED_OPEN, Cause::ALARM, State::FIRE},

    {State::FREE, Cause::EXIT, State::FREE},
    {State::FREE, Cause::NORMAL, State::UNDER},
    {State::FREE, Cause::LOCKDOWN, State::UNDER},
    {State::FREE, Cause::HOLD, State::FREE},
    {State::FREE, Cause::HOLD_END, State::UNDER},
    {State::FREE, Cause::ALARM, State::FIRE},

    {State::FIRE, Cause::EXIT, State::FIRE},
    {State::FIRE, Cause::NORMAL, State::FIRE},
    {State::FIRE, Cause::LOCKDOWN, State::FIRE},
    {State::FIRE, Cause::HOLD, State::FIRE},
    {State::FIRE, Cause::HOLD_END, State::FIRE},
    {State::FIRE, Cause::ALARM_END, State::QUIET},

    {State::QUIET, Cause::EXIT, State::QUIET},
    {State::QUIET, Cause::NORMAL, State::QUIET},
    {State::QUIET, Cause::LOCKDOWN, State::QUIET},
    {State::QUIET, Cause::HOLD, State::QUIET},
    {State::QUIET, Cause::HOLD_END, State::QUIET},
    {State::QUIET, Cause::ALARM, State::FIRE},
    {State::QUIET, Cause::RESET, State::UNDER},
};

// False when no row allows it; `state` is then left alone.
constexpr bool follow(State &state, Cause cause) {
  for (const auto &row : TRANSITIONS) {
    if (row.from == state && row.cause == cause) {
      state = row.to;
      return true;
    }
  }
  return false;
}

}  // namespace facegate
