// What comparisons of two tensors share.
#ifndef THIMBLE_KERNELS_COMPARISON_H_
#define THIMBLE_KERNELS_COMPARISON_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// How two numbers may stand to each other, as bits of a set.
inline constexpr uint8_t kLess = 1, kSame = 2, kMore = 4, kUnordered = 8;

struct Comparison : Elementwise {
  static constexpr Sharing kSharing = Sharing::kNone;  // a bool for each number
};

/// Two inputs of one type repeated to the shape of a bool output: float32, int32, int64, or quantised; bool too if
/// `with_bool`.
Reason CheckComparison(const Call& call, bool with_bool);

/// y[i] = whether a[i] stands to b[i] in one of the ways in `accepted`. Quantised numbers are shifted left by 8 bits
/// and multiplied by their scales in fixed point, as TFLite does; numbers closer than that resolves are the same.
void Compare(const Call& call, uint8_t accepted);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_COMPARISON_H_
