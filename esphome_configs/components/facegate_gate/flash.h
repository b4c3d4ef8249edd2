#pragma once
// What a node keeps over a loss of power, as records of at most 255 bytes each, the least that any platform takes.
#include <cstddef>
#include <cstdint>

namespace facegate {

enum class Record : uint8_t {
  STATE,  // lockdown, and a fire that nobody has reset
  KEYS,   // the gate keys after a rotation
  LIST,   // which list is in force
  PAGE,   // its entries; the index is bank * CHUNKS + chunk
};

class Flash {
 public:
  // False when there is no such record of this size.
  virtual bool load(Record record, uint32_t index, uint8_t *out, size_t size) = 0;
  // True when it is there for good, in one piece or not at all.
  virtual bool save(Record record, uint32_t index, const uint8_t *data, size_t size) = 0;

 protected:
  ~Flash() = default;
};

}  // namespace facegate
