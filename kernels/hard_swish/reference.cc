#include "base/fixed_point.h"
#include "kernels/hard_swish/op.h"

namespace thimble::kernels {
namespace {

// A positive multiplier of 16 bits: mantissa * 2^(shift - 15).
struct ShortMultiplier {
  int32_t mantissa;
  int shift;

  explicit ShortMultiplier(float real) {
    const Multiplier multiplier = QuantiseRatio(real, 1, 1);
    mantissa = multiplier.mantissa >= INT32_MAX - (1 << 15) ? INT16_MAX : (multiplier.mantissa + (1 << 15)) >> 16;
    shift = multiplier.shift;
  }
};

constexpr float kFinerSteps = 128;  // a step of the input, which has at most 9 bits, is so many here
float OutputScale(const Call& call) { return call.in[0].Scale() / kFinerSteps / call.out[0].Scale(); }

int32_t Saturate(int32_t value) { return Clamp(value, INT16_MIN, INT16_MAX); }
int32_t RoundingProduct(int32_t a, int32_t b) { return Saturate((a * b + (1 << 14)) >> 15); }

}  // namespace

Reason HardSwish::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckUnary(call, true));
  THIMBLE_REQUIRE(call.in[0].type != Type::kInt16, OperandTypes);
  THIMBLE_REQUIRE(IsFloat(call.in[0]) || ShortMultiplier(OutputScale(call)).shift <= 0, OperandQuantisation);
  return Reason::kNone;
}

void HardSwish::RunReference(const Params&, const Call& call) {
  const Tensor& x = call.in[0];
  if (IsFloat(x)) return MapReal(call, [](float value) { return value * Range<float>{0, 6}.Clamp(value + 3) / 6; });
  const ShortMultiplier output(OutputScale(call)), gate(x.Scale() / kFinerSteps / (3.0f / 32768));
  MapStored(call, [&](int32_t value) {
    const int32_t fine = value * static_cast<int32_t>(kFinerSteps);
    // x / 3 as a fraction of 15 bits, saturated; the last shift to the left is the one that may saturate.
    int32_t third = fine;
    if (gate.shift > 0) third = Saturate(SaturatingShiftLeft(third, gate.shift - 1));
    third = RoundingProduct(third, gate.mantissa);
    third = gate.shift > 0 ? Saturate(2 * third) : RoundingShiftRight(third, -gate.shift);
    const int32_t fraction = (third + (1 << 15)) >> 1;  // 0 .. 1
    // Cut, not rounded: this takes back the bias of the two roundings before.
    const int32_t product = fraction * RoundingProduct(fine, output.mantissa) / (1 << 15);
    return RoundingShiftRight(product, -output.shift);
  });
}

}  // namespace thimble::kernels
