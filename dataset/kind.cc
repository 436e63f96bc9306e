#include "dataset/kind.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "dataset/windows.h"

namespace thimble::dataset {
namespace {

constexpr double kUsualMs = 2000;
constexpr double kUsualSoundMs = 1000;

bool IsAcceleration(const Axis& axis) {
  return axis.units == "g" || axis.units == "mg" || axis.units.starts_with("m/s");
}

/// In order.
std::vector<double> Durations(const Dataset& set) {
  std::vector<double> durations;
  for (const Recording& recording : set.recordings) durations.push_back(recording.duration_ms());
  std::sort(durations.begin(), durations.end());
  return durations;
}

}  // namespace

DataKind KindOf(const Dataset& set) {
  constexpr double kLeastSoundHz = 4000;
  const Recording& first = set.recordings.front();
  if (first.is_picture()) return DataKind::kPictures;
  if (first.axes.size() != 1) return DataKind::kMotion;
  const Axis& axis = first.axes.front();
  const bool sounds = axis.units == "wav" || (first.rate_hz() >= kLeastSoundHz && !IsAcceleration(axis));
  return sounds ? DataKind::kSound : DataKind::kMotion;
}

bool AreClips(const Dataset& set) {
  constexpr double kClipMs = 2000;
  return KindOf(set) == DataKind::kSound && Durations(set)[set.recordings.size() / 2] <= kClipMs;
}

double UsualWindowMs(const Dataset& set) {
  constexpr double kStepMs = 50;
  // Vibration is read thousands of times a second; a window of so many readings holds enough of it.
  constexpr size_t kMostReadings = 2048;
  const Recording& first = set.recordings.front();
  switch (KindOf(set)) {
    case DataKind::kPictures:
      return first.duration_ms();
    case DataKind::kSound: {
      if (!AreClips(set)) return kUsualSoundMs;
      const double length = Durations(set)[set.recordings.size() * 95 / 100];
      return std::clamp(std::ceil(length / kStepMs) * kStepMs, kStepMs, kUsualSoundMs);
    }
    case DataKind::kMotion:
      break;
  }
  return static_cast<double>(std::min(ReadingsIn(kUsualMs, first.interval_ms), kMostReadings)) * first.interval_ms;
}

}  // namespace thimble::dataset
