#include "allow_list.h"

#include <algorithm>

namespace facegate {

namespace {

constexpr uint8_t FORMAT = 1;  // of the LIST record
constexpr size_t HEADER_BYTES = 1 + 8 + KEY_BYTES + 4 + 4 + 1 + 1;
constexpr uint8_t EVERY_DAY = 0x7f;

uint32_t number_at(const uint8_t *bytes) {
  return uint32_t(bytes[0]) << 24 | uint32_t(bytes[1]) << 16 | uint32_t(bytes[2]) << 8 | bytes[3];
}

uint8_t *put_number(uint8_t *out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    *out++ = uint8_t(value >> shift);
  return out;
}

// One entry where it lies in its page; docs/protocol.md says what stands where.
struct Entry {
  explicit Entry(const uint8_t *bytes) : bytes(bytes) {}
  uint8_t kind() const { return this->bytes[8] & 0x0f; }
  uint8_t relays() const { return this->bytes[8] >> 4; }
  uint8_t days() const { return this->bytes[9]; }
  uint32_t first() const { return uint32_t(this->bytes[10]) << 4 | this->bytes[11] >> 4; }
  uint32_t last() const { return uint32_t(this->bytes[11] & 0x0f) << 8 | this->bytes[12]; }
  uint32_t begins() const { return number_at(this->bytes + 13); }
  uint32_t ends() const { return number_at(this->bytes + 17); }

  bool valid() const {
    if (this->kind() < 1 || this->kind() > 2 || this->relays() < 1 || this->relays() > 3 || this->days() > EVERY_DAY)
      return false;
    if (this->days() == 0)
      return this->first() == 0 && this->last() == 0;
    return this->first() < DAY_MINUTES && this->last() <= DAY_MINUTES && this->first() != this->last();
  }

  std::string_view judge(uint32_t relay, const Clock &clock, uint64_t uptime) const {
    if ((this->relays() >> (relay - 1) & 1) == 0)
      return "relay";
    if (this->days() == 0 && this->begins() == 0 && this->ends() == 0)
      return {};
    if (!clock.known())
      return "clock";
    const uint64_t utc = clock.utc(uptime);
    if (utc < this->begins())
      return "not_yet";
    if (this->ends() != 0 && utc >= this->ends())
      return "expired";
    return this->days() == 0 || this->in_window_(clock.local(uptime)) ? std::string_view() : "window";
  }

  const uint8_t *bytes;

 private:
  bool in_window_(int64_t local) const {
    const int64_t shifted = local + 86'400;  // an offset behind UTC may lead to the end of 1969
    const auto minute = uint32_t(shifted % 86'400 / 60);
    const auto day = uint32_t((shifted / 86'400 + 2) % 7);  // the last day of 1969 was a Wednesday
    const bool today = (this->days() >> day & 1) != 0, yesterday = (this->days() >> (day + 6) % 7 & 1) != 0;
    if (this->first() < this->last())
      return today && minute >= this->first() && minute < this->last();
    return (today && minute >= this->first()) || (yesterday && minute < this->last());
  }
};

}  // namespace

std::string_view word(Kind kind) { return KINDS[size_t(kind) - 1]; }

bool make_digest(Hmac &hmac, const Key &digest_key, Kind kind, std::string_view number, ShortDigest &out) {
  char text[40];  // "card " and 16 bytes in hex
  if (number.size() > 32)
    return false;
  size_t size = word(kind).copy(text, sizeof(text));
  text[size++] = ' ';
  size += number.copy(text + size, sizeof(text) - size);
  Digest digest;
  if (!hmac.hmac(digest_key, {text, size}, digest))
    return false;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return true;
}

void AllowList::load(const KeyCheck &check) {
  uint8_t record[HEADER_BYTES];
  this->begun_ = {};
  this->active_ = {};
  this->active_.check = check;
  if (!this->flash_.load(Record::LIST, 0, record, sizeof(record)) || record[0] != FORMAT ||
      !std::equal(check.begin(), check.end(), record + 1))
    return;
  const uint8_t *at = record + 1 + check.size();
  std::copy_n(at, KEY_BYTES, this->active_.digest_key.begin());
  at += KEY_BYTES;
  this->active_.version = number_at(at);
  this->active_.expires = number_at(at + 4);
  this->active_.count = std::min<uint32_t>(at[8], CHUNKS_MAX);
  this->active_.bank = at[9] & 1;
}

bool AllowList::save_(const Header &header) {
  uint8_t record[HEADER_BYTES];
  record[0] = FORMAT;
  uint8_t *at = std::copy(header.check.begin(), header.check.end(), record + 1);
  at = std::copy(header.digest_key.begin(), header.digest_key.end(), at);
  at = put_number(at, header.version);
  at = put_number(at, header.expires);
  *at++ = uint8_t(header.count);
  *at = uint8_t(header.bank);
  return this->flash_.save(Record::LIST, 0, record, sizeof(record));
}

AllowList::Stored AllowList::store(std::string_view subject, std::string_view value, const Key &digest_key) {
  std::array<uint64_t, 4> numbers{};  // version, index, count, expires
  for (size_t i = 0; i < numbers.size(); i++) {
    const size_t colon = subject.find(':');
    if ((colon == std::string_view::npos) != (i + 1 == numbers.size()) ||
        !parse_number(subject.substr(0, colon), UINT32_MAX, numbers[i]))
      return Stored::SUBJECT;
    subject.remove_prefix(colon == std::string_view::npos ? subject.size() : colon + 1);
  }
  const auto [version, index, count, expires] = numbers;
  if (version == 0 || count == 0 || count > CHUNKS_MAX || index >= count)
    return Stored::SUBJECT;

  Page page{};  // an entry of kind 0 is none
  if (value != NONE) {
    const size_t size = value.size() / 2;
    if (size == 0 || size > PAGE_BYTES || size % ENTRY_BYTES != 0 || !parse_hex(value, page.data(), size))
      return Stored::VALUE;
    for (size_t at = 0; at < size; at += ENTRY_BYTES) {
      if (!Entry(page.data() + at).valid())
        return Stored::VALUE;
    }
  }

  if (version == this->active_.version)
    return Stored::COMMITTED;
  if (version < this->active_.version)
    return Stored::VERSION;
  if (index == 0) {
    this->begun_ = {this->active_.check, digest_key,      uint32_t(version),
                    uint32_t(expires),   uint32_t(count), 1 - this->active_.bank};
    this->next_ = 0;
  }
  if (this->begun_.version != version || this->begun_.count != count || this->begun_.expires != expires ||
      this->begun_.digest_key != digest_key || (index != this->next_ && index + 1 != this->next_))
    return Stored::CHUNK;
  if (!this->flash_.save(Record::PAGE, this->begun_.bank * CHUNKS_MAX + uint32_t(index), page.data(), page.size()))
    return Stored::FLASH;
  this->next_ = uint32_t(index) + 1;
  if (this->next_ < count)
    return Stored::STORED;
  if (!this->save_(this->begun_))
    return Stored::FLASH;
  this->active_ = this->begun_;
  this->begun_ = {};
  return Stored::COMMITTED;
}

std::string_view AllowList::judge(Kind kind, const ShortDigest &digest, uint32_t relay, const Clock &clock,
                                  uint64_t uptime, bool &listed) {
  std::string_view why = "unknown";
  listed = false;
  for (uint32_t chunk = 0; chunk < this->active_.count; chunk++) {
    Page page;
    if (!this->flash_.load(Record::PAGE, this->active_.bank * CHUNKS_MAX + chunk, page.data(), page.size()))
      return "fault";
    for (size_t at = 0; at < page.size(); at += ENTRY_BYTES) {
      const Entry entry(page.data() + at);
      if (entry.kind() != uint8_t(kind) || !constant_time_equal(entry.bytes, digest.data(), digest.size()))
        continue;
      const auto refusal = entry.judge(relay, clock, uptime);
      if (refusal.empty()) {
        listed = true;
        return {};
      }
      if (!listed)
        why = refusal;
      listed = true;
    }
  }
  return why;
}

}  // namespace facegate
