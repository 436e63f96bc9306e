#include "kernels/reduction.h"

#include <bit>

#include "kernels/elementwise.h"
#include "kernels/padding.h"
#include "kernels/ranking.h"

namespace thimble::kernels {
namespace {

/// Bit d for each dimension of in[0] that in[1] names.
uint32_t ReducedDimensions(const Call& call) {
  uint32_t reduced = 0;
  for (int32_t i = 0; i < call.in[1].shape.Count(); ++i) {
    int32_t axis = IndexAt(call.in[1], i);
    if (ResolveAxis(call.in[0].shape.rank, axis)) reduced |= uint32_t{1} << axis;
  }
  return reduced;
}

Multiplier MultiplierOf(const Call& call) { return QuantiseRatio(call.in[0].Scale(), 1, call.out[0].Scale()); }

void SumQuantised(const Call& call, bool mean) {
  const Tensor &x = call.in[0], &y = call.out[0];
  Reduction reduction(call);
  const Range<int32_t> range = RangeOf(y.type);
  const int32_t count = reduction.Count(), outputs = y.shape.Count();
  Multiplier multiplier = MultiplierOf(call);
  if (mean) {
    // 1 / count goes into the multiplier: as many bits of it as the number has, none lost by the shift.
    int32_t shift = 31 - std::countl_zero(static_cast<uint32_t>(count));
    if (shift > 31 + multiplier.shift) shift = 31 + multiplier.shift;
    multiplier.mantissa = static_cast<int32_t>((static_cast<int64_t>(multiplier.mantissa) << shift) / count);
    multiplier.shift -= shift;
  }
  for (int32_t i = 0; i < outputs; ++i) {
    int32_t sum = WrapMultiply(-x.zero_point, count);
    reduction.Next([&](int32_t at) { sum = WrapAdd(sum, StoredAt(x, at)); });
    StoreAt(y, i, range.Clamp(WrapAdd(Scale(sum, multiplier), y.zero_point)));
  }
}

/// Sums of type Sum, which wrap if they are integers; T is signed.
template <typename T, typename Sum>
void SumNumbers(const Call& call, bool mean) {
  const Tensor &x = call.in[0], &y = call.out[0];
  Reduction reduction(call);
  const int32_t count = reduction.Count(), outputs = y.shape.Count();
  for (int32_t i = 0; i < outputs; ++i) {
    Sum sum = 0;
    reduction.Next([&](int32_t at) { sum += static_cast<Sum>(x.As<T>()[at]); });
    y.As<T>()[i] = mean ? static_cast<T>(sum) / static_cast<T>(count) : static_cast<T>(sum);
  }
}

}  // namespace

Reason CheckReduction(const ReductionParams& params, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &axes = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
  THIMBLE_CHECK(CheckConstantIndices(axes, axes.shape.Count()));
  for (int32_t i = 0; i < axes.shape.Count(); ++i) {
    int32_t axis = IndexAt(axes, i);
    THIMBLE_REQUIRE(ResolveAxis(x.shape.rank, axis), Option);
  }
  THIMBLE_REQUIRE(x.shape.Count() > 0, OperandShapes);
  const uint32_t reduced = ReducedDimensions(call);
  int to = 0;
  for (int d = 0; d < x.shape.rank; ++d) {
    const bool is_reduced = (reduced >> d & 1) != 0;
    if (is_reduced && params.keep_dims == 0) continue;
    THIMBLE_REQUIRE(to < y.shape.rank && y.shape[to] == (is_reduced ? 1 : x.shape[d]), OperandShapes);
    ++to;
  }
  THIMBLE_REQUIRE(to == y.shape.rank, OperandShapes);
  return Reason::kNone;
}

Reduction::Reduction(const Call& call) {
  const Shape& x = call.in[0].shape;
  const uint32_t reduced = ReducedDimensions(call);
  for (int d = 0, step = x.Count(); d < x.rank; ++d) {
    step /= x[d];
    Walk& walk = (reduced >> d & 1) != 0 ? reduced_ : kept_;
    walk.dimensions[walk.used++] = {x[d], step, 0};
    walk.count *= x[d];
  }
}

int32_t Reduction::Walk::Step() {
  const int32_t here = place;
  for (int d = used - 1; d >= 0; --d) {
    Dimension& dimension = dimensions[d];
    place += dimension.step;
    if (++dimension.index < dimension.size) break;
    place -= dimension.step * dimension.size;
    dimension.index = 0;
  }
  return here;
}

Reason CheckSum(const ReductionParams& params, const Call& call) {
  THIMBLE_CHECK(CheckReduction(params, call));
  const Tensor &x = call.in[0], &y = call.out[0];
  if (IsFloat(x) || x.type == Type::kInt32 || x.type == Type::kInt64) return Reason::kNone;
  THIMBLE_REQUIRE(IsQuantised(x) && IsQuantised(y), OperandTypes);
  THIMBLE_REQUIRE(y.Scale() > 0, OperandQuantisation);
  return Reason::kNone;
}

void RunSum(const Call& call, bool mean) {
  switch (call.in[0].type) {
    case Type::kFloat32:
      return SumNumbers<float, float>(call, mean);
    case Type::kInt32:
      return SumNumbers<int32_t, uint32_t>(call, mean);
    case Type::kInt64:
      return SumNumbers<int64_t, uint64_t>(call, mean);
    default:
      return SumQuantised(call, mean);
  }
}

Reason CheckReduceExtreme(const ReductionParams& params, const Call& call) {
  THIMBLE_CHECK(CheckReduction(params, call));
  THIMBLE_REQUIRE(SameQuantisation(call.in[0], call.out[0]), OperandQuantisation);
  return Reason::kNone;
}

void RunReduceExtreme(const Call& call, bool smallest) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const uint32_t bytes = BytesOf(x.type);
  Reduction reduction(call);
  const int32_t outputs = y.shape.Count();
  for (int32_t i = 0; i < outputs; ++i) {
    int32_t best = -1;
    int64_t best_rank = 0;
    reduction.Next([&](int32_t at) {
      const int64_t rank = RankOf(x, at, smallest);
      if (best >= 0 && rank <= best_rank) return;
      best = at;
      best_rank = rank;
    });
    std::memcpy(y.As<std::byte>() + static_cast<uint32_t>(i) * bytes,
                x.As<std::byte>() + static_cast<uint32_t>(best) * bytes, bytes);
  }
}

Reason CheckLogical(const ReductionParams& params, const Call& call) {
  THIMBLE_CHECK(CheckReduction(params, call));
  THIMBLE_REQUIRE(call.in[0].type == Type::kBool, OperandTypes);
  return Reason::kNone;
}

}  // namespace thimble::kernels
