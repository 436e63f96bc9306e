// Our own API under /api/v1, and the document that describes it.
#ifndef THIMBLE_STUDIO_SERVER_API_API_ROUTES_H_
#define THIMBLE_STUDIO_SERVER_API_API_ROUTES_H_

#include <span>
#include <string>

#include "studio/server/route.h"

namespace thimble::studio {

std::span<const Route> ProjectRoutes();  ///< projects, members, versions, audit log
std::span<const Route> KeyRoutes();      ///< what tools and devices identify themselves with
std::span<const Route> SampleRoutes();   ///< recordings, one by one and many at once
std::span<const Route> DataRoutes();     ///< the data set as a whole: labels, health, balance, events
std::span<const Route> ImpulseRoutes();  ///< designs, blocks, previews of features
std::span<const Route> JobRoutes();      ///< jobs, and the artefacts that they make
std::span<const Route> DeviceRoutes();   ///< devices that were ever seen
std::span<const Route> ServiceRoutes();  ///< events, health, the API's description

/// All of the above.
std::span<const Route> ApiRoutes();

/// OpenAPI 3.1 of these rows and of schemas.json.
std::string OpenApiOf(std::span<const Route> routes);

/// The same for people: docs/api.md.
std::string ApiPageOf(std::span<const Route> routes);

/// Every row of the server whose path begins with /api/v1: what the description describes.
std::span<const Route> DescribedRoutes();

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_API_API_ROUTES_H_
