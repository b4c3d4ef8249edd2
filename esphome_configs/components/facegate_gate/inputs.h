#pragma once
// Contacts and beams: what a level that is looked at now and then means.
#include <cstdint>

namespace facegate {

// A contact that bounces: a level counts once it has been the same for `ms` at every look.
class Input {
 public:
  // True when the settled level has changed. Before the first level it was inactive.
  bool update(bool level, uint64_t now, uint32_t ms) {
    if (level != this->seen_ || !this->looked_) {
      this->looked_ = true;
      this->seen_ = level;
      this->since_ = now;
    }
    if (now - this->since_ < ms)
      return false;
    const bool changed = this->seen_ != this->active_;
    this->first_ = !this->settled_;
    this->settled_ = true;
    this->active_ = this->seen_;
    return changed;
  }
  bool active() const { return this->active_; }
  bool settled() const { return this->settled_; }
  // Whether the last change was from nothing at all: where a door or a beam stood when the node started.
  bool first() const { return this->first_; }

 private:
  bool looked_{false};
  bool seen_{false};
  bool settled_{false};
  bool first_{true};
  bool active_{false};
  uint64_t since_{0};
};

enum class Way : uint8_t { NONE, ENTRY, EXIT, UNKNOWN };

// Two beams, one behind the other so close that nobody fits between them: the first on the side of the entry.
// Somebody has passed when he has left one beam while he breaks the other. Who turns round has not passed; who follows
// before both are clear again has, too.
class Beams {
 public:
  Way update(bool first, bool second) {
    const auto now = uint8_t((first ? FIRST : 0) | (second ? SECOND : 0));
    const uint8_t before = this->broken_;
    this->broken_ = now;
    if (!this->known_ || before == 0) {
      this->known_ = true;
      this->came_by_ = now;
      this->through_ = false;
      return Way::NONE;
    }
    if (now == before || now == (FIRST | SECOND) || (now == 0 && before != (FIRST | SECOND)))
      return Way::NONE;
    // Both were broken and one or none is; or one after the other was, quicker than anybody looked.
    const uint8_t towards = now != 0 ? now : uint8_t((FIRST | SECOND) & ~this->came_by_);
    if (towards == this->came_by_ && !this->through_)
      return Way::NONE;
    this->through_ = true;
    return towards == SECOND ? Way::ENTRY : towards == FIRST ? Way::EXIT : Way::UNKNOWN;
  }

 private:
  static constexpr uint8_t FIRST = 1, SECOND = 2;
  bool known_{false};
  bool through_{false};
  uint8_t broken_{0};
  uint8_t came_by_{0};
};

}  // namespace facegate
