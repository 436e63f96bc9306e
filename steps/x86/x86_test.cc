// x86_convolve and x86_depthwise at every level that this machine has, against the plainest loops.
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

#include "steps/reference_layer.h"
#include "steps/x86_convolve/pack.h"
#include "steps/x86_depthwise/pack.h"

namespace thimble::steps {
namespace {

constexpr const char* kLevelNames[] = {"plain", "AVX2", "AVX-VNNI", "AVX-512 VNNI"};

/// The step at one level, so that RunPacked and RunCorrupted run it there.
template <typename T, x86::Level kLevel>
struct At : T {
  static void Run(const typename T::Params& params, const Memory& memory) { T::RunAt(kLevel, params, memory); }
};

/// Calls visit(At<T, level>()) for each level of this machine.
template <typename T, typename Visit>
void ForEachLevel(const Visit& visit) {
  const auto at = [&]<x86::Level kLevel>(std::integral_constant<x86::Level, kLevel> /*level*/) {
    if (!x86::Has(kLevel)) return;
    SCOPED_TRACE(kLevelNames[static_cast<size_t>(kLevel)]);
    visit(At<T, kLevel>());
  };
  at(std::integral_constant<x86::Level, x86::Level::kPlain>());
  at(std::integral_constant<x86::Level, x86::Level::kAvx2>());
  at(std::integral_constant<x86::Level, x86::Level::kAvxVnni>());
  at(std::integral_constant<x86::Level, x86::Level::kAvx512Vnni>());
}

struct Axis {
  int32_t input, output, kernel, stride, dilation, pad;
};

/// Windows that lie within the padding, which is less than a filter on either side.
Axis RandomAxis(Random& random, int32_t most_input, int32_t most_kernel) {
  Axis axis{};
  axis.kernel = random.Chance(0.4) ? 1 : Pick(random, 1, most_kernel);
  axis.stride = random.Chance(0.6) ? 1 : Pick(random, 1, 3);
  axis.dilation = random.Chance(0.7) ? 1 : Pick(random, 1, 3);
  const int32_t reach = (axis.kernel - 1) * axis.dilation;
  axis.pad = random.Chance(0.5) ? 0 : Pick(random, 0, reach);
  const int32_t pad_after = random.Chance(0.5) ? 0 : Pick(random, 0, reach);
  axis.input = Pick(random, std::max(reach + 1 - axis.pad - pad_after, 1), std::max(most_input, reach + 1));
  axis.output = OutputLength(axis.input, axis.kernel, axis.stride, axis.dilation, axis.pad + pad_after);
  return axis;
}

Convolution RandomImages(Random& random) {
  Convolution layer;
  const bool column = random.Chance(0.1), row = random.Chance(0.1);
  Axis rows = RandomAxis(random, 6, 5), columns = RandomAxis(random, 12, 5);
  if (column) columns = {1, 1, 1, 1, 1, 0};
  if (row) rows = {1, 1, 1, 1, 1, 0};
  layer.input_height = rows.input, layer.output_height = rows.output, layer.kernel_height = rows.kernel;
  layer.stride_height = rows.stride, layer.dilation_height = rows.dilation, layer.pad_top = rows.pad;
  layer.input_width = columns.input, layer.output_width = columns.output, layer.kernel_width = columns.kernel;
  layer.stride_width = columns.stride, layer.dilation_width = columns.dilation, layer.pad_left = columns.pad;
  return layer;
}

Convolution RandomConvolution(Random& random) {
  Convolution layer = RandomImages(random);
  layer.input_channels = random.Chance(0.3) ? 4 * Pick(random, 1, 5) : Pick(random, 1, 19);
  layer.output_channels = random.Chance(0.1) ? Pick(random, 60, 150) : Pick(random, 1, 40);
  if (random.Chance(0.1)) {
    layer.input_channels = Pick(random, 1, 3);
    layer.depth_multiplier = Pick(random, 1, 9);
    layer.output_channels = layer.input_channels * layer.depth_multiplier;
  }
  FillRandomly(random, layer);
  return layer;
}

Convolution RandomDense(Random& random) {
  Convolution layer;
  layer.input_width = layer.output_width = random.Chance(0.7) ? 1 : Pick(random, 1, 30);
  layer.input_channels = Pick(random, 1, 200);
  layer.output_channels = Pick(random, 1, 200);
  FillRandomly(random, layer);
  return layer;
}

Convolution RandomDepthwise(Random& random) {
  Convolution layer = RandomImages(random);
  if (random.Chance(0.2)) layer.kernel_height = 1, layer.output_height = layer.input_height, layer.pad_top = 0;
  if (layer.kernel_height == 1) layer.stride_height = 1;
  layer.input_channels = layer.output_channels = random.Chance(0.2) ? Pick(random, 60, 150) : Pick(random, 1, 40);
  layer.depth_multiplier = 1;
  FillRandomly(random, layer);
  return layer;
}

/// Compares `count` layers, each at every level, and expects most of them to be taken.
template <typename T, typename Layer, typename Pack>
void Compare(uint64_t seed, int32_t count, const Layer& random_layer, const Pack& pack) {
  int32_t taken = 0;
  for (int32_t i = 0; i < count; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed + static_cast<uint64_t>(i)));
    Random random(seed + static_cast<uint64_t>(i));
    const Convolution layer = random_layer(random);
    const auto packed = pack(layer, Target::kX86);
    if (!packed) continue;
    ++taken;
    const auto input = RandomInput<int8_t>(random, layer);
    const auto expected = Reference(layer, input);
    const bool overlapping = random.Chance(0.5);
    ForEachLevel<T>([&](auto at) {
      ASSERT_EQ((RunPacked<decltype(at), int8_t>(*packed, input, layer.output_bytes(), overlapping)), expected);
    });
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(taken, count * 5 / 6);
}

constexpr int32_t kCount =
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
    12000;
#else
    1500;
#endif

TEST(X86Convolve, IsTheReferenceForRandomImages) {
  Compare<X86Convolve>(1, kCount, RandomConvolution, PackX86Convolve);
}

TEST(X86Convolve, IsTheReferenceForFullyConnectedLayers) {
  Compare<X86Convolve>(1000001, kCount / 5, RandomDense, PackX86Convolve);
}

TEST(X86Depthwise, IsTheReferenceForRandomImages) {
  Compare<X86Depthwise>(2000001, kCount, RandomDepthwise, PackX86Depthwise);
}

template <typename T, typename Layer, typename Pack>
void Corrupt(uint64_t seed, const Layer& random_layer, const Pack& pack) {
  int32_t accepted = 0;
  for (int32_t i = 0; i < kCount / 20; ++i) {
    Random random(seed + static_cast<uint64_t>(i));
    const Convolution layer = random_layer(random);
    const auto packed = pack(layer, Target::kX86);
    if (!packed) continue;
    ForEachLevel<T>([&](auto at) {
      accepted += RunCorrupted<decltype(at)>(random, *packed, layer.input_bytes(), layer.output_bytes(), 20);
    });
  }
  EXPECT_GT(accepted, 100);
}

TEST(X86Convolve, StaysInItsMemoryWhateverThePlanSays) {
  Corrupt<X86Convolve>(3000001, RandomConvolution, PackX86Convolve);
}

TEST(X86Depthwise, StaysInItsMemoryWhateverThePlanSays) {
  Corrupt<X86Depthwise>(4000001, RandomDepthwise, PackX86Depthwise);
}

/// One channel whose sum for an input of 127 is bias + 127 * 127.
Convolution OneProduct(int64_t bias, int32_t shift) {
  Convolution layer;
  layer.weights = {127};
  layer.bias = {bias};
  layer.mantissa = {0x7fffffff};
  layer.shift = {shift};
  return layer;
}

TEST(X86Convolve, RefusesSumsThatMayNotBeScaledExactly) {
  const int64_t limit = (int64_t{1} << 30) - 1 - 127 * 127;
  EXPECT_TRUE(PackX86Convolve(OneProduct(limit, -20), Target::kX86));
  EXPECT_FALSE(PackX86Convolve(OneProduct(limit + 1, -20), Target::kX86));
  EXPECT_TRUE(PackX86Convolve(OneProduct(limit / 2 - 127 * 127, 1), Target::kX86));
  EXPECT_FALSE(PackX86Convolve(OneProduct(limit / 2 + 1, 1), Target::kX86));
}

TEST(X86Convolve, IsTheReferenceAtTheLimitsOfSums) {
  for (const int64_t sign : {-1, 1}) {
    for (int32_t shift = -31; shift <= 0; ++shift) {
      for (int64_t offset = 0; offset < 300; ++offset) {
        const Convolution layer = OneProduct(sign * ((int64_t{1} << 30) - 40000 - offset), shift);
        const auto packed = PackX86Convolve(layer, Target::kX86);
        ASSERT_TRUE(packed);
        const std::vector<int8_t> input = {static_cast<int8_t>(offset % 256 - 128)};
        const auto expected = Reference(layer, input);
        ForEachLevel<X86Convolve>([&](auto at) {
          ASSERT_EQ((RunPacked<decltype(at), int8_t>(*packed, input, 1, false)), expected) << "shift " << shift;
        });
      }
    }
  }
}

TEST(X86Steps, AreForX86Alone) {
  EXPECT_FALSE(PackX86Convolve(OneProduct(0, -8), Target::kCortexM4));
  Convolution layer = OneProduct(0, -8);
  layer.depth_multiplier = 1;
  EXPECT_TRUE(PackX86Depthwise(layer, Target::kX86));
  EXPECT_FALSE(PackX86Depthwise(layer, Target::kCortexM55));
  layer.int16 = true;
  EXPECT_FALSE(PackX86Depthwise(layer, Target::kX86));
}

}  // namespace
}  // namespace thimble::steps
