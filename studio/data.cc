#include "studio/data.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "base/random.h"
#include "dataset/duplicates.h"
#include "dataset/leaks.h"

namespace thimble::studio {
namespace {

using dataset::Category;
using dataset::Recording;

std::string Plural(size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

std::string Percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
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

/// The loudness (root mean square) of a room while nobody speaks, as the quietest 20 ms tell; where they are empty, a
/// thousandth of the loudest.
double RoomLevel(const Recording& recording) {
  constexpr double kFrameMs = 20;
  constexpr double kFloor = 0.001;
  const size_t frame = dataset::ReadingsIn(kFrameMs, recording.interval_ms);
  double quietest = 0, loudest = 0;
  for (size_t first = 0; first + frame <= recording.values.size(); first += frame) {
    double squares = 0;
    for (const float value : std::span(recording.values).subspan(first, frame)) {
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    const double level = std::sqrt(squares / static_cast<double>(frame));
    quietest = first == 0 ? level : std::min(quietest, level);
    loudest = std::max(loudest, level);
  }
  return std::max(quietest, kFloor * loudest);
}

/// Sound clips become `length` readings each. What is missing is filled with noise as soft as the room's, half of it
/// before: a microphone never hears plain zeros, and their logarithm would outweigh all that was said.
void FitClips(size_t length, dataset::Dataset& set) {
  for (Recording& recording : set.recordings) {
    const size_t readings = recording.values.size();
    if (readings > length) {
      const size_t first = LoudestStretch(recording, length);
      recording.values.erase(recording.values.begin(), recording.values.begin() + static_cast<std::ptrdiff_t>(first));
      recording.values.resize(length);
    } else if (readings < length) {
      const auto level = static_cast<float>(RoomLevel(recording));
      Random random(dataset::ContentHash(recording));
      const size_t before = (length - readings) / 2;
      std::vector<float> fitted(length);
      for (size_t i = 0; i < length; ++i) {
        const bool is_recorded = i >= before && i < before + readings;
        fitted[i] = is_recorded ? recording.values[i - before] : level * random.Normal();
      }
      recording.values = std::move(fitted);
    }
  }
}

/// The window that was asked for, or one that suits.
void ChooseWindow(const DataOptions& options, Data& data) {
  constexpr double kShareThatFits = 0.95;
  const Recording& first = data.set.recordings.front();
  data.window = {options.window_ms, options.stride_ms};
  if (!(data.window.window_ms > 0)) {
    size_t readings = dataset::ReadingsIn(dataset::UsualWindowMs(data.set), first.interval_ms);
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
  data.testing = dataset::WindowIndex();
  if (std::any_of(data.set.recordings.begin(), data.set.recordings.end(),
                  [](const Recording& recording) { return recording.category == Category::kTesting; })) {
    THIMBLE_ASSIGN(data.testing, dataset::CutWindows(data.set, Category::kTesting, data.window));
  }
  if (const size_t skipped = data.training.short_recordings + data.testing.short_recordings; skipped > 0) {
    data.set.notices.push_back(Plural(skipped, "recording") + (skipped == 1 ? " is" : " are") +
                               " shorter than a window and left out.");
  }
  return Nothing{};
}

/// Which labels are normal.
Outcome ChooseNormal(const DataOptions& options, Data& data) {
  if (options.goal != Goal::kNormal) return Nothing{};
  std::string all;
  for (const std::string& label : data.labels) all += (all.empty() ? "" : ", ") + label;
  data.normal = options.normal.empty() ? data.labels : options.normal;
  if (options.normal.empty() && data.labels.size() > 1) {
    return {Status::kInvalidArgument,
            options.folder + ": which of its labels are normal? Name them with --normal; there are " + all};
  }
  for (const std::string& label : data.normal) {
    if (std::find(data.labels.begin(), data.labels.end(), label) == data.labels.end()) {
      return {Status::kInvalidArgument, options.folder + ": no recording has the label '" + label +
                                            "', which was to be learnt from; there are " + all};
    }
  }
  return Nothing{};
}

/// What is strange tests and nothing else; the rest is split as always.
Outcome SplitNormal(const DataOptions& options, dataset::Dataset& set) {
  std::vector<Recording>& all = set.recordings;
  const auto is_normal = [&](const Recording& recording) {
    return options.normal.empty() ||
           std::find(options.normal.begin(), options.normal.end(), recording.label) != options.normal.end();
  };
  const auto first_strange = std::stable_partition(all.begin(), all.end(), is_normal);
  std::vector<Recording> strange(std::make_move_iterator(first_strange), std::make_move_iterator(all.end()));
  all.erase(first_strange, all.end());
  if (!all.empty()) THIMBLE_EXPECT(dataset::Split(set, options.split));
  for (Recording& recording : strange) {
    if (recording.label.empty()) continue;
    recording.category = Category::kTesting;
    all.push_back(std::move(recording));
  }
  return Nothing{};
}

/// Numbers need not come twice: where one comes once, all recordings are drawn from as if they were alike.
Outcome SplitNumbers(const DataOptions& options, dataset::Dataset& set) {
  std::vector<Recording>& all = set.recordings;
  std::map<std::string, size_t> counts;
  for (const Recording& recording : all) ++counts[recording.label];
  const bool alone = std::any_of(counts.begin(), counts.end(), [](const auto& entry) { return entry.second < 2; });
  if (!alone) return dataset::Split(set, options.split);
  // A label travels in front of the name while splitting moves recordings about.
  std::erase_if(all, [](const Recording& recording) { return recording.label.empty(); });
  for (Recording& recording : all) {
    recording.name.insert(0, recording.label + '\n');
    recording.label = "number";
  }
  const Outcome split = dataset::Split(set, options.split);
  for (Recording& recording : all) {
    const size_t end = recording.name.find('\n');
    recording.label = recording.name.substr(0, end);
    recording.name.erase(0, end + 1);
  }
  return split;
}

Outcome SplitFor(const DataOptions& options, dataset::Dataset& set) {
  switch (options.goal) {
    case Goal::kNormal:
      return SplitNormal(options, set);
    case Goal::kNumbers:
      return SplitNumbers(options, set);
    case Goal::kLabels:
      break;
  }
  return dataset::Split(set, options.split);
}

Outcome ReadNumbers(const DataOptions& options, Data& data) {
  if (options.goal != Goal::kNumbers) return Nothing{};
  for (const std::string& label : data.labels) {
    const Expected<float> number = NumberOf(label);
    if (!number) return {number.error().status, options.folder + ": " + number.error().message};
    data.numbers.push_back(*number);
  }
  return Nothing{};
}

Expected<dataset::Dataset> ReadRecordings(const DataOptions& options) {
  return options.source ? options.source(options.reading) : dataset::ReadFolder(options.folder, options.reading);
}

Data Describe(dataset::Dataset set) {
  Data data;
  data.set = std::move(set);
  data.kind = dataset::KindOf(data.set);
  data.labels = data.set.Labels();
  data.hash = dataset::DataHash(data.set);
  return data;
}

/// `split` says what each recording is for.
Expected<Data> Prepare(dataset::Dataset set, const DataOptions& options,
                       const std::function<Outcome(dataset::Dataset&)>& split) {
  Data data = Describe(std::move(set));
  if (data.labels.empty()) {
    return {Status::kInvalidArgument, options.folder +
                                          ": no recording has a label; name the files or folders after what "
                                          "they hold (wave.1.csv, wave/1.csv)"};
  }
  if (data.labels.size() < 2 && options.goal != Goal::kNormal) {
    return {Status::kInvalidArgument,
            options.folder + ": all recordings have the label '" + data.labels.front() +
                "'; a classifier needs at least two, so record something else as well (idle, for a start), or let "
                "--learn anomaly learn what is normal"};
  }
  THIMBLE_EXPECT(ChooseNormal(options, data));
  THIMBLE_EXPECT(ReadNumbers(options, data));
  THIMBLE_EXPECT(LookOver(options.folder, data.kind, data.set));
  for (const dataset::Duplicate& duplicate : dataset::RemoveDuplicates(data.set)) {
    data.duplicates.push_back(duplicate.sentence);
  }
  THIMBLE_EXPECT(split(data.set));
  if (options.goal == Goal::kLabels) CountLabels(data.labels, data.set);
  if (data.kind == DataKind::kMotion) {
    const std::vector<dataset::Leak> leaks = dataset::FindLeaks(data.set);
    if (!leaks.empty()) data.set.notices.push_back(dataset::Summary(data.set, leaks) + ".");
  }
  if (data.kind == DataKind::kPictures) {
    THIMBLE_EXPECT(SetOnePictureSize(options.picture_side, data.set));
    const Recording& first = data.set.recordings.front();  // a picture is a window
    data.window.window_ms = first.duration_ms();
  } else if (data.kind == DataKind::kSound && dataset::AreClips(data.set)) {
    data.window.window_ms = options.window_ms > 0 ? options.window_ms : dataset::UsualWindowMs(data.set);
    FitClips(dataset::ReadingsIn(data.window.window_ms, data.set.recordings.front().interval_ms), data.set);
  } else {
    ChooseWindow(options, data);
  }
  THIMBLE_EXPECT(CutParts(options, data));
  data.shape = ShapeOf(data.set.recordings.front(), data.training.readings);
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

compiler::ImpulseDescription DescribeImpulse(const Data& data, const std::string& name) {
  const Recording& first = data.set.recordings.front();
  compiler::ImpulseDescription impulse;
  impulse.name = name;
  for (const dataset::Axis& axis : first.axes) impulse.axes.push_back({axis.name, axis.units});
  impulse.rate_hz = first.is_picture() ? 1 : first.rate_hz();
  impulse.width = first.width;
  impulse.height = first.height;
  impulse.window_readings = data.shape.readings;
  impulse.stride_readings = static_cast<int>(data.training.stride_readings);
  impulse.data_hash = data.hash;
  return impulse;
}

Expected<float> NumberOf(const std::string& label) {
  const Error none{Status::kInvalidArgument, "the label '" + label +
                                                 "' is no number to learn; name recordings or folders after one, as in "
                                                 "rpm_1200 or 23.5"};
  constexpr std::string_view kDigits = "0123456789";
  size_t first = label.find_first_of(kDigits);
  if (first == std::string::npos) return none;
  size_t end = std::min(label.find_first_not_of(kDigits, first), label.size());
  if (end + 1 < label.size() && label[end] == '.' && kDigits.find(label[end + 1]) != std::string_view::npos) {
    end = std::min(label.find_first_not_of(kDigits, end + 1), label.size());
  }
  if (label.find_first_of(kDigits, end) != std::string::npos) return none;
  const bool signs = first > 0 && label[first - 1] == '-' &&
                     (first == 1 || std::string_view("_= ").find(label[first - 2]) != std::string_view::npos);
  const float number = std::strtof(label.substr(first, end - first).c_str(), nullptr);
  if (!std::isfinite(number)) return none;
  return signs ? -number : number;
}

Expected<Data> PrepareData(const DataOptions& options) {
  THIMBLE_ASSIGN(dataset::Dataset set, ReadRecordings(options));
  return PrepareData(std::move(set), options);
}

Expected<Data> PrepareData(dataset::Dataset set, const DataOptions& options) {
  return Prepare(std::move(set), options, [&](dataset::Dataset& recordings) { return SplitFor(options, recordings); });
}

Expected<Data> PrepareWhole(const DataOptions& options) {
  THIMBLE_ASSIGN(dataset::Dataset read, ReadRecordings(options));
  return Prepare(std::move(read), options, [](dataset::Dataset& set) -> Outcome {
    const size_t unlabelled =
        std::erase_if(set.recordings, [](const Recording& recording) { return recording.label.empty(); });
    if (unlabelled > 0) set.notices.push_back(Plural(unlabelled, "recording") + " without a label left out");
    for (Recording& recording : set.recordings) recording.category = Category::kTraining;
    return Nothing{};
  });
}

Outcome LeaveOut(const DataOptions& options, const dataset::Groups& groups, size_t group, Data& data) {
  THIMBLE_EXPECT(dataset::LeaveOut(data.set, groups, group));
  return CutParts(options, data);
}

Expected<Data> PrepareTest(const DataOptions& asked, const compiler::ImpulseDescription& impulse) {
  DataOptions options = asked;
  options.goal = !impulse.labels.empty() ? Goal::kLabels : impulse.is_regressor() ? Goal::kNumbers : Goal::kNormal;
  THIMBLE_ASSIGN(dataset::Dataset set, ReadRecordings(options));
  Data data = Describe(std::move(set));
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
  THIMBLE_EXPECT(ReadNumbers(options, data));
  if (options.goal == Goal::kNormal) data.normal = options.normal = impulse.anomaly->normal;
  for (const std::string& label : data.labels) {
    if (options.goal != Goal::kLabels) break;
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
    THIMBLE_EXPECT(SplitFor(options, data.set));
  } else {
    for (Recording& recording : data.set.recordings) recording.category = Category::kTesting;
  }
  if (options.goal == Goal::kLabels) data.labels = impulse.labels;
  const Recording& first = data.set.recordings.front();  // splitting may have moved them
  data.window = {impulse.window_readings * first.interval_ms, impulse.stride_readings * first.interval_ms};
  if (data.kind == DataKind::kPictures) {
    const bool fits = first.width == impulse.width && first.height == impulse.height;
    THIMBLE_EXPECT(SetOnePictureSize(fits ? options.picture_side : impulse.width, data.set));
  } else if (data.kind == DataKind::kSound && dataset::AreClips(data.set)) {
    FitClips(static_cast<size_t>(impulse.window_readings), data.set);
  }
  THIMBLE_ASSIGN(data.testing, dataset::CutWindows(data.set, Category::kTesting, data.window));
  data.shape = ShapeOf(data.set.recordings.front(), data.testing.readings);
  return data;
}

}  // namespace thimble::studio
