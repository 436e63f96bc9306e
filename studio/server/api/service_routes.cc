// What changes, as it changes; whether the server is well; and what it can be asked.
#include <memory>
#include <utility>
#include <vector>

#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/application.h"
#include "studio/server/live/live_routes.h"
#include "studio/server/notices.h"
#include "studio/server/people/people_routes.h"
#include "studio/server/remote/remote_routes.h"

namespace thimble::studio {
namespace {

using http::Response;

/// An event is only a hint to look again: nobody waits for pages that do not listen, and what was missed is not told
/// again. So there are no ids.
Expected<Response> Listen(Call& call) {
  Response response;
  response.headers.Set("Content-Type", "text/event-stream");
  response.headers.Set("Cache-Control", "no-store");
  response.headers.Set("X-Accel-Buffering", "no");
  response.stream_beat = ":\n\n";  // a comment
  response.stream = [&notices = call.application.notices,
                     project_id = call.project_id](const std::shared_ptr<http::ByteStream>& stream) {
    stream->Send("retry: 2000\n\n");
    notices.Follow([stream, project_id](const Notice& notice) {
      if (notice.project_id != project_id) return stream->open();
      return stream->Send(http::EventText(notice.kind, notice.json));
    });
  };
  return response;
}

Response Health(Call&) { return Response::Json(200, R"({"status":"ok"})"); }

Response Description(Call& call) {
  static const std::string text = OpenApiOf(DescribedRoutes());
  static const std::string tag = "\"" + Sha256(text).substr(0, 32) + "\"";
  Response response = Response::Json(200, text);
  http::ApplyTag(call.request, response, tag);
  return response;
}

std::vector<Route> Joined(std::initializer_list<std::span<const Route>> tables) {
  std::vector<Route> joined;
  for (const std::span<const Route> table : tables) joined.insert(joined.end(), table.begin(), table.end());
  return joined;
}

}  // namespace

std::span<const Route> ServiceRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/projects/{project}/events",
       Permission::kRead,
       "What changes in a project, as server-sent events, named sample, job, device, impulse and so on.",
       "",
       "text/event-stream",
       &Answer<Listen>},
      {{},
       "GET",
       "/api/v1/health",
       Permission::kAnyone,
       "Whether the server answers.",
       "",
       "Health",
       &Health,
       nullptr,
       true},
      {{},
       "GET",
       "/api/v1/openapi.json",
       Permission::kAnyone,
       "This API as OpenAPI 3.1.",
       "",
       "application/json",
       &Description},
  };
  return kRoutes;
}

std::span<const Route> ApiRoutes() {
  static const std::vector<Route> routes = Joined({ServiceRoutes(), ProjectRoutes(), KeyRoutes(), SampleRoutes(),
                                                   DataRoutes(), ImpulseRoutes(), JobRoutes(), DeviceRoutes()});
  return routes;
}

std::span<const Route> DescribedRoutes() {
  static const std::vector<Route> routes = Joined({ApiRoutes(), LiveDeviceRoutes(), LiveRoutes(), PeopleRoutes()});
  return routes;
}

}  // namespace thimble::studio
