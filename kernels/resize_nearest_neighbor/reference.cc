#include "base/fixed_point.h"
#include "kernels/resize_nearest_neighbor/op.h"

namespace thimble::kernels {
namespace {

/// The pixel of x, of `input`, that is nearest to pixel i of y, of `output`.
int32_t Nearest(const ResizingParams& params, int32_t i, int32_t input, int32_t output) {
  const bool corners = params.AlignsCorners(output);
  const int32_t numerator = corners ? input - 1 : input, denominator = corners ? output - 1 : output;
  const float scale = static_cast<float>(numerator) / static_cast<float>(denominator);
  const float offset = params.half_pixel_centers != 0 ? 0.5f : 0.0f;
  const float place = (static_cast<float>(i) + offset) * scale;  // not negative: a cast rounds down
  const int32_t nearest = params.align_corners != 0 ? RoundToInt32(place) : static_cast<int32_t>(place);
  return nearest < input - 1 ? nearest : input - 1;
}

}  // namespace

Reason ResizeNearestNeighbor::Check(const Params&, const Call& call) { return CheckResizing(call); }

void ResizeNearestNeighbor::RunReference(const Params& params, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const size_t bytes = static_cast<size_t>(x.shape[3]) * BytesOf(x.type);
  std::byte* to = y.As<std::byte>();
  for (int32_t n = 0; n < y.shape[0]; ++n) {
    for (int32_t i = 0; i < y.shape[1]; ++i) {
      const int32_t row = n * x.shape[1] + Nearest(params, i, x.shape[1], y.shape[1]);
      for (int32_t j = 0; j < y.shape[2]; ++j, to += bytes) {
        const int32_t pixel = row * x.shape[2] + Nearest(params, j, x.shape[2], y.shape[2]);
        std::memcpy(to, x.As<std::byte>() + static_cast<size_t>(pixel) * bytes, bytes);
      }
    }
  }
}

}  // namespace thimble::kernels
