// Any bytes on the line: the decoder and every message reader stay inside their memory, and what they accept can be
// sent again.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "wire/frame.h"
#include "wire/message.h"

namespace {

template <typename Message>
void SendAgain(const thimble::wire::Frame& frame) {
  const auto message = thimble::wire::Decode<Message>(frame);
  if (!message.ok()) return;
  std::vector<std::byte> out(thimble::wire::FrameBytes(frame.payload.size()));
  std::vector<std::byte> buffer(thimble::wire::BodyBytes(frame.payload.size()));
  thimble::wire::Decoder decoder(buffer);
  for (const std::byte byte : thimble::wire::Encode(*message, out)) {
    const auto again = decoder.Process(byte);
    if (!again.ok()) continue;
    if (again->type == frame.type && std::ranges::equal(again->payload, frame.payload)) return;
  }
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::wire;
  if (size == 0) return 0;
  // The first byte chooses the room, so that too long frames are met as well.
  std::vector<std::byte> buffer(data[0] < 128 ? data[0] : BodyBytes(kMaxPayloadBytes));
  Decoder decoder(buffer);
  for (size_t i = 1; i < size; ++i) (void)decoder.Process(static_cast<std::byte>(data[i]));
  // A fuzzer does not find CRCs: give the message readers the bytes without a frame as well.
  const Frame frame{data[0], std::as_bytes(std::span(data + 1, std::min(size - 1, kMaxPayloadBytes)))};
#define X(name, number) SendAgain<name>(frame);
  THIMBLE_MESSAGE_LIST(X)
#undef X
  return 0;
}
