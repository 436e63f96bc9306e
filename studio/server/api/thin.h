// A long signal as wide as a screen: of each pixel's readings the least and the greatest, so that no peak is lost.
#ifndef THIMBLE_STUDIO_SERVER_API_THIN_H_
#define THIMBLE_STUDIO_SERVER_API_THIN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "dataset/recording.h"

namespace thimble::studio {

/// One axis. Where there are no more readings than pixels, both lists are the readings themselves.
struct Thinned {
  std::vector<float> least, greatest;
};

/// Readings `first` … `first + count - 1` of one axis on `width` pixels. Each reading is in exactly one pixel, and no
/// pixel is empty.
Thinned Thin(const dataset::Recording& recording, size_t axis, size_t first, size_t count, size_t width);

/// "[0.5,-1,3]": each number with the least digits that read back as the same float32.
void AppendNumbers(const std::vector<float>& numbers, std::string& text);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_API_THIN_H_
