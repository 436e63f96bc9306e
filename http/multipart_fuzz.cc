// Any bytes as a form: the same parts wherever they are cut, and nothing kept that need not be.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/multipart.h"

namespace thimble::http {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

struct Parsed {
  std::string told;  ///< all that was called, in order
  bool ok = false;
};

Parsed Parse(std::string_view boundary, std::string_view bytes, size_t step) {
  Parsed parsed;
  int open = 0;
  size_t given = 0;
  const PartEvents events = {.begin = [&](const Part& part) -> Outcome {
                               Require(++open == 1);
                               parsed.told += "<" + part.name + "|" + part.file_name.value_or("") + ">";
                               return Nothing{};
                             },
                             .data = [&](std::string_view piece) -> Outcome {
                               Require(open == 1 && !piece.empty());
                               given += piece.size();
                               parsed.told += piece;
                               return Nothing{};
                             },
                             .end = [&]() -> Outcome {
                               Require(--open == 0);
                               parsed.told += "</>";
                               return Nothing{};
                             }};
  MultipartParser parser(boundary, events, {.most_parts = 20, .most_header_bytes = 300});
  const size_t size = bytes.size();
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    if (!parser.Feed(piece).ok()) break;
  }
  parsed.ok = parser.Finish().ok();
  Require(given <= size);
  Require(!parsed.ok || open == 0);
  return parsed;
}

}  // namespace
}  // namespace thimble::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::http;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Parsed whole = Parse("XY", bytes, bytes.size() + 1), pieces = Parse("XY", bytes, data[0] % 16 + 1);
  Require(whole.ok == pieces.ok);
  if (whole.ok) Require(whole.told == pieces.told);
  (void)MultipartBoundary(bytes);
  return 0;
}
