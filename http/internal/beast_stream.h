// Connections of Boost.Beast, plain or TLS, each step with its time. Heavy: only for client.cc and websocket_client.cc.
#ifndef THIMBLE_HTTP_INTERNAL_BEAST_STREAM_H_
#define THIMBLE_HTTP_INTERNAL_BEAST_STREAM_H_

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>  // Boost 1.74 needs it before its own headers
#include <vector>

#include "base/error.h"
#include "http/endpoint.h"
#include "http/resolve.h"

namespace thimble::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using ErrorCode = boost::system::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

inline std::string NameOf(const Endpoint& server) { return server.host + ":" + std::to_string(server.port); }

/// Runs `io` until `done` holds. After `timeout_ms` or on cancellation `give_up` closes the socket, and what was begun
/// ends with an error.
class Waiter {
 public:
  Waiter(asio::io_context& io, const std::atomic<bool>* cancelled) : io_(io), cancelled_(cancelled) {}

  /// `begin(handler)` starts one operation, whose handler is called with an error code first.
  template <typename Begin, typename GiveUp>
  ErrorCode Do(int timeout_ms, Begin&& begin, GiveUp&& give_up) {
    std::optional<ErrorCode> result;
    begin([&result](ErrorCode error, auto&&...) { result = error; });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    bool given_up = false;
    io_.restart();
    while (!result) {
      if (io_.stopped()) io_.restart();
      io_.run_one_for(std::chrono::milliseconds(50));
      if (given_up || result) continue;
      if (cancelled_ != nullptr && *cancelled_) {
        was_cancelled_ = given_up = true;
      } else if (std::chrono::steady_clock::now() >= deadline) {
        timed_out_ = given_up = true;
      }
      if (given_up) give_up();
    }
    return given_up ? asio::error::operation_aborted : *result;
  }

  bool was_cancelled() const { return was_cancelled_; }
  bool timed_out() const { return timed_out_; }

 private:
  asio::io_context& io_;
  const std::atomic<bool>* cancelled_;
  bool was_cancelled_ = false;
  bool timed_out_ = false;
};

inline void CloseNow(beast::tcp_stream& tcp) {
  ErrorCode ignored;
  tcp.socket().close(ignored);
}

/// Why an operation on the connection to `server` failed, as a sentence.
inline Error Failure(const Endpoint& server, const Waiter& waiter, const ErrorCode& error, const std::string& doing) {
  if (waiter.was_cancelled()) return {Status::kCancelled, "stopped"};
  if (waiter.timed_out()) return {Status::kDeviceFailed, NameOf(server) + ": no answer in time while " + doing};
  const std::string advice = error == asio::error::connection_refused ? "; is the studio running there?" : "";
  return {Status::kDeviceFailed, NameOf(server) + ": " + error.message() + " while " + doing + advice};
}

/// A context that trusts the system's authorities and `ca_files`, and shows the certificate unless it is empty.
inline Expected<std::unique_ptr<asio::ssl::context>> TlsContext(const std::vector<std::string>& ca_files,
                                                                const std::string& certificate_pem,
                                                                const std::string& key_pem) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  ErrorCode error;
  context->set_default_verify_paths(error);
  context->set_verify_mode(asio::ssl::verify_peer, error);
  for (const std::string& file : ca_files) {
    context->load_verify_file(file, error);
    if (error) return {Status::kInvalidArgument, file + ": holds no certificates in PEM: " + error.message()};
  }
  if (!certificate_pem.empty()) {
    context->use_certificate_chain(asio::buffer(certificate_pem), error);
    if (!error) context->use_private_key(asio::buffer(key_pem), asio::ssl::context::pem, error);
    if (error) return {Status::kInvalidArgument, "the client's certificate and key are none: " + error.message()};
  }
  return context;
}

inline Outcome ConnectTcp(beast::tcp_stream& tcp, const Endpoint& server, int timeout_ms, Waiter& waiter,
                          const std::atomic<bool>* cancelled) {
  THIMBLE_ASSIGN(const std::vector<std::string> addresses, Resolve(server.host, timeout_ms, cancelled));
  std::vector<asio::ip::tcp::endpoint> endpoints;
  for (const std::string& address : addresses) {
    ErrorCode ignored;
    const auto parsed = asio::ip::make_address(address, ignored);
    if (!ignored) endpoints.emplace_back(parsed, static_cast<uint16_t>(server.port));
  }
  const ErrorCode error = waiter.Do(
      timeout_ms, [&](auto handler) { tcp.async_connect(endpoints, handler); }, [&] { CloseNow(tcp); });
  if (error) return Failure(server, waiter, error, "connecting");
  ErrorCode ignored;
  tcp.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  return Nothing{};
}

inline Outcome HandshakeTls(TlsStream& tls, const Endpoint& server, int timeout_ms, Waiter& waiter) {
  ErrorCode no_address;
  (void)asio::ip::make_address(server.host, no_address);
  if (no_address) SSL_set_tlsext_host_name(tls.native_handle(), server.host.c_str());  // names only, RFC 6066
  tls.set_verify_callback(asio::ssl::host_name_verification(server.host));
  const ErrorCode error = waiter.Do(
      timeout_ms, [&](auto handler) { tls.async_handshake(asio::ssl::stream_base::client, handler); },
      [&] { CloseNow(beast::get_lowest_layer(tls)); });
  if (!error) return Nothing{};
  const long verdict = SSL_get_verify_result(tls.native_handle());
  if (error.category() == asio::error::get_ssl_category() &&
      ERR_GET_REASON(error.value()) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    // A wrong name is not among OpenSSL's own findings: the check is Asio's.
    const std::string why =
        verdict == X509_V_OK ? "it is made out to another name" : X509_verify_cert_error_string(verdict);
    return {Status::kVerificationFailed, NameOf(server) + ": its certificate is not trusted (" + why +
                                             "); if the studio is yours, give its authority's certificate by --ca"};
  }
  return Failure(server, waiter, error, "greeting by TLS");
}

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_INTERNAL_BEAST_STREAM_H_
