// Any bytes from a WebSocket's client: the same messages wherever they are cut, within their limit.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/coding.h"
#include "http/internal/frames.h"

namespace thimble::http::internal {
namespace {

constexpr size_t kMostMessageBytes = 300;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Read(std::string_view bytes, size_t step) {
  std::string told;
  FrameReader reader(kMostMessageBytes);
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (true) {
      const FrameReader::Event event = reader.Next(piece);
      Require(reader.message.size() <= kMostMessageBytes && reader.control.size() <= 125);
      if (event == FrameReader::Event::kNothing) break;
      told += static_cast<char>('0' + static_cast<int>(event));
      if (event == FrameReader::Event::kMessage) {
        Require(reader.binary || IsUtf8(reader.message));
        told += reader.message;
      } else {
        told += reader.control + std::to_string(reader.code);
      }
      if (event == FrameReader::Event::kClose) Require(reader.code == 1005 || IsCloseCode(reader.code));
      if (event == FrameReader::Event::kFault) {
        Require(IsCloseCode(reader.code));
        return told;
      }
    }
    Require(piece.empty() ||
            told.find(static_cast<char>('0' + static_cast<int>(FrameReader::Event::kClose))) != std::string::npos);
  }
  return told;
}

}  // namespace
}  // namespace thimble::http::internal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::http::internal;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Require(Read(bytes, bytes.size() + 1) == Read(bytes, data[0] % 8 + 1));
  (void)AcceptKey(bytes);
  return 0;
}
