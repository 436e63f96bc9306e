// Of our own API: logging in and out, accounts, and the whole server's audit log and backup.
#ifndef THIMBLE_STUDIO_SERVER_PEOPLE_PEOPLE_ROUTES_H_
#define THIMBLE_STUDIO_SERVER_PEOPLE_PEOPLE_ROUTES_H_

#include <span>

#include "studio/server/route.h"

namespace thimble::studio {

std::span<const Route> PeopleRoutes();

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_PEOPLE_PEOPLE_ROUTES_H_
