// Filters are designed in double precision and run in single.
#include "dsp/filter.h"

#include <utility>

#include "base/float_math.h"

namespace thimble::dsp {
namespace {

// A pair of complex poles of an analogue low-pass filter: s^2 + damping * s + stiffness.
struct AnalogPair {
  double damping;
  double stiffness;
};

// Turns pairs given for a cut-off of 1 rad/s into a digital filter, s = (1 - z^-1) / (1 + z^-1). `scale` makes their
// cut-off scale rad/s, which is tan(pi/2 * cutoff) for the digital cut-off.
constexpr Cascade Digitise(std::span<const AnalogPair> pairs, double scale, bool high_pass) {
  Cascade cascade;
  cascade.high_pass = high_pass;
  double gain = 1;
  for (const AnalogPair& pair : pairs) {
    const double damping = pair.damping * scale;
    const double stiffness = pair.stiffness * scale * scale;
    const double denominator = 1 + damping + stiffness;
    cascade.sections[cascade.section_count++] = {static_cast<float>(2 * (stiffness - 1) / denominator),
                                                 static_cast<float>((1 - damping + stiffness) / denominator)};
    gain *= (high_pass ? 1 : stiffness) / denominator;
  }
  cascade.gain = static_cast<float>(gain);
  return cascade;
}

// A Chebyshev filter of even order is at the bottom of its ripple at 0 Hz: 10^(-0.05/20).
constexpr double kDecimatorGainAtZero = 0.99426007395295665683;

constexpr Cascade DesignDecimator(int ratio) {
  // epsilon = sqrt(10^(0.05/10) - 1), mu = asinh(1/epsilon) / 8: the poles are -sinh(mu) sin(t) + i cosh(mu) cos(t).
  constexpr double kSinhMu = 0.373864685354986595;
  constexpr double kCoshMu = 1.067602361816225623;
  AnalogPair pairs[4] = {};
  for (int i = 0; i < 4; ++i) {
    const double half_turns = (7 - 2 * i) / 16.0;
    const double real = kSinhMu * SinPi(half_turns);
    const double imaginary = kCoshMu * CosPi(half_turns);
    pairs[i] = {2 * real, real * real + imaginary * imaginary};
  }
  Cascade cascade = Digitise(pairs, TanPi(0.5 * 0.8 / ratio), false);
  cascade.gain = static_cast<float>(static_cast<double>(cascade.gain) * kDecimatorGainAtZero);
  return cascade;
}

constexpr Cascade kDecimateBy3 = DesignDecimator(3);
constexpr Cascade kDecimateBy10 = DesignDecimator(10);

// A section at work. Transposed direct form II; the numerator 1 +- 2 z^-1 + z^-2 costs additions only.
template <bool kHighPass>
struct RunningSection {
  float a1 = 0;
  float a2 = 0;
  float early = 0;  // what the next sample is to get
  float late = 0;   // and the one behind it

  float Step(float x) {
    const float y = x + early;
    const float twice = x + x;
    const float rest = late - a1 * y;
    early = kHighPass ? rest - twice : rest + twice;
    late = x - a2 * y;
    return y;
  }
};

// Sends the samples less `offset` through the sections; `store` is called with each result. The sections are written
// out one by one, not looped over, so that all of them stay in registers.
template <bool kHighPass, size_t... kSection>
void Run(const Cascade& cascade, std::index_sequence<kSection...>, std::span<const float> in, float offset,
         auto&& store) {
  RunningSection<kHighPass> sections[] = {{cascade.sections[kSection].a1, cascade.sections[kSection].a2}...};
  const float gain = cascade.gain;
  for (const float sample : in) {
    float x = (sample - offset) * gain;
    ((x = sections[kSection].Step(x)), ...);
    store(x);
  }
}

template <bool kHighPass>
void RunInPlace(const Cascade& cascade, std::span<float> signal) {
  float* out = signal.data();
  const auto store = [&out](float y) { *out++ = y; };
  switch (cascade.section_count) {
    case 1:
      return Run<kHighPass>(cascade, std::make_index_sequence<1>(), signal, 0, store);
    case 2:
      return Run<kHighPass>(cascade, std::make_index_sequence<2>(), signal, 0, store);
    case 3:
      return Run<kHighPass>(cascade, std::make_index_sequence<3>(), signal, 0, store);
    case 4:
      return Run<kHighPass>(cascade, std::make_index_sequence<4>(), signal, 0, store);
    default:
      return;
  }
}

}  // namespace

Cascade DesignButterworth(double cutoff, int order, bool high_pass) {
  AnalogPair pairs[kMostSections] = {};
  const int count = order / 2;
  for (int i = 0; i < count; ++i) {
    // Poles on the unit circle; the last pair is the one nearest to the imaginary axis.
    pairs[i] = {2 * SinPi((order - 1 - 2 * i) / (2.0 * order)), 1};
  }
  return Digitise(std::span(pairs).first(static_cast<size_t>(count)), TanPi(0.5 * cutoff), high_pass);
}

bool IsStable(const Cascade& cascade) {
  for (int i = 0; i < cascade.section_count; ++i) {
    // The triangle of stability; the sums are exact in double.
    const double a1 = static_cast<double>(cascade.sections[i].a1);
    const double a2 = static_cast<double>(cascade.sections[i].a2);
    if (!(a2 < 1 && 1 + a2 + a1 > 0 && 1 + a2 - a1 > 0)) return false;
  }
  return true;
}

void Filter(const Cascade& cascade, std::span<float> signal) {
  if (cascade.high_pass) {
    RunInPlace<true>(cascade, signal);
  } else {
    RunInPlace<false>(cascade, signal);
  }
}

std::span<float> Decimate(int ratio, std::span<float> signal) {
  if (signal.empty()) return signal;
  // The response to what has always been there is that value times the gain at 0 Hz. Taking it off first leaves a
  // filter at rest, no start values, and a constant signal exactly constant.
  const float first = signal[0];
  const float level = first * static_cast<float>(kDecimatorGainAtZero);
  float* out = signal.data();
  int phase = 0;
  Run<false>(ratio == 3 ? kDecimateBy3 : kDecimateBy10, std::make_index_sequence<4>(), signal, first, [&](float y) {
    if (phase == 0) *out++ = y + level;
    if (++phase == ratio) phase = 0;
  });
  return signal.first(DecimatedCount(signal.size(), static_cast<size_t>(ratio)));
}

}  // namespace thimble::dsp
