#include "kernels/strided_slice/op.h"

namespace thimble::kernels {
namespace {

/// What is taken of one dimension of x.
struct Selection {
  int32_t begin = 0, stride = 1, count = 1;
};

bool IsSet(int32_t mask, int bit) { return (mask >> bit & 1) != 0; }

/// Element i of the specification, for a dimension of x with `size` elements. begin may lie outside.
Selection Select(const StridedSlice::Params& params, const Call& call, int i, int32_t size) {
  const int64_t stride = IndexAt(call.in[3], i);
  const bool forward = stride > 0;
  const int64_t lowest = forward ? 0 : -1, highest = forward ? size : size - 1;
  const auto inside = [&](int64_t index) {
    if (index < 0) index += size;
    return index < lowest ? lowest : index > highest ? highest : index;
  };
  int64_t begin = IndexAt(call.in[1], i), end = IndexAt(call.in[2], i);
  if (params.offset != 0) end += begin;
  begin = IsSet(params.begin_mask, i) ? (forward ? 0 : size - 1) : inside(begin);
  if (IsSet(params.shrink_axis_mask, i)) return {static_cast<int32_t>(begin), 1, 1};
  end = IsSet(params.end_mask, i) ? (forward ? highest : lowest) : inside(end);
  const int64_t count = (end - begin + stride + (forward ? -1 : 1)) / stride;
  return {static_cast<int32_t>(begin), static_cast<int32_t>(stride), static_cast<int32_t>(count > 0 ? count : 0)};
}

/// Goes through the dimensions of x: visit(dimension of x, its dimension in y or -1, element of the specification or
/// -1 for all of it). kOperandShapes if specification, x and y have unlike numbers of dimensions.
template <typename Visit>
Reason ForEachDimension(const StridedSlice::Params& params, const Call& call, Visit visit) {
  const Shape &x = call.in[0].shape, &y = call.out[0].shape;
  const int32_t specified = call.in[3].shape.Count();
  int32_t whole = x.rank - specified;  // dimensions that the specification does not mention
  bool ellipsis = false;
  for (int i = 0; i < specified; ++i) {
    if (IsSet(params.ellipsis_mask, i)) {
      THIMBLE_REQUIRE(!ellipsis, Option);
      ellipsis = true;
      ++whole;
    } else if (IsSet(params.new_axis_mask, i)) {
      ++whole;
    }
  }
  THIMBLE_REQUIRE(whole >= 0, OperandShapes);
  int from = 0, to = 0;
  const auto visit_whole = [&] {
    for (int k = 0; k < whole; ++k) THIMBLE_CHECK(visit(from++, to++, -1));
    return Reason::kNone;
  };
  for (int i = 0; i < specified; ++i) {
    if (IsSet(params.ellipsis_mask, i)) {
      THIMBLE_CHECK(visit_whole());
    } else if (IsSet(params.new_axis_mask, i)) {
      THIMBLE_REQUIRE(to < y.rank && y[to] == 1, OperandShapes);
      ++to;
    } else if (IsSet(params.shrink_axis_mask, i)) {
      THIMBLE_CHECK(visit(from++, -1, i));
    } else {
      THIMBLE_CHECK(visit(from++, to++, i));
    }
  }
  if (!ellipsis) THIMBLE_CHECK(visit_whole());
  THIMBLE_REQUIRE(to == y.rank, OperandShapes);
  return Reason::kNone;
}

}  // namespace

Reason StridedSlice::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 4));
  const Tensor &x = call.in[0], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
  const int32_t specified = call.in[3].shape.Count();
  THIMBLE_REQUIRE(specified <= 2 * kMaxRank, OperandShapes);
  for (int i = 1; i <= 3; ++i) {
    THIMBLE_REQUIRE(IsIndices(call.in[i]), OperandTypes);
    THIMBLE_REQUIRE(call.in[i].shape.Count() == specified, OperandShapes);
  }
  THIMBLE_REQUIRE(call.in[3].constant, OperandMustBeConstant);
  const bool known = call.in[1].constant && call.in[2].constant;
  return ForEachDimension(params, call, [&](int from, int to, int i) {
    THIMBLE_REQUIRE(to < y.shape.rank, OperandShapes);
    const int32_t size = x.shape[from], count = to < 0 ? 1 : y.shape[to];
    if (i < 0) {
      THIMBLE_REQUIRE(count == size, OperandShapes);
      return Reason::kNone;
    }
    const int64_t stride = IndexAt(call.in[3], i);
    THIMBLE_REQUIRE(stride != 0, Option);
    THIMBLE_REQUIRE((count - 1) * (stride > 0 ? stride : -stride) < size, OperandShapes);
    if (!known) return Reason::kNone;
    const Selection selection = Select(params, call, i, size);
    THIMBLE_REQUIRE(selection.begin >= 0 && selection.begin < size && selection.count == count, OperandShapes);
    return Reason::kNone;
  });
}

void StridedSlice::RunReference(const Params& params, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Steps x_steps(x), y_steps(y);
  Lattice lattice(BytesOf(x.type));
  int32_t start = 0;
  (void)ForEachDimension(params, call, [&](int from, int to, int i) {
    const int32_t size = x.shape[from], count = to < 0 ? 1 : y.shape[to];
    Selection selection;
    if (i >= 0) selection = Select(params, call, i, size);
    const int32_t span = count > 1 ? (count - 1) * selection.stride : 0;
    const int32_t lowest = span < 0 ? -span : 0, highest = size - 1 - (span > 0 ? span : 0);
    const int32_t begin = selection.begin < lowest ? lowest : selection.begin > highest ? highest : selection.begin;
    start += begin * x_steps[from];
    if (count > 1) lattice.Add(count, selection.stride * x_steps[from], y_steps[to]);
    return Reason::kNone;
  });
  lattice.Copy(x.As<std::byte>() + start, y.As<std::byte>());
}

}  // namespace thimble::kernels
