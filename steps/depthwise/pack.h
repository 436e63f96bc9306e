// Whether and how `depthwise` does a layer, and what packers of depthwise steps share (host only).
#ifndef THIMBLE_STEPS_DEPTHWISE_PACK_H_
#define THIMBLE_STEPS_DEPTHWISE_PACK_H_

#include <array>
#include <optional>
#include <vector>

#include "steps/depthwise/step.h"
#include "steps/packing.h"
#include "steps/requantise.h"

namespace thimble::steps {

/// Nothing unless the layer is depthwise, int8, for kCortexM4, and when requantisation would not be exact.
std::optional<Packed<Depthwise::Params>> PackDepthwise(const Convolution& layer, Target target);

/// Whether slabs can do a layer, and everything in `params` that follows from it; slab_rows, slab_words, scale and the
/// offsets remain.
bool DescribeSlabs(const Convolution& layer, DepthwiseParams& params);

/// Weights [K, L] of output channel `o`.
std::vector<int32_t> ChannelWeights(const Convolution& layer, int32_t o);

/// Bias and zero point of output channel `o` in one number that is added to sum(x * w).
int64_t FoldedBias(const Convolution& layer, int32_t o);

/// What that comes to: the lowest and the highest for any int8 input.
SumRange ChannelSums(const Convolution& layer, int32_t o);

/// Two weights times `factor` as the two int16 of a word.
uint32_t WeightPair(int32_t left, int32_t right, int32_t factor);

/// Scratch, overlap, and the cycles of everything but the sums.
Packed<DepthwiseParams> FinishSlabs(const DepthwiseParams& params, std::vector<std::byte> constants);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_DEPTHWISE_PACK_H_
