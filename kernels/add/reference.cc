#include "kernels/add/op.h"

namespace thimble::kernels {
namespace {

/// Where the operand's element for each output element lies, walking the output in memory order.
class Walk {
 public:
  Walk(const Shape& operand, const Shape& output) : output_(output) {
    int32_t step = 1;
    for (int d = output.rank - 1; d >= 0; --d) {
      const int own = d - (output.rank - operand.rank);
      const int32_t size = own < 0 ? 1 : operand[own];
      steps_[d] = size == 1 ? 0 : step;
      step *= size;
    }
  }

  int32_t Next() {
    const int32_t here = place_;
    for (int d = output_.rank - 1; d >= 0; --d) {
      place_ += steps_[d];
      if (++index_[d] < output_[d]) break;
      place_ -= steps_[d] * output_[d];
      index_[d] = 0;
    }
    return here;
  }

 private:
  const Shape& output_;
  int32_t steps_[kMaxRank] = {};
  int32_t index_[kMaxRank] = {};
  int32_t place_ = 0;
};

bool BroadcastsTo(const Shape& a, const Shape& b, const Shape& output) {
  if (output.rank != (a.rank > b.rank ? a.rank : b.rank)) return false;
  for (int d = 1; d <= output.rank; ++d) {
    const int32_t size_a = d > a.rank ? 1 : a[a.rank - d];
    const int32_t size_b = d > b.rank ? 1 : b[b.rank - d];
    if (size_a != size_b && size_a != 1 && size_b != 1) return false;
    if (output[output.rank - d] != (size_a == 1 ? size_b : size_a)) return false;
  }
  return true;
}

constexpr int kLeftShift = 20;

struct Scales {
  Multiplier a, b, sum;
};

Scales ScalesOf(const Call& call) {
  const auto scale = [](const Tensor& tensor) { return static_cast<double>(tensor.Scale()); };
  const double a = scale(call.in[0]), b = scale(call.in[1]);
  const double twice_larger = 2 * (a > b ? a : b);
  return {QuantiseMultiplier(a / twice_larger), QuantiseMultiplier(b / twice_larger),
          QuantiseMultiplier(twice_larger / ((1 << kLeftShift) * scale(call.out[0])))};
}

}  // namespace

Reason Add::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 2 && call.in[0].present() && call.in[1].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(IsSupported(params.activation), Activation);
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(BroadcastsTo(a.shape, b.shape, y.shape), OperandShapes);
  if (IsFloat(a) && IsFloat(b) && IsFloat(y)) return Reason::kNone;
  THIMBLE_REQUIRE(IsInt8(a) && IsInt8(b) && IsInt8(y), OperandTypes);
  THIMBLE_REQUIRE(a.Scale() > 0 && b.Scale() > 0 && ScalesOf(call).sum.shift <= 0, OperandQuantisation);
  return Reason::kNone;
}

void Add::RunReference(const Params& params, const Call& call) {
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  Walk walk_a(a.shape, y.shape), walk_b(b.shape, y.shape);
  const int32_t count = y.shape.Count();
  if (IsFloat(y)) {
    const Range<float> range = FloatRange(params.activation);
    for (int32_t i = 0; i < count; ++i) {
      y.As<float>()[i] = range.Clamp(a.As<float>()[walk_a.Next()] + b.As<float>()[walk_b.Next()]);
    }
    return;
  }
  const Range<int32_t> range = Int8Range(params.activation, y);
  const Scales scales = ScalesOf(call);
  for (int32_t i = 0; i < count; ++i) {
    const int32_t left = WrapShiftLeft(a.As<int8_t>()[walk_a.Next()] - a.zero_point, kLeftShift);
    const int32_t right = WrapShiftLeft(b.As<int8_t>()[walk_b.Next()] - b.zero_point, kLeftShift);
    y.As<int8_t>()[i] =
        Requantise(WrapAdd(Scale(left, scales.a), Scale(right, scales.b)), scales.sum, y.zero_point, range);
  }
}

}  // namespace thimble::kernels
