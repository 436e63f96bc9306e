#include "kernels/lattice.h"

namespace thimble::kernels {

void Lattice::Add(int32_t count, int32_t from_bytes, int32_t to_bytes) {
  if (count == 0) empty_ = true;
  if (count == 1 || empty_) return;
  // What follows the previous dimension without a gap on both sides is the same dimension, only longer.
  if (used_ > 0) {
    Dimension& outer = dimensions_[used_ - 1];
    if (outer.from_bytes == count * from_bytes && outer.to_bytes == count * to_bytes) {
      outer = {outer.count * count, from_bytes, to_bytes, 0};
      return;
    }
  }
  dimensions_[used_++] = {count, from_bytes, to_bytes, 0};
}

void Lattice::Copy(const std::byte* from, std::byte* to) {
  if (empty_) return;
  if (used_ > 0) {
    const Dimension& inner = dimensions_[used_ - 1];
    if (inner.from_bytes == block_bytes_ && inner.to_bytes == block_bytes_) {
      block_bytes_ *= inner.count;
      --used_;
    }
  }
  for (;;) {
    // Elements are small: a loop is quicker than a call.
    if (block_bytes_ == 4) {
      std::memcpy(to, from, 4);
    } else if (block_bytes_ == 1) {
      *to = *from;
    } else {
      std::memcpy(to, from, static_cast<size_t>(block_bytes_));
    }
    int d = used_ - 1;
    for (; d >= 0; --d) {
      Dimension& dimension = dimensions_[d];
      from += dimension.from_bytes;
      to += dimension.to_bytes;
      if (++dimension.index < dimension.count) break;
      from -= dimension.from_bytes * dimension.count;
      to -= dimension.to_bytes * dimension.count;
      dimension.index = 0;
    }
    if (d < 0) return;
  }
}

void FillWith(const void* block, uint32_t block_bytes, int32_t number, void* to) {
  auto* at = static_cast<std::byte*>(to);
  for (int32_t i = 0; i < number; ++i, at += block_bytes) std::memcpy(at, block, block_bytes);
}

int32_t IndexAt(const Tensor& tensor, int32_t i) {
  if (tensor.type == Type::kInt32) return tensor.As<int32_t>()[i];
  const int64_t index = tensor.Int64At(i);
  return index > INT32_MAX ? INT32_MAX : index < INT32_MIN ? INT32_MIN : static_cast<int32_t>(index);
}

void SetIndex(const Tensor& tensor, int32_t i, int32_t value) {
  if (tensor.type == Type::kInt32) {
    tensor.As<int32_t>()[i] = value;
  } else {
    tensor.As<int64_t>()[i] = value;
  }
}

}  // namespace thimble::kernels
