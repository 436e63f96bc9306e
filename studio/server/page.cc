#include "studio/server/page.h"

#include <string>
#include <utility>

#include "http/files.h"
#include "studio/server/application.h"

namespace thimble::studio {
namespace {

/// What is known without the page: that this is the right address, and what makes the page.
http::Response Welcome(const Application& application) {
  return http::Response::Text(200,
                              "This is a Thimble studio. Its page is not built: run ./run build where npm is, or set\n"
                              "THIMBLE_WEB_DIR to the folder that holds its index.html.\n\n"
                              "API:       /api/v1, described by /api/v1/openapi.json\n"
                              "Devices:   port " +
                                  std::to_string(application.remote_port) +
                                  "\n"
                                  "Uploads:   port " +
                                  std::to_string(application.ingestion_port) +
                                  "\n\n"
                                  "`thimble bridge` comes here when EI_HOST=" +
                                  application.public_name + " is set.\n");
}

http::Response Serve(const Call& call, const std::string& relative, const char* kept) {
  // Opened anew each time: a build replaces the folder, and the server need not be started again.
  const Expected<http::Folder> folder = http::Folder::Open(call.application.page_folder.string());
  if (!folder.ok()) return http::Response::Problem(404, "there is nothing at " + call.request.path);
  return folder->Serve(call.request, relative, {{"Cache-Control", kept}});
}

constexpr const char* kAskAgain = "no-cache";
constexpr const char* kForGood = "public, max-age=31536000, immutable";

http::Response Index(Call& call) {
  http::Response response = Serve(call, "index.html", kAskAgain);
  return response.status == 404 ? Welcome(call.application) : std::move(response);
}

http::Response Icon(Call& call) { return Serve(call, "icon.svg", kAskAgain); }

http::Response Asset(Call& call) { return Serve(call, "assets/" + call.request.Parameter("file"), kForGood); }

}  // namespace

std::span<const Route> PageRoutes() {
  static const Route kRoutes[] = {
      {{}, "GET", "/", Permission::kAnyone, "The studio's page.", "", "text/html", &Index},
      {{}, "GET", "/icon.svg", Permission::kAnyone, "Its picture.", "", "image/svg+xml", &Icon},
      {{},
       "GET",
       "/assets/{file...}",
       Permission::kAnyone,
       "Its scripts and styles.",
       "",
       "application/octet-stream",
       &Asset},
  };
  return kRoutes;
}

}  // namespace thimble::studio
