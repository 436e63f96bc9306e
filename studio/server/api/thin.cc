#include "studio/server/api/thin.h"

#include <algorithm>
#include <charconv>

namespace thimble::studio {

Thinned Thin(const dataset::Recording& recording, size_t axis, size_t first, size_t count, size_t width) {
  const size_t pixels = std::min(count, width);
  const size_t step = recording.axes.size();
  Thinned thinned;
  thinned.least.reserve(pixels);
  thinned.greatest.reserve(pixels);
  for (size_t pixel = 0; pixel < pixels; ++pixel) {
    const size_t from = first + count * pixel / pixels;
    const size_t to = first + count * (pixel + 1) / pixels;
    float least = recording.values[from * step + axis];
    float greatest = least;
    for (size_t i = from + 1; i < to; ++i) {
      const float value = recording.values[i * step + axis];
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
    thinned.least.push_back(least);
    thinned.greatest.push_back(greatest);
  }
  return thinned;
}

void AppendNumbers(const std::vector<float>& numbers, std::string& text) {
  text += '[';
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) text += ',';
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, numbers[i]).ptr);
  }
  text += ']';
}

}  // namespace thimble::studio
