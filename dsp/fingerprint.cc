// Seeded inputs through every path of dsp/, into one hash.
#include "dsp/fingerprint.h"

#include <bit>

#include "base/arena.h"
#include "base/float_math.h"
#include "base/hash.h"
#include "dsp/block.h"
#include "dsp/fft.h"
#include "dsp/raw/block.h"
#include "dsp/spectral_analysis/block.h"

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

 private:
  uint64_t state_ = 20;
};

class Hash {
 public:
  void Add(std::span<const float> values) { value_ = Fnv1a(std::as_bytes(values), value_); }
  void Add(float value) { Add({&value, 1}); }
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
  if (samples.empty() || bins.empty()) return false;
  for (int length = kShortestFft; length <= kLongestFft; length *= 2) {
    for (size_t i = 0; i < static_cast<size_t>(length); ++i) samples[i] = random.Sample(i);
    RealFft(samples.first(static_cast<size_t>(length)), bins.first(FftBins(length)));
    for (const Complex& bin : bins.first(FftBins(length))) {
      hash.Add(bin.re);
      hash.Add(bin.im);
    }
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
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = random.Sample(i / static_cast<size_t>(window.axes));
  B::Prepare(params, window, prepared);
  B::Extract(params, window, prepared, samples, features, scratch);
  hash.Add(features);
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
  return good ? hash.value() : 0;
}

}  // namespace thimble::dsp
