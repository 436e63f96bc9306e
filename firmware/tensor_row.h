// Tensors laid end to end, as the host sends and asks for them.
#ifndef THIMBLE_FIRMWARE_TENSOR_ROW_H_
#define THIMBLE_FIRMWARE_TENSOR_ROW_H_

#include <cstring>

#include "firmware/line.h"
#include "kernels/op.h"

namespace thimble::firmware {

/// `at(i)` is tensor i of `count`.
template <typename At>
class TensorRow {
 public:
  TensorRow(int count, At at) : count_(count), at_(at) {}

  uint32_t Bytes() const {
    uint32_t bytes = 0;
    for (int i = 0; i < count_; ++i) bytes += static_cast<uint32_t>(at_(i).SizeBytes());
    return bytes;
  }

  /// Writes what the host sent, and says so.
  void Take(const wire::Input& message, Line& line) const {
    uint32_t offset = message.offset_bytes;
    for (std::span<const std::byte> rest = message.bytes; !rest.empty();) {
      const std::span<std::byte> room = From(offset);
      if (room.empty()) return line.Refuse(Status::kInvalidArgument);
      const size_t count = rest.size() < room.size() ? rest.size() : room.size();
      std::memcpy(room.data(), rest.data(), count);
      rest = rest.subspan(count);
      offset += static_cast<uint32_t>(count);
    }
    line.Send(wire::Taken{.count = offset});
  }

  /// Sends `count` bytes from `offset`, or what is left of the tensor in which that is.
  void Give(uint32_t offset, size_t count, Line& line) const {
    std::span<const std::byte> bytes = From(offset);
    if (bytes.empty() || count > wire::kMaxPayloadBytes - sizeof(uint32_t)) {
      return line.Refuse(Status::kInvalidArgument);
    }
    if (bytes.size() > count) bytes = bytes.first(count);
    line.Send(wire::Output{.offset_bytes = offset, .bytes = bytes});
  }

 private:
  /// From `offset` to the end of the tensor in which that is; nothing behind the last.
  std::span<std::byte> From(uint32_t offset) const {
    for (int i = 0; i < count_; ++i) {
      const kernels::Tensor tensor = at_(i);
      const std::span<std::byte> bytes(tensor.As<std::byte>(), tensor.SizeBytes());
      if (offset < bytes.size()) return bytes.subspan(offset);
      offset -= static_cast<uint32_t>(bytes.size());
    }
    return {};
  }

  int count_;
  At at_;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_TENSOR_ROW_H_
