// How an x86_convolve lies in memory, as its parameters imply: what the packer, the check and the loops agree on.
#ifndef THIMBLE_STEPS_X86_CONVOLVE_GEOMETRY_H_
#define THIMBLE_STEPS_X86_CONVOLVE_GEOMETRY_H_

#include <cstdint>

#include "steps/x86/layout.h"
#include "steps/x86_convolve/step.h"

namespace thimble::steps::x86 {

/// Of parameters that AreExtents (x86/operands.h) accepts.
struct ConvolveGeometry {
  int64_t segments;   ///< runs of neighbouring bytes in a row of a filter: 1, or its width if dilated
  int64_t quads;      ///< of a segment
  int64_t columns;    ///< of the image with its borders that a row of the output sees
  bool bordered;      ///< whether any of them, or of the rows, is outside the image
  bool copied;        ///< whether rows of the image are copied to scratch: for borders, and lengths that are not 4 n
  bool flat;          ///< whether all pixels of the output are like one row
  int64_t row_bytes;  ///< of a copied row
  int64_t slots;      ///< rows kept at a time
  int64_t pointer_bytes;  ///< for where the rows of a filter begin
  int64_t block_bytes;    ///< of the constants

  explicit constexpr ConvolveGeometry(const X86Convolve::Params& p) {
    const bool joined = p.dilation_width == 1 || p.kernel_width == 1;
    const int64_t run = int64_t{p.input_channels} * (joined ? p.kernel_width : 1);
    segments = joined ? 1 : p.kernel_width;
    quads = (run + kQuad - 1) / kQuad;
    columns = int64_t{p.output_width - 1} * p.stride_width + int64_t{p.kernel_width - 1} * p.dilation_width + 1;
    slots = int64_t{p.kernel_height - 1} * p.dilation_height + 1;
    const int64_t rows = int64_t{p.output_height - 1} * p.stride_height + slots;
    bordered = p.pad_top > 0 || p.pad_left > 0 || columns > p.input_width || rows > p.input_height;
    copied = bordered || run % kQuad != 0;
    flat = !copied && p.kernel_height == 1 && p.kernel_width == 1 && p.stride_height == 1 && p.stride_width == 1 &&
           p.output_width == p.input_width;
    row_bytes = Lines(columns * p.input_channels + kQuad);  // the last quad may reach over the end
    pointer_bytes = Lines(p.kernel_height * int64_t{8});
    block_bytes = kHeaderBytes + p.kernel_height * segments * quads * kQuadBytes;
  }

  /// Pointers, a row that is all border, and the rows that a row of the output sees.
  constexpr int64_t scratch_bytes() const {
    if (row_bytes > INT32_MAX) return kTooLarge;
    return kLineSlack + pointer_bytes + (copied ? (slots + 1) * row_bytes : 0);
  }
};

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_CONVOLVE_GEOMETRY_H_
