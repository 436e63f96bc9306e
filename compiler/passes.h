// From a .tflite to an equivalent one that computes less: the passes, one list for options, tests and documentation.
#ifndef THIMBLE_COMPILER_PASSES_H_
#define THIMBLE_COMPILER_PASSES_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::compiler {

/// A pass as people see it.
struct PassInfo {
  const char* name;      ///< what switches it off: "dead_channels"
  const char* sentence;  ///< what it does, without a full stop
};

/// Every pass, in the order in which they run.
std::span<const PassInfo> Passes();

/// Says that a pass to leave out is none of these.
Error NoSuchPass(const std::string& name, std::span<const PassInfo> passes);

struct PassOptions {
  std::set<std::string> without = {};  ///< names of passes that are left out
  /// By how much the constants may grow when an operator on constants is computed beforehand. Its result is then read
  /// from flash instead of being computed into RAM each time.
  size_t most_growth_bytes = 1024;
  /// Channels that could go stay when their number would not be a multiple of this: kernels take so many together, and
  /// what is left over costs more than channels of zeros.
  size_t channels_together = 1;
};

/// What became of a model.
struct PassReport {
  struct Line {
    std::string pass;
    std::string what;  ///< "3.75 M of 7.49 M MACs removed: 1,290 channels in 22 layers"
  };
  std::vector<Line> lines = {};  ///< of passes that changed something, in the order in which they did
  int64_t macs_before = 0, macs_after = 0;
  size_t operators_before = 0, operators_after = 0;
  size_t model_bytes_before = 0, model_bytes_after = 0;
};

/// The model after all passes but those left out: the same inputs and outputs (names, shapes, types, quantisation), and
/// for every input the same bits in every output, in the reference kernels' arithmetic. Only the main subgraph is
/// rewritten. The same model and options always give the same bytes; they lie at a multiple of 16.
///
///   kInvalidArgument     `options` leaves out a pass that does not exist
///   kVerificationFailed, kUnsupported   the runtime refuses the model
Expected<std::vector<std::byte>> Simplify(std::span<const std::byte> model, const PassOptions& options = {},
                                          PassReport* report = nullptr);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_PASSES_H_
