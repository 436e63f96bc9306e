#include "kernels/split_v/op.h"

namespace thimble::kernels {

Reason SplitV::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 3, InputCount);
  THIMBLE_CHECK(CheckSplitting(params, call.in[0], call.in[2], call.out));
  THIMBLE_CHECK(CheckConstantIndices(call.in[1], params.num_splits));
  int32_t axis = IndexAt(call.in[2], 0), rests = 0;
  (void)ResolveAxis(call.in[0].shape.rank, axis);
  for (int i = 0; i < params.num_splits; ++i) {
    const int32_t size = IndexAt(call.in[1], i);
    if (size == -1) ++rests;
    THIMBLE_REQUIRE(size == -1 || size == call.out[static_cast<size_t>(i)].shape[axis], OperandShapes);
  }
  THIMBLE_REQUIRE(rests <= 1, Option);
  return Reason::kNone;
}

void SplitV::RunReference(const Params&, const Call& call) { RunSplitting(call.in[0], call.in[2], call.out); }

}  // namespace thimble::kernels
