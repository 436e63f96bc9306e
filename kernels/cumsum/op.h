// Running sums along one dimension.
#ifndef THIMBLE_KERNELS_CUMSUM_OP_H_
#define THIMBLE_KERNELS_CUMSUM_OP_H_

#include "kernels/summing.h"

namespace thimble::kernels {

/// y[.., i, ..] = sum of x[.., k, ..] over k <= i (exclusive: k < i; reverse: from the end)
///
///   in[0]  x     1 to 6 dimensions  int8 or float32
///   in[1]  axis  one element        int32, constant; negative counts from the end
///   out    y     the same shape     like x, with its own scale and zero point
///
/// int8: as in ADD. TFLite starts an exclusive sum, and every other one, at minus the zero point instead of 0.
/// Source: TFLite Micro, CUMSUM.
struct Cumsum : Elementwise {
  static constexpr const char* kName = "cumsum";
  static constexpr int kTfliteCode = 128;
  static constexpr int kMaxVersion = 1;
  static constexpr int kOptionsType = 102;

  struct Params {
    uint8_t exclusive = 0, reverse = 0;  ///< any byte of a file: not 0 is yes
  };
  static void Fields(auto&& visit, auto& p) { visit("exclusive", 0, p.exclusive), visit("reverse", 1, p.reverse); }

  static Reason Check(const Params& params, const Call& call);
  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_CUMSUM_OP_H_
