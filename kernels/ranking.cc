#include "kernels/ranking.h"

#include <bit>

namespace thimble::kernels {

int64_t RankOf(const Tensor& tensor, int32_t i, bool smallest) {
  int64_t rank = 0;
  switch (tensor.type) {
    case Type::kFloat32: {
      // Of two positive floats the larger has the larger bits; both zeros are the same.
      const int32_t bits = std::bit_cast<int32_t>(tensor.As<float>()[i]);
      const int32_t magnitude = bits & INT32_MAX;
      if (magnitude > 0x7f800000) return INT64_MIN;
      rank = bits < 0 ? -magnitude : magnitude;
      break;
    }
    case Type::kInt32:
      rank = tensor.As<int32_t>()[i];
      break;
    case Type::kInt64:
      rank = tensor.Int64At(i);
      break;
    case Type::kInt16:
      rank = tensor.As<int16_t>()[i];
      break;
    case Type::kInt8:
      rank = tensor.As<int8_t>()[i];  // NOLINT(bugprone-signed-char-misuse): a number, not a letter
      break;
    case Type::kUInt8:
    case Type::kBool:
      rank = tensor.As<uint8_t>()[i];
      break;
    default:
      break;
  }
  return smallest ? ~rank : rank;  // ~ is -rank - 1, which exists for every rank
}

Reason CheckArg(const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(IsIndices(y), OperandTypes);
  THIMBLE_CHECK(CheckConstantIndices(call.in[1], 1));
  int32_t axis = IndexAt(call.in[1], 0);
  THIMBLE_REQUIRE(ResolveAxis(x.shape.rank, axis), Option);
  THIMBLE_REQUIRE(x.shape[axis] > 0 && y.shape.rank == x.shape.rank - 1, OperandShapes);
  for (int d = 0; d < y.shape.rank; ++d) {
    THIMBLE_REQUIRE(y.shape[d] == x.shape[d < axis ? d : d + 1], OperandShapes);
  }
  return Reason::kNone;
}

void RunArg(const Call& call, bool smallest) {
  const Tensor &x = call.in[0], &y = call.out[0];
  int32_t axis = IndexAt(call.in[1], 0);
  (void)ResolveAxis(x.shape.rank, axis);
  const int32_t size = x.shape[axis], step = CountOf(x.shape, axis + 1, x.shape.rank);
  const int32_t count = y.shape.Count();
  for (int32_t i = 0; i < count; ++i) {
    const int32_t start = i / step * step * size + i % step;
    int32_t best = 0;
    int64_t best_rank = RankOf(x, start, smallest);
    for (int32_t k = 1; k < size; ++k) {
      const int64_t rank = RankOf(x, start + k * step, smallest);
      if (rank <= best_rank) continue;
      best = k;
      best_rank = rank;
    }
    SetIndex(y, i, best);
  }
}

}  // namespace thimble::kernels
