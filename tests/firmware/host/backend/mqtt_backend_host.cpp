#include "mqtt_backend_host.h"
#ifdef USE_MQTT
#ifdef USE_HOST
#include <chrono>
#include <cstdlib>

#include "esphome/core/application.h"
#include "esphome/core/log.h"

namespace esphome::mqtt {

static const char *const TAG = "mqtt.host";
static constexpr size_t QUEUE = 64;  // the ESP32 backend drops beyond its event queue, too
static constexpr auto RETRY = std::chrono::seconds(1);
static constexpr auto FAREWELL = std::chrono::milliseconds(500);

static MQTTBackendHost *instance = nullptr;  // one MQTT client a program; for the exit hook

void MQTTBackendHost::push_(Happening &&happening) {
  {
    const std::lock_guard<std::mutex> lock(this->mutex_);
    // A lost message is what a network does; a lost change of the connection would be a lie.
    if (this->happenings_.size() >= QUEUE && happening.kind == Happening::MESSAGE)
      return;
    this->happenings_.push_back(std::move(happening));
  }
  App.wake_loop_threadsafe();
}

void MQTTBackendHost::connect() {
  if (this->client_ == nullptr)
    this->start_();
  const std::lock_guard<std::mutex> lock(this->mutex_);
  this->requests_++;
  this->changed_.notify_all();
}

void MQTTBackendHost::start_() {
  mosquitto_lib_init();
  this->client_ = mosquitto_new(this->client_id_.c_str(), this->clean_session_, this);
  if (!this->username_.empty())
    mosquitto_username_pw_set(this->client_, this->username_.c_str(), this->password_.c_str());
  if (!this->will_.topic.empty())
    mosquitto_will_set(this->client_, this->will_.topic.c_str(), int(this->will_.payload.size()),
                       this->will_.payload.data(), this->will_.qos, this->will_.retain);
  if (!this->ca_file_.empty()) {
    const int result = mosquitto_tls_set(this->client_, this->ca_file_.c_str(), nullptr, nullptr, nullptr, nullptr);
    if (result != MOSQ_ERR_SUCCESS) {
      ESP_LOGE(TAG, "The CA file %s cannot be used: %s", this->ca_file_.c_str(), mosquitto_strerror(result));
      std::exit(1);  // never on without TLS where TLS was asked for
    }
  }
  mosquitto_connect_callback_set(this->client_, [](struct mosquitto *, void *self, int code) {
    if (code == 0) {
      static_cast<MQTTBackendHost *>(self)->push_({Happening::CONNECTED});
    } else {
      ESP_LOGE(TAG, "The broker refuses this node: %s", mosquitto_connack_string(code));
    }
  });
  mosquitto_message_callback_set(this->client_, [](struct mosquitto *, void *self, const mosquitto_message *message) {
    static_cast<MQTTBackendHost *>(self)->push_(
        {Happening::MESSAGE, 0, message->topic,
         std::string(static_cast<const char *>(message->payload), size_t(message->payloadlen))});
  });
  mosquitto_subscribe_callback_set(this->client_, [](struct mosquitto *, void *self, int id, int, const int *) {
    static_cast<MQTTBackendHost *>(self)->push_({Happening::SUBSCRIBED, id});
  });
  mosquitto_publish_callback_set(this->client_, [](struct mosquitto *, void *self, int id) {
    static_cast<MQTTBackendHost *>(self)->push_({Happening::PUBLISHED, id});
  });
  // A thread of our own: mosquitto_loop_start()'s ends for good on a TLS or lookup error while the broker restarts.
  mosquitto_threaded_set(this->client_, true);
  this->thread_ = std::thread([this]() { this->run_(); });
  instance = this;
  // After mosquitto_lib_init(), so that it runs before OpenSSL's own end.
  std::atexit([]() { instance->stop_(); });
}

// MQTTClientComponent calls disconnect() and connect() after every loss, sooner or later. Reconnecting before it
// asks would only be torn down again, so each loss waits for its request.
void MQTTBackendHost::run_() {
  uint64_t served = 0;
  bool first = true;
  while (this->wait_for_request_(served)) {
    const int result = first ? mosquitto_connect(this->client_, this->host_.c_str(), this->port_, this->keep_alive_)
                             : mosquitto_reconnect(this->client_);
    if (result == MOSQ_ERR_SUCCESS) {
      first = false;
      while (mosquitto_loop(this->client_, 100, 1) == MOSQ_ERR_SUCCESS) {
      }
      {
        const std::lock_guard<std::mutex> lock(this->mutex_);
        served = this->requests_;
      }
      this->push_({Happening::DISCONNECTED});
    } else {
      std::unique_lock<std::mutex> lock(this->mutex_);
      this->changed_.wait_for(lock, RETRY, [this]() { return this->stopping_; });
    }
  }
}

bool MQTTBackendHost::wait_for_request_(uint64_t after) {
  std::unique_lock<std::mutex> lock(this->mutex_);
  this->changed_.wait(lock, [&]() { return this->stopping_ || this->requests_ > after; });
  return !this->stopping_;
}

void MQTTBackendHost::stop_() {
  {
    const std::lock_guard<std::mutex> lock(this->mutex_);
    this->stopping_ = true;
    this->changed_.notify_all();
  }
  // What is on its way (the farewell "offline") may leave first; a dead broker must not hold the program.
  std::this_thread::sleep_for(FAREWELL);
  mosquitto_disconnect(this->client_);
  this->thread_.join();
}

void MQTTBackendHost::disconnect() {
  // MQTTClientComponent also calls this before every attempt; then there is nothing to end.
  if (this->connected_)
    mosquitto_disconnect(this->client_);
}

bool MQTTBackendHost::subscribe(const char *topic, uint8_t qos) {
  return mosquitto_subscribe(this->client_, nullptr, topic, qos) == MOSQ_ERR_SUCCESS;
}

bool MQTTBackendHost::unsubscribe(const char *topic) {
  return mosquitto_unsubscribe(this->client_, nullptr, topic) == MOSQ_ERR_SUCCESS;
}

bool MQTTBackendHost::publish(const char *topic, const char *payload, size_t length, uint8_t qos, bool retain) {
  return mosquitto_publish(this->client_, nullptr, topic, int(length), payload, qos, retain) == MOSQ_ERR_SUCCESS;
}

void MQTTBackendHost::loop() {
  Happening happening;
  {  // one a loop, as on the ESP32
    const std::lock_guard<std::mutex> lock(this->mutex_);
    if (this->happenings_.empty())
      return;
    happening = std::move(this->happenings_.front());
    this->happenings_.pop_front();
    if (!this->happenings_.empty())
      App.wake_loop_threadsafe();
  }
  switch (happening.kind) {
    case Happening::CONNECTED:
      this->connected_ = true;
      this->on_connect_.call(false);
      break;
    case Happening::DISCONNECTED:
      this->connected_ = false;
      this->on_disconnect_.call(MQTTClientDisconnectReason::TCP_DISCONNECTED);
      break;
    case Happening::MESSAGE:
      this->on_message_.call(happening.topic.c_str(), happening.payload.data(), happening.payload.size(), 0,
                             happening.payload.size());
      break;
    case Happening::SUBSCRIBED:
      this->on_subscribe_.call(uint16_t(happening.id), 0);
      break;
    case Happening::PUBLISHED:
      this->on_publish_.call(uint16_t(happening.id));
      break;
  }
}

}  // namespace esphome::mqtt
#endif
#endif
