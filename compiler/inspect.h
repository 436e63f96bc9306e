// What a model is before anybody runs it: its operators, who occupies which bytes when, and what stands in its way.
#ifndef THIMBLE_COMPILER_INSPECT_H_
#define THIMBLE_COMPILER_INSPECT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/operator_use.h"
#include "kernels/op.h"

namespace thimble::compiler {

/// An input or output of the network.
struct TensorFacts {
  std::string name;
  std::string type;  ///< "int8"
  std::vector<int32_t> shape;
  size_t bytes = 0;
  std::optional<float> scale;  ///< real = scale * (stored - zero_point)
  int64_t zero_point = 0;
};

/// One operator, in the order of execution.
struct OperatorFacts {
  std::string name;     ///< "conv_2d"; a custom operator's own name
  std::string numbers;  ///< types that it computes with: "int8", "int8 → float32", "float32 × int8" (hybrid)
  int version = 1;
  bool known = true;        ///< this program has the operator in this version
  int64_t macs = 0;         ///< multiply-accumulates of one inference; 0 for operators that hardly multiply
  int64_t parameters = 0;   ///< trained numbers among its inputs
  int64_t model_bytes = 0;  ///< what these and other constant inputs take of the file
};

/// A piece of the arena, for as long as anybody needs it. Tensors that are computed in place are one piece.
struct Piece {
  enum class Kind { kTensor, kInput, kOutput, kScratch };
  Kind kind = Kind::kTensor;
  std::string name;  ///< "input 0", "conv_2d 3" (what writes it first), "scratch of softmax 12"
  size_t offset_bytes = 0;
  size_t size_bytes = 0;
  int first_operator = 0;
  int last_operator = 0;  ///< included
};

/// The arena, as the runtime plans it: the same on a laptop and on a device.
struct ArenaFacts {
  size_t bytes = 0;             ///< all of it, exactly
  size_t persistent_bytes = 0;  ///< at its beginning: in use for as long as the network is loaded
  /// No plan can do with less: persistent bytes and the largest sum of tensors alive at once, as they share memory.
  size_t lower_bound_bytes = 0;
  int busiest_operator = 0;        ///< where that sum is
  std::vector<size_t> live_bytes;  ///< by operator, without the persistent bytes
  std::vector<Piece> pieces;       ///< by rising offset, then time
};

/// Something about a model that its owner should know.
struct Finding {
  enum class Weight {
    kRefused,  ///< the model cannot run because of it
    kWarning,  ///< it runs, but hardly as intended
    kNote,     ///< worth knowing
  };
  Weight weight = Weight::kNote;
  std::string code;  ///< a stable word: "hybrid"
  std::string what;  ///< a sentence without a full stop
  std::string cure;  ///< one line that helps; may be empty
};

struct Inspection {
  std::string numbers;      ///< "int8", "int16x8", "float32", "int8 (float32 outside)", …
  std::string description;  ///< what the converter wrote about itself, or empty
  size_t model_bytes = 0;
  int subgraphs = 0;
  std::vector<TensorFacts> inputs, outputs;
  std::vector<OperatorFacts> operators;  ///< of the main graph
  int64_t parameters = 0;                ///< each constant counted once, of all graphs
  int64_t macs = 0;                      ///< of the main graph
  OperatorUse kernels;                   ///< that it needs, of all graphs; empty when the model is refused
  std::optional<ArenaFacts> arena;       ///< nothing when the model is refused
  std::vector<Finding> findings;         ///< the weightiest first

  bool runs() const { return arena.has_value(); }
};

/// Looks at a .tflite, which must lie at a multiple of 16, with the eyes of a program that contains `operators`. Never
/// fails: what cannot be read of a damaged file is left out, and `findings` says so.
Inspection Inspect(std::span<const std::byte> model, std::span<const kernels::Operator* const> operators);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_INSPECT_H_
