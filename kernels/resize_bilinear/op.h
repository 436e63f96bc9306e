// An image with more or fewer pixels, interpolated between four.
#ifndef THIMBLE_KERNELS_RESIZE_BILINEAR_OP_H_
#define THIMBLE_KERNELS_RESIZE_BILINEAR_OP_H_

#include "kernels/resizing.h"

namespace thimble::kernels {

/// y[n, i, j, c] = x at (place(i), place(j)), interpolated linearly between the pixels around
///
///   in[0]  x     [N, H, W, C] float32, int8, int16
///   in[1]  size  2 of int32: height and width of y; not read but for a check
///   out    y     [N, size[0], size[1], C] like x, with the same scale and zero point
///
/// place(i) = i * scale, or (i + 1/2) * scale - 1/2 if half_pixel_centers; scale is H / size, or (H - 1) / (size - 1)
/// if align_corners. Not both. Integers: places are multiples of 1/1024, and the result is rounded, halves away from 0.
/// Where the rounding of places leads past the last pixel it is the last pixel (TFLite reads behind the tensor).
/// Source: TFLite reference kernels, RESIZE_BILINEAR.
struct ResizeBilinear {
  static constexpr const char* kName = "resize_bilinear";
  static constexpr int kTfliteCode = 23;
  static constexpr int kMaxVersion = 4;
  static constexpr int kOptionsType = 15;
  static constexpr Sharing kSharing = Sharing::kNone;

  using Params = ResizingParams;
  static void Fields(auto&& visit, auto& p) {
    visit("align_corners", 2, p.align_corners);
    visit("half_pixel_centers", 3, p.half_pixel_centers);
  }

  static Reason Check(const Params& params, const Call& call);
  static constexpr size_t ScratchBytes(const Params&, const Call&) { return 0; }

  static void RunReference(const Params& params, const Call& call);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RESIZE_BILINEAR_OP_H_
