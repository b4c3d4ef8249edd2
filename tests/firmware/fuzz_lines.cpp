// libFuzzer target: the parsers alone, on any text; what one of them takes must come out of its writer the same.
// The first byte chooses the parser; fuzz_core.cpp has them all together, behind a MAC that is always right.
//
// FACEGATE_FUZZ_FIND_COMMAND=1 makes it abort at the first line that is believed: the proof that the corpus gets there.
#include <cstdlib>
#include <string_view>

#include "allow_list.h"
#include "clock.h"
#include "line.h"

namespace {

void must(bool holds) {
  if (!holds)
    std::abort();
}

class SameMac final : public facegate::Hmac {
 public:
  bool hmac(const facegate::Key &, std::string_view, facegate::Digest &out) override {
    out.fill(0xab);
    return true;
  }
};

class ForgetfulFlash final : public facegate::Flash {
 public:
  bool load(facegate::Record, uint32_t, uint8_t *, size_t) override { return false; }
  bool save(facegate::Record record, uint32_t index, const uint8_t *data, size_t size) override {
    must(data != nullptr && size != 0 && size <= 255);
    must(record == facegate::Record::LIST || index < 2 * facegate::CHUNKS_MAX);
    return true;
  }
};

// A line has one form: what is believed is what the fields say, byte by byte.
void command(std::string_view text) {
  SameMac mac;
  static const facegate::Keys keys;
  facegate::Command command;
  if (facegate::parse_command(text, "g", keys, mac, command) != facegate::Refusal::NONE)
    return;
  must(text.size() <= facegate::MAX_LINE && command.slot >= 1 && command.slot <= facegate::SLOTS);
  facegate::Line line("command", "g");
  line.number(command.slot).word(command.id).hex(command.challenge.data(), command.challenge.size());
  line.number(command.counter).number(command.not_after).word(command.verb).word(command.subject).word(command.value);
  must(line.sign(mac, keys.node) && line.text() == text);
  must(std::getenv("FACEGATE_FUZZ_FIND_COMMAND") == nullptr);
}

void number(std::string_view text) {
  for (const uint64_t most : {uint64_t(0), uint64_t(9), uint64_t(UINT32_MAX), facegate::UPTIME_MAX}) {
    uint64_t value = 0;
    if (facegate::parse_number(text, most, value))
      must(value <= most && facegate::decimal(value).view() == text);
  }
}

void hex(std::string_view text) {
  uint8_t bytes[32];
  for (const size_t size : {size_t(1), size_t(8), sizeof(bytes)}) {
    if (!facegate::parse_hex(text, bytes, size))
      continue;
    char again[2 * sizeof(bytes)];
    facegate::to_hex(bytes, size, again);
    must(std::string_view(again, 2 * size) == text);
  }
}

// What is written never outgrows its buffer, whatever is put into it.
void writer(std::string_view text) {
  SameMac mac;
  facegate::Line line("event", "g");
  for (size_t begin = 0; begin < text.size(); begin += 50)
    line.word(text.substr(begin, 50)).number(begin);
  const bool fits = line.sign(mac, {});
  must(line.text().size() <= facegate::MAX_LINE);
  must(fits || text.size() > facegate::MAX_LINE / 2);
  facegate::Text<24> cut(text);
  cut.append(text);
  must(cut.view().size() <= 24 && text.substr(0, 24).substr(0, cut.view().size()) == cut.view().substr(0, text.size()));
}

struct Two {
  std::string_view subject, value;
};

// "<subject> <value>"
Two apart(std::string_view text) {
  const size_t space = text.find(' ');
  return {text.substr(0, space), space == std::string_view::npos ? std::string_view() : text.substr(space + 1)};
}

void time_of_day(std::string_view text) {
  facegate::Clock clock;
  const auto two = apart(text);
  const bool set = clock.set(two.subject, two.value, 1'000).empty();
  must(clock.known() == set);
  if (set)
    must(clock.utc(1'000) != 0 && clock.utc(3'000) == clock.utc(1'000) + 2);
}

// Chunk after chunk, one a line of the input: a version never goes back.
void list(std::string_view text) {
  ForgetfulFlash flash;
  facegate::AllowList list(flash);
  uint32_t version = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const auto two = apart(text.substr(0, end));
    const auto stored = list.store(two.subject, two.value, {});
    must(list.version() >= version);
    must(list.version() == version || stored == facegate::AllowList::Stored::COMMITTED);
    version = list.version();
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const std::string_view text(reinterpret_cast<const char *>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      command(text);
      break;
    case 1:
      number(text);
      break;
    case 2:
      hex(text);
      break;
    case 3:
      writer(text);
      break;
    case 4:
      time_of_day(text);
      break;
    case 5:
      list(text);
      break;
    default:
      facegate::is_gate_id(text);
  }
  return 0;
}
