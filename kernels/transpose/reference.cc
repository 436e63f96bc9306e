#include "kernels/transpose/op.h"

namespace thimble::kernels {

Reason Transpose::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &permutation = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(x.shape.rank == y.shape.rank, OperandShapes);
  THIMBLE_CHECK(CheckConstantIndices(permutation, x.shape.rank));
  uint32_t seen = 0;
  for (int d = 0; d < y.shape.rank; ++d) {
    int32_t from = IndexAt(permutation, d);
    THIMBLE_REQUIRE(ResolveAxis(x.shape.rank, from) && (seen >> from & 1) == 0, Option);
    seen |= uint32_t{1} << from;
    THIMBLE_REQUIRE(y.shape[d] == x.shape[from], OperandShapes);
  }
  return Reason::kNone;
}

void Transpose::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Steps x_steps(x), y_steps(y);
  Lattice lattice(BytesOf(x.type));
  for (int d = 0; d < y.shape.rank; ++d) {
    int32_t from = IndexAt(call.in[1], d);
    (void)ResolveAxis(x.shape.rank, from);
    lattice.Add(y.shape[d], x_steps[from], y_steps[d]);
  }
  lattice.Copy(x.As<std::byte>(), y.As<std::byte>());
}

}  // namespace thimble::kernels
