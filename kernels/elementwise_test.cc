// Random calls of operators that work element by element, against the same operator in real numbers: fixed point may be
// off by a step of the output. Every quantised type, repeated shapes.
#include "kernels/elementwise.h"

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

/// A quantised tensor that owns what a Tensor points at.
struct Stored {
  std::vector<int32_t> dims;
  std::vector<float> scale;
  std::vector<uint16_t> memory;
  Tensor view;

  Stored(std::mt19937& dice, Type type, std::vector<int32_t> shape, float step, int32_t zero)
      : dims(std::move(shape)), scale{step} {
    view.type = type;
    view.shape = {dims.data(), static_cast<int32_t>(dims.size())};
    memory.resize(static_cast<size_t>(view.shape.Count()));
    for (uint16_t& word : memory) word = static_cast<uint16_t>(dice());
    view.data = memory.data();
    view.scales = scale.data();
    view.scale_count = 1;
    view.zero_point = type == Type::kInt16 ? 0 : zero;
  }
  double Real(int32_t index) const { return (StoredAt(view, index) - view.zero_point) * double{scale[0]}; }
};

int32_t AnyZero(std::mt19937& dice, Type type) {
  const Range<int32_t> range = RangeOf(type);
  return std::uniform_int_distribution<int32_t>(range.low, range.high)(dice);
}

float AnyScale(std::mt19937& dice, Type type) {
  const float step = std::uniform_real_distribution<float>(0.005f, 0.1f)(dice);
  return type == Type::kInt16 ? step / 256 : step;
}

template <typename T>
void Compare(const typename T::Params& params, const std::vector<Stored*>& in, const Stored& out, double tolerance,
             const std::function<double(int32_t)>& oracle) {
  std::vector<Tensor> views;
  for (const Stored* tensor : in) views.push_back(tensor->view);
  const Call call{views, {&out.view, 1}, nullptr};
  ASSERT_STREQ(Sentence(T::Check(params, call)), Sentence(Reason::kNone)) << T::kName;
  const Range<int32_t> range = RangeOf(out.view.type);
  T::RunReference(params, call);
  for (int32_t i = 0; i < out.view.shape.Count(); ++i) {
    const double stored = oracle(i) / double{out.scale[0]} + out.view.zero_point;
    ASSERT_NEAR(StoredAt(out.view, i), std::clamp(stored, double(range.low), double(range.high)), tolerance)
        << T::kName << " type " << static_cast<int>(out.view.type) << " element " << i;
  }
}

constexpr Type kTypes[] = {Type::kInt8, Type::kUInt8, Type::kInt16};

TEST(Pairs, AreTheRealOnes) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 dice(seed);
    const Type type = kTypes[seed % 3];
    const int32_t rows = 1 + static_cast<int32_t>(dice() % 4), columns = 1 + static_cast<int32_t>(dice() % 5);
    Stored a(dice, type, {rows, columns}, AnyScale(dice, type), AnyZero(dice, type));
    Stored b(dice, type, {columns}, AnyScale(dice, type), AnyZero(dice, type));
    const std::vector<Stored*> in = {&a, &b};
    Stored y(dice, type, {rows, columns}, AnyScale(dice, type), AnyZero(dice, type));
    const auto first = [&](int32_t i) { return a.Real(i); };
    const auto second = [&](int32_t i) { return b.Real(i % columns); };
    Compare<Add>({}, in, y, 1.01, [&](int32_t i) { return first(i) + second(i); });
    Compare<Sub>({}, in, y, 1.01, [&](int32_t i) { return first(i) - second(i); });
    Compare<Mul>({}, in, y, 1.01, [&](int32_t i) { return first(i) * second(i); });
    Stored large(dice, type, {rows, columns}, 1, AnyZero(dice, type));
    // Two roundings of 1/2 before the square may move it by twice its root.
    Compare<SquaredDifference>({}, in, large, type == Type::kInt16 ? 1.6 : 1.01,
                               [&](int32_t i) { return std::pow(first(i) - second(i), 2); });
    if (type != Type::kInt16) {
      Compare<Div>({}, in, y, 1.01, [&](int32_t i) { return first(i) == 0 ? 0 : first(i) / second(i); });
      Compare<Prelu>({}, in, y, 1.01, [&](int32_t i) { return first(i) * (first(i) < 0 ? second(i) : 1); });
    }
  }
}

TEST(Functions, AreTheRealOnes) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 dice(seed);
    const Type type = kTypes[seed % 3];
    Stored x(dice, type, {60}, AnyScale(dice, type), AnyZero(dice, type));
    const std::vector<Stored*> in = {&x};
    Stored y(dice, type, {60}, AnyScale(dice, type), AnyZero(dice, type));
    const auto real = [&](int32_t i) { return x.Real(i); };
    Compare<Relu>({}, in, y, 1.01, [&](int32_t i) { return std::max(real(i), 0.0); });
    Compare<ReluN1To1>({}, in, y, 1.01, [&](int32_t i) { return std::clamp(real(i), -1.0, 1.0); });
    Compare<Relu0To1>({}, in, y, 1.01, [&](int32_t i) { return std::clamp(real(i), 0.0, 1.0); });
    Compare<Abs>({}, in, y, 1.01, [&](int32_t i) { return std::abs(real(i)); });
    for (const float alpha : {0.1f, -0.3f, 2.0f}) {
      Compare<LeakyRelu>({alpha}, in, y, 1.01, [&](int32_t i) { return real(i) * double{real(i) < 0 ? alpha : 1}; });
    }
    if (type != Type::kInt16) {
      Stored step(dice, type, {60}, x.scale[0] * 1.5f, AnyZero(dice, type));
      Compare<HardSwish>({}, in, step, 1.6, [&](int32_t i) { return real(i) * std::clamp(real(i) + 3, 0.0, 6.0) / 6; });
    }
    if (type == Type::kInt8) {
      Compare<Elu>({}, in, y, 0.501, [&](int32_t i) { return std::max(real(i), std::expm1(std::min(real(i), 0.0))); });
    }
    if (type == Type::kUInt8) continue;
    const bool words = type == Type::kInt16;
    Stored unit(dice, type, {60}, words ? 1.0f / 32768 : 1.0f / 256, -128);
    Compare<Logistic>({}, in, unit, words ? 4 : 1.01, [&](int32_t i) { return 1 / (1 + std::exp(-real(i))); });
    Stored half(dice, type, {60}, words ? 1.0f / 32768 : 1.0f / 128, 0);
    Compare<Tanh>({}, in, half, words ? 8 : 1.01, [&](int32_t i) { return std::tanh(real(i)); });
  }
}

TEST(Rows, AreTheRealOnes) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 dice(seed);
    const int32_t rows = 1 + static_cast<int32_t>(dice() % 3), columns = 1 + static_cast<int32_t>(dice() % 50);
    const auto sum = [&](const Stored& x, int32_t i, const std::function<double(double)>& function) {
      double total = 0;
      for (int32_t k = 0; k < columns; ++k) total += function(x.Real(i / columns * columns + k));
      return total;
    };
    const auto exp = [](double value) { return std::exp(value); };
    Stored x(dice, Type::kInt8, {rows, columns}, AnyScale(dice, Type::kInt8), AnyZero(dice, Type::kInt8));
    Stored logarithm(dice, Type::kInt8, {rows, columns}, 0.0625f, 127);
    Compare<LogSoftmax>({}, {&x}, logarithm, 1.01, [&](int32_t i) { return x.Real(i) - std::log(sum(x, i, exp)); });
    Stored unit(dice, Type::kInt8, {rows, columns}, 1.0f / 128, 0);
    Compare<L2Normalization>({}, {&x}, unit, 1.01, [&](int32_t i) {
      const double length = std::sqrt(sum(x, i, [](double value) { return value * value; }));
      return length == 0 ? 0 : x.Real(i) / length;
    });
    Stored words(dice, Type::kInt16, {rows, columns}, AnyScale(dice, Type::kInt16), 0);
    Stored fraction(dice, Type::kInt16, {rows, columns}, 1.0f / 32768, 0);
    Softmax::Params params;
    params.beta = 1;
    // The table ends at -10: everything below still counts e^-10, 1.5 steps.
    Compare<Softmax>(params, {&words}, fraction, 12 + 1.6 * columns,
                     [&](int32_t i) { return std::exp(words.Real(i)) / sum(words, i, exp); });
  }
}

TEST(ElementByElement, RefusesWhatDoesNotFit) {
  std::mt19937 dice(1);
  Stored a(dice, Type::kInt8, {2, 3}, 1, 0), b(dice, Type::kInt8, {2}, 1, 0), wide(dice, Type::kInt16, {3}, 1, 0);
  const auto reason = [](std::vector<Tensor> in, const Tensor& out) {
    return Mul::Check({}, {in, {&out, 1}, nullptr});
  };
  EXPECT_EQ(reason({a.view, b.view}, a.view), Reason::kOperandShapes);        // 3 and 2 columns
  EXPECT_EQ(reason({a.view, wide.view}, a.view), Reason::kOperandTypes);      // int8 and int16
  EXPECT_EQ(reason({wide.view, wide.view}, a.view), Reason::kOperandShapes);  // a larger output
  EXPECT_EQ(reason({a.view}, a.view), Reason::kInputCount);
  b.view.scale_count = 0;
  EXPECT_EQ(reason({b.view, b.view}, b.view), Reason::kOperandTypes);  // bytes without a scale
}

}  // namespace
}  // namespace thimble::kernels
