// Readings at the sensor's rate become readings at the impulse's, along straight lines.
#ifndef THIMBLE_FIRMWARE_IMPULSE_CONTINUOUS_RESAMPLER_H_
#define THIMBLE_FIRMWARE_IMPULSE_CONTINUOUS_RESAMPLER_H_

#include <array>
#include <cstddef>
#include <span>

namespace thimble::firmware {

/// Of up to `most_axes` numbers a reading. The same bits on every machine: the order of the operations is written.
template <size_t most_axes>
class ResamplerOf {
 public:
  static constexpr size_t kMostAxes = most_axes;

  /// Rates above 0. Equal ones: every reading goes through as it is.
  void SetUp(float from_hz, float to_hz) {
    step_ = from_hz / to_hz;
    passes_ = from_hz == to_hz;
    Forget();
  }

  bool passes() const { return passes_; }

  void Forget() {
    place_ = 0;
    begun_ = false;
  }

  /// Takes one reading and calls take(reading) for each one that lies between it and the one before.
  template <typename Take>
  void Push(std::span<const float> reading, Take&& take) {
    if (passes_) return take(reading);
    std::array<float, kMostAxes> between;
    if (!begun_) {
      begun_ = true;
      place_ = step_;
      for (size_t i = 0; i < reading.size(); ++i) before_[i] = reading[i];
      return take(reading);
    }
    for (; place_ <= 1; place_ = place_ + step_) {
      for (size_t i = 0; i < reading.size(); ++i) {
        const float way = reading[i] - before_[i];
        const float part = way * place_;
        between[i] = before_[i] + part;
      }
      take(std::span<const float>(between).first(reading.size()));
    }
    place_ = place_ - 1;
    for (size_t i = 0; i < reading.size(); ++i) before_[i] = reading[i];
  }

 private:
  float step_ = 1;   // readings of the sensor from one to the next of the impulse
  float place_ = 0;  // of the next one, from the last reading on
  bool passes_ = true, begun_ = false;
  std::array<float, kMostAxes> before_{};
};

/// For a motion sensor.
using Resampler = ResamplerOf<6>;

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_IMPULSE_CONTINUOUS_RESAMPLER_H_
