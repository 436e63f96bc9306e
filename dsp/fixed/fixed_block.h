// What a signal-processing block in integers says about itself: the twin of a block in floats, for chips without an
// FPU.
#ifndef THIMBLE_DSP_FIXED_FIXED_BLOCK_H_
#define THIMBLE_DSP_FIXED_FIXED_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "dsp/block.h"
#include "dsp/refusal.h"

namespace thimble::dsp::fixed {

/// 1 as a feature. Features are integers in 1/65536ths of what the twin gives, so that the int8 input of a network is
/// one multiplication away; what does not fit saturates.
inline constexpr int32_t kOne = 1 << 16;

/// One block in integers behind a uniform face. Parameters, and number, order and meaning of the features are those of
/// `twin`; so is what it refuses, and some more.
///
/// Samples are int16, interleaved by reading, as sensors and converters give them; `unit` says what one of their steps
/// is (g, or 1 for sound): the twin would be given samples * unit.
///
/// Life of a block: check; prepare, once; extract, once a window. Prepare works in floats and doubles; extract has
/// integers only, and reads nothing but what prepare wrote. That holds no pointers, so a laptop may do it for a chip.
/// Memories and their life are as for Block (dsp/block.h).
struct FixedBlock {
  const Block* twin;
  Status (*check)(const void* params, const Window& window, float unit);
  size_t (*prepared_bytes)(const void* params, const Window& window);
  size_t (*scratch_bytes)(const void* params, const Window& window);
  void (*prepare)(const void* params, const Window& window, float unit, std::span<std::byte> prepared);
  void (*extract)(std::span<const std::byte> prepared, std::span<const int16_t> samples, std::span<int32_t> features,
                  std::span<std::byte> scratch);
};

/// The face of block type B, which has
///   using Twin = …;  // the block in floats
///   static Status Check(const Twin::Params&, const Window&, float unit);
///   static const char* Explain(const Twin::Params&, const Window&, float unit);  // why Check refuses, or nullptr
///   static size_t PreparedBytes(const Twin::Params&, const Window&);
///   static size_t ScratchBytes(const Twin::Params&, const Window&);
///   static void Prepare(const Twin::Params&, const Window&, float unit, std::span<std::byte> prepared);
///   static void Extract(std::span<const std::byte> prepared, std::span<const int16_t> samples,
///                       std::span<int32_t> features, std::span<std::byte> scratch);
template <typename B>
inline constexpr FixedBlock kFixedBlock = {
    &kBlock<typename B::Twin>,
    [](const void* params, const Window& window, float unit) {
      return B::Check(*static_cast<const typename B::Twin::Params*>(params), window, unit);
    },
    [](const void* params, const Window& window) {
      return B::PreparedBytes(*static_cast<const typename B::Twin::Params*>(params), window);
    },
    [](const void* params, const Window& window) {
      return B::ScratchBytes(*static_cast<const typename B::Twin::Params*>(params), window);
    },
    [](const void* params, const Window& window, float unit, std::span<std::byte> prepared) {
      B::Prepare(*static_cast<const typename B::Twin::Params*>(params), window, unit, prepared);
    },
    &B::Extract,
};

}  // namespace thimble::dsp::fixed

#endif  // THIMBLE_DSP_FIXED_FIXED_BLOCK_H_
