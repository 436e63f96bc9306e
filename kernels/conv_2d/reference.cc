#include "kernels/conv_2d/op.h"

namespace thimble::kernels {

Reason Conv2d::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckConvolution(params, call, 0));
  const int32_t inputs = call.in[0].shape[3], outputs = call.out[0].shape[3], depth = call.in[1].shape[3];
  THIMBLE_REQUIRE(inputs % depth == 0 && outputs % (inputs / depth) == 0, OperandShapes);
  return Reason::kNone;
}

Filter Conv2d::FilterFor(const Call& call, int32_t o) {
  const Shape &x = call.in[0].shape, &w = call.in[1].shape;
  const int32_t outputs_a_group = call.out[0].shape[3] / (x[3] / w[3]);
  return Filter{o / outputs_a_group * w[3], PixelAt(w, o, 0, 0), w[3]};
}

}  // namespace thimble::kernels
