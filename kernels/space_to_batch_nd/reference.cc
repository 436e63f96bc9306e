#include "kernels/padding.h"
#include "kernels/space_to_batch_nd/op.h"

namespace thimble::kernels {

Reason SpaceToBatchNd::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 3 && call.out.size() == 1, InputCount);
  THIMBLE_REQUIRE(SameQuantisation(call.in[0], call.out[0]), OperandQuantisation);
  return CheckBatches(call, call.in[0], call.out[0]);
}

void SpaceToBatchNd::RunReference(const Params&, const Call& call) {
  const Tensor& y = call.out[0];
  const uint64_t zero = StoredZero(y);
  FillWith(&zero, BytesOf(y.type), y.shape.Count(), y.data);
  RunBatches(call, call.in[0], y, true);
}

}  // namespace thimble::kernels
