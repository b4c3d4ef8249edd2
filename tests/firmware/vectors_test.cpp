// Runs the node's rows of tests/contract/vectors.tsv (the file's head says what the columns mean) on the gate core:
//   vectors_test FILE
// Prints one line for each row that does not come out as it says, then "<rows> rows, <failures> failures".
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "test_port.h"

namespace {

using Row = std::map<std::string, std::string>;

std::vector<std::string> cells(const std::string &line) {
  std::vector<std::string> out{""};
  for (char c : line) {
    if (c == '\t') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// \xHH is one byte.
std::string bytes(const std::string &text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text.compare(i, 2, "\\x") == 0) {
      out += bench::unhex(text.substr(i + 2, 2));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// A port that issues the row's challenges instead of random ones.
class VectorPort final : public facegate::Port {
 public:
  bool hmac(const facegate::Key &key, std::string_view data, facegate::Digest &out) override {
    const auto mac = bench::hmac(std::string(key.begin(), key.end()), std::string(data));
    std::copy(mac.begin(), mac.end(), out.begin());
    return true;
  }
  bool random(uint8_t *out, size_t size) override {
    std::string next(size, '\xaa');
    if (!this->challenges.empty()) {
      next = this->challenges.front();
      this->challenges.erase(this->challenges.begin());
    }
    std::copy(next.begin(), next.end(), out);
    return true;
  }
  bool next_boot(uint32_t &out) override {
    out = 1;
    return true;
  }
  bool load(facegate::Record record, uint32_t index, uint8_t *out, size_t size) override {
    return bench::load(this->records, record, index, out, size);
  }
  bool save(facegate::Record record, uint32_t index, const uint8_t *data, size_t size) override {
    this->records[{record, index}] = std::string(reinterpret_cast<const char *>(data), size);
    return true;
  }
  void hint(facegate::Pattern, uint32_t) override {}
  void relay(uint32_t relay, bool energised, uint32_t) override {
    if (energised)
      this->opened.push_back(relay);
  }
  bool publish(facegate::Leaf leaf, std::string_view line) override {
    const auto fields = bench::split(std::string(line));
    if (leaf == facegate::Leaf::ACK)
      this->verdicts.push_back(fields[8]);
    if (leaf == facegate::Leaf::ACK)
      this->detail = fields[9];
    if (leaf == facegate::Leaf::EVENT && fields[6] == "refused")
      this->verdicts.push_back(fields[7]);
    return true;
  }

  bench::Records records;
  std::vector<std::string> challenges;
  std::vector<uint32_t> opened;
  std::vector<std::string> verdicts;
  std::string detail;
};

class Case {
 public:
  explicit Case(const Row &row) : row_(row), key_(bench::unhex(row.at("key"))), uptime_(std::stoull(row.at("uptime"))) {
    auto &config = this->core_.config();
    config.gate = std::string_view(row.at("gate"));
    std::copy(this->key_.begin(), this->key_.end(), config.key.begin());
    config.relays = 2;
    config.debounce_ms = 0;
    config.pulse_ms = 500;
    config.max_pulse_ms = 3'000;
  }

  // Empty when all is as the row says.
  std::string run() {
    this->bring_about_();
    this->port_.opened.clear();
    this->port_.verdicts.clear();
    this->core_.on_command(bytes(this->row_.at("line")), uint32_t(this->uptime_));
    this->core_.loop(uint32_t(this->uptime_));
    if (this->port_.verdicts != std::vector<std::string>{this->row_.at("verdict")})
      return "verdict " + (this->port_.verdicts.empty() ? "none" : this->port_.verdicts[0]);
    if (const auto &detail = this->row_.at("detail"); detail != "-" && this->port_.detail != detail)
      return "the detail " + this->port_.detail;
    const auto &relay = this->row_.at("relay");
    if (this->row_.at("line").find(" mode free ") != std::string::npos && this->row_.at("verdict") == "done")
      return this->port_.opened == std::vector<uint32_t>{1, 2} ? "" : "not held open";
    if (relay == "-")
      return this->port_.opened.empty() ? "" : "a relay moved";
    if (this->port_.opened != std::vector<uint32_t>{uint32_t(std::stoul(relay))})
      return "the wrong relay, or none";
    return this->port_.detail == this->row_.at("pulse_ms") ? "" : "a pulse of " + this->port_.detail;
  }

 private:
  std::string signed_(const std::string &slot, const std::string &id, const std::string &challenge,
                      const std::string &counter, const std::string &not_after, const std::string &what) {
    const auto &gate = this->row_.at("gate");
    return bench::sign(bench::derive(this->key_, "command " + slot + " " + gate),
                       "fg1 command " + gate + " " + slot + " " + id + " " + challenge + " " + counter + " " +
                           not_after + " " + what);
  }

  // Puts the core, by its public doors alone, into the state that the row describes.
  void bring_about_() {
    const bool has_current = this->row_.at("challenge") != "-", has_previous = this->row_.at("previous") != "-";
    const std::string scratch(32, '5');  // a challenge of an earlier connection, to finish ids under
    const uint64_t begin = this->uptime_ > 60'000 ? this->uptime_ - 60'000 : this->uptime_;
    this->port_.challenges.push_back(bench::unhex(scratch));
    if (has_previous)
      this->port_.challenges.push_back(bench::unhex(this->row_.at("previous")));
    if (has_current)
      this->port_.challenges.push_back(bench::unhex(this->row_.at("challenge")));
    this->core_.start(0);
    this->core_.loop(uint32_t(begin));
    this->core_.on_connected(uint32_t(begin));
    if (const auto &done = this->row_.at("done"); done != "-")
      this->finish_(done, scratch, begin);
    const uint64_t reconnect = this->uptime_ > 60'000 ? this->uptime_ - 15'000 : this->uptime_;
    this->core_.on_disconnected(uint32_t(reconnect));
    if (has_previous || has_current)
      this->core_.on_connected(uint32_t(reconnect));
    if (has_previous && has_current)
      this->core_.loop(uint32_t(this->uptime_ - 5'000));
    if (!has_current) {  // the reconnect that voided all has just issued one that the row does not know
      this->core_.on_disconnected(uint32_t(this->uptime_));
      this->core_.on_connected(uint32_t(this->uptime_));
    }
    if (this->row_.at("counter") != "0" && has_current)
      this->core_.on_command(this->signed_("1", "ffffffffffffffff", this->row_.at("challenge"),
                                           this->row_.at("counter"), std::to_string(this->uptime_), "use up 0"),
                             uint32_t(this->uptime_));
    if (this->row_.at("state") == "open")
      this->core_.on_exit(true, uint32_t(this->uptime_));
    const auto &state = this->row_.at("state");
    if (state == "fire" || state == "quiet")
      this->core_.on_fire(true, uint32_t(this->uptime_));
    if (state == "quiet")
      this->core_.on_fire(false, uint32_t(this->uptime_));
    if (state == "lockdown" || state == "free")
      this->core_.on_command(this->signed_("4", "eeeeeeeeeeeeeeee", this->row_.at("challenge"), "1",
                                           std::to_string(this->uptime_),
                                           "mode " + state + (state == "free" ? " 600" : " 0")),
                             uint32_t(this->uptime_));
  }

  // SLOT:ID=RESULT
  void finish_(const std::string &done, const std::string &challenge, uint64_t at) {
    const auto slot = done.substr(0, 1), id = done.substr(2, 16), result = done.substr(19);
    const auto until = std::to_string(result == "late" ? at - 1 : at);
    this->core_.on_command(this->signed_(slot, id, challenge, "1", until, result == "argument" ? "open 9 0" : "open 1 0"),
                           uint32_t(at));
    if (this->port_.verdicts != std::vector<std::string>{result}) {
      std::cerr << "vectors_test cannot finish an id with " << result << "; teach it\n";
      std::exit(2);
    }
  }

  Row row_;
  std::string key_;
  uint64_t uptime_;
  VectorPort port_;
  facegate::GateCore core_{port_};
};

}  // namespace

int main(int count, char **arguments) {
  std::ifstream file(count == 2 ? arguments[1] : "");
  std::string line;
  std::vector<std::string> head;
  int rows = 0, failures = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#')
      continue;
    const auto values = cells(line);
    if (head.empty()) {
      head = values;
      continue;
    }
    Row row;
    for (size_t i = 0; i < head.size(); i++)
      row[head[i]] = i < values.size() ? values[i] : "";
    if (row["receiver"] != "node")
      continue;
    rows++;
    if (const auto problem = Case(row).run(); !problem.empty()) {
      failures++;
      std::cout << row["name"] << ": " << problem << " instead of " << row["verdict"] << "\n";
    }
  }
  std::cout << rows << " rows, " << failures << " failures\n";
  return rows != 0 && failures == 0 ? 0 : 1;
}
