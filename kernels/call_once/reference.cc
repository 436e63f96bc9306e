#include "kernels/call_once/op.h"
#include "kernels/subgraph_calls.h"

namespace thimble::kernels {

Reason CallOnce::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.empty(), InputCount);
  THIMBLE_REQUIRE(call.out.empty(), OutputCount);
  THIMBLE_CHECK(CheckOperands(call, params.subgraph, Subgraphs::Side::kInputs, {}));
  THIMBLE_CHECK(CheckOperands(call, params.subgraph, Subgraphs::Side::kOutputs, {}));
  // Elsewhere it might run any number of times during the first run.
  THIMBLE_REQUIRE(call.subgraphs->in_main(), CallOnce);
  return Reason::kNone;
}

size_t CallOnce::ScratchBytes(const Params& params, const Call& call) {
  return call.subgraphs->FrameBytes(params.subgraph);
}

int CallOnce::Callees(const Params& params, int32_t (&subgraphs)[kMaxCallees]) {
  subgraphs[0] = params.subgraph;
  return 1;
}

void CallOnce::RunReference(const Params& params, const Call& call) {
  if (call.subgraphs->first_run()) call.subgraphs->Run(params.subgraph, call.scratch);
}

}  // namespace thimble::kernels
