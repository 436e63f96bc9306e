#include "http/internal/frames.h"

#include <openssl/sha.h>

#include <algorithm>

#include "http/coding.h"

namespace thimble::http::internal {
namespace {

constexpr size_t kMostControlBytes = 125;
constexpr std::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3

bool IsControl(Opcode opcode) { return static_cast<uint8_t>(opcode) >= 8; }

}  // namespace

std::string WriteFrame(Opcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 10);
  frame.push_back(static_cast<char>(0x80 | static_cast<uint8_t>(opcode)));
  const auto big_endian = [&](int bytes) {
    for (int i = bytes - 1; i >= 0; --i) frame.push_back(static_cast<char>(uint64_t{payload.size()} >> (8 * i) & 255));
  };
  if (payload.size() < 126) {
    big_endian(1);
  } else if (payload.size() < 65536) {
    frame.push_back(126);
    big_endian(2);
  } else {
    frame.push_back(127);
    big_endian(8);
  }
  return frame.append(payload);
}

std::string WriteCloseFrame(uint16_t code, std::string_view reason) {
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 255)};
  payload += reason.substr(0, kMostControlBytes - 2);
  return WriteFrame(Opcode::kClose, payload);
}

bool IsCloseCode(uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code < 5000);
}

std::string AcceptKey(std::string_view key) {
  const auto bytes = FromBase64(key);
  if (!bytes || bytes->size() != 16) return {};
  const std::string text = std::string(key).append(kAcceptGuid);
  uint8_t digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest);
  return Base64({reinterpret_cast<const char*>(digest), sizeof digest});
}

FrameReader::Event FrameReader::Next(std::string_view& bytes) {
  while (!bytes.empty() && !ended_) {
    if (!in_payload_) {
      header_[header_bytes_++] = static_cast<uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      if (header_bytes_ == 2) {
        const int length = header_[1] & 127;
        header_wanted_ = (length == 127 ? 10u : length == 126 ? 4u : 2u) + 4u;  // and the mask
      }
      if (header_bytes_ < header_wanted_) {
        // What cannot become a frame of a client need not be waited for.
        if (header_bytes_ == 2 && (header_[1] & 0x80) == 0) return Fault(1002, "a client's frames are masked");
        continue;
      }
      if (const Event event = Header(); event != Event::kNothing) return event;
      if (left_bytes_ > 0) continue;
    } else {
      const size_t count = static_cast<size_t>(std::min<uint64_t>(bytes.size(), left_bytes_));
      std::string& into = IsControl(opcode_) ? control : message;
      const uint8_t* mask = header_ + header_wanted_ - 4;
      const size_t before = into.size();
      into.append(bytes.substr(0, count));
      for (size_t i = 0; i < count; ++i) into[before + i] ^= static_cast<char>(mask[(mask_at_ + i) & 3]);
      mask_at_ += count;
      left_bytes_ -= count;
      bytes.remove_prefix(count);
      if (left_bytes_ > 0) continue;
    }
    in_payload_ = false;
    header_bytes_ = 0;
    header_wanted_ = 2;
    if (const Event event = EndOfFrame(); event != Event::kNothing) return event;
  }
  return Event::kNothing;
}

FrameReader::Event FrameReader::Header() {
  const auto opcode = static_cast<Opcode>(header_[0] & 15);
  last_ = (header_[0] & 0x80) != 0;
  if ((header_[0] & 0x70) != 0) return Fault(1002, "a frame uses an extension that was not agreed on");
  left_bytes_ = header_[1] & 127;
  if (left_bytes_ >= 126) {
    const size_t count = left_bytes_ == 126 ? 2 : 8;
    left_bytes_ = 0;
    for (size_t i = 0; i < count; ++i) left_bytes_ = left_bytes_ << 8 | header_[2 + i];
    if (left_bytes_ < (count == 2 ? 126u : 65536u) || left_bytes_ >> 63 != 0) {
      return Fault(1002, "a frame's length is not written in the shortest way");
    }
  }
  switch (opcode) {
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      if (!last_ || left_bytes_ > kMostControlBytes) return Fault(1002, "a control frame is cut up or too long");
      control.clear();
      break;
    case Opcode::kText:
    case Opcode::kBinary:
      if (fragmented_) return Fault(1002, "a message begins inside another");
      message.clear();
      binary = opcode == Opcode::kBinary;
      fragmented_ = true;
      break;
    case Opcode::kContinuation:
      if (!fragmented_) return Fault(1002, "a message goes on that never began");
      break;
    default:
      return Fault(1002, "a frame is of no known kind");
  }
  if (!IsControl(opcode) && left_bytes_ > most_message_bytes_ - std::min(message.size(), most_message_bytes_)) {
    return Fault(1009, "a message has more than " + std::to_string(most_message_bytes_) + " bytes");
  }
  opcode_ = opcode;
  in_payload_ = true;
  mask_at_ = 0;
  return Event::kNothing;
}

FrameReader::Event FrameReader::EndOfFrame() {
  switch (opcode_) {
    case Opcode::kPing:
      return Event::kPing;
    case Opcode::kPong:
      return Event::kPong;
    case Opcode::kClose: {
      code = 1005;
      if (control.size() == 1) return Fault(1002, "a close code is cut off");
      if (control.size() >= 2) {
        code = static_cast<uint16_t>(static_cast<uint8_t>(control[0]) << 8 | static_cast<uint8_t>(control[1]));
        control.erase(0, 2);
        if (!IsCloseCode(code)) return Fault(1002, "a close code is none");
        if (!IsUtf8(control)) return Fault(1007, "a reason to close is no UTF-8");
      }
      ended_ = true;
      return Event::kClose;
    }
    default:
      break;
  }
  if (!last_) return Event::kNothing;
  fragmented_ = false;
  if (!binary && !IsUtf8(message)) return Fault(1007, "a text is no UTF-8");
  return Event::kMessage;
}

FrameReader::Event FrameReader::Fault(uint16_t with, std::string_view words) {
  ended_ = true;
  code = with;
  control = words;
  return Event::kFault;
}

}  // namespace thimble::http::internal
