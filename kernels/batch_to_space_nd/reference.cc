#include "kernels/batch_to_space_nd/op.h"

namespace thimble::kernels {

Reason BatchToSpaceNd::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 3 && call.out.size() == 1, InputCount);
  return CheckBatches(call, call.out[0], call.in[0]);
}

void BatchToSpaceNd::RunReference(const Params&, const Call& call) { RunBatches(call, call.out[0], call.in[0], false); }

}  // namespace thimble::kernels
