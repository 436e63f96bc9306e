#include <gtest/gtest.h>

#include "kernels/average_pool_2d/op.h"
#include "kernels/max_pool_2d/op.h"
#include "kernels/mean/op.h"
#include "steps/pool/pack.h"
#include "steps/reference_layer.h"

namespace thimble::steps {
namespace {

int64_t InputBytes(const Pooling& layer) { return int64_t{layer.input_height} * layer.input_width * layer.channels; }
int64_t OutputBytes(const Pooling& layer) { return int64_t{layer.output_height} * layer.output_width * layer.channels; }

std::vector<int8_t> RandomBytes(Random& random, int64_t count) {
  const int32_t kind = Pick(random, 0, 9);
  std::vector<int8_t> bytes(static_cast<size_t>(count));
  for (int8_t& byte : bytes) {
    byte = static_cast<int8_t>(kind == 0 ? -128 : kind == 1 ? 127 : Pick(random, -128, 127));
  }
  return bytes;
}

/// By the plainest loops.
std::vector<int8_t> Expected(const Pooling& layer, const std::vector<int8_t>& input) {
  std::vector<int8_t> output;
  for (int32_t i = 0; i < layer.output_height; ++i) {
    for (int32_t j = 0; j < layer.output_width; ++j) {
      for (int32_t c = 0; c < layer.channels; ++c) {
        int32_t pixels = 0, sum = 0, largest = -128;
        for (int32_t k = 0; k < layer.kernel_height; ++k) {
          for (int32_t l = 0; l < layer.kernel_width; ++l) {
            const int32_t row = i * layer.stride_height + k - layer.pad_top;
            const int32_t column = j * layer.stride_width + l - layer.pad_left;
            if (row < 0 || row >= layer.input_height || column < 0 || column >= layer.input_width) continue;
            const int32_t x{input[size_t((row * layer.input_width + column) * layer.channels + c)]};
            ++pixels;
            sum += x;
            largest = std::max(largest, x);
          }
        }
        int32_t y = largest;
        if (layer.kind == Pooling::Kind::kAverage) y = (sum > 0 ? sum + pixels / 2 : sum - pixels / 2) / pixels;
        if (layer.kind == Pooling::Kind::kMean) {
          y = Scale(sum - pixels * layer.input_zero_point, layer.multiplier) + layer.output_zero_point;
        }
        output.push_back(static_cast<int8_t>(Clamp(y, layer.clamp_low, layer.clamp_high)));
      }
    }
  }
  return output;
}

Pooling RandomLayer(Random& random) {
  Pooling layer;
  layer.kind = static_cast<Pooling::Kind>(Pick(random, 0, 2));
  layer.channels = Pick(random, 1, 13);
  const bool large = random.Chance(0.05);
  layer.kernel_height = large ? Pick(random, 10, 25) : Pick(random, 1, 5);
  layer.kernel_width = large ? Pick(random, 10, 25) : Pick(random, 1, 5);
  layer.stride_height = Pick(random, 1, 3);
  layer.stride_width = Pick(random, 1, 3);
  if (layer.kind == Pooling::Kind::kMean) {
    layer.input_height = layer.kernel_height + Pick(random, 0, 3);
    layer.input_width = layer.kernel_width + Pick(random, 0, 3);
    layer.output_height = OutputLength(layer.input_height, layer.kernel_height, layer.stride_height, 1, 0);
    layer.output_width = OutputLength(layer.input_width, layer.kernel_width, layer.stride_width, 1, 0);
    layer.input_zero_point = Pick(random, -128, 127);
    layer.output_zero_point = Pick(random, -128, 127);
    layer.multiplier = WithDivisor({Pick(random, 0x40000000, 0x7fffffff), Pick(random, -2, 2)},
                                   layer.kernel_height * layer.kernel_width);
  } else {
    layer.pad_top = Pick(random, 0, layer.kernel_height - 1);
    layer.pad_left = Pick(random, 0, layer.kernel_width - 1);
    layer.input_height = layer.kernel_height + Pick(random, 0, 6);
    layer.input_width = layer.kernel_width + Pick(random, 0, 6);
    layer.output_height = (layer.input_height + layer.pad_top - 1) / layer.stride_height + 1;
    layer.output_width = (layer.input_width + layer.pad_left - 1) / layer.stride_width + 1;
  }
  if (random.Chance(0.2)) {
    layer.clamp_low = Pick(random, -128, 126);
    layer.clamp_high = Pick(random, layer.clamp_low, 127);
  }
  return layer;
}

TEST(Pool, EqualsThePlainLoopsInEveryBitWhereverItsOutputLies) {
  Random random(1);
  for (int32_t i = 0; i < 12000; ++i) {
    const Pooling layer = RandomLayer(random);
    const auto packed = PackPool(layer, Target::kCortexM4);
    ASSERT_TRUE(packed) << "layer " << i;
    const auto input = RandomBytes(random, InputBytes(layer));
    ASSERT_EQ(RunPacked<Pool>(*packed, input, OutputBytes(layer), random.Chance(0.5)), Expected(layer, input))
        << "layer " << i;
  }
}

/// What an operator makes of `input`.
template <typename T>
std::vector<int8_t> RunOperator(const typename T::Params& params, std::vector<int8_t> input,
                                const std::vector<int32_t>& in, const std::vector<int32_t>& out, float in_scale,
                                int32_t in_zero_point, float out_scale, int32_t out_zero_point, bool axes) {
  using kernels::Tensor;
  size_t bytes = 1;
  for (const int32_t length : out) bytes *= size_t(length);
  std::vector<int8_t> output(bytes);
  Tensor x, y, of_axes;
  x.data = input.data();
  x.shape = {in.data(), 4};
  x.scales = &in_scale;
  y.data = output.data();
  y.shape = {out.data(), 4};
  y.scales = &out_scale;
  x.scale_count = y.scale_count = 1;
  x.zero_point = in_zero_point;
  y.zero_point = out_zero_point;
  x.type = y.type = kernels::Type::kInt8;
  int32_t rows_and_columns[] = {1, 2};
  const int32_t count = 2;
  of_axes.data = rows_and_columns;
  of_axes.shape = {&count, 1};
  of_axes.type = kernels::Type::kInt32;
  of_axes.constant = true;
  const Tensor inputs[] = {x, of_axes}, outputs[] = {y};
  const kernels::Call call{std::span(inputs).first(axes ? 2 : 1), outputs, nullptr};
  EXPECT_STREQ(kernels::Sentence(T::Check(params, call)), kernels::Sentence(kernels::Reason::kNone));
  T::RunReference(params, call);
  return output;
}

TEST(Pool, EqualsTheOperators) {
  Random random(2);
  for (int32_t i = 0; i < 500; ++i) {
    Pooling layer = RandomLayer(random);
    layer.clamp_low = -128;
    layer.clamp_high = 127;
    if (layer.kind == Pooling::Kind::kMean) {
      layer.kernel_height = layer.input_height;
      layer.kernel_width = layer.input_width;
      layer.output_height = layer.output_width = 1;
    } else {  // SAME
      const kernels::Axis rows{layer.input_height, (layer.input_height - 1) / layer.stride_height + 1,
                               layer.kernel_height, layer.stride_height};
      const kernels::Axis columns{layer.input_width, (layer.input_width - 1) / layer.stride_width + 1,
                                  layer.kernel_width, layer.stride_width};
      layer.output_height = rows.output;
      layer.output_width = columns.output;
      layer.pad_top = rows.Before();
      layer.pad_left = columns.Before();
    }
    const float in_scale = 0.03f, out_scale = layer.kind == Pooling::Kind::kMean ? 0.02f : in_scale;
    if (layer.kind != Pooling::Kind::kMean) layer.output_zero_point = layer.input_zero_point;
    layer.multiplier = WithDivisor(QuantiseRatio(in_scale, 1, out_scale), layer.kernel_height * layer.kernel_width);
    const auto packed = PackPool(layer, Target::kCortexM4);
    ASSERT_TRUE(packed);
    const auto input = RandomBytes(random, InputBytes(layer));
    const std::vector<int32_t> in = {1, layer.input_height, layer.input_width, layer.channels};
    const std::vector<int32_t> out = {1, layer.output_height, layer.output_width, layer.channels};
    const kernels::PoolingParams params{kernels::Padding::kSame, kernels::Activation::kNone, layer.stride_width,
                                        layer.stride_height,     layer.kernel_width,         layer.kernel_height};
    const auto run = [&]<typename T>(const typename T::Params& options, bool axes) {
      return RunOperator<T>(options, input, in, out, in_scale, layer.input_zero_point, out_scale,
                            layer.output_zero_point, axes);
    };
    const auto expected = layer.kind == Pooling::Kind::kMean ? run.operator()<kernels::Mean>({1}, true)
                          : layer.kind == Pooling::Kind::kAverage
                              ? run.operator()<kernels::AveragePool2d>(params, false)
                              : run.operator()<kernels::MaxPool2d>(params, false);
    ASSERT_EQ(RunPacked<Pool>(*packed, input, OutputBytes(layer), true), expected) << "layer " << i;
  }
}

TEST(Pool, RefusesOrSurvivesDamagedParameters) {
  Random random(3);
  int32_t accepted = 0;
  for (int32_t i = 0; i < 200; ++i) {
    const Pooling layer = RandomLayer(random);
    const auto packed = PackPool(layer, Target::kCortexM4);
    ASSERT_TRUE(packed);
    accepted += RunCorrupted<Pool>(random, *packed, InputBytes(layer), OutputBytes(layer), 100);
  }
  EXPECT_GT(accepted, 1000);
}

TEST(Pool, RefusesWindowsWithoutAPixel) {
  Pooling layer;
  layer.kind = Pooling::Kind::kAverage;
  layer.kernel_height = layer.kernel_width = layer.input_height = layer.input_width = 2;
  EXPECT_TRUE(PackPool(layer, Target::kCortexM4));
  layer.pad_top = 2;
  EXPECT_FALSE(PackPool(layer, Target::kCortexM4));
  layer.pad_top = 0;
  layer.output_width = 3;
  EXPECT_FALSE(PackPool(layer, Target::kCortexM4));
}

}  // namespace
}  // namespace thimble::steps
