// `thimble serve`, and what keeps its data: backup, restore, verify.
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "cli/commands.h"
#include "cli/data_folder.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "studio/server/server.h"
#include "studio/store/backup.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using std::chrono_literals::operator""ms;

constexpr auto kLook = 100ms;
constexpr int kDrainMs = 2'000;
constexpr rlim_t kFiles = 16'384;

void Print(const ordered_json& object) {
  std::printf("%s\n", object.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

/// What EI_HOST has to be so that tools find the server: they know no other ports than these. Empty if nothing will do.
std::string EiHostFor(const studio::ServeOptions& serve, const studio::Application& application) {
  if (serve.tls) return serve.tls_port == 443 ? application.public_name : "";
  const bool usual =
      application.studio_port == 4800 && application.remote_port == 4802 && application.ingestion_port == 4810;
  return usual ? application.public_name : "";
}

void PrintFacts(const studio::ServerFacts& facts, const fs::path& folder, const std::string& host) {
  const Style style = StyleOf(stdout);
  const auto line = [&](const char* what, const std::string& value, const std::string& remark = {}) {
    std::printf("  %s %s%s\n", PadRight(what, 9).c_str(), value.c_str(),
                remark.empty() ? "" : ("  " + style.Dim(remark)).c_str());
  };
  std::printf("%s\n", style.Bold("Thimble studio").c_str());
  if (!facts.tls_url.empty()) line("studio", facts.tls_url);
  line(facts.tls_url.empty() ? "studio" : "", facts.studio_url);
  line("devices", facts.remote_url);
  line("uploads", facts.ingestion_url);
  line("data", folder.string());
  if (!facts.authority.empty()) line("trust", facts.authority.string(), "for clients; --ca of thimble bridge");
  if (!host.empty()) line("tools", "EI_HOST=" + host, "for thimble bridge");
  if (!facts.account.empty()) {
    std::printf("\n  Log in as %s with the password %s\n  %s\n", style.Bold(facts.account).c_str(),
                style.Bold(facts.password).c_str(), "It is shown only now; change it after the login.");
  }
  std::printf("\n%s\n", style.Dim("Ctrl-C ends it.").c_str());
  std::fflush(stdout);
}

ordered_json JsonOf(const studio::ServerFacts& facts, const studio::Application& application, const fs::path& folder) {
  ordered_json object = {{"studio_url", facts.studio_url},
                         {"remote_url", facts.remote_url},
                         {"ingestion_url", facts.ingestion_url},
                         {"studio_port", application.studio_port},
                         {"remote_port", application.remote_port},
                         {"ingestion_port", application.ingestion_port},
                         {"accounts", facts.accounts},
                         {"data_folder", folder.string()}};
  if (!facts.tls_url.empty()) object["tls_url"] = facts.tls_url;
  if (!facts.authority.empty()) object["authority"] = facts.authority.string();
  if (!facts.account.empty()) object["account"] = facts.account, object["password"] = facts.password;
  return object;
}

/// Each connection takes a descriptor, and shells give a program only a thousand.
void AllowManyFiles() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, kFiles);
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
}

/// What ServeOptions::log asks for; empty for none.
Expected<std::function<void(const std::string&)>> OpenRequestLog(const std::string& path) {
  std::function<void(const std::string&)> log;
  if (path.empty()) return log;
  std::shared_ptr<std::FILE> file(stderr, [](std::FILE*) {});
  if (path != "-") {
    std::FILE* const opened = std::fopen(path.c_str(), "ae");
    if (opened == nullptr) {
      return {Status::kFailed,
              path + ": cannot be written: " + std::strerror(errno) + "; choose another file with --log"};
    }
    file = {opened, &std::fclose};
  }
  log = [file](const std::string& line) {
    std::fprintf(file.get(), "%s\n", line.c_str());
    std::fflush(file.get());
  };
  return log;
}

}  // namespace

Outcome Serve(const ServeOptions& options) {
  THIMBLE_ASSIGN(const fs::path folder, DataFolder(options.data_folder));
  studio::ServeOptions serve;
  serve.folder = folder;
  serve.page_folder = studio::BuiltPage();
  serve.database = options.database;
  serve.bind = options.bind == "localhost" ? "127.0.0.1" : options.bind;
  serve.studio_port = options.studio_port;
  serve.remote_port = options.remote_port;
  serve.ingestion_port = options.ingestion_port;
  serve.accounts = options.users;
  serve.insecure = options.insecure;
  serve.tls = options.tls || !options.certificate.empty();
  serve.tls_port = options.tls_port;
  serve.names = options.names;
  serve.certificate = options.certificate;
  serve.key = options.key;
  serve.job_workers = options.workers;
  if (!options.reset_password.empty()) serve.reset_password = options.reset_password;
  serve.fault = [](const std::string& words) { std::fprintf(stderr, "thimble: %s\n", Printable(words).c_str()); };

  THIMBLE_ASSIGN(serve.request_log, OpenRequestLog(options.log));
  AllowManyFiles();
  THIMBLE_ASSIGN(const std::unique_ptr<studio::StudioServer> server, studio::StartServer(serve));
  if (options.common.json) {
    Print(JsonOf(server->facts(), server->application(), folder));
  } else {
    PrintFacts(server->facts(), folder, EiHostFor(serve, server->application()));
  }
  while (!Interrupted()) std::this_thread::sleep_for(kLook);
  // Ctrl-C is how a server ends. Whoever cannot wait presses it again.
  if (!options.common.quiet) std::fprintf(stderr, "thimble: ending; requests under way have two seconds\n");
  server->Stop(kDrainMs);
  return Nothing{};
}

Outcome BackUp(const KeepOptions& options) {
  THIMBLE_ASSIGN(const studio::StoreOptions place, ExistingStore(options.data_folder, options.database));
  THIMBLE_ASSIGN(const std::unique_ptr<studio::Store> store, studio::Store::Open(place));
  THIMBLE_ASSIGN(const studio::BackupReport report, studio::Backup(*store, options.file));
  if (options.common.json) {
    Print({{"file", options.file}, {"rows", report.rows}, {"blobs", report.blobs}, {"bytes", report.bytes}});
  } else {
    std::printf("%s: %s rows and %s contents, %s bytes\n", options.file.c_str(), Thousands(report.rows).c_str(),
                Thousands(report.blobs).c_str(), Thousands(report.bytes).c_str());
  }
  return Nothing{};
}

Outcome RestoreBackup(const KeepOptions& options) {
  THIMBLE_ASSIGN(const fs::path folder, DataFolder(options.data_folder));
  THIMBLE_ASSIGN(const studio::BackupReport report,
                 studio::Restore(options.file, {.folder = folder, .database = options.database}));
  if (options.common.json) {
    Print({{"data_folder", folder.string()}, {"rows", report.rows}, {"blobs", report.blobs}});
  } else {
    std::printf("%s: %s rows and %s contents are back\n", folder.c_str(), Thousands(report.rows).c_str(),
                Thousands(report.blobs).c_str());
  }
  return Nothing{};
}

Expected<bool> VerifyData(const KeepOptions& options) {
  THIMBLE_ASSIGN(const studio::StoreOptions place, ExistingStore(options.data_folder, options.database));
  THIMBLE_ASSIGN(const std::unique_ptr<studio::Store> store, studio::Store::Open(place));
  THIMBLE_ASSIGN(const studio::VerifyReport report, studio::Verify(*store));
  if (options.common.json) {
    Print({{"data_folder", place.folder.string()},
           {"rows", report.rows},
           {"blobs", report.blobs},
           {"bytes", report.stored_bytes},
           {"problems", report.problems}});
  } else {
    for (const std::string& problem : report.problems) std::printf("%s\n", Printable(problem).c_str());
    std::printf("%s: %s rows and %s contents read, %s\n", place.folder.c_str(), Thousands(report.rows).c_str(),
                Thousands(report.blobs).c_str(),
                report.problems.empty() ? "all whole" : Plural(report.problems.size(), "problem").c_str());
  }
  return report.problems.empty();
}

}  // namespace thimble::cli
