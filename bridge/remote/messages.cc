#include "bridge/remote/messages.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

namespace thimble::bridge {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDeepest = 16;
constexpr size_t kLongestLabel = 256;
constexpr size_t kLongestPath = 256;

/// CBOR (RFC 8949) to JSON. Not nlohmann's: that refuses `undefined`, which JavaScript servers send, and goes as deep
/// as a stranger likes.
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

  std::optional<Json> Whole() {
    std::optional<Json> value = Value(0);
    if (!value || at_ != bytes_.size()) return std::nullopt;
    return value;
  }

 private:
  struct Head {
    int major = 0;
    int small = 0;  ///< the low five bits; 31: indefinite
    uint64_t argument = 0;
  };

  std::optional<Head> ReadHead() {
    if (at_ >= bytes_.size()) return std::nullopt;
    const auto first = static_cast<uint8_t>(bytes_[at_++]);
    Head head{first >> 5, first & 31, static_cast<uint64_t>(first & 31)};
    if (head.small >= 28 && head.small <= 30) return std::nullopt;
    if (head.small < 24 || head.small == 31) return head;
    const size_t width = size_t{1} << (head.small - 24);
    if (bytes_.size() - at_ < width) return std::nullopt;
    head.argument = 0;
    for (size_t i = 0; i < width; ++i) head.argument = head.argument << 8 | static_cast<uint8_t>(bytes_[at_++]);
    return head;
  }

  bool AtBreak() {
    if (at_ >= bytes_.size() || static_cast<uint8_t>(bytes_[at_]) != 0xff) return false;
    ++at_;
    return true;
  }

  std::optional<std::string> String(const Head& head) {
    std::string text;
    if (head.small == 31) {
      while (!AtBreak()) {
        const std::optional<Head> part = ReadHead();
        if (!part || part->major != head.major || part->small == 31) return std::nullopt;
        const std::optional<std::string> piece = String(*part);
        if (!piece) return std::nullopt;
        text += *piece;
      }
      return text;
    }
    if (bytes_.size() - at_ < head.argument) return std::nullopt;
    text = bytes_.substr(at_, head.argument);
    at_ += head.argument;
    return text;
  }

  static double Half(uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    double value = exponent == 0    ? std::ldexp(mantissa, -24)
                   : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                    : std::ldexp(mantissa + 1024, exponent - 25);
    return (bits & 0x8000) != 0 ? -value : value;
  }

  std::optional<Json> Value(int depth) {
    if (depth > kDeepest) return std::nullopt;
    const std::optional<Head> head = ReadHead();
    if (!head) return std::nullopt;
    const bool open_ended = head->small == 31;
    switch (head->major) {
      case 0:
        if (open_ended) return std::nullopt;
        return Json(head->argument);
      case 1:
        if (open_ended || head->argument > INT64_MAX) return std::nullopt;
        return Json(-1 - static_cast<int64_t>(head->argument));
      case 2:
      case 3: {
        std::optional<std::string> text = String(*head);
        if (!text) return std::nullopt;
        return Json(std::move(*text));
      }
      case 4: {
        Json array = Json::array();
        for (uint64_t i = 0; open_ended ? !AtBreak() : i < head->argument; ++i) {
          std::optional<Json> item = Value(depth + 1);
          if (!item) return std::nullopt;
          array.push_back(std::move(*item));
        }
        return array;
      }
      case 5: {
        Json object = Json::object();
        for (uint64_t i = 0; open_ended ? !AtBreak() : i < head->argument; ++i) {
          const std::optional<Head> key_head = ReadHead();
          if (!key_head || key_head->major != 3 || object.size() > 64) return std::nullopt;
          const std::optional<std::string> key = String(*key_head);
          if (!key) return std::nullopt;
          std::optional<Json> value = Value(depth + 1);
          if (!value) return std::nullopt;
          object[*key] = std::move(*value);
        }
        return object;
      }
      case 6:
        if (open_ended) return std::nullopt;
        return Value(depth + 1);  // what a tag says of its value is of no use here
      default:
        return Simple(*head);
    }
  }

  static std::optional<Json> Simple(const Head& head) {
    switch (head.small) {
      case 20:
      case 21:
        return Json(head.small == 21);
      case 25:
        return Json(Half(static_cast<uint16_t>(head.argument)));
      case 26:
        return Json(static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(head.argument))));
      case 27:
        return Json(std::bit_cast<double>(head.argument));
      case 31:
        return std::nullopt;
      default:
        return Json(nullptr);  // null, undefined
    }
  }

  std::string_view bytes_;
  size_t at_ = 0;
};

/// Whether brackets nest deeper than any message does. Strings are passed over.
bool TooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

std::optional<Json> Parse(std::string_view bytes, Encoding encoding) {
  if (bytes.size() > kMostMessageBytes) return std::nullopt;
  if (encoding == Encoding::kCbor) return CborReader(bytes).Whole();
  if (TooDeep(bytes)) return std::nullopt;
  Json json = Json::parse(bytes, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::string Write(const Json& json, Encoding encoding) {
  if (encoding == Encoding::kJson) return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

bool IsTrue(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

ServerMessage ReadSample(const Json& sample) {
  if (!sample.is_object()) return BadSampleRequest{"the sample request is not an object"};
  SampleRequest request;
  request.label = TextOf(sample, "label");
  request.path = TextOf(sample, "path");
  request.sensor = TextOf(sample, "sensor");
  request.hmac_key = TextOf(sample, "hmacKey");
  if (request.label.empty() || request.label.size() > kLongestLabel || std::ranges::any_of(request.label, IsControl)) {
    return BadSampleRequest{"the sample request needs a label of 1 to 256 bytes without control characters"};
  }
  // A path goes behind the ingestion service's own name: nothing that could name another host, nothing that ends the
  // request's first line.
  const auto bad = [](char c) { return IsControl(c) || c == ' ' || static_cast<unsigned char>(c) > 0x7e; };
  if (!request.path.starts_with('/') || request.path.starts_with("//") || request.path.size() > kLongestPath ||
      std::ranges::any_of(request.path, bad)) {
    return BadSampleRequest{"the sample request needs a path such as /api/training/data"};
  }
  const auto number = [&](const char* key) -> double {
    const auto found = sample.find(key);
    if (found == sample.end() || found->is_null()) return 0;
    return found->is_number() ? found->get<double>() : NAN;
  };
  request.length_ms = number("length");
  if (!(request.length_ms > 0 && request.length_ms <= kLongestSampleMs)) {
    return BadSampleRequest{"the sample request needs a length of 1 to 3600000 ms"};
  }
  request.interval_ms = number("interval");
  if (!(request.interval_ms >= 0 && request.interval_ms <= kLongestSampleMs)) {
    return BadSampleRequest{"the sample request needs an interval in ms, of 0 or more"};
  }
  return request;
}

std::vector<int64_t> ReadIndices(const Json& request) {
  std::vector<int64_t> indices;
  const auto add = [&](const Json& value) {
    if (value.is_number_integer() && indices.size() < kMostRecords) indices.push_back(value.get<int64_t>());
  };
  if (!request.is_object()) return indices;
  if (const auto index = request.find("index"); index != request.end()) add(*index);
  if (const auto list = request.find("list"); list != request.end() && list->is_array()) {
    for (const Json& value : *list) add(value);
  }
  if (const auto range = request.find("range"); range != request.end() && range->is_object()) {
    const auto first = range->find("first"), last = range->find("last");
    if (first != range->end() && last != range->end() && first->is_number_integer() && last->is_number_integer()) {
      const auto end = last->get<int64_t>();
      for (auto i = first->get<int64_t>(); i <= end && indices.size() < kMostRecords; ++i) {
        indices.push_back(i);
        if (i == INT64_MAX) break;
      }
    }
  }
  return indices;
}

}  // namespace

Expected<ServerMessage> ReadServerMessage(std::string_view bytes, Encoding encoding) {
  const std::optional<Json> json = Parse(bytes, encoding);
  const char* name = encoding == Encoding::kJson ? "JSON" : "CBOR";
  if (!json)
    return {Status::kDataLoss, std::string("a message of ") + std::to_string(bytes.size()) + " bytes is not " + name};
  if (!json->is_object()) return {Status::kDataLoss, std::string("a message is not a ") + name + " object"};
  if (const auto hello = json->find("hello"); hello != json->end()) {
    if (IsTrue(*json, "hello")) return ServerMessage(HelloAccepted{});
    std::string reason = TextOf(*json, "err");
    if (reason.empty()) reason = TextOf(*json, "error");
    return ServerMessage(HelloRefused{std::move(reason)});
  }
  if (const auto sample = json->find("sample"); sample != json->end()) return ReadSample(*sample);
  if (const auto live = json->find("live"); live != json->end() && live->is_object()) {
    return ServerMessage(LiveSwitch{IsTrue(*live, "on"), TextOf(*live, "sensor")});
  }
  if (IsTrue(*json, "startSnapshot")) return ServerMessage(StartSnapshot{});
  if (IsTrue(*json, "stopSnapshot")) return ServerMessage(StopSnapshot{});
  if (IsTrue(*json, "startInferenceStream")) return ServerMessage(StartInference{});
  if (IsTrue(*json, "stopInferenceStream")) return ServerMessage(StopInference{});
  if (IsTrue(*json, "newModelAvailable")) return ServerMessage(NewModel{});
  if (const auto records = json->find("impulseRecordRequest"); records != json->end()) {
    return ServerMessage(RecordsRequest{ReadIndices(*records)});
  }
  return ServerMessage(OtherMessage{json->empty() ? std::string() : json->begin().key()});
}

std::string WriteHello(const Hello& hello, Encoding encoding) {
  Json sensors = Json::array();
  for (const SensorOffer& sensor : hello.sensors) {
    Json frequencies = Json::array();
    for (const double frequency : sensor.frequencies) frequencies.push_back(frequency);
    sensors.push_back({{"name", sensor.name},
                       {"maxSampleLengthS", sensor.max_sample_length_s},
                       {"frequencies", std::move(frequencies)}});
  }
  Json body = {{"version", hello.version},        {"apiKey", hello.api_key}, {"deviceId", hello.device_id},
               {"deviceType", hello.device_type}, {"connection", "ip"},      {"sensors", std::move(sensors)}};
  if (hello.version >= 3) body["supportsSnapshotStreaming"] = false;
  if (hello.version >= 4) body["mode"] = "ingestion";
  if (hello.live_stream) body["liveStream"] = true;
  return Write({{"hello", std::move(body)}}, encoding);
}

std::string WriteSampleStep(SampleStep step, int percent, Encoding encoding) {
  switch (step) {
    case SampleStep::kAccepted:
      return Write({{"sample", true}}, encoding);
    case SampleStep::kStarted:
      return Write({{"sampleStarted", true}}, encoding);
    case SampleStep::kReading:
      return Write({{"sampleReading", true}, {"progressPercentage", percent}}, encoding);
    case SampleStep::kProcessing:
      return Write({{"sampleProcessing", true}}, encoding);
    case SampleStep::kUploading:
      return Write({{"sampleUploading", true}}, encoding);
    case SampleStep::kFinished:
      break;
  }
  return Write({{"sampleFinished", true}}, encoding);
}

std::string WriteSampleFailed(std::string_view error, Encoding encoding) {
  return Write({{"sample", false}, {"error", error}}, encoding);
}

std::string WriteLiveState(bool on, std::string_view error, Encoding encoding) {
  if (!error.empty()) return Write({{"liveFailed", true}, {"error", error}}, encoding);
  return Write({{on ? "liveStarted" : "liveStopped", true}}, encoding);
}

std::string WriteLiveData(const LiveBatch& batch, Encoding encoding) {
  Json axes = Json::array(), rows = Json::array();
  for (const dataset::Axis& axis : batch.axes) axes.push_back({{"name", axis.name}, {"units", axis.units}});
  for (size_t at = 0; at < batch.values.size(); at += batch.axes.size()) {
    Json& row = rows.emplace_back(Json::array());
    for (size_t i = 0; i < batch.axes.size(); ++i) row.push_back(batch.values[at + i]);
  }
  Json data = {{"first", batch.first},
               {"interval", batch.interval_ms},
               {"axes", std::move(axes)},
               {"values", std::move(rows)},
               {"lost", batch.lost}};
  if (!batch.verdicts.empty()) {
    Json& verdicts = data["verdicts"] = Json::array();
    for (const LiveVerdict& one : batch.verdicts) {
      const DeviceVerdict& verdict = one.verdict;
      Json scores = Json::object();
      for (const auto& [label, score] : verdict.scores) scores[label] = score;
      verdicts.push_back({{"reading", one.reading},
                          {"label", verdict.label},
                          {"score", verdict.score},
                          {"scores", std::move(scores)},
                          {"dspCycles", verdict.dsp_cycles},
                          {"networkCycles", verdict.network_cycles}});
    }
  }
  return Write({{"liveData", std::move(data)}}, encoding);
}

std::vector<std::string> WriteUnable(const ServerMessage& request, Encoding encoding) {
  if (std::holds_alternative<StartSnapshot>(request)) {
    return {Write({{"snapshotFailed", true}, {"error", "this device has no camera"}}, encoding)};
  }
  if (std::holds_alternative<StopSnapshot>(request)) return {Write({{"snapshotStopped", true}}, encoding)};
  if (std::holds_alternative<StopInference>(request)) return {Write({{"inferenceStreamStopped", true}}, encoding)};
  if (std::holds_alternative<NewModel>(request)) {
    return {Write({{"modelUpdateSuccess", false}, {"error", "this device records and runs no model"}}, encoding)};
  }
  std::vector<std::string> answers;
  if (const auto* records = std::get_if<RecordsRequest>(&request)) {
    for (const int64_t index : records->indices) {
      answers.push_back(Write(
          {{"impulseRecordsResponse", false}, {"index", index}, {"error", "this device keeps no records"}}, encoding));
    }
  }
  return answers;
}

std::string Redact(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() < 4) continue;  // a shorter one would blank out ordinary words
    constexpr std::string_view kInstead = "[key]";
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kInstead.size())) {
      text.replace(at, secret.size(), kInstead);
    }
  }
  return text;
}

}  // namespace thimble::bridge
