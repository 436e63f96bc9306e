#include "kernels/space_to_depth/op.h"

namespace thimble::kernels {

Reason SpaceToDepth::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.out.size() == 1, InputCount);
  return CheckDepth(params, call, call.in[0], call.out[0]);
}

void SpaceToDepth::RunReference(const Params& params, const Call& call) {
  RunDepth(params, call.in[0], call.out[0], true);
}

}  // namespace thimble::kernels
