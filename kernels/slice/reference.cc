#include "kernels/slice/op.h"

namespace thimble::kernels {

Reason Slice::Check(const Params&, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 3));
  const Tensor &x = call.in[0], &begin = call.in[1], &size = call.in[2], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type && IsIndices(begin) && IsIndices(size), OperandTypes);
  const int32_t rank = x.shape.rank;
  THIMBLE_REQUIRE(y.shape.rank == rank && begin.shape.Count() == rank && size.shape.Count() == rank, OperandShapes);
  for (int d = 0; d < rank; ++d) {
    const int32_t most = x.shape[d] - y.shape[d];
    THIMBLE_REQUIRE(most >= 0, OperandShapes);
    if (begin.constant) THIMBLE_REQUIRE(IndexAt(begin, d) >= 0 && IndexAt(begin, d) <= most, OperandShapes);
    if (!size.constant) continue;
    const int32_t count = IndexAt(size, d);
    const bool to_the_end = count == -1 && (!begin.constant || IndexAt(begin, d) == most);
    THIMBLE_REQUIRE(to_the_end || count == y.shape[d], OperandShapes);
  }
  return Reason::kNone;
}

void Slice::RunReference(const Params&, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Steps x_steps(x), y_steps(y);
  Lattice lattice(BytesOf(x.type));
  const std::byte* from = x.As<std::byte>();
  for (int d = 0; d < x.shape.rank; ++d) {
    const int32_t begin = IndexAt(call.in[1], d), most = x.shape[d] - y.shape[d];
    from += (begin < 0 ? 0 : begin > most ? most : begin) * x_steps[d];
    lattice.Add(y.shape[d], x_steps[d], y_steps[d]);
  }
  lattice.Copy(from, y.As<std::byte>());
}

}  // namespace thimble::kernels
