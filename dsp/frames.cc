// Rounding of frame lengths, pre-emphasis, and the names of features in frames.
#include "dsp/frames.h"

#include "dsp/feature_text.h"

namespace thimble::dsp {
namespace {

// Seconds as samples, rounded up unless that is a thousandth of a sample or less, but at most `limit`.
int SamplesOf(float seconds, float rate_hz, int limit) {
  const double exact = static_cast<double>(seconds) * static_cast<double>(rate_hz);
  if (exact >= limit) return limit;
  const int whole = static_cast<int>(exact);
  // Parameters are float32: 0.3 s is a little more than that, in long frames more than a thousandth of a sample.
  const double unsure = exact * 0x1p-23;
  return whole + (exact - whole > (unsure > 0.001 ? unsure : 0.001) ? 1 : 0);
}

}  // namespace

Frames FramesOf(float length_s, float stride_s, const Window& window) {
  const int limit = window.readings + 1;
  Frames frames = {SamplesOf(length_s, window.rate_hz, limit), SamplesOf(stride_s, window.rate_hz, limit), 0};
  if (frames.length <= window.readings && frames.stride > 0) {
    frames.count = (window.readings - frames.length) / frames.stride + 1;
  }
  return frames;
}

void Emphasise(float coefficient, const float* now, const float* earlier, std::span<float> out) {
  float* to = out.data();
  float* const end = to + out.size();
  if (coefficient == 0) {
    while (to != end) *to++ = *now++;
    return;
  }
  // The sample before is nearly always meant, and was read already. Four at a time, all read before one is written: the
  // processor need not wait for any of them.
  if (earlier + 1 == now && to != end) {
    float before = *earlier;
    for (; end - to >= 4; to += 4, now += 4) {
      const float a = now[0];
      const float b = now[1];
      const float c = now[2];
      const float d = now[3];
      const float from_before = coefficient * before;
      const float from_a = coefficient * a;
      const float from_b = coefficient * b;
      const float from_c = coefficient * c;
      before = d;
      to[0] = a - from_before;
      to[1] = b - from_a;
      to[2] = c - from_b;
      to[3] = d - from_c;
    }
    earlier = now - 1;
  }
  while (to != end) *to++ = *now++ - coefficient * *earlier++;
}

Layout LayoutOfRows(const Frames& frames, size_t row_length) {
  return {.kind = Layout::Kind::kSpectrogram, .width = frames.count, .height = static_cast<int>(row_length)};
}

FeatureName NameInRow(size_t feature, size_t row_length, const char* kind, float frequency_hz) {
  FeatureName name = {.axis = 0};
  FeatureText text(name);
  text.Add("Frame ").AddNumber(feature / row_length).Add(" ").Add(kind).Add(" ").AddNumber(feature % row_length);
  if (frequency_hz >= 100) {
    const auto whole_hz = static_cast<uint64_t>(frequency_hz + 0.5f);  // NOLINT(bugprone-incorrect-roundings)
    text.Add(" (").AddNumber(whole_hz).Add(" Hz)");
  } else if (frequency_hz >= 0) {
    text.Add(" (").AddDecimal(static_cast<double>(frequency_hz)).Add(" Hz)");
  }
  return name;
}

}  // namespace thimble::dsp
