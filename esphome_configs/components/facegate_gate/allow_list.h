#pragma once
// The cards and PINs that a node opens for by itself. They lie on flash in two banks: a new list is written beside the
// one in force, and the LIST record, written last, names the bank that counts.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "clock.h"
#include "flash.h"
#include "line.h"

namespace facegate {

inline constexpr size_t DIGEST_BYTES = 8;
inline constexpr size_t ENTRY_BYTES = 21;
inline constexpr size_t ENTRIES_PER_CHUNK = 9;
inline constexpr size_t PAGE_BYTES = 189;  // a chunk is a page
inline constexpr uint32_t CHUNKS_MAX = 112;
inline constexpr uint32_t DAY_MINUTES = 1440;

enum class Kind : uint8_t { CARD = 1, PIN = 2 };
inline constexpr std::string_view KINDS[] = {"card", "pin"};
using ShortDigest = std::array<uint8_t, DIGEST_BYTES>;
// What ties a record to the gate key that is built in: after a new one is flashed, the record is void.
using KeyCheck = std::array<uint8_t, 8>;

std::string_view word(Kind kind);
// `number`: a card's bytes in hex, or a PIN's digits. False when the digest could not be made.
bool make_digest(Hmac &hmac, const Key &digest_key, Kind kind, std::string_view number, ShortDigest &out);

class AllowList {
 public:
  explicit AllowList(Flash &flash) : flash_(flash) {}

  void load(const KeyCheck &check);
  // 0 without a list.
  uint32_t version() const { return this->active_.version; }
  bool expired(uint64_t utc) const { return this->active_.expires != 0 && utc >= this->active_.expires; }
  const Key &digest_key() const { return this->active_.digest_key; }

  // The verb `list`.
  enum class Stored { STORED, COMMITTED, SUBJECT, VALUE, VERSION, CHUNK, FLASH };
  Stored store(std::string_view subject, std::string_view value, const Key &digest_key);

  // Why not, or nothing: then it opens. `listed` tells whether the digest is on the list at all.
  std::string_view judge(Kind kind, const ShortDigest &digest, uint32_t relay, const Clock &clock, uint64_t uptime,
                         bool &listed);

 private:
  using Page = std::array<uint8_t, PAGE_BYTES>;
  struct Header {
    KeyCheck check{};
    Key digest_key{};
    uint32_t version{0};
    uint32_t expires{0};
    uint32_t count{0};
    uint32_t bank{0};
  };
  bool save_(const Header &header);

  Flash &flash_;
  Header active_{};
  Header begun_{};
  uint32_t next_{0};  // the chunk that begun_ waits for
};

}  // namespace facegate
