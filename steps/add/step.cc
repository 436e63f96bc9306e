#include "steps/add/step.h"

#include "steps/clamp.h"
#include "steps/requantise.h"

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
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
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
  AddInt8(exact, scaled, output, &p);
  i = p.count & ~3;
#endif
  for (; i < p.count; ++i) output[i] = Sum(p, exact[i], scaled[i]);
  ClampInPlace(output, p.count, p.clamp_low, p.clamp_high);
}

}  // namespace thimble::steps
