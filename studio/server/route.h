// One row of a table of routes: what is asked, who may, what comes back, and the function that answers.
#ifndef THIMBLE_STUDIO_SERVER_ROUTE_H_
#define THIMBLE_STUDIO_SERVER_ROUTE_H_

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "http/message.h"
#include "http/router.h"
#include "studio/server/people/identity.h"

namespace thimble::studio {

struct Application;

/// A request whose sender may ask it.
struct Call {
  Application& application;
  http::Request& request;
  const Identity& identity;
  int64_t project_id = 0;  ///< of the path's {project}, or of the key; 0 where neither says one
};

/// The table rows of the server. Router, permission test, OpenAPI document and command line read the same ones.
struct Route : http::RouteInfo {
  const char* method;
  const char* path;  ///< "/api/v1/projects/{project}/samples"
  Permission permission;
  const char* summary;  ///< one sentence for docs/api.md
  const char* takes;    ///< name of a schema of schemas.json, a media type with a slash in it, or "" for no body
  const char* gives;    ///< the same for the answer of success
  http::Response (*answer)(Call& call) = nullptr;
  /// Instead of `answer`: the body comes in pieces.
  std::variant<std::unique_ptr<http::BodySink>, http::Response> (*open)(Call& call) = nullptr;
  bool quick = false;  ///< answers from memory at once
  uint64_t most_body_bytes = 1024 * 1024;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_ROUTE_H_
