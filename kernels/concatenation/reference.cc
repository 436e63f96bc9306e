#include "kernels/concatenation/op.h"

namespace thimble::kernels {

Reason Concatenation::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, call.in.size()));
  THIMBLE_REQUIRE(!call.in.empty(), InputCount);
  THIMBLE_REQUIRE(params.activation == 0, Activation);
  const Tensor& y = call.out[0];
  int32_t axis = params.axis;
  THIMBLE_REQUIRE(ResolveAxis(y.shape.rank, axis), Option);
  int64_t total = 0;
  for (const Tensor& x : call.in) {
    THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
    THIMBLE_REQUIRE(x.shape.rank == y.shape.rank, OperandShapes);
    for (int d = 0; d < y.shape.rank; ++d) THIMBLE_REQUIRE(d == axis || x.shape[d] == y.shape[d], OperandShapes);
    total += x.shape[axis];
  }
  THIMBLE_REQUIRE(total == y.shape[axis], OperandShapes);
  return Reason::kNone;
}

void Concatenation::RunReference(const Params& params, const Call& call) {
  const Tensor& y = call.out[0];
  int32_t axis = params.axis;
  (void)ResolveAxis(y.shape.rank, axis);
  const int32_t rows = CountOf(y.shape, 0, axis);
  const int32_t row_bytes = static_cast<int32_t>(y.SizeBytes()) / rows;
  std::byte* to = y.As<std::byte>();
  for (const Tensor& x : call.in) {
    const int32_t bytes = static_cast<int32_t>(x.SizeBytes()) / rows;
    Lattice lattice(static_cast<uint32_t>(bytes));
    lattice.Add(rows, bytes, row_bytes);
    lattice.Copy(x.As<std::byte>(), to);
    to += bytes;
  }
}

}  // namespace thimble::kernels
