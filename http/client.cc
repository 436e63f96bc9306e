#include "http/client.h"

#include "http/internal/beast_stream.h"
// After it.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace thimble::http {
namespace {

namespace web = beast::http;

constexpr uint32_t kMostHeaderBytes = 16 * 1024;

template <typename Stream>
Expected<HttpReply> Exchange(Stream& stream, const HttpRequest& request, Waiter& waiter) {
  web::request<web::string_body> message{web::verb::unknown, request.target, 11};
  message.method_string(request.method);
  const std::string host = request.server.port == (request.server.tls ? 443 : 80)
                               ? request.server.host
                               : request.server.host + ":" + std::to_string(request.server.port);
  message.set(web::field::host, host);
  message.set(web::field::user_agent, "thimble");
  message.set(web::field::connection, "close");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();

  const auto give_up = [&] { CloseNow(beast::get_lowest_layer(stream)); };
  ErrorCode error = waiter.Do(
      request.answer_timeout_ms, [&](auto handler) { web::async_write(stream, message, handler); }, give_up);
  // A server that refuses may answer and close before it has read everything: its answer is still there to be read.
  const bool sent = !error;
  if (error && (waiter.was_cancelled() || waiter.timed_out())) {
    return Failure(request.server, waiter, error, "taking the request");
  }
  beast::flat_buffer buffer;
  web::response_parser<web::string_body> parser;
  if (request.method == "HEAD") parser.skip(true);
  parser.header_limit(kMostHeaderBytes);
  parser.body_limit(request.most_reply_bytes);
  error = waiter.Do(
      request.answer_timeout_ms, [&](auto handler) { web::async_read_header(stream, buffer, parser, handler); },
      give_up);
  // Boost 1.74 forgets the limit of answers that tell their length.
  const bool too_long = !error && parser.content_length().value_or(0) > request.most_reply_bytes && !parser.is_done();
  if (!error && !too_long && !parser.is_done()) {
    error = waiter.Do(
        request.answer_timeout_ms, [&](auto handler) { web::async_read(stream, buffer, parser, handler); }, give_up);
  }
  if (too_long || error == web::error::body_limit) {
    return {Status::kDeviceFailed, NameOf(request.server) + ": its answer has more than " +
                                       std::to_string(request.most_reply_bytes) + " bytes"};
  }
  if (error) {
    if (error == web::error::end_of_stream || error == asio::ssl::error::stream_truncated) {
      return {Status::kDeviceFailed, NameOf(request.server) + ": it closed the connection without an answer"};
    }
    return Failure(request.server, waiter, error, sent ? "answering" : "taking the request");
  }
  HttpReply reply;
  reply.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    reply.headers.Add(std::string(field.name_string()), std::string(field.value()));
  }
  reply.body = std::move(parser.get().body());
  return reply;
}

}  // namespace

Expected<HttpReply> Ask(const HttpRequest& request) {
  asio::io_context io;
  Waiter waiter(io, request.cancelled);
  if (!request.server.tls) {
    PlainStream stream(io);
    THIMBLE_EXPECT(ConnectTcp(stream, request.server, request.connect_timeout_ms, waiter, request.cancelled));
    return Exchange(stream, request, waiter);
  }
  THIMBLE_ASSIGN(const auto context,
                 TlsContext(request.ca_files, request.client_certificate_pem, request.client_key_pem));
  TlsStream stream(io, *context);
  THIMBLE_EXPECT(ConnectTcp(beast::get_lowest_layer(stream), request.server, request.connect_timeout_ms, waiter,
                            request.cancelled));
  THIMBLE_EXPECT(HandshakeTls(stream, request.server, request.connect_timeout_ms, waiter));
  return Exchange(stream, request, waiter);
}

}  // namespace thimble::http
