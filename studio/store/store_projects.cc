// Store: projects, their members, versions, devices, impulses.
#include "studio/store/internal/state.h"

namespace thimble::studio {
namespace {

using internal::Connection;
using internal::Values;

/// Copies a project's rows from one snapshot to another, in their order.
template <typename Record>
void CopySnapshot(Connection& connection, int64_t project_id, int64_t from, int64_t to) {
  static const std::string sql = [] {
    const std::string columns = internal::ColumnsOf<Record>().names;
    std::string chosen = columns;
    const std::string_view name = " snapshot,";
    // Without the cast PostgreSQL takes the parameter for a text.
    chosen.replace(chosen.find(name), name.size(), " CAST(? AS BIGINT),");
    return std::string("INSERT INTO ") + Record::kTable + " (" + columns + ") SELECT " + chosen + " FROM " +
           Record::kTable + " WHERE project_id = ? AND snapshot = ? ORDER BY id";
  }();
  connection.Execute(sql, {to, project_id, from});
}

template <typename Record>
void RemoveSnapshot(Connection& connection, int64_t project_id, int64_t snapshot) {
  connection.Execute(std::string("DELETE FROM ") + Record::kTable + " WHERE project_id = ? AND snapshot = ?",
                     {project_id, snapshot});
}

Outcome FindVersion(Connection& connection, int64_t project_id, int64_t version_id) {
  const Values values = {project_id, version_id};
  if (connection.Integer("SELECT id FROM project_versions WHERE project_id = ? AND id = ?", values)) return Nothing{};
  return {Status::kNotFound, "there is no " + Named("project version", version_id)};
}

}  // namespace

Expected<int64_t> Store::AddProject(Project project) {
  project.created_ms = Now();
  return state_->Add(project);
}

Expected<Project> Store::GetProject(int64_t id) {
  return state_->One<Project>("WHERE id = ?", {id}, Named("project", id));
}

Expected<std::vector<Project>> Store::ListProjects() { return state_->List<Project>("ORDER BY id", {}); }

Expected<std::vector<Project>> Store::ListProjectsOf(int64_t user_id) {
  return state_->List<Project>(
      "WHERE owner_id = ? OR id IN (SELECT project_id FROM members WHERE user_id = ?) ORDER BY id", {user_id, user_id});
}

Expected<std::optional<int64_t>> Store::UpdateProject(const Project& project) { return state_->Change(project); }

Outcome Store::RemoveProject(int64_t id) {
  Outcome removed = state_->Remove("DELETE FROM projects WHERE id = ?", {id}, Named("project", id));
  state_->api_keys.Forget();  // they went with it
  state_->hmac_keys.Forget();
  state_->devices.Forget();
  return removed;
}

Outcome Store::SetMember(const Member& member) {
  THIMBLE_EXPECT(
      state_->Execute("INSERT INTO members (project_id, user_id, role) VALUES (?, ?, ?) "
                      "ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role",
                      {member.project_id, member.user_id, member.role}));
  return Nothing{};
}

Expected<std::vector<Member>> Store::ListMembers(int64_t project_id) {
  return state_->List<Member>("WHERE project_id = ? ORDER BY id", {project_id});
}

Outcome Store::RemoveMember(int64_t project_id, int64_t user_id) {
  return state_->Remove("DELETE FROM members WHERE project_id = ? AND user_id = ?", {project_id, user_id},
                        Named("member", user_id));
}

Expected<ProjectVersion> Store::SaveProjectVersion(int64_t project_id, std::string description) {
  ProjectVersion version{.project_id = project_id, .description = std::move(description), .created_ms = Now()};
  return state_->database->Write([&](Connection& connection) -> Expected<ProjectVersion> {
    version.number =
        connection
            .Integer("SELECT coalesce(max(number), 0) + 1 FROM project_versions WHERE project_id = ?", {project_id})
            .value_or(1);
    version.id = internal::Insert(connection, version);
    CopySnapshot<Sample>(connection, project_id, 0, version.id);
    CopySnapshot<Impulse>(connection, project_id, 0, version.id);
    return version;
  });
}

Expected<std::vector<ProjectVersion>> Store::ListProjectVersions(int64_t project_id) {
  return state_->List<ProjectVersion>("WHERE project_id = ? ORDER BY id", {project_id});
}

Outcome Store::RestoreProjectVersion(int64_t project_id, int64_t version_id) {
  return state_->database->Write([&](Connection& connection) -> Outcome {
    THIMBLE_EXPECT(FindVersion(connection, project_id, version_id));
    RemoveSnapshot<Sample>(connection, project_id, 0);
    RemoveSnapshot<Impulse>(connection, project_id, 0);
    CopySnapshot<Sample>(connection, project_id, version_id, 0);
    CopySnapshot<Impulse>(connection, project_id, version_id, 0);
    return Nothing{};
  });
}

Outcome Store::RemoveProjectVersion(int64_t project_id, int64_t version_id) {
  return state_->database->Write([&](Connection& connection) -> Outcome {
    THIMBLE_EXPECT(FindVersion(connection, project_id, version_id));
    RemoveSnapshot<Sample>(connection, project_id, version_id);
    RemoveSnapshot<Impulse>(connection, project_id, version_id);
    connection.Execute("DELETE FROM project_versions WHERE id = ?", {version_id});
    return Nothing{};
  });
}

Expected<Device> Store::SeeDevice(Device device) {
  device.created_ms = device.last_seen_ms = Now();
  if (device.name.empty()) device.name = device.device_id;
  THIMBLE_EXPECT(state_->Execute("INSERT INTO devices (" + internal::ColumnsOf<Device>().names + ") VALUES (" +
                                     internal::ColumnsOf<Device>().marks +
                                     ") ON CONFLICT (project_id, device_id) DO UPDATE SET type = excluded.type, "
                                     "abilities = excluded.abilities, last_seen_ms = excluded.last_seen_ms",
                                 internal::ValuesOf(device)));
  state_->devices.Forget();
  return GetDevice(device.project_id, device.device_id);
}

Expected<Device> Store::GetDevice(int64_t project_id, std::string_view device_id) {
  return state_->devices.Get(std::to_string(project_id) + "/" + std::string(device_id), [&] {
    return state_->One<Device>("WHERE project_id = ? AND device_id = ?", {project_id, device_id},
                               Named("device", device_id));
  });
}

Expected<std::vector<Device>> Store::ListDevices(int64_t project_id) {
  return state_->List<Device>("WHERE project_id = ? ORDER BY id", {project_id});
}

Expected<std::optional<int64_t>> Store::UpdateDevice(const Device& device) {
  Expected<std::optional<int64_t>> version = state_->Change(device);
  state_->devices.Forget();
  return version;
}

Outcome Store::RemoveDevice(int64_t project_id, std::string_view device_id) {
  Outcome removed = state_->Remove("DELETE FROM devices WHERE project_id = ? AND device_id = ?",
                                   {project_id, device_id}, Named("device", device_id));
  state_->devices.Forget();
  return removed;
}

Expected<int64_t> Store::AddImpulse(Impulse impulse) {
  impulse.snapshot = 0;
  impulse.created_ms = Now();
  return state_->Add(impulse);
}

Expected<Impulse> Store::GetImpulse(int64_t project_id, int64_t id) {
  return state_->One<Impulse>("WHERE project_id = ? AND id = ?", {project_id, id}, Named("impulse", id));
}

Expected<std::vector<Impulse>> Store::ListImpulses(int64_t project_id) {
  return state_->List<Impulse>("WHERE project_id = ? AND snapshot = 0 ORDER BY id", {project_id});
}

Expected<std::optional<int64_t>> Store::UpdateImpulse(const Impulse& impulse) { return state_->Change(impulse); }

Outcome Store::RemoveImpulse(int64_t project_id, int64_t id) {
  return state_->Remove("DELETE FROM impulses WHERE project_id = ? AND snapshot = 0 AND id = ?", {project_id, id},
                        Named("impulse", id));
}

}  // namespace thimble::studio
