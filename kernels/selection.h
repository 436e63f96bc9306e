// What the two operators share that take each element from one of two tensors.
#ifndef THIMBLE_KERNELS_SELECTION_H_
#define THIMBLE_KERNELS_SELECTION_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// A bool condition, two inputs and an output of one type. Shapes are the operator's own.
inline Reason CheckSelect(const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 3, InputCount);
  THIMBLE_REQUIRE(call.in[0].present() && call.in[1].present() && call.in[2].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(call.in[0].type == Type::kBool, OperandTypes);
  THIMBLE_REQUIRE(call.in[1].type == call.in[2].type && call.in[1].type == call.out[0].type, OperandTypes);
  return Reason::kNone;
}

/// Element `to` of the output becomes element `from` of the first or the second of the two.
inline void CopySelected(const Call& call, int32_t to, bool first, int32_t from) {
  const uint32_t bytes = BytesOf(call.out[0].type);
  std::memcpy(call.out[0].As<std::byte>() + static_cast<size_t>(to) * bytes,
              call.in[first ? 1 : 2].As<std::byte>() + static_cast<size_t>(from) * bytes, bytes);
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SELECTION_H_
