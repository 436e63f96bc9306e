#include "kernels/subgraph_calls.h"

namespace thimble::kernels {

using Side = Subgraphs::Side;

Reason CheckOperands(const Call& call, int subgraph, Side side, std::span<const Tensor> operands) {
  THIMBLE_REQUIRE(call.subgraphs != nullptr, Subgraph);
  THIMBLE_REQUIRE(call.subgraphs->Count(subgraph, side) == static_cast<int>(operands.size()), Subgraph);
  for (size_t i = 0; i < operands.size(); ++i) {
    const Tensor tensor = call.subgraphs->OperandAt(subgraph, side, static_cast<int>(i), nullptr);
    THIMBLE_REQUIRE(operands[i].type == tensor.type && operands[i].shape == tensor.shape, Subgraph);
  }
  return Reason::kNone;
}

void Pass(const Call& call, int subgraph, std::span<const Tensor> operands) {
  for (size_t i = 0; i < operands.size(); ++i) {
    const Tensor input = call.subgraphs->OperandAt(subgraph, Side::kInputs, static_cast<int>(i), call.scratch);
    std::memcpy(input.data, operands[i].data, input.SizeBytes());
  }
}

void TakeBack(const Call& call, int subgraph, std::span<const Tensor> operands) {
  for (size_t i = 0; i < operands.size(); ++i) {
    const Tensor output = call.subgraphs->OperandAt(subgraph, Side::kOutputs, static_cast<int>(i), call.scratch);
    std::memcpy(operands[i].data, output.data, output.SizeBytes());
  }
}

}  // namespace thimble::kernels
