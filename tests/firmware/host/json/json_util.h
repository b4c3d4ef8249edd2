#pragma once
// The node speaks no JSON: discovery is off and there are no JSON actions. These types let ESPHome's mqtt component
// compile without ArduinoJson; whoever reaches them has switched something on that this build does not have.
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>

namespace ArduinoJson {

[[noreturn]] inline void no_json() { std::abort(); }

class JsonVariant {
 public:
  template<typename Value> JsonVariant &operator=(const Value &) { no_json(); }
  template<typename Key> JsonVariant operator[](const Key &) const { no_json(); }
  template<typename As> As to() const { no_json(); }
};

class JsonObject {
 public:
  template<typename Key> JsonVariant operator[](const Key &) const { no_json(); }
};
using JsonObjectConst = JsonObject;

}  // namespace ArduinoJson
using ArduinoJson::JsonObject;
using ArduinoJson::JsonObjectConst;

namespace esphome::json {

using json_parse_t = std::function<bool(JsonObject)>;
using json_build_t = std::function<void(JsonObject)>;

inline std::string build_json(const json_build_t &) { ArduinoJson::no_json(); }
inline bool parse_json(const std::string &, const json_parse_t &) { ArduinoJson::no_json(); }

}  // namespace esphome::json
