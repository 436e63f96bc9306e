// How the inputs of one output pixel lie in scratch: what the packer of the weights and the gathering of the inputs
// agree on.
#ifndef THIMBLE_STEPS_CONVOLVE_WINDOW_H_
#define THIMBLE_STEPS_CONVOLVE_WINDOW_H_

#include <cstdint>

#include "steps/convolve/step.h"

namespace thimble::steps {

/// A window is made of segments whose bytes follow each other in the image: rows of the kernel, or single pixels if
/// the kernel is dilated horizontally. Whole words come first, segment by segment, as SXTB16 leaves them: inputs 0 and
/// 2 of the word, then 1 and 3. Then come the bytes that are left, two by two.
///
/// Weights in the tiles are in this order; the window of two pixels interleaves theirs, a 32-bit word each.
struct WindowShape {
  explicit constexpr WindowShape(const Convolve::Params& p)
      : segments_per_row(p.dilation_width == 1 ? 1 : p.kernel_width),
        columns(p.dilation_width == 1 ? p.kernel_width : 1),
        segments(p.kernel_height * segments_per_row),
        words(columns * p.input_channels / 4),
        tail(columns * p.input_channels % 4),
        first_tail_pair(2 * segments * words) {
    const int32_t used = first_tail_pair + (segments * tail + 1) / 2;
    pairs = used < 2 ? 2 : used;  // the loop wants a second one
  }

  int32_t segments_per_row, columns, segments;
  int32_t words, tail;  ///< of a segment
  int32_t first_tail_pair;
  int32_t pairs;  ///< of inputs

  /// Which int16 of the pairs is element `element` of a segment.
  constexpr int32_t Lane(int32_t segment, int32_t element) const {
    if (element < 4 * words) return 4 * segment * words + (element & ~3) + (element & 1) * 2 + (element >> 1 & 1);
    return 2 * first_tail_pair + segment * tail + element - 4 * words;
  }

  constexpr int32_t ScratchBytes() const { return (8 * pairs + 15) & ~15; }
};

inline constexpr int32_t kTileChannels = 4;
constexpr int64_t CommonTileBytes(int64_t pairs) { return 64 + 8 * pairs; }
constexpr int64_t ReluTileBytes(int64_t pairs) { return 48 + 8 * pairs; }
constexpr int64_t GeneralTileBytes(int64_t pairs) { return 80 + 8 * pairs; }

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_CONVOLVE_WINDOW_H_
