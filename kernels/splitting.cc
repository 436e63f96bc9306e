#include "kernels/splitting.h"

namespace thimble::kernels {

Reason CheckSplitting(const SplittingParams& params, const Tensor& x, const Tensor& axis_tensor,
                      std::span<const Tensor> pieces) {
  THIMBLE_REQUIRE(x.present() && axis_tensor.present(), InputCount);
  THIMBLE_REQUIRE(!pieces.empty() && static_cast<int32_t>(pieces.size()) == params.num_splits, OutputCount);
  THIMBLE_CHECK(CheckConstantIndices(axis_tensor, 1));
  int32_t axis = IndexAt(axis_tensor, 0);
  THIMBLE_REQUIRE(ResolveAxis(x.shape.rank, axis), Option);
  int64_t total = 0;
  for (const Tensor& piece : pieces) {
    THIMBLE_REQUIRE(piece.type == x.type, OperandTypes);
    THIMBLE_REQUIRE(piece.shape.rank == x.shape.rank, OperandShapes);
    for (int d = 0; d < x.shape.rank; ++d) THIMBLE_REQUIRE(d == axis || piece.shape[d] == x.shape[d], OperandShapes);
    total += piece.shape[axis];
  }
  THIMBLE_REQUIRE(total == x.shape[axis], OperandShapes);
  return Reason::kNone;
}

void RunSplitting(const Tensor& x, const Tensor& axis_tensor, std::span<const Tensor> pieces) {
  int32_t axis = IndexAt(axis_tensor, 0);
  (void)ResolveAxis(x.shape.rank, axis);
  const int32_t rows = CountOf(x.shape, 0, axis);
  const int32_t row_bytes = static_cast<int32_t>(x.SizeBytes()) / rows;
  const std::byte* from = x.As<std::byte>();
  for (const Tensor& piece : pieces) {
    const int32_t bytes = static_cast<int32_t>(piece.SizeBytes()) / rows;
    Lattice lattice(static_cast<uint32_t>(bytes));
    lattice.Add(rows, row_bytes, bytes);
    lattice.Copy(from, piece.As<std::byte>());
    from += bytes;
  }
}

}  // namespace thimble::kernels
