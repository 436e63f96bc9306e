#include "bridge/remote/http_client.h"

#include "bridge/remote/beast_stream.h"
// After it.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace thimble::bridge {
namespace {

namespace http = beast::http;

constexpr uint32_t kMostHeaderBytes = 16 * 1024;
constexpr uint64_t kMostReplyBytes = 1024 * 1024;

template <typename Stream>
Expected<HttpReply> Exchange(Stream& stream, const HttpRequest& request, Waiter& waiter) {
  http::request<http::string_body> message{http::verb::post, request.target, 11};
  const std::string host = request.server.port == (request.server.tls ? 443 : 80)
                               ? request.server.host
                               : request.server.host + ":" + std::to_string(request.server.port);
  message.set(http::field::host, host);
  message.set(http::field::user_agent, "thimble");
  message.set(http::field::connection, "close");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();

  const auto give_up = [&] { CloseNow(beast::get_lowest_layer(stream)); };
  ErrorCode error = waiter.Do(
      request.answer_timeout_ms, [&](auto handler) { http::async_write(stream, message, handler); }, give_up);
  // A server that refuses may answer and close before it has read everything: its answer is still there to be read.
  const bool sent = !error;
  if (error && (waiter.was_cancelled() || waiter.timed_out())) {
    return Failure(request.server, waiter, error, "taking the recording");
  }
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.header_limit(kMostHeaderBytes);
  parser.body_limit(kMostReplyBytes);
  error = waiter.Do(
      request.answer_timeout_ms, [&](auto handler) { http::async_read(stream, buffer, parser, handler); }, give_up);
  if (error) {
    if (error == http::error::end_of_stream || error == asio::ssl::error::stream_truncated) {
      return {Status::kDeviceFailed, NameOf(request.server) + ": it closed the connection without an answer"};
    }
    return Failure(request.server, waiter, error, sent ? "answering" : "taking the recording");
  }
  HttpReply reply;
  reply.status = static_cast<int>(parser.get().result_int());
  reply.body = std::move(parser.get().body());
  return reply;
}

}  // namespace

Expected<HttpReply> Post(const HttpRequest& request) {
  asio::io_context io;
  Waiter waiter(io, request.cancelled);
  if (!request.server.tls) {
    PlainStream stream(io);
    THIMBLE_EXPECT(ConnectTcp(stream, request.server, request.connect_timeout_ms, waiter, request.cancelled));
    return Exchange(stream, request, waiter);
  }
  THIMBLE_ASSIGN(const auto context, TlsContext(request.ca_files));
  TlsStream stream(io, *context);
  THIMBLE_EXPECT(ConnectTcp(beast::get_lowest_layer(stream), request.server, request.connect_timeout_ms, waiter,
                            request.cancelled));
  THIMBLE_EXPECT(HandshakeTls(stream, request.server, request.connect_timeout_ms, waiter));
  return Exchange(stream, request, waiter);
}

}  // namespace thimble::bridge
