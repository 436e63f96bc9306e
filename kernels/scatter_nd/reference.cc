#include "kernels/scatter_nd/op.h"

namespace thimble::kernels {
namespace {

/// Adds integers modulo 2^bits of the unsigned T.
template <typename T>
void AddTo(std::byte* to, const std::byte* from, int32_t count) {
  for (int32_t i = 0; i < count; ++i, to += sizeof(T), from += sizeof(T)) {
    T a, b;
    std::memcpy(&a, to, sizeof(T));
    std::memcpy(&b, from, sizeof(T));
    a = static_cast<T>(a + b);
    std::memcpy(to, &a, sizeof(T));
  }
}

}  // namespace

Reason ScatterNd::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 3));
  THIMBLE_REQUIRE(IsIndices(call.in[2]) && call.out[0].type != Type::kBool, OperandTypes);
  return CheckIndexed(call.out[0], call.in[0], call.in[1]);
}

void ScatterNd::RunReference(const Params&, const Call& call) {
  const Tensor &indices = call.in[0], &updates = call.in[1], &y = call.out[0];
  const uint32_t element_bytes = BytesOf(y.type);
  const int32_t elements = BlockElements(y, indices);
  const int32_t rows = indices.shape.Count() / indices.shape.Last();
  std::memset(y.data, 0, y.SizeBytes());
  const std::byte* from = updates.As<std::byte>();
  for (int32_t row = 0; row < rows; ++row, from += static_cast<uint32_t>(elements) * element_bytes) {
    const int32_t block = BlockAt(y, indices, row);
    if (block < 0) continue;
    std::byte* to = y.As<std::byte>() + static_cast<uint32_t>(block) * element_bytes;
    if (y.type == Type::kFloat32) {
      AddTo<float>(to, from, elements);
    } else if (element_bytes == 1) {
      AddTo<uint8_t>(to, from, elements);
    } else if (element_bytes == 2) {
      AddTo<uint16_t>(to, from, elements);
    } else if (element_bytes == 4) {
      AddTo<uint32_t>(to, from, elements);
    } else {
      AddTo<uint64_t>(to, from, elements);
    }
  }
}

}  // namespace thimble::kernels
