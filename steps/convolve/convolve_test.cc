// The convolution against the plain loops, bit for bit, on layers of every shape and with every kind of extreme.
#include <gtest/gtest.h>

#include "steps/convolve/pack.h"
#include "steps/convolve_relu/pack.h"
#include "steps/reference_layer.h"

namespace thimble::steps {
namespace {

struct Limits {
  int32_t image = 7, channels = 9, outputs = 10, kernel = 4, stride = 3, dilation = 2;
};

Convolution RandomLayer(Random& random, const Limits& limits = {}) {
  Convolution layer;
  const bool pointwise = random.Chance(0.3);
  const auto axis = [&](int32_t& input, int32_t& output, int32_t& kernel, int32_t& stride, int32_t& dilation,
                        int32_t& pad) {
    do {
      input = Pick(random, 1, limits.image);
      kernel = pointwise ? 1 : Pick(random, 1, limits.kernel);
      stride = random.Chance(0.5) ? 1 : Pick(random, 1, limits.stride);
      dilation = random.Chance(0.7) ? 1 : Pick(random, 1, limits.dilation);
      pad = pointwise ? 0 : Pick(random, 0, (kernel - 1) * dilation);
      output = OutputLength(input, kernel, stride, dilation, pad + Pick(random, 0, pad));
    } while (input + 2 * pad < (kernel - 1) * dilation + 1 || output < 1);
  };
  axis(layer.input_height, layer.output_height, layer.kernel_height, layer.stride_height, layer.dilation_height,
       layer.pad_top);
  axis(layer.input_width, layer.output_width, layer.kernel_width, layer.stride_width, layer.dilation_width,
       layer.pad_left);
  layer.input_channels = Pick(random, 1, limits.channels);
  layer.output_channels = Pick(random, 1, limits.outputs);
  FillRandomly(random, layer, random.Chance(0.5));
  return layer;
}

template <typename T = Convolve>
void ExpectTheReference(Random& random, const Convolution& layer, const Packed<Convolve::Params>& packed) {
  const auto input = RandomInput<int8_t>(random, layer);
  const auto expected = Reference(layer, input);
  for (const bool overlapping : {false, true}) {
    ASSERT_EQ(RunPacked<T>(packed, input, layer.output_bytes(), overlapping), expected)
        << (overlapping ? "overlapping, lead " + std::to_string(packed.lead_bytes) : std::string("apart"));
  }
}

TEST(Convolve, IsTheReferenceOnLayersOfEveryShape) {
  int32_t packed_layers = 0;
  for (uint64_t seed = 0; seed < 12000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Convolution layer = RandomLayer(random);
    const auto packed = PackConvolve(layer, Target::kCortexM4);
    if (!packed) continue;
    ++packed_layers;
    ASSERT_NO_FATAL_FAILURE(ExpectTheReference(random, layer, *packed));
  }
  EXPECT_GT(packed_layers, 11500);
}

Convolution Pointwise(int32_t pixels, int32_t inputs, int32_t outputs) {
  Convolution layer;
  layer.input_height = layer.output_height = pixels;
  layer.input_channels = inputs;
  layer.output_channels = outputs;
  Random random(1);
  FillRandomly(random, layer, true);
  return layer;
}

/// A layer of random shape as networks have it: most channels behind a ReLU, some of them always the same.
Convolution RandomReluLayer(Random& random, const Limits& limits = {}) {
  Convolution layer = RandomLayer(random, limits);
  layer.output_zero_point = -128;
  layer.clamp_low = -128, layer.clamp_high = 127;
  for (int32_t& shift : layer.shift) {
    if (shift > -6 && random.Chance(0.9)) shift = -Pick(random, 6, 9);
  }
  return layer;
}

TEST(ConvolveRelu, IsTheReferenceOnLayersOfEveryShape) {
  int32_t packed_layers = 0, with_general_tiles = 0;
  for (uint64_t seed = 0; seed < 12000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Convolution layer = RandomReluLayer(random, seed % 30 == 0 ? Limits{5, 100, 12, 3, 2, 1} : Limits{});
    const auto packed = PackConvolveRelu(layer, Target::kCortexM4);
    if (!packed) continue;
    ++packed_layers;
    with_general_tiles += packed->params.general_tiles > 0 ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(ExpectTheReference<ConvolveRelu>(random, layer, *packed));
  }
  EXPECT_GT(packed_layers, 6000);
  EXPECT_GT(with_general_tiles, 3000);
}

TEST(ConvolveRelu, LeavesSingleChannelsToGeneralTiles) {
  Random random(7);
  Convolution layer = Pointwise(5, 9, 8);
  layer.output_zero_point = -128;
  for (int8_t& weight : layer.weights) weight = static_cast<int8_t>(Pick(random, -127, 127));
  std::fill(layer.bias.begin(), layer.bias.end(), 0);
  std::fill(layer.mantissa.begin(), layer.mantissa.end(), 0x5f000000);
  std::fill(layer.shift.begin(), layer.shift.end(), -8);
  layer.shift[2] = -1;
  const auto packed = PackConvolveRelu(layer, Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->params.common_tiles, 2);
  EXPECT_EQ(packed->params.general_tiles, 1);
  ASSERT_NO_FATAL_FAILURE(ExpectTheReference<ConvolveRelu>(random, layer, *packed));
  layer.output_zero_point = -127;
  EXPECT_FALSE(PackConvolveRelu(layer, Target::kCortexM4));
  layer.output_zero_point = -128;
  layer.clamp_high = 126;
  EXPECT_FALSE(PackConvolveRelu(layer, Target::kCortexM4));
}

TEST(Convolve, IsTheReferenceOnDeepWindows) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Convolution layer = RandomLayer(random, {5, 200, 12, 3, 2, 1});
    const auto packed = PackConvolve(layer, Target::kCortexM4);
    if (!packed) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectTheReference(random, layer, *packed));
  }
}

TEST(Convolve, WorksInPlaceWhereChannelsStayAsMany) {
  const auto packed = PackConvolve(Pointwise(25, 64, 64), Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->lead_bytes, 0);
  EXPECT_EQ(packed->scratch_bytes, 256);
}

TEST(Convolve, TakesWhatHasNoPartnerInGeneralTiles) {
  Random random(3);
  Convolution layer = Pointwise(3, 5, 7);
  std::fill(layer.weights.begin(), layer.weights.end(), -128);
  const auto packed = PackConvolve(layer, Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->params.common_tiles, 0);
  EXPECT_EQ(packed->params.general_tiles, 4);  // each channel alone in its pair
  ASSERT_NO_FATAL_FAILURE(ExpectTheReference(random, layer, *packed));
}

TEST(Convolve, KeepsSumsThatOutgrowTheirLanesAlone) {
  Random random(4);
  Convolution layer = Pointwise(3, 600, 8);
  std::fill(layer.weights.begin(), layer.weights.end(), 127);  // 600 * 127 * 127 is more than 2^23
  std::fill(layer.mantissa.begin(), layer.mantissa.end(), 0x50000000);
  std::fill(layer.shift.begin(), layer.shift.end(), -17);
  layer.input_zero_point = 0;
  const auto packed = PackConvolve(layer, Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->params.general_tiles, 4);
  for (const int8_t extreme : {-128, 127}) {
    const std::vector<int8_t> input(size_t(layer.input_bytes()), extreme);
    EXPECT_EQ(RunPacked<Convolve>(*packed, input, layer.output_bytes(), false), Reference(layer, input));
  }
}

TEST(Convolve, RefusesSumsThatDoNotFit) {
  Convolution layer = Pointwise(3, 5, 4);
  layer.bias[2] = INT32_MAX;
  EXPECT_FALSE(PackConvolve(layer, Target::kCortexM4));
  layer.bias[2] = 0;
  EXPECT_TRUE(PackConvolve(layer, Target::kCortexM4));
  EXPECT_FALSE(PackConvolve(layer, Target::kCortexM0));
}

TEST(Convolve, RefusesOrSurvivesCorruptedPlans) {
  int32_t accepted = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const Convolution layer = RandomLayer(random, {5, 5, 6, 3, 2, 2});
    const auto packed = PackConvolve(layer, Target::kCortexM4);
    if (packed) accepted += RunCorrupted<Convolve>(random, *packed, layer.input_bytes(), layer.output_bytes(), 30);
  }
  EXPECT_GT(accepted, 300);  // it is not all refused
}

TEST(ConvolveRelu, RefusesOrSurvivesCorruptedPlans) {
  int32_t accepted = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const Convolution layer = RandomReluLayer(random, {5, 5, 6, 3, 2, 2});
    const auto packed = PackConvolveRelu(layer, Target::kCortexM4);
    if (packed) accepted += RunCorrupted<ConvolveRelu>(random, *packed, layer.input_bytes(), layer.output_bytes(), 30);
  }
  EXPECT_GT(accepted, 200);
}

}  // namespace
}  // namespace thimble::steps
