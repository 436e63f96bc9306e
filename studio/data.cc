#include "studio/data.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <utility>

#include "dataset/duplicates.h"
#include "dataset/leaks.h"

namespace thimble::studio {
namespace {

using dataset::Category;
using dataset::Recording;

constexpr double kLeastSoundHz = 4000;
constexpr double kClipMs = 2000;
constexpr double kMostClipWindowMs = 1000;

std::string Plural(size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

std::string Percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

bool IsAcceleration(const dataset::Axis& axis) {
  return axis.units == "g" || axis.units == "mg" || axis.units.starts_with("m/s");
}

/// Axes that never change, and readings at the end of a sensor's range.
Outcome LookOver(const std::string& folder, DataKind kind, dataset::Dataset& set) {
  if (kind == DataKind::kPictures) return Nothing{};
  constexpr double kShareThatIsClipping = 0.005;
  const size_t axes = set.recordings.front().axes.size();
  size_t constant_axes = 0;
  for (size_t axis = 0; axis < axes; ++axis) {
    const std::string& name = set.recordings.front().axes[axis].name;
    float low = set.recordings.front().values[axis];
    float high = low;
    size_t readings = 0, lowest = 0, highest = 0;
    for (const Recording& recording : set.recordings) {
      for (size_t i = axis; i < recording.values.size(); i += axes) {
        const float value = recording.values[i];
        if (value < low) low = value, lowest = 0;
        if (value > high) high = value, highest = 0;
        lowest += value == low ? 1 : 0;
        highest += value == high ? 1 : 0;
        ++readings;
      }
    }
    if (low == high) {
      ++constant_axes;
      set.notices.push_back(name + " never changes: it teaches nothing. Is the sensor connected?");
      continue;
    }
    const double share = static_cast<double>(lowest + highest) / static_cast<double>(readings);
    // Sensors of few steps reach their ends by nature; only those that go far beyond are clipped.
    if (share > kShareThatIsClipping && -low == high) {
      char range[48];
      std::snprintf(range, sizeof range, "%g", static_cast<double>(high));
      set.notices.push_back(name + ": " + Percent(share) + " of the readings are clipped at ±" + range +
                            "; a larger range of the sensor would show more.");
    }
  }
  if (constant_axes == axes) {
    return {Status::kInvalidArgument, folder +
                                          ": no axis ever changes, so there is nothing to learn; is the sensor "
                                          "connected, and was it recorded?"};
  }
  return Nothing{};
}

/// Rare labels, and few recordings.
void CountLabels(const std::vector<std::string>& labels, dataset::Dataset& set) {
  constexpr size_t kFewRecordings = 5;
  constexpr size_t kImbalance = 20;
  std::map<std::string, size_t> counts;
  for (const Recording& recording : set.recordings) ++counts[recording.label];
  size_t most = 0;
  for (const std::string& label : labels) most = std::max(most, counts[label]);
  for (const std::string& label : labels) {
    const size_t count = counts[label];
    if (most / kImbalance >= count) {
      set.notices.push_back("'" + label + "' has " + Plural(count, "recording") + " where another label has " +
                            std::to_string(most) +
                            ": it weighs more in training, but few examples stay few; read its "
                            "recall, not the accuracy, and record more of it.");
    } else if (count < kFewRecordings) {
      set.notices.push_back("'" + label + "' has " + Plural(count, "recording") +
                            " only: the figures say little; record more of it.");
    }
  }
}

Outcome SetOnePictureSize(int side, dataset::Dataset& set) {
  constexpr int kUsualSide = 96;
  const Recording& first = set.recordings.front();
  const bool alike = std::all_of(set.recordings.begin(), set.recordings.end(), [&](const Recording& recording) {
    return recording.width == first.width && recording.height == first.height;
  });
  if (side == 0 && alike && std::max(first.width, first.height) <= kUsualSide) return Nothing{};
  if (side == 0) side = kUsualSide;
  for (Recording& recording : set.recordings) {
    if (const Status status = ResizePicture(side, side, dsp::ResizeMode::kFitShortest, recording); !ok(status)) {
      return {status, recording.file + ": its " + std::to_string(recording.width) + " × " +
                          std::to_string(recording.height) + " pixels cannot be brought to " + std::to_string(side) +
                          " × " + std::to_string(side)};
    }
  }
  return Nothing{};
}

/// Where the loudest `length` of a recording's readings begin. One axis.
size_t LoudestStretch(const Recording& recording, size_t length) {
  double sum = 0;
  for (size_t i = 0; i < length; ++i) sum += std::abs(static_cast<double>(recording.values[i]));
  double best = sum;
  size_t first = 0;
  for (size_t i = length; i < recording.values.size(); ++i) {
    sum += std::abs(static_cast<double>(recording.values[i])) -
           std::abs(static_cast<double>(recording.values[i - length]));
    if (sum > best) best = sum, first = i - length + 1;
  }
  return first;
}

/// Sound clips become `length` readings each.
void FitClips(size_t length, dataset::Dataset& set) {
  for (Recording& recording : set.recordings) {
    const size_t readings = recording.values.size();
    if (readings > length) {
      const size_t first = LoudestStretch(recording, length);
      recording.values.erase(recording.values.begin(), recording.values.begin() + static_cast<std::ptrdiff_t>(first));
      recording.values.resize(length);
    } else {
      recording.values.insert(recording.values.begin(), (length - readings) / 2, 0.0f);
      recording.values.resize(length, 0.0f);
    }
  }
}

bool AreClips(const dataset::Dataset& set) {
  std::vector<double> lengths;
  for (const Recording& recording : set.recordings) lengths.push_back(recording.duration_ms());
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  return *middle <= kClipMs;
}

/// The length that 95 % of the clips fit in, in steps of 50 ms, a second at most.
double ClipWindow(const dataset::Dataset& set) {
  constexpr double kStepMs = 50;
  std::vector<double> lengths;
  for (const Recording& recording : set.recordings) lengths.push_back(recording.duration_ms());
  std::sort(lengths.begin(), lengths.end());
  const double length = lengths[lengths.size() * 95 / 100];
  return std::clamp(std::ceil(length / kStepMs) * kStepMs, kStepMs, kMostClipWindowMs);
}

/// The window that was asked for, or one that suits.
void ChooseWindow(const DataOptions& options, Data& data) {
  constexpr double kUsualMs = 2000;
  constexpr double kShareThatFits = 0.95;
  // Vibration is read thousands of times a second; a window of that many readings holds enough of it.
  constexpr size_t kMostReadings = 2048;
  const Recording& first = data.set.recordings.front();
  data.window = {options.window_ms, options.stride_ms};
  if (!(data.window.window_ms > 0)) {
    size_t readings = std::min(dataset::ReadingsIn(kUsualMs, first.interval_ms), kMostReadings);
    if (const size_t longest = dataset::LongestWindow(data.set, kShareThatFits); longest > 0) {
      readings = std::min(readings, longest);
    }
    data.window.window_ms = static_cast<double>(readings) * first.interval_ms;
  }
}

/// Strides that were not asked for double until training has a manageable number of windows.
Outcome CutParts(const DataOptions& options, Data& data) {
  constexpr double kUsualStrideMs = 80;
  constexpr size_t kManageable = 4000;
  const bool chooses = !(options.stride_ms > 0);
  data.window.stride_ms = options.stride_ms;
  if (chooses) {
    data.window.stride_ms = data.kind != DataKind::kMotion ? data.window.window_ms / 2
                                                           : std::min(kUsualStrideMs, data.window.window_ms / 4);
  }
  for (;;) {
    THIMBLE_ASSIGN(data.training, dataset::CutWindows(data.set, Category::kTraining, data.window));
    if (!chooses || data.training.windows.size() <= kManageable || data.window.stride_ms > data.window.window_ms / 4) {
      break;
    }
    data.window.stride_ms *= 2;
  }
  THIMBLE_ASSIGN(data.testing, dataset::CutWindows(data.set, Category::kTesting, data.window));
  if (const size_t skipped = data.training.short_recordings + data.testing.short_recordings; skipped > 0) {
    data.set.notices.push_back(Plural(skipped, "recording") + (skipped == 1 ? " is" : " are") +
                               " shorter than a window and left out.");
  }
  return Nothing{};
}

Expected<Data> Read(const DataOptions& options) {
  Data data;
  THIMBLE_ASSIGN(data.set, dataset::ReadFolder(options.folder, options.reading));
  data.kind = KindOf(data.set);
  data.labels = data.set.Labels();
  data.hash = dataset::DataHash(data.set);
  return data;
}

}  // namespace

Status ResizePicture(int width, int height, dsp::ResizeMode mode, Recording& picture) {
  const std::vector<uint32_t> from(picture.values.begin(), picture.values.end());
  std::vector<uint32_t> to(static_cast<size_t>(width) * static_cast<size_t>(height));
  THIMBLE_TRY(dsp::Resize({.pixels = from, .width = picture.width, .height = picture.height}, mode,
                          {.pixels = to, .width = width, .height = height}));
  picture.values.assign(to.begin(), to.end());
  picture.width = width;
  picture.height = height;
  return Status::kOk;
}

dsp::Window ShapeOf(const Recording& recording, size_t readings) {
  return {.axes = static_cast<int>(recording.axes.size()),
          .readings = static_cast<int>(readings),
          .rate_hz = recording.is_picture() ? 0.0f : static_cast<float>(recording.rate_hz()),
          .width = recording.width,
          .height = recording.height};
}

DataKind KindOf(const dataset::Dataset& set) {
  const Recording& first = set.recordings.front();
  if (first.is_picture()) return DataKind::kPictures;
  const bool sounds = first.axes.size() == 1 && first.rate_hz() >= kLeastSoundHz && !IsAcceleration(first.axes.front());
  return sounds ? DataKind::kSound : DataKind::kMotion;
}

Expected<Data> PrepareData(const DataOptions& options) {
  THIMBLE_ASSIGN(Data data, Read(options));
  if (data.labels.empty()) {
    return {Status::kInvalidArgument, options.folder +
                                          ": no recording has a label; name the files or folders after what "
                                          "they hold (wave.1.csv, wave/1.csv)"};
  }
  if (data.labels.size() < 2) {
    return {Status::kInvalidArgument,
            options.folder + ": all recordings have the label '" + data.labels.front() +
                "'; a classifier needs at least two, so record something else as well (idle, for a start)"};
  }
  THIMBLE_EXPECT(LookOver(options.folder, data.kind, data.set));
  for (const dataset::Duplicate& duplicate : dataset::RemoveDuplicates(data.set)) {
    data.duplicates.push_back(duplicate.sentence);
  }
  THIMBLE_EXPECT(dataset::Split(data.set, options.split));
  CountLabels(data.labels, data.set);
  if (data.kind == DataKind::kMotion) {
    const std::vector<dataset::Leak> leaks = dataset::FindLeaks(data.set);
    if (!leaks.empty()) data.set.notices.push_back(dataset::Summary(data.set, leaks) + ".");
  }
  if (data.kind == DataKind::kPictures) {
    THIMBLE_EXPECT(SetOnePictureSize(options.picture_side, data.set));
    const Recording& first = data.set.recordings.front();  // a picture is a window
    data.window.window_ms = first.duration_ms();
  } else if (data.kind == DataKind::kSound && AreClips(data.set)) {
    data.window.window_ms = options.window_ms > 0 ? options.window_ms : ClipWindow(data.set);
    FitClips(dataset::ReadingsIn(data.window.window_ms, data.set.recordings.front().interval_ms), data.set);
  } else {
    ChooseWindow(options, data);
  }
  THIMBLE_EXPECT(CutParts(options, data));
  data.shape = ShapeOf(data.set.recordings.front(), data.training.readings);
  return data;
}

Expected<Data> PrepareTest(const DataOptions& options, const compiler::ImpulseDescription& impulse) {
  THIMBLE_ASSIGN(Data data, Read(options));
  const Recording& any = data.set.recordings.front();
  if (any.axes.size() != impulse.axes.size()) {
    return {Status::kInvalidArgument, options.folder + ": its readings have " + Plural(any.axes.size(), "number") +
                                          ", but the impulse wants " + std::to_string(impulse.axes.size())};
  }
  constexpr double kSameRate = 0.01;
  if (!any.is_picture() && std::abs(any.rate_hz() - impulse.rate_hz) > kSameRate * impulse.rate_hz) {
    char sentence[160];
    std::snprintf(sentence, sizeof sentence, ": was read %g times a second, but the impulse wants %g", any.rate_hz(),
                  impulse.rate_hz);
    return {Status::kInvalidArgument, options.folder + sentence};
  }
  for (const std::string& label : data.labels) {
    if (std::find(impulse.labels.begin(), impulse.labels.end(), label) == impulse.labels.end()) {
      return {Status::kInvalidArgument, options.folder + ": has the label '" + label +
                                            "', which the network never learnt; take these recordings out, or train "
                                            "again with them"};
    }
  }
  const bool has_testing =
      std::any_of(data.set.recordings.begin(), data.set.recordings.end(),
                  [](const Recording& recording) { return recording.category == Category::kTesting; });
  if (has_testing || data.hash == impulse.data_hash) {
    for (const dataset::Duplicate& duplicate : dataset::RemoveDuplicates(data.set)) {
      data.duplicates.push_back(duplicate.sentence);
    }
    THIMBLE_EXPECT(dataset::Split(data.set, options.split));
  } else {
    for (Recording& recording : data.set.recordings) recording.category = Category::kTesting;
  }
  data.labels = impulse.labels;
  const Recording& first = data.set.recordings.front();  // splitting may have moved them
  data.window = {impulse.window_readings * first.interval_ms, impulse.stride_readings * first.interval_ms};
  if (data.kind == DataKind::kPictures) {
    const bool fits = first.width == impulse.width && first.height == impulse.height;
    THIMBLE_EXPECT(SetOnePictureSize(fits ? options.picture_side : impulse.width, data.set));
  } else if (data.kind == DataKind::kSound && AreClips(data.set)) {
    FitClips(static_cast<size_t>(impulse.window_readings), data.set);
  }
  THIMBLE_ASSIGN(data.testing, dataset::CutWindows(data.set, Category::kTesting, data.window));
  data.shape = ShapeOf(data.set.recordings.front(), data.testing.readings);
  return data;
}

}  // namespace thimble::studio
