// Devices that were ever seen; those that are connected now are in studio/server/remote/.
#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/application.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

json JsonOf(const Device& device) {
  return {{"device_id", device.device_id},
          {"name", device.name},
          {"type", device.type},
          {"abilities", Stored(device.abilities)},
          {"created_ms", device.created_ms},
          {"last_seen_ms", device.last_seen_ms},
          {"version", device.version}};
}

Expected<Response> ListDevices(Call& call) {
  THIMBLE_ASSIGN(const std::vector<Device> devices, call.application.store.ListDevices(call.project_id));
  return JsonAnswer(200, ListJson("devices", devices, JsonOf));
}

Expected<Response> ChangeDevice(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  Store& store = call.application.store;
  THIMBLE_ASSIGN(Device device, store.GetDevice(call.project_id, call.request.Parameter("device")));
  if (IsOutdated(call, device.version)) return Outdated();
  device.name = body["name"].get<std::string>();
  THIMBLE_ASSIGN(const std::optional<int64_t> version, store.UpdateDevice(device));
  if (!version) return Outdated();
  device.version = *version;
  Tell(call, "device", "device.change", device.device_id, {{"changes", body}});
  return Tagged(call, JsonOf(device), device.version);
}

Expected<Response> ForgetDevice(Call& call) {
  const std::string& device_id = call.request.Parameter("device");
  THIMBLE_EXPECT(call.application.store.RemoveDevice(call.project_id, device_id));
  Tell(call, "device", "device.forget", device_id);
  return Response::Empty();
}

}  // namespace

std::span<const Route> DeviceRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/projects/{project}/devices",
       Permission::kRead,
       "Devices that have ever been connected.",
       "",
       "Devices",
       &Answer<ListDevices>},
      {{},
       "PATCH",
       "/api/v1/projects/{project}/devices/{device}",
       Permission::kWrite,
       "Names a device.",
       "DeviceChange",
       "Device",
       &Answer<ChangeDevice>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}/devices/{device}",
       Permission::kWrite,
       "Forgets a device until it says hello again.",
       "",
       "",
       &Answer<ForgetDevice>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
