// Connections as coroutines of Boost.Asio: each lives on one io thread, so nothing of it is locked but what other
// threads may send by (Outbox). Handlers that wait run on workers.
#include "http/server.h"

// Clang 14 compiles coroutines, but tells neither the standard library nor Boost. Not needed from Clang 17 on.
#ifdef __clang__
#ifndef __cpp_impl_coroutine
#define __cpp_impl_coroutine 201902L  // NOLINT(bugprone-reserved-identifier)
#endif
#define BOOST_ASIO_HAS_CO_AWAIT 1
#define BOOST_ASIO_HAS_STD_COROUTINE 1
#endif

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

// Boost 1.74's awaitable.hpp needs <utility> before it.
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "http/internal/frames.h"
#include "http/internal/request_parser.h"

namespace thimble::http {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Tls = asio::ssl::stream<Socket&>;
using Clock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
using Milliseconds = std::chrono::milliseconds;
template <typename T = void>
using Task = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;

constexpr auto kTick = Milliseconds(100);
constexpr int kGoodbyeMs = 2'000;              // for the other end to take the last answer, or a close frame
constexpr size_t kSmallestInput = 4 * 1024;    // what an idle connection keeps
constexpr size_t kLargestInput = 64 * 1024;    // what a body is read by
constexpr size_t kWriteBytes = 256 * 1024;     // what has one deadline
constexpr size_t kWholeFileBytes = 64 * 1024;  // up to here a file is sent together with its head
constexpr uint64_t kDrainBytes = 64 * 1024;    // up to here a refused body is read rather than cut off

/// Threads for what waits, behind a queue with an end.
class Workers {
 public:
  Workers(int threads, size_t most_waiting) : most_waiting_(most_waiting) {
    for (int i = 0; i < std::max(threads, 1); ++i) threads_.emplace_back([this] { Run(); });
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// False when too many wait already.
  bool Try(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      if (jobs_.size() >= most_waiting_) return false;
      jobs_.push_back(std::move(job));
    }
    changed_.notify_one();
    return true;
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return ended_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

/// Bytes that have come and are not used yet.
class Input {
 public:
  std::string_view view() const { return {data_.get() + first_, last_ - first_}; }
  bool empty() const { return first_ == last_; }
  void Consume(size_t count) { first_ += count; }

  /// Room for more: at least one byte, at most `most_bytes` altogether unless more is here already.
  asio::mutable_buffer Prepare(size_t most_bytes) {
    if (empty()) first_ = last_ = 0;
    const size_t used = last_ - first_;
    size_t wanted = std::max(capacity_, kSmallestInput);
    while (wanted < most_bytes && wanted <= used + kSmallestInput / 4) wanted *= 2;
    if (used == wanted) wanted *= 2;
    if (wanted != capacity_) {
      auto larger = std::make_unique<char[]>(wanted);
      std::copy_n(data_.get() + first_, used, larger.get());
      data_ = std::move(larger);
      capacity_ = wanted;
      first_ = 0, last_ = used;
    } else if (first_ > 0 && capacity_ - last_ < kSmallestInput / 4) {
      std::copy_n(data_.get() + first_, used, data_.get());
      first_ = 0, last_ = used;
    }
    return {data_.get() + last_, capacity_ - last_};
  }
  void Commit(size_t count) { last_ += count; }

  /// A connection that waits keeps little.
  void Shrink() {
    if (!empty() || capacity_ <= kSmallestInput) return;
    data_.reset();
    capacity_ = first_ = last_ = 0;
  }
  void Grow(size_t bytes) {
    if (capacity_ >= bytes) return;
    auto larger = std::make_unique<char[]>(bytes);
    std::copy_n(data_.get() + first_, last_ - first_, larger.get());
    last_ -= first_;
    first_ = 0;
    data_ = std::move(larger);
    capacity_ = bytes;
  }

 private:
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0, first_ = 0, last_ = 0;
};

struct Connection;
class Core;

struct IoThread {
  asio::io_context io{1};
  Timer tick{io};
  std::list<Connection*> connections;
  std::string date_line;
  int64_t date_s = 0;
  std::thread thread;
};

/// What a listener shows to clients that ask by TLS.
struct Certificates {
  std::vector<std::unique_ptr<asio::ssl::context>> contexts;
  std::vector<std::vector<std::string>> names;  ///< of each context's certificate
};

struct Door {
  Listener settings;
  std::unique_ptr<Acceptor> acceptor;
  int port = 0;

  std::shared_ptr<const Certificates> certificates() const {
    const std::lock_guard lock(mutex);
    return current;
  }
  void Show(std::shared_ptr<const Certificates> others) {
    const std::lock_guard lock(mutex);
    current.swap(others);
  }

 private:
  mutable std::mutex mutex;
  std::shared_ptr<const Certificates> current;
};

/// What any thread hands to a connection to be sent. Outlives it.
class Outbox {
 public:
  Outbox(std::shared_ptr<Connection> connection, size_t most_waiting_bytes);

  bool Push(std::string bytes);
  /// The last bytes; nothing after them is taken.
  bool PushLast(std::string bytes);
  bool open() const {
    const std::lock_guard lock(mutex_);
    return !closing_;
  }

  // The rest is the connection's, on its io thread.

  /// Some of what waits; false when nothing does.
  bool Take(std::string& batch);
  void Sent(size_t bytes) {
    const std::lock_guard lock(mutex_);
    waiting_bytes_ -= bytes;
  }
  /// Nothing more will be taken, nor sent.
  void Detach();
  bool overflown() const {
    const std::lock_guard lock(mutex_);
    return overflown_;
  }
  size_t waiting_bytes() const {
    const std::lock_guard lock(mutex_);
    return waiting_bytes_;
  }

 private:
  bool PushLocked(std::string bytes);
  void Wake();

  mutable std::mutex mutex_;
  std::shared_ptr<Connection> connection_;  ///< null when it has ended
  std::deque<std::string> waiting_;
  size_t waiting_bytes_ = 0, most_waiting_bytes_;
  bool woken_ = false, closing_ = false, overflown_ = false;
};

/// One socket. Everything here is for its io thread alone.
struct Connection : std::enable_shared_from_this<Connection> {
  Connection(Core& the_core, IoThread& its_thread, const Door& its_door, int descriptor, bool version_6)
      : core(the_core), thread(its_thread), door(its_door), socket(its_thread.io), event(its_thread.io) {
    ErrorCode ignored;
    socket.assign(version_6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), descriptor, ignored);
    const auto remote = socket.remote_endpoint(ignored);
    remote_address = remote.address().to_string(ignored);
    event.expires_at(Clock::time_point::max());
  }

  void Allow(int64_t ms) {
    deadline = Clock::now() + Milliseconds(ms);
    expired = false;
  }
  void AllowForever() {
    deadline = Clock::time_point::max();
    expired = false;
  }
  void CloseNow() {
    ErrorCode ignored;
    socket.close(ignored);
  }

  Task<size_t> ReadSome(asio::mutable_buffer into, ErrorCode& error) {
    size_t count = 0;
    if (tls) {
      count = co_await tls->async_read_some(into, asio::redirect_error(kAwait, error));
    } else {
      count = co_await socket.async_read_some(into, asio::redirect_error(kAwait, error));
    }
    co_return count;
  }
  /// More into `input`.
  Task<bool> ReadMore(size_t most_bytes) {
    ErrorCode error;
    const asio::mutable_buffer room = input.Prepare(most_bytes);
    const size_t count = co_await ReadSome(room, error);
    input.Commit(count);
    co_return !error && count > 0;
  }
  /// All of it, each stretch within its time.
  Task<bool> Write(std::string_view bytes);

  Core& core;
  IoThread& thread;
  const Door& door;
  Socket socket;
  std::unique_ptr<Tls> tls;
  std::string remote_address, client_subject;
  Input input;
  Timer event;  ///< cancelled when something that is waited for has happened
  Clock::time_point deadline = Clock::time_point::max();
  bool expired = false;           ///< the deadline passed, and what was under way was cancelled
  bool between_requests = false;  ///< may be closed without anybody missing anything
  std::list<Connection*>::iterator place;

  // While it is a WebSocket or a stream.
  std::shared_ptr<Outbox> outbox;
  bool conversing = false, pumping = false, failed = false, ends_when_sent = false;
  std::function<void()> say_goodbye;
  int silent_ms = 0;
  Clock::time_point heard;
  bool asked = false, handling = false;
  std::function<void()> beat;
  Clock::time_point next_beat;
};

class Core final : public Server {
 public:
  explicit Core(ServerOptions options)
      : options_(std::move(options)), workers_(options_.worker_threads, options_.most_waiting) {
    for (int i = 0; i < std::max(options_.io_threads, 1); ++i) threads_.push_back(std::make_unique<IoThread>());
  }
  ~Core() override { Stop(0); }

  Outcome Open();
  void Stop(int drain_ms) override;
  std::vector<int> ports() const override {
    std::vector<int> ports;
    for (const auto& door : doors_) ports.push_back(door->port);
    return ports;
  }
  ServerCounts counts() const override { return {open_, requests_}; }
  Outcome ChangeTls(size_t listener, const TlsSettings& settings) override {
    return OpenTls(*doors_[listener], settings);
  }

  const ServerOptions& options() const { return options_; }
  void Fault(const std::string& words) const {
    if (options_.fault) options_.fault(words);
  }

  friend struct Connection;

 private:
  struct Conversation;

  Outcome OpenDoor(Listener listener);
  static Outcome OpenTls(Door& door, const TlsSettings& settings);
  static int ChooseIdentity(SSL* ssl, int* alert, void* door);

  Task<> Accept(Door& door);
  Task<> Tick(IoThread& thread);
  void LookAfter(Connection& connection, Clock::time_point now);
  Task<> Run(std::shared_ptr<Connection> connection);
  Task<bool> Greet(Connection& connection);
  Task<std::optional<WebSocketEvents>> ServeRequests(Connection& connection);
  Task<bool> TakeBody(Connection& connection, Request& request, internal::RequestParser& parser, const Router* router,
                      std::optional<Response>& response, bool& whole);
  Task<bool> WriteResponse(Connection& connection, const Request& request, Response& response, bool old,
                           bool& keep_alive);
  Task<bool> WriteFile(Connection& connection, const FileBody& file, std::string head);
  Task<bool> WriteProduced(Connection& connection, Response& response, bool chunked);
  Task<> Stream(std::shared_ptr<Connection> connection, Response& response, bool chunked);
  std::string Head(Connection& connection, const Response& response, std::optional<uint64_t> length, bool chunked,
                   bool keep_alive, bool old);
  std::optional<Response> CheckUpgrade(const Request& request, Response& response) const;
  Task<> Converse(std::shared_ptr<Connection> connection, WebSocketEvents events);
  Task<> Deliver(Connection& connection, bool quick, const std::function<void()>& call);
  Task<> Linger(Connection& connection);
  Task<bool> OnWorker(Connection& connection, const std::function<void()>& job, bool patient);
  Task<bool> Call(Connection& connection, bool quick, const std::function<void()>& job);

 public:
  static Task<> Pump(std::shared_ptr<Connection> connection, std::shared_ptr<Outbox> outbox);

 private:
  ServerOptions options_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::atomic<uint64_t> open_ = 0, requests_ = 0;
  std::atomic<bool> draining_ = false, cut_off_ = false;
  std::mutex stop_mutex_;
  std::condition_variable all_gone_;
  bool stopped_ = false;
  size_t next_thread_ = 0;
  Workers workers_;  ///< last, so that it ends before what its jobs use
};

// ---------------------------------------------------------------------------------------------------------- sending

Outbox::Outbox(std::shared_ptr<Connection> connection, size_t most_waiting_bytes)
    : connection_(std::move(connection)), most_waiting_bytes_(most_waiting_bytes) {}

bool Outbox::PushLocked(std::string bytes) {
  if (closing_ || !connection_) return false;
  if (waiting_bytes_ + bytes.size() > most_waiting_bytes_ && waiting_bytes_ > 0) {
    overflown_ = closing_ = true;
    Wake();
    return false;
  }
  waiting_bytes_ += bytes.size();
  waiting_.push_back(std::move(bytes));
  Wake();
  return true;
}

bool Outbox::Push(std::string bytes) {
  const std::lock_guard lock(mutex_);
  return PushLocked(std::move(bytes));
}

bool Outbox::PushLast(std::string bytes) {
  const std::lock_guard lock(mutex_);
  const bool pushed = PushLocked(std::move(bytes));
  closing_ = true;
  return pushed;
}

void Outbox::Wake() {
  if (woken_) return;
  woken_ = true;
  asio::post(connection_->thread.io, [connection = connection_] {
    if (connection->pumping || !connection->outbox) return;
    connection->pumping = true;
    asio::co_spawn(connection->thread.io, Core::Pump(connection, connection->outbox), asio::detached);
  });
}

bool Outbox::Take(std::string& batch) {
  const std::lock_guard lock(mutex_);
  batch.clear();
  if (!connection_ || overflown_) return false;
  while (!waiting_.empty() && batch.size() < kWriteBytes) {
    if (batch.empty()) {
      batch = std::move(waiting_.front());
    } else {
      batch += waiting_.front();
    }
    waiting_.pop_front();
  }
  woken_ = !batch.empty();
  return woken_;
}

void Outbox::Detach() {
  std::shared_ptr<Connection> released;  // perhaps the last: not under the lock
  const std::lock_guard lock(mutex_);
  closing_ = true;
  waiting_.clear();
  released.swap(connection_);
}

Task<bool> Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kWriteBytes);
    bytes.remove_prefix(piece.size());
    Allow(core.options().write_ms);
    ErrorCode error;
    const asio::const_buffer buffer(piece.data(), piece.size());
    if (tls) {
      co_await asio::async_write(*tls, buffer, asio::redirect_error(kAwait, error));
    } else {
      // Nearly always the socket takes it at once, which saves the machinery of waiting.
      const ssize_t sent = ::send(socket.native_handle(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      const size_t done = sent > 0 ? static_cast<size_t>(sent) : 0;
      if (done < piece.size()) co_await asio::async_write(socket, buffer + done, asio::redirect_error(kAwait, error));
    }
    AllowForever();
    if (error) co_return false;
  }
  co_return true;
}

Task<> Core::Pump(std::shared_ptr<Connection> connection, std::shared_ptr<Outbox> outbox) {
  std::string batch;
  bool sent = true;
  while (sent && outbox->Take(batch)) {
    sent = co_await connection->Write(batch);
    outbox->Sent(batch.size());
  }
  connection->pumping = false;
  if (!sent || outbox->overflown()) {
    connection->failed = true;
    connection->CloseNow();
  } else if (!outbox->open() && connection->conversing) {
    connection->Allow(kGoodbyeMs);  // for the other end's goodbye
    ErrorCode ignored;
    if (connection->ends_when_sent) connection->socket.shutdown(Socket::shutdown_both, ignored);
  }
  connection->event.cancel();
}

// ---------------------------------------------------------------------------------------------------------- opening

Outcome Core::Open() {
  if (options_.listeners.empty()) return {Status::kInvalidArgument, "there is no address to listen at"};
  for (Listener& listener : options_.listeners) THIMBLE_EXPECT(OpenDoor(listener));
  for (const auto& door : doors_) asio::co_spawn(threads_[0]->io, Accept(*door), asio::detached);
  for (const auto& thread : threads_) {
    asio::co_spawn(thread->io, Tick(*thread), asio::detached);
    thread->thread = std::thread([this, io = &thread->io] {
      // sendfile has no MSG_NOSIGNAL: a client that goes away must not end the program.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      while (!io->stopped()) {
        try {
          io->run();
        } catch (const std::exception& exception) {
          Fault(std::string("the server went on after: ") + exception.what());
        }
      }
    });
  }
  return Nothing{};
}

Outcome Core::OpenDoor(Listener listener) {
  auto door = std::make_unique<Door>();
  const std::string where = listener.address + ":" + std::to_string(listener.port);
  ErrorCode error;
  const auto address = asio::ip::make_address(listener.address, error);
  if (error || listener.port < 0 || listener.port > 65535) {
    return {Status::kInvalidArgument, where + ": this is no address to listen at; give numbers, like 127.0.0.1"};
  }
  door->settings = std::move(listener);
  if (door->settings.tls) THIMBLE_EXPECT(OpenTls(*door, *door->settings.tls));
  const asio::ip::tcp::endpoint endpoint(address, static_cast<uint16_t>(door->settings.port));
  door->acceptor = std::make_unique<Acceptor>(threads_[0]->io);
  Acceptor& acceptor = *door->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) {
    const std::string advice = error == asio::error::address_in_use ? "; does another server run there?" : "";
    return {Status::kDeviceFailed, where + ": cannot listen there: " + error.message() + advice};
  }
  door->port = acceptor.local_endpoint(error).port();
  doors_.push_back(std::move(door));
  return Nothing{};
}

Outcome Core::OpenTls(Door& door, const TlsSettings& settings) {
  auto certificates = std::make_shared<Certificates>();
  if (settings.identities.empty()) return {Status::kInvalidArgument, "TLS needs a certificate and its key"};
  for (const Identity& identity : settings.identities) {
    THIMBLE_ASSIGN(std::vector<std::string> names, NamesOf(identity.certificate_pem));
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX* raw = context->native_handle();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION);
    static constexpr std::array<unsigned char, 7> kSessions = {'t', 'h', 'i', 'm', 'b', 'l', 'e'};
    SSL_CTX_set_session_id_context(raw, kSessions.data(), kSessions.size());
    ErrorCode error;
    context->use_certificate_chain(asio::buffer(identity.certificate_pem), error);
    if (error) return {Status::kInvalidArgument, "the certificate is none: " + error.message()};
    context->use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem, error);
    if (error || SSL_CTX_check_private_key(raw) != 1) {
      return {Status::kInvalidArgument, "the key is not that of the certificate"};
    }
    if (!settings.client_authorities_pem.empty()) {
      context->add_certificate_authority(asio::buffer(settings.client_authorities_pem), error);
      if (error) return {Status::kInvalidArgument, "the clients' authorities are no certificates: " + error.message()};
      const int must = settings.client_must_show ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
      SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | must, nullptr);
    }
    SSL_CTX_set_tlsext_servername_callback(raw, &Core::ChooseIdentity);
    SSL_CTX_set_tlsext_servername_arg(raw, &door);
    certificates->contexts.push_back(std::move(context));
    certificates->names.push_back(std::move(names));
  }
  door.Show(std::move(certificates));
  return Nothing{};
}

int Core::ChooseIdentity(SSL* ssl, int*, void* argument) {
  const Door& door = *static_cast<const Door*>(argument);
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_OK;
  const std::shared_ptr<const Certificates> certificates = door.certificates();
  for (size_t i = 0; i < certificates->contexts.size(); ++i) {
    if (std::ranges::any_of(certificates->names[i], [&](const std::string& name) { return NameCovers(name, asked); })) {
      SSL_set_SSL_CTX(ssl, certificates->contexts[i]->native_handle());
      break;
    }
  }
  return SSL_TLSEXT_ERR_OK;
}

Task<> Core::Accept(Door& door) {
  Acceptor& acceptor = *door.acceptor;
  Timer pause(threads_[0]->io);
  while (!draining_) {
    ErrorCode error;
    co_await acceptor.async_wait(Acceptor::wait_read, asio::redirect_error(kAwait, error));
    if (error) co_return;  // closed
    while (true) {
      const int descriptor = ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
          // No descriptors or memory: what is open goes on, the rest waits a little.
          pause.expires_after(Milliseconds(50));
          co_await pause.async_wait(asio::redirect_error(kAwait, error));
        }
        break;
      }
      if (draining_ || open_ >= options_.most_connections) {
        ::close(descriptor);
        continue;
      }
      const int yes = 1;
      (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      ++open_;
      IoThread& thread = *threads_[next_thread_++ % threads_.size()];
      const bool version_6 = acceptor.local_endpoint(error).protocol() == asio::ip::tcp::v6();
      asio::post(thread.io, [this, &thread, &door, descriptor, version_6] {
        auto connection = std::make_shared<Connection>(*this, thread, door, descriptor, version_6);
        asio::co_spawn(thread.io, Run(std::move(connection)), asio::detached);
      });
    }
  }
}

Task<> Core::Tick(IoThread& thread) {
  while (true) {
    const auto now = Clock::now();
    const int64_t unix_s = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    if (unix_s != thread.date_s || thread.date_line.empty()) {
      thread.date_s = unix_s;
      thread.date_line = "Date: " + WriteDate(unix_s) + "\r\n";
    }
    for (Connection* connection : thread.connections) LookAfter(*connection, now);
    thread.tick.expires_after(kTick);
    ErrorCode error;
    co_await thread.tick.async_wait(asio::redirect_error(kAwait, error));
    if (error) co_return;
  }
}

void Core::LookAfter(Connection& connection, Clock::time_point now) {
  if (cut_off_) connection.CloseNow();
  if (draining_ && connection.between_requests) connection.CloseNow();
  if (draining_ && connection.say_goodbye) std::exchange(connection.say_goodbye, nullptr)();
  if (now >= connection.deadline) {
    if (connection.expired || connection.conversing) {
      connection.CloseNow();
    } else {
      // What is under way ends with an error, and there is a moment to say why.
      connection.Allow(kGoodbyeMs);
      connection.expired = true;
      ErrorCode ignored;
      connection.socket.cancel(ignored);
    }
  }
  if (connection.silent_ms > 0 && !connection.handling) {
    const auto silent = now - connection.heard;
    if (silent > Milliseconds(connection.silent_ms)) {
      connection.CloseNow();
    } else if (silent > Milliseconds(connection.silent_ms / 3) && !connection.asked && connection.outbox) {
      connection.asked = true;
      connection.outbox->Push(internal::WriteFrame(internal::Opcode::kPing, {}));
    }
  }
  if (connection.beat && now >= connection.next_beat) {
    connection.next_beat = now + Milliseconds(options_.stream_beat_ms);
    connection.beat();
  }
}

void Core::Stop(int drain_ms) {
  std::unique_lock lock(stop_mutex_);
  if (stopped_) return;
  stopped_ = true;
  draining_ = true;
  const bool started = !threads_.empty() && threads_[0]->thread.joinable();
  if (started) {
    asio::post(threads_[0]->io, [this] {
      for (const auto& door : doors_) {
        ErrorCode ignored;
        door->acceptor->close(ignored);
      }
    });
    for (const auto& thread : threads_) {
      asio::post(thread->io, [this, thread = thread.get()] {
        const auto now = Clock::now();
        for (Connection* connection : thread->connections) LookAfter(*connection, now);
      });
    }
    const auto gone = [&] { return open_ == 0; };
    all_gone_.wait_for(lock, Milliseconds(drain_ms), gone);
    cut_off_ = true;
    all_gone_.wait(lock, gone);  // each tick cuts off what is still there
  }
  for (const auto& thread : threads_) {
    thread->io.stop();
    if (thread->thread.joinable()) thread->thread.join();
  }
}

// ------------------------------------------------------------------------------------------------------- connection

/// False when no worker is free, unless `patient`.
Task<bool> Core::OnWorker(Connection& connection, const std::function<void()>& job, bool patient) {
  bool done = false;
  const std::function<void()> work = [&] {
    try {
      job();
    } catch (const std::exception& exception) {
      Fault(std::string("a handler threw: ") + exception.what());
    } catch (...) {
      Fault("a handler threw something");
    }
    asio::post(connection.thread.io, [&done, &connection] {
      done = true;
      connection.event.cancel();
    });
  };
  ErrorCode error;
  while (!workers_.Try(work)) {
    if (!patient) co_return false;
    Timer pause(connection.thread.io, Milliseconds(2));
    co_await pause.async_wait(asio::redirect_error(kAwait, error));
  }
  while (!done) co_await connection.event.async_wait(asio::redirect_error(kAwait, error));
  co_return true;
}

Task<bool> Core::Call(Connection& connection, bool quick, const std::function<void()>& job) {
  if (quick) {
    job();
    co_return true;
  }
  const bool called = co_await OnWorker(connection, job, false);
  co_return called;
}

Task<> Core::Run(std::shared_ptr<Connection> connection) {
  connection->thread.connections.push_back(connection.get());
  connection->place = std::prev(connection->thread.connections.end());
  bool greeted = true;
  try {
    if (connection->door.settings.tls) greeted = co_await Greet(*connection);
    if (greeted) {
      std::optional<WebSocketEvents> events = co_await ServeRequests(*connection);
      if (events) co_await Converse(connection, std::move(*events));
    }
  } catch (const std::exception& exception) {
    // Handlers are caught where they are called: this is memory that is not there, and ends one connection.
    Fault(std::string("a connection was given up: ") + exception.what());
    connection->failed = true;
  }
  if (greeted && connection->tls && connection->socket.is_open() && !connection->failed) {
    connection->Allow(kGoodbyeMs / 2);
    ErrorCode ignored;
    co_await connection->tls->async_shutdown(asio::redirect_error(kAwait, ignored));
  }
  connection->CloseNow();
  if (connection->outbox) std::exchange(connection->outbox, nullptr)->Detach();
  connection->thread.connections.erase(connection->place);
  const std::lock_guard lock(stop_mutex_);
  --open_;
  all_gone_.notify_all();
}

Task<bool> Core::Greet(Connection& connection) {
  // OpenSSL keeps a context as long as a connection uses it.
  connection.tls = std::make_unique<Tls>(connection.socket, *connection.door.certificates()->contexts[0]);
  connection.Allow(options_.header_ms);
  ErrorCode error;
  co_await connection.tls->async_handshake(asio::ssl::stream_base::server, asio::redirect_error(kAwait, error));
  if (error) co_return false;
  SSL* ssl = connection.tls->native_handle();
  if (X509* certificate = SSL_get1_peer_certificate(ssl); certificate != nullptr) {
    BIO* text = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
    char* data = nullptr;
    const long size = BIO_get_mem_data(text, &data);
    connection.client_subject.assign(data, static_cast<size_t>(size));
    BIO_free(text);
    X509_free(certificate);
  }
  co_return true;
}

bool SiteFits(const std::string& pattern, const std::string& host) {
  if (pattern == "*") return true;
  if (pattern.ends_with(".*")) return host.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
  if (pattern.starts_with("*.")) return host.ends_with(std::string_view(pattern).substr(1));
  return pattern == host;
}

const Router* RouterFor(const Door& door, const std::string& host) {
  for (const Site& site : door.settings.sites) {
    if (std::ranges::any_of(site.hosts, [&](const std::string& pattern) { return SiteFits(pattern, host); })) {
      return site.router.get();
    }
  }
  return nullptr;
}

/// Until the connection ends, or becomes a WebSocket.
Task<std::optional<WebSocketEvents>> Core::ServeRequests(Connection& connection) {
  Input& input = connection.input;
  while (true) {
    Request request;
    internal::RequestParser parser(request, options_.most_header_bytes);
    bool begun = !input.empty();
    connection.Allow(begun ? options_.header_ms : options_.idle_ms);
    while (true) {
      if (!input.empty()) {
        input.Consume(parser.FeedHead(input.view()));
        if (parser.failed() || parser.head_done()) break;
      } else {
        input.Shrink();
      }
      if (!begun && draining_) co_return std::nullopt;
      connection.between_requests = !begun;
      const bool read = co_await connection.ReadMore(2 * options_.most_header_bytes);
      connection.between_requests = false;
      if (!read) {
        if (!connection.expired || !begun) co_return std::nullopt;
        Response late = Response::Problem(408, "the request did not arrive in time");
        bool keep_alive = false;
        co_await WriteResponse(connection, request, late, false, keep_alive);
        co_return std::nullopt;
      }
      if (!begun) connection.Allow(options_.header_ms);
      begun = true;
    }
    const auto began = Clock::now();
    connection.AllowForever();
    request.remote_address = connection.remote_address;
    request.client_subject = connection.client_subject;
    request.tls = connection.tls != nullptr;
    request.stopping = &cut_off_;

    std::optional<Response> response;
    const Router* router = nullptr;
    bool whole = false;  // the body has been read, or there is none
    if (parser.failed()) {
      response = Response::Problem(parser.fault().status, parser.fault().words);
    } else {
      router = RouterFor(connection.door, request.host);
      if (router == nullptr) {
        response = Response::Problem(421, "there is no site called '" + request.host + "' here");
      } else {
        response = router->Find(request);
      }
      const bool going_on = co_await TakeBody(connection, request, parser, router, response, whole);
      if (!going_on) co_return std::nullopt;
    }
    const bool old = parser.old();
    bool keep_alive = whole && !draining_ && !response->close && parser.keep_alive();
    if (response->web_socket) {
      if (auto refusal = CheckUpgrade(request, *response)) response = std::move(*refusal);
    }
    if (router != nullptr) router->Decorate(request, *response);
    const int status = response->web_socket ? 101 : response->status;
    const bool written = co_await WriteResponse(connection, request, *response, old, keep_alive);
    ++requests_;
    if (options_.accessed) {
      const std::chrono::duration<double, std::milli> took = Clock::now() - began;
      options_.accessed({connection.remote_address, request.method, request.target, status, took.count()});
    }
    if (!written) co_return std::nullopt;
    if (response->web_socket) co_return std::move(response->web_socket);
    if (!keep_alive) {
      if (!whole) co_await Linger(connection);
      co_return std::nullopt;
    }
  }
}

/// From the head to the answer: guard, body, handler. A response that is there already only needs the body out of the
/// way. False when the connection broke.
Task<bool> Core::TakeBody(Connection& connection, Request& request, internal::RequestParser& parser,
                          const Router* router, std::optional<Response>& response, bool& whole) {
  Input& input = connection.input;
  std::string piece;
  const std::function<void(std::string_view)> take = [&](std::string_view bytes) { piece += bytes; };
  const auto refuse_fault = [&] { response = Response::Problem(parser.fault().status, parser.fault().words); };

  if (response) {
    // Refused: a short body is read, so that the connection can go on; a long one is not waited for.
    const std::optional<uint64_t> length = parser.content_length();
    if (!parser.done() && (!length || *length > kDrainBytes || parser.expects_continue())) co_return true;
    connection.Allow(options_.body_grace_ms);
    while (true) {
      input.Consume(parser.FeedBody(input.view(), kDrainBytes, take));
      if (parser.done() || parser.failed()) break;
      const bool read = co_await connection.ReadMore(kLargestInput);
      if (!read) break;
    }
    connection.AllowForever();
    whole = parser.done();
    co_return true;
  }

  const Row& row = *request.row;
  if (parser.content_length().value_or(0) > row.most_body_bytes) {
    response = Response::Problem(413, "the body has more than " + std::to_string(row.most_body_bytes) + " bytes");
    co_return true;
  }
  std::unique_ptr<BodySink> sink;
  const auto open = [&] {
    auto opened = row.open(request);
    if (auto* refusal = std::get_if<Response>(&opened)) return response = std::move(*refusal), false;
    sink = std::move(std::get<std::unique_ptr<BodySink>>(opened));
    return true;
  };
  const auto check = [&] {
    response = router->Guard(request);
    return !response && (row.handler != nullptr || open());
  };
  // What an exception leaves behind is an answer.
  const auto attempt = [&](auto&& call) {
    try {
      call();
    } catch (const std::exception& exception) {
      Fault(request.method + " " + request.path + ": the handler threw: " + exception.what());
      response = Response::Problem(500, "something went wrong inside; the server's log says what");
    } catch (...) {
      Fault(request.method + " " + request.path + ": the handler threw something");
      response = Response::Problem(500, "something went wrong inside; the server's log says what");
    }
  };
  const auto busy = [&] {
    response = Response::Problem(503, "too many requests are waiting; try again in a moment");
    response->headers.Set("Retry-After", "1");
  };

  // What is here already often is everything: then one call does it.
  if (!parser.done() && !parser.expects_continue()) {
    input.Consume(parser.FeedBody(input.view(), row.most_body_bytes, take));
  }
  if (parser.failed()) {
    refuse_fault();
    co_return true;
  }
  whole = parser.done();
  if (whole) {
    const std::function<void()> all = [&] {
      attempt([&] {
        if (!check()) return;
        if (row.handler) {
          request.body = std::move(piece);
          response = row.handler(request);
        } else {
          if (!piece.empty()) sink->Write(piece);
          response = sink->Finish();
        }
      });
    };
    const bool called = co_await Call(connection, row.quick, all);
    if (!called) busy();
    co_return true;
  }

  const std::function<void()> first = [&] { attempt([&] { check(); }); };
  const bool called = co_await Call(connection, row.quick, first);
  if (!called) busy();
  if (response) co_return true;
  if (parser.expects_continue() && input.empty()) {
    const bool written = co_await connection.Write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!written) co_return false;
  }
  input.Grow(kLargestInput);
  bool wants_more = true;
  const std::function<void()> write = [&] { attempt([&] { wants_more = sink->Write(piece); }); };
  const auto began = Clock::now();
  uint64_t received = piece.size();
  while (true) {
    if (sink && !piece.empty()) {
      connection.AllowForever();
      if (row.quick) {
        write();
      } else {
        co_await OnWorker(connection, write, true);
      }
      piece.clear();
    }
    if (parser.done() || response || !wants_more) break;
    connection.deadline = began + Milliseconds(options_.body_grace_ms) +
                          Milliseconds(received * 1000 / std::max<uint64_t>(options_.least_body_bytes_per_s, 1));
    connection.expired = false;
    if (input.empty()) {
      const bool read = co_await connection.ReadMore(kLargestInput);
      if (!read) {
        if (!connection.expired) co_return false;
        response = Response::Problem(408, "the body did not arrive in time");
        break;
      }
    }
    const size_t before = piece.size();
    input.Consume(parser.FeedBody(input.view(), row.most_body_bytes, take));
    received += piece.size() - before;
    if (parser.failed()) {
      refuse_fault();
      break;
    }
    if (!input.empty() && !parser.done()) {
      // A chunk's header is cut in the middle: more is needed behind it.
      const bool read = co_await connection.ReadMore(2 * kLargestInput);
      if (!read) co_return false;
    }
  }
  connection.AllowForever();
  whole = parser.done();
  if (response) co_return true;
  const std::function<void()> last = [&] {
    attempt([&] {
      if (sink) {
        response = sink->Finish();
      } else {
        request.body = std::move(piece);
        response = row.handler(request);
      }
    });
  };
  // Bytes were taken: being busy is no reason to lose them.
  if (row.quick) {
    last();
  } else {
    co_await OnWorker(connection, last, true);
  }
  co_return true;
}

std::optional<Response> Core::CheckUpgrade(const Request& request, Response& response) const {
  const Headers& asked = request.headers;
  const bool wants = request.method == "GET" && ListHas(asked.Get("Upgrade"), "websocket") &&
                     ListHas(asked.Get("Connection"), "upgrade");
  if (!wants || Trim(asked.Get("Sec-WebSocket-Version")) != "13") {
    Response refusal = Response::Problem(426, "this is a WebSocket of version 13");
    refusal.headers.Set("Upgrade", "websocket");
    refusal.headers.Set("Connection", "Upgrade");
    refusal.headers.Set("Sec-WebSocket-Version", "13");
    return refusal;
  }
  const std::string accept = internal::AcceptKey(Trim(asked.Get("Sec-WebSocket-Key")));
  if (accept.empty()) return Response::Problem(400, "the Sec-WebSocket-Key is not sixteen bytes in base64");
  response.headers.Set("Upgrade", "websocket");
  response.headers.Set("Connection", "Upgrade");
  response.headers.Set("Sec-WebSocket-Accept", accept);
  const std::string& protocol = response.web_socket->protocol;
  if (!protocol.empty() && ListHas(asked.Get("Sec-WebSocket-Protocol"), protocol)) {
    response.headers.Set("Sec-WebSocket-Protocol", protocol);
  }
  return std::nullopt;
}

// ----------------------------------------------------------------------------------------------------------- answers

/// `length`: of the body, when it is known and may be told.
std::string Core::Head(Connection& connection, const Response& response, std::optional<uint64_t> length, bool chunked,
                       bool keep_alive, bool old) {
  const int status = response.web_socket ? 101 : response.status;
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(ReasonPhrase(status)).append("\r\n");
  head += connection.thread.date_line;
  for (const auto& [name, value] : response.headers) {
    head.append(name).append(": ");
    // A value that came from outside must not begin a header of its own.
    for (const char c : value) head.push_back(static_cast<unsigned char>(c) < ' ' && c != '\t' ? ' ' : c);
    head += "\r\n";
  }
  if (length) head.append("Content-Length: ").append(std::to_string(*length)).append("\r\n");
  if (chunked) head += "Transfer-Encoding: chunked\r\n";
  if (!response.web_socket) {
    if (!keep_alive) {
      head += "Connection: close\r\n";
    } else if (old) {
      head += "Connection: keep-alive\r\n";
    }
  }
  return head += "\r\n";
}

/// `old`: HTTP/1.0, which knows no chunks. Clears `keep_alive` where only the end of the connection ends the body.
Task<bool> Core::WriteResponse(Connection& connection, const Request& request, Response& response, bool old,
                               bool& keep_alive) {
  const bool no_body = response.status == 204 || response.status == 304 || response.web_socket.has_value();
  const bool only_head = no_body || request.method == "HEAD";
  bool written = false;
  if (response.produce || response.stream) {
    const bool chunked = !old && !only_head;
    if (old || response.stream) keep_alive = false;
    const std::string head = Head(connection, response, std::nullopt, chunked, keep_alive, old);
    written = co_await connection.Write(head);
    if (!written || only_head) co_return written;
    if (response.stream) {
      co_await Stream(connection.shared_from_this(), response, chunked);
      co_return false;
    }
    const bool produced = co_await WriteProduced(connection, response, chunked);
    co_return produced;
  }
  const uint64_t size = response.file ? response.file->size_bytes() : response.body.size();
  const std::optional<uint64_t> length = no_body ? std::nullopt : std::optional(size);
  std::string head = Head(connection, response, length, false, keep_alive, old);
  if (response.file && !only_head) {
    written = co_await WriteFile(connection, *response.file, std::move(head));
    co_return written;
  }
  const bool together = !only_head && response.body.size() <= kWholeFileBytes;
  if (together) head += response.body;
  written = co_await connection.Write(head);
  if (written && !only_head && !together) written = co_await connection.Write(response.body);
  co_return written;
}

Task<bool> Core::WriteFile(Connection& connection, const FileBody& file, std::string head) {
  auto offset = static_cast<off_t>(file.offset());
  uint64_t left = file.size_bytes();
  const bool by_kernel = !connection.tls && left > kWholeFileBytes;
  if (by_kernel) {
    bool written = co_await connection.Write(head);
    while (written && left > 0) {
      const ssize_t sent = ::sendfile(connection.socket.native_handle(), file.descriptor(), &offset,
                                      static_cast<size_t>(std::min<uint64_t>(left, kWriteBytes)));
      if (sent == 0 || (sent < 0 && errno != EAGAIN && errno != EINTR)) co_return false;  // it became shorter
      if (sent > 0) left -= static_cast<uint64_t>(sent);
      if (left == 0) break;
      // Also when the socket takes more at once: the others want their turn.
      connection.Allow(options_.write_ms);
      ErrorCode error;
      co_await connection.socket.async_wait(Socket::wait_write, asio::redirect_error(kAwait, error));
      connection.AllowForever();
      if (error) written = false;
    }
    co_return written;
  }
  while (true) {
    const size_t before = head.size();
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(left, kWholeFileBytes));
    head.resize(before + wanted);
    const ssize_t read = wanted == 0 ? 0 : ::pread(file.descriptor(), head.data() + before, wanted, offset);
    if (read < 0 || (read == 0 && wanted > 0)) co_return false;
    head.resize(before + static_cast<size_t>(read));
    offset += read;
    left -= static_cast<uint64_t>(read);
    const bool written = co_await connection.Write(head);
    if (!written || left == 0) co_return written;
    head.clear();
  }
}

std::string Chunk(std::string_view bytes) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return std::string(size).append(bytes).append("\r\n");
}

Task<bool> Core::WriteProduced(Connection& connection, Response& response, bool chunked) {
  std::string piece;
  bool more = true, threw = true;
  const std::function<void()> produce = [&] {
    threw = true;
    more = response.produce(piece);
    threw = false;
  };
  while (more) {
    piece.clear();
    co_await OnWorker(connection, produce, true);
    if (threw) co_return false;
    if (piece.empty()) continue;
    bool written = false;
    if (chunked) {
      const std::string chunk = Chunk(piece);
      written = co_await connection.Write(chunk);
    } else {
      written = co_await connection.Write(piece);
    }
    if (!written) co_return false;
  }
  if (chunked) {
    const bool written = co_await connection.Write("0\r\n\r\n");
    co_return written;
  }
  co_return true;
}

class StreamHandle final : public ByteStream {
 public:
  StreamHandle(std::shared_ptr<Outbox> outbox, bool chunked) : outbox_(std::move(outbox)), chunked_(chunked) {}
  bool Send(std::string_view bytes) override {
    if (bytes.empty()) return open();
    return outbox_->Push(chunked_ ? Chunk(bytes) : std::string(bytes));
  }
  void Close() override { outbox_->PushLast(chunked_ ? "0\r\n\r\n" : ""); }
  bool open() const override { return outbox_->open(); }
  size_t waiting_bytes() const override { return outbox_->waiting_bytes(); }

 private:
  std::shared_ptr<Outbox> outbox_;
  bool chunked_;
};

constexpr size_t kStreamWaitingBytes = 4 * 1024 * 1024;

Task<> Core::Stream(std::shared_ptr<Connection> connection, Response& response, bool chunked) {
  connection->outbox = std::make_shared<Outbox>(connection, kStreamWaitingBytes);
  connection->conversing = connection->ends_when_sent = true;
  connection->AllowForever();
  const auto handle = std::make_shared<StreamHandle>(connection->outbox, chunked);
  try {
    response.stream(handle);
  } catch (const std::exception& exception) {
    Fault(std::string("a stream threw: ") + exception.what());
    handle->Close();
  }
  if (!response.stream_beat.empty()) {
    connection->next_beat = Clock::now() + Milliseconds(options_.stream_beat_ms);
    connection->beat = [handle, text = response.stream_beat] { handle->Send(text); };
  }
  // Nothing more is asked on this connection; reading shows when the other end goes.
  std::array<char, 256> scratch;
  ErrorCode error;
  while (!error && !draining_) {
    co_await connection->ReadSome(asio::buffer(scratch), error);
  }
  connection->beat = nullptr;
  connection->outbox->Detach();
  connection->CloseNow();
  while (connection->pumping) co_await connection->event.async_wait(asio::redirect_error(kAwait, error));
  connection->outbox.reset();
}

/// The last answer is on its way, but the other end still sends: cutting it off would throw the answer away.
Task<> Core::Linger(Connection& connection) {
  ErrorCode error;
  if (!connection.tls) connection.socket.shutdown(Socket::shutdown_send, error);
  std::vector<char> scratch(kLargestInput);
  connection.Allow(kGoodbyeMs);
  while (!error && !connection.expired) co_await connection.ReadSome(asio::buffer(scratch), error);
  connection.failed = true;  // no goodbye by TLS: it would wait for all that is not read
}

// --------------------------------------------------------------------------------------------------------- WebSocket

class SocketHandle final : public WebSocket {
 public:
  explicit SocketHandle(std::shared_ptr<Outbox> outbox) : outbox_(std::move(outbox)) {}
  bool Send(std::string_view bytes, bool binary) override {
    return outbox_->Push(internal::WriteFrame(binary ? internal::Opcode::kBinary : internal::Opcode::kText, bytes));
  }
  void Close(uint16_t code, std::string_view reason) override {
    closed_with = internal::IsCloseCode(code) ? code : uint16_t{1000};
    outbox_->PushLast(internal::WriteCloseFrame(closed_with, reason));
  }
  bool open() const override { return outbox_->open(); }

  std::atomic<uint16_t> closed_with = 0;

 private:
  std::shared_ptr<Outbox> outbox_;
};

Task<> Core::Deliver(Connection& connection, bool quick, const std::function<void()>& call) {
  connection.handling = true;
  if (quick) {
    try {
      call();
    } catch (const std::exception& exception) {
      Fault(std::string("a WebSocket's handler threw: ") + exception.what());
    }
  } else {
    co_await OnWorker(connection, call, true);
  }
  connection.handling = false;
  connection.heard = Clock::now();
}

Task<> Core::Converse(std::shared_ptr<Connection> connection, WebSocketEvents events) {
  using Event = internal::FrameReader::Event;
  const auto outbox = std::make_shared<Outbox>(connection, events.most_waiting_bytes);
  const auto handle = std::make_shared<SocketHandle>(outbox);
  connection->outbox = outbox;
  connection->conversing = true;
  connection->AllowForever();
  connection->heard = Clock::now();
  connection->silent_ms = events.silent_ms;
  connection->say_goodbye = [handle] { handle->Close(1001, "the server stops"); };
  uint16_t code = 1006;
  std::string reason;
  if (events.opened) {
    const std::function<void()> opened = [&] { events.opened(handle); };
    co_await Deliver(*connection, events.quick, opened);
  }
  internal::FrameReader frames(events.most_message_bytes);
  const std::function<void()> message = [&] { events.message(handle, std::move(frames.message), frames.binary); };
  Input& input = connection->input;
  bool going_on = true;
  while (going_on) {
    std::string_view view = input.view();
    const Event event = frames.Next(view);
    input.Consume(input.view().size() - view.size());
    switch (event) {
      case Event::kNothing: {
        input.Shrink();
        going_on = co_await connection->ReadMore(
            events.most_message_bytes > kSmallestInput && !frames.message.empty() ? kLargestInput : kSmallestInput);
        connection->heard = Clock::now();
        connection->asked = false;
        break;
      }
      case Event::kMessage:
        if (events.message && outbox->open()) co_await Deliver(*connection, events.quick, message);
        frames.message = std::string();
        break;
      case Event::kPing:
        outbox->Push(internal::WriteFrame(internal::Opcode::kPong, frames.control));
        break;
      case Event::kPong:
        break;
      case Event::kClose:
        code = frames.code;
        reason = frames.control;
        handle->Close(code == 1005 ? 1000 : code, {});
        going_on = false;
        break;
      case Event::kFault:
        code = frames.code;
        reason = frames.control;
        handle->Close(code, reason);
        going_on = false;
        break;
    }
  }
  connection->say_goodbye = nullptr;
  connection->silent_ms = 0;
  // The close frame is on its way: it has its time, and Detach would throw it away.
  ErrorCode error;
  if (code != 1006) {
    connection->Allow(kGoodbyeMs);
    asio::post(connection->thread.io, [connection] { connection->event.cancel(); });
    co_await connection->event.async_wait(asio::redirect_error(kAwait, error));  // lets the pump begin
  } else {
    if (handle->closed_with != 0) code = handle->closed_with;
    connection->CloseNow();
  }
  while (connection->pumping) co_await connection->event.async_wait(asio::redirect_error(kAwait, error));
  outbox->Detach();
  connection->outbox.reset();
  if (frames.code != 0 && code == frames.code && !connection->failed) co_await Linger(*connection);
  if (events.closed) {
    const std::function<void()> closed = [&] { events.closed(code, reason); };
    co_await Deliver(*connection, events.quick, closed);
  }
}

}  // namespace

Expected<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  auto core = std::make_unique<Core>(std::move(options));
  THIMBLE_EXPECT(core->Open());
  return std::unique_ptr<Server>(std::move(core));
}

}  // namespace thimble::http
