// The ingestion service: where devices and tools of the Edge Impulse world bring their recordings.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_INGEST_ROUTES_H_
#define THIMBLE_STUDIO_SERVER_INGEST_INGEST_ROUTES_H_

#include <span>

#include "http/router.h"
#include "studio/server/route.h"

namespace thimble::studio {

/// /api/{training,testing,anomaly,split}/{files,data}, for the listener of the ingestion service (4810).
std::span<const Route> IngestRoutes();

/// Pages of any origin may bring recordings, as the phone's page does: the key is what lets them in, no cookie.
http::CorsPolicy IngestCors();

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_INGEST_ROUTES_H_
