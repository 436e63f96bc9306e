// `thimble api`: asks a studio by its own description of its API, and follows what takes long.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "bridge/remote/settings.h"
#include "cli/api_request.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output_files.h"
#include "cli/terminal.h"
#include "http/client.h"
#include "http/coding.h"

namespace thimble::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono_literals::operator""ms;

constexpr int kAnswerMs = 600'000;  // archives are large
constexpr size_t kMostReplyBytes = 2'000'000'000;
constexpr const char* kRoot = "/api/v1/";
constexpr auto kLook = 200ms;
constexpr int kMostFailures = 15;
constexpr auto kBetweenFailures = 1000ms;

/// What a studio says no with: base/status.h read from right to left.
Status StatusOf(int http_status) {
  switch (http_status) {
    case 400:
    case 422:
      return Status::kInvalidArgument;
    case 401:
    case 403:
      return Status::kVerificationFailed;
    case 404:
      return Status::kNotFound;
    default:
      return Status::kFailed;
  }
}

/// Members of what some server says: whatever answers there, it is no reason to fall over.
std::string TextAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}
template <typename Number>
Number NumberAt(const Json& object, const char* key, Number otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<Number>() : otherwise;
}

class Studio {
 public:
  static Expected<Studio> Find(const ApiOptions& options) {
    Studio studio;
    studio.options_ = &options;
    if (!options.url.empty()) {
      THIMBLE_ASSIGN(studio.server_, bridge::ParseUrl(options.url, false));
    } else {
      const char* const host = std::getenv(bridge::kHost);
      const bool given = host != nullptr && *host != '\0';
      THIMBLE_ASSIGN(const bridge::StudioEndpoints endpoints, bridge::ResolveStudio(given ? host : "localhost"));
      studio.server_ = endpoints.studio;
    }
    const auto has_control = [](const std::string& text) {
      return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
    };
    if (has_control(options.key)) return {Status::kInvalidArgument, "the key holds letters that no key has"};
    for (const std::string& header : options.headers) {
      const size_t colon = header.find(':');
      if (colon == std::string::npos || colon == 0 || has_control(header)) {
        return {Status::kInvalidArgument, "--header " + header + ": give it as NAME:VALUE"};
      }
      studio.headers_.emplace_back(header.substr(0, colon), http::Trim(std::string_view(header).substr(colon + 1)));
    }
    return studio;
  }

  std::string url() const { return bridge::Url({server_.tls, server_.host, server_.port, "/"}, "http", "https"); }
  std::string UrlOf(const std::string& target) const { return url() + target.substr(1); }

  /// The answer of success; else the server's own sentence.
  Expected<http::HttpReply> Ask(const ApiRequest& wanted) const {
    http::HttpRequest request;
    request.server = server_;
    request.method = wanted.method;
    request.target = wanted.target;
    request.body = wanted.body;
    request.headers = headers_;
    // The token of a login goes the same way as a project's key.
    if (!options_->key.empty()) request.headers.emplace_back("Authorization", "Bearer " + options_->key);
    if (!wanted.content_type.empty()) request.headers.emplace_back("Content-Type", wanted.content_type);
    request.ca_files = options_->ca_files;
    request.answer_timeout_ms = kAnswerMs;
    request.most_reply_bytes = kMostReplyBytes;
    request.cancelled = &InterruptFlag();
    Expected<http::HttpReply> reply = http::Ask(request);
    if (!reply.ok()) {
      const Error& error = reply.error();
      if (error.status == Status::kCancelled) return error;
      return {error.status, error.message + "; does a studio run at " + url() + "? Elsewhere: --url"};
    }
    if (reply->status < 400) return reply;
    const Json problem = Json::parse(reply->body, nullptr, false);
    std::string sentence = TextAt(problem, "detail");
    if (sentence.empty()) sentence = UrlOf(wanted.target) + " answered " + std::to_string(reply->status);
    if (reply->status == 401) sentence += "; --key or EI_APIKEY takes a key of the project";
    return {StatusOf(reply->status), sentence};
  }

  Expected<Json> Get(const std::string& target) const {
    THIMBLE_ASSIGN(const http::HttpReply reply, Ask({.target = target, .body = {}, .content_type = {}, .gives = {}}));
    Json document = Json::parse(reply.body, nullptr, false);
    if (!document.is_object()) return {Status::kDataLoss, UrlOf(target) + ": the answer is no JSON object"};
    return document;
  }

 private:
  const ApiOptions* options_ = nullptr;
  http::Endpoint server_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

/// Watches a job or a sampling until it ends, and gives it as it is then.
class Follower {
 public:
  Follower(const Studio& studio, const ApiOptions& options, const std::string& asked, bool is_job, const Json& document)
      : studio_(studio),
        progress_(stderr, StyleOf(stderr), 0, options.common.quiet || options.common.json),
        is_job_(is_job) {
    // projects/3 of whatever was asked; what it gave has its own place there.
    const size_t root = std::string_view(kRoot).size();
    const size_t project_end = asked.find('/', asked.find('/', root) + 1);
    path_ = asked.substr(root, project_end - root) + (is_job ? "/jobs/" : "/samplings/") +
            std::to_string(NumberAt(document, "id", int64_t{0}));
  }

  Expected<Json> Follow(Json document) {
    progress_.Begin(Printable(is_job_ ? TextAt(document, "kind") : "recording " + TextAt(document, "label")));
    while (true) {
      if (is_job_) THIMBLE_EXPECT(ShowLog());
      const std::string state = TextAt(document, "state");
      if (state == "done") {
        progress_.End();
        return document;
      }
      if (state == "failed" || state == "cancelled") {
        progress_.Fail();
        if (state == "cancelled") return {Status::kCancelled, path_ + " was cancelled"};
        return {Status::kFailed, path_ + ": " + TextAt(document, "error")};
      }
      const std::string message = TextAt(document, "message");
      progress_.Update(NumberAt(document, "progress", -1.0), Printable(message.empty() ? state : message));
      std::this_thread::sleep_for(kLook);
      THIMBLE_ASSIGN(document, Look(kRoot + path_));
    }
  }

 private:
  /// A studio that begins again is waited for, as its jobs wait.
  Expected<Json> Look(const std::string& target) {
    for (int failures = 0;; ++failures) {
      if (Interrupted()) {
        return {Status::kCancelled, path_ + " goes on without being followed" +
                                        (is_job_ ? "; thimble api POST " + path_ + "/cancel ends it" : "")};
      }
      Expected<Json> document = studio_.Get(target);
      if (document.ok()) return document;
      const Status status = document.error().status;
      if (status == Status::kCancelled) continue;
      if (status != Status::kDeviceFailed || failures == kMostFailures) return document;
      std::this_thread::sleep_for(kBetweenFailures);
    }
  }

  Outcome ShowLog() {
    THIMBLE_ASSIGN(const Json log, Look(kRoot + path_ + "/log?after=" + std::to_string(after_)));
    if (const auto lines = log.find("lines"); lines != log.end()) {
      for (const Json& line : *lines) progress_.Say(Printable(TextAt(line, "text")));
    }
    after_ = NumberAt(log, "after", after_);
    return Nothing{};
  }

  const Studio& studio_;
  Progress progress_;
  bool is_job_;
  std::string path_;  ///< "projects/3/jobs/7"
  int64_t after_ = 0;
};

/// What is no JSON: into a file, or onto standard output unless a person would have to look at it.
Outcome Keep(const std::string& bytes, const std::string& type, const ApiOptions& options) {
  if (!options.out.empty()) {
    OutputFiles files;
    THIMBLE_EXPECT(files.Add(options.out, bytes));
    return files.Commit();
  }
  const bool readable = type.starts_with("text/");
  if (!readable && ::isatty(STDOUT_FILENO) != 0) {
    return {Status::kInvalidArgument,
            "the answer is " + Plural(bytes.size(), "byte") + " of " + type + "; say where to with --out FILE"};
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) {
    return {Status::kFailed, "standard output cannot be written"};
  }
  return Nothing{};
}

Outcome Print(const Json& document, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (const int64_t next = NumberAt(document, "next", int64_t{0}); next != 0) {
    std::fprintf(stderr, "There is more: cursor=%lld\n", static_cast<long long>(next));
  }
  return Nothing{};
}

}  // namespace

Outcome Api(const ApiOptions& options) {
  THIMBLE_ASSIGN(const Studio studio, Studio::Find(options));
  THIMBLE_ASSIGN(const http::HttpReply described,
                 studio.Ask({.target = "/api/v1/openapi.json", .body = {}, .content_type = {}, .gives = {}}));
  Expected<ApiDescription> parsed = ApiDescription::Parse(described.body);
  if (!parsed.ok()) return {parsed.error().status, studio.url() + ": " + parsed.error().message};
  const ApiDescription& description = *parsed;
  if (options.list) {
    const std::string text = description.List(options.words);
    if (text.empty()) return {Status::kNotFound, "no route has all of these words; thimble api --list shows all"};
    return Print({}, options.common.json ? described.body + "\n" : StyleOf(stdout).Plain(text));
  }
  THIMBLE_ASSIGN(const ApiRequest request, description.Request(options.words));
  const bool can_be_followed = request.gives == "Job" || request.gives == "Sampling";
  if (options.follow && !can_be_followed) {
    return {Status::kInvalidArgument, "--follow is for what gives a job or a sampling, and this gives " +
                                          (request.gives.empty() ? std::string("nothing") : request.gives)};
  }
  if (request.gives == "text/event-stream") {
    return {Status::kUnsupported, "events have no end; curl -N " + studio.UrlOf(request.target)};
  }
  THIMBLE_ASSIGN(const http::HttpReply reply, studio.Ask(request));
  if (reply.body.empty()) return Nothing{};
  const std::string type(reply.headers.Get("Content-Type"));
  if (!type.starts_with("application/json") || !options.out.empty()) return Keep(reply.body, type, options);
  Json document = Json::parse(reply.body, nullptr, false);
  if (document.is_discarded()) return {Status::kDataLoss, studio.url() + ": the answer is no whole JSON"};
  std::string text = reply.body;
  if (options.follow) {
    Follower follower(studio, options, request.target, request.gives == "Job", document);
    THIMBLE_ASSIGN(document, follower.Follow(std::move(document)));
    text = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  const Style style = StyleOf(stdout);
  if (options.common.json) return Print(document, text + "\n");
  return Print(document, style.Plain(description.Text(document, request.gives, style.width)));
}

}  // namespace thimble::cli
