#include "studio/server/people/gate.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "http/coding.h"

namespace thimble::studio {
namespace {

constexpr size_t kLeastPassword = 8;
constexpr size_t kMostPassword = 1024;
constexpr size_t kMostName = 64;
/// More logins at a time than this only wait for each other, and would keep all workers.
constexpr int kMostWaiting = 3;
constexpr std::string_view kPairing = "pair_";
constexpr int64_t kUnusedPairingMs = 10 * 60'000, kUsedPairingMs = 12 * 3'600'000;
constexpr size_t kMostPairings = 1000;

Refusal Refuse(int status, std::string sentence) { return {.status = status, .sentence = std::move(sentence)}; }

Refusal Broken(const Error& error) { return Refuse(503, error.message); }

bool ChangesNothing(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

/// Of "Authorization: Bearer …"; empty without.
std::string_view BearerOf(const http::Request& request) {
  const std::string_view header = request.headers.Get("Authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (header.size() <= kScheme.size() || !http::SameWord(header.substr(0, kScheme.size() - 1), "Bearer")) return {};
  return http::Trim(header.substr(kScheme.size()));
}

std::string CookieOf(const http::Request& request) {
  const http::Fields cookies = http::ParseCookies(request.headers.Get("Cookie"));
  return std::string(http::Find(cookies, Gate::kCookie).value_or(""));
}

std::string TokenOf(const http::Request& request) {
  if (const std::string_view bearer = BearerOf(request); !bearer.empty()) return std::string(bearer);
  if (const std::string_view token = request.headers.Get("x-jwt-token"); !token.empty()) return std::string(token);
  return CookieOf(request);
}

std::string_view KeyOf(const http::Request& request) {
  if (request.headers.Count("x-api-key") > 0) return request.headers.Get("x-api-key");
  const std::string_view bearer = BearerOf(request);
  return bearer.starts_with("ei_") ? bearer : std::string_view();
}

bool IsPlainText(std::string_view text) {
  return http::IsUtf8(text) && std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

Identity LocalUser() {
  return {.kind = Identity::Kind::kLocalUser, .role = Role::kAdmin, .administrator = true, .name = "local"};
}

}  // namespace

bool IsLoopbackName(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "::1" || host == "::ffff:127.0.0.1") return true;
  if (host == "localhost" || host.ends_with(".localhost")) return true;  // RFC 6761, 6.3
  // 127.0.0.0/8, and not "127.evil.example".
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::ranges::count(host, '.') == 3;
}

void AddSecurityHeaders(http::Response& response) {
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.headers.Set("X-Frame-Options", "DENY");
  response.headers.Set("Referrer-Policy", "no-referrer");
  response.headers.Set("Cross-Origin-Opener-Policy", "same-origin");
  // Pages of others that are allowed to read an answer (CORS) do not need more; all others may not embed it.
  response.headers.Set("Cross-Origin-Resource-Policy", "same-origin");
  if (response.headers.Count("Content-Security-Policy") == 0) {
    response.headers.Set("Content-Security-Policy",
                         "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
                         "base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  }
  // What an API says belongs to whoever asked; files of the page say otherwise themselves.
  if (response.headers.Count("Cache-Control") == 0) {
    const bool tagged = response.headers.Count("ETag") > 0;
    response.headers.Set("Cache-Control", tagged ? "private, no-cache" : "no-store");
  }
}

Expected<std::unique_ptr<Gate>> Gate::Open(Store& store, GateOptions options) {
  THIMBLE_EXPECT(StartCryptography());
  std::unique_ptr<Gate> gate(new Gate(store, std::move(options)));
  if (gate->options_.accounts) {
    THIMBLE_ASSIGN(gate->nobodys_hash_, HashPassword(RandomHex(16), gate->options_.password_cost));
  }
  return gate;
}

int64_t Gate::SteadyMs() const {
  if (options_.steady_ms) return options_.steady_ms();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Pairing Gate::MakePairing(int64_t project_id) {
  Pairing pairing{.code = std::string(kPairing) + RandomHex(16), .for_ms = kUnusedPairingMs};
  const int64_t now_ms = SteadyMs();
  const std::lock_guard lock(pairing_);
  std::erase_if(pairings_, [&](const auto& one) { return one.second.until_ms < now_ms; });
  if (pairings_.size() >= kMostPairings) {
    pairings_.erase(std::ranges::min_element(pairings_, {}, [](const auto& one) { return one.second.until_ms; }));
  }
  pairings_[Sha256(pairing.code)] = {.project_id = project_id, .until_ms = now_ms + kUnusedPairingMs};
  return pairing;
}

Expected<Identity> Gate::IdentifyPairing(std::string_view code) {
  const int64_t now_ms = SteadyMs();
  const std::lock_guard lock(pairing_);
  const auto found = pairings_.find(Sha256(code));
  if (found == pairings_.end() || found->second.until_ms < now_ms) {
    return {Status::kVerificationFailed, "this code is too old; let the studio's page show a new one"};
  }
  found->second.until_ms = now_ms + kUsedPairingMs;
  return Identity{.kind = Identity::Kind::kApiKey,
                  .project_id = found->second.project_id,
                  .role = Role::kIngestionOnly,
                  .pairing = true,
                  .name = "pairing"};
}

Expected<Identity> Gate::IdentifyKey(std::string_view api_key) {
  if (api_key.starts_with(kPairing)) return IdentifyPairing(api_key);
  const Expected<ApiKey> key = store_.FindApiKey(Sha256(api_key));
  if (!key.ok()) {
    if (key.error().status != Status::kNotFound) return key.error();
    return {Status::kVerificationFailed,
            "Invalid API key: this studio does not know it; make one on the project's page"};
  }
  const std::optional<Role> role = RoleNamed(key->role);
  if (!role) return {Status::kVerificationFailed, "Invalid API key: its role '" + key->role + "' is not known"};
  return Identity{.kind = Identity::Kind::kApiKey,
                  .key_id = key->id,
                  .project_id = key->project_id,
                  .role = *role,
                  .name = "key " + std::to_string(key->id)};
}

Expected<Session> Gate::SessionOf(const http::Request& request) {
  const std::string token = TokenOf(request);
  if (!options_.accounts || token.empty()) return {Status::kNotFound, "nobody is logged in here"};
  return store_.FindSession(Sha256(token));
}

std::variant<Identity, Refusal> Gate::IdentifyToken(std::string_view token) {
  const Expected<Session> session = store_.FindSession(Sha256(token));
  if (!session.ok()) {
    if (session.error().status != Status::kNotFound) return Broken(session.error());
    return Refuse(401, "the login is over or was never made; log in again");
  }
  const Expected<User> user = store_.GetUser(session->user_id);
  if (!user.ok()) return Broken(user.error());
  return Identity{.kind = Identity::Kind::kUser,
                  .user_id = user->id,
                  .administrator = user->administrator,
                  .name = "user " + std::to_string(user->id)};
}

/// Of what comes along by itself. A page's requests to another origin name their origin, but for some that change
/// nothing and whose answers it cannot read.
std::optional<Refusal> Gate::CheckOrigin(const http::Request& request) const {
  const auto other_page = [] {
    return Refuse(403,
                  "this request was made by a page of another site; open the studio's own page, or send an API key");
  };
  if (request.headers.Count("Origin") > 0) {
    const std::string own = (request.tls ? "https://" : "http://") + std::string(request.headers.Get("Host"));
    if (!http::SameWord(request.headers.Get("Origin"), own)) return other_page();
  } else if (!ChangesNothing(request.method)) {
    // "none": the person typed the address.
    const std::string_view site = request.headers.Get("Sec-Fetch-Site");
    if (!site.empty() && site != "same-origin" && site != "none") return other_page();
  }
  return std::nullopt;
}

std::variant<Identity, Refusal> Gate::Identify(const http::Request& request) {
  if (const std::string_view key = KeyOf(request); !key.empty() || request.headers.Count("x-api-key") > 0) {
    const Expected<Identity> identity = IdentifyKey(key);
    if (identity.ok()) return *identity;
    return identity.error().status == Status::kVerificationFailed ? Refuse(401, identity.error().message)
                                                                  : Broken(identity.error());
  }
  if (!options_.accounts) {
    if (!IsLoopbackName(request.remote_address)) {
      return Refuse(401, "this studio has no accounts and serves only its own computer without a key");
    }
    if (!IsLoopbackName(request.host)) {
      return Refuse(403, "this studio has no accounts and is called localhost, not '" + request.host +
                             "'; ask for http://localhost, send an API key, or start it with --users");
    }
    if (auto refusal = CheckOrigin(request)) return *refusal;
    return LocalUser();
  }
  const std::string token = TokenOf(request);
  if (token.empty()) return Refuse(401, "nobody is logged in; log in, or send an API key in the header x-api-key");
  const bool by_cookie = BearerOf(request).empty() && request.headers.Get("x-jwt-token").empty();
  if (by_cookie) {
    if (auto refusal = CheckOrigin(request)) return *refusal;
    if (!ChangesNothing(request.method)) {
      const Expected<Session> session = store_.FindSession(Sha256(token));
      if (session.ok() && !SameSecret(session->csrf_token, request.headers.Get(kCsrfHeader))) {
        return Refuse(403, std::string("the header ") + kCsrfHeader + " is missing or not that of this login");
      }
    }
  }
  return IdentifyToken(token);
}

Expected<std::optional<Role>> Gate::RoleIn(const Identity& user, int64_t project_id) {
  if (user.administrator) return std::optional<Role>(Role::kAdmin);
  const Expected<Project> project = store_.GetProject(project_id);
  if (!project.ok()) {
    if (project.error().status == Status::kNotFound) return std::optional<Role>();
    return project.error();
  }
  if (project->owner_id == user.user_id) return std::optional<Role>(Role::kAdmin);
  THIMBLE_ASSIGN(const std::vector<Member> members, store_.ListMembers(project_id));
  for (const Member& member : members) {
    if (member.user_id == user.user_id) return RoleNamed(member.role);
  }
  return std::optional<Role>();
}

std::variant<Admission, Refusal> Gate::Admit(const http::Request& request, const Route& route) {
  const Permission permission = route.permission;
  if (permission == Permission::kAnyone) {
    // Who it is helps a page say so, and a wrong cookie is no reason not to let somebody log in. But no other site's
    // page logs its visitors in here.
    if (!ChangesNothing(request.method)) {
      if (auto refusal = CheckOrigin(request)) return *refusal;
    }
    if (route.quick) return Admission{};  // answered where nothing may wait for the store
    auto identified = Identify(request);
    if (auto* identity = std::get_if<Identity>(&identified)) {
      const int64_t project_id = identity->project_id;
      return Admission{std::move(*identity), project_id};
    }
    return Admission{};
  }

  auto identified = Identify(request);
  if (auto* refusal = std::get_if<Refusal>(&identified)) return std::move(*refusal);
  Admission admission{std::get<Identity>(std::move(identified)), 0};
  const Identity& identity = admission.identity;
  admission.project_id = identity.project_id;
  const bool person = identity.kind != Identity::Kind::kApiKey;
  if (permission == Permission::kPerson) {
    if (person) return admission;
    return Refuse(403, "a key cannot do this, only a person who is logged in");
  }
  if (permission == Permission::kServer) {
    if (person && identity.administrator) return admission;
    return Refuse(403, "this takes an administrator of the server");
  }

  const std::optional<std::string_view> named = http::Find(request.parameters, "project");
  if (named) {
    int64_t id = 0;
    const auto [end, fault] = std::from_chars(named->data(), named->data() + named->size(), id);
    const bool number = fault == std::errc() && end == named->data() + named->size() && id > 0;
    const auto no_such = [&] { return Refuse(404, "there is no project '" + std::string(*named) + "'"); };
    if (!number) return no_such();
    if (!person && id != identity.project_id) {
      return Refuse(403, "this key is for project " + std::to_string(identity.project_id) + ", not for project " +
                             std::to_string(id));
    }
    admission.project_id = id;
    if (identity.kind == Identity::Kind::kUser) {
      const Expected<std::optional<Role>> role = RoleIn(identity, id);
      if (!role.ok()) return Broken(role.error());
      if (!*role) return no_such();
      admission.identity.role = **role;
    }
  } else if (identity.kind == Identity::Kind::kUser) {
    return admission;  // of no project: what it gives is theirs to see
  }
  if (identity.pairing && (permission != Permission::kIngest || request.method != "POST")) {
    return Refuse(403, "a pairing code only brings recordings; use an API key");
  }
  if (Allows(identity.role, permission)) return admission;
  return Refuse(403, std::string("the role '") + NameOf(identity.role) + "' does not allow this");
}

std::variant<bool, Refusal> Gate::Verify(const std::string& hash, std::string_view password) {
  struct Place {
    explicit Place(std::atomic<int>& taken) : taken_(taken), number(++taken) {}
    ~Place() { --taken_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::atomic<int>& taken_;

   public:
    const int number;
  };
  const Place place(waiting_);
  if (place.number > kMostWaiting) {
    return Refusal{.status = 429, .sentence = "too many people log in at this moment; try again", .retry_after_s = 1};
  }
  const std::lock_guard lock(hashing_);
  return PasswordMatches(hash, password);
}

namespace {

Refusal Wait(int64_t wait_ms) {
  const int64_t seconds = (wait_ms + 999) / 1000;
  return {.status = 429,
          .sentence = "too many wrong passwords; try again in " + std::to_string(seconds) +
                      (seconds == 1 ? " second" : " seconds"),
          .retry_after_s = seconds};
}

}  // namespace

std::variant<LoggedIn, Refusal> Gate::LogIn(std::string_view name_or_email, std::string_view password,
                                            const http::Request& request) {
  if (!options_.accounts) {
    auto identified = Identify(request);
    if (auto* refusal = std::get_if<Refusal>(&identified)) return std::move(*refusal);
    return LoggedIn{.token = "local", .csrf_token = {}, .user = {.name = "local", .administrator = true}};
  }
  if (name_or_email.size() > 4 * kMostName || password.size() > kMostPassword || !http::IsUtf8(name_or_email) ||
      name_or_email.find('\0') != std::string_view::npos) {
    return Refuse(400, "no name or password is like that");
  }
  const std::string address = AddressForLimits(request.remote_address);
  if (const int64_t wait_ms = limiter_.Try(address, name_or_email, SteadyMs()); wait_ms > 0) return Wait(wait_ms);
  Expected<User> user = store_.FindUser(name_or_email);
  if (!user.ok() && user.error().status != Status::kNotFound) return Broken(user.error());
  const auto verified = Verify(user.ok() ? user->password_hash : nobodys_hash_, password);
  if (const auto* busy = std::get_if<Refusal>(&verified)) {
    limiter_.Succeeded(address, name_or_email);  // nothing was tried
    return *busy;
  }
  if (!user.ok() || !std::get<bool>(verified)) {
    Identity nobody{.name = "nobody"};
    Audit(nobody, 0, "login.refuse", name_or_email, "{\"address\":" + http::JsonString(request.remote_address) + "}");
    return Refuse(401, "Password is incorrect, or there is no such user");
  }
  limiter_.Succeeded(address, name_or_email);
  if (NeedsNewHash(user->password_hash, options_.password_cost)) {
    if (const auto hash = HashPassword(password, options_.password_cost); hash.ok()) {
      User changed = *user;
      changed.password_hash = *hash;
      static_cast<void>(store_.UpdateUser(changed));  // the old one is as good until the next login
    }
  }
  LoggedIn logged_in{.token = RandomHex(32), .csrf_token = RandomHex(32), .user = *std::move(user)};
  logged_in.expires_ms = store_.Now() + options_.session_ms;
  const Expected<int64_t> added = store_.AddSession({.token_hash = Sha256(logged_in.token),
                                                     .user_id = logged_in.user.id,
                                                     .csrf_token = logged_in.csrf_token,
                                                     .expires_ms = logged_in.expires_ms});
  if (!added.ok()) return Broken(added.error());
  Audit({.name = "user " + std::to_string(logged_in.user.id)}, 0, "login", logged_in.user.name,
        "{\"address\":" + http::JsonString(request.remote_address) + "}");
  return logged_in;
}

Outcome Gate::LogOut(const http::Request& request) {
  const std::string token = TokenOf(request);
  if (!options_.accounts || token.empty()) return Nothing{};
  Outcome removed = store_.RemoveSession(Sha256(token));
  if (!removed.ok() && removed.error().status == Status::kNotFound) return Nothing{};
  return removed;
}

namespace {

Outcome CheckPasswordText(std::string_view password) {
  if (password.size() < kLeastPassword || password.size() > kMostPassword) {
    return {Status::kInvalidArgument, "a password has from " + std::to_string(kLeastPassword) + " to " +
                                          std::to_string(kMostPassword) + " letters"};
  }
  return Nothing{};
}

}  // namespace

Expected<int64_t> Gate::AddUser(std::string_view name, std::string_view email, std::string_view password,
                                bool administrator) {
  if (name.empty() || name.size() > kMostName || !IsPlainText(name) || http::Trim(name) != name) {
    return {Status::kInvalidArgument, "a name has from 1 to 64 letters, without spaces at its ends"};
  }
  if (email.size() > 4 * kMostName || !IsPlainText(email)) {
    return {Status::kInvalidArgument, "an e-mail address is one line of text"};
  }
  THIMBLE_EXPECT(CheckPasswordText(password));
  User user{.name = std::string(name), .email = std::string(email), .administrator = administrator};
  {
    const std::lock_guard lock(hashing_);
    THIMBLE_ASSIGN(user.password_hash, HashPassword(password, options_.password_cost));
  }
  return store_.AddUser(std::move(user));
}

Outcome Gate::SetPassword(int64_t user_id, std::string_view password) {
  THIMBLE_EXPECT(CheckPasswordText(password));
  THIMBLE_ASSIGN(User user, store_.GetUser(user_id));
  {
    const std::lock_guard lock(hashing_);
    THIMBLE_ASSIGN(user.password_hash, HashPassword(password, options_.password_cost));
  }
  THIMBLE_ASSIGN(const std::optional<int64_t> version, store_.UpdateUser(user));
  if (!version) return {Status::kFailed, "the account was changed meanwhile; try again"};
  return store_.RemoveSessionsOf(user_id);
}

std::variant<bool, Refusal> Gate::CheckPassword(const User& user, std::string_view password,
                                                const http::Request& request) {
  const std::string address = AddressForLimits(request.remote_address);
  if (const int64_t wait_ms = limiter_.Try(address, user.name, SteadyMs()); wait_ms > 0) return Wait(wait_ms);
  auto verified = Verify(user.password_hash, password);
  if (!std::holds_alternative<bool>(verified) || std::get<bool>(verified)) limiter_.Succeeded(address, user.name);
  return verified;
}

Expected<std::string> Gate::ResetPassword(std::string_view name) {
  std::string password = RandomHex(10);
  const Expected<User> user = store_.FindUser(name);
  if (user.ok()) {
    THIMBLE_EXPECT(SetPassword(user->id, password));
  } else if (user.error().status == Status::kNotFound) {
    THIMBLE_EXPECT(AddUser(name, "", password, true));
  } else {
    return user.error();
  }
  Audit({.name = "console"}, 0, "user.reset_password", name);
  return password;
}

Expected<MadeKey> Gate::MakeApiKey(int64_t project_id, std::string_view name, Role role, bool development) {
  // Tools of Edge Impulse take only keys that begin so.
  MadeKey made{.key = "ei_" + RandomHex(32)};
  THIMBLE_ASSIGN(made.id, store_.AddApiKey({.project_id = project_id,
                                            .name = std::string(name),
                                            .key_hash = Sha256(made.key),
                                            .hint = made.key.substr(0, 8),
                                            .role = NameOf(role),
                                            .development = development}));
  return made;
}

Expected<HmacKey> Gate::MakeHmacKey(int64_t project_id, std::string_view name) {
  HmacKey key{.project_id = project_id, .name = std::string(name), .key = RandomHex(16)};
  THIMBLE_ASSIGN(key.id, store_.AddHmacKey(key));
  return key;
}

void Gate::Audit(const Identity& who, int64_t project_id, std::string_view action, std::string_view subject,
                 std::string_view detail_json) {
  static_cast<void>(store_.Audit({.project_id = project_id,
                                  .actor = who.name,
                                  .action = std::string(action),
                                  .subject = std::string(subject),
                                  .detail = std::string(detail_json)}));
}

}  // namespace thimble::studio
