#pragma once
// What the native node has instead of hardware and of a configuration of its own: environment variables and a folder.
//
//   FACEGATE_NODE_SIM                 folder: relay.log takes "<unix time ns> <relay> <0|1>" a line for every write to
//                                     a relay, hint.log "<pattern> <ms>" a line for every pattern it shows; the files
//                                     exit, fire, reset, door, tamper, press and beam are active inputs
//                                     while they exist; a file card or pin with "<relay> <UID in hex>" or
//                                     "<relay> <digits>" is presented once and removed; the file stuck opens relay 1
//                                     past the core, as if the core then hung
//   FACEGATE_NODE_GATE, _SITE         which gate this is, on which site
//   FACEGATE_NODE_KEY                 the gate's key, 64 hex digits
//   FACEGATE_NODE_BROKER              host:port
//   FACEGATE_NODE_USERNAME, _PASSWORD for the broker, when it asks
//   FACEGATE_NODE_CA                  file with the CA of the broker's certificate: TLS, with the name checked
//   FACEGATE_NODE_TWO_FACTOR          1: built with two_factor
//   ESPHOME_PREFDIR                   folder of its flash
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "esphome/components/facegate_gate/facegate_gate.h"
#include "esphome/components/mqtt/mqtt_client.h"

namespace facegate_host {

inline std::string setting(const char *name) {
  const char *value = ::getenv(name);
  return value == nullptr ? "" : value;
}

inline std::string needed(const char *name) {
  const std::string value = setting(name);
  if (value.empty()) {
    std::fprintf(stderr, "facegate-node: set %s; tests/firmware/host/simulation.h says what it means\n", name);
    std::exit(2);
  }
  return value;
}

inline const std::string &folder() {
  static const std::string folder = needed("FACEGATE_NODE_SIM");
  return folder;
}

// One write(2) a line on a file opened for appending: whole lines, there even after a SIGKILL.
inline void write_relay(int relay, bool energised) {
  static const int log = ::open((folder() + "/relay.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  char line[48];
  const int size = std::snprintf(line, sizeof(line), "%lld%09ld %d %d\n", (long long) now.tv_sec, now.tv_nsec, relay,
                                 energised ? 1 : 0);
  if (log < 0 || ::write(log, line, size_t(size)) != size) {
    std::perror("facegate-node: relay.log cannot be written");
    std::exit(2);  // a pulse that nobody records must not look like none
  }
}

// What lamp and sounder would show.
inline void write_hint(const char *pattern, uint32_t ms) {
  static const int log = ::open((folder() + "/hint.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  char line[48];
  const int size = std::snprintf(line, sizeof(line), "%s %u\n", pattern, unsigned(ms));
  if (log < 0 || ::write(log, line, size_t(size)) != size) {
    std::perror("facegate-node: hint.log cannot be written");
    std::exit(2);
  }
}

inline bool read_input(const char *name) { return ::access((folder() + "/" + name).c_str(), F_OK) == 0; }

// What the core would have asked for, had it hung right after: nobody but the second guard is left to close.
inline void hang(esphome::facegate_gate::FacegateGate *gate) {
  static bool hung = false;
  const bool stuck = read_input("stuck");
  if (stuck && !hung)
    gate->relay(1, true, 600);
  hung = stuck;
}

// Whoever writes the file moves it here whole.
inline bool take_presented(const char *name, int *relay, std::string *number) {
  const std::string path = folder() + "/" + name;
  std::FILE *file = std::fopen(path.c_str(), "r");
  if (file == nullptr)
    return false;
  char text[64];
  const bool whole = std::fscanf(file, "%d %63s", relay, text) == 2;
  std::fclose(file);
  ::unlink(path.c_str());
  if (whole)
    *number = text;
  return whole;
}

inline void present(esphome::facegate_gate::FacegateGate *gate) {
  int relay = 0;
  std::string number;
  if (take_presented("card", &relay, &number))
    gate->card(uint32_t(relay), number);
  if (take_presented("pin", &relay, &number))
    gate->pin(uint32_t(relay), number);
}

// Before any component is set up: one program is every gate of the tests and of the demo.
inline void configure(esphome::facegate_gate::FacegateGate *gate, esphome::mqtt::MQTTClientComponent *broker) {
  const std::string site = needed("FACEGATE_NODE_SITE"), id = needed("FACEGATE_NODE_GATE");
  gate->set_site(site);
  gate->set_gate(id);
  gate->set_key(needed("FACEGATE_NODE_KEY"));
  gate->set_two_factor(setting("FACEGATE_NODE_TWO_FACTOR") == "1");

  const std::string address = needed("FACEGATE_NODE_BROKER");
  const size_t colon = address.rfind(':');
  const int port = colon == std::string::npos ? 1883 : std::atoi(address.c_str() + colon + 1);
  broker->set_broker_address(address.substr(0, colon));
  broker->set_broker_port(uint16_t(port));
  broker->set_client_id("facegate-node-" + site + "-" + id);  // two of one id throw each other out
  broker->set_username(setting("FACEGATE_NODE_USERNAME"));
  broker->set_password(setting("FACEGATE_NODE_PASSWORD"));
  broker->set_ca_certificate(setting("FACEGATE_NODE_CA").c_str());

  const std::string status = "facegate/" + site + "/gate/" + id + "/node/status";
  broker->set_birth_message({status, "online", 1, true});
  broker->set_last_will({status, "offline", 1, true});
  broker->set_shutdown_message({status, "offline", 1, true});
}

}  // namespace facegate_host
