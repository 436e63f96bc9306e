// 3 x 3 convolutions of stride 1 by Winograd's minimal filtering, in integers and exact.
#ifndef THIMBLE_STEPS_WINOGRAD_STEP_H_
#define THIMBLE_STEPS_WINOGRAD_STEP_H_

#include "steps/step.h"

namespace thimble::steps {

/// y[i, j, o] = clamp(scale_o(bias[o] + sum x * w) + zero point), int8, NHWC, as steps/packing.h's Convolution has it;
/// channels in multiples of 4, channels out of 2.
///
/// Tiles of T x T outputs (T = 2 or 4) cost (T + 2)^2 multiplications for each pair of channels instead of 9 T^2: for
/// P = (T + 2)^2 positions, M[p] = sum_c U[p, c] * V[p, c], where V is the transform of (T + 2)^2 inputs and U that of
/// the 3 x 3 weights. The rows of the weights' transform are scaled to integers; everything up to M and the outputs is
/// arithmetic modulo 2^32, so only a scaled output must fit in 32 bits: 4 times the sum for T = 2, 576 times for T = 4,
/// where a multiplication with 1/9 modulo 2^32 leaves 64 times. Tiles at the lower and right edges are moved inwards
/// and compute some outputs again. Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016,
/// F(2x2,3x3) and F(4x4,3x3).
///
/// Four tiles are a block. U comes from flash, or is computed from int8 weights: once, for all channels, or for two
/// channels out at a time and then used for `blocks` blocks, whose V is held meanwhile. With C the channels in up to a
/// multiple of 16, two bytes for each number:
///
///   V        [blocks, P, C / 2, 4 tiles, 2 channels]
///   U        [O / 2, C / 16, P, 8, 2 outputs, 2 channels], or one O / 2 of it; 2 channels are (c, c + 2) in turn with
///            (c + 1, c + 3), which is what SXTB16 makes of a word
///   scratch  V, then U if it is computed
///   constants  for each output: bias * T-dependent factor, mantissa, half, shift; then U, or the weights
///              [O / 2, input channels / 4, 2 outputs, 9, 4 channels] int8
///
/// The output may overlap what no later block reads.
struct Winograd {
  static constexpr const char* kName = "winograd";
  static constexpr uint16_t kNumber = 10;

  /// Where U comes from: Params::transform.
  enum Transform : int32_t { kOffline = 0, kOnce = 1, kPerPair = 2 };
  static constexpr int32_t kMostBlocks = 8;

  struct Params {
    int32_t input, output, scratch, constants;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t pad_top, pad_left;  ///< 0 or 1
    int32_t pad_value;          ///< the input's zero point
    int32_t tile;               ///< 2 or 4
    int32_t transform;
    int32_t blocks;
    int32_t clamp_low, clamp_high;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("input", params.input);
    visit("output", params.output);
    visit("scratch", params.scratch);
    visit("constants", params.constants);
    visit("input_height", params.input_height);
    visit("input_width", params.input_width);
    visit("input_channels", params.input_channels);
    visit("output_height", params.output_height);
    visit("output_width", params.output_width);
    visit("output_channels", params.output_channels);
    visit("pad_top", params.pad_top);
    visit("pad_left", params.pad_left);
    visit("pad_value", params.pad_value);
    visit("tile", params.tile);
    visit("transform", params.transform);
    visit("blocks", params.blocks);
    visit("clamp_low", params.clamp_low);
    visit("clamp_high", params.clamp_high);
  }

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  static void Run(const Params& params, const Memory& memory);
};

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_WINOGRAD_STEP_H_
