// The table of routes, told twice: as OpenAPI 3.1 for programs, and as a page for people.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "studio/server/api/api_routes.h"
#include "studio/server/api/schema.h"
#include "studio/server/jobs/design.h"
#include "studio/server/jobs/jobs.h"

namespace thimble::studio {
namespace {

using nlohmann::ordered_json;

const char* NameOf(Permission permission) {
  switch (permission) {
    case Permission::kAnyone:
      return "anyone";
    case Permission::kPerson:
      return "person";
    case Permission::kMember:
      return "member";
    case Permission::kRead:
      return "read";
    case Permission::kFollow:
      return "follow";
    case Permission::kIngest:
      return "ingest";
    case Permission::kDeploy:
      return "deploy";
    case Permission::kWrite:
      return "write";
    case Permission::kAdminister:
      return "administer";
    case Permission::kServer:
      return "server";
  }
  return "";
}

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  size_t begin = 1;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    segments.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

bool IsParameter(const std::string& segment) { return segment.starts_with('{'); }

std::string NameIn(const std::string& segment) { return segment.substr(1, segment.size() - 2); }

/// "samples" of /api/v1/projects/{project}/samples/{sample}
std::string SectionOf(const Route& route) {
  const std::vector<std::string> segments = Segments(route.path);
  if (segments.size() > 4 && segments[2] == "projects") return segments[4];
  return segments.size() > 2 ? segments[2] : "";
}

std::string LowerCase(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// "get_projects_project_samples"
std::string OperationOf(const Route& route) {
  std::string id = LowerCase(route.method);
  const std::vector<std::string> segments = Segments(route.path);
  for (size_t i = 2; i < segments.size(); ++i)
    id += "_" + (IsParameter(segments[i]) ? NameIn(segments[i]) : segments[i]);
  std::ranges::replace_if(
      id, [](char c) { return c == '-' || c == '.'; }, '_');
  return id;
}

const ordered_json& QueriesOf(const Route& route) {
  static const ordered_json none = ordered_json::object();
  const ordered_json& queries = ApiSchemas()["queries"];
  const auto found = queries.find(std::string(route.method) + " " + route.path);
  return found == queries.end() ? none : *found;
}

/// A body: of a schema, or of a media type.
ordered_json ContentOf(const std::string& named) {
  if (named.find('/') != std::string::npos) return {{named, ordered_json::object()}};
  return {{"application/json", {{"schema", {{"$ref", "#/components/schemas/" + named}}}}}};
}

ordered_json ParametersOf(const Route& route) {
  ordered_json parameters = ordered_json::array();
  const auto add = [&](const std::string& name, const char* in, bool required, ordered_json schema) {
    parameters.push_back({{"name", name}, {"in", in}, {"required", required}, {"schema", std::move(schema)}});
  };
  for (const std::string& segment : Segments(route.path)) {
    if (IsParameter(segment)) add(NameIn(segment), "path", true, {{"type", "string"}});
  }
  for (const auto& [name, schema] : QueriesOf(route).items()) add(name, "query", false, schema);
  return parameters;
}

ordered_json OperationJson(const Route& route) {
  ordered_json operation = {{"operationId", OperationOf(route)},
                            {"summary", route.summary},
                            {"tags", {SectionOf(route)}},
                            {"x-permission", NameOf(route.permission)}};
  if (ordered_json parameters = ParametersOf(route); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  if (*route.takes != 0) operation["requestBody"] = {{"required", true}, {"content", ContentOf(route.takes)}};
  ordered_json success = {{"description", "It went well."}};
  if (*route.gives != 0) success["content"] = ContentOf(route.gives);
  operation["responses"] = {{"2XX", std::move(success)}, {"default", {{"$ref", "#/components/responses/Problem"}}}};
  if (route.permission == Permission::kAnyone) operation["security"] = ordered_json::array();
  return operation;
}

/// With the design and the parameters that the jobs read.
ordered_json AllSchemas() {
  ordered_json schemas = ApiSchemas()["schemas"];
  schemas["ImpulseDesign"] = ordered_json::parse(DesignSchema());
  ordered_json kinds = ordered_json::array();
  for (const JobKind& kind : JobKinds()) {
    const std::string name = kind.name + std::string("_job");
    ordered_json parameters = ordered_json::parse(kind.takes);
    parameters["description"] = std::string(kind.summary) + " Makes: " + kind.gives + ".";
    schemas[name] = std::move(parameters);
    kinds.push_back({{"properties",
                      {{"kind", {{"const", kind.name}}}, {"parameters", {{"$ref", "#/components/schemas/" + name}}}}}});
  }
  schemas["NewJob"]["oneOf"] = std::move(kinds);
  return schemas;
}

// --- for people -----------------------------------------------------------------------------------------------------

std::string TypeOf(const ordered_json& schema) {
  if (const auto reference = schema.find("$ref"); reference != schema.end()) {
    const std::string path = reference->get<std::string>();
    const std::string name = path.substr(path.rfind('/') + 1);
    return "[" + name + "](#" + LowerCase(name) + ")";
  }
  if (schema.contains("enum")) {
    std::string words;
    for (const ordered_json& one : schema["enum"])
      words += (words.empty() ? "`" : ", `") + one.get<std::string>() + "`";
    return words;
  }
  if (!schema.contains("type")) return "anything";
  if (schema["type"].is_array()) {
    std::string words;
    for (const ordered_json& one : schema["type"]) words += (words.empty() ? "" : " or ") + one.get<std::string>();
    return words;
  }
  const std::string type = schema["type"].get<std::string>();
  if (type == "array") return "list of " + TypeOf(schema.value("items", ordered_json::object()));
  if (type == "object" && schema.contains("properties")) {
    std::string words;
    for (const auto& [name, unused] : schema["properties"].items()) words += (words.empty() ? "" : ", ") + name;
    return "{" + words + "}";
  }
  return type;
}

std::string LineOf(const std::string& name, const ordered_json& schema, bool required) {
  std::string line = "- `" + name + "` " + TypeOf(schema);
  if (required) line += ", required";
  const bool least = schema.contains("minimum");
  const bool most = schema.contains("maximum");
  if (least && most) {
    line += ", " + schema["minimum"].dump() + " to " + schema["maximum"].dump();
  } else if (least || most) {
    line += ", " + (least ? schema["minimum"].dump() + " or more" : schema["maximum"].dump() + " or less");
  }
  if (schema.contains("default")) line += ", else " + schema["default"].dump();
  if (schema.contains("description")) line += ". " + schema["description"].get<std::string>();
  return line + "\n";
}

std::string NamedBody(const std::string& named) {
  if (named.empty()) return "";
  return named.find('/') != std::string::npos ? "`" + named + "`" : "[" + named + "](#" + LowerCase(named) + ")";
}

/// `with_required`: what people write, where not everything has to be there.
std::string SchemaText(const std::string& name, const ordered_json& schema, bool with_required) {
  std::string text = "#### " + name + "\n\n";
  if (schema.contains("description")) text += schema["description"].get<std::string>() + "\n\n";
  if (!schema.contains("properties")) return text + TypeOf(schema) + "\n\n";
  const ordered_json required = schema.value("required", ordered_json::array());
  for (const auto& [key, member] : schema["properties"].items()) {
    text += LineOf(key, member, with_required && std::ranges::find(required, ordered_json(key)) != required.end());
  }
  return text + "\n";
}

constexpr const char* kIntroduction = R"(# The API

Written by `./run docs` from the table of routes that the server answers by. The same as OpenAPI 3.1:
`GET /api/v1/openapi.json`.

    curl -H "x-api-key: ei_..." "http://localhost:4800/api/v1/projects/1/samples?label=wave"
    thimble api projects/1/samples label=wave --key ei_...          # the same, see serve.md

**Who asks.** On a studio without accounts, whoever sits at the computer, without a word. Else a project's key
(`x-api-key`, or `Authorization: Bearer`), the token that a login gave (`Authorization: Bearer`), or a browser's
cookie; what changes something by a cookie needs the session's CSRF token in `X-CSRF-Token`. What each may:

| may | `admin` | `readonly` | `ingestiononly` | `ingestion_deployment` |
| --- | --- | --- | --- | --- |
| read | yes | yes | | |
| ingest | yes | | yes | yes |
| deploy | yes | | | yes |
| write, administer | yes | | | |

*anyone* needs no name, *person* is somebody who is logged in, *server* an administrator of the whole server.

**Errors** are `application/problem+json` (RFC 9457); `detail` is a sentence that says what, where, and what to do.

**Lists** that can be long come in pages, the newest first: give `next` of one as `cursor` of the next. What comes or
goes meanwhile makes nothing else appear twice or never. Ids rise in the order of making; times are only for people.

**Tags.** What can change has a `version`, and its `ETag`. With `If-None-Match` an unchanged answer is 304. With
`If-Match` a change is made only to what you have seen; else 412 and nothing happens.

**Once.** What makes or cuts something takes an `Idempotency-Key`, any text of yours: the same request with the same
key is done once and gives the same answer, also after a restart, for a day. The same key with another request is 422;
while the first is still being answered, 409. Routes that make keys or accounts do not look at it.

**Events.** `GET /api/v1/projects/{project}/events` says what changes, as it changes. An event is a hint to look again,
not the thing itself: after a lost connection, look again.

Recordings are brought by `POST /api/v1/projects/{project}/uploads/{category}`, or with a key to the ingestion service
on its own port.

## Routes

)";

}  // namespace

std::string OpenApiOf(std::span<const Route> routes) {
  ordered_json paths = ordered_json::object();
  for (const Route& route : routes) paths[route.path][LowerCase(route.method)] = OperationJson(route);
  const ordered_json document = {
      {"openapi", "3.1.0"},
      {"info", {{"title", "Thimble studio"}, {"version", "1"}}},
      {"security",
       {{{"key", ordered_json::array()}}, {{"bearer", ordered_json::array()}}, {{"session", ordered_json::array()}}}},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", AllSchemas()},
        {"responses",
         {{"Problem",
           {{"description", "Why not, as RFC 9457 says it."},
            {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}},
        {"securitySchemes",
         {{"key", {{"type", "apiKey"}, {"in", "header"}, {"name", "x-api-key"}}},
          {"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
          {"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "thimble_session"}}}}}}}};
  return document.dump();
}

std::string ApiPageOf(std::span<const Route> routes) {
  std::vector<std::string> sections;
  for (const Route& route : routes) {
    if (std::ranges::find(sections, SectionOf(route)) == sections.end()) sections.push_back(SectionOf(route));
  }
  std::string text = kIntroduction;
  for (const std::string& section : sections) {
    text += "### " + section + "\n\n";
    for (const Route& route : routes) {
      if (SectionOf(route) != section) continue;
      text += "**`" + std::string(route.method) + " " + route.path + "`** (" + NameOf(route.permission) + ") " +
              route.summary + "\n";
      const std::string takes = NamedBody(route.takes);
      const std::string gives = NamedBody(route.gives);
      if (!takes.empty()) text += "Takes " + takes + ".\n";
      if (!gives.empty()) text += "Gives " + gives + ".\n";
      const ordered_json& queries = QueriesOf(route);
      if (!queries.empty()) text += "\n";
      for (const auto& [name, schema] : queries.items()) text += LineOf(name, schema, false);
      text += "\n";
    }
  }
  text += "## Documents\n\nOf what comes back, every member is there unless it is said otherwise.\n\n";
  std::vector<std::string> taken;
  for (const Route& route : routes) taken.emplace_back(route.takes);
  const ordered_json schemas = AllSchemas();
  for (const auto& [name, schema] : schemas.items()) {
    text += SchemaText(name, schema, name.ends_with("_job") || std::ranges::find(taken, name) != taken.end());
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace thimble::studio
