// Verdicts on overlapping windows flicker; a few of them together say one thing, or that they are not certain.
#ifndef THIMBLE_FIRMWARE_IMPULSE_CONTINUOUS_SMOOTHER_H_
#define THIMBLE_FIRMWARE_IMPULSE_CONTINUOUS_SMOOTHER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble::firmware {

enum class Smoothing : uint8_t {
  kMean,      ///< of the scores of each label; the label with the largest mean
  kMajority,  ///< the label that most windows have; its share of them
};

/// The answer of the last few windows.
struct Smoothed {
  int label = -1;        ///< -1: uncertain
  float confidence = 0;  ///< of the best label, certain or not
  int best = -1;         ///< the best label, certain or not
};

class Smoother {
 public:
  static constexpr size_t kMostWindows = 16, kMostLabels = 32;

  void Forget() { used_ = next_ = 0; }

  /// `windows`: 1 to kMostWindows. Earlier windows are forgotten.
  void SetUp(Smoothing smoothing, size_t windows) {
    smoothing_ = smoothing;
    windows_ = windows;
    Forget();
  }
  void SetThreshold(float threshold) { threshold_ = threshold; }

  Smoothing smoothing() const { return smoothing_; }
  size_t windows() const { return windows_; }
  float threshold() const { return threshold_; }

  /// One window's scores, at most kMostLabels. Until there are enough windows, those that there are decide.
  Smoothed Push(std::span<const float> scores) {
    labels_ = scores.size() < kMostLabels ? scores.size() : kMostLabels;
    for (size_t i = 0; i < labels_; ++i) scores_[next_][i] = scores[i];
    next_ = (next_ + 1) % windows_;
    if (used_ < windows_) ++used_;
    std::array<float, kMostLabels> sums{};
    for (size_t window = 0; window < used_; ++window) {
      if (smoothing_ == Smoothing::kMean) {
        for (size_t i = 0; i < labels_; ++i) sums[i] = sums[i] + scores_[window][i];
      } else {
        sums[Largest(scores_[window])] += 1;
      }
    }
    Smoothed smoothed;
    if (labels_ == 0) return smoothed;
    const size_t best = Largest(sums);
    smoothed.best = static_cast<int>(best);
    smoothed.confidence = sums[best] / static_cast<float>(used_);
    if (smoothed.confidence >= threshold_) smoothed.label = smoothed.best;
    return smoothed;
  }

 private:
  size_t Largest(const std::array<float, kMostLabels>& values) const {
    size_t best = 0;
    for (size_t i = 1; i < labels_; ++i) {
      if (values[i] > values[best]) best = i;
    }
    return best;
  }

  Smoothing smoothing_ = Smoothing::kMean;
  size_t windows_ = 4, labels_ = 0, used_ = 0, next_ = 0;
  float threshold_ = 0.6F;
  std::array<std::array<float, kMostLabels>, kMostWindows> scores_{};
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_IMPULSE_CONTINUOUS_SMOOTHER_H_
