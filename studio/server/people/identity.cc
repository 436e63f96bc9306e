#include "studio/server/people/identity.h"

namespace thimble::studio {

bool Allows(Role role, Permission permission) {
  const bool admin = role == Role::kAdmin;
  switch (permission) {
    case Permission::kAnyone:
      return true;
    case Permission::kRead:
      return admin || role == Role::kReadOnly;
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

}  // namespace thimble::studio
