// What the handlers of Edge Impulse's API share: bodies, queries, times, and answers that say whether it went well.
#ifndef THIMBLE_STUDIO_SERVER_EDGE_IMPULSE_REPLY_H_
#define THIMBLE_STUDIO_SERVER_EDGE_IMPULSE_REPLY_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "studio/server/api/answer.h"
#include "studio/server/route.h"

namespace thimble::studio {

/// 200, {"success": true, …members}.
http::Response Success(nlohmann::json members = nlohmann::json::object());

/// {"success": false, "error": "…"} with the error's HTTP status.
http::Response Failure(const http::Request& request, const Error& error);

/// The body, one object; {} when it is empty. What it holds besides what is asked for is passed over: newer clients
/// say more.
Expected<nlohmann::json> ObjectOf(const Call& call);

/// A text of the body. kInvalidArgument when it is missing or no text.
Expected<std::string> WordOf(const nlohmann::json& body, const char* name);

/// Of the query; `otherwise` when it is missing.
///
///   kInvalidArgument  it is no number from 0 to `most`
Expected<int64_t> NumberOf(const Call& call, const char* name, int64_t otherwise, int64_t most);

/// "2026-11-23T01:02:03.004Z"
std::string IsoTime(int64_t time_ms);

http::Response ReplyTo(Call& call, Handler handler);

/// What a row's `answer` is: &Reply<ListProjects>. A project that is not there is 404, whoever asks.
template <Handler handler>
http::Response Reply(Call& call) {
  return ReplyTo(call, handler);
}

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_EDGE_IMPULSE_REPLY_H_
