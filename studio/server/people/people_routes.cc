#include "studio/server/people/people_routes.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "studio/server/api/answer.h"
#include "studio/server/application.h"
#include "studio/server/people/gate.h"
#include "studio/store/backup.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

Response ProblemOf(const Refusal& refusal) {
  Response response = Response::Problem(refusal.status, refusal.sentence);
  if (refusal.retry_after_s > 0) response.headers.Set("Retry-After", std::to_string(refusal.retry_after_s));
  return response;
}

http::Cookie CookieFor(const Call& call, std::string value, int64_t max_age_s) {
  return {.name = Gate::kCookie,
          .value = std::move(value),
          .max_age_s = max_age_s,
          .secure = call.request.tls,
          .http_only = true,
          .same_site = "Lax"};
}

json JsonOf(const User& user) {
  return {{"id", user.id},
          {"name", user.name},
          {"email", user.email},
          {"administrator", user.administrator},
          {"created_ms", user.created_ms}};
}

/// Starts a session and says so, in the body and as a cookie.
Response Welcome(Call& call, const LoggedIn& logged_in) {
  Response response = JsonAnswer(200, {{"token", logged_in.token},
                                       {"csrf_token", logged_in.csrf_token},
                                       {"expires_ms", logged_in.expires_ms},
                                       {"user", JsonOf(logged_in.user)}});
  if (call.application.gate.accounts()) {
    const int64_t lasts_s = (logged_in.expires_ms - call.application.store.Now()) / 1000;
    response.headers.Add("Set-Cookie", http::WriteCookie(CookieFor(call, logged_in.token, lasts_s)));
  }
  return response;
}

Expected<Response> LogIn(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  Gate& gate = call.application.gate;
  const auto outcome = gate.LogIn(body["name"].get_ref<const std::string&>(),
                                  body["password"].get_ref<const std::string&>(), call.request);
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) return ProblemOf(*refusal);
  static_cast<void>(gate.LogOut(call.request));  // the one before it in this browser
  return Welcome(call, std::get<LoggedIn>(outcome));
}

Expected<Response> LogOut(Call& call) {
  Gate& gate = call.application.gate;
  THIMBLE_EXPECT(gate.LogOut(call.request));
  gate.Audit(call.identity, 0, "logout", call.identity.name);
  Response response = Response::Empty();
  response.headers.Add("Set-Cookie", http::WriteCookie(CookieFor(call, "", 0)));
  return response;
}

Expected<Response> WhoAmI(Call& call) {
  const Identity& identity = call.identity;
  json me = {{"accounts", call.application.gate.accounts()}, {"administrator", identity.administrator}};
  switch (identity.kind) {
    case Identity::Kind::kNobody:
      me["kind"] = "nobody";
      break;
    case Identity::Kind::kLocalUser:
      me["kind"] = "local";
      break;
    case Identity::Kind::kApiKey:
      me["kind"] = "key";
      me["project_id"] = identity.project_id;
      me["role"] = NameOf(identity.role);
      break;
    case Identity::Kind::kUser: {
      me["kind"] = "user";
      THIMBLE_ASSIGN(const User user, call.application.store.GetUser(identity.user_id));
      me["user"] = JsonOf(user);
      THIMBLE_ASSIGN(const Session session, call.application.gate.SessionOf(call.request));
      me["csrf_token"] = session.csrf_token;
      me["expires_ms"] = session.expires_ms;
    }
  }
  return JsonAnswer(200, me);
}

Expected<Response> ChangeOwnPassword(Call& call) {
  if (call.identity.kind != Identity::Kind::kUser) {
    return {Status::kInvalidArgument, "this studio has no accounts, and so no passwords; start it with --users"};
  }
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  Gate& gate = call.application.gate;
  THIMBLE_ASSIGN(const User user, call.application.store.GetUser(call.identity.user_id));
  const auto matches = gate.CheckPassword(user, body["old_password"].get_ref<const std::string&>(), call.request);
  if (const auto* refusal = std::get_if<Refusal>(&matches)) return ProblemOf(*refusal);
  if (!std::get<bool>(matches)) return Response::Problem(403, "the old password is not right");
  const std::string& password = body["new_password"].get_ref<const std::string&>();
  THIMBLE_EXPECT(gate.SetPassword(user.id, password));
  Tell(call, "user", "user.password", std::to_string(user.id));
  // All sessions have ended; whoever knows the new password goes on in a new one.
  const auto outcome = gate.LogIn(user.name, password, call.request);
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) return ProblemOf(*refusal);
  return Welcome(call, std::get<LoggedIn>(outcome));
}

Expected<Response> ListUsers(Call& call) {
  THIMBLE_ASSIGN(const std::vector<User> users, call.application.store.ListUsers());
  json list = json::array();
  for (const User& user : users) list.push_back(JsonOf(user));
  return JsonAnswer(200, {{"users", std::move(list)}});
}

Expected<Response> AddUser(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  THIMBLE_ASSIGN(const int64_t id,
                 call.application.gate.AddUser(body["name"].get_ref<const std::string&>(), body.value("email", ""),
                                               body["password"].get_ref<const std::string&>(),
                                               body.value("administrator", false)));
  Tell(call, "user", "user.add", std::to_string(id));
  THIMBLE_ASSIGN(const User user, call.application.store.GetUser(id));
  Response response = JsonAnswer(201, JsonOf(user));
  response.headers.Set("Location", "/api/v1/users/" + std::to_string(id));
  return response;
}

/// Changes of who is an administrator, one at a time: there is always one left.
std::mutex& Administrators() {
  static std::mutex mutex;
  return mutex;
}

Expected<bool> IsLastAdministrator(Store& store, const User& user) {
  THIMBLE_ASSIGN(const std::vector<User> users, store.ListUsers());
  return user.administrator && std::ranges::count_if(users, &User::administrator) == 1;
}

Response LastOne() { return Response::Problem(409, "this is the only administrator; make somebody else one first"); }

Expected<Response> ChangeUser(Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "user"));
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  Store& store = call.application.store;
  {
    const std::lock_guard lock(Administrators());
    THIMBLE_ASSIGN(User user, store.GetUser(id));
    THIMBLE_ASSIGN(const bool last, IsLastAdministrator(store, user));
    const bool administrator = body.value("administrator", user.administrator);
    if (last && !administrator) return LastOne();
    user.administrator = administrator;
    user.email = body.value("email", user.email);
    THIMBLE_ASSIGN(const std::optional<int64_t> version, store.UpdateUser(user));
    if (!version) return Response::Problem(412, "the account was changed meanwhile; get it again");
  }
  if (const auto password = body.find("password"); password != body.end()) {
    THIMBLE_EXPECT(call.application.gate.SetPassword(id, password->get_ref<const std::string&>()));
  }
  Tell(call, "user", "user.change", std::to_string(id));
  THIMBLE_ASSIGN(const User user, store.GetUser(id));
  return JsonAnswer(200, JsonOf(user));
}

Expected<Response> RemoveUser(Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "user"));
  Store& store = call.application.store;
  const std::lock_guard lock(Administrators());
  THIMBLE_ASSIGN(const User user, store.GetUser(id));
  THIMBLE_ASSIGN(const bool last, IsLastAdministrator(store, user));
  if (last) return LastOne();
  THIMBLE_EXPECT(store.RemoveUser(id));
  Tell(call, "user", "user.remove", std::to_string(id), {{"name", user.name}});
  return Response::Empty();
}

Expected<Response> ReadAudit(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(const Page<AuditEntry> page, call.application.store.ListAudit(call.project_id, PagingOf(query)));
  return JsonAnswer(200, PageJson("entries", page, [](const AuditEntry& entry) -> json {
                      return {{"id", entry.id},           {"project_id", entry.project_id},
                              {"actor", entry.actor},     {"action", entry.action},
                              {"subject", entry.subject}, {"detail", Stored(entry.detail)},
                              {"time_ms", entry.time_ms}};
                    }));
}

Expected<Response> BackUp(Call& call) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  Store& store = call.application.store;
  const std::filesystem::path folder = store.folder() / "backups";
  std::error_code error;
  std::filesystem::create_directory(folder, error);
  std::filesystem::path file;
  int number = 0;
  do {
    file = folder / ("studio-" + std::to_string(++number) + ".tar.zst");
  } while (std::filesystem::exists(file, error));
  THIMBLE_ASSIGN(const BackupReport report, Backup(store, file));
  Tell(call, "server", "server.backup", file.filename().string());
  return JsonAnswer(201,
                    {{"file", file.string()}, {"rows", report.rows}, {"blobs", report.blobs}, {"bytes", report.bytes}});
}

}  // namespace

std::span<const Route> PeopleRoutes() {
  static const Route kRoutes[] = {
      {{},
       "POST",
       "/api/v1/login",
       Permission::kAnyone,
       "Logs in: a session as a cookie for browsers, and as a token for the header Authorization: Bearer.",
       "Login",
       "Session",
       &Answer<&LogIn>},
      {{}, "POST", "/api/v1/logout", Permission::kPerson, "Ends the session.", "", "", &Answer<&LogOut>},
      {{},
       "GET",
       "/api/v1/me",
       Permission::kAnyone,
       "Who asks, and whether this server has accounts.",
       "",
       "Me",
       &Answer<&WhoAmI>},
      {{},
       "PUT",
       "/api/v1/me/password",
       Permission::kPerson,
       "Changes one's own password; ends all sessions and begins a new one.",
       "PasswordChange",
       "Session",
       &Answer<&ChangeOwnPassword>},
      {{}, "GET", "/api/v1/users", Permission::kServer, "All accounts.", "", "Users", &Answer<&ListUsers>},
      {{}, "POST", "/api/v1/users", Permission::kServer, "Adds an account.", "NewUser", "User", &Answer<&AddUser>},
      {{},
       "PATCH",
       "/api/v1/users/{user}",
       Permission::kServer,
       "Changes an account: address, password, whether it is an administrator's.",
       "UserChange",
       "User",
       &Answer<&ChangeUser>},
      {{},
       "DELETE",
       "/api/v1/users/{user}",
       Permission::kServer,
       "Removes an account and its sessions.",
       "",
       "",
       &Answer<&RemoveUser>},
      {{},
       "GET",
       "/api/v1/audit",
       Permission::kServer,
       "Who did what on this server, newest first.",
       "",
       "AuditEntries",
       &Answer<&ReadAudit>},
      {{},
       "POST",
       "/api/v1/backup",
       Permission::kServer,
       "Writes all that the server keeps into one file in its data folder, while it serves.",
       "",
       "BackupReport",
       &Answer<&BackUp>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
