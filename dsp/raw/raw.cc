// Scaling, and nothing else.
#include "dsp/raw/block.h"
#include "dsp/refusal.h"

namespace thimble::dsp {
namespace {

THIMBLE_JUDGE Refusal Judge(const Raw::Params& params, const Window& window) {
  THIMBLE_REFUSE_UNLESS(IsFinite(params.scale_axes),
                        "the scale of the axes is not a number; 1 leaves the samples as they are");
  return JudgeWindow(window);
}

}  // namespace

Status Raw::Check(const Params& params, const Window& window) { return Judge(params, window).status; }
const char* Raw::Explain(const Params& params, const Window& window) { return Judge(params, window).sentence; }

void Raw::Extract(const Params& params, const Window&, std::span<const std::byte>, std::span<const float> samples,
                  std::span<float> features, std::span<std::byte>) {
  for (size_t i = 0; i < samples.size(); ++i) features[i] = samples[i] * params.scale_axes;
}

}  // namespace thimble::dsp
