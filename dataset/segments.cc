#include "dataset/segments.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "base/hash.h"
#include "dataset/internal/text.h"
#include "dataset/windows.h"

namespace thimble::dataset {
namespace {

constexpr size_t kFewestReadings = 4;
// Of a segment: a frame is a tenth of it, frames begin four times as often, and events nearer than a quarter are one.
constexpr size_t kFramesInSegment = 10;
constexpr size_t kHopsInFrame = 4;
constexpr size_t kQuarter = 4;
constexpr double kRestShare = 0.2;
constexpr double kLeastContrast_db = 6;
constexpr double kLeastRise_db = 3;
// Digital silence has no variance to measure by: then this share of the axis' whole variance is the rest.
constexpr double kLeastRest = 1e-6;

/// Readings from `first` up to, not including, `end`.
struct Run {
  size_t first = 0;
  size_t end = 0;
  size_t length() const { return end - first; }
};

struct Frames {
  size_t length = 0, hop = 0, count = 0;  ///< in readings, but for `count`
};

Frames FramesOf(size_t readings, size_t segment) {
  Frames frames;
  frames.length = std::max(kFewestReadings, segment / kFramesInSegment);
  frames.hop = std::max<size_t>(1, frames.length / kHopsInFrame);
  frames.count = (readings - frames.length) / frames.hop + 1;
  return frames;
}

double VarianceOf(const Recording& recording, size_t axis, size_t first, size_t count) {
  const size_t width = recording.axes.size();
  const float* const at = recording.values.data() + first * width + axis;
  const double origin = at[0];  // near the mean, so that squares of large offsets do not swallow small movements
  double sum = 0, squares = 0;
  for (size_t i = 0; i < count; ++i) {
    const double value = at[i * width] - origin;
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(count);
  return std::max(0.0, (squares - sum * sum / n) / n);
}

double RestOf(std::vector<double> values) {
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(kRestShare * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

/// How much goes on in each frame: the variance of each axis as so many times that of its rest, their mean.
std::vector<double> ActivityOf(const Recording& recording, const Frames& frames) {
  std::vector<double> activity(frames.count);
  std::vector<double> variances(frames.count);
  for (size_t axis = 0; axis < recording.axes.size(); ++axis) {
    const double whole = VarianceOf(recording, axis, 0, recording.readings());
    if (whole == 0) continue;
    for (size_t i = 0; i < frames.count; ++i) {
      variances[i] = VarianceOf(recording, axis, i * frames.hop, frames.length);
    }
    const double rest = std::max(RestOf(variances), kLeastRest * whole);
    for (size_t i = 0; i < frames.count; ++i) activity[i] += variances[i] / rest;
  }
  const auto axes = static_cast<double>(recording.axes.size());
  for (double& each : activity) each /= axes;
  return activity;
}

/// The mean of each frame and as many around it as a quarter of a segment holds, in decibels.
std::vector<double> SmoothDecibels(const std::vector<double>& activity, size_t width) {
  std::vector<double> sums(activity.size() + 1);
  for (size_t i = 0; i < activity.size(); ++i) sums[i + 1] = sums[i] + activity[i];
  std::vector<double> decibels(activity.size());
  for (size_t i = 0; i < activity.size(); ++i) {
    const size_t first = i - std::min(i, width / 2);
    const size_t end = std::min(activity.size(), i + width / 2 + 1);
    const double mean = (sums[end] - sums[first]) / static_cast<double>(end - first);
    decibels[i] = 10 * std::log10(std::max(mean, kLeastRest));
  }
  return decibels;
}

std::vector<Run> RunsAbove(const std::vector<double>& decibels, double threshold_db, const Frames& frames,
                           size_t segment) {
  std::vector<Run> runs;
  for (size_t i = 0; i < decibels.size(); ++i) {
    if (decibels[i] < threshold_db) continue;
    const Run frame = {i * frames.hop, i * frames.hop + frames.length};
    const bool near = !runs.empty() && frame.first <= runs.back().end + segment / kQuarter;
    const bool same = near && i > 0 && decibels[i - 1] >= threshold_db;
    if (same || (near && frame.end - runs.back().first <= segment)) {
      runs.back().end = frame.end;
    } else {
      runs.push_back(frame);
    }
  }
  return runs;
}

/// From -slack/2 to slack/2, by a hash of where the event is.
int64_t ShiftOf(const Run& run, size_t slack) {
  const uint64_t seed[] = {run.first, run.end};
  const uint64_t lot = Fnv1a(std::as_bytes(std::span(seed)));
  return static_cast<int64_t>((lot >> 16) % (slack + 1)) - static_cast<int64_t>(slack / 2);
}

}  // namespace

Expected<std::vector<Segment>> FindSegments(const Recording& recording, const SegmentOptions& options) {
  if (recording.is_picture()) return {Status::kInvalidArgument, recording.name + " is a picture and holds no events"};
  if (!(options.length_ms > 0) || !std::isfinite(options.length_ms)) {
    return {Status::kInvalidArgument, "the length of a segment has to be a positive number of milliseconds"};
  }
  if (!(options.sensitivity >= 0 && options.sensitivity <= 1)) {
    return {Status::kInvalidArgument, "the sensitivity has to be a number from 0 to 1"};
  }
  if (options.length_ms > recording.duration_ms()) {
    return {Status::kInvalidArgument, "a segment of " + Number(options.length_ms) + " ms does not fit into " +
                                          recording.name + ", which has " + Number(recording.duration_ms()) +
                                          " ms; make it shorter"};
  }
  const size_t segment = std::min(ReadingsIn(options.length_ms, recording.interval_ms), recording.readings());
  if (segment < kFewestReadings) {
    return {Status::kInvalidArgument, "a segment of " + Number(options.length_ms) + " ms holds " +
                                          Count(segment, "reading", "readings") + " of " + recording.name +
                                          ", and events cannot be seen in less than " +
                                          std::to_string(kFewestReadings) + "; make it longer"};
  }

  const Frames frames = FramesOf(recording.readings(), segment);
  const std::vector<double> decibels = SmoothDecibels(ActivityOf(recording, frames), segment / kQuarter / frames.hop);
  const double rest_db = RestOf(decibels);
  const double loudest_db = *std::max_element(decibels.begin(), decibels.end());
  std::vector<Segment> segments;
  if (loudest_db - rest_db < kLeastContrast_db) return segments;
  const double threshold_db = rest_db + std::max(kLeastRise_db, (1 - options.sensitivity) * (loudest_db - rest_db));

  const size_t last_first = recording.readings() - segment;
  const auto place = [&](int64_t first, size_t middle) {
    size_t at = std::min(static_cast<size_t>(std::max<int64_t>(first, 0)), last_first);
    const size_t free = segments.empty() ? 0 : segments.back().first_reading + segment;
    at = std::max(at, free);
    // Pushed so far that most of the event is in the segment before.
    if (at > last_first || at > middle) return;
    segments.push_back({at, segment});
  };
  for (const Run& run : RunsAbove(decibels, threshold_db, frames, segment)) {
    const size_t count = run.length() > segment + segment / 2 ? run.length() / segment : 1;
    const size_t middle = run.first + run.length() / 2;
    int64_t first = static_cast<int64_t>(middle) - static_cast<int64_t>(count * segment / 2);
    if (options.shift && run.length() < segment) first += ShiftOf(run, segment - run.length());
    for (size_t i = 0; i < count; ++i, first += static_cast<int64_t>(segment)) {
      place(first, count == 1 ? middle : static_cast<size_t>(std::max<int64_t>(first, 0)) + segment / 2);
    }
  }
  return segments;
}

}  // namespace thimble::dataset
