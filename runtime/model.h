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

class Model {
 public:
  struct Code {
    int32_t builtin = 0;  ///< number in TFLite's BuiltinOperator
    int32_t version = 1;
  };

  /// Verifies the file's structure, then what it says of tensors and of the operators' operands: indices, types,
  /// shapes, buffer sizes, quantisation. Which operators there are, and in what order tensors are written, is the
  /// network's matter. The bytes must outlive the model. Never fails on models that TFLite's own verifier and TFLite
  /// Micro accept, except for what the reasons name as unsupported.
  Reason Open(std::span<const std::byte> bytes, Fault& fault);

  flat::Vector<int32_t> inputs() const { return subgraph_.List<int32_t>(1); }
  flat::Vector<int32_t> outputs() const { return subgraph_.List<int32_t>(2); }
  int tensor_count() const { return tensors_.size(); }
  int operator_count() const { return operators_.size(); }

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
  kernels::Options OptionsOf(int operator_index) const {
    return kernels::Options(operators_[operator_index].Child(4).data());
  }

 private:
  Reason CheckTensor(int index) const;
  Reason CheckIndices(flat::Vector<int32_t> indices, bool may_be_absent, Fault& fault) const;

  flat::Table subgraph_;
  flat::Tables codes_, buffers_, tensors_, operators_;
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_MODEL_H_
