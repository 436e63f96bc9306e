// The sum of several tensors of one shape.
#ifndef THIMBLE_KERNELS_ADD_N_OP_H_
#define THIMBLE_KERNELS_ADD_N_OP_H_

#include "kernels/summing.h"

namespace thimble::kernels {

/// y[i] = in[0][i] + in[1][i] + ...
///
///   in     x  two or more, any shape  int8 with one scale and zero point for all, or float32
///   out    y  the same shape          like x, with its own scale and zero point
///
/// int8: as in ADD. Source: TFLite reference kernels, ADD_N.
struct AddN : Elementwise {
  static constexpr const char* kName = "add_n";
  static constexpr int kTfliteCode = 106;
  static constexpr int kMaxVersion = 1;

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_ADD_N_OP_H_
