#include "steps/multiply/step.h"

#include "steps/clamp.h"
#include "steps/requantise.h"

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
extern "C" void MultiplyInt8(const int8_t* a, const int8_t* b, int8_t* output,
                             const thimble::steps::Multiply::Params* params);
#endif

namespace thimble::steps {

bool Multiply::Check(const Params& p, const std::byte*, const Extents& extents) {
  const auto is_byte = [](int32_t value) { return value >= -128 && value <= 127; };
  return Within(extents.frame_bytes, p.input, p.count, 1, 4) && Within(extents.frame_bytes, p.second, p.count, 1, 4) &&
         Within(extents.frame_bytes, p.output, p.count) && is_byte(p.input_zero_point) && is_byte(p.second_zero_point);
}

void Multiply::Run(const Params& p, const Memory& memory) {
  const auto* a = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  const auto* b = reinterpret_cast<const int8_t*>(memory.frame + p.second);
  auto* output = reinterpret_cast<int8_t*>(memory.frame + p.output);
  const Requantiser requantiser{p.mantissa, p.half, p.shift};
  int32_t i = 0;
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
  MultiplyInt8(a, b, output, &p);
  i = p.count & ~3;
#endif
  for (; i < p.count; ++i) {
    const int32_t product = (a[i] - p.input_zero_point) * (b[i] - p.second_zero_point);
    output[i] = Saturate8(Requantise(2 * product, requantiser));
  }
  ClampInPlace(output, p.count, p.clamp_low, p.clamp_high);
}

}  // namespace thimble::steps
