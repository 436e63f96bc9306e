// An image with more or fewer pixels, each a copy of the nearest.
#ifndef THIMBLE_KERNELS_RESIZE_NEAREST_NEIGHBOR_OP_H_
#define THIMBLE_KERNELS_RESIZE_NEAREST_NEIGHBOR_OP_H_

#include "kernels/resizing.h"

namespace thimble::kernels {

/// y[n, i, j, c] = x[n, nearest(i), nearest(j), c]
///
///   in[0]  x     [N, H, W, C] any type
///   in[1]  size  2 of int32: height and width of y; not read but for a check
///   out    y     [N, size[0], size[1], C] like x
///
/// nearest(i) = (i + offset) * scale, rounded if align_corners, else rounded down, and at most the last pixel; offset
/// is 1/2 if half_pixel_centers, else 0; scale is H / size, or (H - 1) / (size - 1) if align_corners, in float32.
/// Source: TFLite reference kernels, RESIZE_NEAREST_NEIGHBOR.
struct ResizeNearestNeighbor {
  static constexpr const char* kName = "resize_nearest_neighbor";
  static constexpr int kTfliteCode = 97;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 74;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = ResizingParams;
  static void Fields(auto&& visit, auto& p) {
    visit("align_corners", 0, p.align_corners);
    visit("half_pixel_centers", 1, p.half_pixel_centers);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RESIZE_NEAREST_NEIGHBOR_OP_H_
