#include <algorithm>

#include "kernels/subgraph_calls.h"
#include "kernels/while/op.h"

namespace thimble::kernels {

using Side = Subgraphs::Side;

Reason While::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckOperands(call, params.condition_subgraph, Side::kInputs, call.in));
  THIMBLE_CHECK(CheckOperands(call, params.body_subgraph, Side::kInputs, call.in));
  THIMBLE_CHECK(CheckOperands(call, params.body_subgraph, Side::kOutputs, call.out));
  THIMBLE_CHECK(CheckOperands(call, params.body_subgraph, Side::kInputs, call.out));
  THIMBLE_REQUIRE(call.subgraphs->Count(params.condition_subgraph, Side::kOutputs) == 1, Subgraph);
  const Tensor condition = call.subgraphs->OperandAt(params.condition_subgraph, Side::kOutputs, 0, nullptr);
  THIMBLE_REQUIRE(condition.type == Type::kBool && condition.shape.Count() == 1, Subgraph);
  return Reason::kNone;
}

size_t While::ScratchBytes(const Params& params, const Call& call) {
  return std::max(call.subgraphs->FrameBytes(params.condition_subgraph),
                  call.subgraphs->FrameBytes(params.body_subgraph));
}

int While::Callees(const Params& params, int32_t (&subgraphs)[kMaxCallees]) {
  subgraphs[0] = params.condition_subgraph;
  subgraphs[1] = params.body_subgraph;
  return 2;
}

void While::RunReference(const Params& params, const Call& call) {
  for (size_t i = 0; i < call.in.size(); ++i) std::memcpy(call.out[i].data, call.in[i].data, call.in[i].SizeBytes());
  while (true) {
    Pass(call, params.condition_subgraph, call.out);
    if (!call.subgraphs->Run(params.condition_subgraph, call.scratch)) return;
    const Tensor condition = call.subgraphs->OperandAt(params.condition_subgraph, Side::kOutputs, 0, call.scratch);
    if (*condition.As<uint8_t>() == 0) return;
    Pass(call, params.body_subgraph, call.out);
    if (!call.subgraphs->Run(params.body_subgraph, call.scratch)) return;
    TakeBack(call, params.body_subgraph, call.out);
  }
}

}  // namespace thimble::kernels
