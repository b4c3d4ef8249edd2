#pragma once
// Signed lines: the same rules as addon/src/facegate/contract/lines.py, in the same order; docs/protocol.md is the
// specification. Only the C++ standard library, no heap.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace facegate {

inline constexpr std::string_view VERSION = "fg1";
inline constexpr std::string_view NONE = "-";
inline constexpr size_t MAX_LINE = 640;
inline constexpr size_t KEY_BYTES = 32;
inline constexpr uint32_t SLOTS = 4;
inline constexpr uint32_t RELAYS = 2;
inline constexpr size_t CHALLENGE_BYTES = 16;
inline constexpr size_t ID_CHARS = 16;
inline constexpr size_t GATE_CHARS = 32;
inline constexpr uint64_t UPTIME_MAX = 999'999'999'999'999;

// What the keys are derived for; followed by the slot and the gate, or by the gate alone.
inline constexpr std::string_view KEY_LABEL = "facegate/1 ";
inline constexpr std::string_view COMMAND_PURPOSE = "command";
inline constexpr std::string_view NODE_PURPOSE = "node";
inline constexpr std::string_view DIGEST_PURPOSE = "digest";
inline constexpr std::string_view ROTATE_PURPOSE = "rotate";

using Key = std::array<uint8_t, KEY_BYTES>;
using Digest = std::array<uint8_t, 32>;
using Challenge = std::array<uint8_t, CHALLENGE_BYTES>;

// HMAC-SHA-256, injected: the chip's own in firmware.
class Hmac {
 public:
  // False when the digest could not be made; `out` is then not to be used.
  virtual bool hmac(const Key &key, std::string_view data, Digest &out) = 0;

 protected:
  ~Hmac() = default;
};

// Why a line is not believed. Such a line is never answered.
enum class Refusal : uint8_t { NONE, SIZE, FORMAT, VERSION, KIND, GATE, SLOT, MAC };
std::string_view word(Refusal refusal);

// The views point into the line that was parsed.
struct Command {
  uint32_t slot{0};
  std::string_view id;
  Challenge challenge{};
  uint32_t counter{0};
  uint64_t not_after{0};
  std::string_view verb;
  std::string_view subject;
  std::string_view value;
};

// HKDF-Expand (RFC 5869), one block, for the purpose "<purpose> <what> <gate>"; without `what`: "<purpose> <gate>".
bool derive_key(Hmac &hmac, const Key &gate_key, std::string_view purpose, std::string_view what, std::string_view gate,
                Key &out);

// The keys of one gate, derived from its 32-byte key.
struct Keys {
  std::array<Key, SLOTS> command{};
  Key node{};
  Key digest{};

  bool derive(Hmac &hmac, const Key &gate_key, std::string_view gate);
};

// Checks run from the cheapest to the dearest; their order is part of the contract.
Refusal parse_command(std::string_view line, std::string_view gate, const Keys &keys, Hmac &hmac, Command &out);

bool is_gate_id(std::string_view text);

// A canonical decimal number: no sign, no leading zero, at most `most`.
bool parse_number(std::string_view text, uint64_t most, uint64_t &out);

// Lower-case hex. False unless `text` holds 2 * size digits.
bool parse_hex(std::string_view text, uint8_t *out, size_t size);

// The other way: 2 * size digits, without an end.
void to_hex(const uint8_t *data, size_t size, char *out);

// Takes the same time wherever the first difference is.
bool constant_time_equal(const uint8_t *a, const uint8_t *b, size_t size);

// Builds one signed line in its own buffer. A field that does not fit makes sign() fail.
class Line {
 public:
  Line(std::string_view kind, std::string_view gate);
  Line &word(std::string_view text);
  Line &number(uint64_t value);
  Line &hex(const uint8_t *data, size_t size);
  bool sign(Hmac &hmac, const Key &key);
  std::string_view text() const { return {this->buffer_, this->size_}; }

 private:
  void put_(char c);

  char buffer_[MAX_LINE];
  size_t size_{0};
  bool whole_{true};
};

// A short text of its own, cut at N characters: what outlives the line it came from.
template<size_t N> class Text {
 public:
  Text() = default;
  Text(std::string_view text) { *this = text; }
  Text &operator=(std::string_view text) {
    this->size_ = uint8_t(text.size() < N ? text.size() : N);
    text.copy(this->chars_, this->size_);
    return *this;
  }
  Text &append(std::string_view text) {
    this->size_ = uint8_t(this->size_ + text.copy(this->chars_ + this->size_, N - this->size_));
    return *this;
  }
  std::string_view view() const { return {this->chars_, this->size_}; }

 private:
  static_assert(N < 256, "the size is kept in one byte");
  char chars_[N]{};
  uint8_t size_{0};
};

// A number as text.
Text<20> decimal(uint64_t value);

}  // namespace facegate
