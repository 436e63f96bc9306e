// What goes in and what comes out: requests, answers, and what an answer can be besides text.
#ifndef THIMBLE_HTTP_MESSAGE_H_
#define THIMBLE_HTTP_MESSAGE_H_

#include <any>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/coding.h"

namespace thimble::http {

struct Row;

/// In the order in which they came; names are alike in both cases.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Fields::value_type> fields) : fields_(fields) {}

  /// The first of that name; empty without one.
  std::string_view Get(std::string_view name) const;
  size_t Count(std::string_view name) const;
  void Add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  /// Instead of all of that name.
  void Set(std::string_view name, std::string_view value);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }

 private:
  Fields fields_;
};

struct Request {
  std::string method;  ///< "GET"
  std::string target;  ///< as sent, without scheme and host: "/api/v1/things/7?full=1"
  std::string path;    ///< of the target, not decoded: "/api/v1/things/7"
  Fields parameters;   ///< of the row's path, decoded: {"id", "7"}
  Fields query;        ///< decoded
  Headers headers;
  std::string body;  ///< empty for rows that take it in pieces
  std::string host;  ///< of the Host header, in lower case, without the port
  std::string remote_address;
  bool tls = false;
  std::string client_subject;  ///< of a verified client certificate, RFC 2253; empty without
  const Row* row = nullptr;    ///< the one that answers
  std::any identity;           ///< what the router's guard found out
  /// The server stops now: what takes long gives up.
  const std::atomic<bool>* stopping = nullptr;

  /// Of the row's path; it must have it.
  const std::string& Parameter(std::string_view name) const;
};

/// A part of an open file, which is closed with it.
class FileBody {
 public:
  FileBody(int descriptor, uint64_t offset, uint64_t size_bytes)
      : descriptor_(descriptor), offset_(offset), size_bytes_(size_bytes) {}
  FileBody(FileBody&& other) noexcept { *this = std::move(other); }
  FileBody& operator=(FileBody&& other) noexcept;
  ~FileBody();

  int descriptor() const { return descriptor_; }
  uint64_t offset() const { return offset_; }
  uint64_t size_bytes() const { return size_bytes_; }
  void Cut(uint64_t offset, uint64_t size_bytes) { offset_ = offset, size_bytes_ = size_bytes; }

 private:
  int descriptor_ = -1;
  uint64_t offset_ = 0, size_bytes_ = 0;
};

/// An answer that goes on: bytes are sent as they come. Any thread may use it, and may keep it after the connection
/// and the server are gone.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// False when the connection has ended, or ends now because the other end does not take what waits.
  virtual bool Send(std::string_view bytes) = 0;
  /// After what waits.
  virtual void Close() = 0;
  virtual bool open() const = 0;
  /// Sent, and not yet taken by the other end's computer: who sends faster than it is read may leave some out.
  virtual size_t waiting_bytes() const { return 0; }
};

/// One message of server-sent events; `name` and `id` may be empty.
std::string EventText(std::string_view name, std::string_view data, std::string_view id = {});

/// The server's end of a WebSocket. Any thread may use it, and may keep it after the connection and the server are
/// gone.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  /// False when the connection has ended, or ends now because the other end does not take what waits.
  virtual bool Send(std::string_view bytes, bool binary) = 0;
  /// After what waits. The code is one of RFC 6455, 7.4, or from 3000 to 4999; the reason has up to 123 bytes.
  virtual void Close(uint16_t code, std::string_view reason) = 0;
  virtual bool open() const = 0;
};

/// What happens on a WebSocket, one call at a time and in this order: opened, messages, closed.
struct WebSocketEvents {
  std::function<void(const std::shared_ptr<WebSocket>&)> opened;
  std::function<void(const std::shared_ptr<WebSocket>&, std::string bytes, bool binary)> message;
  /// 1006: the connection broke. Always the last call, once, if `opened` was called.
  std::function<void(uint16_t code, std::string_view reason)> closed;
  bool quick = false;                            ///< the calls never wait and need no worker
  size_t most_message_bytes = 1024 * 1024;       ///< else 1009
  size_t most_waiting_bytes = 16 * 1024 * 1024;  ///< more of them and the connection ends
  int silent_ms = 90'000;                        ///< the other end is asked after a third of it, gone after it
  std::string protocol;                          ///< one of those that the request offers, or empty
};

/// An answer: text, or one of the others.
struct Response {
  int status = 200;
  Headers headers;  ///< without those of the connection and the length, which are the server's business
  std::string body;
  std::optional<FileBody> file;
  /// Called on a worker for each further piece, when the one before has been sent: appends to its argument, false at
  /// the end. What it throws ends the connection, so that the other end sees that something is missing.
  std::function<bool(std::string&)> produce;
  /// Called once the header is on its way; bytes follow until it is closed. Must not wait.
  std::function<void(std::shared_ptr<ByteStream>)> stream;
  /// What a stream sends every ServerOptions::stream_beat_ms, so that proxies keep it and a lost page is noticed.
  std::string stream_beat;
  std::optional<WebSocketEvents> web_socket;
  bool close = false;  ///< the connection ends after it

  static Response Empty(int status = 204);
  static Response Text(int status, std::string body, std::string_view type = "text/plain; charset=utf-8");
  static Response Json(int status, std::string body) { return Text(status, std::move(body), "application/json"); }
  static Response Redirect(std::string_view location, int status = 303);
  /// RFC 9457: {"type":"about:blank","title":"Not Found","status":404,"detail":"..."}. `members` is put before the end,
  /// like `"field":"name"`.
  static Response Problem(int status, std::string_view detail, std::string_view members = {});
};

/// "Not Found" for 404.
std::string_view ReasonPhrase(int status);

/// Does If-None-Match (or If-Match's negation, by the caller) name this tag? Weak comparison, RFC 9110, 8.8.3.2.
bool TagMatches(std::string_view header, std::string_view tag);

/// Sets the ETag, and makes a 304 without a body of a 200 that the asker already has.
void ApplyTag(const Request& request, Response& response, std::string_view tag);

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_MESSAGE_H_
