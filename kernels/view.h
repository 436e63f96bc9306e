// What operators share that only give a tensor another shape.
#ifndef THIMBLE_KERNELS_VIEW_H_
#define THIMBLE_KERNELS_VIEW_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// in[0] and out[0] have the same type and as many elements; there is at most one more input, which is not read.
inline Reason CheckView(const Call& call) {
  THIMBLE_REQUIRE(!call.in.empty() && call.in.size() <= 2 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(call.in[0].type == call.out[0].type, OperandTypes);
  THIMBLE_REQUIRE(call.in[0].shape.Count() == call.out[0].shape.Count(), OperandShapes);
  return Reason::kNone;
}

/// Copies the elements, unless both tensors are the same memory.
inline void RunView(const Call& call) {
  if (call.out[0].data != call.in[0].data) std::memcpy(call.out[0].data, call.in[0].data, call.in[0].SizeBytes());
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_VIEW_H_
