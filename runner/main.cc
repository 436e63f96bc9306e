// The program that every .eim begins with: it reads the impulse behind its own end and answers on a Unix socket.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "runner/conversation.h"
#include "runner/eim_file.h"
#include "runner/requests.h"

namespace thimble::runner {
namespace {

/// Clients wait for this name to appear, so it must lead to a socket that listens already.
char socket_path[sizeof(sockaddr_un::sun_path)];

/// How such a program ends: whoever started it sends a signal.
void End(int) {
  ::unlink(socket_path);
  ::_exit(0);
}

std::string Why() { return std::strerror(errno); }

/// This very file, however it is called.
Expected<std::string> ReadOwnFile() {
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  struct stat facts = {};
  if (file < 0 || ::fstat(file, &facts) != 0) return {Status::kFailed, "cannot read this program's file: " + Why()};
  std::string bytes(static_cast<size_t>(facts.st_size), '\0');
  size_t read = 0;
  while (read < bytes.size()) {
    const ssize_t count = ::read(file, bytes.data() + read, bytes.size() - read);
    if (count <= 0) break;
    read += static_cast<size_t>(count);
  }
  ::close(file);
  if (read == bytes.size()) return bytes;
  return {Status::kFailed, "cannot read this program's file: " + Why()};
}

Expected<int> Listen(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string before = path + ".new";
  if (before.size() >= sizeof address.sun_path) {
    return {Status::kInvalidArgument, path + ": is too long for a socket's name, which has " +
                                          std::to_string(sizeof address.sun_path - 5) + " bytes at most"};
  }
  struct stat facts = {};
  if (::lstat(path.c_str(), &facts) == 0 && !S_ISSOCK(facts.st_mode)) {
    return {Status::kInvalidArgument, path + ": is there already and is no socket; name another place"};
  }
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::memcpy(address.sun_path, before.c_str(), before.size());
  ::unlink(before.c_str());
  if (listener < 0 || ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    return {Status::kFailed, path + ": cannot listen there: " + Why()};
  }
  std::memcpy(socket_path, path.c_str(), path.size());
  struct sigaction ending = {};
  ending.sa_handler = End;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &ending, nullptr);
  if (::rename(before.c_str(), path.c_str()) != 0) {
    const std::string why = Why();
    ::unlink(before.c_str());
    return {Status::kFailed, path + ": cannot listen there: " + why};
  }
  return listener;
}

/// Every answer ends with a zero byte, which some clients wait for. False: the client has gone.
bool Send(int client, std::string answer) {
  answer.push_back('\0');
  for (std::string_view rest = answer; !rest.empty();) {
    const ssize_t sent = ::send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void Serve(int client, Conversation& conversation) {
  Requests requests(conversation.most_request_bytes());
  conversation.Begin();
  char bytes[64 * 1024];
  while (true) {
    const ssize_t count = ::recv(client, bytes, sizeof bytes, 0);
    if (count <= 0) return;
    requests.Add({bytes, static_cast<size_t>(count)});
    while (true) {
      const auto request = requests.Next();
      if (!request.ok()) {
        Send(client, Conversation::Refuse(request.error()));
        return;
      }
      if (!*request) break;
      if (!Send(client, conversation.Answer(**request))) return;
    }
  }
}

std::string About(const Eim& eim) {
  const compiler::ImpulseDescription& impulse = eim.impulse;
  return impulse.name + ", version " + std::to_string(eim.origin.version) +
         ": an impulse for programs that speak Edge Impulse's runner protocol, such as edge-impulse-linux-runner "
         "--model-file.\nBy itself: " +
         "start it with the path of a Unix socket, send a line {\"hello\":1,\"id\":1} there.\n";
}

Outcome Run(int argc, char** argv) {
  THIMBLE_ASSIGN(const std::string file, ReadOwnFile());
  THIMBLE_ASSIGN(const Eim eim, ReadEim(argv[0], file));
  if (argc != 2 || argv[1][0] == '-' || argv[1][0] == '\0') {
    const std::string_view word = argc == 2 ? argv[1] : "";
    if (argc == 1 || word == "--help" || word == "-h") {
      std::fputs(About(eim).c_str(), stdout);
      return Nothing{};
    }
    return {Status::kInvalidArgument, "it takes one word, the path of a Unix socket"};
  }
  THIMBLE_ASSIGN(Conversation conversation, Conversation::Open(eim));
  THIMBLE_ASSIGN(const int listener, Listen(argv[1]));
  // One after the other: there is one window.
  while (true) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      End(0);
    }
    Serve(client, conversation);
    ::close(client);
  }
}

}  // namespace
}  // namespace thimble::runner

int main(int argc, char** argv) {
  const thimble::Outcome outcome = thimble::runner::Run(argc, argv);
  if (outcome.ok()) return 0;
  std::fprintf(stderr, "%s\n", outcome.error().message.c_str());
  return thimble::ExitCode(outcome.error().status);
}
