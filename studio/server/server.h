// The studio's server, whole: store, gate, devices, jobs and the addresses where they answer.
#ifndef THIMBLE_STUDIO_SERVER_SERVER_H_
#define THIMBLE_STUDIO_SERVER_SERVER_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "studio/server/application.h"
#include "studio/server/people/password.h"

namespace thimble::studio {

struct ServeOptions {
  std::filesystem::path folder;                                       ///< of the data; made if need be
  std::filesystem::path page_folder;                                  ///< of the studio's page; see BuiltPage
  std::string database;                                               ///< postgresql://…; empty: SQLite in the folder
  std::string bind = "127.0.0.1";                                     ///< numeric
  int studio_port = 4800, remote_port = 4802, ingestion_port = 4810;  ///< 0: any free one

  bool accounts = false;  ///< people log in also where only this computer can ask; elsewhere they always do
  bool insecure = false;  ///< other computers may ask without TLS
  /// One more port for all three services, told apart by the name that is asked for: studio.NAME, remote-mgmt.NAME,
  /// ingestion.NAME. The others then only answer this computer, unless `insecure`.
  bool tls = false;
  int tls_port = 443;
  std::vector<std::string> names;                  ///< by which clients know the server; empty: this computer's
  std::filesystem::path certificate, key;          ///< PEM; empty: the server's own authority signs one
  std::optional<std::string> reset_password = {};  ///< the account that gets a new one, made if it is not there

  int job_workers = 1;
  int header_ms = 10'000;  ///< a request's head, and a TLS handshake, have so long
  PasswordCost password_cost;
  std::function<int64_t()> now_ms;                ///< milliseconds since 1970; the system's clock when empty
  std::function<void(const std::string&)> fault;  ///< told what went wrong inside, on any thread
  /// Told a line for each answer: time, address, request, status, duration. Without queries, which may hold secrets. On
  /// the thread that serves: must be quick.
  std::function<void(const std::string&)> request_log;
};

/// What whoever started it wants to know.
struct ServerFacts {
  std::string studio_url, remote_url, ingestion_url;  ///< for people and their tools on this computer
  std::string tls_url;                                ///< empty without TLS
  std::filesystem::path authority;                    ///< what clients have to trust; empty without one of our own
  bool accounts = false;
  std::string account, password;  ///< an account that was just made or got a new password; else empty
};

/// Serves as long as it lives.
class StudioServer {
 public:
  /// Answers until then.
  virtual ~StudioServer() = default;
  virtual const ServerFacts& facts() const = 0;
  virtual Application& application() = 0;

  /// With TLS: reads the given certificate again, or signs another one, for connections that come from now on. It does
  /// so by itself, a given one each hour.
  virtual Outcome RenewCertificate() = 0;

  /// Takes no more requests, lets those under way end for `drain_ms`, and stops jobs so that the next server does them.
  virtual void Stop(int drain_ms) = 0;
};

/// The folder of the studio's page: $THIMBLE_WEB_DIR, else what ./run build has made around this program; empty if
/// there is neither.
std::filesystem::path BuiltPage();

/// Answers when it returns.
///
///   kInvalidArgument  other computers could ask, but there is neither TLS nor leave to do without; an address, a
///                     certificate or a name is none
///   kDeviceFailed     a port is taken
///   kFailed           another server uses the folder; the database cannot be reached
Expected<std::unique_ptr<StudioServer>> StartServer(const ServeOptions& options);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_SERVER_H_
