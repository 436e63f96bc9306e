// What resize_bilinear and resize_nearest_neighbor share: options, operands, and how wide one step is.
#ifndef THIMBLE_KERNELS_RESIZING_H_
#define THIMBLE_KERNELS_RESIZING_H_

#include "kernels/lattice.h"

namespace thimble::kernels {

struct ResizingParams {
  uint8_t align_corners = 0;       ///< the outermost pixels' centres keep their places
  uint8_t half_pixel_centers = 0;  ///< a pixel's centre is half a pixel from its edge

  bool AlignsCorners(int32_t output) const { return align_corners != 0 && output > 1; }
};

/// x is [N, H, W, C], size is two of int32, y is [N, size[0], size[1], C] like x.
Reason CheckResizing(const Call& call);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_RESIZING_H_
