// The tests that steps for convolutions share: random shapes, and what every such step must do with them (tests only).
#ifndef THIMBLE_STEPS_LAYER_TESTS_H_
#define THIMBLE_STEPS_LAYER_TESTS_H_

#include "steps/reference_layer.h"

namespace thimble::steps {

/// Kernel, strides, dilations, padding and the sizes of both images, all small.
inline void DrawWindow(Random& random, Convolution& layer) {
  layer.kernel_height = Pick(random, 1, 4);
  layer.kernel_width = Pick(random, 1, 4);
  layer.stride_height = Pick(random, 1, 3);
  layer.stride_width = Pick(random, 1, 3);
  layer.dilation_height = random.Chance(0.2) ? 2 : 1;
  layer.dilation_width = random.Chance(0.2) ? 2 : 1;
  const int32_t height = (layer.kernel_height - 1) * layer.dilation_height + 1;
  const int32_t width = (layer.kernel_width - 1) * layer.dilation_width + 1;
  layer.pad_top = Pick(random, 0, height - 1);
  layer.pad_left = Pick(random, 0, width - 1);
  layer.input_height = height + Pick(random, 0, 6);
  layer.input_width = width + Pick(random, 0, 6);
  layer.output_height = OutputLength(layer.input_height, layer.kernel_height, layer.stride_height,
                                     layer.dilation_height, layer.pad_top + height / 2);
  layer.output_width = OutputLength(layer.input_width, layer.kernel_width, layer.stride_width, layer.dilation_width,
                                    layer.pad_left + width / 2);
}

/// A convolution, or a fully connected layer of one row or several.
inline Convolution RandomConvolution(Random& random, Convolution layer = {}) {
  layer.input_channels = Pick(random, 1, 9);
  layer.output_channels = Pick(random, 1, 7);
  if (random.Chance(0.3)) {
    layer.input_channels = Pick(random, 1, 70);
    layer.input_width = layer.output_width = random.Chance(0.5) ? 1 : Pick(random, 2, 5);
    return layer;
  }
  DrawWindow(random, layer);
  return layer;
}

/// A depthwise convolution with one output for each input channel or, if it may multiply, sometimes up to four.
enum class Multipliers : bool { kOne, kSeveral };
inline Convolution RandomDepthwise(Random& random, Multipliers multipliers, Convolution layer = {}) {
  layer.input_channels = Pick(random, 1, 9);
  layer.depth_multiplier = multipliers == Multipliers::kOne || random.Chance(0.7) ? 1 : Pick(random, 2, 4);
  layer.output_channels = layer.input_channels * layer.depth_multiplier;
  DrawWindow(random, layer);
  return layer;
}

/// An int16 layer without a shape, with sums of 64 bits or of 32.
inline Convolution RandomInt16(Random& random) {
  Convolution layer;
  layer.int16 = true;
  layer.wide_sums = random.Chance(0.5);
  return layer;
}

/// More than 10,000 layers that `draw(random)` gives and `pack(layer)` accepts have the reference's bits, with outputs
/// that lie over their inputs and with outputs that do not.
template <typename T, typename Element>
void ExpectTheReferencesBits(auto draw, auto pack) {
  Random random(1);
  int32_t packed_layers = 0;
  for (int32_t i = 0; i < 12000; ++i) {
    Convolution layer = draw(random);
    FillRandomly(random, layer);
    const auto packed = pack(layer);
    if (!packed) continue;
    ++packed_layers;
    const auto input = RandomInput<Element>(random, layer);
    ASSERT_EQ(RunPacked<T>(*packed, input, layer.output_bytes(), random.Chance(0.5)), Reference(layer, input))
        << "layer " << i;
  }
  EXPECT_GT(packed_layers, 10000);
}

/// Damaged parameters are refused, or stay within their memory, which the address sanitizer sees.
template <typename T>
void ExpectSafetyWhenDamaged(auto draw, auto pack) {
  Random random(3);
  int32_t accepted = 0;
  for (int32_t i = 0; i < 60; ++i) {
    Convolution layer = draw(random);
    FillRandomly(random, layer, true);
    const auto packed = pack(layer);
    ASSERT_TRUE(packed);
    accepted += RunCorrupted<T>(random, *packed, layer.input_bytes(), layer.output_bytes(), 100);
  }
  EXPECT_GT(accepted, 100);
}

/// int8 layers for `target`, and nothing else.
inline void ExpectToBeForBytesOn(Target target, auto draw, auto pack) {
  Random random(2);
  Convolution layer = draw(random);
  FillRandomly(random, layer, true);
  EXPECT_FALSE(pack(layer, Target::kCortexM4));
  layer.int16 = true;
  EXPECT_FALSE(pack(layer, target));
}

/// int16 layers whose sums stay within 32 bits, and nothing else.
inline void ExpectToBeForInt16AndSumsOf32Bits(auto draw, auto pack) {
  Random random(2);
  Convolution layer = draw(random);
  FillRandomly(random, layer, true);
  EXPECT_TRUE(pack(layer));
  layer.bias[0] = INT32_MAX;
  EXPECT_FALSE(pack(layer));
  layer.bias[0] = 0;
  layer.int16 = false;
  EXPECT_FALSE(pack(layer));
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_LAYER_TESTS_H_
