// The part of Edge Impulse's studio API that its own tools ask for, so that they work here unchanged.
#ifndef THIMBLE_STUDIO_SERVER_EDGE_IMPULSE_EDGE_IMPULSE_ROUTES_H_
#define THIMBLE_STUDIO_SERVER_EDGE_IMPULSE_EDGE_IMPULSE_ROUTES_H_

#include <span>

#include "studio/server/route.h"

namespace thimble::studio {

std::span<const Route> EdgeImpulseProjectRoutes();  ///< logging in, projects, their keys
std::span<const Route> EdgeImpulseDeviceRoutes();   ///< devices, a recording on request
std::span<const Route> EdgeImpulseSampleRoutes();   ///< the data set
std::span<const Route> EdgeImpulseJobRoutes();      ///< impulses, jobs, what devices run
std::span<const Route> EdgeImpulseSocketRoutes();   ///< the lines of running jobs, by socket.io

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_EDGE_IMPULSE_EDGE_IMPULSE_ROUTES_H_
