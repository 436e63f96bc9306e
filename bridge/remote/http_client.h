// One request to one server, over TLS or plainly, that always ends: answered, failed, timed out or cancelled.
#ifndef THIMBLE_BRIDGE_REMOTE_HTTP_CLIENT_H_
#define THIMBLE_BRIDGE_REMOTE_HTTP_CLIENT_H_

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bridge/remote/settings.h"

namespace thimble::bridge {

struct HttpRequest {
  Endpoint server;
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<std::string> ca_files;  ///< PEM, trusted besides the system's
  int connect_timeout_ms = 10'000;    ///< for name, connection and TLS, each
  int answer_timeout_ms = 60'000;     ///< for sending and the whole answer
  const std::atomic<bool>* cancelled = nullptr;
};

struct HttpReply {
  int status = 0;
  std::string body;  ///< at most a megabyte
};

/// POSTs. Redirections are not followed: they would take the key along.
///
///   kNotFound            no such host
///   kDeviceFailed        refused, silent, broke off, or no HTTP
///   kVerificationFailed  its certificate is not trusted
///   kCancelled           the flag was set
Expected<HttpReply> Post(const HttpRequest& request);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_HTTP_CLIENT_H_
