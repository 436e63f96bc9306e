#include <gtest/gtest.h>

#include "steps/depthwise_3x3/pack.h"
#include "steps/reference_layer.h"

namespace thimble::steps {
namespace {

Convolution RandomShape(Random& random) {
  Convolution layer;
  layer.input_channels = Pick(random, 1, 11);
  layer.depth_multiplier = random.Chance(0.9) ? 1 : Pick(random, 2, 3);
  layer.output_channels = layer.input_channels * layer.depth_multiplier;
  layer.kernel_height = layer.kernel_width = 3;
  layer.stride_height = layer.stride_width = Pick(random, 1, 2);
  layer.pad_top = random.Chance(0.9) ? Pick(random, 0, 1) : Pick(random, 0, 4);
  layer.pad_left = random.Chance(0.9) ? Pick(random, 0, 1) : Pick(random, 0, 4);
  layer.input_height = random.Chance(0.8) ? Pick(random, 1, 9) : Pick(random, 10, 24);
  layer.input_width = random.Chance(0.8) ? Pick(random, 1, 12) : Pick(random, 13, 24);
  layer.output_height = std::max<int32_t>(
      1, OutputLength(layer.input_height, 3, layer.stride_height, 1, layer.pad_top + Pick(random, 0, 1)));
  layer.output_width = std::max<int32_t>(
      2, OutputLength(layer.input_width, 3, layer.stride_width, 1, layer.pad_left + Pick(random, 0, 1)));
  return layer;
}

/// What a ReLU leaves.
void MakeRelu(Random& random, Convolution& layer) {
  layer.output_zero_point = layer.clamp_low = -128;
  layer.clamp_high = 127;
  for (int32_t& shift : layer.shift) shift = random.Chance(0.95) ? -Pick(random, 3, 9) : -Pick(random, 20, 31);
}

TEST(Depthwise3x3, EqualsTheReferenceInEveryBitWhereverItsOutputLies) {
  Random random(1);
  int32_t layers_by_scale[3] = {}, in_place = 0;
  for (int32_t i = 0; i < 14000; ++i) {
    Convolution layer = RandomShape(random);
    FillRandomly(random, layer, random.Chance(0.8));
    if (random.Chance(0.6)) MakeRelu(random, layer);
    const auto packed = PackDepthwise3x3(layer, Target::kCortexM4);
    if (!packed) continue;
    ++layers_by_scale[packed->params.scale];
    in_place += packed->same_place;
    const auto input = RandomInput<int8_t>(random, layer);
    ASSERT_EQ(RunPacked<Depthwise3x3>(*packed, input, layer.output_bytes(), random.Chance(0.6)),
              Reference(layer, input))
        << "layer " << i;
  }
  EXPECT_GT(layers_by_scale[1], 4000);
  EXPECT_GT(layers_by_scale[2], 5000);
  EXPECT_GT(layers_by_scale[1] + layers_by_scale[2], 10000);
  EXPECT_GT(in_place, 6000);
}

TEST(Depthwise3x3, LeavesOtherLayersToOthers) {
  Random random(2);
  Convolution layer = RandomShape(random);
  FillRandomly(random, layer, true);
  MakeRelu(random, layer);
  layer.shift.assign(layer.shift.size(), -5);
  EXPECT_TRUE(PackDepthwise3x3(layer, Target::kCortexM4));
  EXPECT_FALSE(PackDepthwise3x3(layer, Target::kCortexM0));
  const auto refused = [&](auto change) {
    Convolution changed = layer;
    change(changed);
    return !PackDepthwise3x3(changed, Target::kCortexM4);
  };
  EXPECT_TRUE(refused([](Convolution& l) { l.clamp_high = 100; }));
  EXPECT_TRUE(refused([](Convolution& l) { l.shift[0] = 1; }));
  EXPECT_TRUE(refused([](Convolution& l) { l.dilation_width = 2; }));
  EXPECT_TRUE(refused([](Convolution& l) { l.stride_height = 3; }));
  EXPECT_TRUE(refused([](Convolution& l) { l.int16 = true; }));
  EXPECT_TRUE(refused([](Convolution& l) { l.bias[0] = int64_t{1} << 30; }));
}

TEST(Depthwise3x3, RefusesOrSurvivesDamagedParameters) {
  Random random(3);
  int32_t accepted = 0;
  for (int32_t i = 0; i < 200; ++i) {
    Convolution layer = RandomShape(random);
    FillRandomly(random, layer, true);
    if (random.Chance(0.5)) MakeRelu(random, layer);
    const auto packed = PackDepthwise3x3(layer, Target::kCortexM4);
    if (!packed) continue;
    accepted += RunCorrupted<Depthwise3x3>(random, *packed, layer.input_bytes(), layer.output_bytes(), 100);
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace thimble::steps
