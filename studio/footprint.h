// What an impulse takes of a board: exact memory from the compiler's plan, and how long a window takes.
#ifndef THIMBLE_STUDIO_FOOTPRINT_H_
#define THIMBLE_STUDIO_FOOTPRINT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "dsp/block.h"
#include "firmware/board.h"
#include "trainer/feature_scaling.h"

namespace thimble::studio {

struct Footprint {
  int64_t parameters = 0;
  /// Window, features, what the block prepared, and the larger of the block's scratch and the compiled network's
  /// memory: they are never in use at the same time.
  int64_t ram_bytes = 0;
  int64_t flash_bytes = 0;            ///< constants of the compiled network and the scaling of features
  std::optional<int64_t> code_bytes;  ///< of the network, linked; nothing where no cross-compiler was asked
  std::optional<double> latency_ms;   ///< signal processing and network; nothing where the core's cycles are not known

  int64_t all_flash_bytes() const { return flash_bytes + code_bytes.value_or(0); }
};

/// Limits; what is not given is not limited.
struct FootprintLimits {
  std::optional<int64_t> ram_bytes = {}, flash_bytes = {}, parameters = {};
  std::optional<double> latency_ms = {};
};

/// Of an int8 model behind a block on `board`. With `links`, the network's code is linked and measured too (a second or
/// two), if there is a cross-compiler and the core is a Cortex-M4.
///
///   kInvalidArgument   the block refuses the window
///   else               what the compiler says
Expected<Footprint> Measure(const firmware::Board& board, const compiler::BlockParams& block, const dsp::Window& window,
                            const trainer::FeatureScaling& scaling, std::span<const std::byte> model, bool links);

/// "takes 12,345 bytes of RAM, 2,345 more than there are"; empty: it fits.
std::string Excess(const Footprint& footprint, const FootprintLimits& limits);

/// Cycles of a Cortex-M4F for one window through the block.
///
/// Blocks of frames and spectral analysis: as a count of butterflies, logarithms and products, fitted to what firmware
/// takes (tests/numbers/dsp.mps2_an386.txt, within a quarter). The others, of a few additions a sample: counted by
/// hand.
double PredictBlockCycles(const compiler::BlockParams& block, const dsp::Window& window);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_FOOTPRINT_H_
