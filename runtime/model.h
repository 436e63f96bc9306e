// A .tflite read in place: verified once, completely; then light views without checks.
#ifndef THIMBLE_RUNTIME_MODEL_H_
#define THIMBLE_RUNTIME_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/op.h"
#include "runtime/fault.h"
#include "runtime/flat.h"

namespace thimble::runtime {

/// Limits that keep every step of loading quick, whatever the file says. The largest known applications have a tenth.
inline constexpr int kMaxTensorsAndOperators = 8192;
inline constexpr int kMaxOperands = 64;

inline constexpr int kMaxSubgraphs = 256;
/// At most so many subgraphs run inside each other.
inline constexpr int kMaxSubgraphDepth = 8;
/// At most so many operators name, read or assign a variable that lives outside the subgraphs.
inline constexpr int kMaxVariableOperators = 256;

/// One subgraph: tensors, and the operators that turn some of them into others, in the order of execution.
class Graph {
 public:
  struct Code {
    int32_t builtin = 0;  ///< number in TFLite's BuiltinOperator
    int32_t version = 1;
  };

  flat::Vector<int32_t> inputs() const { return subgraph_.List<int32_t>(1); }
  flat::Vector<int32_t> outputs() const { return subgraph_.List<int32_t>(2); }
  int tensor_count() const { return tensors_.size(); }
  int operator_count() const { return operators_.size(); }
  /// How many tensors, and how many operators, the subgraphs before this one have.
  int first_tensor() const { return first_tensor_; }
  int first_operator() const { return first_operator_; }

  /// Shape, type and quantisation; `data` is set for constants only.
  kernels::Tensor TensorAt(int index) const;

  /// For people; often long, may be empty, any bytes.
  std::string_view NameOf(int tensor) const {
    const auto name = tensors_[tensor].List<char>(3);
    return {reinterpret_cast<const char*>(name.data()), static_cast<size_t>(name.size())};
  }

  Code CodeOf(int operator_index) const;
  flat::Vector<int32_t> InputsOf(int operator_index) const { return operators_[operator_index].List<int32_t>(1); }
  flat::Vector<int32_t> OutputsOf(int operator_index) const { return operators_[operator_index].List<int32_t>(2); }
  int OptionsTypeOf(int operator_index) const { return operators_[operator_index].Get<uint8_t>(3); }
  /// Of its fields nothing is verified but that the table's frame lies in the file.
  flat::Table OptionsTableOf(int operator_index) const { return operators_[operator_index].Child(4); }
  kernels::Options OptionsOf(int operator_index) const {
    return kernels::Options(OptionsTableOf(operator_index).data());
  }

 private:
  friend class Model;
  Reason Check(Fault& fault) const;
  Reason CheckTensor(int index) const;
  Reason CheckIndices(flat::Vector<int32_t> indices, bool may_be_absent, Fault& fault) const;

  flat::Table subgraph_;
  flat::Tables codes_, buffers_, tensors_, operators_;
  int first_tensor_ = 0;
  int first_operator_ = 0;
};

/// The whole file. By itself it is the subgraph that runs; operators of that one may run others.
class Model : public Graph {
 public:
  /// Verifies the file's structure, then what it says of tensors and of the operators' operands: indices, types,
  /// shapes, buffer sizes, quantisation. Which operators there are, and in what order tensors are written, is the
  /// network's matter. The bytes must outlive the model. Never fails on models that TFLite's own verifier and TFLite
  /// Micro accept, except for what the reasons name as unsupported.
  Reason Open(std::span<const std::byte> bytes, Fault& fault);

  int graph_count() const { return graphs_.size(); }
  Graph GraphAt(int index) const;
  /// Tensors and operators of all subgraphs.
  int total_tensors() const { return total_tensors_; }
  int total_operators() const { return total_operators_; }

 private:
  flat::Tables graphs_;
  int total_tensors_ = 0;
  int total_operators_ = 0;
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_MODEL_H_
