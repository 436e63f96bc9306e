#include <gtest/gtest.h>

#include "kernels/add/op.h"
#include "kernels/logistic/op.h"
#include "kernels/mul/op.h"
#include "kernels/softmax/op.h"
#include "steps/add/pack.h"
#include "steps/lookup/pack.h"
#include "steps/multiply/pack.h"
#include "steps/reference_layer.h"
#include "steps/softmax/pack.h"

namespace thimble::steps {
namespace {

constexpr Target kTarget = Target::kCortexM4;

/// Of an int8 operand; the scale spans eight decades, one time in ten exactly 1/16.
struct Quantisation {
  float scale;
  int32_t zero_point;

  explicit Quantisation(Random& random, float usual_scale)
      : scale(random.Chance(0.1) ? 0.0625f : usual_scale * static_cast<float>(Pick(random, 1, 2000)) / 1000),
        zero_point(random.Chance(0.2)   ? -128
                   : random.Chance(0.1) ? 127
                                        : Pick(random, -128, 127)) {
    if (random.Chance(0.1)) scale *= random.Chance(0.5) ? 1e-4f : 1e3f;
  }
};

std::vector<int8_t> RandomBytes(Random& random, int32_t count) {
  std::vector<int8_t> bytes(static_cast<size_t>(count));
  const bool extreme = random.Chance(0.1);
  for (int8_t& byte : bytes) {
    byte = static_cast<int8_t>(extreme ? (random.Chance(0.5) ? -128 : 127) : Pick(random, -128, 127));
  }
  return bytes;
}

/// A call of an operator on int8 tensors of one dimension.
struct Operands {
  int32_t count;
  Quantisation a, b, y;
  std::vector<int8_t> a_values, b_values, y_values;

  explicit Operands(Random& random)
      : count(Pick(random, 1, 21)),
        a(random, 0.05f),
        b(random, 0.05f),
        y(random, 0.05f),
        a_values(RandomBytes(random, count)),
        b_values(RandomBytes(random, count)),
        y_values(static_cast<size_t>(count)) {}

  template <typename Use>
  auto With(Use use) {
    const auto view = [&](std::vector<int8_t>& values, const Quantisation& quantisation) {
      kernels::Tensor tensor{.data = values.data(), .shape = {&count, 1}, .scales = &quantisation.scale};
      tensor.scale_count = 1;
      tensor.zero_point = quantisation.zero_point;
      tensor.type = kernels::Type::kInt8;
      return tensor;
    };
    const kernels::Tensor in[] = {view(a_values, a), view(b_values, b)}, out[] = {view(y_values, y)};
    return use(kernels::Call{in, out, nullptr, nullptr});
  }
};

/// The output where `place` says: 0 in the first operand's place, 1 in the second's, 2 apart.
template <typename T>
std::vector<int8_t> RunTwo(const Packed<typename T::Params>& packed, const Operands& operands, int32_t place) {
  const auto count = static_cast<size_t>(operands.count);
  const auto room = static_cast<size_t>(RoundUpTo16(operands.count));
  const ExactBytes frame(place == 2 ? 2 * room + count : room + count), constants(0);
  typename T::Params params = packed.params;
  params.input = 0;
  params.second = static_cast<int32_t>(room);
  params.output = place * static_cast<int32_t>(room);
  std::memcpy(frame.data(), operands.a_values.data(), count);
  std::memcpy(frame.data() + room, operands.b_values.data(), count);
  const Extents extents{0, static_cast<uint32_t>(frame.size()), 0};
  EXPECT_TRUE(T::Check(params, constants.data(), extents));
  const Memory memory{constants.data(), frame.data(), nullptr, nullptr};
  RecordCase<T>(params, memory, extents, params.output, operands.count);
  T::Run(params, memory);
  std::vector<int8_t> output(count);
  std::memcpy(output.data(), frame.data() + params.output, count);
  return output;
}

template <typename T>
void Corrupt(const Packed<typename T::Params>& packed, int64_t bytes) {
  Random random(17);
  EXPECT_GT(RunCorrupted<T>(random, packed, bytes, bytes, 3000), 100);
}

TEST(Add, GivesTheBitsOfTheOperator) {
  Random random(1);
  int32_t equal_scales = 0;
  for (int32_t compared = 0; compared < 12000;) {
    Operands operands(random);
    if (random.Chance(0.2)) operands.b.scale = operands.a.scale;
    const auto activation = static_cast<kernels::Activation>(random.Chance(0.7) ? 0 : Pick(random, 1, 3));
    Addition layer;
    const bool accepted = operands.With([&](const kernels::Call& call) {
      if (!ok(kernels::Add::Check({activation}, call))) return false;
      kernels::Add::RunReference({activation}, call);
      const kernels::CommonScale scale = kernels::CommonScaleOf(call, false);
      const kernels::Range<int32_t> range = kernels::StoredRange(activation, call.out[0]);
      layer = {operands.count,
               operands.a.zero_point,
               operands.b.zero_point,
               operands.y.zero_point,
               scale.a,
               scale.b,
               scale.result,
               range.low,
               range.high};
      return true;
    });
    if (!accepted) continue;
    const auto packed = PackAdd(layer, kTarget);
    if (!packed) continue;
    EXPECT_EQ(packed->lead_bytes, 0);
    EXPECT_EQ(packed->second_lead_bytes, 0);
    ASSERT_EQ(RunTwo<Add>(*packed, operands, Pick(random, 0, 2)), operands.y_values) << "case " << compared;
    equal_scales += packed->params.scaled_shift == 0 ? 1 : 0;
    if (++compared == 1) Corrupt<Add>(*packed, operands.count);
  }
  EXPECT_GT(equal_scales, 1000);
}

TEST(Add, IsLeftToTheOperatorWhenNoScaleIsHalf) {
  Addition layer;
  layer.count = 4;
  layer.a_multiplier = layer.b_multiplier = {1 << 30, -1};
  layer.multiplier = {1 << 30, -18};
  EXPECT_FALSE(PackAdd(layer, kTarget));
  layer.b_multiplier.shift = 0;
  EXPECT_TRUE(PackAdd(layer, kTarget));
  layer.multiplier.shift = 0;
  EXPECT_FALSE(PackAdd(layer, kTarget));
}

TEST(Multiply, GivesTheBitsOfTheOperator) {
  Random random(2);
  for (int32_t compared = 0; compared < 12000;) {
    Operands operands(random);
    const auto activation = static_cast<kernels::Activation>(random.Chance(0.7) ? 0 : Pick(random, 1, 3));
    Product layer;
    const bool accepted = operands.With([&](const kernels::Call& call) {
      if (!ok(kernels::Mul::Check({activation}, call))) return false;
      kernels::Mul::RunReference({activation}, call);
      const kernels::Range<int32_t> range = kernels::StoredRange(activation, call.out[0]);
      layer = {operands.count,
               operands.a.zero_point,
               operands.b.zero_point,
               operands.y.zero_point,
               QuantiseRatio(operands.a.scale, operands.b.scale, operands.y.scale),
               range.low,
               range.high};
      return true;
    });
    if (!accepted) continue;
    const auto packed = PackMultiply(layer, kTarget);
    if (!packed) continue;
    ASSERT_EQ(RunTwo<Multiply>(*packed, operands, Pick(random, 0, 2)), operands.y_values) << "case " << compared;
    if (++compared == 1) Corrupt<Multiply>(*packed, operands.count);
  }
}

TEST(Lookup, GivesTheBitsOfAnOperatorThatMadeTheTable) {
  Random random(3);
  Operands operands(random);
  operands.count = 256;
  operands.y.scale = 1.0f / 256;
  operands.y.zero_point = -128;
  operands.a_values.resize(256);
  operands.y_values.resize(256);
  for (int32_t i = 0; i < 256; ++i) operands.a_values[static_cast<size_t>(i)] = static_cast<int8_t>(i - 128);
  Mapping layer;
  operands.With([&](const kernels::Call& both) {
    const kernels::Call call{both.in.first(1), both.out, nullptr, nullptr};
    EXPECT_EQ(kernels::Logistic::Check({}, call), kernels::Reason::kNone);
    kernels::Logistic::RunReference({}, call);
  });
  std::copy(operands.y_values.begin(), operands.y_values.end(), layer.values.begin());
  for (int32_t i = 0; i < 1000; ++i) {
    const std::vector<int8_t> input = RandomBytes(random, Pick(random, 1, 30));
    layer.count = static_cast<int32_t>(input.size());
    std::vector<int8_t> expected;
    for (const int8_t x : input) expected.push_back(layer.values[static_cast<size_t>(x + 128)]);
    const auto packed = PackLookup(layer, kTarget);
    ASSERT_TRUE(packed);
    ASSERT_EQ(RunPacked<Lookup>(*packed, input, layer.count, random.Chance(0.5)), expected);
    if (i == 0) Corrupt<Lookup>(*packed, layer.count);
  }
}

TEST(Softmax, GivesTheBitsOfTheOperator) {
  Random random(4);
  const float unit = 1.0f / 256;
  int32_t shortened = 0;
  for (int32_t compared = 0; compared < 12000;) {
    const int32_t rows = Pick(random, 1, 3), columns = Pick(random, 1, random.Chance(0.01) ? 4095 : 40);
    const int32_t dims[] = {rows, columns};
    const float scale = static_cast<float>(Pick(random, 1, 4000)) / 4000;
    const float beta = random.Chance(0.8) ? 1.0f : static_cast<float>(Pick(random, 1, 3000)) / 1000;
    std::vector<int8_t> x_values = RandomBytes(random, rows * columns), y_values(x_values.size());
    if (random.Chance(0.3)) {  // scores that are near each other
      for (int8_t& x : x_values) x = static_cast<int8_t>(x / 32);
    }
    kernels::Tensor x{.data = x_values.data(), .shape = {dims, 2}, .scales = &scale, .scale_count = 1};
    x.type = kernels::Type::kInt8;
    kernels::Tensor y{.data = y_values.data(), .shape = {dims, 2}, .scales = &unit, .scale_count = 1};
    y.zero_point = -128;
    y.type = kernels::Type::kInt8;
    const kernels::Call call{{&x, 1}, {&y, 1}, nullptr, nullptr};
    const Distribution layer{rows, columns, QuantiseRatio(beta, scale, 1.0f / (1 << 26))};
    const auto packed = PackSoftmax(layer, kTarget);
    ASSERT_EQ(packed.has_value(), ok(kernels::Softmax::Check({beta}, call)));
    if (!packed) continue;
    kernels::Softmax::RunReference({beta}, call);
    ASSERT_EQ(RunPacked<Softmax>(*packed, x_values, rows * columns, random.Chance(0.5)), y_values)
        << "case " << compared << ", " << columns << " columns, scale " << scale;
    shortened += packed->params.entries < 256 ? 1 : 0;
    if (++compared == 1) Corrupt<Softmax>(*packed, rows * columns);
  }
  EXPECT_GT(shortened, 1000);
}

}  // namespace
}  // namespace thimble::steps
