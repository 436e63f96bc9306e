#include <algorithm>

#include "kernels/if/op.h"
#include "kernels/subgraph_calls.h"

namespace thimble::kernels {

Reason If::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(!call.in.empty(), InputCount);
  THIMBLE_REQUIRE(call.in[0].type == Type::kBool, OperandTypes);
  THIMBLE_REQUIRE(call.in[0].shape.Count() == 1, OperandShapes);
  for (const int32_t subgraph : {params.then_subgraph, params.else_subgraph}) {
    THIMBLE_CHECK(CheckOperands(call, subgraph, Subgraphs::Side::kInputs, call.in.subspan(1)));
    THIMBLE_CHECK(CheckOperands(call, subgraph, Subgraphs::Side::kOutputs, call.out));
  }
  return Reason::kNone;
}

size_t If::ScratchBytes(const Params& params, const Call& call) {
  return std::max(call.subgraphs->FrameBytes(params.then_subgraph), call.subgraphs->FrameBytes(params.else_subgraph));
}

int If::Callees(const Params& params, int32_t (&subgraphs)[kMaxCallees]) {
  subgraphs[0] = params.then_subgraph;
  subgraphs[1] = params.else_subgraph;
  return 2;
}

void If::RunReference(const Params& params, const Call& call) {
  const int32_t subgraph = *call.in[0].As<uint8_t>() != 0 ? params.then_subgraph : params.else_subgraph;
  Pass(call, subgraph, call.in.subspan(1));
  if (call.subgraphs->Run(subgraph, call.scratch)) TakeBack(call, subgraph, call.out);
}

}  // namespace thimble::kernels
