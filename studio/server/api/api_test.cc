// Our own API: every row asked as everybody who can ask, and what the data set's rows do.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/api/schema.h"
#include "studio/server/api/thin.h"
#include "studio/server/application.h"
#include "studio/server/jobs/jobs.h"
#include "studio/server/live/live_routes.h"
#include "studio/server/notices.h"
#include "studio/server/people/gate.h"
#include "studio/server/people/people_routes.h"
#include "studio/server/remote/live_devices.h"
#include "studio/server/remote/remote_routes.h"
#include "studio/server/router_of.h"
#include "studio/store/test_database.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;
using nlohmann::ordered_json;

/// A recording of three axes; reading i is i, -i, 0.
std::string Acquisition(int readings) {
  std::string values;
  for (int i = 0; i < readings; ++i) {
    const std::string number = std::to_string(i);
    values += (i == 0 ? "[" : ",[") + number + ",-" + number + ",0]";
  }
  return R"({"protected":{"ver":"v1","alg":"none"},"signature":")" + std::string(64, '0') +
         R"(","payload":{"device_type":"T","interval_ms":10,"sensors":[{"name":"accX","units":"m/s2"},)"
         R"({"name":"accY","units":"m/s2"},{"name":"accZ","units":"m/s2"}],"values":[)" +
         values + "]}}";
}

/// A studio with accounts.
class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    store_ = std::move(*Store::Open(StoreIn(folder_.path())));
    GateOptions options;
    options.accounts = true;
    options.password_cost = PasswordCost::Least();
    gate_ = std::move(*Gate::Open(*store_, options));
    devices_ = std::make_unique<LiveDevices>(*store_, notices_, LiveDevices::Options{});
    jobs_ = std::make_unique<Jobs>(*store_, notices_, JobsOptions{});
    application_ =
        std::make_unique<Application>(Application{*store_, *gate_, *devices_, *jobs_, notices_, "localhost"});
    router_ = RouterOf(*application_, {{ApiRoutes()}, {LiveDeviceRoutes()}, {LiveRoutes()}, {PeopleRoutes()}});
    project_ = *store_->AddProject({.name = "gestures"});
    admin_ = gate_->MakeApiKey(project_, "admin", Role::kAdmin)->key;
  }

  /// As the admin of the project unless `headers` say otherwise. What comes back has to fit the row's schema.
  Response Ask(const std::string& method, const std::string& target, const json& body = nullptr,
               http::Headers headers = {}) {
    if (headers.Count("x-api-key") + headers.Count("Authorization") == 0) headers.Add("x-api-key", admin_);
    return AskAs(method, target, body.is_null() ? "" : body.dump(), std::move(headers));
  }

  Response AskAs(const std::string& method, const std::string& target, const std::string& body, http::Headers headers) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.host = "localhost";
    request.remote_address = "127.0.0.1";
    request.body = body;
    Response response = router_->Answer(std::move(request));
    CheckAnswer(method, target, response);
    return response;
  }

  void CheckAnswer(const std::string& method, const std::string& target, const Response& response) {
    if (response.status >= 400) {
      const json problem = json::parse(response.body, nullptr, false);
      const Outcome fits = CheckSchema(*FindSchema("Problem"), problem, "the problem");
      EXPECT_TRUE(fits.ok()) << method << " " << target << ": " << response.body;
      EXPECT_EQ(response.headers.Get("Content-Type"), "application/problem+json");
      return;
    }
    http::Request request;
    request.method = method;
    request.target = target;
    if (router_->Find(request) || response.status == 304) return;
    const auto* route = static_cast<const Route*>(request.row->info);
    if (*route->gives == 0) {
      EXPECT_TRUE(response.body.empty()) << method << " " << target;
    } else if (const ordered_json* schema = FindSchema(route->gives)) {
      const Outcome fits = CheckSchema(*schema, json::parse(response.body, nullptr, false), "the answer");
      EXPECT_TRUE(fits.ok()) << method << " " << target << ": " << (fits.ok() ? "" : fits.error().message);
    }
  }

  std::string Path(const std::string& rest = "") const { return "/api/v1/projects/" + std::to_string(project_) + rest; }
  json Get(const std::string& rest) {
    const Response response = Ask("GET", Path(rest));
    EXPECT_EQ(response.status, 200) << rest << ": " << response.body;
    return json::parse(response.body, nullptr, false);
  }

  int64_t AddSample(const std::string& label = "wave", int readings = 100, const std::string& category = "training") {
    Sample sample{.project_id = project_, .name = label + ".1", .file_name = label + ".1.json", .label = label};
    sample.category = category;
    sample.kind = "time-series";
    sample.axes = R"([{"name":"accX","units":"m/s2"},{"name":"accY","units":"m/s2"},{"name":"accZ","units":"m/s2"}])";
    sample.interval_ms = 10;
    sample.length_ms = 10.0 * readings;
    sample.frequency_hz = 100;
    sample.values_count = readings;
    const auto added = store_->AddSample(sample, Acquisition(readings));
    EXPECT_TRUE(added.ok());
    return added->id;
  }

  int64_t AddUser(const std::string& name, bool administrator) {
    return *gate_->AddUser(name, "", "a long password", administrator);
  }
  /// A new session: some routes end the one that they are asked in.
  std::string TokenOf(int64_t user_id) {
    const std::string token = RandomHex(16);
    static_cast<void>(*store_->AddSession({.token_hash = Sha256(token),
                                           .user_id = user_id,
                                           .csrf_token = RandomHex(8),
                                           .expires_ms = store_->Now() + 1'000'000}));
    return token;
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Gate> gate_;
  Notices notices_;
  std::unique_ptr<LiveDevices> devices_;
  std::unique_ptr<Jobs> jobs_;
  std::unique_ptr<Application> application_;
  std::shared_ptr<const http::Router> router_;
  int64_t project_ = 0;
  std::string admin_;
};

// --- who may --------------------------------------------------------------------------------------------------------

/// What the API promises, written down a second time.
const std::map<Permission, std::set<std::string>> kWho = {
    {Permission::kAnyone,
     {"nobody", "admin", "readonly", "ingestiononly", "ingestion_deployment", "stranger", "looker", "owner", "boss"}},
    {Permission::kPerson, {"stranger", "looker", "owner", "boss"}},
    {Permission::kRead, {"admin", "readonly", "looker", "owner", "boss"}},
    {Permission::kIngest, {"admin", "ingestiononly", "ingestion_deployment", "owner", "boss"}},
    {Permission::kDeploy, {"admin", "ingestion_deployment", "owner", "boss"}},
    {Permission::kWrite, {"admin", "owner", "boss"}},
    {Permission::kAdminister, {"admin", "owner", "boss"}},
    {Permission::kServer, {"boss"}},
};

TEST_F(ApiTest, EveryRouteLetsInExactlyThoseThatItsRowSays) {
  std::map<std::string, std::string> keys;
  for (const Role role : {Role::kAdmin, Role::kReadOnly, Role::kIngestionOnly, Role::kIngestionDeployment}) {
    keys[NameOf(role)] = gate_->MakeApiKey(project_, "k", role)->key;
  }
  const std::map<std::string, int64_t> people = {{"stranger", AddUser("stranger", false)},
                                                 {"looker", AddUser("looker", false)},
                                                 {"owner", AddUser("owner", false)},
                                                 {"boss", AddUser("boss", true)}};
  ASSERT_TRUE(store_->SetMember({.project_id = project_, .user_id = people.at("looker"), .role = "readonly"}).ok());
  ASSERT_TRUE(store_->SetMember({.project_id = project_, .user_id = people.at("owner"), .role = "admin"}).ok());
  const int64_t elsewhere = *store_->AddProject({.name = "other"});
  const std::string foreign_key = gate_->MakeApiKey(elsewhere, "k", Role::kAdmin)->key;

  size_t asked = 0;
  for (const Route& route : DescribedRoutes()) {
    std::string path = route.path;
    bool in_project = false;
    for (size_t begin = 0; (begin = path.find('{')) != std::string::npos;) {
      const size_t end = path.find('}', begin);
      const bool is_project = path.substr(begin, end - begin) == "{project";
      in_project = in_project || is_project;
      path.replace(begin, end + 1 - begin, is_project ? std::to_string(project_) : "999999");
    }
    const auto status_of = [&](http::Headers headers) {
      headers.Add("If-Match", "\"never\"");  // what may change something has nothing to change
      ++asked;
      return AskAs(route.method, path, *route.takes != 0 ? "{}" : "", std::move(headers)).status;
    };
    const auto expect = [&](const std::string& who, int status, std::set<int> refusals) {
      const bool may = kWho.at(route.permission).contains(who);
      const bool login = route.path == std::string("/api/v1/login");
      if (may) {
        EXPECT_TRUE((status != 401 || login) && status != 403)
            << who << " " << route.method << " " << path << ": " << status;
      } else {
        EXPECT_TRUE(refusals.contains(status)) << who << " " << route.method << " " << path << ": " << status;
      }
      EXPECT_NE(status, 500) << who << " " << route.method << " " << path;
    };
    expect("nobody", status_of({}), {401});
    EXPECT_TRUE(route.permission == Permission::kAnyone || status_of({{"x-api-key", "ei_wrong"}}) == 401) << path;
    for (const auto& [role, key] : keys) expect(role, status_of({{"x-api-key", key}}), {403});
    if (in_project) {
      EXPECT_EQ(status_of({{"x-api-key", foreign_key}}), 403) << path;
    }
    for (const auto& [name, id] : people) {
      const int status = status_of({{"Authorization", "Bearer " + TokenOf(id)}});
      // A project that is not theirs is not there.
      if (name == "stranger" && in_project) {
        EXPECT_EQ(status, 404) << route.method << " " << path;
      } else {
        expect(name, status, {403});
      }
    }
    ASSERT_TRUE(store_->GetProject(project_).ok()) << route.method << " " << path;
  }
  EXPECT_GT(asked, 600U);
}

TEST_F(ApiTest, DeployKeysStartBuildsAndNothingElse) {
  const std::string key = gate_->MakeApiKey(project_, "k", Role::kIngestionDeployment)->key;
  EXPECT_EQ(Ask("POST", Path("/jobs"), {{"kind", "train"}}, {{"x-api-key", key}}).status, 403);
  EXPECT_NE(Ask("POST", Path("/jobs"), {{"kind", "build"}}, {{"x-api-key", key}}).status, 403);
}

TEST_F(ApiTest, WhatIsNotOfTheProjectIsNotThere) {
  const int64_t sample = AddSample();
  const int64_t other = *store_->AddProject({.name = "other"});
  const std::string key = gate_->MakeApiKey(other, "k", Role::kAdmin)->key;
  const int64_t job = *store_->AddJob({.project_id = project_, .kind = "train"});
  const std::string path = "/api/v1/projects/" + std::to_string(other);
  for (const std::string& rest : {"/samples/" + std::to_string(sample), "/samples/" + std::to_string(sample) + "/file",
                                  "/samples/" + std::to_string(sample) + "/values", "/jobs/" + std::to_string(job),
                                  "/jobs/" + std::to_string(job) + "/log"}) {
    EXPECT_EQ(Ask("GET", path + rest, nullptr, {{"x-api-key", key}}).status, 404) << rest;
  }
  const json edit = {{"action", "delete"}, {"ids", {sample}}};
  EXPECT_EQ(Ask("POST", path + "/samples/edit", edit, {{"x-api-key", key}}).body, R"({"changed":0})");
  EXPECT_TRUE(store_->GetSample(project_, sample).ok());
}

// --- the description ------------------------------------------------------------------------------------------------

void CheckReferences(const ordered_json& node, std::set<std::string>& used) {
  if (node.is_object() && node.contains("$ref") && node["$ref"].is_string()) {
    const std::string path = node["$ref"].get<std::string>();
    used.insert(path.substr(path.rfind('/') + 1));
  }
  if (node.is_structured()) {
    for (const auto& child : node) CheckReferences(child, used);
  }
}

TEST(Description, NamesOnlySchemasThatThereAreAndNoneInVain) {
  const ordered_json document = ordered_json::parse(OpenApiOf(DescribedRoutes()));
  std::set<std::string> used;
  CheckReferences(document, used);
  used.erase("Problem");
  for (const std::string& name : used) EXPECT_TRUE(document["components"]["schemas"].contains(name)) << name;
  for (const auto& [name, unused] : document["components"]["schemas"].items()) {
    EXPECT_TRUE(name == "Problem" || used.contains(name)) << name << " is in schemas.json for nobody";
  }
  std::set<std::string> operations;
  for (const Route& route : DescribedRoutes()) {
    std::string method = route.method;
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c | 32); });
    const ordered_json& operation = document["paths"][route.path][method];
    EXPECT_TRUE(operations.insert(operation["operationId"].get<std::string>()).second) << route.path;
    EXPECT_TRUE(std::string(route.summary).ends_with('.')) << route.summary;
  }
  for (const auto& [key, unused] : ApiSchemas()["queries"].items()) {
    const auto asks = [&key = key](const Route& route) { return key == std::string(route.method) + " " + route.path; };
    EXPECT_TRUE(std::ranges::any_of(DescribedRoutes(), asks)) << key << " is no route";
  }
}

TEST(Description, ThePageIsTheCommittedOne) {
  std::ifstream file(std::string(THIMBLE_SOURCE_DIR) + "/docs/api.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(page, ApiPageOf(DescribedRoutes())) << "./run docs writes it anew";
}

TEST(Schema, SaysWhatItHasToBe) {
  const auto sentence = [](const char* schema, const char* value) {
    const Outcome outcome = CheckSchema(*FindSchema(schema), json::parse(value), "the body");
    return outcome.ok() ? "" : outcome.error().message;
  };
  EXPECT_EQ(sentence("Stretch", R"({"first":0,"count":1})"), "");
  EXPECT_EQ(sentence("Stretch", R"({"first":0})"), "count is missing");
  EXPECT_EQ(sentence("Stretch", R"({"first":0,"count":0})"), "count has to be 1 or more");
  EXPECT_EQ(sentence("Stretch", R"({"first":0.5,"count":1})"), "first has to be a whole number");
  EXPECT_EQ(sentence("Stretch", R"({"first":18446744073709551615,"count":1})"), "first has to be a whole number");
  EXPECT_EQ(sentence("Stretch", R"({"first":0,"count":1,"x":1})"),
            "there is no 'x' in the body; there can be first, count");
  EXPECT_EQ(sentence("SampleSplit", R"({"parts":[{"first":0,"count":1},{"first":-1,"count":1}]})"),
            "parts[1].first has to be 0 or more");
  EXPECT_EQ(sentence("NewKey", R"({"name":"a","role":"king"})"),
            "role has to be one of admin, readonly, ingestiononly, ingestion_deployment");
  EXPECT_EQ(sentence("NewProject", R"({"name":""})"), "name has to be a text of 1 or more characters");
  const auto named = [&](const std::string& letter, int count) {
    std::string name;
    for (int i = 0; i < count; ++i) name += letter;
    return std::string(sentence("NewProject", json{{"name", name}}.dump().c_str()));
  };
  EXPECT_EQ(named("\xf0\x9f\x91\x8b", 200), "") << "characters, not bytes";
  EXPECT_EQ(named("x", 201), "name has to be a text of 200 or fewer characters");
  EXPECT_EQ(sentence("SampleEdit", R"({"action":"delete","ids":[]})"), "ids has to be a list of 1 or more");
  EXPECT_EQ(sentence("Stretch", "[]"), "the body has to be an object");
}

// --- projects -------------------------------------------------------------------------------------------------------

TEST_F(ApiTest, AProjectIsMadeChangedAndDeleted) {
  const int64_t anna = AddUser("anna", false);
  const auto as_anna = [&] { return http::Headers{{"Authorization", "Bearer " + TokenOf(anna)}}; };
  const Response made = Ask("POST", "/api/v1/projects", {{"name", "knocks"}}, as_anna());
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string path(made.headers.Get("Location"));
  EXPECT_EQ(json::parse(Ask("GET", "/api/v1/projects", nullptr, as_anna()).body)["projects"].size(), 1U);
  const Response changed = Ask("PATCH", path, {{"description", "of doors"}}, as_anna());
  EXPECT_EQ(json::parse(changed.body)["description"], "of doors");
  EXPECT_EQ(changed.headers.Get("ETag"), "\"2\"");
  http::Headers outdated = as_anna();
  outdated.Add("If-Match", "\"1\"");
  EXPECT_EQ(Ask("PATCH", path, {{"name", "x"}}, outdated).status, 412);
  EXPECT_EQ(Ask("DELETE", path, nullptr, outdated).status, 412);
  const int64_t ben = AddUser("ben", false);
  EXPECT_EQ(Ask("GET", path, nullptr, {{"Authorization", "Bearer " + TokenOf(ben)}}).status, 404);
  EXPECT_EQ(Ask("POST", path + "/members", {{"user", "ben"}, {"role", "readonly"}}, as_anna()).status, 200);
  EXPECT_EQ(Ask("GET", path, nullptr, {{"Authorization", "Bearer " + TokenOf(ben)}}).status, 200);
  EXPECT_EQ(Ask("DELETE", path + "/members/" + std::to_string(ben), nullptr, as_anna()).status, 204);
  EXPECT_EQ(Ask("GET", path, nullptr, {{"Authorization", "Bearer " + TokenOf(ben)}}).status, 404);
  const json audit = json::parse(Ask("GET", path + "/audit", nullptr, as_anna()).body);
  EXPECT_EQ(audit["entries"][0]["action"], "member.remove");
  EXPECT_EQ(Ask("DELETE", path, nullptr, as_anna()).status, 204);
  EXPECT_EQ(Ask("GET", path, nullptr, as_anna()).status, 404);
}

TEST_F(ApiTest, AKeyOpensUntilItIsDeletedAndIsShownOnce) {
  const json made = json::parse(Ask("POST", Path("/keys"), {{"name", "phone"}, {"role", "readonly"}}).body);
  const http::Headers with_it = {{"x-api-key", made["key"].get<std::string>()}};
  EXPECT_EQ(Ask("GET", Path(), nullptr, with_it).status, 200);
  EXPECT_EQ(Ask("GET", Path("/keys")).body.find(made["key"].get<std::string>()), std::string::npos);
  EXPECT_EQ(Ask("DELETE", Path("/keys/" + made["id"].dump())).status, 204);
  EXPECT_EQ(Ask("GET", Path(), nullptr, with_it).status, 401);
  EXPECT_EQ(Ask("POST", Path("/hmac-keys"), {{"name", "board"}}).status, 201);
  EXPECT_EQ(Get("/hmac-keys")["keys"].size(), 1U);
}

TEST_F(ApiTest, AVersionBringsBackWhatWasThere) {
  const int64_t sample = AddSample();
  const json version = json::parse(Ask("POST", Path("/versions"), {{"description", "before"}}).body);
  EXPECT_EQ(Ask("DELETE", Path("/samples/" + std::to_string(sample))).status, 204);
  EXPECT_EQ(Get("/samples")["samples"].size(), 0U);
  const json then = Get("/samples?project_version=" + version["id"].dump());
  ASSERT_EQ(then["samples"].size(), 1U);
  // What a version holds never changes.
  EXPECT_EQ(Ask("PATCH", Path("/samples/" + then["samples"][0]["id"].dump()), {{"label", "x"}}).status, 400);
  EXPECT_EQ(Ask("POST", Path("/versions/" + version["id"].dump() + "/restore")).status, 204);
  EXPECT_EQ(Get("/samples")["samples"].size(), 1U);
}

// --- the data set ---------------------------------------------------------------------------------------------------

TEST_F(ApiTest, SamplesAreListedInPagesFilteredAndTagged) {
  for (int i = 0; i < 5; ++i) AddSample(i % 2 == 0 ? "wave" : "idle", 100 + i);
  json page = Get("/samples?limit=2");
  std::set<int64_t> seen;
  for (int pages = 0; pages < 3; ++pages) {
    for (const json& sample : page["samples"]) EXPECT_TRUE(seen.insert(sample["id"].get<int64_t>()).second);
    if (page.contains("next")) page = Get("/samples?limit=2&cursor=" + page["next"].dump());
  }
  EXPECT_EQ(seen.size(), 5U);
  const json waves = Get("/samples?label=wave&min_length_ms=1020&count=true");
  EXPECT_EQ(waves["count"], 2);
  EXPECT_EQ(Ask("GET", Path("/samples?lable=wave")).status, 400);
  EXPECT_EQ(Ask("GET", Path("/samples?limit=0")).status, 400);
  EXPECT_EQ(Ask("GET", Path("/samples?enabled=maybe")).status, 400);
  const Response first = Ask("GET", Path("/samples"));
  const http::Headers again = {{"x-api-key", admin_}, {"If-None-Match", std::string(first.headers.Get("ETag"))}};
  EXPECT_EQ(Ask("GET", Path("/samples"), nullptr, again).status, 304);
  AddSample();
  EXPECT_EQ(Ask("GET", Path("/samples"), nullptr, again).status, 200);
  const json labels = Get("/labels")["labels"];
  EXPECT_EQ(labels.size(), 2U);
}

TEST_F(ApiTest, AChangeMayAskForWhatWasSeen) {
  const std::string path = Path("/samples/" + std::to_string(AddSample()));
  const Response changed = Ask("PATCH", path, {{"label", "circle"}, {"metadata", {{"site", "lab"}}}},
                               {{"x-api-key", admin_}, {"If-Match", "\"1\""}});
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(json::parse(changed.body)["metadata"]["site"], "lab");
  EXPECT_EQ(Ask("PATCH", path, {{"label", "x"}}, {{"x-api-key", admin_}, {"If-Match", "\"1\""}}).status, 412);
  EXPECT_EQ(json::parse(Ask("GET", path).body)["label"], "circle");
  EXPECT_EQ(Ask("PATCH", path, {{"enabled", false}}).headers.Get("ETag"), "\"3\"");
  EXPECT_EQ(Ask("PATCH", path, {{"enabled", 1}}).status, 400);
  EXPECT_EQ(AskAs("PATCH", path, "{", {{"x-api-key", admin_}}).status, 400);
  EXPECT_EQ(AskAs("PATCH", path, std::string(1000, '['), {{"x-api-key", admin_}}).status, 400);
}

TEST_F(ApiTest, ManyAreEditedAtOnce) {
  const std::vector<int64_t> ids = {AddSample("wave"), AddSample("wave", 50), AddSample("idle")};
  const auto edit = [&](const json& body) { return Ask("POST", Path("/samples/edit"), body); };
  EXPECT_EQ(edit({{"action", "relabel"}, {"label", "shake"}, {"filter", {{"label", "wave"}}}}).body,
            R"({"changed":2})");
  EXPECT_EQ(edit({{"action", "move"}, {"category", "testing"}, {"ids", {ids[0], ids[2]}}}).body, R"({"changed":2})");
  EXPECT_EQ(edit({{"action", "disable"}, {"filter", {{"category", "testing"}}}}).body, R"({"changed":2})");
  EXPECT_EQ(Get("/samples?enabled=true")["samples"].size(), 1U);
  EXPECT_EQ(edit({{"action", "delete"}}).status, 400) << "that would be all of them";
  EXPECT_EQ(edit({{"action", "delete"}, {"filter", json::object()}, {"ids", {1}}}).status, 400);
  EXPECT_EQ(edit({{"action", "relabel"}, {"filter", json::object()}}).status, 400);
  EXPECT_EQ(Get("/samples")["samples"].size(), 3U);
  EXPECT_EQ(edit({{"action", "delete"}, {"filter", json::object()}}).body, R"({"changed":3})");
}

TEST_F(ApiTest, ARecordingIsCutAndItsPlotFollows) {
  const std::string path = Path("/samples/" + std::to_string(AddSample("wave", 100)));
  const Response cropped = Ask("POST", path + "/crop", {{"first", 20}, {"count", 60}});
  ASSERT_EQ(cropped.status, 200) << cropped.body;
  EXPECT_EQ(json::parse(cropped.body)["length_ms"], 600);
  json values = json::parse(Ask("GET", path + "/values?width=10").body);
  EXPECT_EQ(values["exact"], false);
  EXPECT_EQ(values["axes"][0]["least"], json({20, 26, 32, 38, 44, 50, 56, 62, 68, 74}));
  EXPECT_EQ(values["axes"][1]["greatest"], json({-20, -26, -32, -38, -44, -50, -56, -62, -68, -74}));
  values = json::parse(Ask("GET", path + "/values?first=58").body);
  EXPECT_EQ(values["exact"], true);
  EXPECT_EQ(values["axes"][0], json({{"name", "accX"}, {"units", "m/s2"}, {"least", {78, 79}}}));
  for (const char* wrong : {"first=60", "first=-1", "first=18446744073709551615", "count=61", "width=0", "first=x"}) {
    EXPECT_EQ(Ask("GET", path + "/values?" + wrong).status, 400) << wrong;
  }
  EXPECT_EQ(Ask("POST", path + "/crop", {{"first", 1}, {"count", 60}}).status, 400);
  const json parts = json::parse(Ask("POST", path + "/split", {{"every", 25}}).body)["ids"];
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(Ask("GET", path).status, 404);
  const std::string second = Path("/samples/" + parts[1].dump());
  EXPECT_EQ(json::parse(Ask("GET", second + "/values?width=1").body)["axes"][0]["greatest"], json({69}));
  EXPECT_EQ(Ask("POST", second + "/split", {{"every", 26}}).status, 400);
  EXPECT_EQ(Ask("POST", second + "/split", json::object()).status, 400);
}

TEST_F(ApiTest, LabelsOfStretchesFollowEachCut) {
  const std::string path = Path("/samples/" + std::to_string(AddSample("", 100)));
  const auto marks = [](const std::string& text) { return json::parse(text)["structured_labels"]; };
  const auto mark = [](const char* label, int first, int last) {
    return json{{"label", label}, {"startIndex", first}, {"endIndex", last}};
  };
  EXPECT_EQ(Ask("POST", path + "/split", {{"by_label", true}}).status, 400) << "it has none yet";
  const json labels = {mark("up", 0, 39), mark("down", 40, 69), mark("up", 90, 99)};
  ASSERT_EQ(Ask("PATCH", path, {{"structured_labels", labels}}).status, 200);
  const json cropped = {mark("up", 0, 19), mark("down", 20, 49)};
  EXPECT_EQ(marks(Ask("POST", path + "/crop", {{"first", 20}, {"count", 70}}).body), cropped);
  const Response split = Ask("POST", path + "/split", {{"by_label", true}});
  ASSERT_EQ(split.status, 200) << split.body;
  const json ids = json::parse(split.body)["ids"];
  ASSERT_EQ(ids.size(), 2U);
  const json second = Get("/samples/" + ids[1].dump());
  EXPECT_EQ(second["label"], "down");
  EXPECT_EQ(second["first_reading"], 40);
  EXPECT_EQ(second["readings"], 30);
  EXPECT_EQ(second["structured_labels"], json::array());
  const json parts = {{{"first", 0}, {"count", 5}, {"label", "rest"}}, {{"first", 5}, {"count", 5}}};
  const json named = json::parse(Ask("POST", Path("/samples/" + ids[1].dump() + "/split"), {{"parts", parts}}).body);
  EXPECT_EQ(Get("/samples/" + named["ids"][0].dump())["label"], "rest");
  EXPECT_EQ(Get("/samples/" + named["ids"][1].dump())["label"], "down");
  EXPECT_EQ(
      Ask("POST", Path("/samples/" + ids[0].dump() + "/crop"), {{"first", INT64_MAX}, {"count", INT64_MAX}}).status,
      400);
}

TEST_F(ApiTest, EventsAreProposedAndSplit) {
  Sample sample{.project_id = project_, .name = "knocks", .file_name = "knocks.csv", .label = "knock"};
  std::string csv = "timestamp,x\n";
  for (int i = 0; i < 2000; ++i) {
    const double value = std::fmod(i * 0.618, 1) + (i % 500 > 240 && i % 500 < 260 ? i % 7 * 10 : 0);
    csv += std::to_string(i * 10) + "," + std::to_string(value) + "\n";
  }
  sample.kind = "time-series", sample.interval_ms = 10, sample.values_count = 2000;
  const int64_t id = store_->AddSample(sample, csv)->id;
  const std::string path = "/samples/" + std::to_string(id);
  const json segments = Get(path + "/segments?length_ms=500")["segments"];
  ASSERT_EQ(segments.size(), 4U);
  EXPECT_NEAR(segments[1]["first"].get<double>(), 725, 5);
  EXPECT_EQ(segments[1]["count"], 50);
  EXPECT_EQ(Ask("GET", Path(path + "/segments?length_ms=30000")).status, 400);
  EXPECT_EQ(Ask("GET", Path(path + "/segments?sensitivity=2")).status, 400);
  const json ids = json::parse(Ask("POST", Path(path + "/split"), {{"parts", segments}}).body)["ids"];
  EXPECT_EQ(ids.size(), 4U);
}

TEST_F(ApiTest, TheDataSetIsRebalancedOnceItWasPreviewed) {
  for (int i = 0; i < 20; ++i) AddSample(i % 2 == 0 ? "wave" : "idle", 50 + i);
  const Response preview = Ask("POST", Path("/rebalance"), {{"testing_share", 0.3}, {"dry_run", true}});
  ASSERT_EQ(preview.status, 200) << preview.body;
  EXPECT_EQ(Get("/samples?category=testing&count=true")["count"], 0);
  json said = json::parse(preview.body);
  EXPECT_EQ(said["to_testing"], 6);
  EXPECT_EQ(said["labels"][0], json({{"label", "idle"}, {"training", 7}, {"testing", 3}}));
  const Response done = Ask("POST", Path("/rebalance"), {{"testing_share", 0.3}});
  said["dry_run"] = false;
  EXPECT_EQ(json::parse(done.body), said);
  EXPECT_EQ(Get("/samples?category=testing&count=true")["count"], 6);
  EXPECT_EQ(store_->ListAudit(project_, {})->items[0].action, "sample.rebalance");
  EXPECT_EQ(Ask("POST", Path("/rebalance"), {{"testing_share", 1}}).status, 400);
  EXPECT_EQ(Get("/data-health")["level"], "hint") << "these came without being looked over";
}

TEST_F(ApiTest, AFileComesBackAsItWas) {
  const int64_t id = AddSample("wave", 50'000);
  const Response response = Ask("GET", Path("/samples/" + std::to_string(id) + "/file"));
  ASSERT_EQ(response.status, 200);
  std::string bytes;
  while (response.produce(bytes)) {
  }
  EXPECT_EQ(Sha256(bytes), Sha256(Acquisition(50'000)));
  EXPECT_EQ(response.headers.Get("Content-Disposition"), "attachment; filename*=UTF-8''wave.1.json");
}

TEST_F(ApiTest, ABrowserUploadsWithoutAKey) {
  const auto part = [](const std::string& file_name, const std::string& bytes) {
    return "--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\"" + file_name + "\"\r\n\r\n" + bytes +
           "\r\n";
  };
  const std::string form = part("circle.1.json", Acquisition(30)) + part("bad.json", "{") + "--b--\r\n";
  const int64_t anna = AddUser("anna", true);
  const http::Headers headers = {{"Authorization", "Bearer " + TokenOf(anna)},
                                 {"Content-Type", "multipart/form-data; boundary=b"}};
  const Response response = AskAs("POST", Path("/uploads/testing"), form, headers);
  ASSERT_EQ(response.status, 200) << response.body;
  const json files = json::parse(response.body)["files"];
  ASSERT_EQ(files.size(), 2U);
  EXPECT_TRUE(files[1]["sample"].is_null());
  EXPECT_NE(files[1]["error"].get<std::string>().find("bad.json"), std::string::npos);
  const json sample = Get("/samples/" + files[0]["sample"].dump());
  EXPECT_EQ(sample["label"], "circle");
  EXPECT_EQ(sample["category"], "testing");
  EXPECT_EQ(sample["readings"], 30);
  EXPECT_EQ(AskAs("POST", Path("/uploads/magic"), form, headers).status, 404);
  EXPECT_EQ(AskAs("POST", Path("/uploads/training"), form, {{"x-api-key", admin_}}).status, 400) << "no form";
}

TEST_F(ApiTest, DuplicatesAreFound) {
  const int64_t first = AddSample("wave", 100);
  const int64_t second = AddSample("wave", 100);
  AddSample("wave", 101);
  const json same = Get("/samples/" + std::to_string(first) + "/duplicates")["samples"];
  ASSERT_EQ(same.size(), 1U);
  EXPECT_EQ(same[0]["id"], second);
}

TEST_F(ApiTest, TenThousandRecordingsAreListedQuickly) {
  const auto there = store_->blobs().Put("the same");
  ASSERT_TRUE(there.ok());
  std::vector<NewSample> samples;
  for (int i = 0; i < 10'000; ++i) {
    NewSample one;
    one.sample = {.project_id = project_, .name = "wave." + std::to_string(i), .label = i % 3 == 0 ? "wave" : "idle"};
    one.sample.kind = "time-series";
    one.sample.length_ms = i;
    one.content = *store_->blobs().Stage("the same");
    samples.push_back(std::move(one));
  }
  for (const auto& added : store_->AddSamples(std::move(samples))) ASSERT_TRUE(added.ok());
  const auto begin = std::chrono::steady_clock::now();
  const json page = Get("/samples?label=wave&name=E.12&min_length_ms=100&count=true");
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(page["count"], 38);
  RecordProperty("milliseconds", std::to_string(took.count()));
  EXPECT_LT(took.count(), 1000) << "50 ms where nothing else runs, without sanitizers";

  const auto ask = [&](const char* what, const auto& request) {
    const auto start = std::chrono::steady_clock::now();
    request();
    const std::chrono::duration<double, std::milli> lasted = std::chrono::steady_clock::now() - start;
    RecordProperty(what, std::to_string(lasted.count()));
    EXPECT_LT(lasted.count(), 5000) << what;
  };
  ask("health_ms", [&] { EXPECT_EQ(Get("/data-health")["recordings"], 10'000); });
  ask("rebalance_ms", [&] { EXPECT_EQ(Ask("POST", Path("/rebalance"), {{"dry_run", true}}).status, 200); });
}

TEST(Thin, LosesNoPeakAndNoReading) {
  dataset::Recording recording;
  recording.axes.resize(2);
  for (int i = 0; i < 1009; ++i) {
    recording.values.push_back(0);
    recording.values.push_back(static_cast<float>(i));
  }
  for (size_t peak = 0; peak < 1009; peak += 7) {
    recording.values[peak * 2] = 5;
    const Thinned thinned = Thin(recording, 0, 0, 1009, 100);
    EXPECT_EQ(std::ranges::count(thinned.greatest, 5), 1) << peak;
    EXPECT_EQ(std::ranges::count(thinned.least, 0), 100) << peak;
    recording.values[peak * 2] = 0;
  }
  const Thinned ramp = Thin(recording, 1, 9, 1000, 1000);
  EXPECT_EQ(ramp.least, ramp.greatest);
  EXPECT_EQ(ramp.least.front(), 9);
  EXPECT_EQ(ramp.least.back(), 1008);
  std::string text;
  AppendNumbers({0.1F, -0.0F, 1e30F, 16777216}, text);
  EXPECT_EQ(text, "[0.1,-0,1e+30,16777216]");
}

TEST_F(ApiTest, AMillionReadingsAreShownWithinASecond) {
  const std::string path = Path("/samples/" + std::to_string(AddSample("wave", 1'000'000)) + "/values");
  const auto begin = std::chrono::steady_clock::now();
  const Response response = Ask("GET", path);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(json::parse(response.body)["axes"][2]["greatest"].size(), 1000U);
  RecordProperty("seconds", std::to_string(took.count()));
  EXPECT_LT(took.count(), 10) << "1 s where nothing else runs, without sanitizers";
  EXPECT_EQ(
      Ask("GET", path, nullptr, {{"x-api-key", admin_}, {"If-None-Match", std::string(response.headers.Get("ETag"))}})
          .status,
      304);
}

// --- impulses, jobs, artefacts, events ------------------------------------------------------------------------------

TEST_F(ApiTest, AnImpulseIsCheckedAsTheJobsReadIt) {
  const json design = {{"window_ms", 500},
                       {"block", {{"name", "spectral_analysis"}, {"parameters", {{"fft-length", 32}}}}}};
  const Response made = Ask("POST", Path("/impulses"), {{"name", "first"}, {"design", design}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(json::parse(made.body)["design"], design);
  const std::string path(made.headers.Get("Location"));
  EXPECT_EQ(Ask("PATCH", path, {{"design", {{"block", {{"name", "magic"}}}}}}).status, 400);
  EXPECT_EQ(Ask("PATCH", path, {{"name", "better"}}).headers.Get("ETag"), "\"2\"");
  EXPECT_EQ(Get("/impulses")["impulses"][0]["name"], "better");
  EXPECT_EQ(Ask("DELETE", path).status, 204);
  EXPECT_EQ(Ask("GET", path).status, 404);
}

TEST_F(ApiTest, APreviewIsWhatTheBlockSays) {
  const int64_t sample = AddSample("wave", 100);
  const json wish = {{"sample", sample}, {"first", 10}, {"window_ms", 100}, {"block", {{"name", "flatten"}}}};
  const Response response = Ask("POST", Path("/preview"), wish);
  ASSERT_EQ(response.status, 200) << response.body;
  const json preview = json::parse(response.body);
  EXPECT_EQ(preview["readings"], 10);
  ASSERT_EQ(preview["names"].size(), preview["features"].size());
  for (size_t i = 0; i < preview["names"].size(); ++i) {
    if (preview["names"][i]["axis"] != "accX") continue;
    EXPECT_EQ(preview["features"][i], 14.5) << "the mean of 10 … 19 comes first";
    break;
  }
  json beyond = wish;
  beyond["first"] = 95;
  EXPECT_EQ(Ask("POST", Path("/preview"), beyond).status, 400);
  json wrong = wish;
  wrong["block"] = {{"name", "spectral_analysis"}, {"parameters", {{"fft-length", 17}}}};
  EXPECT_EQ(Ask("POST", Path("/preview"), wrong).status, 400);
  EXPECT_GE(json::parse(Ask("GET", "/api/v1/blocks").body)["blocks"].size(), 8U);
}

TEST_F(ApiTest, AJobIsStartedOnceFollowedAndCancelled) {
  const http::Headers once = {{"x-api-key", admin_}, {"Idempotency-Key", "7"}};
  AddSample();
  const Response started = Ask("POST", Path("/jobs"), {{"kind", "export"}}, once);
  ASSERT_EQ(started.status, 202) << started.body;
  EXPECT_EQ(Ask("POST", Path("/jobs"), {{"kind", "export"}}, once).body, started.body);
  EXPECT_EQ(Get("/jobs")["jobs"].size(), 1U);
  EXPECT_EQ(Ask("POST", Path("/jobs"), {{"kind", "train"}}, once).status, 422);
  const std::string path(started.headers.Get("Location"));
  EXPECT_EQ(json::parse(Ask("GET", path).body)["kind"], "export");
  EXPECT_EQ(Ask("POST", path + "/cancel").status, 202);
  const auto state = [&] { return json::parse(Ask("GET", path + "/log").body)["state"].get<std::string>(); };
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while ((state() == "queued" || state() == "running") && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(state() == "cancelled" || state() == "done") << state() << ", which it may be if it was quick";
  EXPECT_EQ(Ask("POST", Path("/jobs"), {{"kind", "magic"}}).status, 404);
}

TEST_F(ApiTest, AnArtefactIsBroughtAndTaken) {
  EXPECT_EQ(AskAs("POST", Path("/artefacts"), "PK", {{"x-api-key", admin_}}).status, 400);
  const Response brought = AskAs("POST", Path("/artefacts?name=a%20b.zip"), "PK bytes", {{"x-api-key", admin_}});
  ASSERT_EQ(brought.status, 201) << brought.body;
  EXPECT_EQ(Get("/artefacts?kind=archive")["artefacts"].size(), 1U);
  EXPECT_EQ(Get("/artefacts")["artefacts"].size(), 1U);
  EXPECT_EQ(Get("/artefacts?kind=model")["artefacts"].size(), 0U);
  const std::string path = Path("/artefacts/" + json::parse(brought.body)["id"].dump());
  std::string bytes;
  const Response file = Ask("GET", path + "/file");
  while (file.produce(bytes)) {
  }
  EXPECT_EQ(bytes, "PK bytes");
  EXPECT_EQ(file.headers.Get("Content-Disposition"), "attachment; filename*=UTF-8''a%20b.zip");
  EXPECT_EQ(Ask("DELETE", path).status, 204);
  EXPECT_EQ(Ask("GET", path).status, 404);
}

class TestStream : public http::ByteStream {
 public:
  bool Send(std::string_view bytes) override {
    if (open_) sent_ += bytes;
    return open_;
  }
  void Close() override { open_ = false; }
  bool open() const override { return open_; }
  const std::string& sent() const { return sent_; }

 private:
  bool open_ = true;
  std::string sent_;
};

TEST_F(ApiTest, EventsTellOfThisProjectUntilTheConnectionEnds) {
  const Response response = Ask("GET", Path("/events"));
  ASSERT_TRUE(response.stream);
  EXPECT_TRUE(response.stream_beat.starts_with(":")) << "a comment";
  const auto stream = std::make_shared<TestStream>();
  response.stream(stream);
  const int64_t sample = AddSample();
  EXPECT_EQ(Ask("PATCH", Path("/samples/" + std::to_string(sample)), {{"label", "x"}}).status, 200);
  notices_.Tell({project_ + 1, "sample", R"({"secret":1})"});
  EXPECT_NE(stream->sent().find("event: sample"), std::string::npos) << stream->sent();
  EXPECT_NE(stream->sent().find("\"action\":\"sample.change\""), std::string::npos);
  EXPECT_EQ(stream->sent().find("secret"), std::string::npos);
  stream->Close();
  notices_.Tell({project_, "sample", "{}"});
  EXPECT_EQ(stream.use_count(), 1) << "nothing listens for a page that has gone";
}

}  // namespace
}  // namespace thimble::studio
