#include "kernels/pack/op.h"

namespace thimble::kernels {

Reason Pack::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, call.in.size()));
  THIMBLE_REQUIRE(!call.in.empty() && static_cast<int32_t>(call.in.size()) == params.values_count, InputCount);
  const Tensor& y = call.out[0];
  int32_t axis = params.axis;
  THIMBLE_REQUIRE(ResolveAxis(y.shape.rank, axis), Option);
  THIMBLE_REQUIRE(y.shape[axis] == params.values_count, OperandShapes);
  for (const Tensor& x : call.in) {
    THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
    THIMBLE_REQUIRE(x.shape.rank == y.shape.rank - 1, OperandShapes);
    for (int d = 0; d < x.shape.rank; ++d) {
      THIMBLE_REQUIRE(x.shape[d] == y.shape[d < axis ? d : d + 1], OperandShapes);
    }
  }
  return Reason::kNone;
}

void Pack::RunReference(const Params& params, const Call& call) {
  const Tensor& y = call.out[0];
  int32_t axis = params.axis;
  (void)ResolveAxis(y.shape.rank, axis);
  const int32_t rows = CountOf(y.shape, 0, axis);
  const int32_t bytes = static_cast<int32_t>(call.in[0].SizeBytes()) / rows;
  std::byte* to = y.As<std::byte>();
  for (const Tensor& x : call.in) {
    Lattice lattice(static_cast<uint32_t>(bytes));
    lattice.Add(rows, bytes, bytes * params.values_count);
    lattice.Copy(x.As<std::byte>(), to);
    to += bytes;
  }
}

}  // namespace thimble::kernels
