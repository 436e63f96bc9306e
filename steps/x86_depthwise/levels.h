// x86_depthwise for each kind of x86-64 machine.
#ifndef THIMBLE_STEPS_X86_DEPTHWISE_LEVELS_H_
#define THIMBLE_STEPS_X86_DEPTHWISE_LEVELS_H_

#include "steps/x86_depthwise/step.h"

namespace thimble::steps::x86 {

void DepthwiseAvx2(const X86Depthwise::Params& params, const Memory& memory);
void DepthwiseAvxVnni(const X86Depthwise::Params& params, const Memory& memory);
void DepthwiseAvx512(const X86Depthwise::Params& params, const Memory& memory);

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_DEPTHWISE_LEVELS_H_
