#include "studio/server/remote/remote_routes.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "studio/server/application.h"
#include "studio/server/remote/document.h"
#include "studio/server/remote/live_devices.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

Response Refused(const Error& error) {
  switch (error.status) {
    case Status::kNotFound:
      return Response::Problem(404, error.message);
    case Status::kInvalidArgument:
    case Status::kDataLoss:
      return Response::Problem(400, error.message);
    case Status::kUnsupported:
    case Status::kFailed:
      return Response::Problem(409, error.message);
    default:
      return Response::Problem(500, error.message);
  }
}

Response Accepted(const Outcome& outcome) { return outcome.ok() ? Response::Empty(202) : Refused(outcome.error()); }

std::string Text(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

json ParsedOrNull(const std::string& text) { return text.empty() ? json() : json::parse(text, nullptr, false); }

json JsonOf(const LiveDevice& device) {
  json sensors = json::array();
  for (const DeviceSensor& sensor : device.sensors) {
    sensors.push_back({{"name", sensor.name},
                       {"max_sample_length_s", sensor.max_sample_length_s},
                       {"frequencies_hz", sensor.frequencies_hz}});
  }
  return {{"device_id", device.device_id},           {"device_type", device.device_type},
          {"sensors", std::move(sensors)},           {"snapshots", device.snapshots},
          {"inference", device.inference},           {"model", ParsedOrNull(device.model)},
          {"records", ParsedOrNull(device.records)}, {"connected_ms", device.connected_ms}};
}

/// The body as an object; an empty one is {}.
Expected<json> Body(const Call& call) {
  if (call.request.body.empty()) return json::object();
  THIMBLE_ASSIGN(json body, ReadDocument(call.request.body, Encoding::kJson));
  if (!body.is_object()) return {Status::kInvalidArgument, "the body has to be a JSON object"};
  return body;
}

Expected<double> NumberOf(const json& body, const char* key, double otherwise) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return otherwise;
  if (!found->is_number()) return {Status::kInvalidArgument, std::string(key) + " has to be a number"};
  return found->get<double>();
}

Expected<std::string> TextOf(const json& body, const char* key, const char* otherwise) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return std::string(otherwise);
  if (!found->is_string()) return {Status::kInvalidArgument, std::string(key) + " has to be a text"};
  return found->get<std::string>();
}

Expected<bool> FlagOf(const json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || !found->is_boolean()) {
    return {Status::kInvalidArgument, std::string(key) + " has to be true or false"};
  }
  return found->get<bool>();
}

Expected<SamplingWish> WishOf(const json& body) {
  SamplingWish wish;
  THIMBLE_ASSIGN(wish.label, TextOf(body, "label", ""));
  THIMBLE_ASSIGN(wish.length_ms, NumberOf(body, "length_ms", 10'000));
  THIMBLE_ASSIGN(wish.interval_ms, NumberOf(body, "interval_ms", 0));
  THIMBLE_ASSIGN(wish.sensor, TextOf(body, "sensor", ""));
  THIMBLE_ASSIGN(wish.category, TextOf(body, "category", "training"));
  return wish;
}

void Audit(const Call& call, const char* action, const std::string& subject, std::string detail) {
  // The device has been told already: that the log is full is no reason to say that it was not.
  static_cast<void>(call.application.store.Audit({.project_id = call.project_id,
                                                  .actor = call.identity.name,
                                                  .action = action,
                                                  .subject = subject,
                                                  .detail = std::move(detail)}));
}

Response ListLive(Call& call) {
  json devices = json::array();
  for (const LiveDevice& device : call.application.devices.List(call.project_id)) devices.push_back(JsonOf(device));
  return Response::Json(200, Text({{"devices", std::move(devices)}}));
}

Response StartSampling(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  const auto start = [&]() -> Expected<Sampling> {
    THIMBLE_ASSIGN(const json body, Body(call));
    THIMBLE_ASSIGN(const SamplingWish wish, WishOf(body));
    return call.application.devices.StartSampling(call.project_id, device_id, wish);
  };
  const Expected<Sampling> sampling = start();
  if (!sampling.ok()) return Refused(sampling.error());
  std::string text = JsonOf(*sampling);
  Audit(call, "device.sample", device_id, text);
  return Response::Json(202, std::move(text));
}

Response ListSamplings(Call& call) {
  std::string text = "{\"samplings\":[";
  for (const Sampling& sampling : call.application.devices.ListSamplings(call.project_id)) {
    if (text.back() == '}') text += ',';
    text += JsonOf(sampling);
  }
  return Response::Json(200, text + "]}");
}

Response GetSampling(Call& call) {
  const std::string& text = call.request.Parameter("sampling");
  int64_t id = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (fault != std::errc() || end != text.data() + text.size()) {
    return Response::Problem(404, "there is no sampling '" + text + "'; their names are numbers");
  }
  const Expected<Sampling> sampling = call.application.devices.GetSampling(call.project_id, id);
  return sampling.ok() ? Response::Json(200, JsonOf(*sampling)) : Refused(sampling.error());
}

Response SwitchSnapshots(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  const auto act = [&]() -> Outcome {
    THIMBLE_ASSIGN(const json body, Body(call));
    THIMBLE_ASSIGN(const bool on, FlagOf(body, "on"));
    THIMBLE_ASSIGN(const std::string resolution, TextOf(body, "resolution", "low"));
    if (resolution != "low" && resolution != "high") {
      return {Status::kInvalidArgument, "resolution has to be low or high"};
    }
    if (!on) return call.application.devices.StopSnapshots(call.project_id, device_id);
    return call.application.devices.StartSnapshots(call.project_id, device_id, resolution == "high");
  };
  return Accepted(act());
}

Response LastSnapshot(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  std::optional<Snapshot> snapshot = call.application.devices.LastSnapshot(call.project_id, device_id);
  if (!snapshot) return Response::Problem(404, "device '" + device_id + "' has sent no picture; switch its stream on");
  Response response = Response::Text(200, std::move(snapshot->bytes), "image/jpeg");
  response.headers.Set("Cache-Control", "no-store");
  return response;
}

Response SwitchInference(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  const auto act = [&]() -> Outcome {
    THIMBLE_ASSIGN(const json body, Body(call));
    THIMBLE_ASSIGN(const bool on, FlagOf(body, "on"));
    return on ? call.application.devices.StartInference(call.project_id, device_id)
              : call.application.devices.StopInference(call.project_id, device_id);
  };
  return Accepted(act());
}

Response RecallRecords(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  const auto act = [&]() -> Outcome {
    THIMBLE_ASSIGN(const json body, Body(call));
    if (const auto list = body.find("list"); list != body.end()) {
      std::vector<int64_t> numbers;
      for (const json& item : *list) {
        if (!item.is_number_integer()) return {Status::kInvalidArgument, "list has to be a list of whole numbers"};
        numbers.push_back(item.get<int64_t>());
      }
      return call.application.devices.RequestRecords(call.project_id, device_id, numbers);
    }
    THIMBLE_ASSIGN(const double first, NumberOf(body, "first", -1));
    THIMBLE_ASSIGN(const double last, NumberOf(body, "last", -1));
    if (!(first >= 0 && last >= first && last < 1e15)) {
      return {Status::kInvalidArgument, "say which records: a list of numbers, or first and last"};
    }
    return call.application.devices.RequestRecords(call.project_id, device_id, static_cast<int64_t>(first),
                                                   static_cast<int64_t>(last));
  };
  return Accepted(act());
}

Response OfferModel(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  const auto act = [&]() -> Outcome {
    THIMBLE_ASSIGN(const json body, Body(call));
    THIMBLE_ASSIGN(const double version, NumberOf(body, "deployment_version", 0));
    if (!(version >= 0 && version < 1e15)) return {Status::kInvalidArgument, "deployment_version is impossible"};
    return call.application.devices.OfferModel(call.project_id, device_id, static_cast<int64_t>(version));
  };
  const Outcome outcome = act();
  if (outcome.ok()) Audit(call, "device.offer_model", device_id, call.request.body);
  return Accepted(outcome);
}

template <typename Record>
Response PageOf(const Expected<Page<Record>>& page, json (*item_of)(const Record&)) {
  if (!page.ok()) return Refused(page.error());
  json items = json::array();
  for (const Record& record : page->items) items.push_back(item_of(record));
  json answer = {{"items", std::move(items)}};
  if (page->next) answer["next"] = *page->next;
  return Response::Json(200, Text(answer));
}

Paging PagingOf(const Call& call) {
  const auto number = [&](const char* name, int64_t otherwise, int64_t most) {
    const std::string_view text = http::Find(call.request.query, name).value_or("");
    int64_t value = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return std::clamp<int64_t>(value, 0, most);
  };
  return {.cursor = number("cursor", 0, INT64_MAX), .limit = std::max<int64_t>(1, number("limit", 100, 1000))};
}

Response ListRecords(Call& call) {
  return PageOf<InferenceRecord>(
      call.application.store.ListInferenceRecords(call.project_id, call.request.Parameter("device"), PagingOf(call)),
      [](const InferenceRecord& record) -> json {
        return {{"id", record.id},
                {"number", record.number},
                {"device_time_ms", record.device_time_ms},
                {"created_ms", record.created_ms},
                {"media", record.media},
                {"record", ParsedOrNull(record.result)}};
      });
}

Response ListSummaries(Call& call) {
  return PageOf<InferenceSummary>(
      call.application.store.ListInferenceSummaries(call.project_id, call.request.Parameter("device"), PagingOf(call)),
      [](const InferenceSummary& summary) -> json {
        return {{"id", summary.id},
                {"first_number", summary.first_number},
                {"last_number", summary.last_number},
                {"created_ms", summary.created_ms},
                {"summary", ParsedOrNull(summary.summary)}};
      });
}

Response OpenDoor(Call& call) { return call.application.devices.Accept(); }

}  // namespace

std::span<const Route> RemoteRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/",
       Permission::kAnyone,
       "The WebSocket of remote management: devices say hello with their key.",
       "",
       "",
       &OpenDoor},
  };
  return kRoutes;
}

std::span<const Route> LiveDeviceRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/projects/{project}/live-devices",
       Permission::kRead,
       "The devices that are connected now.",
       "",
       "LiveDevices",
       &ListLive},
      {{},
       "GET",
       "/api/v1/projects/{project}/samplings",
       Permission::kRead,
       "What devices were asked to record since the server started, newest first.",
       "",
       "Samplings",
       &ListSamplings},
      {{},
       "GET",
       "/api/v1/projects/{project}/samplings/{sampling}",
       Permission::kRead,
       "How far one of these recordings is.",
       "",
       "Sampling",
       &GetSampling},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/samplings",
       Permission::kWrite,
       "Asks a connected device to record now.",
       "SamplingWish",
       "Sampling",
       &StartSampling},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/snapshots",
       Permission::kWrite,
       "Switches the stream of a device's camera on or off.",
       "SnapshotSwitch",
       "",
       &SwitchSnapshots},
      {{},
       "GET",
       "/api/v1/projects/{project}/live-devices/{device}/snapshots",
       Permission::kRead,
       "The last picture of that stream.",
       "",
       "image/jpeg",
       &LastSnapshot},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/inference",
       Permission::kWrite,
       "Switches the stream of what a device's model says on or off.",
       "InferenceSwitch",
       "",
       &SwitchInference},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/records",
       Permission::kWrite,
       "Asks a device for records that it has kept.",
       "RecordRecall",
       "",
       &RecallRecords},
      {{},
       "GET",
       "/api/v1/projects/{project}/live-devices/{device}/records",
       Permission::kRead,
       "What a device's model said, newest first.",
       "",
       "InferenceRecords",
       &ListRecords},
      {{},
       "GET",
       "/api/v1/projects/{project}/live-devices/{device}/summaries",
       Permission::kRead,
       "A device's own summaries of what its model said, newest first.",
       "",
       "InferenceSummaries",
       &ListSummaries},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/model",
       Permission::kDeploy,
       "Tells a device that there is a new model to fetch.",
       "ModelOffer",
       "",
       &OfferModel},
  };
  return kRoutes;
}

}  // namespace thimble::studio
