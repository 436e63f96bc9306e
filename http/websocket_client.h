// A WebSocket to a studio, kept alive by a thread of its own; whoever holds it asks for what happened.
#ifndef THIMBLE_HTTP_WEBSOCKET_CLIENT_H_
#define THIMBLE_HTTP_WEBSOCKET_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/endpoint.h"

namespace thimble::http {

struct SocketEvent {
  enum class Kind : uint8_t { kNothing, kOpened, kMessage, kClosed };
  Kind kind = Kind::kNothing;
  bool binary = false;   ///< of a message
  std::string bytes;     ///< a message
  Error error;           ///< kClosed: why, as a sentence
  bool refused = false;  ///< kClosed: the server said 401 or 403 instead of opening
};

class MessageSocket {
 public:
  virtual ~MessageSocket() = default;

  /// Sends as soon as it can; lost when the connection is.
  virtual void Send(std::string bytes, bool binary) = 0;

  /// Sent, and not yet taken by the other end's computer.
  virtual size_t waiting_bytes() const { return 0; }

  /// What happened next, or kNothing after `timeout_ms`. After kClosed there is nothing more.
  virtual SocketEvent Next(int timeout_ms) = 0;
};

struct WebSocketOptions {
  Endpoint server;
  std::vector<std::string> ca_files;  ///< PEM, trusted besides the system's
  int connect_timeout_ms = 10'000;    ///< for name, connection, TLS and upgrade, each
  int ping_every_ms = 30'000;
  int pong_within_ms = 6'000;  ///< else the connection is dead
  size_t most_message_bytes = 64 * 1024;
  std::string client_certificate_pem, client_key_pem;  ///< shown to servers that ask for one
};

/// Begins to connect and gives at once. Destroying it closes the connection, within a second.
std::unique_ptr<MessageSocket> OpenWebSocket(const WebSocketOptions& options);

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_WEBSOCKET_CLIENT_H_
