#pragma once
// The gate node's hands and ears in ESPHome: relays, inputs, MQTT, flash. What it does with them is in gate_core.
#include <string>

#include "esphome/components/binary_sensor/binary_sensor.h"
#include "esphome/components/output/binary_output.h"
#include "esphome/core/component.h"
#include "esphome/core/helpers.h"
#include "gate_core.h"

namespace esphome::facegate_gate {

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
  void set_exit_button(binary_sensor::BinarySensor *sensor) { this->exit_button_ = sensor; }
  void set_fire_input(binary_sensor::BinarySensor *sensor) { this->fire_input_ = sensor; }
  void set_passage_sensor(binary_sensor::BinarySensor *sensor) {
    this->passage_sensor_ = sensor;
    this->core_.config().has_beam = true;
  }

  // facegate::Port
  bool hmac(const facegate::Key &key, std::string_view data, facegate::Digest &out) override;
  bool random(uint8_t *out, size_t size) override;
  bool next_boot(uint32_t &out) override;
  void relay(uint32_t relay, bool energised, uint32_t at_most_ms) override;
  bool publish(facegate::Leaf leaf, std::string_view line) override;

 protected:
  void poll_inputs_();
  void poll_connection_();

  facegate::GateCore core_{*this};
  std::string site_;
  std::string topics_[3];
  output::BinaryOutput *outputs_[facegate::RELAYS]{};
  uint32_t relays_{0};
  binary_sensor::BinarySensor *exit_button_{nullptr};
  binary_sensor::BinarySensor *fire_input_{nullptr};
  binary_sensor::BinarySensor *passage_sensor_{nullptr};
  bool key_valid_{false};
  bool connected_{false};
  bool connection_lost_{false};
  bool told_fault_{false};
};

}  // namespace esphome::facegate_gate
