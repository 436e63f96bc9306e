// What a signal-processing block says about itself, and how it is called without knowing which one it is.
#ifndef THIMBLE_DSP_BLOCK_H_
#define THIMBLE_DSP_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/status.h"

namespace thimble::dsp {

/// The shape of a window of samples. The samples themselves are float32, interleaved by reading: x0 y0 z0 x1 y1 z1 …
struct Window {
  int axes = 0;      ///< numbers a reading
  int readings = 0;  ///< readings a window
  float rate_hz = 0;
  /// Of pictures: pixels a row, and rows a picture; 0 for everything else. A picture is one axis of packed pixels,
  /// 0xRRGGBB (exact in a float32), row by row, and `readings` is pictures × height × width; rate_hz is of no use then.
  int width = 0;
  int height = 0;

  constexpr size_t SampleCount() const { return static_cast<size_t>(axes) * static_cast<size_t>(readings); }
};

/// No window is larger: 64 MiB of float32, far from where a 32-bit size overflows.
inline constexpr size_t kMostSamples = size_t{1} << 24;

/// The window that `samples` interleaved numbers make, or kInvalidArgument when they are not whole readings of `axes`.
constexpr Result<Window> WindowOf(size_t samples, int axes, float rate_hz) {
  if (axes < 1 || samples > kMostSamples || samples % static_cast<size_t>(axes) != 0) return Status::kInvalidArgument;
  return Window{axes, static_cast<int>(samples / static_cast<size_t>(axes)), rate_hz};
}

/// How features lie: what a network that looks at neighbours has to know, and a plot.
struct Layout {
  enum class Kind : uint8_t { kFlat, kSpectrogram, kImage };
  Kind kind = Kind::kFlat;
  int width = 0;     ///< flat: all features; spectrogram: frames, one after the other in time; image: pixels a row
  int height = 1;    ///< spectrogram: features a frame, next to each other; image: rows
  int channels = 1;  ///< image: numbers a pixel, next to each other
  int frames = 1;    ///< image: pictures
};

/// What one feature is, for people.
struct FeatureName {
  int axis = -1;          ///< the axis that it was made of, -1: of no single one
  char text[44] = {};     ///< "RMS", "Spectral power 12.50 Hz"; without the axis
  const char* unit = "";  ///< "dB"; "" where it is a plain number, or depends on the sensor's unit
};

/// One block behind a uniform face. `params` points at that block's own Params. After `check` said kOk for a pair of
/// (params, window), the others cannot fail for that pair.
///
/// Life of a block: check; prepare, once; extract, once a window. Both memories start at a multiple of
/// kArenaAlignment; `prepared` keeps its contents from prepare on, `scratch` holds nothing between calls.
struct Block {
  const char* name;
  Status (*check)(const void* params, const Window& window);
  size_t (*feature_count)(const void* params, const Window& window);
  /// Bytes of what is worked out once, such as filter coefficients; often 0.
  size_t (*prepared_bytes)(const void* params, const Window& window);
  /// Bytes that `extract` needs while it runs.
  size_t (*scratch_bytes)(const void* params, const Window& window);
  void (*prepare)(const void* params, const Window& window, std::span<std::byte> prepared);
  /// samples: window.SampleCount() numbers; features: feature_count numbers; may not overlap.
  void (*extract)(const void* params, const Window& window, std::span<const std::byte> prepared,
                  std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
};

/// The face of block type B, which has
///   static constexpr const char* kName;
///   struct Params;  // a plain aggregate whose initialisers are the defaults
///   static constexpr std::array<const char*, n> kIgnored;  // parameters of Edge Impulse's that this block drops
///   static void Fields(auto&& visit, auto& params);        // see dsp/fields.h
///   static Status Check(const Params&, const Window&);
///   static const char* Explain(const Params&, const Window&);  // why Check refuses, or nullptr
///   static size_t FeatureCount(const Params&, const Window&);
///   static Layout LayoutOf(const Params&, const Window&);      // its sizes multiply to FeatureCount
///   static FeatureName NameOf(const Params&, const Window&, size_t feature);  // for people; devices do not link it
///   static size_t PreparedBytes(const Params&, const Window&);
///   static size_t ScratchBytes(const Params&, const Window&);
///   static void Prepare(const Params&, const Window&, std::span<std::byte> prepared);
///   static void Extract(const Params&, const Window&, std::span<const std::byte> prepared,
///                       std::span<const float> samples, std::span<float> features, std::span<std::byte> scratch);
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
      return B::PreparedBytes(*static_cast<const typename B::Params*>(params), window);
    },
    [](const void* params, const Window& window) {
      return B::ScratchBytes(*static_cast<const typename B::Params*>(params), window);
    },
    [](const void* params, const Window& window, std::span<std::byte> prepared) {
      B::Prepare(*static_cast<const typename B::Params*>(params), window, prepared);
    },
    [](const void* params, const Window& window, std::span<const std::byte> prepared, std::span<const float> samples,
       std::span<float> features, std::span<std::byte> scratch) {
      B::Extract(*static_cast<const typename B::Params*>(params), window, prepared, samples, features, scratch);
    },
};

/// The smallest face that does what block type B does with `params`, for programs whose parameters are constants: a
/// block that can do several things specialises this, and the linker drops those that nobody asked for.
template <typename B>
consteval const Block* BlockFor(const typename B::Params&) {
  return &kBlock<B>;
}

/// What a block says to people. Apart from Block, so that a device, which never names it, holds none of the sentences.
struct BlockWords {
  const char* name;
  /// Why `check` refuses, as a sentence that says what to do, or nullptr when it does not refuse.
  const char* (*explain)(const void* params, const Window& window);
  Layout (*layout_of)(const void* params, const Window& window);
  FeatureName (*name_of)(const void* params, const Window& window, size_t feature);
};

template <typename B>
inline constexpr BlockWords kBlockWords = {
    B::kName,
    [](const void* params, const Window& window) {
      return B::Explain(*static_cast<const typename B::Params*>(params), window);
    },
    [](const void* params, const Window& window) {
      return B::LayoutOf(*static_cast<const typename B::Params*>(params), window);
    },
    [](const void* params, const Window& window, size_t feature) {
      return B::NameOf(*static_cast<const typename B::Params*>(params), window, feature);
    },
};

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_BLOCK_H_
