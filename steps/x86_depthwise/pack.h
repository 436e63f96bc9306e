// Packs layers for x86_depthwise (host only).
#ifndef THIMBLE_STEPS_X86_DEPTHWISE_PACK_H_
#define THIMBLE_STEPS_X86_DEPTHWISE_PACK_H_

#include <optional>

#include "steps/packing.h"
#include "steps/x86_depthwise/step.h"

namespace thimble::steps {

/// For kX86: int8 depthwise convolutions with as many outputs as inputs. Nothing if a sum could pass 2^30 before it is
/// scaled.
std::optional<Packed<X86Depthwise::Params>> PackX86Depthwise(const Convolution& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_X86_DEPTHWISE_PACK_H_
