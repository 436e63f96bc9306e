#include "kernels/embedding_lookup/op.h"
#include "kernels/quantised.h"

namespace thimble::kernels {

Reason EmbeddingLookup::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &ids = call.in[0], &table = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(ids.type == Type::kInt32, OperandTypes);
  const bool real = IsInt8(table) && y.type == Type::kFloat32;
  THIMBLE_REQUIRE(real || table.type == y.type, OperandTypes);
  THIMBLE_REQUIRE(ids.shape.rank == 1 && table.shape.rank >= 1 && y.shape.rank == table.shape.rank, OperandShapes);
  THIMBLE_REQUIRE(y.shape[0] == ids.shape[0] && table.shape[0] > 0, OperandShapes);
  for (int d = 1; d < y.shape.rank; ++d) THIMBLE_REQUIRE(y.shape[d] == table.shape[d], OperandShapes);
  for (int32_t i = 0; ids.constant && i < ids.shape[0]; ++i) {
    THIMBLE_REQUIRE(IndexAt(ids, i) >= 0 && IndexAt(ids, i) < table.shape[0], OperandShapes);
  }
  return Reason::kNone;
}

void EmbeddingLookup::RunReference(const Params&, const Call& call) {
  const Tensor &ids = call.in[0], &table = call.in[1], &y = call.out[0];
  const int32_t elements = CountOf(table.shape, 1, table.shape.rank);
  const size_t bytes = static_cast<size_t>(elements) * BytesOf(table.type);
  for (int32_t i = 0; i < ids.shape[0]; ++i) {
    const int32_t row = Clamp(IndexAt(ids, i), 0, table.shape[0] - 1);
    if (table.type == y.type) {
      std::memcpy(y.As<std::byte>() + static_cast<size_t>(i) * bytes,
                  table.As<std::byte>() + static_cast<size_t>(row) * bytes, bytes);
      continue;
    }
    for (int32_t k = 0; k < elements; ++k) {
      const int32_t stored = table.As<int8_t>()[row * elements + k] - table.zero_point;
      y.As<float>()[i * elements + k] = static_cast<float>(stored) * table.Scale();
    }
  }
}

}  // namespace thimble::kernels
