// Requests a second on one connection after another's heels: JSON and a file, and the same from nginx where it is
// installed. Clients and servers share the machine.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "http/files.h"
#include "http/server.h"

namespace thimble::http {
namespace {

namespace fs = std::filesystem;

constexpr int kConnections = 32;
constexpr size_t kFileBytes = 27 * 1024;
constexpr const char* kJson = R"({"success":true,"projects":[{"id":1,"name":"wave","owner":"me"}]})";

fs::path MakeFolder() {
  std::string name = (fs::temp_directory_path() / "thimble_bench_XXXXXX").string();
  const fs::path folder = ::mkdtemp(name.data());
  std::ofstream(folder / "file.js") << std::string(kFileBytes, 'x');
  std::ofstream(folder / "json") << kJson;
  return folder;
}

int Connect(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  ::close(socket);
  return -1;
}

/// One request on each of 32 connections, then an answer from each: that is one iteration.
void Measure(benchmark::State& state, int port, const std::string& target) {
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::array<int, kConnections> sockets;
  for (int& socket : sockets) socket = Connect(port);
  if (sockets[0] < 0) return state.SkipWithError("nobody listens");
  std::string buffer(64 * 1024, '\0');
  size_t answer_bytes = 0;
  const auto read_one = [&](int socket) {
    size_t got = 0;
    while (got == 0 || got < answer_bytes) {
      const ssize_t count = ::recv(socket, buffer.data() + got, buffer.size() - got, 0);
      if (count <= 0) return false;
      got += static_cast<size_t>(count);
      if (answer_bytes != 0) continue;
      // The first answer tells how long they all are.
      const std::string_view text(buffer.data(), got);
      const size_t body = text.find("\r\n\r\n"), length = text.find("Content-Length: ");
      if (body == std::string_view::npos || length > body) return false;
      answer_bytes = body + 4 + std::strtoul(buffer.data() + length + 16, nullptr, 10);
    }
    return got == answer_bytes;
  };
  for (auto _ : state) {
    for (const int socket : sockets) (void)!::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    for (const int socket : sockets) {
      if (!read_one(socket)) return state.SkipWithError("an answer is not like the first");
    }
  }
  for (const int socket : sockets) ::close(socket);
  state.counters["requests"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kConnections, benchmark::Counter::kIsRate);
}

/// A server in this process, with one io thread.
class Ours {
 public:
  Ours() {
    auto folder = Folder::Open(folder_.string());
    files_ = std::make_shared<Folder>(*std::move(folder));
    ServerOptions options;
    options.listeners.emplace_back();
    options.listeners[0].sites = {{std::make_shared<Router>(std::vector<Row>{
        {"GET", "/json", [](Request&) { return Response::Json(200, kJson); }, nullptr, true},
        {"GET", "/worker", [](Request&) { return Response::Json(200, kJson); }},
        {"GET", "/{path...}", [this](Request& request) { return files_->Serve(request, request.Parameter("path")); },
         nullptr, true}})}};
    server_ = *Server::Start(std::move(options));
  }
  ~Ours() {
    server_.reset();
    fs::remove_all(folder_);
  }
  Ours(const Ours&) = delete;
  Ours& operator=(const Ours&) = delete;
  int port() const { return server_->ports()[0]; }

 private:
  fs::path folder_ = MakeFolder();
  std::shared_ptr<Folder> files_;
  std::unique_ptr<Server> server_;
};

/// nginx with one process, from a folder of its own.
class Nginx {
 public:
  Nginx() {
    if (std::system("command -v nginx >/dev/null 2>&1") != 0) return;
    std::ofstream(folder_ / "nginx.conf")
        << "daemon off; master_process off; worker_processes 1; pid " << (folder_ / "pid").string() << "; error_log "
        << (folder_ / "error.log").string() << ";\nevents { worker_connections 1024; }\n"
        << "http { access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000000; default_type "
           "text/plain;\n"
        << "  server { listen 127.0.0.1:" << kPort << "; root " << folder_.string()
        << "; location = /json { default_type application/json; return 200 '" << kJson << "'; } } }\n";
    process_ = ::fork();
    if (process_ == 0) {
      ::execlp("nginx", "nginx", "-p", folder_.c_str(), "-c", "nginx.conf", "-e", "error.log", nullptr);
      ::_exit(1);
    }
    for (int i = 0; i < 100; ++i) {
      const int socket = Connect(kPort);
      if (socket >= 0) {
        ::close(socket);
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  ~Nginx() {
    if (process_ > 0) {
      ::kill(process_, SIGTERM);
      ::waitpid(process_, nullptr, 0);
    }
    fs::remove_all(folder_);
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  bool runs() const { return process_ > 0; }
  static constexpr int kPort = 48'099;

 private:
  fs::path folder_ = MakeFolder();
  pid_t process_ = -1;
};

void BM_Thimble(benchmark::State& state, const char* target) {
  const Ours server;
  Measure(state, server.port(), target);
}
void BM_Nginx(benchmark::State& state, const char* target) {
  const Nginx server;
  if (!server.runs()) return state.SkipWithError("nginx is not installed");
  Measure(state, Nginx::kPort, target);
}
BENCHMARK_CAPTURE(BM_Thimble, json, "/json")->UseRealTime();
BENCHMARK_CAPTURE(BM_Nginx, json, "/json")->UseRealTime();
BENCHMARK_CAPTURE(BM_Thimble, json_by_worker, "/worker")->UseRealTime();
BENCHMARK_CAPTURE(BM_Thimble, file_27k, "/file.js")->UseRealTime();
BENCHMARK_CAPTURE(BM_Nginx, file_27k, "/file.js")->UseRealTime();

}  // namespace
}  // namespace thimble::http
