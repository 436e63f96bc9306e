#include "studio/server/remote/remote_routes.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "studio/server/api/answer.h"
#include "studio/server/application.h"
#include "studio/server/remote/live_devices.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

/// What a device cannot do, or not now, is a conflict with the state that it is in.
Expected<Response> Refused(const Error& error) {
  if (error.status != Status::kUnsupported && error.status != Status::kFailed) return error;
  return Response::Problem(409, error.message);
}

Expected<Response> Accepted(const Outcome& outcome) {
  return outcome.ok() ? Response::Empty(202) : Refused(outcome.error());
}

json JsonOf(const LiveDevice& device) {
  json sensors = json::array();
  for (const DeviceSensor& sensor : device.sensors) {
    sensors.push_back({{"name", sensor.name},
                       {"max_sample_length_s", sensor.max_sample_length_s},
                       {"frequencies_hz", sensor.frequencies_hz}});
  }
  return {{"device_id", device.device_id}, {"device_type", device.device_type}, {"sensors", std::move(sensors)},
          {"snapshots", device.snapshots}, {"inference", device.inference},     {"live", device.live},
          {"model", Stored(device.model)}, {"records", Stored(device.records)}, {"connected_ms", device.connected_ms}};
}

json JsonOf(const InferenceRecord& record) {
  return {{"id", record.id},
          {"number", record.number},
          {"device_time_ms", record.device_time_ms},
          {"created_ms", record.created_ms},
          {"media", record.media},
          {"record", Stored(record.result)}};
}

json JsonOf(const InferenceSummary& summary) {
  return {{"id", summary.id},
          {"first_number", summary.first_number},
          {"last_number", summary.last_number},
          {"created_ms", summary.created_ms},
          {"summary", Stored(summary.summary)}};
}

Expected<Response> ListLive(Call& call) {
  return JsonAnswer(200, ListJson("devices", call.application.devices.List(call.project_id),
                                  [](const LiveDevice& device) { return JsonOf(device); }));
}

Expected<Response> StartSampling(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  constexpr double kUsualMs = 10'000;
  SamplingWish wish;
  wish.label = body.value("label", "");
  wish.length_ms = body.value("length_ms", kUsualMs);
  wish.interval_ms = body.value("interval_ms", 0.0);
  wish.sensor = body.value("sensor", "");
  wish.category = body.value("category", wish.category);
  const Expected<Sampling> sampling = call.application.devices.StartSampling(call.project_id, device_id, wish);
  if (!sampling.ok()) return Refused(sampling.error());
  json document = Stored(JsonOf(*sampling));
  WriteDown(call, "device.sample", device_id, document);
  return JsonAnswer(202, document);
}

Expected<Response> ListSamplings(Call& call) {
  return JsonAnswer(200, ListJson("samplings", call.application.devices.ListSamplings(call.project_id),
                                  [](const Sampling& sampling) { return Stored(JsonOf(sampling)); }));
}

Expected<Response> GetSampling(Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "sampling"));
  THIMBLE_ASSIGN(const Sampling sampling, call.application.devices.GetSampling(call.project_id, id));
  return Response::Json(200, JsonOf(sampling));
}

Expected<Response> SwitchSnapshots(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  LiveDevices& devices = call.application.devices;
  if (!body["on"].get<bool>()) return Accepted(devices.StopSnapshots(call.project_id, device_id));
  return Accepted(devices.StartSnapshots(call.project_id, device_id, body.value("resolution", "low") == "high"));
}

Expected<Response> LastSnapshot(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  std::optional<Snapshot> snapshot = call.application.devices.LastSnapshot(call.project_id, device_id);
  if (!snapshot) {
    return {Status::kNotFound, "device '" + device_id + "' has sent no picture; switch its stream on"};
  }
  Response response = Response::Text(200, std::move(snapshot->bytes), "image/jpeg");
  response.headers.Set("Cache-Control", "no-store");
  return response;
}

Expected<Response> SwitchInference(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  LiveDevices& devices = call.application.devices;
  return Accepted(body["on"].get<bool>() ? devices.StartInference(call.project_id, device_id)
                                         : devices.StopInference(call.project_id, device_id));
}

Expected<Response> RecallRecords(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  LiveDevices& devices = call.application.devices;
  if (body.contains("list")) {
    return Accepted(devices.RequestRecords(call.project_id, device_id, body["list"].get<std::vector<int64_t>>()));
  }
  if (!body.contains("first") || !body.contains("last")) {
    return {Status::kInvalidArgument, "say which records: a list of numbers, or first and last"};
  }
  return Accepted(
      devices.RequestRecords(call.project_id, device_id, body["first"].get<int64_t>(), body["last"].get<int64_t>()));
}

Expected<Response> OfferModel(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  const Outcome outcome =
      call.application.devices.OfferModel(call.project_id, device_id, body.value("deployment_version", int64_t{0}));
  if (outcome.ok()) WriteDown(call, "device.offer_model", device_id, body);
  return Accepted(outcome);
}

Expected<Response> ListRecords(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(
      const Page<InferenceRecord> page,
      call.application.store.ListInferenceRecords(call.project_id, call.request.Parameter("device"), PagingOf(query)));
  return JsonAnswer(200, PageJson("items", page, [](const InferenceRecord& one) { return JsonOf(one); }));
}

Expected<Response> ListSummaries(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(const Page<InferenceSummary> page,
                 call.application.store.ListInferenceSummaries(call.project_id, call.request.Parameter("device"),
                                                               PagingOf(query)));
  return JsonAnswer(200, PageJson("items", page, [](const InferenceSummary& one) { return JsonOf(one); }));
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
       &Answer<ListLive>},
      {{},
       "GET",
       "/api/v1/projects/{project}/samplings",
       Permission::kRead,
       "What devices were asked to record since the server started, newest first.",
       "",
       "Samplings",
       &Answer<ListSamplings>},
      {{},
       "GET",
       "/api/v1/projects/{project}/samplings/{sampling}",
       Permission::kRead,
       "How far one of these recordings is.",
       "",
       "Sampling",
       &Answer<GetSampling>},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/samplings",
       Permission::kWrite,
       "Asks a connected device to record now.",
       "SamplingWish",
       "Sampling",
       &Answer<StartSampling>},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/snapshots",
       Permission::kWrite,
       "Switches the stream of a device's camera on or off.",
       "SnapshotSwitch",
       "",
       &Answer<SwitchSnapshots>},
      {{},
       "GET",
       "/api/v1/projects/{project}/live-devices/{device}/snapshots",
       Permission::kRead,
       "The last picture of that stream.",
       "",
       "image/jpeg",
       &Answer<LastSnapshot>},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/inference",
       Permission::kWrite,
       "Switches the stream of what a device's model says on or off.",
       "InferenceSwitch",
       "",
       &Answer<SwitchInference>},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/records",
       Permission::kWrite,
       "Asks a device for records that it has kept.",
       "RecordRecall",
       "",
       &Answer<RecallRecords>},
      {{},
       "GET",
       "/api/v1/projects/{project}/live-devices/{device}/records",
       Permission::kRead,
       "What a device's model said, newest first.",
       "",
       "InferenceRecords",
       &Answer<ListRecords>},
      {{},
       "GET",
       "/api/v1/projects/{project}/live-devices/{device}/summaries",
       Permission::kRead,
       "A device's own summaries of what its model said, newest first.",
       "",
       "InferenceSummaries",
       &Answer<ListSummaries>},
      {{},
       "POST",
       "/api/v1/projects/{project}/live-devices/{device}/model",
       Permission::kDeploy,
       "Tells a device that there is a new model to fetch.",
       "ModelOffer",
       "",
       &Answer<OfferModel>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
