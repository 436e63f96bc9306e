// A model that passes can rewrite, and the questions they ask about it.
#ifndef THIMBLE_COMPILER_PASSES_GRAPH_H_
#define THIMBLE_COMPILER_PASSES_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/op.h"
#include "runtime/schema_generated.h"

namespace thimble::compiler::passes {

using Code = tflite::BuiltinOperator;
using tflite::OperatorT;
using tflite::TensorT;

/// A model file, unpacked. All questions are about subgraph 0, the one that runs; tensors and operators are named by
/// their index in it. The model is one that the runtime accepts.
class Graph {
 public:
  explicit Graph(std::unique_ptr<tflite::ModelT> model) : model_(std::move(model)) {}

  tflite::ModelT& model() { return *model_; }
  const tflite::ModelT& model() const { return *model_; }
  tflite::SubGraphT& main() { return *model_->subgraphs[0]; }
  const tflite::SubGraphT& main() const { return *model_->subgraphs[0]; }
  size_t operator_count() const { return main().operators.size(); }
  OperatorT& OperatorAt(size_t index) { return *main().operators[index]; }
  const OperatorT& OperatorAt(size_t index) const { return *main().operators[index]; }
  TensorT& TensorAt(int32_t index) { return *main().tensors[static_cast<size_t>(index)]; }
  const TensorT& TensorAt(int32_t index) const { return *main().tensors[static_cast<size_t>(index)]; }

  Code CodeOf(const OperatorT& op) const;
  /// Makes it another operator; its options are the caller's matter.
  void SetCode(OperatorT& op, Code code, int version);

  /// The input is there: the operator has so many, and does not leave it out.
  static bool Has(const OperatorT& op, size_t input) { return input < op.inputs.size() && op.inputs[input] >= 0; }
  bool IsConstant(int32_t tensor) const;
  bool IsInput(int32_t tensor) const;
  bool IsOutput(int32_t tensor) const;
  /// Computed anew by one operator each time the network runs; not state, not a name of state.
  bool IsComputed(int32_t tensor) const;
  /// Nothing of the operator may be known from outside: it has state, runs subgraphs or is none of ours.
  bool HasEffects(const OperatorT& op) const;
  const std::vector<uint8_t>& DataOf(int32_t tensor) const;
  /// The tensor as kernels see it; valid until it changes.
  kernels::Tensor View(int32_t tensor) const;

  /// The operator that writes the tensor, or -1.
  int ProducerOf(int32_t tensor) const;
  /// How often operators read the tensor.
  int UseCount(int32_t tensor) const;

  /// The same scale and zero point, as far as kernels look at them.
  bool SameQuantisation(int32_t a, int32_t b) const;
  /// The same type, shape and quantisation: one can stand for the other.
  bool Interchangeable(int32_t a, int32_t b) const;

  /// A constant like `model_tensor` with another shape and other data, which no one else uses.
  int32_t AddConstantLike(int32_t model_tensor, std::vector<int32_t> shape, std::span<const uint8_t> data);
  void SetShape(int32_t tensor, std::vector<int32_t> shape);
  /// Makes the operator a RESHAPE of `input` to its output.
  void MakeReshape(OperatorT& op, int32_t input);

  /// Removes operator `index`, whose output repeats the interchangeable tensor `x`; false if it must stay because both
  /// are seen from outside.
  bool Bypass(size_t index, int32_t x);
  void Erase(size_t index);

 private:
  std::unique_ptr<tflite::ModelT> model_;
};

/// Gives the operator an options table of this type of the union.
template <typename T>
void SetOptions(OperatorT& op, tflite::BuiltinOptions type, T options) {
  op.builtin_options.Reset();
  op.builtin_options.type = type;
  op.builtin_options.value = new T(std::move(options));  // the union owns it
}

/// Elements of a shape.
int64_t CountOf(const std::vector<int32_t>& shape);

/// Elements of a constant of int32 or int64.
std::vector<int64_t> IntegersOf(const Graph& graph, int32_t tensor);

/// Adds the lowest bytes of an integer, little-endian.
void AppendInteger(std::vector<uint8_t>& data, int64_t value, size_t bytes);

/// Multiply-accumulates of one inference in convolutions and dense layers of the main graph.
int64_t MacsOf(const Graph& graph);

/// "1 layer", "2 layers"
std::string Counted(int64_t count, const char* noun);

/// The file, at a multiple of 16.
std::vector<std::byte> Pack(const tflite::ModelT& model);

}  // namespace thimble::compiler::passes

#endif  // THIMBLE_COMPILER_PASSES_GRAPH_H_
