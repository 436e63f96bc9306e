#include "studio/server/remote/device_messages.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace thimble::studio {
namespace {

using nlohmann::json;

constexpr size_t kMostTextBytes = 256;
constexpr size_t kMostSensors = 64;
constexpr size_t kMostAxes = 64;
constexpr size_t kMostFrequencies = 64;
// What the C structures of ST's and Espressif's firmware hold, with their closing zero.
constexpr size_t kFirmwareTextBytes = 64;
constexpr size_t kMostLiveNumbers = 65'536;
constexpr size_t kMostVerdicts = 256;
constexpr size_t kMostLabels = 1024;
constexpr double kMostCount = 9e15;
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

Error NoNews(const char* what) { return {Status::kDataLoss, std::string("liveData.") + what}; }

/// A finite number up to `most`, or of none what `otherwise` says; NaN when it is anything else.
double NumberOf(const json& object, const char* key, double otherwise, double most) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  const double number = found->is_number() ? found->get<double>() : NAN;
  return std::abs(number) <= most ? number : NAN;
}

Outcome ReadReadings(const json& data, LiveReadings& readings) {
  const auto axes = data.find("axes"), rows = data.find("values");
  if (rows == data.end() || (rows->is_array() && rows->empty())) return Nothing{};
  const double first = NumberOf(data, "first", NAN, kMostCount), lost = NumberOf(data, "lost", 0, kMostCount);
  readings.interval_ms = NumberOf(data, "interval", NAN, kLongestMs);
  if (!(first >= 0) || !(lost >= 0)) return NoNews("first and lost have to be counts");
  if (!(readings.interval_ms > 0)) return NoNews("interval has to be milliseconds, above 0");
  readings.first = static_cast<int64_t>(first);
  readings.lost = static_cast<int64_t>(lost);
  if (axes == data.end() || !axes->is_array() || axes->empty() || axes->size() > kMostAxes) {
    return NoNews("axes has to be a list of 1 to 64 objects with name and units");
  }
  for (const json& axis : *axes) {
    if (!axis.is_object() || TextOf(axis, "name").size() > kMostTextBytes ||
        TextOf(axis, "units").size() > kMostTextBytes) {
      return NoNews("axes has to be a list of 1 to 64 objects with name and units");
    }
    readings.axes.push_back({TextOf(axis, "name"), TextOf(axis, "units")});
  }
  const size_t width = readings.axes.size();
  if (!rows->is_array() || rows->size() * width > kMostLiveNumbers) {
    return NoNews("values has to be a list of readings, 65536 numbers at most");
  }
  readings.values.reserve(rows->size() * width);
  for (const json& row : *rows) {
    if (!row.is_array() || row.size() != width) return NoNews("values has to have a number for each axis");
    for (const json& value : row) {
      const float number = value.is_number() ? value.get<float>() : NAN;
      if (!std::isfinite(number)) return NoNews("values has something that is no finite number");
      readings.values.push_back(number);
    }
  }
  return Nothing{};
}

Outcome ReadVerdicts(const json& data, std::vector<LiveVerdict>& verdicts) {
  const auto list = data.find("verdicts");
  if (list == data.end()) return Nothing{};
  if (!list->is_array() || list->size() > kMostVerdicts) return NoNews("verdicts has to be a list of 256 at most");
  for (const json& one : *list) {
    const double reading = one.is_object() ? NumberOf(one, "reading", NAN, kMostCount) : NAN;
    const double score = one.is_object() ? NumberOf(one, "score", 0, kMostCount) : NAN;
    if (!(reading >= 0) || std::isnan(score)) return NoNews("verdicts have to have a reading, and a score");
    LiveVerdict verdict{.reading = static_cast<int64_t>(reading), .label = TextOf(one, "label"), .score = score};
    const auto scores = one.find("scores");
    if (scores != one.end() && (!scores->is_object() || scores->size() > kMostLabels)) {
      return NoNews("verdicts have to have scores by label");
    }
    if (scores != one.end()) {
      for (const auto& [label, value] : scores->items()) {
        if (!value.is_number() || !std::isfinite(value.get<double>())) {
          return NoNews("verdicts have to have scores that are numbers");
        }
        verdict.scores.emplace_back(label, value.get<double>());
      }
    }
    const double dsp = NumberOf(one, "dspCycles", 0, kMostCount),
                 network = NumberOf(one, "networkCycles", 0, kMostCount);
    if (!(dsp >= 0) || !(network >= 0)) return NoNews("verdicts have to have cycles that are counts");
    verdict.dsp_cycles = static_cast<int64_t>(dsp);
    verdict.network_cycles = static_cast<int64_t>(network);
    verdicts.push_back(std::move(verdict));
  }
  return Nothing{};
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
  device.live = IsTrue(*found, "liveStream");
  device.model = ObjectOf(*found, "inferenceInfo");
  device.records = ObjectOf(*found, "availableRecords");
  return hello;
}

Expected<LiveNews> ReadLiveNews(const json& data) {
  LiveNews news;
  if (!data.is_object()) return {Status::kDataLoss, "liveData has to be an object"};
  THIMBLE_EXPECT(ReadReadings(data, news.readings));
  THIMBLE_EXPECT(ReadVerdicts(data, news.verdicts));
  return news;
}

std::string AbilitiesOf(const Hello& hello) {
  json sensors = json::array();
  for (const DeviceSensor& sensor : hello.device.sensors) {
    sensors.push_back({{"name", sensor.name},
                       {"max_sample_length_s", sensor.max_sample_length_s},
                       {"frequencies_hz", sensor.frequencies_hz}});
  }
  return json{{"sensors", std::move(sensors)},       {"snapshots", hello.device.snapshots},
              {"inference", hello.device.inference}, {"live", hello.device.live},
              {"connection", hello.connection},      {"hello_version", hello.device.hello_version}}
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
