#include "kernels/broadcast_to/op.h"

namespace thimble::kernels {

Reason BroadcastTo::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &shape = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type && IsIndices(shape), OperandTypes);
  THIMBLE_REQUIRE(shape.shape.Count() == y.shape.rank && x.shape.rank <= y.shape.rank, OperandShapes);
  const int missing = y.shape.rank - x.shape.rank;
  for (int d = 0; d < y.shape.rank; ++d) {
    THIMBLE_REQUIRE(d < missing || x.shape[d - missing] == 1 || x.shape[d - missing] == y.shape[d], OperandShapes);
    THIMBLE_REQUIRE(!shape.constant || IndexAt(shape, d) == y.shape[d], OperandShapes);
  }
  return Reason::kNone;
}

void BroadcastTo::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Steps x_steps(x), y_steps(y);
  const int missing = y.shape.rank - x.shape.rank;
  Lattice lattice(BytesOf(x.type));
  for (int d = 0; d < y.shape.rank; ++d) {
    const bool repeated = d < missing || x.shape[d - missing] == 1;
    lattice.Add(y.shape[d], repeated ? 0 : x_steps[d - missing], y_steps[d]);
  }
  lattice.Copy(x.As<std::byte>(), y.As<std::byte>());
}

}  // namespace thimble::kernels
