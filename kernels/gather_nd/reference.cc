#include "kernels/gather_nd/op.h"

namespace thimble::kernels {

Reason GatherNd::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  return CheckIndexed(call.in[0], call.in[1], call.out[0]);
}

void GatherNd::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &indices = call.in[1], &y = call.out[0];
  const uint32_t element_bytes = BytesOf(x.type);
  const size_t bytes = static_cast<size_t>(BlockElements(x, indices)) * element_bytes;
  const int32_t rows = indices.shape.Count() / indices.shape.Last();
  std::byte* to = y.As<std::byte>();
  for (int32_t row = 0; row < rows; ++row, to += bytes) {
    const int32_t block = BlockAt(x, indices, row);
    if (block < 0) {
      std::memset(to, 0, bytes);
    } else {
      std::memcpy(to, x.As<std::byte>() + static_cast<size_t>(block) * element_bytes, bytes);
    }
  }
}

}  // namespace thimble::kernels
