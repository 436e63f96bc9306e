#include "studio/server/edge_impulse/reply.h"

#include <charconv>
#include <cstdio>
#include <ctime>
#include <utility>

#include "studio/server/application.h"
#include "studio/server/jobs/members.h"
#include "studio/server/router_of.h"

namespace thimble::studio {

using http::Response;
using nlohmann::json;

Response Success(json members) {
  members["success"] = true;
  return JsonAnswer(200, members);
}

Response Failure(const http::Request& request, const Error& error) {
  return Say(Tongue::kEdgeImpulse, request, ProblemOf(error).status, error.message);
}

Expected<json> ObjectOf(const Call& call) {
  if (call.request.body.empty()) return json::object();
  THIMBLE_ASSIGN(json body, ParseJson("the body", call.request.body));
  if (!body.is_object()) return {Status::kInvalidArgument, "the body: must be an object"};
  return body;
}

Expected<std::string> WordOf(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found != body.end() && found->is_string()) return found->get<std::string>();
  return {Status::kInvalidArgument, std::string("the body: ") + name + " is missing, or no text"};
}

Expected<int64_t> NumberOf(const Call& call, const char* name, int64_t otherwise, int64_t most) {
  const auto text = http::Find(call.request.query, name);
  if (!text) return otherwise;
  int64_t number = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (fault != std::errc() || end != text->data() + text->size() || number < 0 || number > most) {
    return {Status::kInvalidArgument, std::string(name) + " must be a whole number from 0 to " + std::to_string(most)};
  }
  return number;
}

std::string IsoTime(int64_t time_ms) {
  const std::time_t seconds = time_ms / 1000;
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(time_ms % 1000));
  return text;
}

Response ReplyTo(Call& call, Handler handler) {
  const auto reply = [&]() -> Expected<Response> {
    if (http::Find(call.request.parameters, "project")) {
      THIMBLE_EXPECT(call.application.store.GetProject(call.project_id));
    }
    return handler(call);
  };
  Expected<Response> answer = reply();
  return answer.ok() ? *std::move(answer) : Failure(call.request, answer.error());
}

}  // namespace thimble::studio
