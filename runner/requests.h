// Bytes of a connection become requests: JSON objects, one after the other, with whatever stands between them.
#ifndef THIMBLE_RUNNER_REQUESTS_H_
#define THIMBLE_RUNNER_REQUESTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace thimble::runner {

/// Some clients end a request with a line feed, some with nothing: it ends where its first brace is closed.
class Requests {
 public:
  explicit Requests(size_t most_bytes) : most_bytes_(most_bytes) {}

  void Add(std::string_view bytes) { bytes_ += bytes; }

  /// The next one, if it is here whole. After an error nothing more comes of this connection.
  ///
  ///   kInvalidArgument  it begins with something else than a brace, is longer than `most_bytes`, or nested too deep
  Expected<std::optional<std::string>> Next();

 private:
  const size_t most_bytes_;
  std::string bytes_;  ///< from the beginning of a request on
  size_t looked_at_ = 0;
  int depth_ = 0;
  bool in_text_ = false, escaped_ = false;
};

}  // namespace thimble::runner

#endif  // THIMBLE_RUNNER_REQUESTS_H_
