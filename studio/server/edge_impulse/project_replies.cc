// Logging in, projects and their keys, as Edge Impulse's tools ask for them before they begin.
#include <utility>

#include "studio/server/application.h"
#include "studio/server/edge_impulse/edge_impulse_routes.h"
#include "studio/server/edge_impulse/reply.h"
#include "studio/server/people/gate.h"
#include "studio/server/router_of.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

// --- people ---------------------------------------------------------------------------------------------------------

/// The same for everybody, so that nobody learns which accounts there are.
Expected<Response> NeedsPassword(Call& call) {
  return Success({{"needPassword", false}, {"email", call.request.Parameter("user")}, {"whitelabels", json::array()}});
}

Expected<Response> LogIn(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  THIMBLE_ASSIGN(const std::string name, WordOf(body, "username"));
  THIMBLE_ASSIGN(const std::string password, WordOf(body, "password"));
  const auto outcome = call.application.gate.LogIn(name, password, call.request);
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
    Response response = Say(Tongue::kEdgeImpulse, call.request, refusal->status, refusal->sentence);
    if (refusal->retry_after_s > 0) response.headers.Set("Retry-After", std::to_string(refusal->retry_after_s));
    return response;
  }
  return Success({{"token", std::get<LoggedIn>(outcome).token}});
}

Expected<Response> WhoAmI(Call& call) {
  User user{.name = "local"};
  if (call.identity.kind == Identity::Kind::kUser) {
    THIMBLE_ASSIGN(user, call.application.store.GetUser(call.identity.user_id));
  }
  // Without a "developer profile" the tools ask for one.
  const json profile = {{"id", user.id}, {"name", user.name}, {"isDeveloperProfile", true}};
  return Success({{"id", user.id},
                  {"username", user.name},
                  {"name", user.name},
                  {"email", user.email},
                  {"created", IsoTime(user.created_ms)},
                  {"staff", false},
                  {"activated", true},
                  {"organizations", json::array({profile})},
                  {"projects", json::array()}});
}

Expected<Response> ListOrganizations(Call&) { return Success({{"organizations", json::array()}}); }

// --- projects -------------------------------------------------------------------------------------------------------

json JsonOf(Store& store, const Project& project) {
  return {{"id", project.id},
          {"name", project.name},
          {"description", project.description},
          {"created", IsoTime(project.created_ms)},
          {"owner", OwnerNameOf(store, project)},
          {"ownerIsDeveloperProfile", true},
          {"collaborators", json::array()},
          {"labelingMethod", "single_label"},
          {"metadata", json::object()},
          {"isEnterpriseProject", false},
          // Tools compare it with null, and take a missing one for somebody's.
          {"whitelabelId", nullptr},
          {"tier", "free"},
          {"hasPublicVersion", false},
          {"isPublic", false},
          {"allowsLivePublicAccess", false},
          {"indPauseProcessingSamples", false},
          {"publicProjectListed", false}};
}

Expected<Response> ListProjects(Call& call) {
  Store& store = call.application.store;
  const Identity& who = call.identity;
  std::vector<Project> projects;
  if (who.kind == Identity::Kind::kApiKey) {
    THIMBLE_ASSIGN(Project project, store.GetProject(who.project_id));
    projects.push_back(std::move(project));
  } else if (who.kind == Identity::Kind::kUser && !who.administrator) {
    THIMBLE_ASSIGN(projects, store.ListProjectsOf(who.user_id));
  } else {
    THIMBLE_ASSIGN(projects, store.ListProjects());
  }
  json list = json::array();
  for (const Project& project : projects) list.push_back(JsonOf(store, project));
  return Success({{"projects", std::move(list)}});
}

Expected<Response> AddProject(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  Project project;
  THIMBLE_ASSIGN(project.name, WordOf(body, "projectName"));
  if (project.name.empty()) return {Status::kInvalidArgument, "the body: projectName is empty"};
  if (call.identity.kind == Identity::Kind::kUser) project.owner_id = call.identity.user_id;
  Application& application = call.application;
  THIMBLE_ASSIGN(const int64_t id, application.store.AddProject(std::move(project)));
  call.project_id = id;
  Tell(call, "project", "project.add", std::to_string(id));
  THIMBLE_ASSIGN(const MadeKey made, application.gate.MakeApiKey(id, "made with the project", Role::kAdmin));
  Tell(call, "key", "key.add", std::to_string(made.id), {{"role", "admin"}});
  return Success({{"id", id}, {"apiKey", made.key}});
}

Expected<Response> GetProject(Call& call) {
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const Project project, store.GetProject(call.project_id));
  THIMBLE_ASSIGN(const std::vector<Impulse> impulses, store.ListImpulses(call.project_id));
  const bool designed = !impulses.empty();
  return Success({{"project", JsonOf(store, project)},
                  {"impulse", {{"created", designed}, {"configured", designed}, {"complete", designed}}}});
}

// --- keys -----------------------------------------------------------------------------------------------------------

Expected<std::string> HmacKeyOf(Call& call) {
  THIMBLE_ASSIGN(const std::vector<HmacKey> keys, call.application.store.ListHmacKeys(call.project_id));
  if (!keys.empty()) return keys.front().key;
  THIMBLE_ASSIGN(const HmacKey made, call.application.gate.MakeHmacKey(call.project_id, "development"));
  Tell(call, "key", "hmac_key.add", std::to_string(made.id), {{"name", "development"}});
  return made.key;
}

Expected<Response> GetHmacKey(Call& call) {
  THIMBLE_ASSIGN(const std::string key, HmacKeyOf(call));
  return Success({{"hmacKey", key}});
}

Expected<Response> AddApiKey(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  THIMBLE_ASSIGN(const std::string name, WordOf(body, "name"));
  std::string role_name = NameOf(Role::kIngestionDeployment);
  if (body.contains("role")) {
    THIMBLE_ASSIGN(role_name, WordOf(body, "role"));
  }
  const auto role = RoleNamed(role_name);
  if (!role) return {Status::kInvalidArgument, "the body: there is no role '" + role_name + "'"};
  const auto development = body.find("isDevelopmentKey");
  const bool is_development = development != body.end() && development->is_boolean() && development->get<bool>();
  THIMBLE_ASSIGN(const MadeKey made, call.application.gate.MakeApiKey(call.project_id, name, *role, is_development));
  Tell(call, "key", "key.add", std::to_string(made.id), {{"name", name}, {"role", role_name}});
  return Success({{"id", made.id}, {"apiKey", made.key}});
}

constexpr const char* kJson = "application/json";

}  // namespace

std::span<const Route> EdgeImpulseProjectRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/v1/api-user-need-to-set-password/{user}",
       Permission::kAnyone,
       "Says that accounts here have passwords.",
       "",
       kJson,
       &Reply<NeedsPassword>},
      {{},
       "POST",
       "/v1/api-login",
       Permission::kAnyone,
       "Gives a token for a name and a password.",
       kJson,
       kJson,
       &Reply<LogIn>},
      {{}, "GET", "/v1/api/user", Permission::kPerson, "Who is logged in.", "", kJson, &Reply<WhoAmI>},
      {{},
       "GET",
       "/v1/api/organizations",
       Permission::kPerson,
       "None: projects have members instead.",
       "",
       kJson,
       &Reply<ListOrganizations>},
      {{},
       "GET",
       "/v1/api/projects",
       Permission::kMember,
       "The projects of a person, or the one of a key.",
       "",
       kJson,
       &Reply<ListProjects>},
      {{},
       "POST",
       "/v1/api/projects/create",
       Permission::kPerson,
       "Makes a project, and a key for it.",
       kJson,
       kJson,
       &Reply<AddProject>},
      {{}, "GET", "/v1/api/{project}", Permission::kMember, "One project.", "", kJson, &Reply<GetProject>},
      {{},
       "GET",
       "/v1/api/{project}/devkeys/hmac",
       Permission::kIngest,
       "What recordings are signed with.",
       "",
       kJson,
       &Reply<GetHmacKey>},
      {{},
       "POST",
       "/v1/api/{project}/apikeys",
       Permission::kAdminister,
       "Makes an API key and shows it this once.",
       kJson,
       kJson,
       &Reply<AddApiKey>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
