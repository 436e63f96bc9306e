// Means of a few readings, minus their own mean.
#include "dsp/feature_text.h"
#include "dsp/refusal.h"
#include "dsp/waveform/block.h"

namespace thimble::dsp {
namespace {

THIMBLE_JUDGE Refusal Judge(const Waveform::Params& params, const Window& window) {
  THIMBLE_REFUSE_UNLESS(params.decimation >= 1 && params.decimation <= Waveform::kMostDecimation,
                        "the readings a frame are not from 1 to 1000; 1 keeps every reading");
  THIMBLE_REFUSE_UNLESS(IsFinite(params.scale_axes),
                        "the scale of the axes is not a number; 1 leaves the samples as they are");
  if (const Refusal refusal = JudgeWindow(window); !ok(refusal.status)) return refusal;
  THIMBLE_REFUSE_UNLESS(window.readings >= params.decimation,
                        "the window is shorter than a frame; make it longer, or take fewer readings a frame");
  return {};
}

size_t FramesOf(const Waveform::Params& params, const Window& window) {
  return static_cast<size_t>(window.readings / params.decimation);
}

}  // namespace

Status Waveform::Check(const Params& params, const Window& window) { return Judge(params, window).status; }
const char* Waveform::Explain(const Params& params, const Window& window) { return Judge(params, window).sentence; }

size_t Waveform::FeatureCount(const Params& params, const Window& window) {
  return FramesOf(params, window) * static_cast<size_t>(window.axes);
}

Layout Waveform::LayoutOf(const Params& params, const Window& window) {
  return {
      .kind = Layout::Kind::kSpectrogram, .width = static_cast<int>(FramesOf(params, window)), .height = window.axes};
}

FeatureName Waveform::NameOf(const Params&, const Window& window, size_t feature) {
  const size_t axes = static_cast<size_t>(window.axes);
  FeatureName name;
  name.axis = static_cast<int>(feature % axes);
  FeatureText(name).Add("Frame ").AddNumber(feature / axes + 1);
  return name;
}

void Waveform::Extract(const Params& params, const Window& window, std::span<const std::byte>,
                       std::span<const float> samples, std::span<float> features, std::span<std::byte>) {
  const size_t axes = static_cast<size_t>(window.axes);
  const size_t frames = FramesOf(params, window);
  const size_t readings = static_cast<size_t>(params.decimation);
  for (size_t axis = 0; axis < axes; ++axis) {
    float total = 0;
    for (size_t frame = 0; frame < frames; ++frame) {
      float sum = 0;
      for (size_t i = 0; i < readings; ++i) sum += samples[(frame * readings + i) * axes + axis];
      const float mean = sum / static_cast<float>(readings);
      features[frame * axes + axis] = mean;
      total += mean;
    }
    const float centre = params.centre ? total / static_cast<float>(frames) : 0.0f;
    for (size_t frame = 0; frame < frames; ++frame) {
      float& feature = features[frame * axes + axis];
      feature = (feature - centre) * params.scale_axes;
    }
  }
}

}  // namespace thimble::dsp
