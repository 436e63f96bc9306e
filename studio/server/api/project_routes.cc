// Projects: what there is, who belongs to it, how it was once, who did what.
#include <utility>

#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/application.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

json JsonOf(const Project& project) {
  return {{"id", project.id},
          {"name", project.name},
          {"description", project.description},
          {"owner_id", project.owner_id ? json(*project.owner_id) : json()},
          {"settings", Stored(project.settings)},
          {"created_ms", project.created_ms},
          {"version", project.version}};
}

json JsonOf(const ProjectVersion& version) {
  return {{"id", version.id},
          {"number", version.number},
          {"description", version.description},
          {"created_ms", version.created_ms}};
}

// --- projects -------------------------------------------------------------------------------------------------------

Expected<Response> ListProjects(Call& call) {
  Store& store = call.application.store;
  const Identity& who = call.identity;
  const bool all = who.kind != Identity::Kind::kUser || who.administrator;
  THIMBLE_ASSIGN(const std::vector<Project> projects, all ? store.ListProjects() : store.ListProjectsOf(who.user_id));
  return JsonAnswer(200, ListJson("projects", projects, [](const Project& project) { return JsonOf(project); }));
}

Expected<Response> AddProject(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  Project project{.name = body["name"].get<std::string>(), .description = body.value("description", "")};
  if (call.identity.kind == Identity::Kind::kUser) project.owner_id = call.identity.user_id;
  if (body.contains("settings")) project.settings = TextOf(body["settings"]);
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const int64_t id, store.AddProject(std::move(project)));
  call.project_id = id;
  Tell(call, "project", "project.add", std::to_string(id));
  THIMBLE_ASSIGN(const Project added, store.GetProject(id));
  Response response = JsonAnswer(201, JsonOf(added));
  response.headers.Set("Location", "/api/v1/projects/" + std::to_string(id));
  return response;
}

Expected<Response> GetProject(Call& call) {
  THIMBLE_ASSIGN(const Project project, call.application.store.GetProject(call.project_id));
  return Tagged(call, JsonOf(project), project.version);
}

Expected<Response> ChangeProject(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  Store& store = call.application.store;
  THIMBLE_ASSIGN(Project project, store.GetProject(call.project_id));
  if (IsOutdated(call, project.version)) return Outdated();
  project.name = body.value("name", project.name);
  project.description = body.value("description", project.description);
  if (body.contains("settings")) project.settings = TextOf(body["settings"]);
  THIMBLE_ASSIGN(const std::optional<int64_t> version, store.UpdateProject(project));
  if (!version) return Outdated();
  project.version = *version;
  Tell(call, "project", "project.change", std::to_string(project.id), {{"changes", body}});
  return Tagged(call, JsonOf(project), project.version);
}

Expected<Response> DeleteProject(Call& call) {
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const Project project, store.GetProject(call.project_id));
  if (IsOutdated(call, project.version)) return Outdated();
  THIMBLE_EXPECT(store.RemoveProject(call.project_id));
  Tell(call, "project", "project.delete", std::to_string(project.id), {{"name", project.name}});
  return Response::Empty();
}

// --- members --------------------------------------------------------------------------------------------------------

Expected<Response> ListMembers(Call& call) {
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const std::vector<Member> members, store.ListMembers(call.project_id));
  json list = json::array();
  for (const Member& member : members) {
    const Expected<User> user = store.GetUser(member.user_id);
    if (user.ok()) list.push_back({{"user_id", member.user_id}, {"name", user->name}, {"role", member.role}});
  }
  return JsonAnswer(200, {{"members", std::move(list)}});
}

Expected<Response> SetMember(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const User user, store.FindUser(body["user"].get<std::string>()));
  const std::string role = body["role"].get<std::string>();
  THIMBLE_EXPECT(store.SetMember({.project_id = call.project_id, .user_id = user.id, .role = role}));
  Tell(call, "project", "member.set", std::to_string(user.id), {{"role", role}});
  return JsonAnswer(200, {{"user_id", user.id}, {"name", user.name}, {"role", role}});
}

Expected<Response> RemoveMember(Call& call) {
  THIMBLE_ASSIGN(const int64_t user_id, IdOf(call, "user"));
  THIMBLE_EXPECT(call.application.store.RemoveMember(call.project_id, user_id));
  Tell(call, "project", "member.remove", std::to_string(user_id));
  return Response::Empty();
}

// --- versions -------------------------------------------------------------------------------------------------------

Expected<Response> ListVersions(Call& call) {
  THIMBLE_ASSIGN(const auto versions, call.application.store.ListProjectVersions(call.project_id));
  return JsonAnswer(200, ListJson("versions", versions, [](const ProjectVersion& one) { return JsonOf(one); }));
}

Expected<Response> SaveVersion(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  THIMBLE_ASSIGN(const ProjectVersion version,
                 call.application.store.SaveProjectVersion(call.project_id, body.value("description", "")));
  Tell(call, "version", "version.save", std::to_string(version.number));
  return JsonAnswer(201, JsonOf(version));
}

Expected<Response> RestoreVersion(Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "version"));
  THIMBLE_EXPECT(call.application.store.RestoreProjectVersion(call.project_id, id));
  Tell(call, "version", "version.restore", std::to_string(id));
  return Response::Empty();
}

Expected<Response> DeleteVersion(Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "version"));
  THIMBLE_EXPECT(call.application.store.RemoveProjectVersion(call.project_id, id));
  Tell(call, "version", "version.delete", std::to_string(id));
  return Response::Empty();
}

// --- who did what ---------------------------------------------------------------------------------------------------

Expected<Response> ListAudit(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(const Page<AuditEntry> page, call.application.store.ListAudit(call.project_id, PagingOf(query)));
  return JsonAnswer(200, PageJson("entries", page, [](const AuditEntry& entry) {
                      return json{{"id", entry.id},           {"project_id", entry.project_id},
                                  {"actor", entry.actor},     {"action", entry.action},
                                  {"subject", entry.subject}, {"detail", Stored(entry.detail)},
                                  {"time_ms", entry.time_ms}};
                    }));
}

}  // namespace

std::span<const Route> ProjectRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/projects",
       Permission::kPerson,
       "The projects of whoever asks; an administrator's are all.",
       "",
       "Projects",
       &Answer<ListProjects>},
      {{},
       "POST",
       "/api/v1/projects",
       Permission::kPerson,
       "Makes a project.",
       "NewProject",
       "Project",
       &Once<AddProject>},
      {{}, "GET", "/api/v1/projects/{project}", Permission::kRead, "One project.", "", "Project", &Answer<GetProject>},
      {{},
       "PATCH",
       "/api/v1/projects/{project}",
       Permission::kWrite,
       "Changes name, description or settings.",
       "ProjectChange",
       "Project",
       &Answer<ChangeProject>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}",
       Permission::kAdminister,
       "Deletes a project with everything in it.",
       "",
       "",
       &Answer<DeleteProject>},
      {{},
       "GET",
       "/api/v1/projects/{project}/members",
       Permission::kRead,
       "Who else works on a project.",
       "",
       "Members",
       &Answer<ListMembers>},
      {{},
       "POST",
       "/api/v1/projects/{project}/members",
       Permission::kAdminister,
       "Lets somebody work on a project, or look at it; also changes which.",
       "NewMember",
       "Member",
       &Answer<SetMember>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}/members/{user}",
       Permission::kAdminister,
       "Takes somebody out of a project.",
       "",
       "",
       &Answer<RemoveMember>},
      {{},
       "GET",
       "/api/v1/projects/{project}/versions",
       Permission::kRead,
       "What was saved of a project, oldest first.",
       "",
       "Versions",
       &Answer<ListVersions>},
      {{},
       "POST",
       "/api/v1/projects/{project}/versions",
       Permission::kWrite,
       "Keeps data set and impulses as they are now. Costs no bytes of recordings.",
       "NewVersion",
       "Version",
       &Once<SaveVersion>},
      {{},
       "POST",
       "/api/v1/projects/{project}/versions/{version}/restore",
       Permission::kWrite,
       "Makes data set and impulses what they were then. What is there now is gone unless it was saved.",
       "",
       "",
       &Answer<RestoreVersion>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}/versions/{version}",
       Permission::kWrite,
       "Forgets a version.",
       "",
       "",
       &Answer<DeleteVersion>},
      {{},
       "GET",
       "/api/v1/projects/{project}/audit",
       Permission::kAdminister,
       "Who did what in a project, newest first.",
       "",
       "AuditEntries",
       &Answer<ListAudit>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
