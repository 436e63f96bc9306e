// What a signal-processing block says about itself, and how it is called without knowing which one it is.
#ifndef THIMBLE_DSP_BLOCK_H_
#define THIMBLE_DSP_BLOCK_H_

#include <cstddef>
#include <span>

#include "base/status.h"

namespace thimble::dsp {

/// The shape of a window of samples. The samples themselves are float32, interleaved by reading: x0 y0 z0 x1 y1 z1 …
struct Window {
  int axes = 0;      ///< numbers a reading
  int readings = 0;  ///< readings a window
  float rate_hz = 0;

  constexpr size_t SampleCount() const { return static_cast<size_t>(axes) * static_cast<size_t>(readings); }
};

/// One block behind a uniform face. `params` points at that block's own Params; after `check` said kOk for the same
/// (params, window), the other three cannot fail.
struct Block {
  const char* name;
  Status (*check)(const void* params, const Window& window);
  size_t (*feature_count)(const void* params, const Window& window);
  /// Bytes of scratch that `extract` needs, to be aligned to kArenaAlignment.
  size_t (*scratch_bytes)(const void* params, const Window& window);
  /// samples: window.SampleCount() numbers; features: feature_count numbers; may not overlap.
  void (*extract)(const void* params, const Window& window, std::span<const float> samples, std::span<float> features,
                  std::span<std::byte> scratch);
};

/// The face of block type B, which has
///   static constexpr const char* kName;
///   struct Params;  static void Fields(auto&& visit, auto& params);
///   static Status Check(const Params&, const Window&);
///   static size_t FeatureCount(const Params&, const Window&);
///   static size_t ScratchBytes(const Params&, const Window&);
///   static void Extract(const Params&, const Window&, std::span<const float>, std::span<float>, std::span<std::byte>);
template <typename B>
inline constexpr Block kBlock = {
    B::kName,
    [](const void* params, const Window& window) {
      return B::Check(*static_cast<const typename B::Params*>(params), window);
    },
    [](const void* params, const Window& window) {
      return B::FeatureCount(*static_cast<const typename B::Params*>(params), window);
    },
    [](const void* params, const Window& window) {
      return B::ScratchBytes(*static_cast<const typename B::Params*>(params), window);
    },
    [](const void* params, const Window& window, std::span<const float> samples, std::span<float> features,
       std::span<std::byte> scratch) {
      B::Extract(*static_cast<const typename B::Params*>(params), window, samples, features, scratch);
    },
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_BLOCK_H_
