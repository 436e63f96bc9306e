// Messages over the board's serial line.
#ifndef THIMBLE_FIRMWARE_LINE_H_
#define THIMBLE_FIRMWARE_LINE_H_

#include "firmware/board.h"
#include "wire/message.h"

namespace thimble::firmware {

/// The conversation with the host. There is one serial line, so all of them share its two buffers.
class Line {
 public:
  /// Sleeps until a whole frame has come. What comes damaged is answered with a Failure, so that the host need not
  /// wait.
  wire::Frame Receive() {
    while (true) {
      const Result<wire::Frame> frame = decoder_.Process(ReadByte());
      if (frame.ok()) return *frame;
      if (frame.status() != Status::kNotYet) Refuse(frame.status());
    }
  }

  /// Out of line, one a message: inlined, the fields of each would be unrolled at every place that sends.
  template <typename Message>
  [[gnu::noinline]] void Send(const Message& message) {
    const auto frame = wire::Encode(message, outgoing_);
    if (frame.empty()) return Refuse(Status::kOutOfMemory);  // longer than a frame can be; a Failure never is
    Write(frame);
  }

  void Refuse(Status status) { Send(wire::Failure{.status = static_cast<uint8_t>(status)}); }

 private:
  alignas(4) static inline constinit std::byte incoming_[wire::BodyBytes(wire::kMaxPayloadBytes)] = {};
  alignas(4) static inline constinit std::byte outgoing_[wire::FrameBytes(wire::kMaxPayloadBytes)] = {};
  wire::Decoder decoder_{incoming_};
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_LINE_H_
