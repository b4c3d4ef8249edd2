#pragma once
// The gate node's hands and ears in ESPHome: relays, inputs, MQTT, flash. What it does with them is in gate_core.
#include <string>
#include <vector>

#include "esphome/components/binary_sensor/binary_sensor.h"
#include "esphome/components/output/binary_output.h"
#include "esphome/core/automation.h"
#include "esphome/core/component.h"
#include "esphome/core/helpers.h"
#include "esphome/core/preferences.h"
#include "gate_core.h"

#ifdef USE_ESP32
#include <esp_timer.h>
#endif

namespace esphome::facegate_gate {

// Runs when the gate shows one pattern; x: for how long in ms, 0 for the pattern's own time.
class HintTrigger final : public Trigger<uint32_t> {
 public:
  explicit HintTrigger(facegate::Pattern pattern) : pattern_(pattern) {}
  facegate::Pattern pattern() const { return this->pattern_; }

 private:
  facegate::Pattern pattern_;
};

class FacegateGate final : public Component, public facegate::Port {
 public:
  void setup() override;
  void loop() override;
  void dump_config() override;
  // Right after the outputs are there, long before the network: closed from the first instant.
  float get_setup_priority() const override { return setup_priority::HARDWARE - 1; }

  void set_site(const std::string &site) { this->site_ = site; }
  void set_gate(const std::string &gate) { this->core_.config().gate = std::string_view(gate); }
  void set_key(const std::string &hex);
  void set_fail_safe(bool fail_safe) { this->core_.config().fail_safe = fail_safe; }
  void set_pulse(uint32_t ms) { this->core_.config().pulse_ms = ms; }
  void set_max_pulse(uint32_t ms) { this->core_.config().max_pulse_ms = ms; }
  void set_passage_timeout(uint32_t ms) { this->core_.config().passage_timeout_ms = ms; }
  void set_exit_relay(uint32_t relay) { this->core_.config().exit_relay = relay; }
  void add_relay(output::BinaryOutput *output) {
    this->outputs_[this->relays_++] = output;
    this->core_.config().relays = this->relays_;
  }
  void set_max_free(uint32_t seconds) { this->core_.config().max_free_s = seconds; }
  void set_debounce(uint32_t ms) { this->core_.config().debounce_ms = ms; }
  void set_held_after(uint32_t ms) { this->core_.config().held_after_ms = ms; }
  void set_two_factor(bool two_factor) { this->core_.config().two_factor = two_factor; }
  void add_hint_trigger(HintTrigger *trigger) { this->hint_triggers_.push_back(trigger); }
  void set_exit_button(binary_sensor::BinarySensor *sensor) { this->exit_button_ = sensor; }
  void set_fire_input(binary_sensor::BinarySensor *sensor) { this->fire_input_ = sensor; }
  void set_passage_sensor(binary_sensor::BinarySensor *sensor) {
    this->passage_sensor_ = sensor;
    this->core_.config().has_beam = true;
  }
  void set_second_passage_sensor(binary_sensor::BinarySensor *sensor) { this->second_passage_sensor_ = sensor; }
  void set_fire_reset(binary_sensor::BinarySensor *sensor) { this->fire_reset_ = sensor; }
  void set_door_contact(binary_sensor::BinarySensor *sensor) { this->door_contact_ = sensor; }
  void set_tamper_contact(binary_sensor::BinarySensor *sensor) { this->tamper_contact_ = sensor; }
  void set_press_button(binary_sensor::BinarySensor *sensor) { this->press_button_ = sensor; }
  void set_press_relay(uint32_t relay) { this->core_.config().press_relay = relay; }

  // Readers, at the side of `relay`: a UID in hex with or without separators, a number of so many bits, what came over
  // two Wiegand wires, and the digits of a PIN.
  void card(uint32_t relay, const std::string &uid);
  void card_number(uint32_t relay, uint64_t number, uint32_t bits);
  void wiegand(uint32_t relay, uint32_t bits, uint64_t value);
  void pin(uint32_t relay, const std::string &digits);

  // facegate::Port
  bool hmac(const facegate::Key &key, std::string_view data, facegate::Digest &out) override;
  bool random(uint8_t *out, size_t size) override;
  bool next_boot(uint32_t &out) override;
  bool load(facegate::Record record, uint32_t index, uint8_t *out, size_t size) override;
  bool save(facegate::Record record, uint32_t index, const uint8_t *data, size_t size) override;
  void relay(uint32_t relay, bool energised, uint32_t at_most_ms) override;
  void hint(facegate::Pattern pattern, uint32_t ms) override;
  bool publish(facegate::Leaf leaf, std::string_view line) override;

 protected:
  static constexpr size_t RECORDS = size_t(facegate::Record::PAGE) + 2 * facegate::CHUNKS_MAX;
  ESPPreferenceObject &record_(facegate::Record record, uint32_t index, size_t size);
  void poll_inputs_();
  void poll_connection_();

  facegate::GateCore core_{*this};
  std::string site_;
  std::string topics_[3];
  output::BinaryOutput *outputs_[facegate::RELAYS]{};
  uint32_t relays_{0};
  binary_sensor::BinarySensor *exit_button_{nullptr};
  binary_sensor::BinarySensor *fire_input_{nullptr};
  binary_sensor::BinarySensor *fire_reset_{nullptr};
  binary_sensor::BinarySensor *door_contact_{nullptr};
  binary_sensor::BinarySensor *tamper_contact_{nullptr};
  binary_sensor::BinarySensor *press_button_{nullptr};
  binary_sensor::BinarySensor *passage_sensor_{nullptr};
  binary_sensor::BinarySensor *second_passage_sensor_{nullptr};
  std::vector<HintTrigger *> hint_triggers_;
  ESPPreferenceObject records_[RECORDS]{};
  bool record_known_[RECORDS]{};
#ifdef USE_ESP32
  // The last guard: a timer of the chip, which runs even when the main loop hangs, and with it the two guards before.
  struct LastGuard {
    output::BinaryOutput *output{nullptr};
    bool state{false};
    esp_timer_handle_t timer{nullptr};
  };
  void arm_last_guard_(uint32_t relay, bool state, uint32_t after_ms);
  LastGuard last_guards_[facegate::RELAYS]{};
#endif
  bool key_valid_{false};
  bool connected_{false};
  bool connection_lost_{false};
  bool told_fault_{false};
};

}  // namespace esphome::facegate_gate
