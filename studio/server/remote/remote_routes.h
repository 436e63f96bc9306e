// The routes of connected devices: their own door, and the one for whoever asks them for something.
#ifndef THIMBLE_STUDIO_SERVER_REMOTE_REMOTE_ROUTES_H_
#define THIMBLE_STUDIO_SERVER_REMOTE_REMOTE_ROUTES_H_

#include <span>

#include "studio/server/route.h"

namespace thimble::studio {

/// For the listener of the devices (4802): the WebSocket at "/". The key comes with its first message.
std::span<const Route> RemoteRoutes();

/// Of our own API: connected devices, and what they are asked to do.
std::span<const Route> LiveDeviceRoutes();

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_REMOTE_REMOTE_ROUTES_H_
