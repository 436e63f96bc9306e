// The dense layer against the plain loops, bit for bit, with every kind of extreme.
#include <gtest/gtest.h>

#include "steps/dense/pack.h"
#include "steps/reference_layer.h"

namespace thimble::steps {
namespace {

Convolution Layer(Random& random, int32_t rows, int32_t inputs, int32_t outputs, bool ordinary, bool one_multiplier) {
  Convolution layer;
  layer.input_width = layer.output_width = rows;
  layer.input_channels = inputs;
  layer.output_channels = outputs;
  FillRandomly(random, layer, ordinary);
  if (one_multiplier) {
    for (int8_t& weight : layer.weights) weight = static_cast<int8_t>(Pick(random, -127, 127));
    std::fill(layer.mantissa.begin(), layer.mantissa.end(), layer.mantissa[0]);
    std::fill(layer.shift.begin(), layer.shift.end(), layer.shift[0]);
  }
  return layer;
}

Convolution RandomLayer(Random& random) {
  const int32_t rows = random.Chance(0.2) ? Pick(random, 1, 4) : 1;
  const int32_t inputs = Pick(random, 1, random.Chance(0.2) ? 200 : 40);
  const int32_t outputs = Pick(random, 1, 20);
  const bool ordinary = random.Chance(0.5);
  return Layer(random, rows, inputs, outputs, ordinary, random.Chance(0.4));
}

void ExpectTheReference(Random& random, const Convolution& layer, const Packed<Dense::Params>& packed) {
  const auto input = RandomInput<int8_t>(random, layer);
  const auto expected = Reference(layer, input);
  for (const bool overlapping : {false, true}) {
    ASSERT_EQ(RunPacked<Dense>(packed, input, layer.output_bytes(), overlapping), expected)
        << (overlapping ? "overlapping, lead " + std::to_string(packed.lead_bytes) : std::string("apart"));
  }
}

TEST(Dense, IsTheReferenceOnLayersOfEverySize) {
  int32_t packed_layers = 0, in_tiles_of_8 = 0, with_common_multiplier = 0;
  for (uint64_t seed = 0; seed < 12000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Convolution layer = RandomLayer(random);
    const auto packed = PackDense(layer, Target::kCortexM4);
    if (!packed) continue;
    ++packed_layers;
    in_tiles_of_8 += packed->params.tiles_of_8 > 0 ? 1 : 0;
    with_common_multiplier += packed->params.mantissa != 0 ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(ExpectTheReference(random, layer, *packed));
  }
  EXPECT_GT(packed_layers, 11500);
  EXPECT_GT(in_tiles_of_8, 4000);
  EXPECT_GT(with_common_multiplier, 1000);
}

TEST(Dense, KeepsOneMultiplierForAllChannelsThatShareIt) {
  Random random(4);
  const auto packed = PackDense(Layer(random, 1, 128, 128, true, true), Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_NE(packed->params.mantissa, 0);
  EXPECT_EQ(packed->constants.size(), 128u * 128 + 128 * 4);  // weights and biases, nothing else
}

TEST(Dense, TakesAConvolutionWhoseKernelIsTheImage) {
  Random random(5);
  Convolution layer;
  layer.input_height = layer.kernel_height = 3;
  layer.input_width = layer.kernel_width = 5;
  layer.input_channels = 7;
  layer.output_channels = 9;
  FillRandomly(random, layer, true);
  const auto packed = PackDense(layer, Target::kCortexM4);
  ASSERT_TRUE(packed);
  ASSERT_NO_FATAL_FAILURE(ExpectTheReference(random, layer, *packed));
  layer.pad_left = 1;
  EXPECT_FALSE(PackDense(layer, Target::kCortexM4));
}

TEST(Dense, MayEndWhereItsInputBegins) {
  Random random(6);
  const auto packed = PackDense(Layer(random, 1, 64, 32, true, true), Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->lead_bytes, 24);  // only the last tile of 8 may overwrite what all others read
}

TEST(Dense, CutsRowsWhoseSumsOutgrowTheirLanes) {
  Random random(8);
  Convolution layer = Layer(random, 2, 4000, 4, true, true);
  std::fill(layer.shift.begin(), layer.shift.end(), -12);
  const auto packed = PackDense(layer, Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_GT(packed->params.segments, 1);
  EXPECT_EQ(packed->params.tiles_of_4, 1);  // all four are paired
  for (int32_t i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(ExpectTheReference(random, layer, *packed));
}

TEST(Dense, RefusesAPlanThatWritesBehindItsOutput) {
  Random random(9);
  const Convolution layer = Layer(random, 1, 5, 3, true, true);
  auto packed = PackDense(layer, Target::kCortexM4);
  ASSERT_TRUE(packed);
  ASSERT_EQ(packed->params.tiles_of_4, 1);
  const auto is_refused = [&](int32_t number) {  // the last word of the first channel
    std::memcpy(&packed->constants[packed->constants.size() - 4 * 16 + 12], &number, sizeof number);
    const Extents extents{static_cast<uint32_t>(packed->constants.size()), 1000, 0};
    return !Dense::Check(packed->params, packed->constants.data(), extents);
  };
  EXPECT_FALSE(is_refused(2));
  EXPECT_TRUE(is_refused(3));
}

TEST(Dense, RefusesSumsThatDoNotFit) {
  Random random(7);
  Convolution layer = Layer(random, 1, 10, 4, true, true);
  layer.bias[2] = INT32_MIN;
  EXPECT_FALSE(PackDense(layer, Target::kCortexM4));
  layer.bias[2] = 0;
  EXPECT_TRUE(PackDense(layer, Target::kCortexM4));
  EXPECT_FALSE(PackDense(layer, Target::kX86));
}

TEST(Dense, RefusesOrSurvivesCorruptedPlans) {
  int32_t accepted = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const Convolution layer = RandomLayer(random);
    const auto packed = PackDense(layer, Target::kCortexM4);
    if (packed) accepted += RunCorrupted<Dense>(random, *packed, layer.input_bytes(), layer.output_bytes(), 30);
  }
  EXPECT_GT(accepted, 300);  // it is not all refused
}

}  // namespace
}  // namespace thimble::steps
