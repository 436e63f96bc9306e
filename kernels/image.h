// What operators that slide a filter over an image share: TFLite's padding.
#ifndef THIMBLE_KERNELS_IMAGE_H_
#define THIMBLE_KERNELS_IMAGE_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// The numbers of TFLite's Padding.
enum class Padding : int8_t { kSame = 0, kValid = 1 };

/// A filter that slides along one axis of an image.
struct Axis {
  int32_t input = 1;     ///< pixels
  int32_t output = 1;    ///< pixels
  int32_t filter = 1;    ///< taps
  int32_t stride = 1;    ///< pixels from one output to the next
  int32_t dilation = 1;  ///< pixels from one tap to the next

  /// Pixels of padding before the first: half of what is needed, rounded down. (TFLite ComputePadding.)
  constexpr int32_t Before() const {
    const int32_t total = (output - 1) * stride + (filter - 1) * dilation + 1 - input;
    return total > 0 ? total / 2 : 0;
  }

  /// Options in range, and `output` what the padding says. Afterwards every number above fits 31 bits, and every
  /// position of the filter covers at least one pixel if it is not dilated.
  constexpr Reason Check(Padding padding) const {
    constexpr int32_t kMost = 1 << 15;
    THIMBLE_REQUIRE(stride >= 1 && stride <= kMost && dilation >= 1 && dilation <= kMost, Option);
    THIMBLE_REQUIRE(filter >= 1 && filter <= kMost, OperandShapes);
    THIMBLE_REQUIRE(padding == Padding::kSame || padding == Padding::kValid, Option);
    THIMBLE_REQUIRE(input <= (1 << 29), OperandShapes);
    const int32_t covered = padding == Padding::kSame ? 1 : (filter - 1) * dilation + 1;
    THIMBLE_REQUIRE(output == (input - covered + stride) / stride && output >= 1, OperandShapes);
    return Reason::kNone;
  }
};

/// Position in an image [batch, height, width, channels]: the first channel of a pixel.
constexpr int32_t PixelAt(const Shape& shape, int32_t batch, int32_t y, int32_t x) {
  return ((batch * shape[1] + y) * shape[2] + x) * shape[3];
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_IMAGE_H_
