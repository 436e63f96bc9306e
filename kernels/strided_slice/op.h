// Every n-th element of a range, in each dimension.
#ifndef THIMBLE_KERNELS_STRIDED_SLICE_OP_H_
#define THIMBLE_KERNELS_STRIDED_SLICE_OP_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

/// y = x[begin : end : stride, …] as in Python, with TensorFlow's masks
///
///   in[0]  x        any shape, any type
///   in[1]  begin    [N] int32 or int64, N <= the dimensions of x and new axes; may be computed
///   in[2]  end      [N] like begin; may be computed
///   in[3]  strides  [N] like begin, constant, not 0
///   out    y        like x; its shape must be what constant operands say
///
/// Bit i of a mask is about element i of begin, end and strides: begin_mask and end_mask: from or to the very end;
/// ellipsis_mask: as many whole dimensions as are not mentioned; new_axis_mask: a new dimension of size 1;
/// shrink_axis_mask: the one element at begin, and the dimension disappears. If offset, end counts from begin.
/// Computed bounds that point outside x are moved so far inward that all of y exists.
/// Source: TensorFlow strided_slice; TFLite Micro covers the begin, end and shrink masks.
struct StridedSlice {
  static constexpr const char* kName = "strided_slice";
  static constexpr int kTfliteCode = 45;
  static constexpr int kMaxVersion = 8;
  static constexpr int kOptionsType = 32;
  static constexpr Sharing kSharing = Sharing::kNone;

  struct Params {
    int32_t begin_mask = 0;
    int32_t end_mask = 0;
    int32_t ellipsis_mask = 0;
    int32_t new_axis_mask = 0;
    int32_t shrink_axis_mask = 0;
    uint8_t offset = 0;
  };
  static void Fields(auto&& visit, auto& p) {
    visit("begin_mask", 0, p.begin_mask);
    visit("end_mask", 1, p.end_mask);
    visit("ellipsis_mask", 2, p.ellipsis_mask);
    visit("new_axis_mask", 3, p.new_axis_mask);
    visit("shrink_axis_mask", 4, p.shrink_axis_mask);
    visit("offset", 5, p.offset);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_STRIDED_SLICE_OP_H_
