#include "base/fixed_point.h"
#include "kernels/gather/op.h"

namespace thimble::kernels {

Reason Gather::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &indices = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type && IsIndices(indices), OperandTypes);
  int32_t axis = params.axis, batches = params.batch_dims;
  THIMBLE_REQUIRE(ResolveAxis(x.shape.rank, axis), Option);
  if (batches < 0 && batches >= -indices.shape.rank) batches += indices.shape.rank;
  THIMBLE_REQUIRE(batches >= 0 && batches <= axis && batches <= indices.shape.rank, Option);
  THIMBLE_REQUIRE(y.shape.rank == x.shape.rank + indices.shape.rank - batches - 1, OperandShapes);
  const int32_t chosen = indices.shape.rank - batches;
  for (int d = 0; d < y.shape.rank; ++d) {
    const int32_t size = d < axis            ? x.shape[d]
                         : d < axis + chosen ? indices.shape[batches + d - axis]
                                             : x.shape[d - chosen + 1];
    THIMBLE_REQUIRE(y.shape[d] == size && (d >= batches || indices.shape[d] == size), OperandShapes);
  }
  THIMBLE_REQUIRE(x.shape[axis] > 0, OperandShapes);
  for (int32_t i = 0; indices.constant && i < indices.shape.Count(); ++i) {
    THIMBLE_REQUIRE(IndexAt(indices, i) >= 0 && IndexAt(indices, i) < x.shape[axis], OperandShapes);
  }
  return Reason::kNone;
}

void Gather::RunReference(const Params& params, const Call& call) {
  const Tensor &x = call.in[0], &indices = call.in[1], &y = call.out[0];
  int32_t axis = params.axis, batch_dims = params.batch_dims;
  (void)ResolveAxis(x.shape.rank, axis);
  if (batch_dims < 0) batch_dims += indices.shape.rank;
  const int32_t batches = CountOf(x.shape, 0, batch_dims), outer = CountOf(x.shape, batch_dims, axis);
  const int32_t size = x.shape[axis], chosen = CountOf(indices.shape, batch_dims, indices.shape.rank);
  const size_t bytes = static_cast<size_t>(CountOf(x.shape, axis + 1, x.shape.rank)) * BytesOf(x.type);
  std::byte* to = y.As<std::byte>();
  for (int32_t row = 0; row < batches * outer; ++row) {
    const std::byte* from = x.As<std::byte>() + static_cast<size_t>(row * size) * bytes;
    for (int32_t i = 0; i < chosen; ++i, to += bytes) {
      const int32_t index = Clamp(IndexAt(indices, row / outer * chosen + i), 0, size - 1);
      std::memcpy(to, from + static_cast<size_t>(index) * bytes, bytes);
    }
  }
}

}  // namespace thimble::kernels
