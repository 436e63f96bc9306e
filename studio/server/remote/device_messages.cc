#include "studio/server/remote/device_messages.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace thimble::studio {
namespace {

using nlohmann::json;

constexpr size_t kMostTextBytes = 256;
constexpr size_t kMostSensors = 64;
constexpr size_t kMostFrequencies = 64;
// What the C structures of ST's and Espressif's firmware hold, with their closing zero.
constexpr size_t kFirmwareTextBytes = 64;
constexpr double kLongestMs = 24 * 3'600'000.0;

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool IsTrue(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string ObjectOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? found->dump() : std::string();
}

std::vector<DeviceSensor> SensorsOf(const json& hello) {
  std::vector<DeviceSensor> sensors;
  const auto list = hello.find("sensors");
  if (list == hello.end() || !list->is_array()) return sensors;
  for (const json& item : *list) {
    if (sensors.size() == kMostSensors) break;
    DeviceSensor sensor;
    if (item.is_string()) {
      sensor.name = item.get<std::string>();
    } else if (item.is_object()) {
      sensor.name = TextOf(item, "name");
      const auto length = item.find("maxSampleLengthS");
      if (length != item.end() && length->is_number()) sensor.max_sample_length_s = length->get<double>();
      const auto rates = item.find("frequencies");
      if (rates != item.end() && rates->is_array()) {
        for (const json& rate : *rates) {
          if (sensor.frequencies_hz.size() == kMostFrequencies) break;
          if (rate.is_number() && rate.get<double>() > 0) sensor.frequencies_hz.push_back(rate.get<double>());
        }
      }
    }
    if (!sensor.name.empty() && sensor.name.size() <= kMostTextBytes) sensors.push_back(std::move(sensor));
  }
  return sensors;
}

Error Impossible(std::string sentence) { return {Status::kInvalidArgument, std::move(sentence)}; }

}  // namespace

Expected<Hello> ReadHello(const json& message) {
  const auto found = message.is_object() ? message.find("hello") : message.end();
  if (found == message.end() || !found->is_object()) {
    return Impossible(R"(the first message has to be {"hello": {…}} with version, apiKey, deviceId and deviceType)");
  }
  Hello hello;
  const auto version = found->find("version");
  if (version != found->end() && version->is_number_integer()) {
    const auto number = version->get<int64_t>();
    if (number < 1 || number > 1000) return Impossible("hello.version " + std::to_string(number) + " is impossible");
    hello.device.hello_version = static_cast<int>(number);
  } else {
    hello.device.hello_version = 1;
  }
  hello.api_key = TextOf(*found, "apiKey");
  hello.connection = TextOf(*found, "connection");
  LiveDevice& device = hello.device;
  device.device_id = TextOf(*found, "deviceId");
  device.device_type = TextOf(*found, "deviceType");
  if (hello.api_key.empty()) return Impossible("hello.apiKey is missing: set the device's API key");
  if (device.device_id.empty()) return Impossible("hello.deviceId is missing: the device needs a name of its own");
  if (device.device_id.size() > kMostTextBytes || device.device_type.size() > kMostTextBytes) {
    return Impossible("hello.deviceId or deviceType is longer than " + std::to_string(kMostTextBytes) + " bytes");
  }
  device.sensors = SensorsOf(*found);
  device.snapshots = IsTrue(*found, "supportsSnapshotStreaming");
  device.inference = TextOf(*found, "mode") == "inference";
  device.model = ObjectOf(*found, "inferenceInfo");
  device.records = ObjectOf(*found, "availableRecords");
  return hello;
}

std::string AbilitiesOf(const Hello& hello) {
  json sensors = json::array();
  for (const DeviceSensor& sensor : hello.device.sensors) {
    sensors.push_back({{"name", sensor.name},
                       {"max_sample_length_s", sensor.max_sample_length_s},
                       {"frequencies_hz", sensor.frequencies_hz}});
  }
  return json{{"sensors", std::move(sensors)},
              {"snapshots", hello.device.snapshots},
              {"inference", hello.device.inference},
              {"connection", hello.connection},
              {"hello_version", hello.device.hello_version}}
      .dump();
}

Expected<std::string> WriteSampleRequest(const SamplingWish& wish, std::string_view hmac_key, Encoding encoding) {
  if (wish.label.empty()) return Impossible("label is missing: what is recorded needs a name");
  for (const auto& [what, text] : {std::pair<const char*, std::string_view>{"label", wish.label},
                                   {"sensor", wish.sensor},
                                   {"the HMAC key", hmac_key}}) {
    if (text.size() >= kFirmwareTextBytes) {
      return Impossible(std::string(what) + " has " + std::to_string(text.size()) + " bytes; devices take " +
                        std::to_string(kFirmwareTextBytes - 1) + " at most");
    }
  }
  if (!(wish.length_ms >= 1 && wish.length_ms <= kLongestMs)) {
    return Impossible("length_ms has to be between 1 and a day, " + std::to_string(static_cast<int64_t>(kLongestMs)));
  }
  if (!(wish.interval_ms > 0 && wish.interval_ms <= wish.length_ms)) {
    return Impossible("interval_ms has to be above 0 and not above length_ms");
  }
  if (wish.category != "training" && wish.category != "testing" && wish.category != "anomaly" &&
      wish.category != "split") {
    return Impossible("category has to be training, testing, anomaly or split");
  }
  nlohmann::ordered_json sample;
  sample["label"] = wish.label;
  sample["length"] = static_cast<int64_t>(std::llround(wish.length_ms));
  sample["path"] = "/api/" + wish.category + "/data";
  sample["hmacKey"] = hmac_key;
  if (std::trunc(wish.interval_ms) == wish.interval_ms) {
    sample["interval"] = static_cast<int64_t>(wish.interval_ms);
  } else {
    sample["interval"] = wish.interval_ms;
  }
  if (!wish.sensor.empty()) sample["sensor"] = wish.sensor;
  nlohmann::ordered_json message;
  message["sample"] = std::move(sample);
  return WriteDocument(message, encoding);
}

}  // namespace thimble::studio
