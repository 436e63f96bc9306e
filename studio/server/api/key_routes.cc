// Keys of a project: what tools bring along, and what devices sign with. Only their making shows an API key.
#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/application.h"
#include "studio/server/people/gate.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

Expected<Response> ListKeys(Call& call) {
  THIMBLE_ASSIGN(const std::vector<ApiKey> keys, call.application.store.ListApiKeys(call.project_id));
  return JsonAnswer(200, ListJson("keys", keys, [](const ApiKey& key) {
                      return json{{"id", key.id},
                                  {"name", key.name},
                                  {"hint", key.hint},
                                  {"role", key.role},
                                  {"development", key.development},
                                  {"created_ms", key.created_ms}};
                    }));
}

Expected<Response> AddKey(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  const std::string name = body["name"].get<std::string>();
  const std::string role = body["role"].get<std::string>();
  THIMBLE_ASSIGN(const MadeKey made, call.application.gate.MakeApiKey(call.project_id, name, *RoleNamed(role),
                                                                      body.value("development", false)));
  Tell(call, "key", "key.add", std::to_string(made.id), {{"name", name}, {"role", role}});
  return JsonAnswer(201, {{"id", made.id}, {"name", name}, {"role", role}, {"key", made.key}});
}

Expected<Response> DeleteKey(Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "key"));
  THIMBLE_EXPECT(call.application.store.RemoveApiKey(call.project_id, id));
  Tell(call, "key", "key.delete", std::to_string(id));
  return Response::Empty();
}

json JsonOf(const HmacKey& key) {
  return {{"id", key.id}, {"name", key.name}, {"key", key.key}, {"created_ms", key.created_ms}};
}

Expected<Response> ListHmacKeys(Call& call) {
  THIMBLE_ASSIGN(const std::vector<HmacKey> keys, call.application.store.ListHmacKeys(call.project_id));
  return JsonAnswer(200, ListJson("keys", keys, JsonOf));
}

Expected<Response> AddHmacKey(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  const std::string name = body["name"].get<std::string>();
  THIMBLE_ASSIGN(const HmacKey made, call.application.gate.MakeHmacKey(call.project_id, name));
  Tell(call, "key", "hmac_key.add", std::to_string(made.id), {{"name", name}});
  return JsonAnswer(201, {{"id", made.id}, {"name", name}, {"key", made.key}});
}

Expected<Response> DeleteHmacKey(Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "key"));
  THIMBLE_EXPECT(call.application.store.RemoveHmacKey(call.project_id, id));
  Tell(call, "key", "hmac_key.delete", std::to_string(id));
  return Response::Empty();
}

}  // namespace

std::span<const Route> KeyRoutes() {
  // Making one twice does no harm, and an answer that were kept for a repetition would keep the key with it.
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/projects/{project}/keys",
       Permission::kAdminister,
       "The API keys, without the keys themselves.",
       "",
       "Keys",
       &Answer<ListKeys>},
      {{},
       "POST",
       "/api/v1/projects/{project}/keys",
       Permission::kAdminister,
       "Makes an API key, which is shown this once.",
       "NewKey",
       "MadeKey",
       &Answer<AddKey>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}/keys/{key}",
       Permission::kAdminister,
       "Deletes an API key: it opens nothing any more.",
       "",
       "",
       &Answer<DeleteKey>},
      {{},
       "GET",
       "/api/v1/projects/{project}/hmac-keys",
       Permission::kAdminister,
       "What devices may sign their recordings with.",
       "",
       "HmacKeys",
       &Answer<ListHmacKeys>},
      {{},
       "POST",
       "/api/v1/projects/{project}/hmac-keys",
       Permission::kAdminister,
       "Makes such a key.",
       "NewHmacKey",
       "HmacKey",
       &Answer<AddHmacKey>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}/hmac-keys/{key}",
       Permission::kAdminister,
       "Deletes one: what it signed before stays valid.",
       "",
       "",
       &Answer<DeleteHmacKey>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
