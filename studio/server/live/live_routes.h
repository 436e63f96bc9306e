// The routes of live signals: what a device senses, as it senses it, and what an impulse makes of that.
#ifndef THIMBLE_STUDIO_SERVER_LIVE_LIVE_ROUTES_H_
#define THIMBLE_STUDIO_SERVER_LIVE_LIVE_ROUTES_H_

#include <span>

#include "studio/server/route.h"

namespace thimble::studio {

/// Of our own API.
std::span<const Route> LiveRoutes();

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_LIVE_LIVE_ROUTES_H_
