#include "line.h"

#include <charconv>

namespace facegate {

namespace {

constexpr size_t COMMAND_FIELDS = 12;  // with the MAC
constexpr size_t MAC_CHARS = 64;
constexpr size_t NUMBER_CHARS = 15;
constexpr size_t WORD_CHARS = 24;
constexpr size_t ARGUMENT_CHARS = 400;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

template<typename Is> bool all(std::string_view text, Is is) {
  for (char c : text) {
    if (!is(c))
      return false;
  }
  return true;
}

bool is_hex_text(std::string_view text, size_t chars) { return text.size() == chars && all(text, is_hex); }

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= WORD_CHARS && is_lower(text[0]) &&
         all(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_argument(std::string_view text) {
  return !text.empty() && text.size() <= ARGUMENT_CHARS && all(text, [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) ||
           std::string_view("_.:/+=-").find(c) != std::string_view::npos;
  });
}

uint8_t nibble(char c) { return uint8_t(is_digit(c) ? c - '0' : c - 'a' + 10); }

// `text` holds 2 * size lower-case hex digits.
void unhex(std::string_view text, uint8_t *out) {
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    out[i / 2] = uint8_t(nibble(text[i]) << 4 | nibble(text[i + 1]));
}

// All fields of a line; more than a command has are counted, not kept.
struct Fields {
  std::string_view kept[COMMAND_FIELDS];
  size_t count{0};
};

// False when two spaces meet, or one stands at an end.
bool split(std::string_view line, Fields &out) {
  size_t begin = 0;
  for (;;) {
    const size_t space = line.find(' ', begin);
    const auto field = line.substr(begin, space == std::string_view::npos ? space : space - begin);
    if (field.empty())
      return false;
    if (out.count < COMMAND_FIELDS)
      out.kept[out.count] = field;
    out.count++;
    if (space == std::string_view::npos)
      return true;
    begin = space + 1;
  }
}

}  // namespace

std::string_view word(Refusal refusal) {
  switch (refusal) {
    case Refusal::SIZE:
      return "size";
    case Refusal::FORMAT:
      return "format";
    case Refusal::VERSION:
      return "version";
    case Refusal::KIND:
      return "kind";
    case Refusal::GATE:
      return "gate";
    case Refusal::SLOT:
      return "slot";
    case Refusal::MAC:
      return "mac";
    case Refusal::NONE:
      break;
  }
  return NONE;
}

bool derive_key(Hmac &hmac, const Key &gate_key, std::string_view purpose, std::string_view what, std::string_view gate,
                Key &out) {
  char info[KEY_LABEL.size() + 2 * KEY_BYTES + GATE_CHARS + 16];  // a nonce is the longest `what`
  size_t size = 0;
  const auto append = [&](std::string_view text) { size += text.copy(info + size, sizeof(info) - size); };
  append(KEY_LABEL);
  append(purpose);
  append(" ");
  if (!what.empty()) {
    append(what);
    append(" ");
  }
  append(gate);
  append("\x01");
  return hmac.hmac(gate_key, {info, size}, out);
}

bool Keys::derive(Hmac &hmac, const Key &gate_key, std::string_view gate) {
  for (uint32_t slot = 1; slot <= SLOTS; slot++) {
    if (!derive_key(hmac, gate_key, COMMAND_PURPOSE, decimal(slot).view(), gate, this->command[slot - 1]))
      return false;
  }
  return derive_key(hmac, gate_key, NODE_PURPOSE, {}, gate, this->node) &&
         derive_key(hmac, gate_key, DIGEST_PURPOSE, {}, gate, this->digest);
}

Refusal parse_command(std::string_view line, std::string_view gate, const Keys &keys, Hmac &hmac, Command &out) {
  if (line.empty() || line.size() > MAX_LINE)
    return Refusal::SIZE;
  if (!all(line, [](char c) { return c >= 0x20 && c <= 0x7e; }))
    return Refusal::FORMAT;
  Fields fields;
  if (!split(line, fields) || fields.count < 2)
    return Refusal::FORMAT;
  const auto &f = fields.kept;
  if (f[0] != VERSION)
    return Refusal::VERSION;
  if (f[1] != "command")
    return Refusal::KIND;
  if (fields.count != COMMAND_FIELDS || !is_hex_text(f[11], MAC_CHARS))
    return Refusal::FORMAT;
  if (f[2] != gate)
    return Refusal::GATE;
  uint64_t number = 0;
  if (!parse_number(f[3], UINT32_MAX, number))
    return Refusal::FORMAT;
  if (number < 1 || number > SLOTS)
    return Refusal::SLOT;
  out.slot = uint32_t(number);

  Digest mac, wanted;
  unhex(f[11], mac.data());
  const auto body = line.substr(0, line.size() - MAC_CHARS - 1);
  if (!hmac.hmac(keys.command[out.slot - 1], body, wanted) ||
      !constant_time_equal(mac.data(), wanted.data(), mac.size()))
    return Refusal::MAC;

  if (!is_hex_text(f[4], ID_CHARS) || !is_hex_text(f[5], 2 * CHALLENGE_BYTES))
    return Refusal::FORMAT;
  out.id = f[4];
  unhex(f[5], out.challenge.data());
  if (!parse_number(f[6], UINT32_MAX, number) || number == 0)
    return Refusal::FORMAT;
  out.counter = uint32_t(number);
  if (!parse_number(f[7], UPTIME_MAX, out.not_after) || !is_word(f[8]) || !is_argument(f[9]) || !is_argument(f[10]))
    return Refusal::FORMAT;
  out.verb = f[8];
  out.subject = f[9];
  out.value = f[10];
  return Refusal::NONE;
}

bool is_gate_id(std::string_view text) {
  return !text.empty() && text.size() <= GATE_CHARS && text[0] != '-' &&
         all(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool parse_number(std::string_view text, uint64_t most, uint64_t &out) {
  if (text.empty() || text.size() > NUMBER_CHARS || !all(text, is_digit) || (text[0] == '0' && text.size() > 1))
    return false;
  uint64_t value = 0;  // 15 digits cannot overflow it
  for (char c : text)
    value = value * 10 + uint64_t(c - '0');
  if (value > most)
    return false;
  out = value;
  return true;
}

bool parse_hex(std::string_view text, uint8_t *out, size_t size) {
  if (!is_hex_text(text, 2 * size))
    return false;
  unhex(text, out);
  return true;
}

void to_hex(const uint8_t *data, size_t size, char *out) {
  static constexpr char DIGITS[] = "0123456789abcdef";
  for (size_t i = 0; i < size; i++) {
    *out++ = DIGITS[data[i] >> 4];
    *out++ = DIGITS[data[i] & 15];
  }
}

bool constant_time_equal(const uint8_t *a, const uint8_t *b, size_t size) {
  volatile uint8_t difference = 0;  // volatile, so that no optimiser ends the loop early
  for (size_t i = 0; i < size; i++)
    difference = uint8_t(difference | (a[i] ^ b[i]));
  return difference == 0;
}

Line::Line(std::string_view kind, std::string_view gate) {
  for (char c : VERSION)
    this->put_(c);
  this->word(kind).word(gate);
}

void Line::put_(char c) {
  if (this->size_ < sizeof(this->buffer_)) {
    this->buffer_[this->size_++] = c;
  } else {
    this->whole_ = false;
  }
}

Line &Line::word(std::string_view text) {
  this->put_(' ');
  for (char c : text)
    this->put_(c);
  return *this;
}

Line &Line::number(uint64_t value) { return this->word(decimal(value).view()); }

Line &Line::hex(const uint8_t *data, size_t size) {
  this->put_(' ');
  for (size_t i = 0; i < size; i++) {
    char digits[2];
    to_hex(data + i, 1, digits);
    this->put_(digits[0]);
    this->put_(digits[1]);
  }
  return *this;
}

bool Line::sign(Hmac &hmac, const Key &key) {
  Digest mac;
  if (!this->whole_ || !hmac.hmac(key, this->text(), mac))
    return false;
  this->hex(mac.data(), mac.size());
  return this->whole_;
}

Text<20> decimal(uint64_t value) {
  char digits[20];  // 2^64 - 1 has 20
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  return std::string_view(digits, size_t(end - digits));
}

}  // namespace facegate
