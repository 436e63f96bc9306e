#include "studio/server/router_of.h"

#include <any>
#include <string>
#include <unordered_map>
#include <utility>

#include "studio/server/people/gate.h"

namespace thimble::studio {
namespace {

/// A sink whose answer gets the headers that every answer gets.
class GuardedSink final : public http::BodySink {
 public:
  explicit GuardedSink(std::unique_ptr<http::BodySink> sink) : sink_(std::move(sink)) {}
  bool Write(std::string_view bytes) override { return sink_->Write(bytes); }
  http::Response Finish() override {
    http::Response response = sink_->Finish();
    AddSecurityHeaders(response);
    return response;
  }

 private:
  std::unique_ptr<http::BodySink> sink_;
};

}  // namespace

http::Response Say(Tongue tongue, const http::Request& request, int status, std::string_view sentence) {
  if (tongue == Tongue::kProblem) return http::Response::Problem(status, sentence);
  if (tongue == Tongue::kIngestion && request.path.ends_with("/data")) {
    return http::Response::Text(status, std::string(sentence));
  }
  return http::Response::Json(status, "{\"success\":false,\"error\":" + http::JsonString(sentence) + "}");
}

std::shared_ptr<const http::Router> RouterOf(Application& application, const std::vector<Room>& rooms,
                                             http::CorsPolicy cors) {
  std::vector<http::Row> rows;
  std::unordered_map<const Route*, Tongue> tongues;
  for (const Room& room : rooms) {
    for (const Route& route : room.routes) {
      tongues[&route] = room.tongue;
      http::Row row;
      row.method = route.method;
      row.path = route.path;
      const auto call_of = [&application](http::Request& request) {
        const auto& admission = std::any_cast<const Admission&>(request.identity);
        return Call{application, request, admission.identity, admission.project_id};
      };
      if (route.answer != nullptr) {
        row.handler = [call_of, &route](http::Request& request) {
          Call call = call_of(request);
          http::Response response = route.answer(call);
          AddSecurityHeaders(response);
          return response;
        };
      } else {
        row.open = [call_of, &route](http::Request& request) {
          Call call = call_of(request);
          auto opened = route.open(call);
          if (auto* response = std::get_if<http::Response>(&opened)) {
            AddSecurityHeaders(*response);
          } else {
            opened = std::make_unique<GuardedSink>(std::get<std::unique_ptr<http::BodySink>>(std::move(opened)));
          }
          return opened;
        };
      }
      // Whoever has to be known is looked up in the store.
      row.quick = route.quick && route.permission == Permission::kAnyone;
      row.most_body_bytes = route.most_body_bytes;
      row.info = &route;
      rows.push_back(std::move(row));
    }
  }
  const auto guard = [&application,
                      tongues = std::move(tongues)](http::Request& request) -> std::optional<http::Response> {
    const auto& route = *static_cast<const Route*>(request.row->info);
    auto admitted = application.gate.Admit(request, route);
    if (auto* admission = std::get_if<Admission>(&admitted)) {
      request.identity = std::move(*admission);
      return std::nullopt;
    }
    const auto& refusal = std::get<Refusal>(admitted);
    const Tongue tongue = tongues.at(&route);
    http::Response response = Say(tongue, request, refusal.status, refusal.sentence);
    if (refusal.retry_after_s > 0) response.headers.Set("Retry-After", std::to_string(refusal.retry_after_s));
    if (refusal.status == 401 && tongue == Tongue::kProblem) response.headers.Set("WWW-Authenticate", "Bearer");
    AddSecurityHeaders(response);
    return response;
  };
  return std::make_shared<const http::Router>(std::move(rows), http::RouterOptions{std::move(cors), guard});
}

}  // namespace thimble::studio
