// What logical operators share.
#ifndef THIMBLE_KERNELS_LOGICAL_H_
#define THIMBLE_KERNELS_LOGICAL_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// One or two bool inputs, repeated to the shape of the bool output.
Reason CheckLogical(const Call& call, size_t inputs);

/// y[i] = bit a[i] + 2 b[i] of `table`; without b, bit a[i]. Every byte but 0 is true.
void RunLogical(const Call& call, uint8_t table);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_LOGICAL_H_
