// x86_convolve for each kind of x86-64 machine.
#ifndef THIMBLE_STEPS_X86_CONVOLVE_LEVELS_H_
#define THIMBLE_STEPS_X86_CONVOLVE_LEVELS_H_

#include "steps/x86_convolve/step.h"

namespace thimble::steps::x86 {

void ConvolveAvx2(const X86Convolve::Params& params, const Memory& memory);
void ConvolveAvxVnni(const X86Convolve::Params& params, const Memory& memory);
void ConvolveAvx512(const X86Convolve::Params& params, const Memory& memory);

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_CONVOLVE_LEVELS_H_
