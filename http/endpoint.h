// Where a server is, for those who ask.
#ifndef THIMBLE_HTTP_ENDPOINT_H_
#define THIMBLE_HTTP_ENDPOINT_H_

#include <string>

namespace thimble::http {

/// A server that is spoken to over TCP, plainly or by TLS.
struct Endpoint {
  bool tls = true;
  std::string host;
  int port = 443;
  std::string path = "/";

  bool operator==(const Endpoint&) const = default;
};

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_ENDPOINT_H_
