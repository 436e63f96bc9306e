#include <gtest/gtest.h>

#include "steps/depthwise/pack.h"
#include "steps/reference_layer.h"

namespace thimble::steps {
namespace {

Convolution RandomShape(Random& random) {
  Convolution layer;
  layer.input_channels = Pick(random, 1, 11);
  layer.depth_multiplier = random.Chance(0.8) ? 1 : Pick(random, 2, 4);
  layer.output_channels = layer.input_channels * layer.depth_multiplier;
  layer.kernel_height = random.Chance(0.3) ? 1 : Pick(random, 2, 5);
  layer.kernel_width = random.Chance(0.8) ? Pick(random, 1, 5) : Pick(random, 6, 15);
  layer.stride_height = Pick(random, 1, 3);
  layer.stride_width = random.Chance(0.4) ? 1 : Pick(random, 2, 4);
  layer.dilation_height = random.Chance(0.2) ? Pick(random, 2, 3) : 1;
  layer.dilation_width = random.Chance(0.2) ? Pick(random, 2, 3) : 1;
  const int32_t height = (layer.kernel_height - 1) * layer.dilation_height + 1;
  const int32_t width = (layer.kernel_width - 1) * layer.dilation_width + 1;
  layer.pad_top = Pick(random, 0, height - 1);
  layer.pad_left = Pick(random, 0, width - 1);
  layer.input_height = height + Pick(random, 0, 6);
  layer.input_width = width + Pick(random, 0, 15);
  layer.output_height = OutputLength(layer.input_height, layer.kernel_height, layer.stride_height,
                                     layer.dilation_height, layer.pad_top + height / 2);
  layer.output_width = OutputLength(layer.input_width, layer.kernel_width, layer.stride_width, layer.dilation_width,
                                    layer.pad_left + width / 2);
  return layer;
}

TEST(Depthwise, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  Random random(1);
  int32_t layers_by_scale[3] = {}, in_place = 0;
  for (int32_t i = 0; i < 13000; ++i) {
    Convolution layer = RandomShape(random);
    FillRandomly(random, layer);
    const auto packed = PackDepthwise(layer, Target::kCortexM4);
    if (!packed) continue;
    ++layers_by_scale[packed->params.scale];
    in_place += packed->same_place;
    const auto input = RandomInput<int8_t>(random, layer);
    ASSERT_EQ(RunPacked<Depthwise>(*packed, input, layer.output_bytes(), random.Chance(0.5)), Reference(layer, input))
        << "layer " << i;
  }
  EXPECT_GT(layers_by_scale[0], 2000);
  EXPECT_GT(layers_by_scale[1], 5000);
  EXPECT_GT(layers_by_scale[0] + layers_by_scale[1], 10000);
  EXPECT_GT(in_place, 4000);
}

TEST(Depthwise, IsForInt8OnCoresWithTheDspExtension) {
  Random random(2);
  Convolution layer = RandomShape(random);
  FillRandomly(random, layer, true);
  EXPECT_TRUE(PackDepthwise(layer, Target::kCortexM4));
  EXPECT_FALSE(PackDepthwise(layer, Target::kCortexM0));
  layer.int16 = true;
  EXPECT_FALSE(PackDepthwise(layer, Target::kCortexM4));
}

TEST(Depthwise, RefusesOrSurvivesDamagedParameters) {
  Random random(3);
  int32_t accepted = 0;
  for (int32_t i = 0; i < 200; ++i) {
    Convolution layer = RandomShape(random);
    FillRandomly(random, layer, true);
    const auto packed = PackDepthwise(layer, Target::kCortexM4);
    ASSERT_TRUE(packed);
    accepted += RunCorrupted<Depthwise>(random, *packed, layer.input_bytes(), layer.output_bytes(), 100);
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace thimble::steps
