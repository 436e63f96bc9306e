#include "kernels/indexed.h"

namespace thimble::kernels {

Reason CheckIndexed(const Tensor& whole, const Tensor& indices, const Tensor& blocks) {
  THIMBLE_REQUIRE(whole.type == blocks.type && IsIndices(indices), OperandTypes);
  THIMBLE_REQUIRE(indices.shape.rank >= 1, OperandShapes);
  const int32_t depth = indices.shape.Last(), rows_rank = indices.shape.rank - 1;
  THIMBLE_REQUIRE(depth >= 1 && depth <= whole.shape.rank, OperandShapes);
  THIMBLE_REQUIRE(blocks.shape.rank == rows_rank + whole.shape.rank - depth, OperandShapes);
  for (int d = 0; d < blocks.shape.rank; ++d) {
    const int32_t size = d < rows_rank ? indices.shape[d] : whole.shape[d - rows_rank + depth];
    THIMBLE_REQUIRE(blocks.shape[d] == size, OperandShapes);
  }
  for (int32_t row = 0; indices.constant && row < indices.shape.Count() / depth; ++row) {
    THIMBLE_REQUIRE(BlockAt(whole, indices, row) >= 0, OperandShapes);
  }
  return Reason::kNone;
}

int32_t BlockAt(const Tensor& whole, const Tensor& indices, int32_t row) {
  const int32_t depth = indices.shape.Last();
  int32_t block = 0;
  for (int32_t d = 0; d < depth; ++d) {
    const int32_t index = IndexAt(indices, row * depth + d);
    if (index < 0 || index >= whole.shape[d]) return -1;
    block = block * whole.shape[d] + index;
  }
  return block * BlockElements(whole, indices);
}

}  // namespace thimble::kernels
