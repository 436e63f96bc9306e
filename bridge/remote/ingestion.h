// What goes to the ingestion service for a recording, and what its answers mean.
#ifndef THIMBLE_BRIDGE_REMOTE_INGESTION_H_
#define THIMBLE_BRIDGE_REMOTE_INGESTION_H_

#include <string>

#include "base/error.h"
#include "bridge/remote/settings.h"
#include "bridge/remote/spool.h"
#include "http/client.h"

namespace thimble::bridge {

using http::HttpReply;
using http::HttpRequest;

struct UploadAnswer {
  enum class Kind : uint8_t {
    kStored,      ///< confirmed
    kRefused,     ///< this recording is not wanted
    kKeyRefused,  ///< no recording under this key is
    kLater,       ///< the server is away, busy or not itself
  };
  Kind kind = Kind::kLater;
  std::string words;      ///< the server's, or ours about the connection; may hold what must not be shown
  std::string sample_id;  ///< of kStored, when the server gives one
};

/// The upload of a shipment. A path ending in /files gets a form with the field "data", any other the bare bytes.
/// A shipment that was tried before is sent with x-disallow-duplicates, so that it is not stored twice.
HttpRequest UploadRequest(const Shipment& shipment, const Endpoint& ingestion, const std::string& api_key);

UploadAnswer ReadUploadAnswer(const Expected<HttpReply>& reply, const Shipment& shipment);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_INGESTION_H_
