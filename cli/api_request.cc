#include "cli/api_request.h"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/terminal.h"
#include "http/coding.h"

namespace thimble::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRoot = "/api/v1";
constexpr const char* kJsonBody = "application/json";
constexpr const char* kForm = "multipart/form-data";
constexpr const char* kMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0) segments.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

std::string UpperCase(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "nothing" : text;
}

const Json& Empty() {
  static const Json empty = Json::object();
  return empty;
}

/// The member of an object; an empty one when it is not there. Descriptions come from elsewhere.
const Json& At(const Json& object, const std::string& key) {
  if (!object.is_object()) return Empty();
  const auto found = object.find(key);
  return found == object.end() ? Empty() : *found;
}

std::string TextAt(const Json& object, const std::string& key) {
  const Json& member = At(object, key);
  return member.is_string() ? member.get<std::string>() : "";
}

Expected<std::string> ReadFile(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.good() && !stream.eof()) return {Status::kNotFound, file + ": cannot be read"};
  return bytes;
}

struct Route {
  std::string method, path;
  const Json* operation = nullptr;

  /// The media type of the body; empty: it takes none.
  std::string takes() const {
    const Json& content = At(At(*operation, "requestBody"), "content");
    return content.empty() ? "" : content.items().begin().key();
  }
  const Json& body_schema() const { return At(At(At(At(*operation, "requestBody"), "content"), takes()), "schema"); }

  std::string gives() const {
    const Json& content = At(At(At(*operation, "responses"), "2XX"), "content");
    if (content.empty()) return "";
    const std::string type = content.items().begin().key();
    const std::string reference = TextAt(At(At(content, type), "schema"), "$ref");
    return reference.empty() ? type : reference.substr(reference.rfind('/') + 1);
  }

  std::vector<std::pair<std::string, const Json*>> queries() const {
    std::vector<std::pair<std::string, const Json*>> found;
    for (const Json& one : At(*operation, "parameters")) {
      if (TextAt(one, "in") == "query") found.emplace_back(TextAt(one, "name"), &At(one, "schema"));
    }
    return found;
  }
};

/// One of the words behind the path.
struct Given {
  std::string name;  ///< empty: the whole body
  std::string value;
  std::string file;  ///< instead of a value
};

Expected<Given> GivenBy(const std::string& word) {
  const size_t at = word.find_first_of("=@");
  if (at == std::string::npos || (at == 0 && word[0] == '=')) {
    return {Status::kInvalidArgument, "'" + word + "' is no NAME=VALUE, NAME@FILE or @FILE"};
  }
  Given given{.name = word.substr(0, at), .value = {}, .file = {}};
  (word[at] == '=' ? given.value : given.file) = word.substr(at + 1);
  if (word[at] == '@' && given.file.empty()) return {Status::kInvalidArgument, word + ": the file is missing"};
  return given;
}

std::vector<std::string> TypesOf(const Json& schema) {
  const Json& type = At(schema, "type");
  if (type.is_string()) return {type.get<std::string>()};
  std::vector<std::string> types;
  for (const Json& one : type) {
    if (one.is_string()) types.push_back(one.get<std::string>());
  }
  const Json& choices = At(schema, "enum");
  if (types.empty() && choices.is_array() && !choices.empty() && choices.front().is_string()) types = {"string"};
  return types;
}

bool IsOfType(const std::string& type, const Json& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "integer") return value.is_number_integer();
  return type == "number" && value.is_number();
}

const char* WordsOf(const std::string& type) {
  if (type == "object") return "an object as JSON, or NAME.MEMBER=VALUE";
  if (type == "array") return "a list, with commas or as JSON";
  if (type == "boolean") return "true or false";
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  return "null";
}

/// "2026-11-23 04:00:17" where a member is milliseconds since 1970, as names and sizes tell.
std::string Shown(const std::string& name, const Json& value) {
  constexpr double kSince2001Ms = 1e12;
  if (name.ends_with("_ms") && value.is_number() && value.get<double>() >= kSince2001Ms) {
    const auto seconds = static_cast<std::time_t>(value.get<double>() / 1000);
    std::tm parts = {};
    char text[32];
    if (localtime_r(&seconds, &parts) != nullptr && std::strftime(text, sizeof text, "%F %T", &parts) > 0) return text;
  }
  if (value.is_null()) return "-";
  return Printable(value.is_string() ? value.get<std::string>()
                                     : value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// Of what is there: first as the schema has them, then what it does not know.
std::vector<std::string> NamesOf(const Json& schema, const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : At(schema, "properties").items()) {
    if (object.contains(name)) names.push_back(name);
  }
  for (const auto& [name, unused] : object.items()) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

/// Of the members that are no lists and objects themselves, as many as fit.
std::string TableOf(const Json& list, const Json& schema, int width) {
  if (list.empty()) return "none\n";
  std::vector<std::vector<std::string>> rows(list.size() + 1);
  int used = 0;
  for (const std::string& name : NamesOf(schema, list.front())) {
    const bool plain =
        std::ranges::all_of(list, [&](const Json& row) { return !row.contains(name) || !row[name].is_structured(); });
    if (!plain) continue;
    std::vector<std::string> column = {name};
    for (const Json& row : list) column.push_back(row.contains(name) ? Shown(name, row[name]) : "-");
    int columns = 0;
    for (const std::string& cell : column) columns = std::max(columns, Columns(cell));
    used += columns + 2;
    if (used > width && !rows[0].empty()) break;
    for (size_t i = 0; i < rows.size(); ++i) rows[i].push_back(std::move(column[i]));
  }
  return Table(rows, 0);
}

}  // namespace

struct ApiDescription::State {
  Json document;
  std::vector<Route> routes;

  const Json& Resolved(const Json& schema) const {
    const Json* now = &schema;
    constexpr int kDeepest = 8;  // a reference may lead to a reference, but not for ever
    for (int i = 0; i < kDeepest; ++i) {
      const std::string reference = TextAt(*now, "$ref");
      if (reference.empty()) break;
      now = &At(At(At(document, "components"), "schemas"), reference.substr(reference.rfind('/') + 1));
    }
    return *now;
  }

  /// The schema of a member, narrowed by what the others say where there are alternatives (the parameters of a kind of
  /// job). Null: there is no member of that name. An empty one: anything.
  const Json* Member(const Json& schema, const std::string& name, const Json& others) const {
    for (const Json& alternative : At(schema, "oneOf")) {
      const Json& members = At(alternative, "properties");
      if (!members.contains(name)) continue;
      bool fits = true;
      for (const auto& [key, member] : members.items()) {
        fits = fits && (!member.contains("const") || At(others, key) == member["const"]);
      }
      if (fits) return &Resolved(members[name]);
    }
    const Json& members = At(schema, "properties");
    if (members.contains(name)) return &Resolved(members[name]);
    const Json& more = At(schema, "additionalProperties");
    if (more.is_object() && !more.empty()) return &Resolved(more);
    return members.empty() || more == true ? &Empty() : nullptr;
  }

  Expected<Json> Typed(const Json& schema, const std::string& name, const std::string& text) const {
    const std::vector<std::string> types = TypesOf(schema);
    Json value = Json::parse(text, nullptr, false);
    if (types.empty()) return value.is_discarded() ? Json(text) : value;
    std::string words;
    for (const std::string& type : types) {
      if (type == "string") return Json(text);
      if (!value.is_discarded() && IsOfType(type, value)) return value;
      if (type == "array" && !text.starts_with('[')) return List(schema, name, text);
      words += (words.empty() ? "" : ", or ") + std::string(WordsOf(type));
    }
    return {Status::kInvalidArgument, name + " has to be " + words + ", not '" + text + "'"};
  }

  Expected<Json> List(const Json& schema, const std::string& name, const std::string& text) const {
    Json list = Json::array();
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(',', begin), text.size());
      THIMBLE_ASSIGN(Json item, Typed(Resolved(At(schema, "items")), name, text.substr(begin, end - begin)));
      list.push_back(std::move(item));
      begin = end + 1;
    }
    return list;
  }

  /// Puts a value to where its dots lead.
  Outcome Put(const Json& schema, const Given& given, Json& body) const {
    const Json* place = &schema;
    Json* object = &body;
    std::string rest = given.name;
    while (true) {
      const size_t dot = rest.find('.');
      const std::string name = rest.substr(0, dot);
      const Json* member = Member(*place, name, *object);
      if (member == nullptr) {
        std::vector<std::string> names;
        for (const auto& [one, unused] : At(*place, "properties").items()) names.push_back(one);
        return {Status::kInvalidArgument,
                "there is no '" + name + "' in '" + given.name + "'; there are " + Joined(names)};
      }
      if (dot == std::string::npos) {
        THIMBLE_ASSIGN((*object)[name], ValueOf(*member, given));
        return Nothing{};
      }
      Json& next = (*object)[name];
      if (next.is_null()) next = Json::object();
      if (!next.is_object()) return {Status::kInvalidArgument, name + " is given twice, once with a dot behind it"};
      place = member;
      object = &next;
      rest.erase(0, dot + 1);
    }
  }

  Expected<Json> ValueOf(const Json& schema, const Given& given) const {
    if (given.file.empty()) return Typed(schema, given.name, given.value);
    THIMBLE_ASSIGN(const std::string bytes, ReadFile(given.file));
    return Typed(schema, given.name, bytes);
  }

  /// Query and body.
  Outcome Fill(const Route& route, const std::vector<Given>& all, ApiRequest& request) const {
    // No file of people's has these letters in a line of its own.
    const std::string boundary = "thimble-api-5c0a1f0e7b6d4b0f9d2c";
    const auto queries = route.queries();
    const std::string takes = route.takes();
    const bool takes_json = takes == kJsonBody, takes_form = takes == kForm;
    const bool takes_file = !takes.empty() && !takes_json && !takes_form;
    std::string query;
    Json body = Json::object();
    for (const Given& given : all) {
      const bool has_file = !given.file.empty();
      const bool is_query = std::ranges::any_of(queries, [&](const auto& known) { return known.first == given.name; });
      if (is_query && !has_file) {
        query += (query.empty() ? "?" : "&") + given.name + "=" + http::PercentEncode(given.value);
      } else if (takes_json && !given.name.empty()) {
        THIMBLE_EXPECT(Put(Resolved(route.body_schema()), given, body));
      } else if (takes_json) {
        THIMBLE_ASSIGN(const std::string bytes, ReadFile(given.file));
        body = Json::parse(bytes, nullptr, false);
        if (!body.is_object()) return {Status::kInvalidArgument, given.file + ": is not a whole JSON object"};
      } else if (takes_form && has_file && !given.name.empty()) {
        THIMBLE_ASSIGN(const std::string bytes, ReadFile(given.file));
        const std::string name = given.file.substr(given.file.rfind('/') + 1);
        request.body += "--" + boundary + "\r\nContent-Disposition: form-data; name=" + http::JsonString(given.name) +
                        "; filename=" + http::JsonString(name) + "\r\n\r\n" + bytes + "\r\n";
      } else if (takes_file && given.name.empty()) {
        THIMBLE_ASSIGN(request.body, ReadFile(given.file));
      } else {
        std::vector<std::string> names;
        for (const auto& [name, unused] : queries) names.push_back(name);
        if (takes_form) names.emplace_back("data@FILE");
        if (takes_file) names.emplace_back("@FILE");
        return {Status::kInvalidArgument, "there is no '" + (has_file ? given.name + "@" + given.file : given.name) +
                                              "' to give here; it takes " + Joined(names)};
      }
    }
    request.target += query;
    request.content_type = takes;
    if (takes_json) request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (takes_form) {
      request.body += "--" + boundary + "--\r\n";
      request.content_type += "; boundary=" + boundary;
    }
    return Nothing{};
  }

  /// The routes of that path, whatever their method; those that name it outright before those with {parameters}.
  std::vector<const Route*> RoutesOf(const std::vector<std::string>& segments) const {
    std::vector<std::pair<std::ptrdiff_t, const Route*>> found;  // how much of it is a parameter
    for (const Route& route : routes) {
      const std::vector<std::string> own = Segments(route.path);
      const auto fits = [](const std::string& mine, const std::string& wanted) {
        return mine == wanted || mine.starts_with('{');
      };
      if (!std::ranges::equal(own, segments, fits)) continue;
      found.emplace_back(std::ranges::count_if(own, [](const std::string& one) { return one.starts_with('{'); }),
                         &route);
    }
    std::ranges::stable_sort(found, {}, [](const auto& one) { return one.first; });
    std::vector<const Route*> sorted;
    for (const auto& [parameters, route] : found) sorted.push_back(route);
    return sorted;
  }

  /// "label  string. Empty: none."
  void Describe(const Json& schema, const std::string& name, const std::string& indent, std::string& text) const {
    const std::vector<std::string> types = TypesOf(schema);
    std::string line = indent + name + "  ";
    if (const Json& choices = At(schema, "enum"); choices.is_array()) {
      std::vector<std::string> words;
      for (const Json& one : choices) words.push_back(one.is_string() ? one.get<std::string>() : one.dump());
      line += Joined(words);
    } else {
      line += types.empty() ? "anything" : Joined(types);
    }
    if (const std::string words = TextAt(schema, "description"); !words.empty()) line += ". " + words;
    text += Printable(line) + "\n";
  }
};

ApiDescription::ApiDescription(std::unique_ptr<State> state) : state_(std::move(state)) {}
ApiDescription::~ApiDescription() = default;
ApiDescription::ApiDescription(ApiDescription&&) noexcept = default;

Expected<ApiDescription> ApiDescription::Parse(std::string_view text) {
  auto state = std::make_unique<State>();
  state->document = Json::parse(text, nullptr, false);
  for (const auto& [path, operations] : At(state->document, "paths").items()) {
    if (!path.starts_with(kRoot)) continue;
    for (const auto& [method, operation] : operations.items()) {
      state->routes.push_back({UpperCase(method), path, &operation});
    }
  }
  if (state->routes.empty()) {
    return {Status::kDataLoss, "that is no description of an API; does a Thimble studio answer there?"};
  }
  return ApiDescription(std::move(state));
}

std::string ApiDescription::List(const std::vector<std::string>& words) const {
  std::string text;
  for (const Route& route : state_->routes) {
    const std::string line = route.path + " " + TextAt(*route.operation, "summary");
    if (!std::ranges::all_of(words, [&](const auto& word) { return line.find(word) != std::string::npos; })) continue;
    text += PadRight(route.method, 7) + route.path.substr(std::string_view(kRoot).size() + 1) + "\n" +
            std::string(7, ' ') + Printable(TextAt(*route.operation, "summary")) + "\n";
    if (words.empty()) continue;
    const std::string indent(9, ' ');
    for (const auto& [name, schema] : route.queries()) state_->Describe(*schema, name, indent, text);
    const std::string takes = route.takes();
    if (takes == kForm) text += indent + "data@FILE, as often as you like\n";
    if (!takes.empty() && takes != kForm && takes != kJsonBody) text += indent + "@FILE\n";
    const Json& schema = state_->Resolved(route.body_schema());
    for (const auto& [name, member] : At(schema, "properties").items()) {
      state_->Describe(state_->Resolved(member), name, indent, text);
    }
  }
  return text;
}

Expected<ApiRequest> ApiDescription::Request(const std::vector<std::string>& words) const {
  auto word = words.begin();
  ApiRequest request;
  if (word != words.end() && std::ranges::find(kMethods, *word) != std::end(kMethods)) request.method = *word++;
  if (word == words.end()) {
    return {Status::kInvalidArgument,
            "what shall be asked? Give a path: thimble api projects; --list says what there is"};
  }
  std::vector<std::string> segments = Segments(*word++);
  if (segments.size() > 1 && segments[0] == "api" && segments[1] == "v1") {
    segments.erase(segments.begin(), segments.begin() + 2);
  }
  std::string path;
  for (const std::string& segment : segments) path += (path.empty() ? "" : "/") + segment;
  if (path.find('?') != std::string::npos) {
    return {Status::kInvalidArgument,
            path + ": what is behind '?' goes behind the path: " + path.substr(0, path.find('?')) + " NAME=VALUE"};
  }
  segments.insert(segments.begin(), {"api", "v1"});
  const std::vector<const Route*> routes = state_->RoutesOf(segments);
  if (routes.empty()) {
    return {Status::kNotFound, "there is no route '" + path + "'; thimble api --list says what there is"};
  }
  const auto found = std::ranges::find(routes, request.method, &Route::method);
  if (found == routes.end()) {
    std::vector<std::string> methods;
    for (const Route* route : routes) methods.push_back(route->method);
    return {Status::kInvalidArgument, path + " does not take " + request.method + ", but " + Joined(methods)};
  }
  const Route& route = **found;
  request.gives = route.gives();
  for (const std::string& segment : segments) request.target += "/" + http::PercentEncode(segment);

  std::vector<Given> given;
  for (; word != words.end(); ++word) {
    THIMBLE_ASSIGN(Given one, GivenBy(*word));
    given.push_back(std::move(one));
  }
  // What others depend on stands first: the kind of a job says what its parameters are.
  std::ranges::stable_sort(given, {},
                           [](const Given& one) { return one.name.empty() ? -1 : std::ranges::count(one.name, '.'); });
  THIMBLE_EXPECT(state_->Fill(route, given, request));
  return request;
}

std::string ApiDescription::Text(const Json& answer, const std::string& gives, int width) const {
  const Json& schema = At(At(At(state_->document, "components"), "schemas"), gives);
  if (!answer.is_object()) return Shown("", answer) + "\n";
  std::vector<std::string> names = NamesOf(schema, answer);
  std::erase(names, "next");  // how to go on is the caller's to say
  const auto is_table = [&](const std::string& name) {
    const Json& list = answer[name];
    const bool is_list = list.is_array() && std::ranges::all_of(list, [](const Json& row) { return row.is_object(); });
    return is_list && (!list.empty() || names.size() == 1);
  };
  const auto tables = std::ranges::stable_partition(names, [&](const std::string& name) { return !is_table(name); });
  const std::vector<std::string> lines(names.begin(), tables.begin());
  int widest = 0;
  for (const std::string& name : lines) widest = std::max(widest, Columns(name));
  std::string text;
  for (const std::string& name : lines) text += PadRight(name, widest + 2) + Shown(name, answer[name]) + "\n";
  for (const std::string& name : tables) {
    if (!text.empty()) text += "\n";
    if (names.size() > 1) text += name + "\n";
    text += TableOf(answer[name], state_->Resolved(At(At(At(schema, "properties"), name), "items")), width);
  }
  return text;
}

}  // namespace thimble::cli
