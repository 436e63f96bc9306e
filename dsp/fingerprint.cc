// Seeded inputs through every path of dsp/, into one hash.
#include "dsp/fingerprint.h"

#include <bit>

#include "base/arena.h"
#include "base/float_math.h"
#include "base/hash.h"
#include "dsp/block.h"
#include "dsp/fft.h"
#include "dsp/fixed/mfcc.h"
#include "dsp/fixed/mfe.h"
#include "dsp/fixed/spectral_analysis.h"
#include "dsp/flatten/block.h"
#include "dsp/image/block.h"
#include "dsp/mfcc/block.h"
#include "dsp/mfe/block.h"
#include "dsp/raw/block.h"
#include "dsp/resize.h"
#include "dsp/spectral_analysis/block.h"
#include "dsp/spectrogram/block.h"
#include "dsp/waveform/block.h"

namespace thimble::dsp {
namespace {

// The same numbers everywhere: a linear congruential generator (D. Knuth, MMIX), upper bits.
class Random {
 public:
  uint32_t Bits() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 32);
  }
  // A slow swing, noise and the pull of gravity: numbers as an accelerometer gives them, in m/s^2.
  float Sample(size_t reading) {
    const size_t phase = reading % 40;
    const float swing = static_cast<float>(phase < 20 ? phase : 40 - phase) * 0.4f;
    return 5.8f + swing + static_cast<float>(static_cast<int32_t>(Bits()) >> 12) * 0x1p-18f;
  }

  // Packed as 0xRRGGBB.
  float Pixel() { return static_cast<float>(Bits() >> 8); }

 private:
  uint64_t state_ = 20;
};

class Hash {
 public:
  void Add(std::span<const std::byte> bytes) { value_ = Fnv1a(bytes, value_); }
  void Add(std::span<const float> values) { Add(std::as_bytes(values)); }
  void Add(float value) { Add(std::span<const float>(&value, 1)); }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = kFnvOffset;
};

void AddFunctions(Random& random, Hash& hash) {
  for (int i = 0; i < 4096; ++i) {
    const float positive = std::bit_cast<float>(random.Bits() % 0x7f800000u);
    hash.Add(Sqrt(positive));
    hash.Add(Ln(positive));
    hash.Add(Log10(positive));
    hash.Add(Exp(static_cast<float>(static_cast<int32_t>(random.Bits()) >> 4) * 0x1p-20f));
  }
}

bool AddTransforms(Random& random, Hash& hash, Arena arena) {
  const std::span<float> samples = arena.Take<float>(kLongestFft);
  const std::span<Complex> bins = arena.Take<Complex>(FftBins(kLongestFft));
  const std::span<float> power = arena.Take<float>(FftBins(kLongestFft));
  if (samples.empty() || bins.empty() || power.empty()) return false;
  for (int length = kShortestFft; length <= kLongestFft; length *= 2) {
    for (size_t i = 0; i < static_cast<size_t>(length); ++i) samples[i] = random.Sample(i);
    RealFft(samples.first(static_cast<size_t>(length)), bins.first(FftBins(length)));
    for (const Complex& bin : bins.first(FftBins(length))) {
      hash.Add(bin.re);
      hash.Add(bin.im);
    }
    PowerSpectrum(samples.first(static_cast<size_t>(length)), power.first(FftBins(length)),
                  bins.first(FftBins(length)));
    hash.Add(power.first(FftBins(length)));
  }
  return true;
}

template <typename B>
bool AddBlock(Random& random, Hash& hash, Arena arena, const typename B::Params& params, const Window& window) {
  if (!ok(B::Check(params, window))) return false;
  const std::span<float> samples = arena.Take<float>(window.SampleCount());
  const std::span<float> features = arena.Take<float>(B::FeatureCount(params, window));
  const std::span<std::byte> prepared = arena.Take<std::byte>(B::PreparedBytes(params, window));
  const std::span<std::byte> scratch = arena.Rest();
  if (samples.empty() || features.empty() || prepared.size() < B::PreparedBytes(params, window) ||
      scratch.size() < B::ScratchBytes(params, window)) {
    return false;
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i] = window.width > 0 ? random.Pixel() : random.Sample(i / static_cast<size_t>(window.axes));
  }
  B::Prepare(params, window, prepared);
  B::Extract(params, window, prepared, samples, features, scratch);
  hash.Add(features);
  return true;
}

// A block in integers, of samples that count `unit`.
template <typename B>
bool AddFixed(Random& random, Hash& hash, Arena arena, const typename B::Twin::Params& params, const Window& window,
              float unit) {
  if (!ok(B::Check(params, window, unit))) return false;
  const std::span<int16_t> samples = arena.Take<int16_t>(window.SampleCount());
  const std::span<int32_t> features = arena.Take<int32_t>(B::Twin::FeatureCount(params, window));
  const std::span<std::byte> prepared = arena.Take<std::byte>(B::PreparedBytes(params, window));
  const std::span<std::byte> scratch = arena.Rest();
  if (samples.empty() || features.empty() || prepared.size() < B::PreparedBytes(params, window) ||
      scratch.size() < B::ScratchBytes(params, window)) {
    return false;
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<int16_t>(random.Sample(i / static_cast<size_t>(window.axes)) * 512);
  }
  B::Prepare(params, window, unit, prepared);
  B::Extract(prepared, samples, features, scratch);
  hash.Add(std::as_bytes(features));
  return true;
}

bool AddResized(Random& random, Hash& hash, Arena arena) {
  constexpr int kWidth = 37, kHeight = 23, kSide = 20;
  const std::span<uint32_t> from = arena.Take<uint32_t>(static_cast<size_t>(kWidth) * kHeight);
  const std::span<uint32_t> to = arena.Take<uint32_t>(static_cast<size_t>(kSide) * kSide);
  if (from.empty() || to.empty()) return false;
  for (uint32_t& pixel : from) pixel = random.Bits();
  for (const ResizeMode mode : {ResizeMode::kSquash, ResizeMode::kFitShortest, ResizeMode::kFitLongest}) {
    if (!ok(Resize(Picture<const uint32_t>{from, kWidth, kHeight}, mode, Picture<uint32_t>{to, kSide, kSide}))) {
      return false;
    }
    hash.Add(std::as_bytes(to));
  }
  return true;
}

}  // namespace

uint64_t Fingerprint(std::span<std::byte> memory) {
  using Spectral = SpectralAnalysis;
  using Decimation = Spectral::Decimation;
  using FilterType = Spectral::FilterType;
  Random random;
  Hash hash;
  Arena arena(memory);
  AddFunctions(random, hash);
  bool good = AddTransforms(random, hash, arena);

  const Window motion = {.axes = 3, .readings = 200, .rate_hz = 100};
  const Window longer = {.axes = 1, .readings = 4000, .rate_hz = 1000};
  good = good && AddBlock<Raw>(random, hash, arena, {.scale_axes = 0.3f}, motion);
  good = good && AddBlock<Spectral>(random, hash, arena, {}, motion);
  good = good && AddBlock<Spectral>(random, hash, arena,
                                    {.scale_axes = 0.1f, .fft_length = 64, .do_log = false, .do_fft_overlap = false},
                                    {.axes = 6, .readings = 150, .rate_hz = 62.5f});
  for (const FilterType type : {FilterType::kLow, FilterType::kHigh}) {
    for (int order = 0; order <= 8; order += 2) {
      good = good && AddBlock<Spectral>(
                         random, hash, arena,
                         {.filter_type = type, .filter_cutoff = 8, .filter_order = order, .fft_length = 128}, motion);
    }
  }
  for (const Decimation ratio :
       {Decimation::k3, Decimation::k10, Decimation::k30, Decimation::k100, Decimation::k1000}) {
    good = good && AddBlock<Spectral>(random, hash, arena, {.input_decimation_ratio = ratio, .fft_length = 8}, longer);
  }
  good = good &&
         AddBlock<Spectral>(random, hash, arena,
                            {.filter_type = FilterType::kLow, .filter_cutoff = 90, .extra_low_freq = true}, longer);
  for (const int wavelet : {2, 12, 15, 19, 26, 37, 46}) {
    good = good && AddBlock<Spectral>(random, hash, arena,
                                      {.analysis_type = Spectral::AnalysisType::kWavelet,
                                       .wavelet_level = 2,
                                       .wavelet = static_cast<Spectral::Wavelet>(wavelet)},
                                      motion);
  }
  good = good && AddBlock<Waveform>(random, hash, arena, {.decimation = 4, .scale_axes = 0.1f}, motion);
  good = good && AddBlock<Flatten>(random, hash, arena, {.scale_axes = 0.3f}, motion);
  const Window sound = {.axes = 1, .readings = 4000, .rate_hz = 16000};
  good = good && AddBlock<Mfe>(random, hash, arena, {.noise_floor_db = -120}, sound);
  good = good && AddBlock<Mfe>(random, hash, arena,
                               {.frame_length = 0.05f,
                                .num_filters = 25,
                                .fft_length = 512,
                                .low_frequency = 80,
                                .high_frequency = 7000,
                                .noise_floor_db = -100},
                               sound);
  good = good && AddBlock<Mfcc>(random, hash, arena, {}, sound);
  good = good &&
         AddBlock<Mfcc>(
             random, hash, arena,
             {.num_cepstral = 30, .num_filters = 25, .fft_length = 512, .win_size = 3, .pre_cof = 0.5f, .pre_shift = 3},
             sound);
  good = good && AddBlock<Mfcc>(random, hash, arena, {.frame_stride = 0.033f, .win_size = 0, .pre_cof = 0}, sound);
  good = good && AddBlock<Spectrogram>(random, hash, arena, {}, sound);
  good = good && AddBlock<Spectrogram>(random, hash, arena, {.frame_length = 0.008f, .fft_length = 64}, sound);
  for (const Image::Channels channels : {Image::Channels::kRgb, Image::Channels::kGrayscale}) {
    good = good && AddBlock<Image>(random, hash, arena, {.channels = channels},
                                   {.axes = 1, .readings = 96, .width = 8, .height = 6});
  }
  good = good && AddResized(random, hash, arena);

  constexpr float kMotionUnit = 0x1p-10f, kSoundUnit = 1;
  good = good && AddFixed<fixed::SpectralAnalysis>(random, hash, arena, {}, motion, kMotionUnit);
  good = good &&
         AddFixed<fixed::SpectralAnalysis>(
             random, hash, arena, {.scale_axes = -0.1f, .fft_length = 64, .do_log = false, .do_fft_overlap = false},
             motion, kMotionUnit);
  for (const FilterType type : {FilterType::kLow, FilterType::kHigh}) {
    for (int order = 2; order <= 8; order += 2) {
      for (const float cutoff_hz : {8.0f, 40.0f}) {
        good = good && AddFixed<fixed::SpectralAnalysis>(
                           random, hash, arena,
                           {.filter_type = type, .filter_cutoff = cutoff_hz, .filter_order = order, .fft_length = 128},
                           motion, kMotionUnit);
      }
    }
  }
  good = good && AddFixed<fixed::Mfe>(random, hash, arena, {}, sound, kSoundUnit);
  good = good && AddFixed<fixed::Mfcc>(random, hash, arena, {}, sound, kSoundUnit);
  good = good && AddFixed<fixed::Mfcc>(random, hash, arena, {.win_size = 0, .pre_cof = 1}, sound, kSoundUnit);
  return good ? hash.value() : 0;
}

}  // namespace thimble::dsp
