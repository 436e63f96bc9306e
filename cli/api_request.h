// What people type to ask a studio's API becomes a request, by the description that the studio itself gives of it.
#ifndef THIMBLE_CLI_API_REQUEST_H_
#define THIMBLE_CLI_API_REQUEST_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace thimble::cli {

struct ApiRequest {
  std::string method = "GET";
  std::string target;  ///< "/api/v1/projects/1/samples?label=wave"
  std::string body, content_type;
  std::string gives;  ///< the schema of the answer, "Job", or a media type; empty: nothing comes back
};

/// OpenAPI 3.1, as far as studio/server/api/openapi.cc writes it.
class ApiDescription {
 public:
  /// Foreign bytes are welcome. kDataLoss: that is no description.
  static Expected<ApiDescription> Parse(std::string_view text);
  ~ApiDescription();
  ApiDescription(ApiDescription&&) noexcept;

  /// Every route and its sentence, a line each. With `words`, only those that have all of them in path or sentence, and
  /// below each what can be given to it.
  std::string List(const std::vector<std::string>& words) const;

  /// [METHOD] PATH [NAME=VALUE | NAME@FILE | @FILE]...
  ///
  /// A path may leave out /api/v1/. A name is one of the query's or of the body's, with dots into it
  /// (parameters.kind=firmware). Values are read as the schema wants them: texts without quotation marks, lists with
  /// commas or as JSON, objects as JSON. NAME@FILE is what the file holds, or a file of a form; @FILE the whole body.
  ///
  ///   kNotFound         no such route, no such file
  ///   kInvalidArgument  no such name, or not such a value
  Expected<ApiRequest> Request(const std::vector<std::string>& words) const;

  /// An answer as people read it: a list as a table, anything else as a line for each member, in the order of the
  /// schema called `gives`. Tables get as many columns as fit into `width`.
  std::string Text(const nlohmann::ordered_json& answer, const std::string& gives, int width) const;

 private:
  struct State;
  explicit ApiDescription(std::unique_ptr<State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_API_REQUEST_H_
