// The server: addresses to listen at, and the routers that answer there. HTTP/1.1, WebSocket, TLS; no header of Boost.
#ifndef THIMBLE_HTTP_SERVER_H_
#define THIMBLE_HTTP_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/certificate.h"
#include "http/router.h"

namespace thimble::http {

/// Which requests of a listener a router gets, by the name in their Host header.
struct Site {
  std::shared_ptr<const Router> router;
  /// "studio.lan"; "studio.*" for any name that begins so; "*.lan" for any that ends so; "*" for all. The first site
  /// that fits answers; without one it is 421.
  std::vector<std::string> hosts = {"*"};
};

struct TlsSettings {
  /// The one whose names cover what the client asks for (SNI); without one the first.
  std::vector<Identity> identities;
  /// Authorities (PEM) of client certificates. Empty: clients are not asked for one.
  std::string client_authorities_pem;
  /// With authorities: a client without a certificate is refused. Else it is only unnamed.
  bool client_must_show = true;
};

struct Listener {
  std::string address = "127.0.0.1";  ///< numeric
  int port = 0;                       ///< 0: any free one, see Server::ports
  std::vector<Site> sites;
  std::optional<TlsSettings> tls;
};

/// One answered request, for a log.
struct Access {
  std::string_view remote_address, method, target;
  int status = 0;
  double took_ms = 0;
};

struct ServerOptions {
  std::vector<Listener> listeners;
  int io_threads = 1;
  int worker_threads = 4;
  size_t most_waiting = 256;        ///< requests for which no worker is free; the next gets 503
  size_t most_connections = 8'000;  ///< one more is closed at once
  size_t most_header_bytes = 16 * 1024;
  int header_ms = 10'000;       ///< from a request's first byte to the end of its head; also for the TLS handshake
  int idle_ms = 60'000;         ///< between requests
  int write_ms = 60'000;        ///< for each 256 KiB of an answer
  int stream_beat_ms = 15'000;  ///< see Response::stream_beat
  /// A body has ten seconds, and then as long as it would take at this rate.
  uint64_t least_body_bytes_per_s = 2'000;
  int body_grace_ms = 10'000;
  /// Called on an io thread for each answer; must be quick.
  std::function<void(const Access&)> accessed;
  /// Told what went wrong inside: a handler that threw. On any thread.
  std::function<void(const std::string&)> fault;
};

struct ServerCounts {
  uint64_t connections = 0;  ///< open now
  uint64_t requests = 0;     ///< answered so far
};

class Server {
 public:
  /// Listens when it returns. kInvalidArgument for addresses and certificates that are none; kDeviceFailed when a port
  /// is taken.
  static Expected<std::unique_ptr<Server>> Start(ServerOptions options);

  /// Stops at once, but waits for handlers that run.
  virtual ~Server() = default;

  /// Takes no more connections and no more requests, lets those under way end for `drain_ms`, then cuts them off. A
  /// handler that runs is waited for: it is told by Request::stopping. Not to be called by a handler.
  virtual void Stop(int drain_ms) = 0;

  /// In the order of the listeners.
  virtual std::vector<int> ports() const = 0;
  virtual ServerCounts counts() const = 0;

  /// Of a listener with TLS: what connections get that come from now on. Where the settings are none, the others stay.
  virtual Outcome ChangeTls(size_t listener, const TlsSettings& settings) = 0;
};

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_SERVER_H_
