#include <bit>

#include "base/float_math.h"
#include "kernels/fixed_functions.h"
#include "kernels/real_functions.h"
#include "kernels/unidirectional_sequence_lstm/op.h"

namespace thimble::kernels {
namespace {

enum Gate : size_t { kInput, kForget, kUpdate, kOutput, kGates };
constexpr size_t kWeights = 1, kRecurrent = 5, kBias = 12, kHidden = 18, kCell = 19;

constexpr float kSumScale = 1.0f / (1 << 12);
constexpr float kGateScale = 1.0f / (1 << 15);
constexpr Range<int32_t> kInt16 = {INT16_MIN, INT16_MAX};

/// The exponent of a float that is a power of two.
constexpr int ExponentOf(float scale) { return static_cast<int>(std::bit_cast<uint32_t>(scale) >> 23) - 127; }

/// x and h are of type T, gates and cells int16.
template <typename T>
class Integers {
 public:
  using State = int16_t;

  Integers(const UnidirectionalSequenceLstm::Params& params, const Call& call)
      : call_(call),
        hidden_range_(StoredRange(Activation::kNone, call.in[kHidden])),
        scales_(UnidirectionalSequenceLstm::ScalesOf(params, call)),
        cell_range_{scales_.cell_low, scales_.cell_high} {}

  int32_t Logistic(Gate gate, const T* x, const T* h, int32_t s) const { return Logistic16(3 * SumOf(gate, x, h, s)); }
  int32_t Tanh(Gate gate, const T* x, const T* h, int32_t s) const { return Tanh16(3 * SumOf(gate, x, h, s)); }

  int16_t Cell(int32_t forget, int32_t cell, int32_t input, int32_t update) const {
    const int32_t kept = kInt16.Clamp(Scale(forget * cell, scales_.forget));
    const int32_t added = kInt16.Clamp(Scale(input * update, scales_.update));
    return static_cast<int16_t>(cell_range_.Clamp(kInt16.Clamp(kept + added)));
  }
  T Hidden(int32_t output, int32_t cell) const {
    // Cells in units of 1/12288, which is what the table takes.
    const int32_t shift = scales_.cell_shift;
    const int32_t thirds = shift >= 0 ? cell * (3 << shift) : (cell * 3 + (1 << (-shift - 1))) >> -shift;
    const int32_t scaled = Scale(Tanh16(thirds) * output, scales_.output);
    return static_cast<T>(hidden_range_.Clamp(WrapAdd(scaled, call_.in[kHidden].zero_point)));
  }

 private:
  using Sum = std::conditional_t<sizeof(T) == 2, int64_t, int32_t>;

  static Sum Dot(Sum sum, const T* values, int32_t zero_point, const int8_t* weights, int32_t count) {
    for (int32_t i = 0; i < count; ++i) sum = WrapAdd(sum, Sum{(values[i] - zero_point) * weights[i]});
    return sum;
  }
  [[gnu::noinline]] int32_t SumOf(size_t gate, const T* x, const T* h, int32_t s) const {
    const int32_t inputs = call_.in[0].shape[2], cells = call_.out[0].shape[2];
    const Sum from_x = Dot(static_cast<Sum>(BiasAt(call_.in[kBias + gate], s)), x, call_.in[0].zero_point,
                           call_.in[kWeights + gate].template As<int8_t>() + s * inputs, inputs);
    const Sum from_h =
        Dot(0, h, call_.in[kHidden].zero_point, call_.in[kRecurrent + gate].template As<int8_t>() + s * cells, cells);
    return kInt16.Clamp(kInt16.Clamp(Scale(from_x, scales_.of_x[gate])) +
                        kInt16.Clamp(Scale(from_h, scales_.of_h[gate])));
  }

  const Call& call_;
  const Range<int32_t> hidden_range_;
  const UnidirectionalSequenceLstm::Scales scales_;
  const Range<int32_t> cell_range_;
};

class Reals {
 public:
  using State = float;

  Reals(const UnidirectionalSequenceLstm::Params& params, const Call& call) : call_(call) {
    if (params.cell_clip > 0) cell_range_ = {-params.cell_clip, params.cell_clip};
  }

  float Logistic(Gate gate, const float* x, const float* h, int32_t s) const {
    return 1 / (1 + Exp(-SumOf(gate, x, h, s)));
  }
  float Tanh(Gate gate, const float* x, const float* h, int32_t s) const { return real::Tanh(SumOf(gate, x, h, s)); }
  float Cell(float forget, float cell, float input, float update) const {
    return cell_range_.Clamp(forget * cell + input * update);
  }
  static float Hidden(float output, float cell) { return real::Tanh(cell) * output; }

 private:
  static float Dot(const float* values, const float* weights, int32_t count) {
    float sum = 0;
    for (int32_t i = 0; i < count; ++i) sum += values[i] * weights[i];
    return sum;
  }
  [[gnu::noinline]] float SumOf(size_t gate, const float* x, const float* h, int32_t s) const {
    const int32_t inputs = call_.in[0].shape[2], cells = call_.out[0].shape[2];
    const float from_x = Dot(x, call_.in[kWeights + gate].As<float>() + s * inputs, inputs);
    const float from_h = Dot(h, call_.in[kRecurrent + gate].As<float>() + s * cells, cells);
    return from_x + call_.in[kBias + gate].As<float>()[s] + from_h;
  }

  const Call& call_;
  Range<float> cell_range_ = FloatRange(Activation::kNone);
};

template <typename T, typename Arithmetic>
void Run(const UnidirectionalSequenceLstm::Params& params, const Call& call) {
  const Arithmetic arithmetic(params, call);
  const Shape& x_shape = call.in[0].shape;
  const int32_t batches = x_shape[params.time_major ? 1 : 0], moments = x_shape[params.time_major ? 0 : 1];
  const int32_t inputs = x_shape[2], cells = call.out[0].shape[2];
  for (int32_t b = 0; b < batches; ++b) {
    T* h = call.in[kHidden].As<T>() + b * cells;
    auto* c = call.in[kCell].As<typename Arithmetic::State>() + b * cells;
    for (int32_t t = 0; t < moments; ++t) {
      const int32_t row = params.time_major ? t * batches + b : b * moments + t;
      const T* x = call.in[0].As<T>() + row * inputs;
      T* y = call.out[0].As<T>() + row * cells;
      // Every cell sees the h of the moment before, so the new one waits in y.
      for (int32_t s = 0; s < cells; ++s) {
        c[s] = arithmetic.Cell(arithmetic.Logistic(kForget, x, h, s), c[s], arithmetic.Logistic(kInput, x, h, s),
                               arithmetic.Tanh(kUpdate, x, h, s));
        y[s] = arithmetic.Hidden(arithmetic.Logistic(kOutput, x, h, s), c[s]);
      }
      std::memcpy(h, y, sizeof(T) * static_cast<uint32_t>(cells));
    }
  }
}

}  // namespace

UnidirectionalSequenceLstm::Scales UnidirectionalSequenceLstm::ScalesOf(const Params& params, const Call& call) {
  const float x = call.in[0].Scale(), h = call.in[kHidden].Scale(), c = call.in[kCell].Scale();
  Scales scales;
  for (size_t g = 0; g < kGates; ++g) {
    scales.of_x[g] = ProductMultiplier(x, call.in[kWeights + g].Scale(), kSumScale, ScaleProduct::kOfFloats);
    scales.of_h[g] = ProductMultiplier(h, call.in[kRecurrent + g].Scale(), kSumScale, ScaleProduct::kOfFloats);
  }
  scales.forget = ProductMultiplier(kGateScale, c, c, ScaleProduct::kOfDoubles);
  scales.update = ProductMultiplier(kGateScale, kGateScale, c, ScaleProduct::kOfDoubles);
  scales.output = ProductMultiplier(kGateScale, kGateScale, h, ScaleProduct::kOfDoubles);
  const double clip = static_cast<double>(params.cell_clip) / static_cast<double>(c);
  if (params.cell_clip > 0) {
    scales.cell_high = clip < 32767 ? static_cast<int32_t>(clip) : 32767;
    scales.cell_low = -scales.cell_high;
  }
  scales.cell_shift = 12 + ExponentOf(c);
  return scales;
}

Reason UnidirectionalSequenceLstm::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() >= 20 && call.in.size() <= 24, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(params.activation == kTanh, CellActivation);
  THIMBLE_REQUIRE(!params.diagonal && IsFinite(params.cell_clip) && params.cell_clip >= 0, Option);
  for (size_t i = 0; i < call.in.size(); ++i) {
    const bool variant = (i >= 9 && i < kBias) || (i >= 16 && i < kHidden) || i > kCell;
    THIMBLE_REQUIRE(!variant || !call.in[i].present(), LstmVariant);
    THIMBLE_REQUIRE(variant || call.in[i].present(), LstmVariant);
  }
  const Tensor &x = call.in[0], &h = call.in[kHidden], &c = call.in[kCell], &y = call.out[0];
  THIMBLE_REQUIRE(x.shape.rank == 3 && y.shape.rank == 3 && x.shape.Count() > 0 && y.shape.Count() > 0, OperandShapes);
  THIMBLE_REQUIRE(x.shape[0] == y.shape[0] && x.shape[1] == y.shape[1], OperandShapes);
  const int32_t batches = x.shape[params.time_major ? 1 : 0], inputs = x.shape[2], cells = y.shape[2];
  THIMBLE_REQUIRE(h.variable && c.variable, NotVariable);
  // The product fits: y has as many elements for each of its moments.
  THIMBLE_REQUIRE(h.shape.Count() == batches * cells && c.shape.Count() == batches * cells, OperandShapes);
  THIMBLE_REQUIRE(x.type != Type::kUInt8 && h.type == x.type, OperandTypes);
  THIMBLE_REQUIRE(c.type == (IsFloat(x) ? Type::kFloat32 : Type::kInt16), OperandTypes);
  for (size_t g = 0; g < kGates; ++g) {
    const Tensor &weights = call.in[kWeights + g], &recurrent = call.in[kRecurrent + g], &bias = call.in[kBias + g];
    for (const Tensor* matrix : {&weights, &recurrent}) {
      THIMBLE_REQUIRE(matrix->shape.rank == 2 && matrix->shape[0] == cells, OperandShapes);
      THIMBLE_CHECK(CheckWeighed(x, *matrix, bias, y, cells, 0));
      THIMBLE_REQUIRE(IsFloat(x) || (matrix->scale_count == 1 && matrix->zero_point == 0), OperandQuantisation);
    }
    THIMBLE_REQUIRE(weights.shape[1] == inputs && recurrent.shape[1] == cells, OperandShapes);
    THIMBLE_REQUIRE(x.type != Type::kInt16 || bias.type == Type::kInt64, OperandTypes);
  }
  if (IsFloat(x)) return Reason::kNone;
  THIMBLE_REQUIRE(IsQuantised(h) && IsQuantised(c), OperandQuantisation);
  // From 2^-27 on to 8, cells keep within 31 bits when the table takes them.
  constexpr uint32_t kFraction = (1 << 23) - 1;
  const int exponent = ExponentOf(c.Scale());
  THIMBLE_REQUIRE((std::bit_cast<uint32_t>(c.Scale()) & kFraction) == 0, OperandQuantisation);
  THIMBLE_REQUIRE(exponent >= -27 && exponent <= 2, OperandQuantisation);
  return Reason::kNone;
}

void UnidirectionalSequenceLstm::RunReference(const Params& params, const Call& call) {
  switch (call.in[0].type) {
    case Type::kFloat32:
      return Run<float, Reals>(params, call);
    case Type::kInt16:
      return Run<int16_t, Integers<int16_t>>(params, call);
    default:
      return Run<int8_t, Integers<int8_t>>(params, call);
  }
}

}  // namespace thimble::kernels
