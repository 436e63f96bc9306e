// The servers that are measured, each a process of its own: the studio, nginx beside it.
#ifndef THIMBLE_TESTS_LOAD_PROCESSES_H_
#define THIMBLE_TESTS_LOAD_PROCESSES_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace thimble::load {

/// Ends with this object, or with this program.
class Process {
 public:
  /// `out`: where its standard output goes; empty: nowhere.
  Process(const std::vector<std::string>& words, const std::filesystem::path& out = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  double processor_s() const;  ///< that it has used so far
  double resident_mb() const;  ///< memory, in 10^6 bytes
  bool runs() const;

 private:
  pid_t pid_;
};

/// `thimble serve` on a fresh folder of `root`, with a project and a key that may do everything.
class Studio {
 public:
  Studio(const std::string& thimble, const std::filesystem::path& root, const std::string& database = {});

  const Process& process() const { return process_; }
  int studio_port() const { return studio_port_; }
  int remote_port() const { return remote_port_; }
  int ingestion_port() const { return ingestion_port_; }
  const std::string& project_path() const { return project_path_; }  ///< "/api/v1/projects/1"
  const std::string& key() const { return key_; }
  const std::string& hmac_key() const { return hmac_key_; }

 private:
  std::filesystem::path out_;
  Process process_;
  int studio_port_ = 0, remote_port_ = 0, ingestion_port_ = 0;
  std::string project_path_, key_, hmac_key_;
};

/// nginx with one process, from a folder: its files, and at /json this answer.
class Nginx {
 public:
  static bool IsInstalled();
  Nginx(const std::filesystem::path& folder, const std::string& json);

  const Process& process() const { return process_; }
  int port() const { return kPort; }

 private:
  static constexpr int kPort = 48'099;
  Process process_;
};

}  // namespace thimble::load

#endif  // THIMBLE_TESTS_LOAD_PROCESSES_H_
