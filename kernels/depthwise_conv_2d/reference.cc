#include "kernels/depthwise_conv_2d/op.h"

namespace thimble::kernels {

Reason DepthwiseConv2d::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckConvolution(params, call, 3));
  const int32_t inputs = call.in[0].shape[3], outputs = call.out[0].shape[3];
  THIMBLE_REQUIRE(call.in[1].shape[0] == 1 && outputs % inputs == 0, OperandShapes);
  return Reason::kNone;
}

Filter DepthwiseConv2d::FilterFor(const Call& call, int32_t o) {
  const int32_t outputs_an_input = call.out[0].shape[3] / call.in[0].shape[3];
  return Filter{o / outputs_an_input, o, 1};
}

}  // namespace thimble::kernels
