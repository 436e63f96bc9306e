// Random calls of the operators that add up products, and of pooling, in every element type, against the same operator
// in real numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "kernels/average_pool_2d/op.h"
#include "kernels/batch_matmul/op.h"
#include "kernels/conv_2d/op.h"
#include "kernels/depthwise_conv_2d/op.h"
#include "kernels/fully_connected/op.h"
#include "kernels/max_pool_2d/op.h"
#include "kernels/svdf/op.h"
#include "kernels/transpose_conv/op.h"
#include "kernels/unidirectional_sequence_lstm/op.h"

namespace thimble::kernels {
namespace {

class Dice {
 public:
  explicit Dice(uint32_t seed) : engine_(seed) {}
  int32_t Int(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(engine_() % static_cast<uint32_t>(high - low + 1));
  }
  float Real(float low, float high) { return low + (high - low) * static_cast<float>(engine_() % 10001) / 10000; }

 private:
  std::mt19937 engine_;
};

/// A tensor of any type, and the real numbers that it stands for.
struct Operand {
  Type type;
  std::vector<int32_t> shape;
  std::vector<float> scales;
  int32_t zero_point = 0, dimension = 0;
  bool variable = false;
  std::vector<uint64_t> memory;

  size_t Count() const {
    size_t count = 1;
    for (const int32_t dim : shape) count *= static_cast<size_t>(dim);
    return count;
  }
  Tensor View() {
    Tensor view;
    view.data = memory.data();
    view.shape = {shape.data(), static_cast<int32_t>(shape.size())};
    view.scales = scales.data();
    view.scale_count = static_cast<int32_t>(scales.size());
    view.zero_point = zero_point;
    view.quantised_dimension = dimension;
    view.type = type;
    view.variable = variable;
    return view;
  }
  /// Runs visit(pointer to the elements in their own type).
  template <typename Visit>
  auto As(Visit visit) const {
    void* data = const_cast<uint64_t*>(memory.data());
    switch (type) {
      case Type::kInt8:
        return visit(static_cast<int8_t*>(data));
      case Type::kUInt8:
        return visit(static_cast<uint8_t*>(data));
      case Type::kInt16:
        return visit(static_cast<int16_t*>(data));
      case Type::kInt32:
        return visit(static_cast<int32_t*>(data));
      case Type::kInt64:
        return visit(static_cast<int64_t*>(data));
      default:
        return visit(static_cast<float*>(data));
    }
  }
  double Stored(size_t index) const {
    return As([&](auto* elements) { return static_cast<double>(elements[index]); });
  }
  double Real(size_t index, size_t channel = 0) const {
    if (type == Type::kFloat32) return Stored(index);
    return (Stored(index) - zero_point) * double{scales[scales.size() > 1 ? channel : 0]};
  }
};

struct Limits {
  double low, high;
};
Limits LimitsOf(Type type) {
  switch (type) {
    case Type::kInt8:
      return {-128, 127};
    case Type::kUInt8:
      return {0, 255};
    case Type::kInt16:
      return {-32768, 32767};
    default:
      return {-1e30, 1e30};
  }
}

Operand Empty(Type type, std::vector<int32_t> shape, float scale, int32_t zero_point) {
  Operand operand{type, std::move(shape), {}, 0, 0, false, {}};
  operand.memory.assign(operand.Count() + 1, 0x5a5a5a5a5a5a5a5a);
  if (type != Type::kFloat32) {
    operand.scales = {scale};
    operand.zero_point = zero_point;
  }
  return operand;
}

/// Elements anywhere in the type; a scale such that the largest real is about `largest`.
Operand Random(Dice& dice, Type type, std::vector<int32_t> shape, float largest, bool symmetric = false) {
  const Limits limits = LimitsOf(type);
  const bool integer = type != Type::kFloat32;
  const auto half = static_cast<float>((limits.high - limits.low + 1) / 2);
  const bool zero = symmetric || type == Type::kInt16;
  Operand operand = Empty(type, std::move(shape), largest / half * dice.Real(0.5f, 1),
                          integer && !zero ? dice.Int(int32_t(limits.low), int32_t(limits.high)) : 0);
  operand.As([&](auto* elements) {
    using Element = std::remove_pointer_t<decltype(elements)>;
    for (size_t i = 0; i < operand.Count(); ++i) {
      elements[i] = integer ? static_cast<Element>(dice.Int(int32_t(limits.low), int32_t(limits.high)))
                            : static_cast<Element>(dice.Real(-largest, largest));
    }
  });
  return operand;
}

Operand Weights(Dice& dice, Type type, std::vector<int32_t> shape) {
  const bool legacy = type == Type::kUInt8;
  return Random(dice, type == Type::kFloat32 || legacy ? type : Type::kInt8, std::move(shape), 1, !legacy);
}

void GiveEachChannelAScale(Dice& dice, Operand& weights, int32_t dimension) {
  if (weights.type != Type::kInt8) return;
  weights.dimension = dimension;
  weights.scales.clear();
  for (int32_t i = 0; i < weights.shape[size_t(dimension)]; ++i) weights.scales.push_back(dice.Real(0.002f, 0.01f));
}

/// A bias with x.scale * w.scale, as its operator takes it.
Operand Bias(Dice& dice, const Operand& x, const Operand& w, int32_t count) {
  const bool real = x.type == Type::kFloat32;
  const bool wide = x.type == Type::kInt16 && dice.Int(0, 1) == 1;
  Operand bias = Empty(real ? Type::kFloat32 : wide ? Type::kInt64 : Type::kInt32, {count}, 1, 0);
  bias.scales.clear();
  for (int32_t i = 0; i < count; ++i) {
    const float w_scale = real ? 1 : w.scales[w.scales.size() > 1 ? size_t(i) : 0];
    const float scale = real ? 1 : x.scales[0] * w_scale;
    if (!real) bias.scales.push_back(scale);
    bias.As([&](auto* elements) {
      elements[i] = static_cast<std::remove_pointer_t<decltype(elements)>>(dice.Real(-1, 1) / scale);
    });
  }
  return bias;
}

double Activate(Activation activation, double value) {
  switch (activation) {
    case Activation::kNone:
      return value;
    case Activation::kRelu:
      return std::max(value, 0.0);
    case Activation::kReluN1To1:
      return std::clamp(value, -1.0, 1.0);
    case Activation::kRelu6:
      return std::clamp(value, 0.0, 6.0);
  }
  return value;
}

constexpr Type kTypes[] = {Type::kFloat32, Type::kInt8, Type::kUInt8, Type::kInt16};

/// Runs T and compares each element of the output with `oracle(index)`. int16 multipliers have 15 bits.
template <typename T>
void Compare(const typename T::Params& params, std::vector<Operand>& in, Operand& out,
             const std::function<double(size_t)>& oracle, double steps = 1.01) {
  std::vector<double> expected;
  for (size_t i = 0; i < out.Count(); ++i) expected.push_back(oracle(i));
  std::vector<Tensor> views;
  for (Operand& operand : in) views.push_back(operand.View());
  const Tensor output = out.View();
  const Call call{views, {&output, 1}, nullptr};
  ASSERT_STREQ(Sentence(T::Check(params, call)), Sentence(Reason::kNone));
  ASSERT_EQ(T::ScratchBytes(params, call), 0u);
  T::RunReference(params, call);
  const Limits limits = LimitsOf(out.type);
  for (size_t i = 0; i < out.Count(); ++i) {
    if (out.type == Type::kFloat32) {
      ASSERT_NEAR(out.Real(i), expected[i], 1e-4) << "element " << i;
      continue;
    }
    const double stored = std::clamp(expected[i] / double{out.scales[0]} + out.zero_point, limits.low, limits.high);
    const double error = steps + (out.type == Type::kInt16 ? std::abs(stored) / (1 << 15) : 0);
    ASSERT_NEAR(out.Stored(i), stored, error) << "element " << i;
  }
}

Activation AnyActivation(Dice& dice) { return static_cast<Activation>(dice.Int(0, 3)); }

void ForEach(const std::function<void(Dice&, Type)>& test,
             std::initializer_list<Type> types = {Type::kFloat32, Type::kInt8, Type::kUInt8, Type::kInt16}) {
  for (const Type type : types) {
    for (uint32_t seed = 0; seed < 150; ++seed) {
      SCOPED_TRACE("type " + std::to_string(int(type)) + ", seed " + std::to_string(seed));
      Dice dice(seed);
      test(dice, type);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(Weighed, FullyConnectedIsTheRealProductInEveryType) {
  ForEach([](Dice& dice, Type type) {
    const int32_t rows = dice.Int(1, 3), inputs = dice.Int(1, 40), outputs = dice.Int(1, 9);
    std::vector<Operand> in = {Random(dice, type, {rows, inputs}, 1), Weights(dice, type, {outputs, inputs})};
    if (dice.Int(0, 1) == 1) GiveEachChannelAScale(dice, in[1], 0);
    in.push_back(Bias(dice, in[0], in[1], outputs));
    Operand out = Random(dice, type, {rows, outputs}, 8);
    FullyConnected::Params params;
    params.activation = AnyActivation(dice);
    Compare<FullyConnected>(params, in, out, [&](size_t index) {
      const size_t row = index / size_t(outputs), o = index % size_t(outputs);
      double sum = in[2].Real(o, o);
      for (size_t i = 0; i < size_t(inputs); ++i) {
        sum += in[0].Real(row * size_t(inputs) + i) * in[1].Real(o * size_t(inputs) + i, o);
      }
      return Activate(params.activation, sum);
    });
  });
}

/// One axis of a sliding filter as TFLite's documentation has it: "SAME" keeps ceil(input / stride) pixels.
struct OracleAxis {
  int32_t input, filter, stride, dilation;
  Padding padding;
  int32_t output() const {
    const double covered = (filter - 1) * dilation + 1;
    return static_cast<int32_t>(padding == Padding::kSame ? std::ceil(double(input) / stride)
                                                          : std::ceil((input - covered + 1) / stride));
  }
  /// The input pixel under a tap, or -1 outside the image.
  int32_t Pixel(int32_t position, int32_t tap) const {
    const int32_t missing = std::max((output() - 1) * stride + (filter - 1) * dilation + 1 - input, 0);
    const int32_t pixel = position * stride + tap * dilation - (padding == Padding::kSame ? missing / 2 : 0);
    return pixel < input ? std::max(pixel, -1) : -1;
  }
};

OracleAxis AnyAxis(Dice& dice, Padding padding, int32_t dilation) {
  OracleAxis axis{dice.Int(1, 7), dice.Int(1, 4), dice.Int(1, 3), dice.Int(1, dilation), padding};
  if (padding == Padding::kValid) axis.input = std::max(axis.input, (axis.filter - 1) * axis.dilation + 1);
  return axis;
}

/// Calls visit(x element, w tap, y element, output channel) for each output pixel and each tap within the image;
/// `x_depth` and `y_depth` are the channels of either.
void ForEachTap(const OracleAxis& rows, const OracleAxis& columns, int32_t batches, int32_t x_depth, int32_t y_depth,
                const std::function<void(size_t, size_t, size_t)>& visit) {
  for (int32_t n = 0; n < batches; ++n) {
    for (int32_t i = 0; i < rows.output(); ++i) {
      for (int32_t j = 0; j < columns.output(); ++j) {
        for (int32_t k = 0; k < rows.filter; ++k) {
          for (int32_t l = 0; l < columns.filter; ++l) {
            const int32_t row = rows.Pixel(i, k), column = columns.Pixel(j, l);
            if (row < 0 || column < 0) continue;
            visit(size_t(((n * rows.input + row) * columns.input + column) * x_depth), size_t(k * columns.filter + l),
                  size_t(((n * rows.output() + i) * columns.output() + j) * y_depth));
          }
        }
      }
    }
  }
}

template <typename T>
void TestConvolution(bool depthwise) {
  ForEach([depthwise](Dice& dice, Type type) {
    const auto padding = static_cast<Padding>(dice.Int(0, 1));
    const OracleAxis rows = AnyAxis(dice, padding, 2), columns = AnyAxis(dice, padding, 2);
    const int32_t depth = dice.Int(1, 4), repeat = dice.Int(1, 3), batches = dice.Int(1, 2);
    const int32_t outputs = depthwise ? depth * repeat : repeat;
    std::vector<int32_t> weights = {1, rows.filter, columns.filter, outputs};
    if (!depthwise) weights = {outputs, rows.filter, columns.filter, depth};
    std::vector<Operand> in = {Random(dice, type, {batches, rows.input, columns.input, depth}, 1),
                               Weights(dice, type, weights)};
    if (dice.Int(0, 1) == 1) GiveEachChannelAScale(dice, in[1], depthwise ? 3 : 0);
    if (dice.Int(0, 3) > 0) in.push_back(Bias(dice, in[0], in[1], outputs));
    Operand out = Random(dice, type, {batches, rows.output(), columns.output(), outputs}, 8);
    ConvolutionParams params;
    params.padding = padding;
    params.activation = AnyActivation(dice);
    params.stride_height = rows.stride;
    params.stride_width = columns.stride;
    params.dilation_height = rows.dilation;
    params.dilation_width = columns.dilation;
    std::vector<double> sums(out.Count());
    for (size_t i = 0; i < sums.size() && in.size() > 2; ++i)
      sums[i] = in[2].Real(i % size_t(outputs), i % size_t(outputs));
    const size_t taps = size_t(rows.filter * columns.filter);
    ForEachTap(rows, columns, batches, depth, outputs, [&](size_t x, size_t tap, size_t y) {
      for (size_t o = 0; o < size_t(outputs); ++o) {
        if (depthwise) {
          sums[y + o] += in[0].Real(x + o / size_t(repeat)) * in[1].Real(tap * size_t(outputs) + o, o);
          continue;
        }
        for (size_t c = 0; c < size_t(depth); ++c) {
          sums[y + o] += in[0].Real(x + c) * in[1].Real((o * taps + tap) * size_t(depth) + c, o);
        }
      }
    });
    Compare<T>(params, in, out, [&](size_t index) { return Activate(params.activation, sums[index]); });
  });
}

TEST(Weighed, ConvolutionIsTheRealOneInEveryType) { TestConvolution<Conv2d>(false); }
TEST(Weighed, DepthwiseConvolutionIsTheRealOneInEveryType) { TestConvolution<DepthwiseConv2d>(true); }

TEST(Weighed, TransposedConvolutionIsTheConvolutionBackwardsInEveryType) {
  ForEach(
      [](Dice& dice, Type type) {
        const auto padding = static_cast<Padding>(dice.Int(0, 1));
        // The convolution from y to x.
        const OracleAxis rows = AnyAxis(dice, padding, 1), columns = AnyAxis(dice, padding, 1);
        const int32_t depth = dice.Int(1, 4), outputs = dice.Int(1, 3), batches = dice.Int(1, 2);
        std::vector<Operand> in = {Empty(Type::kInt32, {4}, 1, 0),
                                   Weights(dice, type, {outputs, rows.filter, columns.filter, depth}),
                                   Random(dice, type, {batches, rows.output(), columns.output(), depth}, 1)};
        if (dice.Int(0, 1) == 1) GiveEachChannelAScale(dice, in[1], 0);
        if (dice.Int(0, 3) > 0) in.push_back(Bias(dice, in[2], in[1], outputs));
        Operand out = Random(dice, type, {batches, rows.input, columns.input, outputs}, 8);
        TransposeConv::Params params;
        params.padding = padding;
        params.activation = AnyActivation(dice);
        params.stride_height = rows.stride;
        params.stride_width = columns.stride;
        std::vector<double> sums(out.Count());
        for (size_t i = 0; i < sums.size() && in.size() > 3; ++i) {
          sums[i] = in[3].Real(i % size_t(outputs), i % size_t(outputs));
        }
        const size_t taps = size_t(rows.filter * columns.filter);
        ForEachTap(rows, columns, batches, outputs, depth, [&](size_t y, size_t tap, size_t x) {
          for (size_t o = 0; o < size_t(outputs); ++o) {
            for (size_t c = 0; c < size_t(depth); ++c) {
              sums[y + o] += in[2].Real(x + c) * in[1].Real((o * taps + tap) * size_t(depth) + c, o);
            }
          }
        });
        Compare<TransposeConv>(params, in, out, [&](size_t index) { return Activate(params.activation, sums[index]); });
      },
      {Type::kFloat32, Type::kInt8, Type::kInt16});
}

template <typename T>
void TestPooling(bool mean) {
  ForEach([mean](Dice& dice, Type type) {
    const auto padding = static_cast<Padding>(dice.Int(0, 1));
    const OracleAxis rows = AnyAxis(dice, padding, 1), columns = AnyAxis(dice, padding, 1);
    const int32_t channels = dice.Int(1, 3), batches = dice.Int(1, 2);
    std::vector<Operand> in = {Random(dice, type, {batches, rows.input, columns.input, channels}, 8)};
    Operand out = in[0];
    out.shape = {batches, rows.output(), columns.output(), channels};
    out.memory.assign(out.Count() + 1, 0x5a5a5a5a5a5a5a5a);
    const PoolingParams params{padding, AnyActivation(dice), columns.stride, rows.stride, columns.filter, rows.filter};
    std::vector<std::vector<double>> windows(out.Count());
    ForEachTap(rows, columns, batches, channels, channels, [&](size_t x, size_t, size_t y) {
      for (size_t c = 0; c < size_t(channels); ++c) windows[y + c].push_back(in[0].Real(x + c));
    });
    Compare<T>(
        params, in, out,
        [&](size_t index) {
          double sum = 0, largest = -1e9;
          for (const double value : windows[index]) sum += value, largest = std::max(largest, value);
          return Activate(params.activation, mean ? sum / double(windows[index].size()) : largest);
        },
        0.51);
  });
}

TEST(Pooling, IsTheRealMeanInEveryType) { TestPooling<AveragePool2d>(true); }
TEST(Pooling, IsTheRealMaximumInEveryType) { TestPooling<MaxPool2d>(false); }

TEST(Weighed, BatchMatmulIsTheRealProductInEveryType) {
  ForEach(
      [](Dice& dice, Type type) {
        const int32_t rows = dice.Int(1, 4), depth = dice.Int(1, 12), columns = dice.Int(1, 4);
        std::vector<int32_t> first, second, result;
        const int32_t dims = dice.Int(0, 3), own_first = dice.Int(0, dims), own_second = dice.Int(0, dims);
        for (int32_t d = 0; d < dims; ++d) {
          const int32_t size = dice.Int(1, 3), which = dice.Int(0, 2);
          const int32_t a = d < own_first || which == 0 ? 1 : size, b = d < own_second || which == 1 ? 1 : size;
          if (d >= own_first) first.push_back(a);
          if (d >= own_second) second.push_back(b);
          if (d >= std::min(own_first, own_second)) result.push_back(std::max(a, b));
        }
        const std::vector<int32_t> first_batches = first, second_batches = second;
        BatchMatmul::Params params;
        params.adjoint_a = static_cast<uint8_t>(dice.Int(0, 1));
        params.adjoint_b = static_cast<uint8_t>(dice.Int(0, 1));
        first.insert(first.end(), {params.adjoint_a != 0 ? depth : rows, params.adjoint_a != 0 ? rows : depth});
        second.insert(second.end(), {params.adjoint_b ? columns : depth, params.adjoint_b ? depth : columns});
        const std::vector<int32_t> batches = result;
        result.insert(result.end(), {rows, columns});
        std::vector<Operand> in = {Random(dice, type, first, 1), Random(dice, type, second, 1)};
        Operand out = Random(dice, type, result, 8);
        const auto matrix = [&](const std::vector<int32_t>& own, size_t batch) {
          size_t at = 0, step = 1;
          for (size_t d = 0; d < batches.size(); ++d) {
            const size_t index = batch % size_t(batches[batches.size() - 1 - d]);
            batch /= size_t(batches[batches.size() - 1 - d]);
            if (d >= own.size()) continue;
            const size_t size = size_t(own[own.size() - 1 - d]);
            at += size == 1 ? 0 : index * step;
            step *= size;
          }
          return at;
        };
        Compare<BatchMatmul>(params, in, out, [&](size_t index) {
          const size_t j = index % size_t(columns), i = index / size_t(columns) % size_t(rows);
          const size_t batch = index / size_t(columns * rows);
          const size_t a = matrix(first_batches, batch) * size_t(rows * depth);
          const size_t b = matrix(second_batches, batch) * size_t(columns * depth);
          double sum = 0;
          for (size_t k = 0; k < size_t(depth); ++k) {
            sum += in[0].Real(a + (params.adjoint_a ? k * size_t(rows) + i : i * size_t(depth) + k)) *
                   in[1].Real(b + (params.adjoint_b ? j * size_t(depth) + k : k * size_t(columns) + j));
          }
          return sum;
        });
      },
      {Type::kFloat32, Type::kInt8, Type::kInt16});
}

TEST(Weighed, ComputesWithInt8WeightsInFloatWhenTheModelIsHybrid) {
  float x_values[] = {1, 2, 3}, y_values[] = {0, 0};
  int8_t w_values[] = {1, 2, 3, -1, 0, 4};
  const float scales[] = {0.5f, 0.25f};
  const int32_t x_dims[] = {1, 3}, w_dims[] = {2, 3}, y_dims[] = {1, 2};
  const Tensor x{.data = x_values, .shape = {x_dims, 2}, .type = Type::kFloat32};
  Tensor w{.data = w_values, .shape = {w_dims, 2}, .scales = scales, .scale_count = 2, .type = Type::kInt8};
  const Tensor y{.data = y_values, .shape = {y_dims, 2}, .type = Type::kFloat32};
  const Tensor in[] = {x, w}, out[] = {y};
  ASSERT_EQ(FullyConnected::Check({}, {in, out, nullptr}), Reason::kNone);
  FullyConnected::RunReference({}, {in, out, nullptr});
  EXPECT_EQ(y_values[0], 7);     // (1 + 4 + 9) / 2
  EXPECT_EQ(y_values[1], 2.75);  // (-1 + 12) / 4

  w.zero_point = 1;
  const Tensor shifted[] = {x, w};
  EXPECT_EQ(FullyConnected::Check({}, {shifted, out, nullptr}), Reason::kOperandQuantisation);
}

// What the interpreter relies on: accepted calls with hostile numbers have no undefined behaviour.
TEST(Weighed, SurvivesExtremeQuantisation) {
  constexpr float kScales[] = {0, 1e-38f, 1e-20f, 1, 1e20f, 3e38f};
  for (const Type type : kTypes) {
    for (const float x_scale : kScales) {
      for (const float w_scale : kScales) {
        for (const float y_scale : kScales) {
          Dice dice(1);
          Operand x = Random(dice, type, {1, 8}, 1), w = Weights(dice, type, {2, 8}), y = Random(dice, type, {1, 2}, 1);
          if (type != Type::kFloat32) x.scales = {x_scale}, w.scales = {w_scale}, y.scales = {y_scale};
          Operand bias = Empty(type == Type::kInt16 ? Type::kInt64 : Type::kInt32, {2}, 1, 0);
          const Tensor in[] = {x.View(), w.View(), type == Type::kFloat32 ? Tensor{} : bias.View()};
          const Tensor out[] = {y.View()};
          const Call call{in, out, nullptr};
          for (int activation = 0; activation < 4; ++activation) {
            FullyConnected::Params params;
            params.activation = static_cast<Activation>(activation);
            if (ok(FullyConnected::Check(params, call))) FullyConnected::RunReference(params, call);
          }
          Operand a = x, b = w;
          b.shape = {8, 2};
          const Tensor matrices[] = {a.View(), b.View()};
          const Call product{matrices, out, nullptr};
          if (ok(BatchMatmul::Check({}, product))) BatchMatmul::RunReference({}, product);
          Operand time = Random(dice, type, {2, 3}, 1, true), state = Random(dice, type, {1, 6}, 1);
          state.variable = true;
          if (type != Type::kFloat32) time.scales = {w_scale}, state.scales = {y_scale};
          const Tensor memory[] = {x.View(), w.View(), time.View(), Tensor{}, state.View()};
          const Call filter{memory, out, nullptr};
          if (ok(Svdf::Check({1, Activation::kRelu6}, filter))) Svdf::RunReference({1, Activation::kRelu6}, filter);
        }
      }
    }
  }
}

/// LSTM operands with two batches, three moments, four inputs and five cells.
struct LstmOperands {
  std::vector<Operand> in;
  Operand out;
  UnidirectionalSequenceLstm::Params params;

  LstmOperands(Dice& dice, Type type) : out(Random(dice, type, {2, 3, 5}, 1)) {
    const bool real = type == Type::kFloat32;
    in.push_back(Random(dice, type, {2, 3, 4}, 2));
    for (int g = 0; g < 4; ++g) in.push_back(Weights(dice, type, {5, 4}));
    for (int g = 0; g < 4; ++g) in.push_back(Weights(dice, type, {5, 5}));
    const auto absent = [&](int count) {
      for (; count > 0; --count) in.push_back(Empty(Type::kAbsent, {}, 1, 0));
    };
    absent(3);
    for (size_t g = 0; g < 4; ++g) {
      in.push_back(Bias(dice, in[0], in[1 + g], 5));
      if (type == Type::kInt16 && in.back().type != Type::kInt64) {
        in.back() = Empty(Type::kInt64, {5}, 1, 0);
        std::fill(in.back().memory.begin(), in.back().memory.end(), 0);
      }
    }
    absent(2);
    in.push_back(out);
    in.back().shape = {2, 5};
    in.push_back(Random(dice, real ? type : Type::kInt16, {2, 5}, 2));
    if (!real) in.back().scales = {1.0f / 4096};
    in[18].variable = in[19].variable = true;
    params.activation = UnidirectionalSequenceLstm::kTanh;
  }
};

TEST(Lstm, IsTheRealRecurrenceInEveryType) {
  ForEach(
      [](Dice& dice, Type type) {
        LstmOperands lstm(dice, type);
        std::vector<Operand>& in = lstm.in;
        if (dice.Int(0, 1) == 1) lstm.params.cell_clip = dice.Real(0.5f, 3);
        std::vector<double> h(10), c(10), y(30);
        for (size_t i = 0; i < 10; ++i) h[i] = in[18].Real(i), c[i] = in[19].Real(i);
        for (size_t b = 0; b < 2; ++b) {
          for (size_t t = 0; t < 3; ++t) {
            const std::vector<double> before = h;
            for (size_t s = 0; s < 5; ++s) {
              double sums[4];
              for (size_t g = 0; g < 4; ++g) {
                sums[g] = in[12 + g].Real(s, s);
                for (size_t i = 0; i < 4; ++i) sums[g] += in[1 + g].Real(s * 4 + i) * in[0].Real((b * 3 + t) * 4 + i);
                for (size_t i = 0; i < 5; ++i) sums[g] += in[5 + g].Real(s * 5 + i) * before[b * 5 + i];
              }
              const auto logistic = [](double v) { return 1 / (1 + std::exp(-v)); };
              double& cell = c[b * 5 + s];
              cell = logistic(sums[1]) * cell + logistic(sums[0]) * std::tanh(sums[2]);
              if (type != Type::kFloat32) cell = std::clamp(cell, -8.0, 8.0);
              if (lstm.params.cell_clip > 0) {
                cell = std::clamp(cell, -double{lstm.params.cell_clip}, double{lstm.params.cell_clip});
              }
              h[b * 5 + s] = y[(b * 3 + t) * 5 + s] = logistic(sums[3]) * std::tanh(cell);
              // What does not fit into h is cut off before it is seen again.
              if (type != Type::kFloat32) {
                const Limits limits = LimitsOf(type);
                const double scale = double{in[18].scales[0]}, zero = in[18].zero_point;
                h[b * 5 + s] =
                    (std::round(std::clamp(h[b * 5 + s] / scale + zero, limits.low, limits.high)) - zero) * scale;
              }
            }
          }
        }
        // Errors of each moment go into the next: the tables' 2^-15, and rounding of 2^-12 in the sums.
        const double steps = type == Type::kFloat32 ? 0 : 2 + 0.01 / double{lstm.out.scales[0]};
        Compare<UnidirectionalSequenceLstm>(
            lstm.params, in, lstm.out, [&](size_t index) { return y[index]; }, steps);
      },
      {Type::kFloat32, Type::kInt8, Type::kInt16});
}

TEST(Lstm, RefusesEachVariantAndMisfit) {
  const auto reason = [](const std::function<void(LstmOperands&)>& change, Type type = Type::kInt8) {
    Dice dice(3);
    LstmOperands lstm(dice, type);
    change(lstm);
    std::vector<Tensor> views;
    for (Operand& operand : lstm.in) views.push_back(operand.View());
    const Tensor output = lstm.out.View();
    return UnidirectionalSequenceLstm::Check(lstm.params, {views, {&output, 1}, nullptr});
  };
  EXPECT_EQ(reason([](LstmOperands&) {}), Reason::kNone);
  EXPECT_EQ(reason([](auto& l) { l.params.activation = 1; }), Reason::kCellActivation);
  EXPECT_EQ(reason([](auto& l) { l.params.cell_clip = -1; }), Reason::kOption);
  EXPECT_EQ(reason([](auto& l) { l.params.cell_clip = NAN; }), Reason::kOption);
  EXPECT_EQ(reason([](auto& l) { l.params.diagonal = true; }), Reason::kOption);
  EXPECT_EQ(reason([](auto& l) { l.in[9] = l.in[12]; }), Reason::kLstmVariant);
  EXPECT_EQ(reason([](auto& l) { l.in[1].type = Type::kAbsent; }), Reason::kLstmVariant);
  EXPECT_EQ(reason([](auto& l) { l.in[18].variable = false; }), Reason::kNotVariable);
  EXPECT_EQ(reason([](auto& l) { l.in[19].variable = false; }), Reason::kNotVariable);
  EXPECT_EQ(reason([](auto& l) { l.in[18].shape = {1, 5}; }), Reason::kOperandShapes);
  EXPECT_EQ(reason([](auto& l) { l.in[5].shape = {5, 4}; }), Reason::kOperandShapes);
  EXPECT_EQ(reason([](auto& l) { l.in[4].shape = {4, 5}; }), Reason::kOperandShapes);
  EXPECT_EQ(reason([](auto& l) { l.params.time_major = true; }), Reason::kOperandShapes);
  EXPECT_EQ(reason([](auto& l) { l.in[19].scales = {0.0003f}; }), Reason::kOperandQuantisation);
  EXPECT_EQ(reason([](auto& l) { l.in[19].scales = {1024}; }), Reason::kOperandQuantisation);
  EXPECT_EQ(reason([](auto& l) { l.in[2].zero_point = 1; }), Reason::kOperandQuantisation);
  EXPECT_EQ(reason([](auto& l) { l.in[12].type = Type::kInt32; }, Type::kInt16), Reason::kOperandTypes);
  EXPECT_EQ(reason([](auto& l) { l.in[19].type = Type::kInt8; }), Reason::kOperandTypes);
  EXPECT_EQ(reason([](auto& l) { l.in[1].type = Type::kInt8; }, Type::kFloat32), Reason::kHybrid);
}

}  // namespace
}  // namespace thimble::kernels
