#include "http/multipart.h"

#include <algorithm>

namespace thimble::http {
namespace {

constexpr size_t kMostBoundaryBytes = 70;  // RFC 2046, 5.1.1
/// Pieces of a long body are moved through `waiting_` in this size.
constexpr size_t kPieceBytes = 64 * 1024;

/// A parameter of a header's value: form-data; name="a\"b"; filename=x. Quoted or not; nullopt without it.
std::optional<std::string> ParameterOf(std::string_view header, std::string_view name) {
  size_t at = header.find(';');
  while (at < header.size()) {
    ++at;  // the semicolon
    const size_t equals = header.find_first_of("=;", at);
    if (equals == std::string_view::npos) return std::nullopt;
    if (header[equals] == ';') {
      at = equals;
      continue;
    }
    const std::string_view key = Trim(header.substr(at, equals - at));
    std::string value;
    at = std::min(header.find_first_not_of(" \t", equals + 1), header.size());
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        // Browsers write %22 for a quotation mark and leave backslashes alone; other clients escape the mark by one.
        if (header[at] == '\\' && at + 1 < header.size() && (header[at + 1] == '"' || header[at + 1] == '\\')) ++at;
        value.push_back(header[at]);
      }
      if (at == header.size()) return std::nullopt;  // the quotation never ends
      at = std::min(header.find(';', at), header.size());
    } else {
      const size_t end = std::min(header.find(';', at), header.size());
      value = Trim(header.substr(at, end - at));
      at = end;
    }
    if (SameWord(key, name)) return value;
  }
  return std::nullopt;
}

bool IsKind(std::string_view header, std::string_view kind) {
  return SameWord(Trim(header.substr(0, header.find(';'))), kind);
}

}  // namespace

std::optional<std::string> MultipartBoundary(std::string_view content_type) {
  if (!IsKind(content_type, "multipart/form-data")) return std::nullopt;
  auto boundary = ParameterOf(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMostBoundaryBytes ||
      boundary->find_first_of("\r\n") != std::string::npos) {
    return std::nullopt;
  }
  return boundary;
}

MultipartParser::MultipartParser(std::string_view boundary, PartEvents events, Limits limits)
    : delimiter_("\r\n--" + std::string(boundary)), events_(std::move(events)), limits_(limits) {
  waiting_ = "\r\n";  // the first delimiter may be without its line break: it begins the body
}

Error MultipartParser::Fault(std::string words) const {
  return {Status::kDataLoss, "the form is damaged at part " + std::to_string(parts_) + ": " + std::move(words)};
}

Outcome MultipartParser::Feed(std::string_view bytes) {
  while (state_ != State::kFailed && !bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPieceBytes);
    bytes.remove_prefix(piece.size());
    waiting_ += piece;
    for (bool more = true; more;) {
      if (const Outcome outcome = Step(more); !outcome.ok()) {
        failure_ = outcome.error();
        state_ = State::kFailed;
        break;
      }
    }
  }
  if (state_ == State::kFailed) return failure_;
  return Nothing{};
}

/// Decides about the front of what waits; `more` is whether it got further.
Outcome MultipartParser::Step(bool& more) {
  more = false;
  switch (state_) {
    case State::kPreamble:
    case State::kData: {
      const size_t found = waiting_.find(delimiter_);
      // The end of what waits may be the beginning of a delimiter.
      const size_t sure = found != std::string::npos            ? found
                          : waiting_.size() < delimiter_.size() ? 0
                                                                : waiting_.size() - (delimiter_.size() - 1);
      if (state_ == State::kData && sure > 0) THIMBLE_EXPECT(events_.data(std::string_view(waiting_).substr(0, sure)));
      waiting_.erase(0, sure);
      if (found == std::string::npos) return Nothing{};
      waiting_.erase(0, delimiter_.size());
      if (state_ == State::kData) THIMBLE_EXPECT(events_.end());
      state_ = State::kAfterBoundary;
      break;
    }
    case State::kAfterBoundary: {
      // RFC 2046 allows spaces behind the boundary.
      const size_t text = std::min(waiting_.find_first_not_of(" \t"), waiting_.size());
      if (text > limits_.most_header_bytes) return Fault("there is no line break behind the boundary");
      if (waiting_.size() - text < 2) return Nothing{};
      if (waiting_.compare(text, 2, "--") == 0) {
        waiting_.clear();
        state_ = State::kEpilogue;
        return Nothing{};
      }
      if (waiting_.compare(text, 2, "\r\n") != 0) return Fault("there is no line break behind the boundary");
      waiting_.erase(0, text);  // the line break stays: a part without headers is a line break and an empty line
      state_ = State::kHeaders;
      break;
    }
    case State::kHeaders: {
      const size_t end = waiting_.find("\r\n\r\n");
      // Without an end, the last three bytes may be its beginning.
      const size_t least = end != std::string::npos ? end : std::max<size_t>(waiting_.size(), 3) - 3;
      if (least > limits_.most_header_bytes) {
        return Fault("its headers have more than " + std::to_string(limits_.most_header_bytes) + " bytes");
      }
      if (end == std::string::npos) return Nothing{};
      ++parts_;
      THIMBLE_EXPECT(BeginPart(std::string_view(waiting_).substr(0, end)));
      waiting_.erase(0, end + 4);
      state_ = State::kData;
      break;
    }
    case State::kEpilogue:
      waiting_.clear();
      return Nothing{};  // nobody's business
    case State::kFailed:
      return failure_;
  }
  more = true;
  return Nothing{};
}

Outcome MultipartParser::BeginPart(std::string_view header) {
  if (parts_ > limits_.most_parts) return Fault("there are more than " + std::to_string(limits_.most_parts) + " parts");
  Part part;
  while (!header.empty()) {
    header.remove_prefix(2);  // the line break before each
    const size_t end = std::min(header.find("\r\n"), header.size());
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(end);
    if (line.empty()) continue;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return Fault("a header has no colon");
    part.headers.Add(Trim(line.substr(0, colon)), Trim(line.substr(colon + 1)));
  }
  const std::string_view disposition = part.headers.Get("Content-Disposition");
  auto name = ParameterOf(disposition, "name");
  if (!IsKind(disposition, "form-data") || !name) return Fault("it does not say which field it is");
  part.name = std::move(*name);
  part.file_name = ParameterOf(disposition, "filename");
  part.content_type = part.headers.Get("Content-Type");
  return events_.begin(part);
}

Outcome MultipartParser::Finish() {
  if (state_ == State::kFailed) return failure_;
  if (state_ != State::kEpilogue) return Fault("the body ends before the last boundary; send it again");
  return Nothing{};
}

}  // namespace thimble::http
