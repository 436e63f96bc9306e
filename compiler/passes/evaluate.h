// What an operator of a graph makes of given inputs, computed by the reference kernel that is its specification.
#ifndef THIMBLE_COMPILER_PASSES_EVALUATE_H_
#define THIMBLE_COMPILER_PASSES_EVALUATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "compiler/passes/graph.h"

namespace thimble::compiler::passes {

/// A tensor's elements, little-endian, and their shape.
struct Value {
  std::vector<int32_t> shape;
  std::vector<uint8_t> data;
};

/// The bytes of each output when input i of the operator is fed with `fed[i]`; all other inputs are constants. With
/// `output_shape`, that is the shape of the outputs instead of the model's. Nothing if the kernel refuses that.
std::optional<std::vector<std::vector<uint8_t>>> Evaluate(const Graph& graph, const OperatorT& op,
                                                          const std::map<size_t, Value>& fed,
                                                          const std::vector<int32_t>* output_shape = nullptr);

/// What an operator makes of every number that its one input that is no constant can hold, if it treats all elements
/// alike; that input is of 8 or 16 bits.
struct Table {
  size_t input = 0;                   ///< which one
  int32_t lowest = 0;                 ///< the input's number for which values[0] is the output
  Value input_values = {};            ///< all numbers, rising
  Value outputs = {};                 ///< the output for each
  std::vector<int32_t> numbers = {};  ///< the same as numbers; empty unless the output is of 8 or 16 bits

  int32_t operator()(int32_t value) const { return numbers[static_cast<size_t>(value - lowest)]; }
};
std::optional<Table> TableOf(const Graph& graph, const OperatorT& op);

/// Elements of an integer type of 8 or 16 bits as numbers; empty for another type.
std::vector<int32_t> NumbersOf(tflite::TensorType type, const std::vector<uint8_t>& data);

}  // namespace thimble::compiler::passes

#endif  // THIMBLE_COMPILER_PASSES_EVALUATE_H_
