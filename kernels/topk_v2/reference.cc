#include "kernels/topk_v2/op.h"

namespace thimble::kernels {

Reason TopkV2::Check(const Params&, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 2 && call.in[0].present() && call.in[1].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 2, OutputCount);
  const Tensor &x = call.in[0], &k = call.in[1], &values = call.out[0], &indices = call.out[1];
  THIMBLE_REQUIRE(values.type == x.type && k.type == Type::kInt32, OperandTypes);
  THIMBLE_REQUIRE(indices.type == Type::kInt32 || indices.type == Type::kInt16, OperandTypes);
  THIMBLE_REQUIRE(values.shape == indices.shape && k.shape.Count() == 1, OperandShapes);
  THIMBLE_REQUIRE(x.shape.rank >= 1 && values.shape.rank == x.shape.rank, OperandShapes);
  for (int d = 0; d < x.shape.rank - 1; ++d) THIMBLE_REQUIRE(values.shape[d] == x.shape[d], OperandShapes);
  THIMBLE_REQUIRE(values.shape.Last() <= x.shape.Last(), OperandShapes);
  THIMBLE_REQUIRE(indices.type == Type::kInt32 || x.shape.Last() <= INT16_MAX, OperandShapes);
  THIMBLE_REQUIRE(!k.constant || IndexAt(k, 0) == values.shape.Last(), OperandShapes);
  return Reason::kNone;
}

void TopkV2::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &values = call.out[0], &indices = call.out[1];
  const uint32_t bytes = BytesOf(x.type);
  const int32_t size = x.shape.Last(), k = values.shape.Last(), count = values.shape.Count();
  int32_t last = 0;
  int64_t last_rank = 0;
  for (int32_t i = 0; i < count; ++i) {
    // The best of those that come after the one found before: no memory for a sorted list.
    const int32_t start = i / k * size;
    int32_t best = -1;
    int64_t best_rank = 0;
    for (int32_t at = 0; at < size; ++at) {
      const int64_t rank = RankOf(x, start + at, false);
      const bool found = i % k > 0 && (rank > last_rank || (rank == last_rank && at <= last));
      if (found || (best >= 0 && rank <= best_rank)) continue;
      best = at;
      best_rank = rank;
    }
    last = best;
    last_rank = best_rank;
    std::memcpy(values.As<std::byte>() + static_cast<uint32_t>(i) * bytes,
                x.As<std::byte>() + static_cast<uint32_t>(start + best) * bytes, bytes);
    if (indices.type == Type::kInt32) {
      indices.As<int32_t>()[i] = best;
    } else {
      indices.As<int16_t>()[i] = static_cast<int16_t>(best);
    }
  }
}

}  // namespace thimble::kernels
