#include "tests/load/processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/load/client.h"

namespace thimble::load {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// The first line of the file, when there is one.
std::string WaitForLine(const fs::path& file, const Process& process) {
  for (int i = 0; i < 200; ++i) {
    std::ifstream in(file);
    std::string line;
    if (std::getline(in, line) && !in.eof()) return line;
    if (!process.runs()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  Fail("the server did not start");
}

fs::path Configured(const fs::path& folder, const std::string& json, int port) {
  const fs::path file = folder / "nginx.conf";
  std::ofstream(file) << "daemon off; master_process off; worker_processes 1; pid " << (folder / "pid").string()
                      << "; error_log " << (folder / "error.log").string() << ";\nevents { worker_connections 1024; }\n"
                      << "http { access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000000; "
                         "default_type text/plain;\n"
                      << "  server { listen 127.0.0.1:" << port << "; root " << folder.string()
                      << "; location = /json { default_type application/json; return 200 '" << json << "'; } } }\n";
  return file;
}

}  // namespace

Process::Process(const std::vector<std::string>& words, const fs::path& out) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::string target = out.empty() ? "/dev/null" : out.string();
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int file = ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || ::dup2(file, STDOUT_FILENO) < 0) ::_exit(127);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

Process::~Process() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

double Process::processor_s() const {
  clockid_t clock = 0;
  timespec used = {};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) Fail("a server has ended");
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

double Process::resident_mb() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  double pages = 0, resident_pages = 0;
  file >> pages >> resident_pages;
  return resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

bool Process::runs() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

Studio::Studio(const std::string& thimble, const fs::path& root, const std::string& database)
    : out_(root / "serve.json"),
      process_(
          [&] {
            std::vector<std::string> words = {thimble, "serve", "--json"};
            words.insert(words.end(), {"--data-dir", (root / "data").string()});
            for (const char* port : {"--studio-port", "--remote-port", "--ingestion-port"}) {
              words.insert(words.end(), {port, "0"});
            }
            if (!database.empty()) words.insert(words.end(), {"--db", database});
            return words;
          }(),
          out_) {
  const Json facts = Json::parse(WaitForLine(out_, process_));
  studio_port_ = facts["studio_port"];
  remote_port_ = facts["remote_port"];
  ingestion_port_ = facts["ingestion_port"];
  const auto make = [&](const std::string& path, const Json& what) {
    return Json::parse(Ask(studio_port_, Request("POST", path, "Content-Type: application/json\r\n", what.dump())));
  };
  project_path_ = "/api/v1/projects/" + make("/api/v1/projects", {{"name", "load"}})["id"].dump();
  key_ = make(project_path_ + "/keys", {{"name", "load"}, {"role", "admin"}})["key"];
  hmac_key_ = make(project_path_ + "/hmac-keys", {{"name", "load"}})["key"];
}

bool Nginx::IsInstalled() { return std::system("command -v nginx >/dev/null 2>&1") == 0; }

Nginx::Nginx(const fs::path& folder, const std::string& json)
    : process_({"nginx", "-p", folder.string(), "-c", Configured(folder, json, kPort).string(), "-e", "error.log"}) {
  // It says nothing when it is ready.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  if (!process_.runs()) Fail("nginx did not start; is something else on port " + std::to_string(kPort) + "?");
}

}  // namespace thimble::load
