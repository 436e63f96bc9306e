// Which step does each layer: candidates with their costs, and the choice among them under budgets.
#ifndef THIMBLE_COMPILER_CHOOSE_H_
#define THIMBLE_COMPILER_CHOOSE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/lower.h"
#include "compiler/place.h"
#include "steps/packing.h"

namespace thimble::compiler {

/// A step that can do a layer, or several of one kind, one after the other, that each do a part of it: steps::Packed
/// without its type.
struct Candidate {
  /// A step's share of a layer; operands begin so many bytes behind the layer's.
  struct Part {
    std::vector<int32_t> params;
    int64_t input_bytes = 0, output_bytes = 0;
    double cycles = 0;
    double share = 1;  ///< of the layer's outputs
    std::string what;  ///< "pixels 128 to 255"
  };

  std::string step;
  uint16_t number = 0;
  std::vector<std::string> fields;  ///< names of the params
  std::vector<Part> parts;          ///< at least one
  std::vector<std::byte> constants;
  int64_t scratch_bytes = 0;
  int64_t lead_bytes = steps::kApart, second_lead_bytes = steps::kApart;
  bool exact = false;  ///< Overlap::exact
  double cycles = 0;   ///< of all parts

  /// Sets the param of this name, if there is one, in all parts.
  void Set(const std::string& field, int64_t value);
  /// Sets "input", "output" or "second", for each part where its share begins.
  void SetOperands(int64_t input, int64_t second, int64_t output);
};

/// All steps that do such a layer on `target`, exactly. Empty: the operators themselves have to.
std::vector<Candidate> Candidates(const LayerKind& kind, steps::Target target);

/// Cycles that the reference operator takes, about; a plan without it would promise too much.
/// Of a Cortex-M4; on other cores a rough guide.
double PredictCycles(const OperatorCall& call, int64_t macs);

/// A layer while memory is planned.
struct PlannedLayer {
  std::vector<Candidate> candidates;         ///< at least one
  std::vector<int> reads, writes;            ///< values
  int input = -1, second = -1, output = -1;  ///< those that may overlap as the candidate says; -1: none
};

struct Budget {
  std::optional<int64_t> ram_bytes;    ///< of the frame
  std::optional<int64_t> flash_bytes;  ///< of the constants
  bool prefer_size = false;
  bool may_overlap = true;
};

struct Choice {
  std::vector<size_t> candidates;  ///< by layer
  std::vector<int64_t> offsets;    ///< by value
  std::vector<int64_t> scratch;    ///< offsets, by layer
  int64_t frame_bytes = 0;
  int64_t least_bytes = 0;  ///< no placement of these candidates is smaller
  int64_t constants_bytes = 0;
  double cycles = 0;
  bool fits = true;  ///< the budget; if nothing does, this is what comes nearest
};

/// Chooses a candidate for every layer and places all values. Within the budgets the quickest wins. Memory without a
/// budget has its price: a percent of RAM or of constants is worth half a percent of time. With `prefer_size` flash
/// comes first (constants, and the code of the steps that are used), then RAM, then time.
Choice Choose(const std::vector<PlannedLayer>& layers, const std::vector<int64_t>& value_bytes,
              const std::vector<int>& inputs, const std::vector<int>& outputs, const Budget& budget);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_CHOOSE_H_
