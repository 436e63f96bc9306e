#include "studio/server/live/live_routes.h"

#include <memory>
#include <optional>
#include <utility>

#include "studio/server/api/answer.h"
#include "studio/server/application.h"
#include "studio/server/jobs/learning_tools.h"
#include "studio/server/live/live_impulse.h"
#include "studio/server/live/live_page.h"
#include "studio/server/people/gate.h"
#include "studio/server/remote/live_devices.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

/// Of the job that the query names, 0: of the newest that learnt something.
Expected<std::optional<LiveImpulse>> ImpulseOf(const Call& call, const json& query) {
  if (!query.contains("training")) return std::optional<LiveImpulse>();
  THIMBLE_ASSIGN(Trained trained,
                 LoadTrained(call.application.store, call.project_id, query["training"].get<int64_t>()));
  THIMBLE_ASSIGN(LiveImpulse impulse, LiveImpulse::Open(std::move(trained.impulse), trained.model.span()));
  return std::optional(std::move(impulse));
}

Expected<Response> Look(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  const std::string device_id = call.request.Parameter("device");
  LiveDevices& devices = call.application.devices;
  const std::optional<LiveDevice> device = devices.Get(call.project_id, device_id);
  if (!device) {
    return {Status::kNotFound, "device '" + device_id + "' is not connected; switch it on, or start its bridge"};
  }
  if (!device->live) {
    return Response::Problem(409, "device '" + device_id +
                                      "' cannot send readings as they come; `thimble bridge` "
                                      "can, and the studio's page on a phone");
  }
  THIMBLE_ASSIGN(auto impulse, ImpulseOf(call, query));
  const auto waiting = std::make_shared<std::optional<LiveImpulse>>(std::move(impulse));
  Response response;
  response.headers.Set("Content-Type", "text/event-stream");
  response.headers.Set("Cache-Control", "no-store");
  response.headers.Set("X-Accel-Buffering", "no");
  response.stream_beat = ":\n\n";  // a comment
  response.stream = [&devices, project_id = call.project_id, device_id, sensor = query.value("sensor", ""),
                     waiting](const std::shared_ptr<http::ByteStream>& stream) {
    const auto page = std::make_shared<LivePage>(stream, std::exchange(*waiting, std::nullopt));
    const Outcome follows = devices.Follow(project_id, device_id, sensor, page);
    if (follows.ok()) return;
    page->Stopped(follows.error().message);
    stream->Close();
  };
  return response;
}

Expected<Response> Pair(Call& call) {
  const Pairing pairing = call.application.gate.MakePairing(call.project_id);
  const std::string host(call.request.headers.Get("Host"));
  json answer = {{"code", pairing.code},
                 {"expires_ms", call.application.store.Now() + pairing.for_ms},
                 {"url", (call.request.tls ? "https://" : "http://") + host + "/#/phone/" + pairing.code}};
  if (IsLoopbackName(call.request.host)) {
    answer["notice"] =
        "a phone does not find '" + call.request.host +
        "'; start the studio for other computers (thimble serve --bind 0.0.0.0 --tls) and open this page by its name";
  } else if (!call.request.tls) {
    answer["notice"] = "browsers give motion sensor and microphone only to pages that come by https; start with --tls";
  }
  WriteDown(call, "device.pair", "", json::object());
  return JsonAnswer(201, answer);
}

Expected<Response> OpenDoor(Call& call) { return call.application.devices.Accept(); }

}  // namespace

std::span<const Route> LiveRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/projects/{project}/live-devices/{device}/live",
       Permission::kRead,
       "What a device senses, as it senses it, while somebody looks: server-sent events state, readings, scores and "
       "verdict (docs/formats/live.md).",
       "",
       "text/event-stream",
       &Answer<Look>},
      {{},
       "POST",
       "/api/v1/projects/{project}/pairings",
       Permission::kWrite,
       "A code that lets a phone or a browser in as a device: in hello, and as x-api-key of what it uploads.",
       "",
       "Pairing",
       &Answer<Pair>},
      {{},
       "GET",
       "/api/v1/remote-management",
       Permission::kAnyone,
       "The devices' WebSocket, as on its own port, for pages of this origin. The key, or the pairing code, comes with "
       "its first message.",
       "",
       "",
       &Answer<OpenDoor>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
