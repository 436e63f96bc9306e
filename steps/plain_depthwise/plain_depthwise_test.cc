#include <gtest/gtest.h>

#include "steps/plain_depthwise/pack.h"
#include "steps/reference_layer.h"

namespace thimble::steps {
namespace {

Convolution RandomShape(Random& random) {
  Convolution layer;
  layer.input_channels = Pick(random, 1, 9);
  layer.depth_multiplier = random.Chance(0.7) ? 1 : Pick(random, 2, 4);
  layer.output_channels = layer.input_channels * layer.depth_multiplier;
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
  return layer;
}

TEST(PlainDepthwise, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  Random random(1);
  int32_t packed_layers = 0;
  for (int32_t i = 0; i < 12000; ++i) {
    Convolution layer = RandomShape(random);
    FillRandomly(random, layer);
    const auto packed = PackPlainDepthwise(layer, Target::kCortexM0);
    if (!packed) continue;
    ++packed_layers;
    const auto input = RandomInput<int8_t>(random, layer);
    ASSERT_EQ(RunPacked<PlainDepthwise>(*packed, input, layer.output_bytes(), random.Chance(0.5)),
              Reference(layer, input))
        << "layer " << i;
  }
  EXPECT_GT(packed_layers, 10000);
}

TEST(PlainDepthwise, IsForPlainCoresAndBytes) {
  Random random(2);
  Convolution layer = RandomShape(random);
  FillRandomly(random, layer, true);
  EXPECT_FALSE(PackPlainDepthwise(layer, Target::kCortexM4));
  layer.int16 = true;
  EXPECT_FALSE(PackPlainDepthwise(layer, Target::kCortexM0));
}

TEST(PlainDepthwise, RefusesOrSurvivesDamagedParameters) {
  Random random(3);
  int32_t accepted = 0;
  for (int32_t i = 0; i < 60; ++i) {
    Convolution layer = RandomShape(random);
    FillRandomly(random, layer, true);
    const auto packed = PackPlainDepthwise(layer, Target::kCortexM0);
    ASSERT_TRUE(packed);
    accepted += RunCorrupted<PlainDepthwise>(random, *packed, layer.input_bytes(), layer.output_bytes(), 100);
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace thimble::steps
