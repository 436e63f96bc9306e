// The server on real sockets of this computer: what it answers, what it refuses, what it outlives.
#include "http/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include "http/client.h"
#include "http/files.h"
#include "http/test_socket.h"
#include "http/websocket_client.h"

namespace thimble::http {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Kind = SocketEvent::Kind;
using Raw = TestSocket;

#ifdef __SANITIZE_ADDRESS__
constexpr int kRoom = 4;  // the sanitizer needs memory of its own
#else
constexpr int kRoom = 1;
#endif

void Sleep(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

/// Counts what it is given.
class Counting final : public BodySink {
 public:
  explicit Counting(int slow_ms = 0, uint64_t enough = UINT64_MAX) : slow_ms_(slow_ms), enough_(enough) {}
  bool Write(std::string_view bytes) override {
    count_ += bytes.size();
    if (slow_ms_ > 0) Sleep(slow_ms_);
    return count_ < enough_;
  }
  Response Finish() override {
    return count_ >= enough_ ? Response::Problem(422, "enough") : Response::Text(200, std::to_string(count_));
  }

 private:
  int slow_ms_;
  uint64_t enough_, count_ = 0;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    std::string name = (fs::temp_directory_path() / "thimble_http_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    fs::create_directories(folder_ / "site/assets");
    std::ofstream(folder_ / "secret.txt") << "secret";
    std::ofstream(folder_ / "site/index.html") << "<p>hello</p>";
    std::ofstream(folder_ / "site/index.html.gz") << "compressed";
    std::ofstream(folder_ / "site/assets/big.bin") << std::string(3'000'000, 'b');
    fs::create_symlink(folder_ / "secret.txt", folder_ / "site/link.txt");
    fs::create_directory_symlink(folder_, folder_ / "site/out");
    files_.emplace(*Folder::Open((folder_ / "site").string()));
  }
  ~ServerTest() override {
    server_.reset();
    fs::remove_all(folder_);
  }

  std::vector<Row> Rows() {
    return {
        {"GET", "/json", [](Request&) { return Response::Json(200, R"({"ok":true})"); }, nullptr, true},
        {"POST", "/echo", [](Request& request) { return Response::Text(200, request.body); }, nullptr, false, 1000},
        {"GET", "/throw", [](Request&) -> Response { throw std::runtime_error("secret words"); }},
        {"GET", "/throw/quick", [](Request&) -> Response { throw 7; }, nullptr, true},
        {"GET", "/block",
         [this](Request& request) {
           ++blocked_;
           for (int i = 0; i < 500 && !unblock_ && !*request.stopping; ++i) Sleep(10);
           return Response::Text(200, *request.stopping ? "stopped" : "unblocked");
         }},
        {"GET", "/header",
         [](Request& request) {
           Response response = Response::Text(200, "");
           response.headers.Set("X-Echo", *Find(request.query, "v"));
           return response;
         }},
        {"POST", "/upload", nullptr, [](Request&) { return std::make_unique<Counting>(); }, false, 200'000'000},
        {"POST", "/slow", nullptr, [](Request&) { return std::make_unique<Counting>(20); }, false, 200'000'000},
        {"POST", "/enough", nullptr, [](Request&) { return std::make_unique<Counting>(0, 100'000); }, false,
         200'000'000},
        {"GET", "/site/{path...}",
         [this](Request& request) { return files_->Serve(request, request.Parameter("path")); }},
        {"GET", "/produce",
         [](Request&) {
           Response response;
           response.produce = [i = 0](std::string& piece) mutable {
             piece += std::string(10'000, static_cast<char>('a' + i));
             return ++i < 26;
           };
           return response;
         }},
        {"GET", "/events",
         [this](Request&) {
           Response response;
           response.headers.Set("Content-Type", "text/event-stream");
           response.stream_beat = ":\n\n";
           response.stream = [this](std::shared_ptr<ByteStream> stream) {
             stream->Send(EventText("hello", "1"));
             const std::lock_guard lock(mutex_);
             stream_ = std::move(stream);
           };
           return response;
         }},
        {"GET", "/who", [](Request& request) { return Response::Text(200, request.client_subject); }},
        {"GET", "/socket",
         [this](Request&) {
           Response response;
           response.web_socket.emplace();
           WebSocketEvents& events = *response.web_socket;
           events.silent_ms = silent_ms_;
           events.most_message_bytes = 2'000'000;
           events.opened = [this](const std::shared_ptr<WebSocket>& socket) {
             const std::lock_guard lock(mutex_);
             sockets_.push_back(socket);
           };
           events.message = [](const std::shared_ptr<WebSocket>& socket, const std::string& bytes, bool binary) {
             if (bytes == "close") return socket->Close(4001, "as you wish");
             if (bytes == "throw") throw std::runtime_error("oh");
             socket->Send(bytes, binary);
           };
           events.closed = [this](uint16_t code, std::string_view reason) {
             const std::lock_guard lock(mutex_);
             closed_.emplace_back(code, reason);
           };
           return response;
         }},
    };
  }

  int Start(ServerOptions options = {}, RouterOptions router = {}) {
    if (options.listeners.empty()) options.listeners.emplace_back();
    for (Listener& listener : options.listeners) {
      if (listener.sites.empty()) listener.sites = {{std::make_shared<Router>(Rows(), router)}};
    }
    options.fault = [this](const std::string& words) {
      const std::lock_guard lock(mutex_);
      faults_ += words + "\n";
    };
    auto server = Server::Start(std::move(options));
    EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().message);
    server_ = *std::move(server);
    return server_->ports()[0];
  }

  static std::string Get(const std::string& target, const std::string& headers = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
  }
  static std::string Once(int port, const std::string& request, int ms = 5'000) {
    Raw raw(port);
    raw.Send(request);
    return raw.ReadAll(ms);
  }
  static std::string GetOnce(int port, const std::string& target, const std::string& headers = "") {
    return Once(port, Get(target, headers + "Connection: close\r\n"));
  }
  bool Closed(uint16_t code) {
    for (int i = 0; i < 300; ++i) {
      {
        const std::lock_guard lock(mutex_);
        for (const auto& [seen, reason] : closed_) {
          if (seen == code) return true;
        }
      }
      Sleep(10);
    }
    return false;
  }

  fs::path folder_;
  std::optional<Folder> files_;
  std::atomic<int> blocked_ = 0;
  std::atomic<bool> unblock_ = false;
  int silent_ms_ = 90'000;
  std::mutex mutex_;
  std::string faults_;
  std::shared_ptr<ByteStream> stream_;
  std::vector<std::shared_ptr<WebSocket>> sockets_;
  std::vector<std::pair<uint16_t, std::string>> closed_;
  std::unique_ptr<Server> server_;
};

#define EXPECT_HAS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text).substr(0, 2000)

TEST_F(ServerTest, AnswersInOrderOnOneConnection) {
  const int port = Start();
  Raw raw(port);
  raw.Send(Get("/json") + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst" + Get("/nothing") +
           "HEAD /json HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/json", "Connection: close\r\n"));
  const std::string all = raw.ReadAll();
  EXPECT_TRUE(raw.ended());
  const size_t json = all.find(R"({"ok":true})"), first = all.find("first"), missing = all.find("404 Not Found");
  EXPECT_LT(json, first);
  EXPECT_LT(first, missing);
  EXPECT_HAS(all, "Content-Length: 11\r\n\r\nHTTP/1.1 200 OK") << "HEAD has the length and no body";
  EXPECT_HAS(all, "Connection: close");
  EXPECT_HAS(all, "Date: ");
  EXPECT_EQ(server_->counts().requests, 5u);
}

TEST_F(ServerTest, RefusesWhatIsNoRequestWithAReason) {
  const int port = Start();
  EXPECT_HAS(Once(port, "nonsense\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_HAS(Once(port, Get("/json", "X: " + std::string(20'000, 'x') + "\r\n")), "HTTP/1.1 431");
  EXPECT_HAS(Once(port, Get("/json", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")), "HTTP/1.1 400");
  EXPECT_HAS(Once(port, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_HAS(Once(port, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                            std::string(1001, 'x')),
             "HTTP/1.1 413");
  EXPECT_HAS(GetOnce(port, "/site/%2e%2e/secret.txt"), "HTTP/1.1 400");
  EXPECT_HAS(GetOnce(port, "/header?v=a%0d%0aX-Evil:%201"), "X-Echo: a  X-Evil: 1\r\n");
}

TEST_F(ServerTest, HandlersThatThrowAreA500ThatKeepsItsSecrets) {
  const int port = Start();
  const std::string answer = GetOnce(port, "/throw");
  EXPECT_HAS(answer, "HTTP/1.1 500");
  EXPECT_EQ(answer.find("secret"), std::string::npos);
  EXPECT_HAS(GetOnce(port, "/throw/quick"), "HTTP/1.1 500");
  EXPECT_HAS(GetOnce(port, "/json"), "HTTP/1.1 200");
  EXPECT_HAS(faults_, "/throw: the handler threw: secret words");
}

TEST_F(ServerTest, SlowOnesAreSentAway) {
  ServerOptions options;
  options.header_ms = 300;
  options.idle_ms = 600;
  options.body_grace_ms = 300;
  const int port = Start(options);
  Raw header(port), body(port), idle(port);
  const auto began = Clock::now();
  header.Send("GET /json HTTP/1.1\r\nHost: a\r\n");
  body.Send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  std::thread drip([&] {
    // A byte now and then keeps neither alive: it is the whole that has its time.
    for (int i = 0; i < 40; ++i) {
      if (!header.Send("X") || !body.Send("x")) break;
      Sleep(25);
    }
  });
  EXPECT_HAS(header.ReadUntil("late", 3'000), "HTTP/1.1 408");
  EXPECT_HAS(body.ReadUntil("late", 3'000), "HTTP/1.1 408");
  EXPECT_EQ(idle.ReadAll(3'000), "");
  EXPECT_TRUE(idle.ended());
  drip.join();
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(10));
}

TEST_F(ServerTest, AHundredMegabytesNeedNoMemory) {
  const int port = Start();
  const std::string piece(1'000'000, 'x');
  for (const bool chunked : {false, true}) {
    Raw raw(port);
    const int64_t before = ResidentBytes();
    int64_t most = before;
    raw.Send(std::string("POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\n") +
             (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: 100000000\r\n\r\n"));
    for (int i = 0; i < 100; ++i) {
      if (chunked) raw.Send("f4240\r\n");
      ASSERT_TRUE(raw.Send(piece));
      if (chunked) raw.Send("\r\n");
      most = std::max(most, ResidentBytes());
    }
    if (chunked) raw.Send("0\r\n\r\n");
    EXPECT_HAS(raw.ReadAll(20'000), "\r\n\r\n100000000");
    EXPECT_LT(most - before, kRoom * 8'000'000);
  }
}

TEST_F(ServerTest, ASlowSinkSlowsTheSender) {
  const int port = Start();
  Raw raw(port);
  raw.Send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
  std::atomic<int> sent = 0;
  std::thread sender([&] {
    for (int i = 0; i < 50 && raw.Send(std::string(1'000'000, 'x')); ++i) ++sent;
  });
  Sleep(500);
  EXPECT_LT(sent, 30) << "kernel buffers hold some of it, the server does not";
  server_->Stop(0);
  sender.join();
}

TEST_F(ServerTest, WhoHasEnoughAnswersBeforeTheEnd) {
  const int port = Start();
  Raw raw(port);
  raw.Send("POST /enough HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
  std::thread sender([&] {
    for (int i = 0; i < 50 && raw.Send(std::string(1'000'000, 'x')); ++i) {
    }
  });
  EXPECT_HAS(raw.ReadUntil("enough"), "HTTP/1.1 422");
  sender.join();
}

TEST_F(ServerTest, TheGuardAnswersBeforeTheBodyIsSent) {
  RouterOptions router;
  router.guard = [](Request& request) -> std::optional<Response> {
    if (request.headers.Get("x-api-key") == "right") return std::nullopt;
    return Response::Problem(401, "no key");
  };
  const int port = Start({}, router);
  const std::string head = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n";
  Raw stranger(port);
  stranger.Send(head + "\r\n");
  EXPECT_HAS(stranger.ReadUntil("no key"), "HTTP/1.1 401");
  Raw friendly(port);
  friendly.Send(head + "x-api-key: right\r\n\r\n");
  EXPECT_EQ(friendly.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  friendly.Send("12345");
  EXPECT_HAS(friendly.ReadUntil("\r\n\r\n5"), "HTTP/1.1 200");
}

TEST_F(ServerTest, FilesWithRangesTagsAndCompressedSiblingsAndNoWayOut) {
  const int port = Start();
  const std::string whole = GetOnce(port, "/site/index.html");
  EXPECT_HAS(whole, "text/html");
  EXPECT_HAS(whole, "<p>hello</p>");
  const size_t at = whole.find("ETag: ") + 6;
  const std::string tag = whole.substr(at, whole.find("\r\n", at) - at);
  EXPECT_HAS(GetOnce(port, "/site/index.html", "If-None-Match: " + tag + "\r\n"), "HTTP/1.1 304");
  EXPECT_HAS(GetOnce(port, "/site/index.html", "Range: bytes=3-7\r\n"), "\r\n\r\nhello");
  EXPECT_HAS(GetOnce(port, "/site/index.html", "Range: bytes=-4\r\n"), "bytes 8-11/12\r\n");
  EXPECT_HAS(GetOnce(port, "/site/index.html", "Range: bytes=12-\r\n"), "HTTP/1.1 416");
  EXPECT_HAS(GetOnce(port, "/site/index.html", "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n"), "<p>hello</p>");
  EXPECT_HAS(GetOnce(port, "/site/index.html", "Accept-Encoding: gzip\r\n"), "Content-Encoding: gzip");
  EXPECT_GT(GetOnce(port, "/site/assets/big.bin").size(), 3'000'000u);
  for (const char* path : {"/site/link.txt", "/site/out/secret.txt", "/site/assets", "/site/", "/site/assets/",
                           "/site//etc/passwd", "/site/..%2fsecret.txt", "/site/%2fetc/passwd"}) {
    const std::string answer = GetOnce(port, path);
    EXPECT_HAS(answer, "HTTP/1.1 404") << path;
    EXPECT_EQ(answer.find("secret\n"), std::string::npos);
  }
}

TEST_F(ServerTest, BodiesThatAreMadePieceByPiece) {
  const int port = Start();
  HttpRequest request;
  request.server = {false, "127.0.0.1", port, "/"};
  request.method = "GET";
  request.target = "/produce";
  const auto reply = Ask(request);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->headers.Get("Transfer-Encoding"), "chunked");
  ASSERT_EQ(reply->body.size(), 260'000u);
  EXPECT_EQ(reply->body.back(), 'z');
  const std::string old = Once(port, "GET /produce HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.find("chunked"), std::string::npos);
  EXPECT_TRUE(old.ends_with("z"));
}

TEST_F(ServerTest, EventsGoOutFromAnyThreadAndEndWithTheOtherEnd) {
  const int port = Start();
  {
    Raw raw(port);
    raw.Send(Get("/events"));
    EXPECT_HAS(raw.ReadUntil("data: 1\n\n"), "text/event-stream");
    std::thread([&] { EXPECT_TRUE(stream_->Send(EventText("", "2"))); }).join();
    EXPECT_HAS(raw.ReadUntil("data: 2\n\n"), "data: 2");
    stream_->Close();
    EXPECT_HAS(raw.ReadAll(), "0\r\n\r\n");
    EXPECT_TRUE(raw.ended());
  }
  Raw raw(port);
  raw.Send(Get("/events"));
  raw.ReadUntil("data: 1\n\n");
  raw.Send("bye");
  auto kept = stream_;
  server_.reset();
  EXPECT_FALSE(kept->Send("x")) << "it outlives the server";
}

TEST_F(ServerTest, AStreamThatIsSilentShowsThatItLives) {
  ServerOptions options;
  options.stream_beat_ms = 200;
  const int port = Start(options);
  Raw raw(port);
  raw.Send(Get("/events"));
  raw.ReadUntil("data: 1\n\n");
  const auto began = Clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_HAS(raw.ReadUntil("\r\n:\n\n\r\n", 2'000), "3\r\n:\n\n\r\n") << i;
  EXPECT_GE(Clock::now() - began, std::chrono::milliseconds(500)) << "not more often than asked for";
}

TEST_F(ServerTest, AStreamThatNobodyReadsEnds) {
  const int port = Start();
  Raw raw(port);
  raw.Send(Get("/events"));
  raw.ReadUntil("data: 1\n\n");
  bool open = true;
  for (int i = 0; i < 400 && open; ++i) open = stream_->Send(std::string(100'000, 'x'));
  EXPECT_FALSE(open) << "forty megabytes wait in memory";
}

TEST_F(ServerTest, TooManyWaitingRequestsAreA503AndQuickOnesGoOn) {
  ServerOptions options;
  options.worker_threads = 1;
  options.most_waiting = 1;
  const int port = Start(options);
  Raw running(port), waiting(port);
  running.Send(Get("/block"));
  while (blocked_ == 0) Sleep(5);
  waiting.Send(Get("/block"));
  Sleep(100);
  EXPECT_HAS(GetOnce(port, "/block"), "HTTP/1.1 503");
  EXPECT_HAS(GetOnce(port, "/json"), "HTTP/1.1 200");
  unblock_ = true;
  EXPECT_HAS(running.ReadUntil("unblocked"), "200 OK");
  EXPECT_HAS(waiting.ReadUntil("unblocked"), "200 OK");
}

TEST_F(ServerTest, StoppingLetsEndWhatIsUnderWay) {
  const int port = Start();
  Raw busy(port), idle(port);
  idle.Send(Get("/json"));
  idle.ReadUntil("true}");
  busy.Send(Get("/block"));
  while (blocked_ == 0) Sleep(5);
  auto stopped = std::async(std::launch::async, [&] { server_->Stop(5'000); });
  EXPECT_EQ(idle.ReadAll(2'000), "");
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(Raw(port).connected());
  unblock_ = true;
  EXPECT_HAS(busy.ReadAll(), "unblocked");
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(3)), std::future_status::ready);
}

TEST_F(ServerTest, StoppingInTheMiddleTellsHandlersAndEnds) {
  const int port = Start();
  Raw busy(port), uploading(port), streaming(port);
  busy.Send(Get("/block"));
  uploading.Send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx");
  streaming.Send(Get("/events"));
  streaming.ReadUntil("data: 1\n\n");
  while (blocked_ == 0) Sleep(5);
  const auto began = Clock::now();
  server_->Stop(100);
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(2));
  EXPECT_EQ(server_->counts().connections, 0u);
}

TEST_F(ServerTest, FiveHundredAtOnce) {
  ServerOptions options;
  options.most_waiting = 1'000;
  options.io_threads = 2;
  const int port = Start(options);
  std::vector<std::unique_ptr<Raw>> sockets;
  for (int i = 0; i < 500; ++i) {
    sockets.push_back(std::make_unique<Raw>(port));
    ASSERT_TRUE(sockets.back()->Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"));
  }
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(sockets[static_cast<size_t>(i)]->Send("n" + std::to_string(100 + i)));
  for (int i = 0; i < 500; ++i) {
    const std::string answer = sockets[static_cast<size_t>(i)]->ReadUntil("n" + std::to_string(100 + i));
    ASSERT_NE(answer.find("200 OK"), std::string::npos) << i << answer;
  }
  EXPECT_EQ(server_->counts().connections, 500u);
}

TEST_F(ServerTest, OneMoreThanItHoldsIsClosed) {
  ServerOptions options;
  options.most_connections = 2;
  const int port = Start(options);
  Raw first(port), second(port);
  first.Send(Get("/json"));
  second.Send(Get("/json"));
  EXPECT_HAS(first.ReadUntil("true}"), "200");
  EXPECT_HAS(second.ReadUntil("true}"), "200");
  Raw third(port);
  third.Send(Get("/json"));
  EXPECT_EQ(third.ReadAll(2'000), "");
  EXPECT_TRUE(third.ended());
}

TEST_F(ServerTest, SitesByTheNameThatIsAskedFor) {
  const auto site = [](const char* word) {
    return std::make_shared<Router>(
        std::vector<Row>{{"GET", "/", [word](Request&) { return Response::Text(200, word); }, nullptr, true}});
  };
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].sites = {{site("studio"), {"studio.*"}}, {site("ingestion"), {"ingestion.lan", "*.edge.com"}}};
  const int port = Start(options);
  const auto ask = [&](const std::string& host) {
    return Once(port, "GET / HTTP/1.1\r\nConnection: close\r\nHost: " + host + "\r\n\r\n");
  };
  EXPECT_HAS(ask("Studio.lan:4800"), "\r\n\r\nstudio");
  EXPECT_HAS(ask("ingestion.lan"), "\r\n\r\ningestion");
  EXPECT_HAS(ask("a.edge.com"), "\r\n\r\ningestion");
  EXPECT_HAS(ask("other.lan"), "HTTP/1.1 421");
}

TEST_F(ServerTest, WebSocketsEchoAndClose) {
  const int port = Start();
  WebSocketOptions options;
  options.server = {false, "127.0.0.1", port, "/socket"};
  options.most_message_bytes = 2'000'000;
  const auto next = [](MessageSocket& socket) {
    for (int i = 0; i < 50; ++i) {
      SocketEvent event = socket.Next(100);
      if (event.kind != Kind::kNothing) return event;
    }
    return SocketEvent{};
  };
  {
    const auto socket = OpenWebSocket(options);
    ASSERT_EQ(next(*socket).kind, Kind::kOpened);
    for (const size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 1'500'000u}) {
      const std::string bytes(size, 's');
      socket->Send(bytes, size % 2 == 0);
      const SocketEvent event = next(*socket);
      EXPECT_EQ(event.bytes, bytes) << size;
      EXPECT_EQ(event.binary, size % 2 == 0);
    }
    socket->Send("throw", false);  // its handler's business alone
    {
      const std::lock_guard lock(mutex_);
      EXPECT_TRUE(sockets_[0]->Send("from a thread", false));
    }
    EXPECT_EQ(next(*socket).bytes, "from a thread");
  }
  EXPECT_TRUE(Closed(1000));
  const auto socket = OpenWebSocket(options);
  ASSERT_EQ(next(*socket).kind, Kind::kOpened);
  socket->Send("close", false);
  const SocketEvent event = next(*socket);
  EXPECT_EQ(event.kind, Kind::kClosed);
  EXPECT_HAS(event.error.message, "(4001): as you wish");
  EXPECT_TRUE(Closed(4001));
  const std::lock_guard lock(mutex_);
  EXPECT_FALSE(sockets_[0]->Send("too late", false));
}

const std::string kUpgrade =
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

TEST_F(ServerTest, TheUpgradeIsCheckedAndCompressionDeclined) {
  const int port = Start();
  Raw raw(port);
  raw.Send(Get("/socket", kUpgrade + "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  const std::string head = raw.ReadUntil("\r\n\r\n");
  EXPECT_HAS(head, "HTTP/1.1 101");
  EXPECT_HAS(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(head.find("Extensions"), std::string::npos);
  raw.Send("\x89\x82\x01\x01\x01\x01hi");  // a ping, masked by ones
  EXPECT_EQ(raw.ReadUntil("ih"), "\x8A\x02ih");
  raw.Send("\x81\x01x");  // not masked
  EXPECT_HAS(raw.ReadAll(), "\x03\xea") << "1002";
  EXPECT_TRUE(Closed(1002));
  EXPECT_HAS(GetOnce(port, "/socket"), "HTTP/1.1 426");
  EXPECT_HAS(GetOnce(port, "/socket", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"),
             "Sec-WebSocket-Version: 13");
}

TEST_F(ServerTest, ADeadWebSocketIsNoticedAndALivingOneIsNot) {
  silent_ms_ = 600;
  const int port = Start();
  Raw dead(port);
  dead.Send(Get("/socket", kUpgrade));
  dead.ReadUntil("\r\n\r\n");
  EXPECT_EQ(dead.ReadUntil(std::string("\x89\x00", 2), 2'000), std::string("\x89\x00", 2)) << "asked by a ping";
  EXPECT_TRUE(Closed(1006));
  WebSocketOptions options;
  options.server = {false, "127.0.0.1", port, "/socket"};
  const auto living = OpenWebSocket(options);
  ASSERT_EQ(living->Next(3'000).kind, Kind::kOpened);
  EXPECT_EQ(living->Next(1'500).kind, Kind::kNothing);
}

TEST_F(ServerTest, StoppingSaysGoodbyeToWebSockets) {
  const int port = Start();
  WebSocketOptions options;
  options.server = {false, "127.0.0.1", port, "/socket"};
  const auto socket = OpenWebSocket(options);
  ASSERT_EQ(socket->Next(3'000).kind, Kind::kOpened);
  server_->Stop(3'000);
  const SocketEvent event = socket->Next(3'000);
  EXPECT_EQ(event.kind, Kind::kClosed);
  EXPECT_HAS(event.error.message, "(1001)");
}

TEST_F(ServerTest, TwoThousandIdleWebSocketsAreSmall) {
  const int port = Start();
  const int64_t before = ResidentBytes();
  std::vector<std::unique_ptr<Raw>> sockets;
  for (int i = 0; i < 2000; ++i) {
    sockets.push_back(std::make_unique<Raw>(port));
    if (!sockets.back()->connected()) GTEST_SKIP() << "this machine allows only " << i << " open files";
    sockets.back()->Send(Get("/socket", kUpgrade));
    ASSERT_NE(sockets.back()->ReadUntil("\r\n\r\n").find("101"), std::string::npos) << i;
  }
  const int64_t used = ResidentBytes() - before;
  RecordProperty("kilobytes", static_cast<int>(used / 1024));
  std::printf("2000 idle WebSockets: %.1f MB\n", static_cast<double>(used) / 1e6);
  EXPECT_LT(used, kRoom * 60'000'000);
}

class TlsTest : public ServerTest {
 protected:
  TlsTest() {
    authority_ = *MakeAuthority("Thimble test", 30);
    std::ofstream(folder_ / "ca.pem") << authority_.certificate_pem;
  }
  Identity For(const std::string& name) {
    return *MakeCertificate(authority_, {.common_name = name, .names = {name}, .addresses = {"127.0.0.1"}});
  }
  HttpRequest To(int port, const std::string& host, const std::string& target) const {
    HttpRequest request;
    request.server = {true, host, port, "/"};
    request.method = "GET";
    request.target = target;
    request.ca_files = {(folder_ / "ca.pem").string()};
    request.answer_timeout_ms = 5'000;
    return request;
  }
  Identity authority_;
};

TEST_F(TlsTest, OwnCertificatesAreTrustedByTheirAuthorityAlone) {
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].tls = TlsSettings{.identities = {For("localhost")}, .client_authorities_pem = {}};
  const int port = Start(options);
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto reply = Ask(To(port, host, "/json"));
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->body, R"({"ok":true})");
  }
  const auto too_large = Ask(To(port, "localhost", "/site/assets/big.bin"));
  EXPECT_FALSE(too_large.ok()) << too_large->status << " " << too_large->body.size();
  HttpRequest large = To(port, "localhost", "/site/assets/big.bin");
  large.most_reply_bytes = 4'000'000;
  EXPECT_EQ(Ask(large)->body.size(), 3'000'000u);
  HttpRequest stranger = To(port, "localhost", "/json");
  stranger.ca_files.clear();
  EXPECT_EQ(Ask(stranger).error().status, Status::kVerificationFailed);
  WebSocketOptions socket_options;
  socket_options.server = {true, "localhost", port, "/socket"};
  socket_options.ca_files = {(folder_ / "ca.pem").string()};
  const auto socket = OpenWebSocket(socket_options);
  ASSERT_EQ(socket->Next(5'000).kind, Kind::kOpened);
  socket->Send("hello", false);
  EXPECT_EQ(socket->Next(5'000).bytes, "hello");
  Raw plain(port);
  plain.Send(Get("/json"));
  EXPECT_EQ(plain.ReadAll().find("HTTP/1.1"), std::string::npos) << "no plain words on a TLS port";
}

TEST_F(TlsTest, TheCertificateIsTheOneForTheNameThatIsAsked) {
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].tls =
      TlsSettings{.identities = {For("studio.lan"), For("localhost")}, .client_authorities_pem = {}};
  const int port = Start(options);
  EXPECT_TRUE(Ask(To(port, "localhost", "/json")).ok());
}

TEST_F(TlsTest, ACertificateIsExchangedWhileItServes) {
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].tls = TlsSettings{.identities = {For("studio.lan")}, .client_authorities_pem = {}};
  const int port = Start(options);
  EXPECT_EQ(Ask(To(port, "localhost", "/json")).error().status, Status::kVerificationFailed);
  ASSERT_TRUE(server_->ChangeTls(0, {.identities = {For("localhost")}, .client_authorities_pem = {}}).ok());
  EXPECT_TRUE(Ask(To(port, "localhost", "/json")).ok());
  EXPECT_FALSE(server_->ChangeTls(0, {.identities = {{"no", "pem"}}, .client_authorities_pem = {}}).ok());
  EXPECT_TRUE(Ask(To(port, "localhost", "/json")).ok());
}

TEST_F(TlsTest, ClientsShowTheirCertificate) {
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].tls =
      TlsSettings{.identities = {For("localhost")}, .client_authorities_pem = authority_.certificate_pem};
  const int port = Start(options);
  EXPECT_FALSE(Ask(To(port, "localhost", "/who")).ok());
  const Identity device =
      *MakeCertificate(authority_, {.common_name = "kit 7", .names = {}, .addresses = {}, .for_client = true});
  HttpRequest request = To(port, "localhost", "/who");
  request.client_certificate_pem = device.certificate_pem;
  request.client_key_pem = device.key_pem;
  const auto reply = Ask(request);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->body, "CN=kit 7");
  const Identity other = *MakeAuthority("somebody else", 30);
  const Identity forged =
      *MakeCertificate(other, {.common_name = "kit 7", .names = {}, .addresses = {}, .for_client = true});
  request.client_certificate_pem = forged.certificate_pem;
  request.client_key_pem = forged.key_pem;
  EXPECT_FALSE(Ask(request).ok());
}

TEST_F(TlsTest, CertificatesThatAreNoneAreSentences) {
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].sites = {{std::make_shared<Router>(Rows())}};
  options.listeners[0].tls = TlsSettings{.identities = {{"no", "pem"}}, .client_authorities_pem = {}};
  EXPECT_HAS(Server::Start(options).error().message, "no certificate");
  Identity mixed = For("a");
  mixed.key_pem = For("b").key_pem;
  options.listeners[0].tls->identities = {mixed};
  EXPECT_HAS(Server::Start(options).error().message, "key is not that of the certificate");
  EXPECT_FALSE(MakeCertificate(authority_, {.common_name = "x", .names = {"a,IP:1.2.3.4"}, .addresses = {}}).ok());
  EXPECT_FALSE(MakeCertificate(authority_, {.common_name = "x", .names = {}, .addresses = {"a.b"}}).ok());
  const std::vector<std::string> names = {"a", "127.0.0.1"};
  EXPECT_EQ(*NamesOf(For("a").certificate_pem), names);
  EXPECT_TRUE(NameCovers("*.lan", "studio.LAN"));
  EXPECT_FALSE(NameCovers("*.lan", "a.b.lan"));
  EXPECT_FALSE(NameCovers("*.lan", ".lan"));
}

TEST_F(ServerTest, APortThatIsTakenIsASentence) {
  const int port = Start();
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].port = port;
  options.listeners[0].sites = {{std::make_shared<Router>(Rows())}};
  EXPECT_HAS(Server::Start(options).error().message, "does another server run there?");
  options.listeners[0].address = "localhost";
  EXPECT_HAS(Server::Start(options).error().message, "no address to listen at");
}

/// The output of curl, or of nothing where there is none.
std::string Curl(const std::string& arguments) {
  std::string output;
  FILE* pipe = ::popen(("curl -sS --max-time 20 " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  for (size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, count);
  ::pclose(pipe);
  return output;
}

TEST_F(TlsTest, CurlUnderstandsIt) {
  if (Curl("--version").find("libcurl") == std::string::npos) GTEST_SKIP() << "curl is not installed";
  const int port = Start();
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  EXPECT_EQ(Curl(url + "/json " + url + "/json"), R"({"ok":true}{"ok":true})");
  const std::string file = (folder_ / "site/assets/big.bin").string();
  EXPECT_EQ(Curl("--data-binary @" + file + " -H 'Expect: 100-continue' " + url + "/upload"), "3000000");
  EXPECT_EQ(Curl("-T - -X POST " + url + "/upload <" + file), "3000000") << "chunked";
  EXPECT_EQ(Curl("--http1.0 " + url + "/json"), R"({"ok":true})");
  EXPECT_EQ(Curl("-I " + url + "/json").substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(Curl(url + "/produce").size(), 260'000u);
  EXPECT_EQ(Curl("-r 2999990- " + url + "/site/assets/big.bin"), std::string(10, 'b'));
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].tls = TlsSettings{.identities = {For("localhost")}, .client_authorities_pem = {}};
  const int secure = Start(options);
  EXPECT_EQ(
      Curl("--cacert " + (folder_ / "ca.pem").string() + " https://localhost:" + std::to_string(secure) + "/json"),
      R"({"ok":true})");
}

}  // namespace
}  // namespace thimble::http
