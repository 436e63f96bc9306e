// Who asks, and what they may do.
#ifndef THIMBLE_STUDIO_SERVER_PEOPLE_IDENTITY_H_
#define THIMBLE_STUDIO_SERVER_PEOPLE_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thimble::studio {

struct Project;
class Store;

/// What a route takes. Every route names exactly one.
enum class Permission : uint8_t {
  kAnyone,      ///< no name is asked for: logging in, the page itself, health
  kPerson,      ///< somebody who is logged in; of no particular project
  kMember,      ///< belongs to a project in any role: what every tool asks first
  kRead,        ///< looks at a project
  kFollow,      ///< looks at its designs, jobs and builds, as whoever deploys has to
  kIngest,      ///< brings recordings and devices into a project
  kDeploy,      ///< builds and downloads what devices run
  kWrite,       ///< changes a project's data, designs and jobs
  kAdminister,  ///< keys, members and the end of a project
  kServer,      ///< accounts and settings of the whole server
};

/// Of an API key in its project, or of a member. The words are those of the Edge Impulse API.
enum class Role : uint8_t { kAdmin, kReadOnly, kIngestionOnly, kIngestionDeployment };

/// Whoever sent a request, once the gate has looked.
struct Identity {
  enum class Kind : uint8_t { kNobody, kLocalUser, kUser, kApiKey };
  Kind kind = Kind::kNobody;
  int64_t user_id = 0;     ///< kUser
  int64_t key_id = 0;      ///< kApiKey
  int64_t project_id = 0;  ///< the one project of a key; 0 of people
  Role role = Role::kReadOnly;
  bool administrator = false;  ///< of the server
  bool pairing = false;        ///< kApiKey: only to bring recordings, and for hello
  std::string name;            ///< for the audit log: "user 3", "key 12", "local"
};

/// What a role allows in its project. kPerson and kServer are no matter of a project: never. A key that only brings
/// recordings reads nothing but what every tool asks (kMember: the project's name), and the HMAC key (kIngest).
bool Allows(Role role, Permission permission);

/// "ingestion_deployment"
const char* NameOf(Role role);

/// The role of that name.
std::optional<Role> RoleNamed(std::string_view name);

/// Whom tools call the owner of a project: the account that made it, or "local" where nobody logs in.
std::string OwnerNameOf(Store& store, const Project& project);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_PEOPLE_IDENTITY_H_
