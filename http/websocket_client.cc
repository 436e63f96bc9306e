#include "http/websocket_client.h"

#include "http/internal/beast_stream.h"
// After it.
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace thimble::http {
namespace {

namespace websocket = beast::websocket;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr int kClosingMs = 1'000;
constexpr int kWritingMs = 30'000;

/// What the thread tells, and what it is told.
class Events {
 public:
  void Put(SocketEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    arrived_.notify_one();
  }
  SocketEvent Next(int timeout_ms) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, Milliseconds(timeout_ms), [&] { return !events_.empty(); });
    if (events_.empty()) return {};
    SocketEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<SocketEvent> events_;
};

SocketEvent Closed(Error error, bool refused = false) {
  return {SocketEvent::Kind::kClosed, false, {}, std::move(error), refused};
}

struct Outgoing {
  std::string bytes;
  bool binary;
};

/// An open connection, from the upgrade to the end. Lives in the socket's thread.
template <typename Stream>
class Conversation {
 public:
  Conversation(Stream& stream, asio::io_context& io, const WebSocketOptions& options, Events& events,
               std::atomic<size_t>& waiting_bytes)
      : stream_(stream), io_(io), options_(options), events_(events), waiting_bytes_(waiting_bytes) {}

  /// Returns when the connection has ended.
  void Run(Waiter& waiter, const std::atomic<bool>& stopping) {
    const Endpoint& server = options_.server;
    stream_.set_option(websocket::stream_base::decorator(
        [](websocket::request_type& request) { request.set(beast::http::field::user_agent, "thimble"); }));
    stream_.read_message_max(options_.most_message_bytes);
    websocket::response_type response;
    const std::string host = server.port == (server.tls ? 443 : 80) ? server.host : NameOf(server);
    const ErrorCode error = waiter.Do(
        options_.connect_timeout_ms,
        [&](auto handler) { stream_.async_handshake(response, host, server.path, handler); }, [&] { Drop(); });
    if (error) {
      if (error == websocket::error::upgrade_declined) {
        const unsigned status = response.result_int();
        events_.Put(Closed({Status::kDeviceFailed, NameOf(server) + ": no remote management there, it answers " +
                                                       std::to_string(status) + " " + std::string(response.reason())},
                           status == 401 || status == 403));
      } else if (error.category() == make_error_code(websocket::error::closed).category() ||
                 error.category() == make_error_code(beast::http::error::end_of_stream).category()) {
        events_.Put(Closed({Status::kDeviceFailed, NameOf(server) + ": no WebSocket answers there (" + error.message() +
                                                       "); is the address right?"}));
      } else {
        events_.Put(Closed(Failure(server, waiter, error, "opening the WebSocket")));
      }
      return;
    }
    events_.Put({SocketEvent::Kind::kOpened, false, {}, {}, false});
    open_ = true;
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::pong) waiting_for_pong_ = false;
    });
    next_ping_ = Clock::now() + Milliseconds(options_.ping_every_ms);
    Read();
    while (open_ && !stopping) {
      if (io_.stopped()) io_.restart();
      io_.run_one_for(Milliseconds(20));
      Watch();
    }
    if (open_) Close();
    // What is still under way ends with the socket; the handlers must have run before the stream goes.
    Drop();
    io_.restart();
    io_.run_for(Milliseconds(kClosingMs));
  }

  void Send(Outgoing message) {
    outgoing_.push_back(std::move(message));
    if (outgoing_.size() == 1) Write();
  }

 private:
  void Drop() { CloseNow(beast::get_lowest_layer(stream_)); }

  void End(Error error) {
    if (!open_) return;
    open_ = false;
    events_.Put(Closed(std::move(error)));
  }

  void Read() {
    stream_.async_read(buffer_, [this](ErrorCode error, size_t) {
      if (error) {
        std::string words = ": the connection broke (" + error.message() + ")";
        if (error == websocket::error::closed || error == asio::error::eof ||
            error == asio::ssl::error::stream_truncated) {
          words = ": the server closed the connection";
          const websocket::close_reason& reason = stream_.reason();
          if (reason.code != websocket::close_code::none) words += " (" + std::to_string(reason.code) + ")";
          if (!reason.reason.empty()) words += ": " + std::string(reason.reason.data(), reason.reason.size());
        } else if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
          words = ": it sent a message of more than " + std::to_string(options_.most_message_bytes) + " bytes";
        }
        return End({Status::kDeviceFailed, NameOf(options_.server) + words});
      }
      events_.Put(
          {SocketEvent::Kind::kMessage, stream_.got_binary(), beast::buffers_to_string(buffer_.data()), {}, false});
      buffer_.consume(buffer_.size());
      Read();
    });
  }

  void Write() {
    stream_.binary(outgoing_.front().binary);
    writing_since_ = Clock::now();
    stream_.async_write(asio::buffer(outgoing_.front().bytes), [this](ErrorCode error, size_t) {
      if (error) return;  // reading tells
      waiting_bytes_ -= outgoing_.front().bytes.size();
      outgoing_.pop_front();
      if (!outgoing_.empty()) Write();
    });
  }

  /// Asks now and then whether the other end is still there.
  void Watch() {
    const auto now = Clock::now();
    if (waiting_for_pong_ && now >= pong_due_) {
      End({Status::kDeviceFailed, NameOf(options_.server) + ": it is silent; the connection is dead"});
    } else if (!outgoing_.empty() && now >= writing_since_ + Milliseconds(kWritingMs)) {
      End({Status::kDeviceFailed, NameOf(options_.server) + ": it takes nothing any more; the connection is dead"});
    } else if (!waiting_for_pong_ && !pinging_ && now >= next_ping_) {
      waiting_for_pong_ = pinging_ = true;
      pong_due_ = now + Milliseconds(options_.pong_within_ms);
      next_ping_ = now + Milliseconds(options_.ping_every_ms);
      stream_.async_ping({}, [this](ErrorCode) { pinging_ = false; });
    }
  }

  /// What was sent before is on its way when this is; the other end has a second to say goodbye.
  void Close() {
    const auto deadline = Clock::now() + Milliseconds(kClosingMs);
    if (io_.stopped()) io_.restart();
    io_.poll();  // messages that were handed over and not begun
    while (!outgoing_.empty() && open_ && Clock::now() < deadline) {
      if (io_.stopped()) io_.restart();
      io_.run_one_for(Milliseconds(20));
    }
    bool closed = false;
    stream_.async_close(websocket::close_code::normal, [&closed](ErrorCode) { closed = true; });
    while (!closed && Clock::now() < deadline) {
      if (io_.stopped()) io_.restart();
      io_.run_one_for(Milliseconds(20));
    }
    if (!closed) {
      Drop();
      while (!closed) {
        if (io_.stopped()) io_.restart();
        io_.run_one_for(Milliseconds(20));
      }
    }
  }

  Stream& stream_;
  asio::io_context& io_;
  const WebSocketOptions& options_;
  Events& events_;
  std::atomic<size_t>& waiting_bytes_;
  beast::flat_buffer buffer_;
  std::deque<Outgoing> outgoing_;
  bool open_ = false;
  bool waiting_for_pong_ = false, pinging_ = false;
  Clock::time_point next_ping_, pong_due_, writing_since_;
};

class BeastSocket final : public MessageSocket {
 public:
  explicit BeastSocket(const WebSocketOptions& options) : options_(options), thread_([this] { Run(); }) {}

  ~BeastSocket() override {
    stopping_ = true;
    asio::post(io_, [] {});  // wakes it
    thread_.join();
  }

  void Send(std::string bytes, bool binary) override {
    waiting_bytes_ += bytes.size();
    asio::post(io_, [this, message = Outgoing{std::move(bytes), binary}]() mutable {
      if (!send_) {
        waiting_bytes_ -= message.bytes.size();
        return;
      }
      send_(std::move(message));
    });
  }

  SocketEvent Next(int timeout_ms) override { return events_.Next(timeout_ms); }
  size_t waiting_bytes() const override { return waiting_bytes_; }

 private:
  void Run() {
    try {
      const Outcome outcome = options_.server.tls ? RunTls() : RunPlain();
      if (!outcome.ok()) events_.Put(Closed(outcome.error()));
    } catch (const std::exception& exception) {
      events_.Put(Closed({Status::kFailed, NameOf(options_.server) + ": " + exception.what()}));
    }
  }

  template <typename Stream>
  void Converse(websocket::stream<Stream>& stream, Waiter& waiter) {
    Conversation<websocket::stream<Stream>> conversation(stream, io_, options_, events_, waiting_bytes_);
    send_ = [&](Outgoing message) { conversation.Send(std::move(message)); };
    conversation.Run(waiter, stopping_);
    send_ = nullptr;
  }

  Outcome RunPlain() {
    Waiter waiter(io_, &stopping_);
    websocket::stream<PlainStream> stream(io_);
    THIMBLE_EXPECT(ConnectTcp(stream.next_layer(), options_.server, options_.connect_timeout_ms, waiter, &stopping_));
    Converse(stream, waiter);
    return Nothing{};
  }

  Outcome RunTls() {
    Waiter waiter(io_, &stopping_);
    THIMBLE_ASSIGN(const auto context,
                   TlsContext(options_.ca_files, options_.client_certificate_pem, options_.client_key_pem));
    websocket::stream<TlsStream> stream(io_, *context);
    THIMBLE_EXPECT(
        ConnectTcp(beast::get_lowest_layer(stream), options_.server, options_.connect_timeout_ms, waiter, &stopping_));
    THIMBLE_EXPECT(HandshakeTls(stream.next_layer(), options_.server, options_.connect_timeout_ms, waiter));
    Converse(stream, waiter);
    return Nothing{};
  }

  WebSocketOptions options_;
  asio::io_context io_;
  Events events_;
  std::atomic<bool> stopping_ = false;
  std::atomic<size_t> waiting_bytes_ = 0;
  std::function<void(Outgoing)> send_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<MessageSocket> OpenWebSocket(const WebSocketOptions& options) {
  return std::make_unique<BeastSocket>(options);
}

}  // namespace thimble::http
