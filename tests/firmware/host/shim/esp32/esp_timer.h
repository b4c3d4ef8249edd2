#pragma once
// What facegate_gate uses of ESP-IDF's esp_timer.h, with the types of its public documentation, for the compiler's eyes
// only: nothing here runs. https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/system/esp_timer.html
#include <cstdint>

using esp_err_t = int;
constexpr esp_err_t ESP_OK = 0;
struct esp_timer;
using esp_timer_handle_t = esp_timer *;
using esp_timer_cb_t = void (*)(void *arg);
enum esp_timer_dispatch_t { ESP_TIMER_TASK, ESP_TIMER_MAX };

struct esp_timer_create_args_t {
  esp_timer_cb_t callback;
  void *arg;
  esp_timer_dispatch_t dispatch_method;
  const char *name;
  bool skip_unhandled_events;
};

esp_err_t esp_timer_create(const esp_timer_create_args_t *args, esp_timer_handle_t *handle);
esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us);
esp_err_t esp_timer_stop(esp_timer_handle_t timer);
