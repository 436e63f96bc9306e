// What the handlers of our own API share: bodies and queries that fit their schemas, tags, problems, and answers that
// are given once.
#ifndef THIMBLE_STUDIO_SERVER_API_ANSWER_H_
#define THIMBLE_STUDIO_SERVER_API_ANSWER_H_

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "studio/server/route.h"
#include "studio/store/store.h"

namespace thimble::studio {

/// RFC 9457, with the status code of base/status.h.
http::Response ProblemOf(const Error& error);

/// Texts that are no UTF-8 are mended.
std::string TextOf(const nlohmann::json& document);
http::Response JsonAnswer(int status, const nlohmann::json& document);

/// The body, which fits the schema that the row takes; an empty one is {}.
///
///   kInvalidArgument  it does not, or is no JSON
Expected<nlohmann::json> BodyOf(const Call& call);

/// The query as an object: texts, numbers and flags as the row's "queries" of schemas.json say, defaults filled in.
Expected<nlohmann::json> QueryOf(const Call& call);

/// `cursor` and `limit` of a query that has them.
Paging PagingOf(const nlohmann::json& query);

/// The number in the path's {name}. kNotFound for anything else: what has no number is not there.
Expected<int64_t> IdOf(const Call& call, const char* name);

/// The sample that the path's {sample} names.
Expected<Sample> SampleOf(const Call& call);

/// The same, to be changed: what a project version holds stays as it is (kInvalidArgument).
Expected<Sample> ChangeableSample(const Call& call);

/// The tag of a row of that version: "7" with its quotation marks.
std::string TagOf(int64_t version);

/// The request names versions by If-Match, and this is none of them.
bool IsOutdated(const Call& call, int64_t version);
http::Response Outdated();

/// 200 with the row's tag, or 304.
http::Response Tagged(const Call& call, const nlohmann::json& document, int64_t version);

/// May whoever asks do what takes this permission, in the project of the call? For what the row cannot know.
bool May(const Call& call, Permission permission);

/// Writes the audit log. What has been done is done even when the log cannot be written; then the answer is still the
/// one of success.
void WriteDown(const Call& call, const char* action, const std::string& subject, const nlohmann::json& detail);

/// The same, and tells pages of that kind: {"action", "subject", …detail}.
void Tell(const Call& call, const char* kind, const char* action, const std::string& subject,
          nlohmann::json detail = nlohmann::json::object());

/// JSON that the store keeps as a text; null when it is none.
nlohmann::json Stored(const std::string& text);

/// A page of rows: {name: [...], "next": cursor}.
template <typename Record, typename JsonOf>
nlohmann::json PageJson(const char* name, const Page<Record>& page, JsonOf json_of) {
  nlohmann::json items = nlohmann::json::array();
  for (const Record& record : page.items) items.push_back(json_of(record));
  nlohmann::json answer = {{name, std::move(items)}};
  if (page.next) answer["next"] = *page.next;
  return answer;
}

template <typename Record, typename JsonOf>
nlohmann::json ListJson(const char* name, const std::vector<Record>& records, JsonOf json_of) {
  return PageJson(name, Page<Record>{records, {}}, json_of);
}

/// The blob as it is, in pieces. `file_name` is what browsers save it as.
Expected<http::Response> Download(const Call& call, const std::string& blob, const std::string& file_name);

using Handler = Expected<http::Response> (*)(Call& call);

/// With an Idempotency-Key, the same request gives the same answer and is done once; without one it is done.
http::Response AnswerOnce(Call& call, Handler handler);

http::Response AnswerPlainly(Call& call, Handler handler);

/// What a row's `answer` is: &Answer<ListSamples>. A project that is not there is 404, whoever asks.
template <Handler handler>
http::Response Answer(Call& call) {
  return AnswerPlainly(call, handler);
}

template <Handler handler>
http::Response Once(Call& call) {
  return AnswerOnce(call, handler);
}

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_API_ANSWER_H_
