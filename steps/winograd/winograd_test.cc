#include <gtest/gtest.h>

#include "steps/reference_layer.h"
#include "steps/winograd/pack.h"

namespace thimble::steps {
namespace {

Convolution Shape(int32_t height, int32_t width, int32_t inputs, int32_t outputs) {
  Convolution layer;
  layer.kernel_height = layer.kernel_width = 3;
  layer.pad_top = layer.pad_left = 1;
  layer.input_height = layer.output_height = height;
  layer.input_width = layer.output_width = width;
  layer.input_channels = inputs;
  layer.output_channels = outputs;
  return layer;
}

Convolution RandomLayer(Random& random) {
  Convolution layer = Shape(Pick(random, 3, 13), Pick(random, 3, 22), 4 * Pick(random, 1, random.Chance(0.1) ? 18 : 6),
                            2 * Pick(random, 1, 4));
  layer.pad_top = Pick(random, 0, 1);
  layer.pad_left = Pick(random, 0, 1);
  layer.output_height = OutputLength(layer.input_height, 3, 1, 1, layer.pad_top + Pick(random, 0, 1));
  layer.output_width = OutputLength(layer.input_width, 3, 1, 1, layer.pad_left + Pick(random, 0, 1));
  FillRandomly(random, layer, random.Chance(0.8));
  return layer;
}

std::vector<Packed<Winograd::Params>> Pack(const Convolution& layer) { return PackWinograd(layer, Target::kCortexM4); }

// Every sum as large as the weights and biases allow, all outputs different from the limits.
Convolution LargestSums(int32_t inputs, int64_t bias) {
  Convolution layer = Shape(6, 6, inputs, 2);
  layer.input_zero_point = -128;
  layer.weights.assign(static_cast<size_t>(9 * inputs * 2), 127);
  layer.bias = {bias, -bias};
  layer.mantissa = {0x5abcdef1, 0x7fffffff};
  layer.shift = {-18, -19};
  return layer;
}

TEST(Winograd, GivesTheBitsOfTheReferenceInEveryWay) {
  Random random(1);
  int compared = 0, layers = 0;
  for (int i = 0; compared < 12000; ++i) {
    const Convolution layer = RandomLayer(random);
    const auto candidates = Pack(layer);
    if (candidates.empty()) continue;
    ++layers;
    const std::vector<int8_t> input = RandomInput<int8_t>(random, layer);
    const std::vector<int8_t> expected = Reference(layer, input);
    for (const auto& packed : candidates) {
      ASSERT_EQ(RunPacked<Winograd>(packed, input, layer.output_bytes(), random.Chance(0.7)), expected)
          << "layer " << i << ", tile " << packed.params.tile << ", transform " << packed.params.transform;
      ++compared;
    }
  }
  EXPECT_GT(layers, 500);
}

TEST(Winograd, IsExactAtTheLargestSumsThatItAccepts) {
  constexpr int32_t kInputs = 112;
  constexpr int64_t kSum = int64_t{9} * kInputs * 255 * 127;
  const int64_t room = (int64_t{1} << 25) - 1 - kSum;
  const Convolution layer = LargestSums(kInputs, room);
  const auto candidates = Pack(layer);
  ASSERT_FALSE(candidates.empty());
  EXPECT_EQ(candidates.front().params.tile, 4);
  const std::vector<int8_t> input(static_cast<size_t>(layer.input_bytes()), 127);
  const std::vector<int8_t> expected = Reference(layer, input);
  for (const auto& packed : candidates) {
    EXPECT_EQ(RunPacked<Winograd>(packed, input, layer.output_bytes(), true), expected);
  }
  // One more, and tiles of 4 x 4 are no longer offered.
  for (const auto& packed : Pack(LargestSums(kInputs, room + 1))) EXPECT_EQ(packed.params.tile, 2);
  EXPECT_TRUE(Pack(LargestSums(kInputs, int64_t{1} << 29)).empty());
}

TEST(Winograd, IsOfferedOnlyWhereItApplies) {
  const auto offered = [](void (*change)(Convolution&)) {
    Random random(2);
    Convolution layer = Shape(8, 8, 8, 4);
    FillRandomly(random, layer, true);
    std::fill(layer.shift.begin(), layer.shift.end(), -9);
    std::fill(layer.weights.begin(), layer.weights.end(), int8_t{3});
    change(layer);
    return !Pack(layer).empty();
  };
  EXPECT_TRUE(offered([](Convolution&) {}));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.stride_width = 2; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.dilation_height = 2; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.kernel_width = 1; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.pad_top = 2; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.input_height = 7; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.input_channels = 6; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.output_channels = 3; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.depth_multiplier = 1; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.int16 = true; }));
  EXPECT_FALSE(offered([](Convolution& layer) { layer.shift[1] = 0; }));
}

// What a person trades: RAM for cycles, with and without transforms in flash.
TEST(Winograd, OffersFasterWaysForMoreMemory) {
  Random random(3);
  Convolution layer = Shape(32, 32, 16, 16);
  FillRandomly(random, layer, true);
  std::fill(layer.shift.begin(), layer.shift.end(), -9);
  const auto candidates = Pack(layer);
  ASSERT_GT(candidates.size(), 4u);
  for (size_t i = 3; i < candidates.size() && candidates[i].params.tile == 4; ++i) {
    EXPECT_GT(candidates[i].scratch_bytes, candidates[i - 1].scratch_bytes);
    EXPECT_LT(candidates[i].cycles, candidates[i - 1].cycles);
  }
  EXPECT_EQ(candidates.front().params.transform, Winograd::kOffline);
  EXPECT_EQ(candidates.front().constants.size(), 16u * 16 + 16 * 16 * 36 * 2);
  EXPECT_EQ(candidates.back().params.tile, 2);
  // The output follows the input one block of tiles and one row behind.
  EXPECT_EQ(candidates.back().lead_bytes, (2 * 32 + 1) * 16);
  EXPECT_EQ(candidates.back().scratch_bytes, 16 * 16 * 2 * 4);
}

TEST(Winograd, RefusesParametersThatLeaveTheImageOrTheMemory) {
  Random random(5);
  Convolution layer = Shape(8, 8, 8, 4);
  FillRandomly(random, layer, true);
  std::fill(layer.shift.begin(), layer.shift.end(), -9);
  const auto candidates = Pack(layer);
  ASSERT_FALSE(candidates.empty());
  const auto accepted = [&](const Packed<Winograd::Params>& packed, int32_t Winograd::Params::*member, int32_t value) {
    Winograd::Params params = packed.params;
    params.output = 1024;
    params.scratch = 4096;
    params.*member = value;
    const ExactBytes constants(packed.constants);
    return Winograd::Check(params, constants.data(), {static_cast<uint32_t>(constants.size()), 1 << 20, 0});
  };
  for (const auto& packed : candidates) {
    EXPECT_TRUE(accepted(packed, &Winograd::Params::output, 512));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::output_height, 9));  // two rows below the image
    EXPECT_FALSE(accepted(packed, &Winograd::Params::output_width, 9));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::output_height, 1));  // less than a tile
    EXPECT_FALSE(accepted(packed, &Winograd::Params::pad_top, 0));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::pad_left, 2));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::input_height, 7));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::tile, 3));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::transform, 3));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::blocks, 0));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::blocks, Winograd::kMostBlocks + 1));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::input_channels, 20));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::output_channels, 6));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::constants, 16));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::scratch, (1 << 20) - 16));
    EXPECT_FALSE(accepted(packed, &Winograd::Params::input, 2));
  }
}

TEST(Winograd, SurvivesCorruptedParameters) {
  Random random(4);
  int32_t accepted = 0;
  for (int i = 0; i < 40; ++i) {
    const Convolution layer = RandomLayer(random);
    for (const auto& packed : Pack(layer)) {
      accepted += RunCorrupted<Winograd>(random, packed, layer.input_bytes(), layer.output_bytes(), 40);
    }
  }
  EXPECT_GT(accepted, 200);
}

}  // namespace
}  // namespace thimble::steps
