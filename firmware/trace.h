// A signal that scrolls over the display from right to left.
#ifndef THIMBLE_FIRMWARE_TRACE_H_
#define THIMBLE_FIRMWARE_TRACE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "firmware/drivers/ssd1306.h"

namespace thimble::firmware {

/// Keeps the extremes of the signal for each column of pixels, so that nothing quick is missed however many readings
/// share a column.
class Trace {
 public:
  static constexpr int kMostColumns = Ssd1306::kWidth;

  /// A reading; columns are as wide as the caller makes them by EndColumn.
  void Add(int16_t value) {
    Column& column = columns_[newest_];
    if (empty_) {
      // From where the last column ended: lines stay together.
      column = {value, value, value};
      if (used_ > 0) {
        const int16_t before = columns_[(newest_ + kMostColumns - 1) % kMostColumns].last;
        if (before < column.low) column.low = before;
        if (before > column.high) column.high = before;
      }
      empty_ = false;
    }
    if (value < column.low) column.low = value;
    if (value > column.high) column.high = value;
    column.last = value;
  }

  void EndColumn() {
    if (empty_) return;
    newest_ = (newest_ + 1) % kMostColumns;
    if (used_ < kMostColumns) ++used_;
    empty_ = true;
  }

  /// Into `width` by `height` pixels, the newest column at the right. `range` is at the upper edge, -`range` at the
  /// lower one.
  void Draw(Ssd1306& display, int left, int top, int width, int height, int32_t range) const {
    const auto row = [&](int16_t value) {
      int32_t clipped = value;
      if (clipped > range) clipped = range;
      if (clipped < -range) clipped = -range;
      return top + static_cast<int>((range - clipped) * (height - 1) / (2 * range));
    };
    const int shown = static_cast<int>(used_) < width ? static_cast<int>(used_) : width;
    for (int i = 1; i <= shown; ++i) {
      const Column& column = columns_[(newest_ + kMostColumns - static_cast<size_t>(i)) % kMostColumns];
      const int x = left + width - i, low = row(column.low);
      for (int y = row(column.high); y <= low; ++y) display.Set(x, y);
    }
  }

 private:
  struct Column {
    int16_t low = 0, high = 0, last = 0;
  };
  std::array<Column, kMostColumns> columns_{};
  size_t newest_ = 0;  // being filled
  size_t used_ = 0;    // filled before it
  bool empty_ = true;  // columns_[newest_] is
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_TRACE_H_
