#include "steps/add/step.h"

#include "steps/clamp.h"
#include "steps/requantise.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#elif defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
extern "C" void AddInt8(const int8_t* exact, const int8_t* scaled, int8_t* output,
                        const thimble::steps::Add::Params* params);
#endif

namespace thimble::steps {
namespace {

int8_t Sum(const Add::Params& p, int32_t exact, int32_t scaled) {
  exact -= p.exact_zero_point;
  scaled -= p.scaled_zero_point;
  const int32_t doubled =
      p.scaled_shift == 0
          ? WrapShiftLeft(exact + scaled, 20)
          : WrapAdd(WrapShiftLeft(exact, 20),
                    WrapShiftLeft(Requantise(WrapShiftLeft(scaled, 21),
                                             Requantiser{p.scaled_mantissa, p.scaled_half, p.scaled_shift}),
                                  1));
  return Saturate8(Requantise(doubled, Requantiser{p.mantissa, p.half, p.shift}));
}

#if defined(__ARM_FEATURE_MVE)
/// Requantise of four doubled sums.
int32x4_t Requantise(int32x4_t doubled, int32_t mantissa, int32_t half, int32_t shift) {
  const int32x4_t addend = vaddq_n_s32(vshrq_n_s32(doubled, 31), half);
  return vshlq_r_s32(vaddq_s32(vrmulhq_s32(doubled, vdupq_n_s32(mantissa)), addend), -(shift & 31));
}

/// Four sums at a time; returns how many elements that were.
int32_t RunVectors(const Add::Params& p, const int8_t* exact, const int8_t* scaled, int8_t* output) {
  const int32x4_t low = vdupq_n_s32(-128), high = vdupq_n_s32(127);
  int32_t i = 0;
  for (; i + 4 <= p.count; i += 4) {
    int32x4_t a = vaddq_n_s32(vldrbq_s32(exact + i), -p.exact_zero_point);
    int32x4_t b = vaddq_n_s32(vldrbq_s32(scaled + i), -p.scaled_zero_point);
    if (p.scaled_shift == 0) {
      a = vshlq_n_s32(vaddq_s32(a, b), 20);
    } else {
      b = Requantise(vshlq_n_s32(b, 21), p.scaled_mantissa, p.scaled_half, p.scaled_shift);
      a = vaddq_s32(vshlq_n_s32(a, 20), vshlq_n_s32(b, 1));
    }
    const int32x4_t sum = Requantise(a, p.mantissa, p.half, p.shift);
    vstrbq_s32(output + i, vminq_s32(vmaxq_s32(sum, low), high));
  }
  return i;
}
#endif

}  // namespace

bool Add::Check(const Params& p, const std::byte*, const Extents& extents) {
  const auto is_byte = [](int32_t value) { return value >= -128 && value <= 127; };
  return Within(extents.frame_bytes, p.input, p.count, 1, 4) && Within(extents.frame_bytes, p.second, p.count, 1, 4) &&
         Within(extents.frame_bytes, p.output, p.count) && is_byte(p.exact_zero_point) && is_byte(p.scaled_zero_point);
}

void Add::Run(const Params& p, const Memory& memory) {
  const auto* exact = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  const auto* scaled = reinterpret_cast<const int8_t*>(memory.frame + p.second);
  auto* output = reinterpret_cast<int8_t*>(memory.frame + p.output);
  if (p.exact_is_second != 0) {
    const int8_t* first = exact;
    exact = scaled;
    scaled = first;
  }
  int32_t i = 0;
#if defined(__ARM_FEATURE_MVE)
  i = RunVectors(p, exact, scaled, output);
#elif defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
  AddInt8(exact, scaled, output, &p);
  i = p.count & ~3;
#endif
  for (; i < p.count; ++i) output[i] = Sum(p, exact[i], scaled[i]);
  ClampInPlace(output, p.count, p.clamp_low, p.clamp_high);
}

}  // namespace thimble::steps
