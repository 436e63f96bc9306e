// MFE, MFCC and spectrogram against their definitions, written down once more in double precision, for parameters and
// sounds of all kinds.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <numbers>
#include <vector>

#include "base/aligned_memory.h"
#include "dsp/fft.h"
#include "dsp/mfcc/block.h"
#include "dsp/mfe/block.h"
#include "dsp/spectrogram/block.h"

namespace thimble::dsp {
namespace {

using Rows = std::vector<std::vector<double>>;

/// Powers of all frames: |X|^2 / fft_length of what is left of each after cutting or filling up.
Rows Powers(const std::vector<double>& samples, const Frames& frames, int fft_length) {
  const auto length = static_cast<size_t>(fft_length);
  std::vector<std::complex<double>> roots;
  for (size_t i = 0; i < length; ++i) {
    roots.push_back(std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(length)));
  }
  Rows rows;
  for (int f = 0; f < frames.count; ++f) {
    const double* frame = samples.data() + f * frames.stride;
    const size_t used = std::min(length, static_cast<size_t>(frames.length));
    std::vector<double> row;
    for (size_t k = 0; k <= length / 2; ++k) {
      std::complex<double> sum = 0;
      for (size_t n = 0; n < used; ++n) sum += frame[n] * roots[k * n % length];
      row.push_back(std::norm(sum) / static_cast<double>(length));
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<double> Emphasised(const std::vector<float>& samples, double coefficient, int shift, double scale) {
  std::vector<double> result;
  for (size_t i = 0; i < samples.size(); ++i) {
    const size_t before = (i + samples.size() - static_cast<size_t>(shift)) % samples.size();
    result.push_back(scale * (static_cast<double>(samples[i]) - coefficient * static_cast<double>(samples[before])));
  }
  return result;
}

/// A whole matrix of weights; empty when some filter has none.
Rows Filterbank(int filters, int fft_length, double rate_hz, double low_hz, double high_hz) {
  const auto mel = [](double hz) { return 1127 * std::log(1 + hz / 700); };
  std::vector<int> bins;
  for (int i = 0; i < filters + 2; ++i) {
    const double at = mel(low_hz) + (mel(high_hz) - mel(low_hz)) * i / (filters + 1);
    double hz = 700 * (std::exp(at / 1127) - 1);
    if (i == filters + 1) hz -= 0.001;
    bins.push_back(static_cast<int>(std::floor((fft_length + 1) * hz / rate_hz)));
  }
  Rows rows;
  for (size_t m = 0; m + 2 < bins.size(); ++m) {
    std::vector<double> row(static_cast<size_t>(fft_length / 2 + 1));
    for (int k = bins[m]; k <= bins[m + 2]; ++k) {
      double weight = 0;
      if (k > bins[m] && k <= bins[m + 1]) weight = static_cast<double>(k - bins[m]) / (bins[m + 1] - bins[m]);
      if (k >= bins[m + 1] && k < bins[m + 2]) {
        weight = static_cast<double>(bins[m + 2] - k) / (bins[m + 2] - bins[m + 1]);
      }
      row[static_cast<size_t>(k)] = weight;
    }
    if (*std::max_element(row.begin(), row.end()) == 0) return {};
    rows.push_back(row);
  }
  return rows;
}

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

template <typename B>
std::vector<float> Extracted(const typename B::Params& params, const Window& window,
                             const std::vector<float>& samples) {
  const AlignedMemory prepared(B::PreparedBytes(params, window)), scratch(B::ScratchBytes(params, window));
  std::vector<float> features(B::FeatureCount(params, window), NAN);
  B::Prepare(params, window, prepared.span());
  B::Extract(params, window, prepared.span(), samples, features, scratch.span());
  return features;
}

// All of a range from the first case on; shrinks to `least`.
int AnyFrom(int least, int end) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(least, end)); }

/// A window, and sound for it: tones, some quiet and some loud, over noise; whole numbers within int16.
struct Sound {
  Window window;
  std::vector<float> samples;
};

Sound AnySound(int readings) {
  static constexpr float kRates[] = {4000, 8000, 12000, 16000, 22050, 44100, 48000};
  Sound sound{{.axes = 1, .readings = readings, .rate_hz = *rc::gen::elementOf(std::vector<float>(kRates, kRates + 7))},
              {}};
  uint64_t state = *rc::gen::arbitrary<uint32_t>();
  const auto random = [&state] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 40) / (1 << 24);
  };
  const double noise = std::pow(10, 3 * random());
  const double loud = std::pow(10, 4.5 * random());
  const double step = random(), second = random();
  for (int i = 0; i < readings; ++i) {
    const double envelope = i > readings / 2 ? 1 : 0.02;
    const double value =
        noise * (random() - 0.5) + loud * envelope * (0.6 * std::sin(step * i) + 0.3 * std::sin(second * i));
    sound.samples.push_back(static_cast<float>(std::round(std::clamp(value, -32768.0, 32767.0))));
  }
  return sound;
}

int AnyFftLength() { return 1 << AnyFrom(5, 12); }

// Seconds that are some number of samples.
float AnyDuration(float rate_hz, int least, int most) { return static_cast<float>(AnyFrom(least, most)) / rate_hz; }

struct Count {
  size_t off = 0, all = 0;
};
Count mfe_count;

RC_GTEST_PROP(AudioReference, IsMetByMfe, ()) {
  const int fft_length = AnyFftLength();
  const Sound sound = AnySound(3 * fft_length);
  Mfe::Params params = {.frame_length = AnyDuration(sound.window.rate_hz, fft_length / 2, fft_length + 9),
                        .frame_stride = AnyDuration(sound.window.rate_hz, fft_length / 2, 2 * fft_length),
                        .num_filters = AnyFrom(2, fft_length < 512 ? 24 : 50),
                        .fft_length = fft_length,
                        .low_frequency = AnyFrom(0, 500),
                        .high_frequency = *rc::gen::elementOf(std::vector<int>{0, 1800, 2000}),
                        .noise_floor_db = AnyFrom(-120, 1)};
  const double high =
      params.high_frequency == 0 ? static_cast<double>(sound.window.rate_hz) / 2 : params.high_frequency;
  const Rows filters = Filterbank(params.num_filters, fft_length, sound.window.rate_hz, params.low_frequency, high);
  RC_ASSERT(ok(Mfe::Check(params, sound.window)) == !filters.empty());
  if (filters.empty()) return;
  const Frames frames = Mfe::FramesOf(params, sound.window);
  const std::vector<float> features = Extracted<Mfe>(params, sound.window, sound.samples);
  size_t at = 0;
  for (const auto& power : Powers(Emphasised(sound.samples, 0.98, 1, 0x1p-15), frames, fft_length)) {
    for (const auto& filter : filters) {
      const double decibels = 10 * std::log10(std::max(Dot(power, filter), 1e-30));
      const double above = (decibels - params.noise_floor_db) / (12 - params.noise_floor_db);
      const double expected = std::min(std::nearbyint(std::clamp(above, 0.0, 1.0) * 256), 255.0) / 256;
      const double difference = std::abs(static_cast<double>(features[at]) - expected);
      RC_ASSERT(difference <= 1.0 / 256);
      if (above > 0 && above < 1) ++mfe_count.all, mfe_count.off += difference > 0 ? 1 : 0;
      ++at;
    }
  }
  RC_ASSERT(at == features.size());
}

TEST(AudioReference, IsMetByMfeButForOneStepInAThousand) {
  if (mfe_count.all == 0) GTEST_SKIP() << "IsMetByMfe did not run";
  std::printf("%zu of %zu features that are neither 0 nor full are off by a 256th\n", mfe_count.off, mfe_count.all);
  EXPECT_LT(mfe_count.off * 1000, mfe_count.all);
}

RC_GTEST_PROP(AudioReference, IsMetByMfcc, ()) {
  const int fft_length = AnyFftLength();
  const Sound sound = AnySound(3 * fft_length);
  Mfcc::Params params = {.num_cepstral = AnyFrom(1, 40),
                         .frame_length = AnyDuration(sound.window.rate_hz, fft_length / 2, fft_length + 9),
                         .frame_stride = AnyDuration(sound.window.rate_hz, fft_length / 2, 2 * fft_length),
                         .num_filters = AnyFrom(2, fft_length < 512 ? 24 : 50),
                         .fft_length = fft_length,
                         .win_size = 0,
                         .low_frequency = AnyFrom(0, 500),
                         .pre_cof = *rc::gen::elementOf(std::vector<float>{0, 0.5f, 0.97f, 1}),
                         .pre_shift = AnyFrom(1, 5)};
  const double rate_hz = static_cast<double>(sound.window.rate_hz);
  const Rows filters = Filterbank(params.num_filters, fft_length, rate_hz, params.low_frequency, rate_hz / 2);
  RC_ASSERT(ok(Mfcc::Check(params, sound.window)) == !filters.empty());
  if (filters.empty()) return;
  const Frames frames = Mfcc::FramesOf(params, sound.window);
  const std::vector<float> features = Extracted<Mfcc>(params, sound.window, sound.samples);
  const std::vector<double> emphasised =
      Emphasised(sound.samples, static_cast<double>(params.pre_cof), params.pre_shift, 1);
  const auto ln = [](double energy) { return std::log(energy == 0 ? 1e-10 : energy); };
  size_t at = 0;
  for (const auto& power : Powers(emphasised, frames, fft_length)) {
    const double whole = Dot(power, std::vector<double>(power.size(), 1));
    std::vector<double> bands;
    bool faint = false;  // next to so loud ones that float32 does not tell them from its rounding
    for (const auto& filter : filters) {
      bands.push_back(ln(Dot(power, filter)));
      faint = faint || bands.back() < ln(whole) - std::log(1e9);
    }
    for (int k = 0; k < static_cast<int>(Mfcc::RowLength(params)); ++k, ++at) {
      double expected = ln(whole);
      if (k > 0) {
        expected = 0;
        for (int n = 0; n < params.num_filters; ++n) {
          expected +=
              bands[static_cast<size_t>(n)] * std::cos(std::numbers::pi * k * (2 * n + 1) / (2 * params.num_filters));
        }
        expected *= std::sqrt(2.0 / params.num_filters);
      }
      if (faint && k > 0) continue;
      RC_ASSERT(std::abs(static_cast<double>(features[at]) - expected) <= 0.002 + 0.001 * std::abs(expected));
    }
  }
  RC_ASSERT(at == features.size());
}

RC_GTEST_PROP(AudioReference, IsMetBySpectrogram, ()) {
  const int fft_length = AnyFftLength();
  const Sound sound = AnySound(3 * fft_length);
  Spectrogram::Params params = {.frame_length = AnyDuration(sound.window.rate_hz, fft_length / 2, fft_length + 9),
                                .frame_stride = AnyDuration(sound.window.rate_hz, fft_length / 2, 2 * fft_length),
                                .fft_length = fft_length,
                                .noise_floor_db = AnyFrom(-120, 1)};
  RC_ASSERT(ok(Spectrogram::Check(params, sound.window)));
  const Frames frames = Spectrogram::FramesOf(params, sound.window);
  const std::vector<float> features = Extracted<Spectrogram>(params, sound.window, sound.samples);
  const std::vector<double> samples(sound.samples.begin(), sound.samples.end());
  size_t at = 0;
  for (const auto& power : Powers(samples, frames, fft_length)) {
    const double loudest = *std::max_element(power.begin(), power.end());
    for (const double bin : power) {
      const double decibels = 10 * std::log10(std::max(bin, 1e-30));
      const double expected = std::max(0.0, (decibels - params.noise_floor_db) / (12 - params.noise_floor_db));
      // A bin so far below the loudest one is float32's rounding.
      if (bin > 1e-9 * loudest) {
        RC_ASSERT(std::abs(static_cast<double>(features[at]) - expected) <= 0.001 + 0.001 * expected);
      }
      ++at;
    }
  }
  RC_ASSERT(at == features.size());
}

}  // namespace
}  // namespace thimble::dsp
