// Filters over time against the operator, bit for bit: outputs and what stays for the next run.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "kernels/svdf/op.h"
#include "steps/reference_layer.h"
#include "steps/svdf/pack.h"

namespace thimble::steps {
namespace {

using kernels::Tensor;
using kernels::Type;

/// A call of the operator, and the same as a layer.
class Case {
 public:
  explicit Case(Random& random, int32_t inputs = 0, int32_t units = 0, int32_t moments = 0) {
    layer.batches = random.Chance(0.2) ? Pick(random, 2, 3) : 1;
    layer.inputs = inputs != 0 ? inputs : Pick(random, 1, random.Chance(0.1) ? 100 : 20);
    layer.units = units != 0 ? units : Pick(random, 1, 9);
    layer.rank = random.Chance(0.5) ? 1 : Pick(random, 2, 4);
    layer.moments = moments != 0 ? moments : Pick(random, 1, random.Chance(0.1) ? 40 : 10);
    layer.int16_state = random.Chance(0.5);
    layer.input_zero_point = ZeroPoint(random), layer.output_zero_point = ZeroPoint(random);
    layer.state_zero_point = layer.int16_state || random.Chance(0.5) ? 0 : ZeroPoint(random);
    const int32_t filters = layer.units * layer.rank;
    x = Values<int8_t>(random, layer.batches * layer.inputs, -128, 127);
    y.resize(static_cast<size_t>(layer.batches * layer.units));
    layer.weights = Values<int8_t>(random, filters * layer.inputs, random.Chance(0.8) ? -127 : -128, 127);
    const int32_t high = layer.int16_state ? 32767 : 127;
    layer.time = Values<int16_t>(random, filters * layer.moments, -high - 1, high);
    state = Values<int16_t>(random, layer.batches * filters * layer.moments, -high - 1, high);
    layer.bias = Values<int32_t>(random, layer.units, -100000, 100000);
    if (!layer.int16_state) {
      time_bytes_.assign(layer.time.begin(), layer.time.end());
      state_bytes_.assign(state.begin(), state.end());
    }

    // Features and outputs mostly not saturated.
    scales_ = {Near(random, 0.05f), Near(random, 0.01f), Near(random, 0.01f), 1, Near(random, 1), Near(random, 1)};
    scales_[4] = scales_[0] * scales_[1] * static_cast<float>(layer.inputs) * (layer.int16_state ? 0.3f : 50.0f);
    if (random.Chance(0.03)) scales_[4] *= 1e-4f;
    scales_[5] = scales_[4] * scales_[2] * (layer.int16_state ? 1e7f : 100.0f);
    shapes_ = {{{layer.batches, layer.inputs},
                {filters, layer.inputs},
                {filters, layer.moments},
                {layer.units, 0},
                {layer.batches, filters * layer.moments},
                {layer.batches, layer.units}}};
    const Type of_state = layer.int16_state ? Type::kInt16 : Type::kInt8;
    const auto view = [&](size_t i, void* data, Type type, int32_t zero_point) {
      Tensor tensor{.data = data, .shape = {shapes_[i].data(), i == 3 ? 1 : 2}, .scales = &scales_[i]};
      tensor.scale_count = 1;
      tensor.zero_point = zero_point;
      tensor.type = type;
      tensor.variable = i == 4;
      return tensor;
    };
    in_[0] = view(0, x.data(), Type::kInt8, layer.input_zero_point);
    in_[1] = view(1, layer.weights.data(), Type::kInt8, 0);
    in_[2] = view(2, layer.int16_state ? static_cast<void*>(layer.time.data()) : time_bytes_.data(), of_state, 0);
    in_[3] = view(3, layer.bias.data(), Type::kInt32, 0);
    in_[4] = view(4, state_data(), of_state, layer.state_zero_point);
    out_[0] = view(5, y.data(), Type::kInt8, layer.output_zero_point);
    const kernels::Svdf::Scales scales = kernels::Svdf::ScalesOf(call());
    layer.to_state = scales.to_state, layer.to_output = scales.to_output;
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  kernels::Call call() const { return {in_, out_, nullptr, nullptr}; }
  void RunReference() {
    const kernels::Svdf::Params params = {layer.rank, kernels::Activation::kNone};
    ASSERT_TRUE(ok(kernels::Svdf::Check(params, call())));
    kernels::Svdf::RunReference(params, call());
  }
  void* state_data() { return layer.int16_state ? static_cast<void*>(state.data()) : state_bytes_.data(); }
  size_t state_size() const { return state.size() * (layer.int16_state ? 2 : 1); }
  int64_t input_bytes() const { return static_cast<int64_t>(x.size()); }
  int64_t output_bytes() const { return static_cast<int64_t>(y.size()); }

  TimeFilter layer;
  std::vector<int8_t> x, y;
  std::vector<int16_t> state;

 private:
  static int32_t ZeroPoint(Random& random) {
    return random.Chance(0.2) ? -128 : random.Chance(0.1) ? 127 : Pick(random, -128, 127);
  }
  static float Near(Random& random, float usual) { return usual * static_cast<float>(Pick(random, 300, 3000)) / 1000; }
  template <typename T>
  static std::vector<T> Values(Random& random, int32_t count, int32_t low, int32_t high) {
    std::vector<T> values(static_cast<size_t>(count));
    const int32_t kind = Pick(random, 0, 9);
    for (T& value : values) {
      value = static_cast<T>(kind == 9   ? low
                             : kind == 8 ? high
                             : kind == 7 ? (random.Chance(0.5) ? low : high)
                                         : Pick(random, low, high));
    }
    return values;
  }

  std::vector<int8_t> time_bytes_, state_bytes_;
  std::array<float, 6> scales_;
  std::array<std::array<int32_t, 2>, 6> shapes_;
  Tensor in_[5], out_[1];
};

/// As many runs as it takes for the first feature to be forgotten, but no more than three.
void ExpectTheReference(Case& a, const Packed<Svdf::Params>& packed, bool overlapping) {
  const Placed<Svdf> placed = Place<Svdf>(packed, a.input_bytes(), a.output_bytes(), overlapping);
  const ExactBytes constants(packed.constants), frame(static_cast<size_t>(placed.frame_bytes)), state(a.state_size());
  std::memcpy(state.data(), a.state_data(), a.state_size());
  const Extents extents{static_cast<uint32_t>(constants.size()), static_cast<uint32_t>(frame.size()),
                        static_cast<uint32_t>(state.size())};
  ASSERT_TRUE(Svdf::Check(placed.params, constants.data(), extents));
  const Memory memory{constants.data(), frame.data(), state.data(), nullptr};
  for (int32_t run = 0; run < std::min(a.layer.moments + 1, 3); ++run) {
    std::memcpy(frame.data() + placed.input, a.x.data(), a.x.size());
    RecordCase<Svdf>(placed.params, memory, extents, placed.output, a.output_bytes());
    Svdf::Run(placed.params, memory);
    ASSERT_NO_FATAL_FAILURE(a.RunReference());
    ASSERT_EQ(std::memcmp(frame.data() + placed.output, a.y.data(), a.y.size()), 0) << "run " << run;
    ASSERT_EQ(std::memcmp(state.data(), a.state_data(), a.state_size()), 0) << "run " << run;
  }
}

TEST(Svdf, IsTheReferenceOnFiltersOfEverySize) {
  int32_t packed_layers = 0, unpaired = 0;
  for (uint64_t seed = 0; seed < 12000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Case a(random);
    const auto packed = PackSvdf(a.layer, Target::kCortexM4);
    if (!packed) continue;
    ++packed_layers;
    unpaired += packed->params.tiles > (a.layer.units * a.layer.rank + 3) / 4 ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(ExpectTheReference(a, *packed, random.Chance(0.5)));
  }
  EXPECT_GT(packed_layers, 11000);
  EXPECT_GT(unpaired, 100);
}

TEST(Svdf, MayTakeThePlaceOfItsInput) {
  Random random(1);
  Case a(random, 20, 8, 5);
  a.layer.batches = 1;
  const auto packed = PackSvdf(a.layer, Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_LE(packed->lead_bytes, 0);
}

TEST(Svdf, RefusesWhatItCannotDoExactly) {
  const auto is_packed = [](const std::function<void(TimeFilter&)>& change, Target target = Target::kCortexM4) {
    Random random(1);
    Case a(random);
    change(a.layer);
    return PackSvdf(a.layer, target).has_value();
  };
  EXPECT_TRUE(is_packed([](TimeFilter&) {}));
  EXPECT_FALSE(is_packed([](TimeFilter&) {}, Target::kX86));
  EXPECT_FALSE(is_packed([](TimeFilter& layer) { layer.to_state.shift = 28; }));  // would wrap
  EXPECT_TRUE(is_packed([](TimeFilter& layer) { layer.to_output.shift = 28; }));  // may wrap
}

TEST(Svdf, RefusesOrSurvivesCorruptedPlans) {
  int32_t accepted = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const Case a(random);
    const auto packed = PackSvdf(a.layer, Target::kCortexM4);
    if (!packed) continue;
    accepted += RunCorrupted<Svdf>(random, *packed, a.input_bytes(), a.output_bytes(), 30,
                                   static_cast<uint32_t>(a.state_size()));
  }
  EXPECT_GT(accepted, 3000);  // it is not all refused
}

}  // namespace
}  // namespace thimble::steps
