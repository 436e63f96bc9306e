// A step that runs an operator of kernels/ as it is: for everything that has no faster step.
#ifndef THIMBLE_STEPS_OPERATOR_CALL_STEP_H_
#define THIMBLE_STEPS_OPERATOR_CALL_STEP_H_

#include <iterator>

#include "steps/step.h"
#include "steps/tensor_record.h"

namespace thimble::steps {

/// out... = operator(in...), with the kernel that the interpreter uses.
///
/// The constants hold a TensorRecord for each operand, inputs first, and the operator's own Params as bytes, aligned to
/// 8 and followed by zeros up to kernels::kMaxParamsBytes. The output may have the memory of the first input as the
/// operator's Sharing says; nothing else that is written may overlap anything.
struct OperatorCall {
  static constexpr const char* kName = "operator_call";
  static constexpr uint16_t kNumber = 100;

  struct Params {
    int32_t scratch;        ///< in the frame, as much as the operator says, aligned to kArenaAlignment
    int32_t records;        ///< in the constants
    int32_t options;        ///< in the constants: the operator's Params
    int32_t operator_code;  ///< number in TFLite's BuiltinOperator
    int32_t input_count;
    int32_t output_count;
  };
  static void Fields(auto&& visit, auto& params) {
    visit("scratch", params.scratch);
    visit("records", params.records);
    visit("options", params.options);
    visit("operator_code", params.operator_code);
    visit("input_count", params.input_count);
    visit("output_count", params.output_count);
  }

  /// An operator has at most so many inputs, and so many outputs.
  static constexpr int kMostOperands = 64;

  static bool Check(const Params& params, const std::byte* constants, const Extents& extents);
  /// The operator is found in `memory.operators`.
  static void Run(const Params& params, const Memory& memory);

  /// Runs the operator's kernel, whichever it is.
  using Kernel = void (*)(const void* options, const kernels::Call& call);
  static void RunKernel(const Params& params, const Memory& memory, Kernel kernel);

  /// Null: there is none.
  static const kernels::Operator* Find(std::span<const kernels::Operator* const> operators, int32_t code);
};

/// The step with operator `Op` built in: what compiled programs refer to, so that they hold this one kernel and nothing
/// that checks. With a type (of the first input) only the code for that, of an operator that separates them.
template <typename Op, kernels::Type... kType>
void RunOperator(const void* params, const Memory& memory) {
  static_assert(sizeof...(kType) <= 1);
  OperatorCall::RunKernel(*static_cast<const OperatorCall::Params*>(params), memory,
                          [](const void* options, const kernels::Call& call) {
                            const auto& known = *static_cast<const typename Op::Params*>(options);
                            if constexpr (sizeof...(kType) == 1) {
                              kernels::RunSeparate<Op>(known, call, kernels::TypeList<kType...>());
                            } else {
                              Op::RunReference(known, call);
                            }
                          });
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_OPERATOR_CALL_STEP_H_
