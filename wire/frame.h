// The one framing on the wire: how a message finds its beginning, its end and its damage on a serial line.
#ifndef THIMBLE_WIRE_FRAME_H_
#define THIMBLE_WIRE_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace thimble::wire {

/// No payload is longer, so that a board needs no more than two buffers of about 1 KiB.
inline constexpr size_t kMaxPayloadBytes = 1024;

/// What a Decoder needs to hold for a payload of that many bytes: the type, the payload, the CRC.
constexpr size_t BodyBytes(size_t payload_bytes) { return 1 + payload_bytes + 4; }

/// The most that a frame occupies on the line: both delimiters, and one stuffing byte for each begun 254 of the body.
constexpr size_t FrameBytes(size_t payload_bytes) {
  return BodyBytes(payload_bytes) + BodyBytes(payload_bytes) / 254 + 3;
}

struct Frame {
  uint8_t type = 0;  ///< see wire/message.h
  std::span<const std::byte> payload;
};

/// Writes one frame into `out`, piece by piece, without a copy of the payload.
class Encoder {
 public:
  Encoder(uint8_t type, std::span<std::byte> out);

  void Put(std::span<const std::byte> bytes);

  /// What to send, or an empty span when `out` was too small (FrameBytes(payload) is always enough) or the payload
  /// longer than kMaxPayloadBytes.
  std::span<const std::byte> Finish();

 private:
  void Append(std::byte byte);
  void Stuff(std::byte byte);

  std::span<std::byte> out_;
  size_t used_ = 0;
  size_t put_ = 0;      ///< bytes of type and payload
  size_t code_at_ = 0;  ///< where the distance to the next zero is to be written
  uint32_t crc_ = 0;
  bool full_ = false;
};

/// Turns one byte of the serial line into, sometimes, a frame. Text between frames is skipped: it ends, with kDataLoss,
/// at the zero with which the next frame begins.
class Decoder {
 public:
  /// `buffer` holds the longest body to be understood: BodyBytes(kMaxPayloadBytes) for every frame there can be.
  explicit Decoder(std::span<std::byte> buffer) : buffer_(buffer) {}

  /// The returned frame points into `buffer` and is valid until the next call.
  ///
  ///   kOk            a whole frame
  ///   kNotYet        keep going
  ///   kDataLoss      something ended here that is no frame: text, or a frame with a wrong CRC; it is dropped
  ///   kOutOfMemory   the same, and it was longer than `buffer`
  ///
  /// Format: docs/formats/frame.md. CRC-32/ISO-HDLC, as in zlib.
  Result<Frame> Process(std::byte next);

 private:
  Result<Frame> End();
  void Append(std::byte byte);

  std::span<std::byte> buffer_;
  size_t used_ = 0;
  int until_zero_ = 0;         ///< bytes to copy before the next distance byte
  bool zero_pending_ = false;  ///< the next distance byte stands for a zero of the body
  bool begun_ = false;
  bool too_long_ = false;
};

}  // namespace thimble::wire

#endif  // THIMBLE_WIRE_FRAME_H_
