// multipart/form-data as it arrives: parts are handed on piece by piece, whatever their size (RFC 7578, RFC 2046).
#ifndef THIMBLE_HTTP_MULTIPART_H_
#define THIMBLE_HTTP_MULTIPART_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace thimble::http {

struct Part {
  std::string name;                      ///< of the form's field
  std::optional<std::string> file_name;  ///< as sent; it may hold slashes, and is never a path to write to
  std::string content_type;              ///< empty without one
  Headers headers;
};

/// What a parser calls: begin, data as often as needed, end, for each part in turn. An error stops the parsing and is
/// what Feed gives.
struct PartEvents {
  std::function<Outcome(const Part& part)> begin;
  std::function<Outcome(std::string_view bytes)> data;
  std::function<Outcome()> end;
};

/// The boundary of a Content-Type header; nullopt when it is not multipart/form-data or has none.
std::optional<std::string> MultipartBoundary(std::string_view content_type);

class MultipartParser {
 public:
  struct Limits {
    size_t most_parts = 1000;
    size_t most_header_bytes = 8 * 1024;  ///< of one part
  };

  MultipartParser(std::string_view boundary, PartEvents events, Limits limits);
  MultipartParser(std::string_view boundary, PartEvents events)
      : MultipartParser(boundary, std::move(events), Limits{}) {}

  /// The next bytes of the body, however it is cut. kDataLoss when they are no form, or too much of one; afterwards
  /// every call gives that error.
  Outcome Feed(std::string_view bytes);

  /// kDataLoss unless the closing boundary has come.
  Outcome Finish();

 private:
  enum class State : uint8_t { kPreamble, kAfterBoundary, kHeaders, kData, kEpilogue, kFailed };

  Outcome Step(bool& more);
  Outcome BeginPart(std::string_view header);
  Error Fault(std::string words) const;

  std::string delimiter_;  ///< with its "\r\n--"
  PartEvents events_;
  Limits limits_;
  State state_ = State::kPreamble;
  std::string waiting_;  ///< what cannot be decided yet; never more than a header and a delimiter
  size_t parts_ = 0;
  Error failure_;
};

}  // namespace thimble::http

#endif  // THIMBLE_HTTP_MULTIPART_H_
