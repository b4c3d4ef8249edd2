#include "facegate_gate.h"

#include <algorithm>
#include <cinttypes>

#include "esphome/components/hmac_sha256/hmac_sha256.h"
#include "esphome/components/mqtt/mqtt_client.h"
#include "esphome/core/hal.h"
#include "esphome/core/log.h"
#include "esphome/core/preferences.h"

namespace esphome::facegate_gate {

static const char *const TAG = "facegate_gate";

// Named time-outs, one a relay: starting one anew ends the one before.
static const char *const GUARDS[facegate::RELAYS] = {"guard1", "guard2"};

void FacegateGate::set_key(const std::string &hex) {
  auto &key = this->core_.config().key;
  this->key_valid_ = hex.size() == 2 * key.size() && parse_hex(hex, key.data(), key.size());
}

void FacegateGate::setup() {
  this->core_.start(millis());
  auto *client = mqtt::global_mqtt_client;
  const auto gate = std::string(this->core_.config().gate.view());
  const std::string node = "facegate/" + this->site_ + "/gate/" + gate;
  this->topics_[size_t(facegate::Leaf::HELLO)] = node + "/node/hello";
  this->topics_[size_t(facegate::Leaf::ACK)] = node + "/node/ack";
  this->topics_[size_t(facegate::Leaf::EVENT)] = node + "/node/event";
  // QoS 0: a command that the broker would keep for later is worth nothing later.
  client->subscribe(
      node + "/command",
      [this](const std::string &, const std::string &line) { this->core_.on_command(line, millis()); }, 0);
  // A connection that is lost and made again between two looks at it must void the challenges too.
  client->set_on_disconnect([this](mqtt::MQTTClientDisconnectReason) { this->connection_lost_ = true; });
}

void FacegateGate::loop() {
  this->poll_inputs_();
  this->poll_connection_();
  this->core_.loop(millis());
  if (this->core_.fault() != this->told_fault_) {
    this->told_fault_ = this->core_.fault();
    if (this->told_fault_) {
      ESP_LOGE(TAG, "Fault: no boot number, key or randomness; no command is believed, exit and fire work");
      this->status_set_error();
    } else {
      this->status_clear_error();
    }
  }
}

// Polled, because a binary sensor does not call back for its first state, and a fire contact that is already active
// at boot must release the gate.
void FacegateGate::poll_inputs_() {
  const uint32_t now = millis();
  if (this->fire_input_ != nullptr && this->fire_input_->has_state())
    this->core_.on_fire(this->fire_input_->state, now);
  if (this->exit_button_ != nullptr && this->exit_button_->has_state())
    this->core_.on_exit(this->exit_button_->state, now);
  if (this->passage_sensor_ != nullptr && this->passage_sensor_->has_state())
    this->core_.on_beam(this->passage_sensor_->state, now);
}

void FacegateGate::poll_connection_() {
  const bool connected = mqtt::global_mqtt_client->is_connected();
  if (this->connected_ && (!connected || this->connection_lost_)) {
    this->connected_ = false;
    this->core_.on_disconnected(millis());
  }
  this->connection_lost_ = false;
  if (connected && !this->connected_) {
    this->connected_ = true;
    this->core_.on_connected(millis());
  }
}

bool FacegateGate::hmac(const facegate::Key &key, std::string_view data, facegate::Digest &out) {
  hmac_sha256::HmacSHA256 hmac;
  hmac.init(key.data(), key.size());
  hmac.add(data.data(), data.size());
  hmac.calculate();
  hmac.get_bytes(out.data());
  // ESPHome's class reports no failure; a crypto engine that failed leaves the digest zero, which anyone could write
  // behind a line. Nor may anything be signed or believed under a key that could not be read.
  return this->key_valid_ && std::any_of(out.begin(), out.end(), [](uint8_t byte) { return byte != 0; });
}

bool FacegateGate::random(uint8_t *out, size_t size) {
  return random_bytes(out, size) && std::any_of(out, out + size, [](uint8_t byte) { return byte != 0; });
}

bool FacegateGate::next_boot(uint32_t &out) {
  auto preference = global_preferences->make_preference<uint32_t>(fnv1_hash("facegate_gate boot"), true);
  uint32_t boot = 0;
  if (!preference.load(&boot))
    boot = 0;  // a node that starts for the first time
  if (boot == UINT32_MAX)
    return false;
  out = boot + 1;
  return preference.save(&out) && global_preferences->sync();
}

void FacegateGate::relay(uint32_t relay, bool energised, uint32_t at_most_ms) {
  auto *output = this->outputs_[relay - 1];
  const char *guard = GUARDS[relay - 1];
  output->set_state(energised);
  ESP_LOGD(TAG, "Relay %" PRIu32 " %s", relay, ONOFF(energised));
  if (at_most_ms == 0) {
    this->cancel_timeout(guard);
  } else {
    this->set_timeout(guard, at_most_ms, [output, energised]() { output->set_state(!energised); });
  }
}

bool FacegateGate::publish(facegate::Leaf leaf, std::string_view line) {
  // The next hello makes up for a lost one; acks and events are sent again until the broker has them.
  const uint8_t qos = leaf == facegate::Leaf::HELLO ? 0 : 1;
  return mqtt::global_mqtt_client->publish(this->topics_[size_t(leaf)].c_str(), line.data(), line.size(), qos, false);
}

void FacegateGate::dump_config() {
  const auto &config = this->core_.config();
  ESP_LOGCONFIG(TAG,
                "FaceGate gate '%.*s' on site '%s':\n"
                "  %" PRIu32 " relay(s), %s, pulse %" PRIu32 " ms, at most %" PRIu32 " ms\n"
                "  Boot %" PRIu32 "%s",
                int(config.gate.view().size()), config.gate.view().data(), this->site_.c_str(), config.relays,
                config.fail_safe ? "fail-safe" : "fail-secure", config.pulse_ms, config.max_pulse_ms,
                this->core_.boot(), this->core_.fault() ? ", FAULT" : "");
}

}  // namespace esphome::facegate_gate
