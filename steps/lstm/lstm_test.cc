// The LSTM against the operator, bit for bit: outputs and what stays for the next run.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

#include "kernels/unidirectional_sequence_lstm/op.h"
#include "steps/lstm/pack.h"
#include "steps/reference_layer.h"

namespace thimble::steps {
namespace {

using kernels::Tensor;
using kernels::Type;
using Operator = kernels::UnidirectionalSequenceLstm;

constexpr size_t kInputs = 20, kGates = 4, kWeights = 1, kRecurrent = 5, kBias = 12, kHidden = 18, kCell = 19;

/// A call of the operator with int8 sequences, and the same as a layer.
class Case {
 public:
  Case(Random& random, int32_t batches, int32_t moments, int32_t inputs, int32_t cells)
      : x(Bytes(random, batches * moments * inputs, -128)),
        y(static_cast<size_t>(batches * moments * cells)),
        hidden(Bytes(random, batches * cells, -128)),
        cell(static_cast<size_t>(batches * cells)) {
    for (int16_t& each : cell) {
      each = static_cast<int16_t>(random.Chance(0.1) ? (random.Chance(0.5) ? -32768 : 32767)
                                                     : Pick(random, -32768, 32767) >> Pick(random, 0, 8));
    }
    layer.batches = batches, layer.moments = moments, layer.inputs = inputs, layer.cells = cells;
    layer.input_zero_point = ZeroPoint(random), layer.hidden_zero_point = ZeroPoint(random);
    Set(x_shape_, {batches, moments, inputs}), Set(y_shape_, {batches, moments, cells});
    Set(weights_shape_, {cells, inputs}), Set(recurrent_shape_, {cells, cells});
    Set(bias_shape_, {cells, 0, 0}), Set(state_shape_, {batches, cells, 0});
    params_.activation = Operator::kTanh;
    if (random.Chance(0.2)) params_.cell_clip = 0.1f * static_cast<float>(Pick(random, 1, 100));

    // Gates between the ends of their tables most of the time, cells and results mostly not saturated.
    scales_[0] = Near(random, 1.0f / 64), scales_[kHidden] = Near(random, 1.0f / 128);
    scales_[kCell] = std::ldexp(1.0f, random.Chance(0.1) ? Pick(random, -27, 2) : -Pick(random, 10, 16));
    const int32_t lowest = random.Chance(0.9) ? -127 : -128;
    for (size_t g = 0; g < kGates; ++g) {
      Recurrence::Gate& gate = layer.gates[g];
      gate.weights = Bytes(random, cells * inputs, lowest);
      gate.recurrent = Bytes(random, cells * cells, lowest);
      for (int32_t i = 0; i < cells; ++i) {
        gate.bias.push_back(random.Chance(0.05) ? Pick(random, -7000000, 7000000) : Pick(random, -9000, 9000));
      }
      scales_[kWeights + g] = Near(random, 1.0f / 64), scales_[kRecurrent + g] = Near(random, 1.0f / 64);
    }

    const auto whole = [&](size_t i, auto& data, std::array<int32_t, 3>& shape, int rank, int32_t zero_point = 0) {
      Tensor& tensor = in_[i];
      tensor = {.data = data.data(), .shape = {shape.data(), rank}, .scales = &scales_[i], .scale_count = 1};
      tensor.zero_point = zero_point;
      tensor.type = sizeof(data[0]) == 1 ? Type::kInt8 : sizeof(data[0]) == 2 ? Type::kInt16 : Type::kInt32;
      tensor.variable = i >= kHidden;
    };
    whole(0, x, x_shape_, 3, layer.input_zero_point);
    for (size_t g = 0; g < kGates; ++g) {
      whole(kWeights + g, layer.gates[g].weights, weights_shape_, 2);
      whole(kRecurrent + g, layer.gates[g].recurrent, recurrent_shape_, 2);
      whole(kBias + g, layer.gates[g].bias, bias_shape_, 1);
    }
    whole(kHidden, hidden, state_shape_, 2, layer.hidden_zero_point);
    whole(kCell, cell, state_shape_, 2);
    out_[0] = in_[kHidden];
    out_[0].data = y.data(), out_[0].shape = {y_shape_.data(), 3}, out_[0].variable = false;

    const Operator::Scales scales = Operator::ScalesOf(params_, call());
    for (size_t g = 0; g < kGates; ++g) {
      layer.gates[g].of_inputs = scales.of_x[g], layer.gates[g].of_hidden = scales.of_h[g];
    }
    layer.forget = scales.forget, layer.update = scales.update, layer.output = scales.output;
    layer.cell_low = scales.cell_low, layer.cell_high = scales.cell_high, layer.cell_shift = scales.cell_shift;
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  kernels::Call call() const { return {in_, out_, nullptr, nullptr}; }
  void RunReference() {
    ASSERT_TRUE(ok(Operator::Check(params_, call())));
    Operator::RunReference(params_, call());
  }
  int64_t input_bytes() const { return static_cast<int64_t>(x.size()); }
  int64_t output_bytes() const { return static_cast<int64_t>(y.size()); }

  Recurrence layer;
  std::vector<int8_t> x, y, hidden;
  std::vector<int16_t> cell;

 private:
  static void Set(std::array<int32_t, 3>& shape, std::array<int32_t, 3> dims) { shape = dims; }
  static int32_t ZeroPoint(Random& random) {
    return random.Chance(0.2) ? -128 : random.Chance(0.1) ? 127 : Pick(random, -128, 127);
  }
  /// Sometimes far away.
  static float Near(Random& random, float usual) {
    const float scale = usual * static_cast<float>(Pick(random, 100, 2000)) / 1000;
    return random.Chance(0.03) ? scale * 100 : random.Chance(0.03) ? scale / 1000 : scale;
  }
  static std::vector<int8_t> Bytes(Random& random, int32_t count, int32_t low) {
    std::vector<int8_t> bytes(static_cast<size_t>(count));
    const int32_t kind = Pick(random, 0, 9);
    for (int8_t& byte : bytes) {
      byte = static_cast<int8_t>(kind == 9   ? low
                                 : kind == 8 ? 127
                                 : kind == 7 ? (random.Chance(0.5) ? low : 127)
                                             : Pick(random, low, 127));
    }
    return bytes;
  }

  Operator::Params params_;
  std::array<int32_t, 3> x_shape_, y_shape_, weights_shape_, recurrent_shape_, bias_shape_, state_shape_;
  float scales_[kInputs] = {};
  Tensor in_[kInputs], out_[1];
};

Case RandomCase(Random& random) {
  const int32_t most = random.Chance(0.1) ? 40 : 12;
  const int32_t batches = random.Chance(0.2) ? 2 : 1, moments = Pick(random, 1, 4);
  const int32_t inputs = Pick(random, 1, most), cells = Pick(random, 1, most);
  return {random, batches, moments, inputs, cells};
}

/// Two runs, so that the second sees what the first leaves.
void ExpectTheReference(Case& a, const Packed<Lstm::Params>& packed, bool overlapping) {
  const Placed<Lstm> placed = Place<Lstm>(packed, a.input_bytes(), a.output_bytes(), overlapping);
  Lstm::Params params = placed.params;
  const size_t hidden_bytes = a.hidden.size(), cell_bytes = 2 * a.cell.size();
  const auto cell_state = static_cast<size_t>(RoundUpTo16(static_cast<int64_t>(hidden_bytes)));
  params.hidden_state = 0;
  params.cell_state = static_cast<int32_t>(cell_state);
  const ExactBytes constants(packed.constants), frame(static_cast<size_t>(placed.frame_bytes));
  const ExactBytes state(cell_state + cell_bytes);
  std::memcpy(state.data(), a.hidden.data(), hidden_bytes);
  std::memcpy(state.data() + cell_state, a.cell.data(), cell_bytes);
  const Extents extents{static_cast<uint32_t>(constants.size()), static_cast<uint32_t>(frame.size()),
                        static_cast<uint32_t>(state.size())};
  ASSERT_TRUE(Lstm::Check(params, constants.data(), extents));
  const Memory memory{constants.data(), frame.data(), state.data(), nullptr};
  for (int32_t run = 0; run < 2; ++run) {
    std::memcpy(frame.data() + placed.input, a.x.data(), a.x.size());
    RecordCase<Lstm>(params, memory, extents, placed.output, a.output_bytes());
    Lstm::Run(params, memory);
    ASSERT_NO_FATAL_FAILURE(a.RunReference());
    ASSERT_EQ(std::memcmp(frame.data() + placed.output, a.y.data(), a.y.size()), 0) << "run " << run;
    ASSERT_EQ(std::memcmp(state.data(), a.hidden.data(), hidden_bytes), 0) << "run " << run;
    ASSERT_EQ(std::memcmp(state.data() + cell_state, a.cell.data(), cell_bytes), 0) << "run " << run;
  }
}

TEST(Lstm, IsTheReferenceOnSequencesOfEverySize) {
  int32_t packed_layers = 0;
  for (uint64_t seed = 0; seed < 12000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Case a = RandomCase(random);
    const auto packed = PackLstm(a.layer, Target::kCortexM4);
    if (!packed) continue;
    ++packed_layers;
    ASSERT_NO_FATAL_FAILURE(ExpectTheReference(a, *packed, random.Chance(0.5)));
  }
  EXPECT_GT(packed_layers, 10000);
}

TEST(Lstm, MayBeginAMomentBeforeItsInput) {
  Random random(1);
  const Case a(random, 1, 5, 28, 20);
  const auto packed = PackLstm(a.layer, Target::kCortexM4);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->lead_bytes, 20);
}

TEST(Lstm, RefusesWhatItCannotDoExactly) {
  const auto is_packed = [](const std::function<void(Recurrence&)>& change, Target target = Target::kCortexM4) {
    Random random(1);
    Case a(random, 1, 2, 3, 4);
    change(a.layer);
    return PackLstm(a.layer, target).has_value();
  };
  EXPECT_TRUE(is_packed([](Recurrence&) {}));
  EXPECT_FALSE(is_packed([](Recurrence&) {}, Target::kCortexM0));
  EXPECT_FALSE(is_packed([](Recurrence& layer) { layer.gates[1].bias[2] = 1 << 24; }));     // second of a pair
  EXPECT_TRUE(is_packed([](Recurrence& layer) { layer.gates[2].bias[2] = 1 << 24; }));      // first of a pair
  EXPECT_FALSE(is_packed([](Recurrence& layer) { layer.gates[2].bias[2] = INT32_MAX; }));   // no headroom
  EXPECT_FALSE(is_packed([](Recurrence& layer) { layer.gates[0].of_hidden.shift = 20; }));  // would wrap
  EXPECT_FALSE(is_packed([](Recurrence& layer) { layer.output.shift = 0; }));
}

TEST(Lstm, RefusesOrSurvivesCorruptedPlans) {
  int32_t accepted = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    Case a = RandomCase(random);
    a.layer.cell_state = 64;
    const auto packed = PackLstm(a.layer, Target::kCortexM4);
    if (!packed) continue;
    const auto state_bytes = static_cast<uint32_t>(64 + 2 * a.cell.size());
    if (a.hidden.size() > 64) continue;
    accepted += RunCorrupted<Lstm>(random, *packed, a.input_bytes(), a.output_bytes(), 30, state_bytes);
  }
  EXPECT_GT(accepted, 3000);  // it is not all refused
}

}  // namespace
}  // namespace thimble::steps
