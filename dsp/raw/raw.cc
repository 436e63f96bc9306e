// Scaling, and nothing else.
#include "dsp/feature_text.h"
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

FeatureName Raw::NameOf(const Params&, const Window& window, size_t feature) {
  const size_t axes = static_cast<size_t>(window.axes);
  FeatureName name;
  name.axis = static_cast<int>(feature % axes);
  FeatureText(name).Add("Reading ").AddNumber(feature / axes + 1);
  return name;
}

void Raw::Extract(const Params& params, const Window&, std::span<const std::byte>, std::span<const float> samples,
                  std::span<float> features, std::span<std::byte>) {
  for (size_t i = 0; i < samples.size(); ++i) features[i] = samples[i] * params.scale_axes;
}

}  // namespace thimble::dsp
