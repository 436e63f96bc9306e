// What maximum and minimum share.
#ifndef THIMBLE_KERNELS_EXTREME_H_
#define THIMBLE_KERNELS_EXTREME_H_

#include "kernels/elementwise.h"

namespace thimble::kernels {

/// Two inputs repeated to the shape of the output, all of one type but bool.
Reason CheckExtreme(const Call& call);

/// y[i] = the larger of a[i] and b[i], or the smaller.
void RunExtreme(const Call& call, bool larger);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_EXTREME_H_
