#include "studio/server/people/identity.h"

#include "studio/store/store.h"

namespace thimble::studio {

bool Allows(Role role, Permission permission) {
  const bool admin = role == Role::kAdmin;
  switch (permission) {
    case Permission::kAnyone:
    case Permission::kMember:
      return true;
    case Permission::kRead:
      return admin || role == Role::kReadOnly;
    case Permission::kFollow:
      return admin || role == Role::kReadOnly || role == Role::kIngestionDeployment;
    case Permission::kIngest:
      return admin || role == Role::kIngestionOnly || role == Role::kIngestionDeployment;
    case Permission::kDeploy:
      return admin || role == Role::kIngestionDeployment;
    case Permission::kWrite:
    case Permission::kAdminister:
      return admin;
    case Permission::kPerson:
    case Permission::kServer:
      return false;  // no matter of a project
  }
  return false;
}

const char* NameOf(Role role) {
  switch (role) {
    case Role::kAdmin:
      return "admin";
    case Role::kReadOnly:
      return "readonly";
    case Role::kIngestionOnly:
      return "ingestiononly";
    case Role::kIngestionDeployment:
      return "ingestion_deployment";
  }
  return "";
}

std::optional<Role> RoleNamed(std::string_view name) {
  for (const Role role : {Role::kAdmin, Role::kReadOnly, Role::kIngestionOnly, Role::kIngestionDeployment}) {
    if (name == NameOf(role)) return role;
  }
  return std::nullopt;
}

std::string OwnerNameOf(Store& store, const Project& project) {
  if (project.owner_id) {
    if (const auto user = store.GetUser(*project.owner_id); user.ok()) return user->name;
  }
  return "local";
}

}  // namespace thimble::studio
