#include "wire/frame.h"

#include "base/crc32.h"

namespace thimble::wire {
namespace {

// The longest run without a zero that one distance byte can describe (Cheshire & Baker, "Consistent Overhead Byte
// Stuffing", 1999).
constexpr int kLongestDistance = 255;

}  // namespace

Encoder::Encoder(uint8_t type, std::span<std::byte> out) : out_(out) {
  Append(std::byte{0});
  code_at_ = used_;
  Append(std::byte{0});
  const std::byte first{type};
  Put({&first, 1});
}

void Encoder::Put(std::span<const std::byte> bytes) {
  put_ += bytes.size();
  if (put_ > 1 + kMaxPayloadBytes) full_ = true;
  crc_ = Crc32(bytes, crc_);
  for (const std::byte byte : bytes) Stuff(byte);
}

std::span<const std::byte> Encoder::Finish() {
  for (int shift = 0; shift < 32; shift += 8) Stuff(static_cast<std::byte>(crc_ >> shift));
  if (!full_) out_[code_at_] = static_cast<std::byte>(used_ - code_at_);
  Append(std::byte{0});
  return full_ ? std::span<const std::byte>{} : out_.first(used_);
}

void Encoder::Append(std::byte byte) {
  if (used_ == out_.size()) {
    full_ = true;
    return;
  }
  out_[used_++] = byte;
}

void Encoder::Stuff(std::byte byte) {
  if (full_) return;
  if (byte != std::byte{0}) Append(byte);
  const bool run_is_full = static_cast<int>(used_ - code_at_) == kLongestDistance;
  if (byte != std::byte{0} && !run_is_full) return;
  // A byte that completes the longest run needs no zero after it: the receiver knows.
  if (full_) return;
  out_[code_at_] = static_cast<std::byte>(used_ - code_at_);
  code_at_ = used_;
  Append(std::byte{0});
}

Result<Frame> Decoder::Process(std::byte next) {
  if (next == std::byte{0}) {
    const Result<Frame> result = End();
    used_ = 0;
    until_zero_ = 0;
    zero_pending_ = begun_ = too_long_ = false;
    return result;
  }
  begun_ = true;
  if (until_zero_ > 0) {
    --until_zero_;
    Append(next);
    return Status::kNotYet;
  }
  if (zero_pending_) Append(std::byte{0});
  const int distance = std::to_integer<int>(next);
  until_zero_ = distance - 1;
  zero_pending_ = distance != kLongestDistance;
  return Status::kNotYet;
}

void Decoder::Append(std::byte byte) {
  if (used_ == buffer_.size()) {
    too_long_ = true;
    return;
  }
  buffer_[used_++] = byte;
}

Result<Frame> Decoder::End() {
  if (!begun_) return Status::kNotYet;  // between the end of one frame and the beginning of the next
  if (too_long_) return Status::kOutOfMemory;
  if (until_zero_ != 0 || used_ < BodyBytes(0)) return Status::kDataLoss;
  const std::span<const std::byte> body = buffer_.first(used_);
  const size_t crc_at = used_ - 4;
  uint32_t crc = 0;
  for (size_t i = 4; i-- > 0;) crc = crc << 8 | std::to_integer<uint32_t>(body[crc_at + i]);
  if (crc != Crc32(body.first(crc_at))) return Status::kDataLoss;
  return Frame{std::to_integer<uint8_t>(body[0]), body.subspan(1, crc_at - 1)};
}

}  // namespace thimble::wire
