// Random calls against an independent oracle: the same operator in real numbers, on dequantised values. Fixed point may
// be off by one step of the output, never by two.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "kernels/all_operators.h"
#include "kernels/ops_headers.inc"

namespace thimble::kernels {
namespace {

class Dice {
 public:
  explicit Dice(uint32_t seed) : engine_(seed) {}
  int Int(int low, int high) { return low + static_cast<int>(engine_() % static_cast<uint32_t>(high - low + 1)); }
  float Real(float low, float high) { return low + (high - low) * static_cast<float>(engine_() % 10001) / 10000; }

 private:
  std::mt19937 engine_;
};

/// An int8 (or int32) tensor and what it stands for.
struct Operand {
  std::vector<int32_t> shape;
  std::vector<float> scales;
  std::vector<int8_t> bytes;
  std::vector<int32_t> words;  // of a bias
  int32_t zero_point = 0;
  int32_t dimension = 0;

  Operand() = default;
  Operand(Dice& dice, std::vector<int32_t> dims, float scale, int32_t zero) : shape(std::move(dims)), zero_point(zero) {
    scales = {scale};
    int32_t count = 1;
    for (const int32_t dim : shape) count *= dim;
    bytes.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) bytes.push_back(static_cast<int8_t>(dice.Int(-128, 127)));
  }
  void PerChannel(Dice& dice, int32_t along) {
    dimension = along;
    scales.clear();
    for (int32_t i = 0; i < shape[static_cast<size_t>(along)]; ++i) scales.push_back(dice.Real(0.002f, 0.02f));
  }
  Tensor View() {
    Tensor view;
    view.type = words.empty() ? Type::kInt8 : Type::kInt32;
    view.data = words.empty() ? static_cast<void*>(bytes.data()) : static_cast<void*>(words.data());
    view.shape = {shape.data(), static_cast<int32_t>(shape.size())};
    view.scales = scales.data();
    view.scale_count = static_cast<int32_t>(scales.size());
    view.zero_point = zero_point;
    view.quantised_dimension = dimension;
    return view;
  }
  double Real(int32_t index, int32_t channel = 0) const {
    return (bytes[static_cast<size_t>(index)] - zero_point) *
           double{scales[scales.size() > 1 ? static_cast<size_t>(channel) : 0]};
  }
};

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

/// Runs T on the operands and compares each output element with `oracle(index)`, in steps of the output.
template <typename T>
void Compare(const typename T::Params& params, std::vector<Operand>& in, Operand& out,
             const std::function<double(int32_t)>& oracle) {
  std::vector<Tensor> views;
  views.reserve(in.size());
  for (Operand& operand : in) views.push_back(operand.View());
  const Tensor output = out.View();
  const Call call{views, {&output, 1}, nullptr};
  ASSERT_STREQ(Sentence(T::Check(params, call)), Sentence(Reason::kNone));
  std::fill(out.bytes.begin(), out.bytes.end(), int8_t{55});
  T::RunReference(params, call);
  for (int32_t i = 0; i < output.shape.Count(); ++i) {
    const double stored = std::clamp(oracle(i) / double{output.Scale()} + out.zero_point, -128.0, 127.0);
    ASSERT_NEAR(out.bytes[static_cast<size_t>(i)], stored, 1.01) << "element " << i;
  }
}

Operand Bias(Dice& dice, int32_t count, int32_t largest) {
  Operand bias;
  bias.shape = {count};
  for (int32_t i = 0; i < count; ++i) bias.words.push_back(dice.Int(-largest, largest));
  return bias;
}

Activation AnyActivation(Dice& dice) { return static_cast<Activation>(dice.Int(0, 3)); }

constexpr uint32_t kCalls = 300;

TEST(FullyConnected, IsTheRealProduct) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const int32_t rows = dice.Int(1, 3), inputs = dice.Int(1, 40), outputs = dice.Int(1, 9);
    std::vector<Operand> in = {Operand(dice, {rows, inputs}, dice.Real(0.01f, 0.1f), dice.Int(-128, 127)),
                               Operand(dice, {outputs, inputs}, dice.Real(0.002f, 0.02f), 0),
                               Bias(dice, outputs, 5000)};
    if (dice.Int(0, 1) == 1) in[1].PerChannel(dice, 0);
    Operand out(dice, {rows, outputs}, dice.Real(0.05f, 0.5f), dice.Int(-128, 127));
    FullyConnected::Params params;
    params.activation = AnyActivation(dice);
    Compare<FullyConnected>(params, in, out, [&](int32_t index) {
      const int32_t row = index / outputs, o = index % outputs;
      const size_t channel = in[1].scales.size() > 1 ? static_cast<size_t>(o) : 0;
      double sum = in[2].words[static_cast<size_t>(o)] * double{in[0].scales[0]} * double{in[1].scales[channel]};
      for (int32_t i = 0; i < inputs; ++i) sum += in[0].Real(row * inputs + i) * in[1].Real(o * inputs + i, o);
      return Activate(params.activation, sum);
    });
  }
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

OracleAxis AnyAxis(Dice& dice, Padding padding) {
  OracleAxis axis{dice.Int(1, 9), dice.Int(1, 4), dice.Int(1, 3), dice.Int(1, 2), padding};
  if (padding == Padding::kValid) axis.input = std::max(axis.input, (axis.filter - 1) * axis.dilation + 1);
  return axis;
}

/// `channel_of(o, c)` is the input channel that meets weight channel c of output channel o; `weight_of` its element.
template <typename T>
void TestConvolution(bool depthwise) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const auto padding = static_cast<Padding>(dice.Int(0, 1));
    const OracleAxis rows = AnyAxis(dice, padding), columns = AnyAxis(dice, padding);
    const int32_t groups = dice.Int(1, 2), depth = dice.Int(1, 5), repeat = dice.Int(1, 3);
    const int32_t inputs = depthwise ? depth : groups * depth;
    const int32_t outputs = depthwise ? depth * repeat : groups * repeat;
    const int32_t batches = dice.Int(1, 2);
    std::vector<int32_t> weights = {1, rows.filter, columns.filter, outputs};
    if (!depthwise) weights = {outputs, rows.filter, columns.filter, depth};
    std::vector<Operand> in = {
        Operand(dice, {batches, rows.input, columns.input, inputs}, dice.Real(0.01f, 0.1f), dice.Int(-128, 127)),
        Operand(dice, weights, dice.Real(0.002f, 0.02f), 0), Bias(dice, outputs, 5000)};
    if (dice.Int(0, 1) == 1) in[1].PerChannel(dice, depthwise ? 3 : 0);
    Operand out(dice, {batches, rows.output(), columns.output(), outputs}, dice.Real(0.05f, 0.5f), dice.Int(-128, 127));
    ConvolutionParams params;
    params.padding = padding;
    params.activation = AnyActivation(dice);
    params.stride_height = rows.stride;
    params.stride_width = columns.stride;
    params.dilation_height = rows.dilation;
    params.dilation_width = columns.dilation;
    Compare<T>(params, in, out, [&](int32_t index) {
      const int32_t o = index % outputs, j = index / outputs % columns.output();
      const int32_t i = index / outputs / columns.output() % rows.output();
      const int32_t n = index / outputs / columns.output() / rows.output();
      const size_t channel = in[1].scales.size() > 1 ? static_cast<size_t>(o) : 0;
      double sum = in[2].words[static_cast<size_t>(o)] * double{in[0].scales[0]} * double{in[1].scales[channel]};
      for (int32_t k = 0; k < rows.filter; ++k) {
        for (int32_t l = 0; l < columns.filter; ++l) {
          const int32_t row = rows.Pixel(i, k), column = columns.Pixel(j, l);
          if (row < 0 || column < 0) continue;
          const int32_t pixel = ((n * rows.input + row) * columns.input + column) * inputs;
          if (depthwise) {
            sum += in[0].Real(pixel + o / repeat) * in[1].Real((k * columns.filter + l) * outputs + o, o);
            continue;
          }
          for (int32_t c = 0; c < depth; ++c) {
            sum += in[0].Real(pixel + o / repeat * depth + c) *
                   in[1].Real(((o * rows.filter + k) * columns.filter + l) * depth + c, o);
          }
        }
      }
      return Activate(params.activation, sum);
    });
  }
}

TEST(Conv2d, IsTheRealConvolution) { TestConvolution<Conv2d>(false); }
TEST(DepthwiseConv2d, IsTheRealConvolution) { TestConvolution<DepthwiseConv2d>(true); }

template <typename T>
void TestPooling(bool mean) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const auto padding = static_cast<Padding>(dice.Int(0, 1));
    OracleAxis rows = AnyAxis(dice, padding), columns = AnyAxis(dice, padding);
    rows.dilation = columns.dilation = 1;
    const int32_t channels = dice.Int(1, 3);
    const float scale = dice.Real(0.05f, 0.5f);
    const int32_t zero_point = dice.Int(-128, 127);
    std::vector<Operand> in = {Operand(dice, {1, rows.input, columns.input, channels}, scale, zero_point)};
    Operand out(dice, {1, rows.output(), columns.output(), channels}, scale, zero_point);
    PoolingParams params{padding, AnyActivation(dice), columns.stride, rows.stride, columns.filter, rows.filter};
    Compare<T>(params, in, out, [&](int32_t index) {
      const int32_t c = index % channels, j = index / channels % columns.output(),
                    i = index / channels / columns.output();
      double sum = 0, largest = -1e9;
      int pixels = 0;
      for (int32_t k = 0; k < rows.filter; ++k) {
        for (int32_t l = 0; l < columns.filter; ++l) {
          const int32_t row = rows.Pixel(i, k), column = columns.Pixel(j, l);
          if (row < 0 || column < 0) continue;
          const double value = in[0].Real((row * columns.input + column) * channels + c);
          sum += value;
          largest = std::max(largest, value);
          ++pixels;
        }
      }
      return Activate(params.activation, mean ? sum / pixels : largest);
    });
  }
}

TEST(AveragePool2d, IsTheRealMean) { TestPooling<AveragePool2d>(true); }
TEST(MaxPool2d, IsTheRealMaximum) { TestPooling<MaxPool2d>(false); }

TEST(Softmax, IsTheRealSoftmax) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const int32_t rows = dice.Int(1, 3), columns = dice.Int(1, 600);
    std::vector<Operand> in = {Operand(dice, {rows, columns}, dice.Real(0.005f, 0.5f), dice.Int(-128, 127))};
    Operand out(dice, {rows, columns}, 1.0f / 256, -128);
    Softmax::Params params;
    params.beta = dice.Real(0.5f, 2);
    Compare<Softmax>(params, in, out, [&](int32_t index) {
      double sum = 0;
      for (int32_t i = 0; i < columns; ++i) {
        sum += std::exp(double{params.beta} * (in[0].Real(index / columns * columns + i) - in[0].Real(index)));
      }
      return 1 / sum;
    });
  }
}

TEST(Add, IsTheRealSum) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    std::vector<int32_t> shape, first, second;
    for (int d = dice.Int(1, 5); d > 0; --d) {
      shape.push_back(dice.Int(1, 4));
      const int which = dice.Int(0, 3);
      first.push_back(which == 0 ? 1 : shape.back());
      second.push_back(which == 1 ? 1 : shape.back());
      shape.back() = std::max(first.back(), second.back());
    }
    std::vector<Operand> in = {Operand(dice, first, dice.Real(0.01f, 0.1f), dice.Int(-128, 127)),
                               Operand(dice, second, dice.Real(0.01f, 0.1f), dice.Int(-128, 127))};
    Operand out(dice, shape, dice.Real(0.02f, 0.2f), dice.Int(-128, 127));
    Add::Params params;
    params.activation = AnyActivation(dice);
    const auto element = [&](const Operand& operand, int32_t index) {
      int32_t at = 0, step = 1;
      for (size_t d = shape.size(); d-- > 0; index /= shape[d]) {
        at += (operand.shape[d] == 1 ? 0 : index % shape[d]) * step;
        step *= operand.shape[d];
      }
      return operand.Real(at);
    };
    Compare<Add>(params, in, out, [&](int32_t index) {
      return Activate(params.activation, element(in[0], index) + element(in[1], index));
    });
  }
}

TEST(Relu, IsTheRealReluAndQuantizeChangesOnlyTheScale) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    std::vector<Operand> in = {Operand(dice, {dice.Int(1, 99)}, dice.Real(0.01f, 0.5f), dice.Int(-128, 127))};
    Operand out(dice, in[0].shape, dice.Real(0.01f, 0.5f), dice.Int(-128, 127));
    Compare<Relu>({}, in, out, [&](int32_t index) { return std::max(in[0].Real(index), 0.0); });
    Compare<Quantize>({}, in, out, [&](int32_t index) { return in[0].Real(index); });
    Operand same(dice, in[0].shape, in[0].scales[0], in[0].zero_point);
    Compare<Relu6>({}, in, same, [&](int32_t index) { return std::clamp(in[0].Real(index), 0.0, 6.0); });
  }
}

// What the interpreter relies on: accepted calls with hostile numbers have no undefined behaviour.
TEST(Operators, SurviveExtremeQuantisation) {
  constexpr float kScales[] = {0, 1e-38f, 1e-20f, 1, 1e20f, 3e38f};
  for (const float x : kScales) {
    for (const float w : kScales) {
      for (const float y : kScales) {
        Dice dice(1);
        std::vector<Operand> in = {Operand(dice, {1, 8}, x, -128), Operand(dice, {2, 8}, w, 0),
                                   Bias(dice, 2, (1 << 30) - 1)};
        Operand out(dice, {1, 2}, y, 127);
        const Tensor views[] = {in[0].View(), in[1].View(), in[2].View()};
        const Tensor output = out.View();
        for (int activation = 0; activation < 4; ++activation) {
          FullyConnected::Params params;
          params.activation = static_cast<Activation>(activation);
          const Call call{views, {&output, 1}, nullptr};
          if (ok(FullyConnected::Check(params, call))) FullyConnected::RunReference(params, call);
          const Tensor two[] = {views[0], views[0]};
          Operand sum(dice, {1, 8}, y, -128);
          const Tensor sum_view = sum.View();
          const Call add{two, {&sum_view, 1}, nullptr};
          if (ok(Add::Check({params.activation}, add))) Add::RunReference({params.activation}, add);
          const Call relu{{two, 1}, {&sum_view, 1}, nullptr};
          if (ok(Relu::Check({}, relu))) Relu::RunReference({}, relu);
          if (ok(Quantize::Check({}, relu))) Quantize::RunReference({}, relu);
          if (ok(Softmax::Check({w}, relu))) Softmax::RunReference({w}, relu);
        }
      }
    }
  }
}

}  // namespace
}  // namespace thimble::kernels
