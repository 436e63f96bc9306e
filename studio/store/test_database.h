// Data folders and a real PostgreSQL for tests, gone when the test is.
#ifndef THIMBLE_STUDIO_STORE_TEST_DATABASE_H_
#define THIMBLE_STUDIO_STORE_TEST_DATABASE_H_

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "studio/store/store.h"

namespace thimble::studio {

/// A folder that vanishes with this object.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "thimble-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Debian's PostgreSQL in a temporary folder, reached by a Unix socket.
class TestPostgresql {
 public:
  /// The one of this process; null when PostgreSQL is not installed or does not start.
  static TestPostgresql* Get() {
    static const std::unique_ptr<TestPostgresql> one = Start();
    return one.get();
  }

  /// A new empty database.
  std::string MakeDatabase() {
    const std::string name = "test" + std::to_string(++databases_);
    if (Finish(Run({binaries_ / "createdb", "-h", folder_.path(), "-U", "thimble", name}, -1)) != 0) return "";
    return "postgresql://thimble@/" + name + "?host=" + folder_.path().string();
  }

  ~TestPostgresql() {
    ::kill(server_, SIGQUIT);
    ::waitpid(server_, nullptr, 0);
  }

 private:
  static std::unique_ptr<TestPostgresql> Start() {
    std::unique_ptr<TestPostgresql> made(new TestPostgresql);
    std::error_code error;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
      made->binaries_ = version.path() / "bin";
    }
    if (!std::filesystem::exists(made->binaries_ / "initdb")) return nullptr;
    // PostgreSQL refuses to run as root.
    const passwd* user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
    const int uid = user != nullptr ? static_cast<int>(user->pw_uid) : -1;
    const std::filesystem::path data = made->folder_.path() / "data";
    if (uid >= 0 && ::chown(made->folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) return nullptr;
    if (Finish(Run({made->binaries_ / "initdb", "-D", data, "-A", "trust", "-U", "thimble", "-E", "UTF8", "--locale=C",
                    "--no-sync"},
                   uid)) != 0) {
      return nullptr;
    }
    made->server_ =
        Run({made->binaries_ / "postgres", "-D", data, "-k", made->folder_.path(), "-c", "listen_addresses="}, uid);
    for (int i = 0; i < 300; ++i) {
      if (Finish(Run({made->binaries_ / "pg_isready", "-q", "-h", made->folder_.path()}, -1)) == 0) return made;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return nullptr;
  }

  /// As another user if `uid` is not negative. It ends when we do.
  static pid_t Run(const std::vector<std::string>& words, int uid) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (uid >= 0 && ::setuid(static_cast<uid_t>(uid)) != 0) ::_exit(127);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    // Not freopen, which would write what our own buffer holds once more.
    const int nowhere = ::open("/dev/null", O_WRONLY);
    if (nowhere < 0 || ::dup2(nowhere, 1) < 0 || ::dup2(nowhere, 2) < 0 || ::chdir("/") != 0) ::_exit(127);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  static int Finish(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
  }

  TestFolder folder_;
  std::filesystem::path binaries_;
  pid_t server_ = -1;
  int databases_ = 0;
};

/// Where a test keeps its rows, the same each time for the same folder: SQLite, or PostgreSQL when
/// THIMBLE_TEST_DATABASE is "postgresql". So a program of tests runs on either; without PostgreSQL it ends as one that
/// was skipped (77). Call it before fork, and first on the main thread, with which PostgreSQL ends.
inline StoreOptions StoreIn(const std::filesystem::path& folder) {
  StoreOptions options;
  options.folder = folder;
  const char* const wanted = std::getenv("THIMBLE_TEST_DATABASE");
  if (wanted == nullptr || std::string_view(wanted) != "postgresql") return options;
  if (TestPostgresql::Get() == nullptr) {
    std::fputs("PostgreSQL is not installed (apt-get install postgresql)\n", stderr);
    std::_Exit(77);
  }
  static std::map<std::filesystem::path, std::string> databases;
  std::string& database = databases[folder];
  if (database.empty()) database = TestPostgresql::Get()->MakeDatabase();
  options.database = database;
  return options;
}

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_STORE_TEST_DATABASE_H_
