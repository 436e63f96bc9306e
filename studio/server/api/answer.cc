#include "studio/server/api/answer.h"

#include <charconv>
#include <memory>
#include <stdexcept>
#include <utility>

#include "http/files.h"
#include "studio/server/api/schema.h"
#include "studio/server/application.h"
#include "studio/server/notices.h"

namespace thimble::studio {

using http::Response;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr int kDeepestBody = 32;

int HttpStatusOf(Status status) {
  switch (status) {
#define X(name, text, http, exit) \
  case Status::k##name:           \
    return http;
    THIMBLE_STATUS_LIST(X)
#undef X
  }
  return 500;
}

const Route& RowOf(const Call& call) { return *static_cast<const Route*>(call.request.row->info); }

/// The value of a query as its schema wants it; the text itself where it is none, so that the check says so.
json Typed(const ordered_json& schema, const std::string& text) {
  const std::string type = schema.value("type", "string");
  if (type == "string") return text;
  const json value = json::parse(text, nullptr, false);
  return value.is_number() || value.is_boolean() ? value : json(text);
}

}  // namespace

Response ProblemOf(const Error& error) { return Response::Problem(HttpStatusOf(error.status), error.message); }

std::string TextOf(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

Response JsonAnswer(int status, const json& document) { return Response::Json(status, TextOf(document)); }

Expected<json> BodyOf(const Call& call) {
  bool too_deep = false;
  json body = json::object();
  if (!call.request.body.empty()) {
    body = json::parse(
        call.request.body,
        [&](int depth, json::parse_event_t, const json&) {
          too_deep = too_deep || depth > kDeepestBody;
          return !too_deep;
        },
        false);
  }
  if (body.is_discarded() || too_deep) {
    return {Status::kInvalidArgument,
            too_deep ? "the body is nested too deep" : "the body is not a whole JSON document"};
  }
  const ordered_json* schema = FindSchema(RowOf(call).takes);
  if (schema == nullptr) return {Status::kFailed, std::string("there is no schema ") + RowOf(call).takes};
  THIMBLE_EXPECT(CheckSchema(*schema, body, "the body"));
  return body;
}

Expected<json> QueryOf(const Call& call) {
  static const ordered_json kNone = ordered_json::object();
  const Route& row = RowOf(call);
  const ordered_json& queries = ApiSchemas()["queries"];
  const auto found = queries.find(std::string(row.method) + " " + row.path);
  const ordered_json& known = found == queries.end() ? kNone : *found;
  json query = json::object();
  for (const auto& [name, schema] : known.items()) {
    if (schema.contains("default")) query[name] = json(schema["default"]);
  }
  for (const auto& [name, text] : call.request.query) {
    if (!known.contains(name)) {
      std::string names;
      for (const auto& [one, unused] : known.items()) names += (names.empty() ? "" : ", ") + one;
      return {Status::kInvalidArgument,
              "nothing is asked by '" + name + "' here; there can be " + (names.empty() ? "no query" : names)};
    }
    query[name] = Typed(known[name], text);
    THIMBLE_EXPECT(CheckSchema(known[name], query[name], name));
  }
  return query;
}

Paging PagingOf(const json& query) {
  return {.cursor = query.value("cursor", int64_t{0}), .limit = query.value("limit", int64_t{100})};
}

Expected<int64_t> IdOf(const Call& call, const char* name) {
  const std::string& text = call.request.Parameter(name);
  int64_t id = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (fault != std::errc() || end != text.data() + text.size() || id <= 0) {
    return {Status::kNotFound, std::string("there is no ") + name + " '" + text + "'; their names are numbers"};
  }
  return id;
}

Expected<Sample> SampleOf(const Call& call) {
  THIMBLE_ASSIGN(const int64_t id, IdOf(call, "sample"));
  return call.application.store.GetSample(call.project_id, id);
}

Expected<Sample> ChangeableSample(const Call& call) {
  THIMBLE_ASSIGN(Sample sample, SampleOf(call));
  if (sample.snapshot != 0) {
    return {Status::kInvalidArgument,
            "sample " + std::to_string(sample.id) + " belongs to a version of the project; versions never change"};
  }
  return sample;
}

std::string TagOf(int64_t version) { return "\"" + std::to_string(version) + "\""; }

bool IsOutdated(const Call& call, int64_t version) {
  const std::string_view wanted = call.request.headers.Get("If-Match");
  return !wanted.empty() && !http::TagMatches(wanted, TagOf(version));
}

Response Outdated() {
  return Response::Problem(412, "somebody has changed it meanwhile; get it again, and change what is there now");
}

Response Tagged(const Call& call, const json& document, int64_t version) {
  Response response = JsonAnswer(200, document);
  http::ApplyTag(call.request, response, TagOf(version));
  return response;
}

bool May(const Call& call, Permission permission) {
  const Identity& identity = call.identity;
  if (identity.kind == Identity::Kind::kNobody) return false;
  return identity.kind == Identity::Kind::kLocalUser || identity.administrator || Allows(identity.role, permission);
}

void WriteDown(const Call& call, const char* action, const std::string& subject, const json& detail) {
  static_cast<void>(call.application.store.Audit({.project_id = call.project_id,
                                                  .actor = call.identity.name,
                                                  .action = action,
                                                  .subject = subject,
                                                  .detail = TextOf(detail)}));
}

void Tell(const Call& call, const char* kind, const char* action, const std::string& subject, json detail) {
  WriteDown(call, action, subject, detail);
  detail["action"] = action;
  detail["subject"] = subject;
  call.application.notices.Tell({call.project_id, kind, TextOf(detail)});
}

json Stored(const std::string& text) {
  json document = json::parse(text, nullptr, false);
  return document.is_discarded() ? json() : document;
}

Expected<Response> Download(const Call& call, const std::string& blob, const std::string& file_name) {
  THIMBLE_ASSIGN(BlobReader opened, call.application.store.blobs().OpenReader(blob));
  Response response;
  response.headers.Set("Content-Type", http::MediaType(file_name));
  response.headers.Set("Content-Disposition", "attachment; filename*=UTF-8''" + http::PercentEncode(file_name));
  // It came from strangers: whatever it is, it is no page of ours.
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.headers.Set("Content-Security-Policy", "default-src 'none'; sandbox");
  http::ApplyTag(call.request, response, "\"" + blob.substr(0, 32) + "\"");
  if (response.status == 304) return response;
  constexpr size_t kPieceBytes = 256 * 1024;
  response.produce = [reader = std::make_shared<BlobReader>(std::move(opened))](std::string& piece) {
    const size_t before = piece.size();
    piece.resize(before + kPieceBytes);
    const Expected<size_t> read = reader->Read({piece.data() + before, kPieceBytes});
    // The only way to say so: the header has been sent.
    if (!read.ok()) throw std::runtime_error(read.error().message);
    piece.resize(before + *read);
    return *read > 0;
  };
  return response;
}

Response AnswerPlainly(Call& call, Handler handler) {
  // Whoever belongs to a project has been looked for in it; those who may go everywhere have not.
  const bool everywhere = call.identity.kind == Identity::Kind::kLocalUser || call.identity.administrator;
  if (everywhere && http::Find(call.request.parameters, "project")) {
    const Expected<Project> project = call.application.store.GetProject(call.project_id);
    if (!project.ok()) return ProblemOf(project.error());
  }
  Expected<Response> answer = handler(call);
  return answer.ok() ? *std::move(answer) : ProblemOf(answer.error());
}

Response AnswerOnce(Call& call, Handler handler) {
  const std::string_view key = call.request.headers.Get("Idempotency-Key");
  if (key.empty()) return AnswerPlainly(call, handler);
  if (key.size() > 200 || !http::IsUtf8(key)) {
    return Response::Problem(400, "the header Idempotency-Key has to be a text of 200 bytes or less");
  }
  Store& store = call.application.store;
  IdempotentAnswer mine{
      .scope = call.identity.name + ", project " + std::to_string(call.project_id),
      .key = std::string(key),
      .request_hash = Sha256(call.request.method + " " + call.request.target + "\n" + call.request.body)};
  const auto given = store.BeginAnswer(mine);
  if (!given.ok()) {
    const bool reused = given.error().status == Status::kInvalidArgument;
    return reused ? Response::Problem(422, given.error().message) : ProblemOf(given.error());
  }
  if (*given && (*given)->http_status == 0) {
    return Response::Problem(409, "the same request is being answered right now; ask again in a moment");
  }
  // What failed inside has changed nothing, and may be asked for again.
  if (*given && (*given)->http_status < 500) {
    const auto status = static_cast<int>((*given)->http_status);
    if ((*given)->body.empty()) return Response::Empty(status);
    return Response::Text(status, (*given)->body, status < 400 ? "application/json" : "application/problem+json");
  }
  Response response = AnswerPlainly(call, handler);
  mine.http_status = response.status;
  mine.body = response.body;
  // The work is done: that its answer cannot be kept is no reason to say that it is not.
  static_cast<void>(store.KeepAnswer(mine));
  return response;
}

}  // namespace thimble::studio
