#include "kernels/reverse_v2/op.h"

namespace thimble::kernels {
namespace {

/// Bit d for each dimension that `axes` names.
uint32_t Reversed(const Tensor& axes, int32_t rank) {
  uint32_t reversed = 0;
  for (int32_t i = 0; i < axes.shape.Count(); ++i) {
    int32_t axis = IndexAt(axes, i);
    (void)ResolveAxis(rank, axis);
    reversed |= uint32_t{1} << axis;
  }
  return reversed;
}

}  // namespace

Reason ReverseV2::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &axes = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(x.shape == y.shape, OperandShapes);
  const int32_t count = axes.shape.Count();
  THIMBLE_CHECK(CheckConstantIndices(axes, count));
  THIMBLE_REQUIRE(count <= x.shape.rank, OperandShapes);
  uint32_t seen = 0;
  for (int32_t i = 0; i < count; ++i) {
    int32_t axis = IndexAt(axes, i);
    THIMBLE_REQUIRE(ResolveAxis(x.shape.rank, axis) && (seen >> axis & 1) == 0, Option);
    seen |= uint32_t{1} << axis;
  }
  return Reason::kNone;
}

void ReverseV2::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Steps steps(x);
  const uint32_t reversed = Reversed(call.in[1], x.shape.rank);
  Lattice lattice(BytesOf(x.type));
  const std::byte* from = x.As<std::byte>();
  for (int d = 0; d < x.shape.rank; ++d) {
    const bool backwards = (reversed >> d & 1) != 0;
    if (backwards) from += (x.shape[d] - 1) * steps[d];
    lattice.Add(x.shape[d], backwards ? -steps[d] : steps[d], steps[d]);
  }
  lattice.Copy(from, y.As<std::byte>());
}

}  // namespace thimble::kernels
