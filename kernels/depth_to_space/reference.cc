#include "kernels/depth_to_space/op.h"

namespace thimble::kernels {

Reason DepthToSpace::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.out.size() == 1, InputCount);
  return CheckDepth(params, call, call.out[0], call.in[0]);
}

void DepthToSpace::RunReference(const Params& params, const Call& call) {
  RunDepth(params, call.out[0], call.in[0], false);
}

}  // namespace thimble::kernels
