// What the logistic function and the hyperbolic tangent share.
#ifndef THIMBLE_KERNELS_SIGMOID_H_
#define THIMBLE_KERNELS_SIGMOID_H_

#include "kernels/elementwise.h"
#include "kernels/fixed_functions.h"

namespace thimble::kernels {

/// float32; int8; or int16 with zero points 0, an output scale of 1/32768 and an input scale that TableScaleOf takes.
Reason CheckSigmoid(const Call& call, int octaves);

/// int8: `function` takes an F4 to an F0, of which the output has `bits` after the point, counted from `zero`.
void RunSigmoidBytes(const Call& call, int32_t (*function)(int32_t), int bits, int32_t zero);

/// int16, by one of the functions with a table.
void RunSigmoidWords(const Call& call, int16_t (*function)(int32_t), int octaves);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_SIGMOID_H_
