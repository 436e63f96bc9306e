// WebSocket frames as bytes (RFC 6455, 5): what a client sends becomes messages, and messages become frames.
#ifndef THIMBLE_HTTP_INTERNAL_FRAMES_H_
#define THIMBLE_HTTP_INTERNAL_FRAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace thimble::http::internal {

enum class Opcode : uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

/// A whole message as the one frame of a server: not masked.
std::string WriteFrame(Opcode opcode, std::string_view payload);
std::string WriteCloseFrame(uint16_t code, std::string_view reason);

/// May this code be in a close frame? (RFC 6455, 7.4)
bool IsCloseCode(uint16_t code);

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key; empty when that is not sixteen bytes in base64.
std::string AcceptKey(std::string_view key);

/// Bytes from a client, however they are cut.
class FrameReader {
 public:
  enum class Event : uint8_t { kNothing, kMessage, kPing, kPong, kClose, kFault };

  explicit FrameReader(size_t most_message_bytes) : most_message_bytes_(most_message_bytes) {}

  /// Takes bytes off the front of `bytes` until something happened or all are taken. After kClose and kFault there is
  /// nothing more.
  Event Next(std::string_view& bytes);

  /// kMessage: the whole message, to be moved away.
  std::string message;
  bool binary = false;
  /// kPing, kPong: their payload; kClose: the reason; kFault: why.
  std::string control;
  /// kClose: what the client said, 1005 for nothing; kFault: what to close with.
  uint16_t code = 0;

 private:
  Event Header();
  Event EndOfFrame();
  Event Fault(uint16_t with, std::string_view words);

  size_t most_message_bytes_;
  uint8_t header_[14] = {};
  size_t header_bytes_ = 0, header_wanted_ = 2;
  bool in_payload_ = false, ended_ = false;
  bool fragmented_ = false, last_ = false;
  Opcode opcode_ = Opcode::kText;
  uint64_t left_bytes_ = 0;
  size_t mask_at_ = 0;
};

}  // namespace thimble::http::internal

#endif  // THIMBLE_HTTP_INTERNAL_FRAMES_H_
