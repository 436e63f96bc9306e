// Devices, as Edge Impulse's tools ask for them.
#include <utility>

#include "studio/server/application.h"
#include "studio/server/edge_impulse/edge_impulse_routes.h"
#include "studio/server/edge_impulse/reply.h"
#include "studio/server/remote/live_devices.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

json JsonOf(const LiveDevices& devices, const Device& device) {
  const auto live = devices.Get(device.project_id, device.device_id);
  json sensors = json::array();
  if (live) {
    for (const DeviceSensor& sensor : live->sensors) {
      sensors.push_back({{"name", sensor.name},
                         {"maxSampleLengthS", sensor.max_sample_length_s},
                         {"frequencies", sensor.frequencies_hz}});
    }
  }
  return {{"id", device.id},
          {"deviceId", device.device_id},
          {"name", device.name},
          {"deviceType", device.type},
          {"created", IsoTime(device.created_ms)},
          {"lastSeen", IsoTime(device.last_seen_ms)},
          {"sensors", std::move(sensors)},
          {"remote_mgmt_connected", live.has_value()},
          {"supportsSnapshotStreaming", live && live->snapshots},
          {"remoteMgmtMode", !live             ? "disconnected"
                             : live->inference ? "inference"
                                               : "ingestion"}};
}

Expected<Response> ListDevices(Call& call) {
  THIMBLE_ASSIGN(const std::vector<Device> devices, call.application.store.ListDevices(call.project_id));
  json list = json::array();
  for (const Device& device : devices) list.push_back(JsonOf(call.application.devices, device));
  return Success({{"devices", std::move(list)}});
}

Expected<Response> AddDevice(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  Device device{.project_id = call.project_id};
  THIMBLE_ASSIGN(device.device_id, WordOf(body, "deviceId"));
  THIMBLE_ASSIGN(device.type, WordOf(body, "deviceType"));
  Store& store = call.application.store;
  const auto known = store.GetDevice(call.project_id, device.device_id);
  if (!known.ok() && known.error().status != Status::kNotFound) return known.error();
  // What it said of itself when it connected stays.
  if (known.ok()) device.abilities = known->abilities;
  const std::string device_id = device.device_id;
  // Tools ask for a name where the name is the id.
  device.name = device.device_id;
  THIMBLE_ASSIGN(const Device seen, store.SeeDevice(std::move(device)));
  if (!known.ok()) Tell(call, "device", "device.add", device_id);
  return Success({{"id", seen.id}});
}

Expected<Response> GetDevice(Call& call) {
  THIMBLE_ASSIGN(const Device device,
                 call.application.store.GetDevice(call.project_id, call.request.Parameter("device")));
  return Success({{"device", JsonOf(call.application.devices, device)}});
}

Expected<Response> RenameDevice(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  Store& store = call.application.store;
  THIMBLE_ASSIGN(Device device, store.GetDevice(call.project_id, call.request.Parameter("device")));
  THIMBLE_ASSIGN(device.name, WordOf(body, "name"));
  THIMBLE_ASSIGN(const std::optional<int64_t> version, store.UpdateDevice(device));
  if (!version) return {Status::kFailed, "somebody has changed the device at this moment; try again"};
  Tell(call, "device", "device.change", device.device_id, {{"name", device.name}});
  return Success();
}

Expected<double> PositiveOf(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found != body.end() && found->is_number() && found->get<double>() > 0) return found->get<double>();
  return {Status::kInvalidArgument, std::string("the body: ") + name + " is missing, or no number above 0"};
}

Expected<Response> StartSampling(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  SamplingWish wish;
  THIMBLE_ASSIGN(wish.label, WordOf(body, "label"));
  THIMBLE_ASSIGN(wish.length_ms, PositiveOf(body, "lengthMs"));
  THIMBLE_ASSIGN(wish.interval_ms, PositiveOf(body, "intervalMs"));
  THIMBLE_ASSIGN(wish.category, WordOf(body, "category"));
  if (body.contains("sensor")) {
    THIMBLE_ASSIGN(wish.sensor, WordOf(body, "sensor"));
  }
  const std::string& device_id = call.request.Parameter("device");
  THIMBLE_ASSIGN(const Sampling sampling, call.application.devices.StartSampling(call.project_id, device_id, wish));
  Tell(call, "device", "device.sample", device_id, {{"label", wish.label}});
  return Success({{"started", true}, {"id", sampling.id}});
}

constexpr const char* kJson = "application/json";

}  // namespace

std::span<const Route> EdgeImpulseDeviceRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/v1/api/{project}/devices",
       Permission::kRead,
       "The devices of a project.",
       "",
       kJson,
       &Reply<ListDevices>},
      {{},
       "POST",
       "/v1/api/{project}/devices/create",
       Permission::kIngest,
       "Makes a device known.",
       kJson,
       kJson,
       &Reply<AddDevice>},
      {{},
       "POST",
       "/v1/api/{project}/devices/{device}/rename",
       Permission::kIngest,
       "Gives a device a name.",
       kJson,
       kJson,
       &Reply<RenameDevice>},
      {{},
       "GET",
       "/v1/api/{project}/device/{device}",
       Permission::kMember,
       "One device.",
       "",
       kJson,
       &Reply<GetDevice>},
      {{},
       "POST",
       "/v1/api/{project}/device/{device}/start-sampling",
       Permission::kWrite,
       "Asks a connected device for a recording.",
       kJson,
       kJson,
       &Reply<StartSampling>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
