#include "dataset/windows.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

/// An index without windows yet. A picture is one window, so all must have the same size.
Expected<WindowIndex> BeginIndex(const Dataset& dataset, const WindowOptions& options) {
  constexpr double kLongestMs = 1e9;
  for (const auto& [name, value] : {std::pair{"window", options.window_ms}, {"stride", options.stride_ms}}) {
    if (!(value > 0 && value <= kLongestMs)) {
      return {Status::kInvalidArgument,
              std::string("a ") + name + " of " + Number(value) + " ms is impossible; give a positive number"};
    }
  }
  if (dataset.recordings.empty()) return {Status::kInvalidArgument, "there are no recordings to cut into windows"};
  const Recording& first = dataset.recordings.front();
  WindowIndex index;
  index.readings = ReadingsIn(options.window_ms, first.interval_ms);
  index.stride_readings = ReadingsIn(options.stride_ms, first.interval_ms);
  if (first.is_picture()) index.readings = index.stride_readings = first.readings();
  for (const Recording& recording : dataset.recordings) {
    if (recording.width == first.width && recording.height == first.height) continue;
    const auto size = [](const Recording& picture) {
      return picture.file + " has " + std::to_string(picture.width) + " × " + std::to_string(picture.height);
    };
    return {Status::kInvalidArgument, size(first) + " pixels, but " + size(recording) +
                                          "; bring all pictures to one size (thimble features does with --size 96x96)"};
  }
  return index;
}

void AddWindows(const Dataset& dataset, size_t recording, WindowIndex& index) {
  const size_t readings = dataset.recordings[recording].readings();
  if (readings < index.readings) {
    ++index.short_recordings;
    return;
  }
  for (size_t first = 0; first + index.readings <= readings; first += index.stride_readings) {
    index.windows.push_back({recording, first});
  }
}

Error TooLong(const WindowIndex& index, const WindowOptions& options, size_t longest, double interval_ms,
              const std::string& what) {
  return {Status::kInvalidArgument, "a window of " + Number(options.window_ms) + " ms (" +
                                        std::to_string(index.readings) + " readings) is longer than every " + what +
                                        "; choose " + Number(std::floor(static_cast<double>(longest) * interval_ms)) +
                                        " ms or less"};
}

}  // namespace

size_t ReadingsIn(double duration_ms, double interval_ms) {
  // An interval of 1000/104 ms is not exact: what is meant as a half must still be seen as one.
  constexpr double kTolerance = 1e-6;
  return static_cast<size_t>(std::max(1.0, std::ceil(duration_ms / interval_ms - 0.5 - kTolerance)));
}

Expected<WindowIndex> CutWindows(const Dataset& dataset, Category category, const WindowOptions& options) {
  THIMBLE_ASSIGN(WindowIndex index, BeginIndex(dataset, options));
  size_t longest = 0;
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    const Recording& recording = dataset.recordings[i];
    if (recording.category != category || recording.label.empty()) continue;
    longest = std::max(longest, recording.readings());
    AddWindows(dataset, i, index);
  }
  if (index.windows.empty()) {
    if (index.short_recordings == 0) {
      return {Status::kInvalidArgument, std::string("no labelled recording is for ") + CategoryName(category)};
    }
    return TooLong(index, options, longest, dataset.recordings.front().interval_ms,
                   std::string("recording for ") + CategoryName(category));
  }
  return index;
}

Expected<WindowIndex> CutAllWindows(const Dataset& dataset, const WindowOptions& options) {
  THIMBLE_ASSIGN(WindowIndex index, BeginIndex(dataset, options));
  size_t longest = 0;
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    longest = std::max(longest, dataset.recordings[i].readings());
    AddWindows(dataset, i, index);
  }
  if (index.windows.empty())
    return TooLong(index, options, longest, dataset.recordings.front().interval_ms, "recording");
  return index;
}

size_t LongestWindow(const Dataset& dataset, double share) {
  std::vector<size_t> lengths;
  for (const Recording& recording : dataset.recordings) {
    if (!recording.label.empty()) lengths.push_back(recording.readings());
  }
  if (lengths.empty()) return 0;
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  const auto needed = static_cast<size_t>(std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(lengths.size())));
  return lengths[std::max<size_t>(needed, 1) - 1];
}

}  // namespace thimble::dataset
