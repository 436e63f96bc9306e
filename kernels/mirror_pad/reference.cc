#include "kernels/mirror_pad/op.h"

namespace thimble::kernels {

Reason MirrorPad::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  THIMBLE_REQUIRE(params.mode == 0 || params.mode == 1, Option);
  THIMBLE_CHECK(CheckPaddings(call));
  const Shape& x = call.in[0].shape;
  for (int d = 0; d < x.rank; ++d) {
    const int32_t most = params.mode == 0 ? x[d] - 1 : x[d];
    THIMBLE_REQUIRE(Before(call.in[1], d) <= most && After(call.in[1], d) <= most, OperandShapes);
  }
  return Reason::kNone;
}

void MirrorPad::RunReference(const Params& params, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Steps x_steps(x);
  const uint32_t bytes = BytesOf(x.type);
  const int32_t repeat = params.mode == 0 ? 0 : 1;  // whether the edge is its own mirror image
  int32_t index[kMaxRank] = {};
  std::byte* to = y.As<std::byte>();
  for (int32_t i = y.shape.Count(); i > 0; --i, to += bytes) {
    const std::byte* from = x.As<std::byte>();
    for (int d = 0; d < x.shape.rank; ++d) {
      int32_t at = index[d] - Before(call.in[1], d);
      if (at < 0) at = -at - repeat;
      if (at >= x.shape[d]) at = 2 * (x.shape[d] - 1) + repeat - at;
      from += at * x_steps[d];
    }
    std::memcpy(to, from, bytes);
    for (int d = y.shape.rank - 1; d >= 0 && ++index[d] == y.shape[d]; --d) index[d] = 0;
  }
}

}  // namespace thimble::kernels
