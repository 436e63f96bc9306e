#include "kernels/unpack/op.h"

namespace thimble::kernels {

Reason Unpack::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 1 && call.in[0].present(), InputCount);
  THIMBLE_REQUIRE(!call.out.empty() && static_cast<int32_t>(call.out.size()) == params.num, OutputCount);
  const Tensor& x = call.in[0];
  int32_t axis = params.axis;
  THIMBLE_REQUIRE(ResolveAxis(x.shape.rank, axis), Option);
  THIMBLE_REQUIRE(x.shape[axis] == params.num, OperandShapes);
  for (const Tensor& y : call.out) {
    THIMBLE_REQUIRE(y.type == x.type, OperandTypes);
    THIMBLE_REQUIRE(y.shape.rank == x.shape.rank - 1, OperandShapes);
    for (int d = 0; d < y.shape.rank; ++d) {
      THIMBLE_REQUIRE(y.shape[d] == x.shape[d < axis ? d : d + 1], OperandShapes);
    }
  }
  return Reason::kNone;
}

void Unpack::RunReference(const Params& params, const Call& call) {
  const Tensor& x = call.in[0];
  int32_t axis = params.axis;
  (void)ResolveAxis(x.shape.rank, axis);
  const int32_t rows = CountOf(x.shape, 0, axis);
  const int32_t bytes = static_cast<int32_t>(call.out[0].SizeBytes()) / rows;
  const std::byte* from = x.As<std::byte>();
  for (const Tensor& y : call.out) {
    Lattice lattice(static_cast<uint32_t>(bytes));
    lattice.Add(rows, bytes * params.num, bytes);
    lattice.Copy(from, y.As<std::byte>());
    from += bytes;
  }
}

}  // namespace thimble::kernels
