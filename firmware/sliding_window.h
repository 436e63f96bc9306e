// Cuts a stream of readings into overlapping windows, in the memory of one window.
#ifndef THIMBLE_FIRMWARE_SLIDING_WINDOW_H_
#define THIMBLE_FIRMWARE_SLIDING_WINDOW_H_

#include <cstddef>
#include <cstring>
#include <span>

namespace thimble::firmware {

/// Window k holds the readings k * stride … k * stride + window - 1 of a recording.
class SlidingWindow {
 public:
  SlidingWindow() = default;

  /// `window` holds whole readings of `axes` numbers; `axes` and `stride_readings` are at least 1.
  SlidingWindow(std::span<float> window, int axes, int stride_readings)
      : window_(window), axes_(static_cast<size_t>(axes)), stride_(axes_ * static_cast<size_t>(stride_readings)) {}

  /// Forgets what came before.
  void BeginRecording() { used_ = skip_ = windows_ = readings_ = 0; }

  /// Takes one reading, `axes` floats at any address. True when it completes a window, which stays until the next call.
  bool Push(const std::byte* reading) {
    ++readings_;
    if (skip_ > 0) {  // between two windows, when the stride is longer than the window
      skip_ -= axes_;
      return false;
    }
    if (used_ == window_.size()) {
      const size_t kept = stride_ < used_ ? used_ - stride_ : 0;
      std::memmove(window_.data(), window_.data() + (used_ - kept), kept * sizeof(float));
      used_ = kept;
    }
    std::memcpy(window_.data() + used_, reading, axes_ * sizeof(float));
    used_ += axes_;
    if (used_ < window_.size()) return false;
    skip_ = stride_ > window_.size() ? stride_ - window_.size() : 0;
    ++windows_;
    return true;
  }

  size_t reading_count() const { return readings_; }
  /// Windows completed since the recording began.
  size_t window_count() const { return windows_; }

 private:
  std::span<float> window_;
  size_t axes_ = 0;    // floats
  size_t stride_ = 0;  // floats
  size_t used_ = 0;    // floats
  size_t skip_ = 0;    // floats
  size_t windows_ = 0;
  size_t readings_ = 0;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_SLIDING_WINDOW_H_
