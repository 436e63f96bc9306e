// Who gets in: every kind of credential against every permission, other sites' pages, and guesses.
#include "studio/server/people/gate.h"

#include <gtest/gtest.h>

#include <set>

#include "studio/store/test_database.h"

namespace thimble::studio {
namespace {

constexpr const char* kPassword = "correct horse";

Route RowFor(Permission permission, const char* method = "GET", bool quick = false) {
  Route route;
  route.method = method;
  route.path = "/";
  route.permission = permission;
  route.quick = quick;
  return route;
}

http::Request From(std::string method, http::Headers headers = {}, http::Fields parameters = {}) {
  http::Request request;
  request.method = std::move(method);
  request.headers = std::move(headers);
  if (request.headers.Count("Host") == 0) request.headers.Add("Host", "localhost:4800");
  const std::string_view host = request.headers.Get("Host");
  request.host = host.substr(0, host.rfind(':'));
  request.parameters = std::move(parameters);
  request.remote_address = "127.0.0.1";
  return request;
}

class GateTest : public ::testing::Test {
 protected:
  explicit GateTest(bool accounts = true) {
    StoreOptions place = StoreIn(folder_.path());
    place.now_ms = [this] { return now_ms_; };
    store_ = std::move(*Store::Open(place));
    GateOptions options;
    options.accounts = accounts;
    options.password_cost = PasswordCost::Least();
    options.steady_ms = [this] { return steady_ms_; };
    gate_ = std::move(*Gate::Open(*store_, options));
    ann_ = Add("ann", false);
    project_ = *store_->AddProject({.name = "gestures", .owner_id = ann_});
  }

  int64_t Add(const std::string& name, bool administrator) {
    const auto id = gate_->AddUser(name, name + "@lan", kPassword, administrator);
    EXPECT_TRUE(id.ok()) << (id.ok() ? "" : id.error().message);
    return id.ok() ? *id : 0;
  }
  LoggedIn LogIn(const std::string& name, const std::string& password = kPassword) {
    const auto outcome = gate_->LogIn(name, password, From("POST"));
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
      ADD_FAILURE() << refusal->sentence;
      return {};
    }
    return std::get<LoggedIn>(outcome);
  }
  int LogInStatus(const std::string& name, const std::string& password, const std::string& address = "127.0.0.1") {
    http::Request request = From("POST");
    request.remote_address = address;
    const auto outcome = gate_->LogIn(name, password, request);
    const auto* refusal = std::get_if<Refusal>(&outcome);
    return refusal == nullptr ? 200 : refusal->status;
  }
  std::string Key(Role role) { return gate_->MakeApiKey(project_, "test", role)->key; }

  /// 200 or why not.
  int Status(const http::Request& request, const Route& route) {
    const auto admitted = gate_->Admit(request, route);
    const auto* refusal = std::get_if<Refusal>(&admitted);
    EXPECT_TRUE(refusal == nullptr || !refusal->sentence.empty());
    return refusal == nullptr ? 200 : refusal->status;
  }
  Identity Who(const http::Request& request) {
    const auto admitted = gate_->Admit(request, RowFor(Permission::kAnyone));
    return std::get<Admission>(admitted).identity;
  }
  http::Fields InProject() const { return {{"project", std::to_string(project_)}}; }
  static http::Headers Bearer(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }
  static http::Headers Cookie(const std::string& token) {
    return {{"Cookie", "other=1; " + std::string(Gate::kCookie) + "=" + token}};
  }

  int64_t now_ms_ = 1'000'000'000'000, steady_ms_ = 1'000'000;
  TestFolder folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Gate> gate_;
  int64_t ann_ = 0, project_ = 0;
};

class LocalGateTest : public GateTest {
 protected:
  LocalGateTest() : GateTest(false) {}
};

constexpr Permission kPermissions[] = {
    Permission::kAnyone, Permission::kPerson, Permission::kMember, Permission::kRead,       Permission::kFollow,
    Permission::kIngest, Permission::kDeploy, Permission::kWrite,  Permission::kAdminister, Permission::kServer};

TEST_F(GateTest, RefusesAStrangerEverywhereButWhereAnyoneMay) {
  for (const Permission permission : kPermissions) {
    for (const char* method : {"GET", "POST"}) {
      const int expected = permission == Permission::kAnyone ? 200 : 401;
      EXPECT_EQ(Status(From(method, {}, InProject()), RowFor(permission, method)), expected);
      EXPECT_EQ(Status(From(method), RowFor(permission, method)), expected);
    }
  }
}

TEST_F(GateTest, LetsAKeyDoExactlyWhatItsRoleAllows) {
  const std::vector<std::pair<Role, std::set<Permission>>> table = {
      {Role::kAdmin,
       {Permission::kAnyone, Permission::kMember, Permission::kRead, Permission::kFollow, Permission::kIngest,
        Permission::kDeploy, Permission::kWrite, Permission::kAdminister}},
      {Role::kReadOnly, {Permission::kAnyone, Permission::kMember, Permission::kRead, Permission::kFollow}},
      {Role::kIngestionOnly, {Permission::kAnyone, Permission::kMember, Permission::kIngest}},
      {Role::kIngestionDeployment,
       {Permission::kAnyone, Permission::kMember, Permission::kFollow, Permission::kIngest, Permission::kDeploy}}};
  for (const auto& [role, allowed] : table) {
    const std::string key = Key(role);
    EXPECT_TRUE(key.starts_with("ei_"));
    for (const Permission permission : kPermissions) {
      const int expected = allowed.contains(permission) ? 200 : 403;
      const http::Headers headers = {{"x-api-key", key}};
      EXPECT_EQ(Status(From("POST", headers), RowFor(permission)), expected) << NameOf(role);
      EXPECT_EQ(Status(From("POST", headers, InProject()), RowFor(permission)), expected) << NameOf(role);
      EXPECT_EQ(Status(From("POST", Bearer(key), InProject()), RowFor(permission)), expected) << NameOf(role);
    }
  }
}

TEST_F(GateTest, KeepsAKeyInItsProject) {
  const int64_t other = *store_->AddProject({.name = "other", .owner_id = ann_});
  const http::Headers headers = {{"x-api-key", Key(Role::kAdmin)}};
  EXPECT_EQ(Status(From("GET", headers, {{"project", std::to_string(other)}}), RowFor(Permission::kRead)), 403);
  const auto admitted = gate_->Admit(From("GET", headers), RowFor(Permission::kRead));
  EXPECT_EQ(std::get<Admission>(admitted).project_id, project_);
}

TEST_F(GateTest, RefusesAWrongCredentialWhateverElseIsThere) {
  const std::string token = LogIn("ann").token;
  http::Headers headers = Bearer(token);
  headers.Add("x-api-key", "ei_nonsense");
  EXPECT_EQ(Status(From("GET", headers, InProject()), RowFor(Permission::kRead)), 401);
  headers.Set("x-api-key", "");
  EXPECT_EQ(Status(From("GET", headers, InProject()), RowFor(Permission::kRead)), 401);
  const auto identity = gate_->IdentifyKey("ei_nonsense");
  ASSERT_FALSE(identity.ok());
  EXPECT_EQ(identity.error().status, Status::kVerificationFailed);
  EXPECT_TRUE(identity.error().message.starts_with("Invalid API key"));  // the words that clients look for
}

TEST_F(GateTest, KeepsOnlyHashesOfSecrets) {
  const std::string key = Key(Role::kAdmin), token = LogIn("ann").token;
  EXPECT_NE(store_->ListApiKeys(project_)->front().key_hash, key);
  EXPECT_FALSE(store_->FindSession(token).ok());
  const std::string hash = store_->GetUser(ann_)->password_hash;
  EXPECT_TRUE(hash.starts_with("$argon2id$")) << hash;
  EXPECT_EQ(hash.find(kPassword), std::string::npos);
  EXPECT_NE(gate_->MakeHmacKey(project_, "a")->key, gate_->MakeHmacKey(project_, "b")->key);
}

TEST_F(GateTest, HidesProjectsFromWhoeverDoesNotBelong) {
  const int64_t ben = Add("ben", false);
  Add("root", true);
  const auto status = [&](const std::string& name, Permission permission) {
    return Status(From("GET", Bearer(LogIn(name).token), InProject()), RowFor(permission));
  };
  EXPECT_EQ(status("ben", Permission::kRead), 404);
  ASSERT_TRUE(store_->SetMember({.project_id = project_, .user_id = ben, .role = "readonly"}).ok());
  EXPECT_EQ(status("ben", Permission::kRead), 200);
  EXPECT_EQ(status("ben", Permission::kWrite), 403);
  ASSERT_TRUE(store_->SetMember({.project_id = project_, .user_id = ben, .role = "admin"}).ok());
  EXPECT_EQ(status("ben", Permission::kAdminister), 200);
  EXPECT_EQ(status("ben", Permission::kServer), 403);
  EXPECT_EQ(status("ann", Permission::kAdminister), 200);
  EXPECT_EQ(status("root", Permission::kAdminister), 200);
  EXPECT_EQ(status("root", Permission::kServer), 200);
  const http::Headers ann = Bearer(LogIn("ann").token);
  for (const char* wrong : {"99", "x", "", "-1", "1x", "99999999999999999999"}) {
    EXPECT_EQ(Status(From("GET", ann, {{"project", wrong}}), RowFor(Permission::kRead)), 404) << wrong;
  }
}

TEST_F(GateTest, TakesTokensByEveryHeaderThatClientsUse) {
  const std::string token = LogIn("ann").token;
  EXPECT_EQ(Who(From("GET", Bearer(token))).user_id, ann_);
  EXPECT_EQ(Who(From("GET", {{"authorization", "bearer " + token}})).user_id, ann_);
  EXPECT_EQ(Who(From("GET", {{"x-jwt-token", token}})).user_id, ann_);
  EXPECT_EQ(Who(From("GET", Cookie(token))).user_id, ann_);
  EXPECT_EQ(Who(From("GET", Cookie("x" + token))).kind, Identity::Kind::kNobody);
}

TEST_F(GateTest, WantsTheSessionsTokenForChangesByCookie) {
  const LoggedIn ann = LogIn("ann");
  const Route change = RowFor(Permission::kWrite, "POST");
  EXPECT_EQ(Status(From("GET", Cookie(ann.token), InProject()), RowFor(Permission::kRead)), 200);
  EXPECT_EQ(Status(From("POST", Cookie(ann.token), InProject()), change), 403);
  http::Headers headers = Cookie(ann.token);
  headers.Add(Gate::kCsrfHeader, LogIn("ann").csrf_token);
  EXPECT_EQ(Status(From("POST", headers, InProject()), change), 403) << "of another session";
  headers.Set(Gate::kCsrfHeader, ann.csrf_token);
  EXPECT_EQ(Status(From("POST", headers, InProject()), change), 200);
  headers.Add("Origin", "http://localhost:4800");
  EXPECT_EQ(Status(From("POST", headers, InProject()), change), 200);
  headers.Set("Origin", "http://evil.example");
  EXPECT_EQ(Status(From("POST", headers, InProject()), change), 403);
  // A header that a page has to put there itself is no cookie.
  EXPECT_EQ(Status(From("POST", Bearer(ann.token), InProject()), change), 200);
}

TEST_F(GateTest, DoesNotLetAnotherSiteLogItsVisitorsIn) {
  EXPECT_EQ(Status(From("POST", {{"Origin", "http://evil.example"}}), RowFor(Permission::kAnyone, "POST")), 403);
  EXPECT_EQ(Status(From("POST", {{"Origin", "null"}}), RowFor(Permission::kAnyone, "POST")), 403);
  EXPECT_EQ(Status(From("POST", {{"Origin", "http://localhost:4800"}}), RowFor(Permission::kAnyone, "POST")), 200);
}

TEST_F(GateTest, EndsSessionsInTimeAndOnRequest) {
  const std::string token = LogIn("ann").token, other = LogIn("ann@lan").token;
  ASSERT_TRUE(gate_->LogOut(From("POST", Bearer(token))).ok());
  ASSERT_TRUE(gate_->LogOut(From("POST", Bearer(token))).ok()) << "twice is no mistake";
  EXPECT_EQ(Status(From("GET", Bearer(token)), RowFor(Permission::kPerson)), 401);
  EXPECT_EQ(Status(From("GET", Bearer(other)), RowFor(Permission::kPerson)), 200);
  now_ms_ += int64_t{15} * 24 * 3600 * 1000;
  EXPECT_EQ(Status(From("GET", Bearer(other)), RowFor(Permission::kPerson)), 401);
  const std::string last = LogIn("ann").token;
  ASSERT_TRUE(gate_->SetPassword(ann_, "another horse").ok());
  EXPECT_EQ(Status(From("GET", Bearer(last)), RowFor(Permission::kPerson)), 401);
  EXPECT_EQ(LogInStatus("ann", kPassword), 401);
  EXPECT_EQ(LogInStatus("ann", "another horse"), 200);
}

TEST_F(GateTest, APairingIsForBringingRecordingsAndRunsOut) {
  const auto status = [&](const std::string& code, Permission permission, const char* method = "POST") {
    return Status(From(method, {{"x-api-key", code}}, InProject()), RowFor(permission, method));
  };
  const std::string code = gate_->MakePairing(project_).code, unused = gate_->MakePairing(project_).code;
  for (const Permission permission : kPermissions) {
    const bool may = permission == Permission::kAnyone || permission == Permission::kIngest;
    EXPECT_EQ(status(code, permission), may ? 200 : 403) << static_cast<int>(permission);
  }
  EXPECT_EQ(status(code, Permission::kIngest, "GET"), 403);
  steady_ms_ += 11 * 60'000;
  EXPECT_EQ(status(unused, Permission::kIngest), 401);
  EXPECT_EQ(status(code, Permission::kIngest), 200);
  steady_ms_ += 12 * 3'600'000 - 1;
  EXPECT_EQ(status(code, Permission::kIngest), 200) << "from each use on";
  steady_ms_ += 12 * 3'600'000 + 1;
  EXPECT_EQ(status(code, Permission::kIngest), 401);
  EXPECT_FALSE(gate_->IdentifyKey("pair_").ok());
}

TEST_F(GateTest, MakesGuessersWaitLongerAndLonger) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(LogInStatus("ann", "guess", "10.0.0.9"), 401);
  EXPECT_EQ(LogInStatus("ann", kPassword, "10.0.0.9"), 429) << "also with the right one";
  EXPECT_EQ(LogInStatus("ann", kPassword, "10.0.0.8"), 429) << "the name waits too";
  steady_ms_ += 1'000;
  EXPECT_EQ(LogInStatus("ann", "guess", "10.0.0.9"), 401);
  steady_ms_ += 1'000;
  EXPECT_EQ(LogInStatus("ann", "guess", "10.0.0.9"), 429) << "two seconds now";
  steady_ms_ += 1'000;
  EXPECT_EQ(LogInStatus("ann", kPassword, "10.0.0.9"), 200);
  EXPECT_EQ(LogInStatus("nobody", "guess", "10.0.0.7"), 401);
}

TEST_F(GateTest, RefusesWhatNoPasswordOrNameIs) {
  EXPECT_EQ(LogInStatus("ann", std::string(100'000, 'x')), 400);
  EXPECT_EQ(LogInStatus("\xff", "guess"), 400);
  EXPECT_FALSE(gate_->AddUser("cat", "", "short", false).ok());
  EXPECT_FALSE(gate_->AddUser("", "", kPassword, false).ok());
  EXPECT_FALSE(gate_->AddUser(" cat", "", kPassword, false).ok());
  EXPECT_FALSE(gate_->AddUser("a\nb", "", kPassword, false).ok());
  EXPECT_FALSE(gate_->AddUser("ann", "", kPassword, false).ok()) << "taken";
  EXPECT_FALSE(gate_->SetPassword(ann_, std::string(2000, 'x')).ok());
}

TEST_F(GateTest, GivesAForgottenPasswordAnew) {
  const std::string password = *gate_->ResetPassword("ann");
  EXPECT_EQ(LogInStatus("ann", password), 200);
  EXPECT_FALSE(store_->GetUser(ann_)->administrator);
  const std::string first = *gate_->ResetPassword("admin");
  EXPECT_EQ(LogInStatus("admin", first), 200);
  EXPECT_TRUE(store_->FindUser("admin")->administrator);
}

TEST_F(GateTest, WritesDownWhoTriedToLogIn) {
  LogIn("ann");
  LogInStatus("ann", "guess", "10.0.0.9");
  const auto page = store_->ListAudit(0, {});
  ASSERT_GE(page->items.size(), 2U);
  EXPECT_EQ(page->items[0].action, "login.refuse");
  EXPECT_NE(page->items[0].detail.find("10.0.0.9"), std::string::npos);
  EXPECT_EQ(page->items[1].action, "login");
}

TEST_F(LocalGateTest, LetsThisComputersUserDoEverything) {
  for (const Permission permission : kPermissions) {
    for (const char* host : {"localhost:4800", "127.0.0.1:4800", "[::1]:4800", "studio.localhost:4800"}) {
      EXPECT_EQ(Status(From("POST", {{"Host", host}}, InProject()), RowFor(permission, "POST")), 200) << host;
    }
  }
  EXPECT_EQ(Who(From("GET")).kind, Identity::Kind::kLocalUser);
  EXPECT_EQ(std::get<LoggedIn>(gate_->LogIn("anybody", "anything", From("POST"))).token, "local");
  EXPECT_EQ(Who(From("GET", {{"x-jwt-token", "local"}})).kind, Identity::Kind::kLocalUser);
}

TEST_F(LocalGateTest, RefusesAnotherNameAnotherComputerAndAnotherPage) {
  const Route read = RowFor(Permission::kRead);
  for (const char* host :
       {"evil.example:4800", "127.evil.example:4800", "localhost.evil.example:4800", "10.0.0.1:4800"}) {
    EXPECT_EQ(Status(From("GET", {{"Host", host}}, InProject()), read), 403) << host;
    const auto outcome = gate_->LogIn("anybody", "anything", From("POST", {{"Host", host}}));
    EXPECT_TRUE(std::holds_alternative<Refusal>(outcome)) << host;
  }
  http::Request far = From("GET", {}, InProject());
  far.remote_address = "192.168.1.7";
  EXPECT_EQ(Status(far, read), 401);
  for (const char* origin : {"http://evil.example", "null", "http://localhost:3000", "https://localhost:4800"}) {
    EXPECT_EQ(Status(From("GET", {{"Origin", origin}}, InProject()), read), 403) << origin;
  }
  EXPECT_EQ(Status(From("POST", {{"Sec-Fetch-Site", "cross-site"}}, InProject()), RowFor(Permission::kWrite)), 403);
  EXPECT_EQ(Status(From("POST", {{"Sec-Fetch-Site", "same-origin"}}, InProject()), RowFor(Permission::kWrite)), 200);
}

TEST_F(LocalGateTest, TakesKeysFromEverywhere) {
  const http::Headers headers = {
      {"Host", "evil.example:4800"}, {"Origin", "http://phone.lan"}, {"x-api-key", Key(Role::kIngestionOnly)}};
  http::Request request = From("POST", headers);
  request.remote_address = "192.168.1.7";
  EXPECT_EQ(Status(request, RowFor(Permission::kIngest, "POST")), 200);
  EXPECT_EQ(Status(request, RowFor(Permission::kWrite, "POST")), 403);
}

TEST(LoginLimiter, ForgetsAndForgives) {
  LoginLimiter::Limits limits;
  limits.most_remembered = 3;
  LoginLimiter limiter(limits);
  int64_t now_ms = 0;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.Try("a", "x", now_ms), 0);
  EXPECT_EQ(limiter.Try("a", "y", now_ms), 1000);
  limiter.Succeeded("a", "x");
  EXPECT_EQ(limiter.Try("b", "x", now_ms), 0) << "the name is free";
  EXPECT_EQ(limiter.Try("a", "y", now_ms), 0) << "and the address has one attempt";
  EXPECT_GT(limiter.Try("a", "z", now_ms), 0);
  now_ms += limits.forgotten_after_ms + 1;
  EXPECT_EQ(limiter.Try("a", "z", now_ms), 0);
  for (int i = 0; i < 200; ++i) {
    const int64_t wait_ms = limiter.Try("a", "n" + std::to_string(i), now_ms);
    EXPECT_LE(wait_ms, limits.most_wait_of_address_ms);
    now_ms += wait_ms;
  }
}

TEST(LoginLimiter, TakesAHouseholdForOne) {
  EXPECT_EQ(AddressForLimits("2001:db8:1:2::1"), AddressForLimits("2001:db8:1:2:3::9"));
  EXPECT_NE(AddressForLimits("2001:db8:1:2::1"), AddressForLimits("2001:db8:1:3::1"));
  EXPECT_NE(AddressForLimits("::ffff:10.0.0.1"), AddressForLimits("::ffff:10.0.0.2"));
  EXPECT_EQ(AddressForLimits("10.0.0.1"), "10.0.0.1");
}

TEST(SecurityHeaders, AreOnAnswersAndLeaveTheirOwnAlone) {
  http::Response response = http::Response::Json(200, "{}");
  response.headers.Set("Cache-Control", "max-age=60");
  AddSecurityHeaders(response);
  EXPECT_EQ(response.headers.Get("Cache-Control"), "max-age=60");
  EXPECT_EQ(response.headers.Get("X-Content-Type-Options"), "nosniff");
  EXPECT_NE(response.headers.Get("Content-Security-Policy").find("frame-ancestors 'none'"), std::string_view::npos);
}

}  // namespace
}  // namespace thimble::studio
