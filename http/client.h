// One request to one server, over TLS or plainly, that always ends: answered, failed, timed out or cancelled.
#ifndef THIMBLE_HTTP_CLIENT_H_
#define THIMBLE_HTTP_CLIENT_H_

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/endpoint.h"
#include "http/message.h"

namespace thimble::http {

struct HttpRequest {
  Endpoint server;
  std::string method = "POST";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<std::string> ca_files;  ///< PEM, trusted besides the system's
  int connect_timeout_ms = 10'000;    ///< for name, connection and TLS, each
  int answer_timeout_ms = 60'000;     ///< for sending and the whole answer
  size_t most_reply_bytes = 1024 * 1024;
  std::string client_certificate_pem, client_key_pem;  ///< shown to servers that ask for one
  const std::atomic<bool>* cancelled = nullptr;
};

struct HttpReply {
  int status = 0;
  std::string body;
  Headers headers = {};
};

/// Asks. Redirections are not followed: they would take the key along.
///
///   kNotFound            no such host
///   kDeviceFailed        refused, silent, broke off, or no HTTP
///   kVerificationFailed  its certificate is not trusted
///   kCancelled           the flag was set
Expected<HttpReply> Ask(const HttpRequest& request);

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_CLIENT_H_
