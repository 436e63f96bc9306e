#include "http/router.h"

#include <algorithm>
#include <cassert>
#include <map>

namespace thimble::http {
namespace {

/// "/a//b/" is {"a", "", "b", ""}: an empty segment is one too.
std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  while (true) {
    const size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

bool IsParameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter, rest;
  std::vector<const Row*> rows;

  const Row* RowOf(std::string_view method) const {
    for (const Row* row : rows) {
      if (row->method == method) return row;
    }
    return method == "HEAD" ? RowOf("GET") : nullptr;
  }
};

Router::Router(std::vector<Row> rows, RouterOptions options)
    : rows_(std::move(rows)), options_(std::move(options)), root_(std::make_unique<Node>()) {
  for (const Row& row : rows_) {
    assert(row.path.starts_with('/'));
    assert((row.handler == nullptr) != (row.open == nullptr));
    Node* node = root_.get();
    for (const std::string_view segment : Split(row.path)) {
      std::unique_ptr<Node>& next = !IsParameter(segment)       ? node->literals[std::string(segment)]
                                    : segment.ends_with("...}") ? node->rest
                                                                : node->parameter;
      if (!next) next = std::make_unique<Node>();
      node = next.get();
    }
    assert(std::ranges::none_of(node->rows, [&](const Row* other) { return other->method == row.method; }));
    node->rows.push_back(&row);
  }
}

Router::~Router() = default;

/// The node of the path that knows the method; without one, any node of the path.
const Router::Node* Router::Descend(const Node& node, const std::vector<std::string>& segments, size_t at,
                                    const std::string& method) {
  if (at == segments.size()) return node.rows.empty() ? nullptr : &node;
  const Node* found = nullptr;
  const auto try_node = [&](const Node* next, size_t next_at) {
    if (next == nullptr || (found != nullptr && found->RowOf(method) != nullptr)) return;
    const Node* deeper = Descend(*next, segments, next_at, method);
    if (deeper != nullptr && (found == nullptr || deeper->RowOf(method) != nullptr)) found = deeper;
  };
  const auto literal = node.literals.find(segments[at]);
  if (literal != node.literals.end()) try_node(literal->second.get(), at + 1);
  if (!segments[at].empty()) try_node(node.parameter.get(), at + 1);
  try_node(node.rest.get(), segments.size());
  return found;
}

std::optional<Response> Router::Find(Request& request) const {
  const std::string& target = request.target;
  if (target == "*" && request.method == "OPTIONS") return Response::Empty();
  if (!target.starts_with('/')) return Response::Problem(400, "the target is no path");
  const size_t question = std::min(target.find('?'), target.size());
  request.path = target.substr(0, question);
  if (question < target.size()) {
    auto query = ParseForm(std::string_view(target).substr(question + 1));
    if (!query) return Response::Problem(400, "the query has a percent sign that is not followed by two digits");
    request.query = std::move(*query);
  }
  std::vector<std::string> segments;
  for (const std::string_view raw : Split(request.path)) {
    auto segment = PercentDecode(raw);
    if (!segment) return Response::Problem(400, "the path has a percent sign that is not followed by two digits");
    if (*segment == "." || *segment == "..") return Response::Problem(400, "the path has a segment of dots");
    segments.push_back(std::move(*segment));
  }

  const Node* node = Descend(*root_, segments, 0, request.method);
  if (node == nullptr) return Response::Problem(404, "there is nothing at " + request.path);
  const Row* row = node->RowOf(request.method);
  if (row == nullptr) {
    std::string allow = "OPTIONS";
    for (const Row* other : node->rows) allow += ", " + other->method + (other->method == "GET" ? ", HEAD" : "");
    Response response = request.method == "OPTIONS"
                            ? Response::Empty()
                            : Response::Problem(405, request.path + " does not answer " + request.method);
    response.headers.Set("Allow", allow);
    if (request.method == "OPTIONS" && !request.headers.Get("Access-Control-Request-Method").empty()) {
      response.headers.Set("Access-Control-Allow-Methods", allow);
    }
    return response;
  }
  request.row = row;
  const std::vector<std::string_view> names = Split(row->path);
  for (size_t i = 0; i < names.size(); ++i) {
    if (!IsParameter(names[i])) continue;
    if (names[i].ends_with("...}")) {
      std::string rest = segments[i];
      for (size_t k = i + 1; k < segments.size(); ++k) rest.append("/").append(segments[k]);
      request.parameters.emplace_back(names[i].substr(1, names[i].size() - 5), std::move(rest));
    } else {
      request.parameters.emplace_back(names[i].substr(1, names[i].size() - 2), segments[i]);
    }
  }
  return std::nullopt;
}

void Router::Decorate(const Request& request, Response& response) const {
  const CorsPolicy& cors = options_.cors;
  if (cors.origins.empty()) return;
  const std::string_view origin = request.headers.Get("Origin");
  if (origin.empty()) return;
  const bool anybody = std::ranges::find(cors.origins, "*") != cors.origins.end();
  if (!anybody) response.headers.Add("Vary", "Origin");
  if (!anybody && std::ranges::find(cors.origins, origin) == cors.origins.end()) return;
  response.headers.Set("Access-Control-Allow-Origin", anybody ? "*" : origin);
  if (cors.credentials && !anybody) response.headers.Set("Access-Control-Allow-Credentials", "true");
  if (!cors.exposed_headers.empty()) response.headers.Set("Access-Control-Expose-Headers", cors.exposed_headers);
  const std::string_view asked = request.headers.Get("Access-Control-Request-Headers");
  if (request.method == "OPTIONS" && !request.headers.Get("Access-Control-Request-Method").empty()) {
    if (!asked.empty()) response.headers.Set("Access-Control-Allow-Headers", asked);
    response.headers.Set("Access-Control-Max-Age", std::to_string(cors.max_age_s));
  }
}

Response Router::Answer(Request request) const {
  const auto answer = [&]() -> Response {
    if (auto refusal = Find(request)) return std::move(*refusal);
    if (auto refusal = Guard(request)) return std::move(*refusal);
    if (request.row->handler) return request.row->handler(request);
    auto opened = request.row->open(request);
    if (auto* response = std::get_if<Response>(&opened)) return std::move(*response);
    const auto& sink = std::get<std::unique_ptr<BodySink>>(opened);
    if (!request.body.empty()) sink->Write(request.body);
    return sink->Finish();
  };
  Response response = answer();
  Decorate(request, response);
  return response;
}

}  // namespace thimble::http
