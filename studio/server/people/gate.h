// The gate: who sends a request, and whether they may. Accounts, sessions and keys are made and known here.
#ifndef THIMBLE_STUDIO_SERVER_PEOPLE_GATE_H_
#define THIMBLE_STUDIO_SERVER_PEOPLE_GATE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "http/message.h"
#include "studio/server/people/identity.h"
#include "studio/server/people/login_limiter.h"
#include "studio/server/people/password.h"
#include "studio/server/route.h"
#include "studio/store/store.h"

namespace thimble::studio {

struct GateOptions {
  /// People have accounts and log in. Else whoever sits at this computer is the one user, without a login: a request
  /// has to come from this computer, name it by a loopback name (against DNS rebinding), and come from no other page.
  bool accounts = false;
  PasswordCost password_cost;
  LoginLimiter::Limits limits;
  int64_t session_ms = int64_t{14} * 24 * 3600 * 1000;
  std::function<int64_t()> steady_ms;  ///< a clock that never jumps, for the limits; the system's when empty
};

/// Somebody whom the gate let in, kept in Request::identity.
struct Admission {
  Identity identity;
  int64_t project_id = 0;  ///< of the path's {project}, else of the key, else 0
};

/// Why not, as an HTTP status and a sentence.
struct Refusal {
  int status = 401;
  std::string sentence;
  int64_t retry_after_s = 0;  ///< 0: not said
};

/// A login that went well. The token is known to nobody else: the store has its hash.
struct LoggedIn {
  std::string token, csrf_token;
  User user;  ///< id 0: the computer's one user
  int64_t expires_ms = 0;
};

/// A key that was just made; it is shown this once.
struct MadeKey {
  int64_t id = 0;
  std::string key;  ///< "ei_…"
};

/// What lets one device in that shows it, such as a phone that reads it off a page.
struct Pairing {
  std::string code;    ///< "pair_…"
  int64_t for_ms = 0;  ///< how long it waits for its device
};

/// Thread-safe.
class Gate {
 public:
  static constexpr const char* kCookie = "thimble_session";
  static constexpr const char* kCsrfHeader = "X-CSRF-Token";

  static Expected<std::unique_ptr<Gate>> Open(Store& store, GateOptions options);

  bool accounts() const { return options_.accounts; }

  /// Credentials are taken in this order: x-api-key, Authorization: Bearer (a key or a token), x-jwt-token, the cookie.
  /// One that is given and wrong is refused, whatever else is there. Cookies, and having no login at all, come along
  /// with requests that other pages make: those are refused, and what changes something by a cookie needs the session's
  /// CSRF token in X-CSRF-Token.
  ///
  /// Without {project} in the path, a key asks for its own project, and a person for none (project_id 0).
  /// A project that a person does not belong to is 404, as if it were not there.
  std::variant<Admission, Refusal> Admit(const http::Request& request, const Route& route);

  /// A code that stands for a key which brings recordings into that project, and a device's hello, and does nothing
  /// else: for ten minutes, then for twelve hours from each time that it was used. Forgotten when the server ends.
  Pairing MakePairing(int64_t project_id);

  /// Whose key, or whose pairing, that is: kVerificationFailed, "Invalid API key…", for none that is known.
  Expected<Identity> IdentifyKey(std::string_view api_key);

  /// A user or, with the same answer in the same time, none of that name and password. Without accounts everybody gets
  /// the token "local", which says nothing.
  std::variant<LoggedIn, Refusal> LogIn(std::string_view name_or_email, std::string_view password,
                                        const http::Request& request);
  Outcome LogOut(const http::Request& request);
  /// Of the session whose cookie or token comes with the request; kNotFound without one.
  Expected<Session> SessionOf(const http::Request& request);

  /// kInvalidArgument when name or password are too short, too long or no text, or the name is taken.
  Expected<int64_t> AddUser(std::string_view name, std::string_view email, std::string_view password,
                            bool administrator);
  /// Ends all sessions of theirs.
  Outcome SetPassword(int64_t user_id, std::string_view password);
  /// Is it theirs? Counts as an attempt to log in.
  std::variant<bool, Refusal> CheckPassword(const User& user, std::string_view password, const http::Request& request);
  /// For a server without an account, or for somebody who forgot: the account, made an administrator's if it was not
  /// there, gets this new password.
  Expected<std::string> ResetPassword(std::string_view name);

  Expected<MadeKey> MakeApiKey(int64_t project_id, std::string_view name, Role role, bool development = false);
  Expected<HmacKey> MakeHmacKey(int64_t project_id, std::string_view name);

  /// Writes the audit log. A log that cannot be written is no reason to undo what was done: nothing is said.
  void Audit(const Identity& who, int64_t project_id, std::string_view action, std::string_view subject,
             std::string_view detail_json = "{}");

 private:
  Gate(Store& store, GateOptions options) : store_(store), options_(std::move(options)), limiter_(options_.limits) {}

  Expected<Identity> IdentifyPairing(std::string_view code);
  std::variant<Identity, Refusal> Identify(const http::Request& request);
  std::variant<Identity, Refusal> IdentifyToken(std::string_view token);
  std::optional<Refusal> CheckOrigin(const http::Request& request) const;
  /// In `project_id`; nullopt when they do not belong to it.
  Expected<std::optional<Role>> RoleIn(const Identity& user, int64_t project_id);
  int64_t SteadyMs() const;
  /// One at a time, for it takes a lot of memory; a Refusal when too many wait.
  std::variant<bool, Refusal> Verify(const std::string& hash, std::string_view password);

  Store& store_;
  GateOptions options_;
  LoginLimiter limiter_;
  std::mutex hashing_;
  std::atomic<int> waiting_ = 0;
  struct Paired {
    int64_t project_id = 0;
    int64_t until_ms = 0;  ///< of SteadyMs
  };
  std::mutex pairing_;
  std::map<std::string, Paired> pairings_;  ///< by their codes' hashes
  std::string nobodys_hash_;  ///< what the password of somebody unknown is compared with, so that it takes as long
};

/// The headers that keep browsers from doing with an answer what they should not: on every answer of the server.
void AddSecurityHeaders(http::Response& response);

/// "127.0.0.1", "::1", "localhost", "x.localhost": names that lead to this computer and nowhere else. Without port;
/// brackets may stand around an IPv6 address.
bool IsLoopbackName(std::string_view host);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_PEOPLE_GATE_H_
