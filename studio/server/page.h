// The studio's page: files that studio/web is built into, and what is said where there are none.
#ifndef THIMBLE_STUDIO_SERVER_PAGE_H_
#define THIMBLE_STUDIO_SERVER_PAGE_H_

#include <span>

#include "studio/server/route.h"

namespace thimble::studio {

/// "/" and the files that it asks for. They belong to nobody's data, so anyone may have them, before a login too.
/// Names below assets/ carry a hash of their content and are kept by browsers for good; the page itself is asked for
/// anew each time.
std::span<const Route> PageRoutes();

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_PAGE_H_
