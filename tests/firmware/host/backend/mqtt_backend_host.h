#pragma once
// MQTT for ESPHome's `host` platform, for tests and the demo only: libmosquitto on a thread of its own. The setters
// are those of the ESP32 backend, so the generated code is the same.
#include "mqtt_backend.h"
#ifdef USE_MQTT
#ifdef USE_HOST
#include <mosquitto.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "esphome/core/helpers.h"

namespace esphome::mqtt {

class MQTTBackendHost final : public MQTTBackend {
 public:
  void set_keep_alive(uint16_t seconds) final { this->keep_alive_ = seconds; }
  void set_client_id(const char *client_id) final { this->client_id_ = client_id; }
  void set_clean_session(bool clean) final { this->clean_session_ = clean; }
  void set_credentials(const char *username, const char *password) final {
    this->username_ = username == nullptr ? "" : username;
    this->password_ = password == nullptr ? "" : password;
  }
  void set_will(const char *topic, uint8_t qos, bool retain, const char *payload) final {
    this->will_ = {topic, payload == nullptr ? "" : payload, qos, retain};
  }
  void set_server(network::IPAddress ip, uint16_t port) final {
    char text[network::IP_ADDRESS_BUFFER_SIZE];
    this->set_server(ip.str_to(text), port);
  }
  void set_server(const char *host, uint16_t port) final {
    this->host_ = host;
    this->port_ = port;
  }
  void set_on_connect(std::function<on_connect_callback_t> &&callback) final {
    this->on_connect_.add(std::move(callback));
  }
  void set_on_disconnect(std::function<on_disconnect_callback_t> &&callback) final {
    this->on_disconnect_.add(std::move(callback));
  }
  void set_on_subscribe(std::function<on_subscribe_callback_t> &&callback) final {
    this->on_subscribe_.add(std::move(callback));
  }
  void set_on_unsubscribe(std::function<on_unsubscribe_callback_t> &&callback) final {
    this->on_unsubscribe_.add(std::move(callback));
  }
  void set_on_message(std::function<on_message_callback_t> &&callback) final {
    this->on_message_.add(std::move(callback));
  }
  void set_on_publish(std::function<on_publish_user_callback_t> &&callback) final {
    this->on_publish_.add(std::move(callback));
  }
  bool connected() const final { return this->connected_; }
  void connect() final;
  void disconnect() final;
  bool subscribe(const char *topic, uint8_t qos) final;
  bool unsubscribe(const char *topic) final;
  bool publish(const char *topic, const char *payload, size_t length, uint8_t qos, bool retain) final;
  using MQTTBackend::publish;
  void loop() final;

  void set_ca_certificate(const std::string &file) { this->ca_file_ = file; }  // a file here, the text on the ESP32
  void set_cl_certificate(const std::string &) {}
  void set_cl_key(const std::string &) {}
  void set_skip_cert_cn_check(bool) {}

 protected:
  struct Happening {
    enum Kind { CONNECTED, DISCONNECTED, MESSAGE, SUBSCRIBED, PUBLISHED } kind;
    int id{0};
    std::string topic;
    std::string payload;
  };
  void push_(Happening &&happening);
  void start_();
  void run_();
  bool wait_for_request_(uint64_t after);
  void stop_();

  // The main loop's side.
  bool connected_{false};
  bool clean_session_{true};
  uint16_t keep_alive_{15};
  uint16_t port_{1883};
  std::string host_, client_id_, username_, password_, ca_file_;
  MQTTMessage will_{"", "", 0, false};
  CallbackManager<on_connect_callback_t> on_connect_;
  CallbackManager<on_disconnect_callback_t> on_disconnect_;
  CallbackManager<on_subscribe_callback_t> on_subscribe_;
  CallbackManager<on_unsubscribe_callback_t> on_unsubscribe_;
  CallbackManager<on_message_callback_t> on_message_;
  CallbackManager<on_publish_user_callback_t> on_publish_;

  // Shared, under the mutex; the mosquitto handle locks itself.
  struct mosquitto *client_{nullptr};
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Happening> happenings_;
  uint64_t requests_{0};
  bool stopping_{false};
};

}  // namespace esphome::mqtt
#endif
#endif
