#include "dataset/leaks.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/random.h"
#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

constexpr size_t kRunReadings = 64;
constexpr size_t kShortestRun = 32;  // shorter runs resemble each other by chance
constexpr double kRunMs = 100;       // sound: 64 readings are a fraction of a vowel
constexpr size_t kPointsARun = 32;   // of a coarse window, on each axis
constexpr size_t kTables = 8;
constexpr size_t kBitsAKey = 18;
constexpr size_t kMostPlacesAKey = 16;  // a shape so common says nothing about who copied whom
// A window that swings less than this share of its recording is a pause.
constexpr double kLeastSwing = 0.2;
// At least one in this many readings differs from the one before, or a single tick of a sensor at rest would be a copy
// of every other tick.
constexpr size_t kChangeEvery = 4;
// Of coarse windows, which may be a sixteenth of a point apart: worth looking at every reading.
constexpr float kLeastCoarseCorrelation = 0.93f;

/// What the search compares: readings in units of their axis's usual swing, so that no axis outshouts the others.
class Search {
 public:
  explicit Search(const Dataset& dataset) : dataset_(dataset) {
    std::vector<size_t> lengths;
    for (const Recording& recording : dataset.recordings) {
      if (Counts(recording)) lengths.push_back(recording.readings());
    }
    if (lengths.empty()) return;
    std::sort(lengths.begin(), lengths.end());
    const double interval_ms = dataset.recordings.front().interval_ms;
    const auto wanted = std::max(kRunReadings, static_cast<size_t>(kRunMs / interval_ms));
    // Shorter than the recordings, because a copy may lack a piece; but a few stunted files do not count.
    run_ = std::clamp(lengths[lengths.size() / 20] * 2 / 3, kShortestRun, wanted);
    step_ = std::max<size_t>(1, run_ / kPointsARun / 8);
    MeasureSwings();
    DrawProjections();
  }

  std::vector<Leak> Run() {
    std::map<std::pair<size_t, size_t>, Leak> leaks;
    for (size_t i = 0; i < dataset_.recordings.size(); ++i) {
      if (dataset_.recordings[i].category == Category::kTraining) Enter(i);
    }
    for (size_t i = 0; i < dataset_.recordings.size(); ++i) {
      if (dataset_.recordings[i].category == Category::kTesting) Look(i, leaks);
    }
    std::vector<Leak> list;
    for (auto& [pair, leak] : leaks) list.push_back(std::move(leak));
    std::sort(list.begin(), list.end(), [](const Leak& a, const Leak& b) {
      return std::pair(a.testing, a.training) < std::pair(b.testing, b.training);
    });
    return list;
  }

 private:
  struct Place {
    size_t recording = 0;
    size_t reading = 0;
  };

  /// Training recording, run in it, and shift that need not be looked at again.
  using Compared = std::set<std::tuple<size_t, size_t, std::ptrdiff_t>>;

  /// How two stretches compare: with means taken off each axis, testing = scale × training + rest.
  struct Fit {
    double correlation = 0;
    double scale = 0;
  };

  /// Pictures have their own kinds of likeness; one readings long is every still.
  bool Counts(const Recording& recording) const {
    return !recording.is_picture() && recording.category != Category::kUnassigned &&
           recording.readings() >= kShortestRun && recording.axes.size() == dataset_.recordings.front().axes.size();
  }

  size_t axes() const { return dataset_.recordings.front().axes.size(); }

  /// Each recording's swing, and the median over the recordings of each axis's deviation within a recording.
  void MeasureSwings() {
    std::vector<std::vector<double>> deviations(axes());  // [axes][recordings that count]
    for (const Recording& recording : dataset_.recordings) {
      if (!Counts(recording)) continue;
      for (size_t axis = 0; axis < axes(); ++axis) {
        double sum = 0;
        double squares = 0;
        const double first = static_cast<double>(recording.values[axis]);
        for (size_t at = axis; at < recording.values.size(); at += axes()) {
          const double value = static_cast<double>(recording.values[at]) - first;
          sum += value;
          squares += value * value;
        }
        const auto count = static_cast<double>(recording.readings());
        deviations[axis].push_back(std::sqrt(std::max(0.0, squares / count - (sum / count) * (sum / count))));
      }
    }
    for (std::vector<double> of_axis : deviations) {
      const auto middle = of_axis.begin() + static_cast<std::ptrdiff_t>(of_axis.size() / 2);
      std::nth_element(of_axis.begin(), middle, of_axis.end());
      weights_.push_back(*middle > 0 ? 1 / *middle : 0);
    }
    for (size_t place = 0; const Recording& recording : dataset_.recordings) {
      swings_.push_back(0);
      if (!Counts(recording)) continue;
      for (size_t axis = 0; axis < axes(); ++axis) {
        swings_.back() += weights_[axis] * weights_[axis] * deviations[axis][place] * deviations[axis][place];
      }
      ++place;
    }
  }

  void DrawProjections() {
    Random random(20);
    projections_.resize(kTables * kBitsAKey * kPointsARun * axes());
    for (float& value : projections_) value = random.Normal();
  }

  /// The means of equal parts of a run, each axis free of its mean, all of length 1 together. False for a window that
  /// hardly moves.
  bool Coarse(size_t index, size_t reading, std::span<float> points) const {
    const Recording& recording = dataset_.recordings[index];
    double swing = 0;
    for (size_t axis = 0; axis < axes(); ++axis) {
      double whole = 0;
      for (size_t point = 0; point < kPointsARun; ++point) {
        const size_t from = reading + point * run_ / kPointsARun;
        const size_t to = reading + (point + 1) * run_ / kPointsARun;
        double sum = 0;
        for (size_t i = from; i < to; ++i) sum += static_cast<double>(recording.values[i * axes() + axis]);
        const double mean = weights_[axis] * sum / static_cast<double>(to - from);
        points[axis * kPointsARun + point] = static_cast<float>(mean);
        whole += mean;
      }
      const auto mean = static_cast<float>(whole / kPointsARun);
      for (float& value : points.subspan(axis * kPointsARun, kPointsARun)) {
        value -= mean;
        swing += static_cast<double>(value) * static_cast<double>(value);
      }
    }
    const auto length = static_cast<float>(std::sqrt(swing));
    for (float& value : points) value /= length > 0 ? length : 1;
    return swing > kLeastSwing * kLeastSwing * kPointsARun * swings_[index];
  }

  uint32_t Key(std::span<const float> points, size_t table) const {
    uint32_t key = static_cast<uint32_t>(table);
    const float* direction = projections_.data() + table * kBitsAKey * points.size();
    for (size_t bit = 0; bit < kBitsAKey; ++bit) {
      float dot = 0;
      for (const float point : points) dot += point * *direction++;
      key = key << 1 | (dot > 0 ? 1u : 0u);
    }
    return key;
  }

  void Enter(size_t index) {
    const Recording& recording = dataset_.recordings[index];
    if (!Counts(recording)) return;
    std::vector<float> points(kPointsARun * axes());
    const size_t stride = std::max<size_t>(1, run_ / 4);
    for (size_t reading = 0; reading + run_ <= recording.readings(); reading += stride) {
      if (!Coarse(index, reading, points)) continue;
      for (size_t table = 0; table < kTables; ++table) {
        std::vector<size_t>& windows = windows_of_key_[Key(points, table)];
        if (windows.size() < kMostPlacesAKey) windows.push_back(windows_.size());
      }
      windows_.push_back({index, reading});
      points_of_windows_.insert(points_of_windows_.end(), points.begin(), points.end());
    }
  }

  void Look(size_t index, std::map<std::pair<size_t, size_t>, Leak>& leaks) const {
    const Recording& recording = dataset_.recordings[index];
    if (!Counts(recording)) return;
    std::vector<float> points(kPointsARun * axes());
    Compared compared;
    for (size_t reading = 0; reading + run_ <= recording.readings(); reading += step_) {
      if (!Coarse(index, reading, points)) continue;
      for (size_t table = 0; table < kTables; ++table) {
        const auto found = windows_of_key_.find(Key(points, table));
        if (found == windows_of_key_.end()) continue;
        for (const size_t window : found->second) {
          const float* other = points_of_windows_.data() + window * points.size();
          const float correlation = std::inner_product(points.begin(), points.end(), other, 0.0f);
          if (correlation > kLeastCoarseCorrelation) Try(windows_[window], {index, reading}, compared, leaks);
        }
      }
    }
  }

  void Try(const Place& training, const Place& testing, Compared& compared,
           std::map<std::pair<size_t, size_t>, Leak>& leaks) const {
    const auto known = leaks.find({training.recording, testing.recording});
    if (known != leaks.end() && Covers(known->second, training, testing)) return;
    const auto shift = static_cast<std::ptrdiff_t>(testing.reading) - static_cast<std::ptrdiff_t>(training.reading);
    if (!compared.insert({training.recording, training.reading / run_, shift}).second) return;
    const std::optional<Place> exact = Align(training, testing);
    if (!exact || !Changes(training) || RepeatsItself(training)) return;
    const Leak leak = Extend(training, *exact);
    if (leak.readings * 2 < run_ * 3 && leak.correlation < kLeastShortLeakCorrelation) return;
    const auto [place, is_new] = leaks.try_emplace({training.recording, testing.recording}, leak);
    if (!is_new && leak.readings > place->second.readings) place->second = leak;
  }

  static bool Covers(const Leak& leak, const Place& training, const Place& testing) {
    return training.reading >= leak.training_reading && training.reading < leak.training_reading + leak.readings &&
           testing.reading >= leak.testing_reading && testing.reading < leak.testing_reading + leak.readings;
  }

  Fit Compare(const Place& a, const Place& b, size_t count) const {
    const Recording& training = dataset_.recordings[a.recording];
    const Recording& testing = dataset_.recordings[b.recording];
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (size_t axis = 0; axis < axes(); ++axis) {
      const float* x = training.values.data() + a.reading * axes() + axis;
      const float* y = testing.values.data() + b.reading * axes() + axis;
      const double x0 = static_cast<double>(*x);
      const double y0 = static_cast<double>(*y);
      double sx = 0;
      double sy = 0;
      double sxx = 0;
      double sxy = 0;
      double syy = 0;
      for (size_t i = 0; i < count; ++i, x += axes(), y += axes()) {
        const double u = static_cast<double>(*x) - x0;
        const double v = static_cast<double>(*y) - y0;
        sx += u, sy += v;
        sxx += u * u, sxy += u * v, syy += v * v;
      }
      const auto n = static_cast<double>(count);
      const double weight = weights_[axis] * weights_[axis];
      xx += weight * (sxx - sx * sx / n);
      xy += weight * (sxy - sx * sy / n);
      yy += weight * (syy - sy * sy / n);
    }
    const double product = std::sqrt(xx * yy);
    if (!(product > 0)) return {};
    return {.correlation = xy / product, .scale = xy / xx};
  }

  /// The testing place near the candidate that is nearly the training place, reading for reading.
  std::optional<Place> Align(const Place& training, const Place& testing) const {
    const size_t readings = dataset_.recordings[testing.recording].readings();
    Place best = testing;
    double correlation = 0;
    for (size_t at = testing.reading - std::min(testing.reading, step_);
         at <= testing.reading + step_ && at + run_ <= readings; ++at) {
      const Fit fit = Compare(training, {testing.recording, at}, run_);
      if (fit.correlation <= correlation) continue;
      correlation = fit.correlation;
      best.reading = at;
    }
    if (correlation < kLeastLeakCorrelation) return std::nullopt;
    return best;
  }

  bool Changes(const Place& place) const {
    const Recording& recording = dataset_.recordings[place.recording];
    size_t changes = 0;
    for (size_t i = place.reading + 1; i < place.reading + run_; ++i) {
      changes += std::ranges::equal(recording.Reading(i), recording.Reading(i - 1)) ? 0 : 1;
    }
    return changes * kChangeEvery >= run_;
  }

  /// Whether the run looks the same elsewhere in its own recording, as a machine's or a tone's does.
  bool RepeatsItself(const Place& place) const {
    const size_t readings = dataset_.recordings[place.recording].readings();
    // Around its own place a slow signal resembles itself; only beyond a valley is it a repetition.
    constexpr double kValley = 0.9;
    for (const bool forwards : {true, false}) {
      bool left = false;
      for (size_t distance = 1; distance < 4 * run_; ++distance) {
        if (forwards ? place.reading + distance + run_ > readings : distance > place.reading) break;
        const size_t at = forwards ? place.reading + distance : place.reading - distance;
        const double correlation = Compare(place, {place.recording, at}, run_).correlation;
        left = left || correlation < kValley;
        if (left && correlation >= kLeastLeakCorrelation) return true;
      }
    }
    return false;
  }

  /// Grows the run both ways, a quarter of its length at a time and then by less, as long as the outermost run
  /// correlates.
  Leak Extend(Place training, Place testing) const {
    const Recording& a = dataset_.recordings[training.recording];
    const Recording& b = dataset_.recordings[testing.recording];
    const auto alike = [&](size_t x, size_t y) {
      return Compare({training.recording, x}, {testing.recording, y}, run_).correlation >= kLeastLeakCorrelation;
    };
    size_t count = run_;
    for (size_t piece = run_ / 4; piece > 0; piece /= 2) {
      while (training.reading >= piece && testing.reading >= piece &&
             alike(training.reading - piece, testing.reading - piece)) {
        training.reading -= piece, testing.reading -= piece, count += piece;
      }
      while (training.reading + count + piece <= a.readings() && testing.reading + count + piece <= b.readings() &&
             alike(training.reading + count + piece - run_, testing.reading + count + piece - run_)) {
        count += piece;
      }
    }
    const Fit fit = Compare(training, testing, count);
    Leak leak{.training = training.recording,
              .testing = testing.recording,
              .training_reading = training.reading,
              .testing_reading = testing.reading,
              .readings = count,
              .correlation = fit.correlation,
              .scale = fit.scale,
              .labels_differ = a.label != b.label,
              .sentence = {}};
    leak.sentence = Describe(a, b, leak);
    return leak;
  }

  static std::string Describe(const Recording& training, const Recording& testing, const Leak& leak) {
    char correlation[16];
    std::snprintf(correlation, sizeof correlation, "%.4f", std::min(leak.correlation, 1.0));
    const auto seconds = [&](size_t readings) {
      return Number(std::round(static_cast<double>(readings) * testing.interval_ms) / 1000) + " s";
    };
    std::string text = testing.file + ", for testing: " + seconds(leak.readings) + " from " +
                       seconds(leak.testing_reading) + " on are nearly those of " + training.file +
                       ", for training, from " + seconds(leak.training_reading) + " on (correlation " + correlation;
    if (std::abs(leak.scale - 1) > 0.02) text += ", " + Number(std::round(leak.scale * 100) / 100) + " times as large";
    text += ")";
    if (leak.labels_differ) {
      text +=
          ", but the labels are " + Quote(testing.label) + " and " + Quote(training.label) + ": one of them is wrong";
    }
    return text;
  }

  const Dataset& dataset_;
  size_t run_ = kRunReadings;
  size_t step_ = 1;
  std::vector<double> weights_;           // [axes]
  std::vector<double> swings_;            // [recordings] squared, in units of the weights
  std::vector<float> projections_;        // [tables, bits, axes, points]
  std::vector<Place> windows_;            // of training
  std::vector<float> points_of_windows_;  // [windows, axes, points]
  std::unordered_map<uint32_t, std::vector<size_t>> windows_of_key_;
};

}  // namespace

std::vector<Leak> FindLeaks(const Dataset& dataset) {
  if (dataset.recordings.empty() || dataset.recordings.front().axes.empty()) return {};
  return Search(dataset).Run();
}

std::string Summary(const Dataset& dataset, std::span<const Leak> leaks) {
  if (leaks.empty()) return {};
  std::set<size_t> training;
  std::set<size_t> testing;
  for (const Leak& leak : leaks) {
    training.insert(leak.training);
    testing.insert(leak.testing);
  }
  const auto all = std::count_if(dataset.recordings.begin(), dataset.recordings.end(),
                                 [](const Recording& r) { return r.category == Category::kTesting; });
  return std::to_string(testing.size()) + " of " +
         Count(static_cast<size_t>(all), "recording for testing holds", "recordings for testing hold") +
         " readings that " + Count(training.size(), "recording for training holds", "recordings for training hold") +
         " too, up to noise, scale or offset: accuracy would look better than it is";
}

size_t RemoveLeaks(Dataset& dataset, std::span<const Leak> leaks) {
  std::set<size_t> training;
  for (const Leak& leak : leaks) training.insert(leak.training);
  std::vector<Recording> staying;
  for (size_t i = 0; i < dataset.recordings.size(); ++i) {
    if (!training.contains(i)) staying.push_back(std::move(dataset.recordings[i]));
  }
  dataset.recordings = std::move(staying);
  return training.size();
}

}  // namespace thimble::dataset
