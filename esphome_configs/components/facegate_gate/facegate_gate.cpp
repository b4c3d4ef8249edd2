#include "facegate_gate.h"

#include <algorithm>
#include <cctype>
#include <cinttypes>

#include "esphome/components/hmac_sha256/hmac_sha256.h"
#include "esphome/components/mqtt/mqtt_client.h"
#include "esphome/core/hal.h"
#include "esphome/core/log.h"

namespace esphome::facegate_gate {

static const char *const TAG = "facegate_gate";

// Named time-outs, one a relay: starting one anew ends the one before.
static const char *const GUARDS[facegate::RELAYS] = {"guard1", "guard2"};

// Where the records lie; the pages follow one another. Never change these: a node would forget all it has.
static const char *const RECORD_NAMES[] = {"facegate_gate state", "facegate_gate keys", "facegate_gate list",
                                           "facegate_gate page"};

#ifdef USE_ESP32
// So much later than the guard before, so that it has something to do only when that one hangs.
static const uint32_t LAST_GUARD_MS = 250;
#endif

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
  if (this->fire_reset_ != nullptr && this->fire_reset_->has_state())
    this->core_.on_fire_reset(this->fire_reset_->state, now);
  if (this->door_contact_ != nullptr && this->door_contact_->has_state())
    this->core_.on_door(this->door_contact_->state, now);
  if (this->tamper_contact_ != nullptr && this->tamper_contact_->has_state())
    this->core_.on_tamper(this->tamper_contact_->state, now);
  if (this->press_button_ != nullptr && this->press_button_->has_state())
    this->core_.on_press(this->press_button_->state, now);
  if (this->passage_sensor_ == nullptr || !this->passage_sensor_->has_state())
    return;
  if (this->second_passage_sensor_ == nullptr) {
    this->core_.on_beam(this->passage_sensor_->state, now);
  } else if (this->second_passage_sensor_->has_state()) {
    this->core_.on_beams(this->passage_sensor_->state, this->second_passage_sensor_->state, now);
  }
}

// ---- readers ----

void FacegateGate::card(uint32_t relay, const std::string &uid) {
  std::string digits;
  for (char c : uid) {
    if (c != '-' && c != ':' && c != ' ')
      digits += char(std::tolower(static_cast<unsigned char>(c)));
  }
  uint8_t bytes[facegate::CARD_BYTES_MAX];
  const size_t size = digits.size() / 2;
  if (size == 0 || size > sizeof(bytes) || !facegate::parse_hex(digits, bytes, size)) {
    ESP_LOGW(TAG, "The reader gave something that is no UID in hex");
    return;
  }
  this->core_.on_card(relay, bytes, size, millis());
}

void FacegateGate::card_number(uint32_t relay, uint64_t number, uint32_t bits) {
  this->core_.on_card_number(relay, number, bits, millis());
}

void FacegateGate::wiegand(uint32_t relay, uint32_t bits, uint64_t value) {
  this->core_.on_wiegand(relay, value, bits, millis());
}

void FacegateGate::pin(uint32_t relay, const std::string &digits) { this->core_.on_pin(relay, digits, millis()); }

void FacegateGate::hint(facegate::Pattern pattern, uint32_t ms) {
  for (auto *trigger : this->hint_triggers_) {
    if (trigger->pattern() == pattern)
      trigger->trigger(ms);
  }
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

// An object of ESPHome's for a record lives for ever, so there is one for each.
ESPPreferenceObject &FacegateGate::record_(facegate::Record record, uint32_t index, size_t size) {
  const size_t number = size_t(record) + index;
  if (!this->record_known_[number]) {
    this->record_known_[number] = true;
    this->records_[number] =
        global_preferences->make_preference(size, fnv1_hash(RECORD_NAMES[size_t(record)]) + index, true);
  }
  return this->records_[number];
}

bool FacegateGate::load(facegate::Record record, uint32_t index, uint8_t *out, size_t size) {
  return this->record_(record, index, size).load(out, size);
}

bool FacegateGate::save(facegate::Record record, uint32_t index, const uint8_t *data, size_t size) {
  const bool saved = this->record_(record, index, size).save(data, size) && global_preferences->sync();
  if (!saved)
    ESP_LOGE(TAG, "The flash has not taken a record; it may be full");
  return saved;
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
#ifdef USE_ESP32
  this->arm_last_guard_(relay, !energised, at_most_ms);
#endif
}

#ifdef USE_ESP32
void FacegateGate::arm_last_guard_(uint32_t relay, bool state, uint32_t after_ms) {
  auto &guard = this->last_guards_[relay - 1];
  if (guard.timer == nullptr) {
    guard.output = this->outputs_[relay - 1];
    esp_timer_create_args_t args{};
    args.callback = [](void *arg) {
      auto *late = static_cast<LastGuard *>(arg);
      late->output->set_state(late->state);
    };
    args.arg = &guard;
    args.dispatch_method = ESP_TIMER_TASK;
    args.name = "facegate_guard";
    if (esp_timer_create(&args, &guard.timer) != ESP_OK) {
      guard.timer = nullptr;
      ESP_LOGE(TAG, "No timer of the chip is free; relay %" PRIu32 " has two guards only", relay);
      return;
    }
  }
  esp_timer_stop(guard.timer);  // an error says that it was not running
  guard.state = state;
  if (after_ms != 0)
    esp_timer_start_once(guard.timer, (uint64_t(after_ms) + LAST_GUARD_MS) * 1000);
}
#endif

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
