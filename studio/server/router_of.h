// The tables of routes behind the gate, as one router.
#ifndef THIMBLE_STUDIO_SERVER_ROUTER_OF_H_
#define THIMBLE_STUDIO_SERVER_ROUTER_OF_H_

#include <memory>
#include <span>
#include <vector>

#include "http/router.h"
#include "studio/server/application.h"
#include "studio/server/route.h"

namespace thimble::studio {

/// How a room says no.
enum class Tongue : uint8_t {
  kProblem,      ///< RFC 9457: our own API
  kEdgeImpulse,  ///< {"success":false,"error":"…"}, as Edge Impulse's studio API
  kIngestion,    ///< the same, but plain text where the path ends with /data
};

struct Room {
  std::span<const Route> routes;
  Tongue tongue = Tongue::kProblem;
};

/// Every row is called only for those whom the gate admits, and every answer gets the headers that keep browsers safe.
/// `application` and the tables outlive the router.
std::shared_ptr<const http::Router> RouterOf(Application& application, const std::vector<Room>& rooms,
                                             http::CorsPolicy cors = {});

/// A refusal in a room's tongue.
http::Response Say(Tongue tongue, const http::Request& request, int status, std::string_view sentence);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_ROUTER_OF_H_
