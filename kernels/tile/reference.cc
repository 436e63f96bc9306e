#include "kernels/tile/op.h"

namespace thimble::kernels {

Reason Tile::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &multiples = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type && IsIndices(multiples), OperandTypes);
  THIMBLE_REQUIRE(x.shape.rank == y.shape.rank && multiples.shape.Count() == y.shape.rank, OperandShapes);
  for (int d = 0; d < y.shape.rank; ++d) {
    THIMBLE_REQUIRE(x.shape[d] > 0 && y.shape[d] % x.shape[d] == 0, OperandShapes);
    THIMBLE_REQUIRE(!multiples.constant || IndexAt(multiples, d) == y.shape[d] / x.shape[d], OperandShapes);
  }
  return Reason::kNone;
}

void Tile::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Steps x_steps(x), y_steps(y);
  Lattice lattice(BytesOf(x.type));
  for (int d = 0; d < y.shape.rank; ++d) {
    lattice.Add(y.shape[d] / x.shape[d], 0, x.shape[d] * y_steps[d]);
    lattice.Add(x.shape[d], x_steps[d], y_steps[d]);
  }
  lattice.Copy(x.As<std::byte>(), y.As<std::byte>());
}

}  // namespace thimble::kernels
