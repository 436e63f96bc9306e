// How an x86_depthwise lies in memory, as its parameters imply: what the packer, the check and the loops agree on.
#ifndef THIMBLE_STEPS_X86_DEPTHWISE_GEOMETRY_H_
#define THIMBLE_STEPS_X86_DEPTHWISE_GEOMETRY_H_

#include <cstdint>

#include "steps/x86/layout.h"
#include "steps/x86_depthwise/step.h"

namespace thimble::steps::x86 {

/// Of parameters that AreExtents (x86/operands.h) accepts.
struct DepthwiseGeometry {
  bool sideways;        ///< quads are of four columns, not of four rows
  int64_t groups;       ///< of four rows each; 1 if sideways
  int64_t taps;         ///< quads of a group for an output
  int64_t tap_columns;  ///< from a tap to the next
  int64_t columns;      ///< that have quads: of the image with its borders
  int64_t row_columns;  ///< of a row of the image that they are made of
  int64_t pixels;       ///< that share a vector: as many as fit next to each other
  int64_t row_bytes;    ///< of scratch for such a row
  int64_t group_bytes;  ///< of scratch for the quads of a group
  int64_t block_bytes;  ///< of the constants

  explicit constexpr DepthwiseGeometry(const X86Depthwise::Params& p) {
    sideways = p.kernel_height == 1;
    groups = (p.kernel_height + kQuad - 1) / kQuad;
    taps = sideways ? (p.kernel_width + kQuad - 1) / kQuad : p.kernel_width;
    tap_columns = int64_t{p.dilation_width} * (sideways ? kQuad : 1);
    columns = int64_t{p.output_width - 1} * p.stride_width + (taps - 1) * tap_columns + 1;
    row_columns = sideways ? columns + int64_t{kQuad - 1} * p.dilation_width : p.input_width;
    pixels = p.stride_width == 1 && p.input_channels < kBlock ? kBlock / p.input_channels : 1;
    row_bytes = Lines(row_columns * p.input_channels);
    // A vector may reach over the end.
    group_bytes = Lines(columns * p.input_channels * kQuad + kQuadBytes);
    block_bytes = kHeaderBytes + groups * taps * kQuadBytes;
  }

  /// A row, and the quads of every group.
  constexpr int64_t scratch_bytes() const {
    return row_bytes > INT32_MAX || group_bytes > INT32_MAX ? kTooLarge : kLineSlack + row_bytes + groups * group_bytes;
  }
};

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_DEPTHWISE_GEOMETRY_H_
