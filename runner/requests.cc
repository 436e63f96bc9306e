#include "runner/requests.h"

namespace thimble::runner {
namespace {

/// No request that means anything is nested deeper; a parser's stack need not find out.
constexpr int kDeepest = 8;

}  // namespace

Expected<std::optional<std::string>> Requests::Next() {
  if (looked_at_ == 0) {
    const size_t begin = bytes_.find_first_not_of(std::string_view("\0 \t\r\n", 5));
    bytes_.erase(0, begin);
    if (bytes_.empty()) return std::optional<std::string>();
    if (bytes_.front() != '{') return {Status::kInvalidArgument, "a request must be a JSON object"};
  }
  for (; looked_at_ < bytes_.size(); ++looked_at_) {
    if (looked_at_ >= most_bytes_) {
      return {Status::kInvalidArgument, "a request must not be longer than " + std::to_string(most_bytes_) + " bytes"};
    }
    const char c = bytes_[looked_at_];
    if (in_text_) {
      in_text_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_text_ = true;
    } else if (c == '{' || c == '[') {
      if (++depth_ > kDeepest) return {Status::kInvalidArgument, "a request must not be nested so deep"};
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      std::string request = bytes_.substr(0, looked_at_ + 1);
      bytes_.erase(0, looked_at_ + 1);
      looked_at_ = 0;
      return std::optional(std::move(request));
    }
  }
  return std::optional<std::string>();
}

}  // namespace thimble::runner
