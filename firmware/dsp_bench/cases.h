// What the benchmark of signal processing runs: named blocks, parameters and windows, and the samples in them.
#ifndef THIMBLE_FIRMWARE_DSP_BENCH_CASES_H_
#define THIMBLE_FIRMWARE_DSP_BENCH_CASES_H_

#include <algorithm>
#include <cstdint>

#include "base/arena.h"
#include "base/hash.h"
#include "dsp/block.h"
#include "dsp/fixed/fixed_block.h"
#include "dsp/fixed/mfcc.h"
#include "dsp/fixed/mfe.h"
#include "dsp/fixed/spectral_analysis.h"
#include "dsp/mfcc/block.h"
#include "dsp/mfe/block.h"
#include "dsp/spectral_analysis/block.h"
#include "dsp/spectrogram/block.h"
#include "dsp/stream.h"

namespace thimble::firmware {

/// One window through one block.
struct WindowCase {
  const char* name;
  const dsp::Block* block;
  const void* params;
  dsp::Window window;
  uint32_t most_cycles = 0;  ///< what it may take on a Cortex-M4F; 0: whatever it takes
};

// A keyword in a second of sound: 49 frames of 30 ms, as keyword spotters have them.
inline constexpr dsp::Mfcc::Params kKeywordMfcc = {
    .num_cepstral = 10, .frame_length = 0.03f, .frame_stride = 0.02f, .num_filters = 40, .fft_length = 512};
inline constexpr dsp::Mfe::Params kKeywordMfe = {.frame_length = 0.03f, .frame_stride = 0.02f, .fft_length = 512};
inline constexpr dsp::Mfcc::Params kMfccDefault;
inline constexpr dsp::Mfe::Params kMfeDefault;
inline constexpr dsp::Spectrogram::Params kSpectrogramDefault;
// Sound that fits a board with 16 KiB of RAM.
inline constexpr dsp::Mfcc::Params kSmallMfcc = {
    .frame_length = 0.016f, .frame_stride = 0.016f, .num_filters = 16, .fft_length = 128};
inline constexpr dsp::Window kSecondOfSound = {.axes = 1, .readings = 16000, .rate_hz = 16000};

inline constexpr dsp::SpectralAnalysis::Params kSpectralDefault;
// Edge Impulse's published gesture pipeline.
inline constexpr dsp::SpectralAnalysis::Params kGesturePipeline = {
    .filter_type = dsp::SpectralAnalysis::FilterType::kLow, .filter_order = 6, .fft_length = 128};

inline constexpr WindowCase kWindowCases[] = {
    {"mfcc_49x10", &dsp::kBlock<dsp::Mfcc>, &kKeywordMfcc, kSecondOfSound, 3'000'000},
    {"mfcc_default", &dsp::kBlock<dsp::Mfcc>, &kMfccDefault, kSecondOfSound},
    {"mfcc_small", &dsp::kBlock<dsp::Mfcc>, &kSmallMfcc, {1, 1600, 8000}},
    {"mfe_49x40", &dsp::kBlock<dsp::Mfe>, &kKeywordMfe, kSecondOfSound},
    {"mfe_default", &dsp::kBlock<dsp::Mfe>, &kMfeDefault, kSecondOfSound},
    {"spectrogram_default", &dsp::kBlock<dsp::Spectrogram>, &kSpectrogramDefault, kSecondOfSound},
    {"spectral_default", &dsp::kBlock<dsp::SpectralAnalysis>, &kSpectralDefault, {3, 200, 100}, 60'000},
    {"gesture_pipeline", &dsp::kBlock<dsp::SpectralAnalysis>, &kGesturePipeline, {3, 125, 62.5f}, 250'000},
};

/// One window through a block in integers.
struct FixedCase {
  const char* name;
  const dsp::fixed::FixedBlock* block;
  const void* params;
  dsp::Window window;
  float unit;
};

inline constexpr FixedCase kFixedCases[] = {
    {"fixed_mfcc_default", &dsp::fixed::kFixedBlock<dsp::fixed::Mfcc>, &kMfccDefault, kSecondOfSound, 1},
    {"fixed_mfcc_small", &dsp::fixed::kFixedBlock<dsp::fixed::Mfcc>, &kSmallMfcc, {1, 1600, 8000}, 1},
    {"fixed_mfe_default", &dsp::fixed::kFixedBlock<dsp::fixed::Mfe>, &kMfeDefault, kSecondOfSound, 1},
    {"fixed_spectral_default",
     &dsp::fixed::kFixedBlock<dsp::fixed::SpectralAnalysis>,
     &kSpectralDefault,
     {3, 200, 100},
     1 / 1024.0f},
    {"fixed_gesture_pipeline",
     &dsp::fixed::kFixedBlock<dsp::fixed::SpectralAnalysis>,
     &kGesturePipeline,
     {3, 125, 62.5f},
     1 / 1024.0f},
};

/// Samples for any window, the same on every machine: a swing and noise over steady pull, as an accelerometer gives
/// them in m/s^2, or, where windows are fast enough to be sound, louder and without the pull.
class Signal {
 public:
  explicit Signal(const dsp::Window& window)
      : sound_(window.rate_hz >= 4000), axes_(static_cast<uint32_t>(window.axes)) {}

  void Fill(std::span<float> samples) {
    for (float& sample : samples) sample = Next();
  }
  /// The same in steps of `unit`, which is a power of two.
  void Fill(std::span<int16_t> samples, float unit) {
    for (int16_t& sample : samples) sample = static_cast<int16_t>(Next() * (1 / unit));
  }

 private:
  float Next() {
    // A linear congruential generator (D. Knuth, MMIX), upper bits.
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    const float noise = static_cast<float>(static_cast<int32_t>(state_ >> 32)) * 0x1p-31f;
    const uint32_t phase = at_++ / axes_ % 40;
    const float swing = static_cast<float>(phase < 20 ? phase : 40 - phase) - 10;
    // Whole numbers, as a microphone gives them.
    if (sound_) return static_cast<float>(static_cast<int32_t>(400 * swing + 2000 * noise));
    return 9.8f + 0.4f * swing + noise;
  }

  bool sound_;
  uint32_t axes_;
  uint32_t at_ = 0;
  uint64_t state_ = 20;
};

struct Answer {
  size_t memory_bytes = 0;  ///< prepared, scratch and features; 0: it did not fit
  uint64_t hash = 0;        ///< of the features
};

/// Runs a case in `memory`, aligned to kArenaAlignment; `begin` and `end` are called around what is to be measured.
inline Answer RunWindow(const WindowCase& test, std::span<std::byte> memory, auto&& begin, auto&& end) {
  const dsp::Block& block = *test.block;
  if (!ok(block.check(test.params, test.window))) return {};
  Arena arena(memory);
  const auto samples = arena.Take<float>(test.window.SampleCount());
  const size_t before = arena.used_bytes();
  const auto features = arena.Take<float>(block.feature_count(test.params, test.window));
  const size_t prepared_bytes = block.prepared_bytes(test.params, test.window);
  const auto prepared = arena.Take<std::byte>(prepared_bytes);
  const size_t scratch_bytes = block.scratch_bytes(test.params, test.window);
  const auto scratch = arena.Take<std::byte>(scratch_bytes);
  if (samples.empty() || features.empty() || prepared.size() < prepared_bytes || scratch.size() < scratch_bytes)
    return {};
  Signal(test.window).Fill(samples);
  block.prepare(test.params, test.window, prepared);
  begin();
  block.extract(test.params, test.window, prepared, samples, features, scratch);
  end();
  return {arena.used_bytes() - before, Fnv1a(std::as_bytes(features))};
}

/// The same for a block in integers.
inline Answer RunFixed(const FixedCase& test, std::span<std::byte> memory, auto&& begin, auto&& end) {
  const dsp::fixed::FixedBlock& block = *test.block;
  if (!ok(block.check(test.params, test.window, test.unit))) return {};
  Arena arena(memory);
  const auto samples = arena.Take<int16_t>(test.window.SampleCount());
  const size_t before = arena.used_bytes();
  const auto features = arena.Take<int32_t>(block.twin->feature_count(test.params, test.window));
  const size_t prepared_bytes = block.prepared_bytes(test.params, test.window);
  const auto prepared = arena.Take<std::byte>(prepared_bytes);
  const size_t scratch_bytes = block.scratch_bytes(test.params, test.window);
  const auto scratch = arena.Take<std::byte>(scratch_bytes);
  if (samples.empty() || features.empty() || prepared.size() < prepared_bytes || scratch.size() < scratch_bytes)
    return {};
  Signal(test.window).Fill(samples, test.unit);
  block.prepare(test.params, test.window, test.unit, prepared);
  begin();
  block.extract(prepared, samples, features, scratch);
  end();
  return {arena.used_bytes() - before, Fnv1a(std::as_bytes(features))};
}

/// Runs a stream over a whole window, slice by slice; measured are the last slice and the window's features after it.
template <typename B>
Answer RunStream(const typename B::Params& params, const dsp::Window& window, size_t slice, std::span<std::byte> memory,
                 auto&& begin, auto&& end) {
  if (!ok(B::Check(params, window))) return {};
  Arena arena(memory);
  const auto samples = arena.Take<float>(slice);
  const size_t before = arena.used_bytes();
  const auto features = arena.Take<float>(B::FeatureCount(params, window));
  const auto kept = arena.Take<std::byte>(dsp::Stream<B>::Bytes(params, window));
  if (samples.empty() || features.empty() || kept.empty()) return {};
  dsp::Stream<B> stream(params, window, kept);
  Signal signal(window);
  // Three windows, so that it has long been full.
  for (size_t left = 3 * window.SampleCount() / slice; left > 0; --left) {
    signal.Fill(samples);
    if (left == 1) begin();
    stream.Push(samples);
  }
  stream.Features(features);
  end();
  return {arena.used_bytes() - before, Fnv1a(std::as_bytes(features))};
}

/// Runs all cases, calling `report(name, Answer)` after each.
void RunAll(std::span<std::byte> memory, auto&& begin, auto&& end, auto&& report) {
  for (const WindowCase& test : kWindowCases) report(test.name, RunWindow(test, memory, begin, end));
  for (const FixedCase& test : kFixedCases) report(test.name, RunFixed(test, memory, begin, end));
  // A slice of a quarter of a second.
  constexpr size_t kSlice = 4000;
  report("mfcc_stream_slice", RunStream<dsp::Mfcc>(kKeywordMfcc, kSecondOfSound, kSlice, memory, begin, end));
  report("mfe_stream_slice", RunStream<dsp::Mfe>(kKeywordMfe, kSecondOfSound, kSlice, memory, begin, end));
}

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_DSP_BENCH_CASES_H_
