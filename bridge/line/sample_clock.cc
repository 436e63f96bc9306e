#include "bridge/line/sample_clock.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thimble::bridge {
namespace {

constexpr size_t kFewestRows = 8;
// In intervals: a pause at which readings may be missing, and the lasting delay that proves it.
constexpr double kPause = 1.6, kStep = 0.7, kFirstStep = 1.5;
// Around a pause so much is looked at, and several of the usual pauses, which bursts make.
constexpr double kLeastWindowS = 0.4, kCoarse = 12;
constexpr double kLeastStepS = 0.002;  // timers of computers are not much better
// Rows this close to the end may still catch up.
constexpr double kSettleS = 0.3;
constexpr double kWindowS = 30;
constexpr size_t kMostRows = 1 << 16;

/// Row `i` was taken about `index` intervals after row 0.
struct Point {
  double index, seconds;
};

/// Median slope over distances that are long beside bursts and short beside the whole: a few steps do not move it.
double MedianSlope(const std::vector<Point>& points, double usual_pause_s) {
  const double roughly_s = (points.back().seconds - points.front().seconds) / static_cast<double>(points.size());
  const double bursts = roughly_s > 0 ? 20 * usual_pause_s / roughly_s : 0;
  const double longest = std::max(static_cast<double>(points.size()) / 3, 1.0);
  const auto distance = static_cast<size_t>(std::clamp(bursts, std::min(8.0, longest), longest));
  std::vector<double> slopes;
  for (size_t i = 0; i + distance < points.size(); ++i) {
    const double along = points[i + distance].index - points[i].index;
    if (along > 0) slopes.push_back((points[i + distance].seconds - points[i].seconds) / along);
  }
  if (slopes.empty()) return 0;
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  return *middle;
}

/// The line under the points that touches two of them and is nearest to all others: the side of their lower convex hull
/// below the middle index. It is where the clock would be if nothing were late.
void LineBelow(const std::vector<Point>& points, size_t begin, size_t end, double& start_s, double& interval_s) {
  std::vector<Point> hull;
  for (size_t i = begin; i < end; ++i) {
    const Point& point = points[i];
    while (hull.size() >= 2) {
      const Point& a = hull[hull.size() - 2];
      const Point& b = hull.back();
      if ((b.index - a.index) * (point.seconds - a.seconds) <= (point.index - a.index) * (b.seconds - a.seconds)) {
        hull.pop_back();
      } else {
        break;
      }
    }
    hull.push_back(point);
  }
  double sum = 0;
  for (size_t i = begin; i < end; ++i) sum += points[i].index;
  const double middle = sum / static_cast<double>(end - begin);
  for (size_t i = 0; i + 1 < hull.size(); ++i) {
    if (hull[i + 1].index < middle && i + 2 < hull.size()) continue;
    const double along = hull[i + 1].index - hull[i].index;
    if (!(along > 0)) return;
    interval_s = (hull[i + 1].seconds - hull[i].seconds) / along;
    start_s = hull[i].seconds - hull[i].index * interval_s;
    return;
  }
}

}  // namespace

ClockFit FitClock(std::span<const RowTime> rows) {
  ClockFit fit;
  fit.lost.resize(rows.size());
  std::vector<Point> points(rows.size());
  double index = 0;
  bool exact = true;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) index += 1 + rows[i].lost_before;
    fit.lost[i] = i > 0 ? rows[i].lost_before : 0;
    points[i] = {index, rows[i].seconds};
    exact = exact && rows[i].exact;
  }
  if (rows.size() < kFewestRows) return fit;
  std::vector<double> pauses;
  for (size_t i = 1; i < rows.size(); ++i) pauses.push_back(rows[i].seconds - rows[i - 1].seconds);
  // Half of the time passes in longer ones: the interval of an even stream, the distance of bursts in others.
  std::sort(pauses.begin(), pauses.end());
  double usual_pause_s = 0, passed_s = 0;
  const double half_s = (rows.back().seconds - rows.front().seconds) / 2;
  for (size_t i = 0; i < pauses.size() && passed_s < half_s; ++i) passed_s += usual_pause_s = pauses[i];
  double interval_s = MedianSlope(points, usual_pause_s);
  // Few and large bursts leave the median only few values to choose from.
  const bool coarse = usual_pause_s > kCoarse * interval_s;
  if (double below_s = 0; coarse) {
    LineBelow(points, 0, points.size(), below_s, interval_s);
  }
  if (!(interval_s > 0) || !std::isfinite(interval_s)) return fit;

  // Where readings are missing, everything after is late for good. A pause is where that can begin; the least delay in
  // the moment before it and in the moment after it tell whether it has. The slope gets better with each pass, so the
  // first one looks only for what is large.
  const std::vector<Point> received = points;
  const std::vector<uint32_t> known = fit.lost;
  double start_s = points.front().seconds;
  for (int pass = 0; pass < 3 && !exact; ++pass) {
    points = received;
    fit.lost = known;
    const double step_from = pass == 0 ? kFirstStep : kStep;
    const double settled_s = points.back().seconds - kSettleS;
    const double window_s = std::max({kLeastWindowS, 12 * interval_s, 4 * usual_pause_s});
    double added = 0;
    size_t window = 0;
    for (size_t i = 1; i < points.size(); ++i) {
      while (points[i - 1].seconds - points[window].seconds > window_s) ++window;
      const double pause_s = points[i].seconds - points[i - 1].seconds;
      if (pause_s > kPause * interval_s && points[i].seconds < settled_s) {
        double before = std::numeric_limits<double>::infinity(), after = before;
        for (size_t k = window; k < i; ++k) before = std::min(before, points[k].seconds - points[k].index * interval_s);
        for (size_t k = i; k < points.size() && points[k].seconds - points[i].seconds < window_s; ++k) {
          after = std::min(after, points[k].seconds - (points[k].index + added) * interval_s);
        }
        const double step_s = after - before;
        if (step_s > step_from * interval_s && step_s > kLeastStepS) {
          const double missing = std::min(std::round(step_s / interval_s), 1e9);
          fit.lost[i] += static_cast<uint32_t>(missing);
          added += missing;
          window = i;
        }
      }
      points[i].index += added;
    }
    // The line below is the better of the two, but one undetected step bends it.
    double better = interval_s;
    if (pass == 0 && !coarse) {
      better = MedianSlope(points, usual_pause_s);
    } else {
      LineBelow(points, 0, points.size(), start_s, better);
    }
    if (better > 0 && std::isfinite(better)) interval_s = better;
  }

  LineBelow(points, 0, points.size(), start_s, interval_s);
  if (!(interval_s > 0) || !std::isfinite(interval_s)) return fit;
  double sum = 0, squares = 0;
  for (const Point& point : points) {
    const double late = point.seconds - start_s - point.index * interval_s;
    sum += late;
    squares += late * late;
  }
  const double count = static_cast<double>(points.size());
  fit.jitter_s = std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)));
  fit.interval_s = interval_s;
  fit.start_s = start_s;
  double unused = 0, first_half = interval_s, second_half = interval_s;
  const size_t half = points.size() / 2;
  if (half >= kFewestRows) {
    LineBelow(points, 0, half, unused, first_half);
    LineBelow(points, half, points.size(), unused, second_half);
    if (first_half > 0) fit.drift = second_half / first_half - 1;
  }
  fit.ok = true;
  return fit;
}

void SampleClock::Add(const RowTime& row) {
  if (rows_.empty()) next_fit_s_ = row.seconds + 0.5;
  if (rows_.size() >= kMostRows) {
    rows_.erase(rows_.begin(), rows_.begin() + kMostRows / 4);
    first_ += kMostRows / 4;
  }
  rows_.push_back(row);
  if (row.seconds >= next_fit_s_ && rows_.size() >= kFewestRows) Refit();
}

void SampleClock::Refit() {
  const double now_s = rows_.back().seconds;
  size_t old = 0;
  while (old + kFewestRows < rows_.size() && now_s - rows_[old].seconds > kWindowS) ++old;
  // Only now and then: a fit reads all rows.
  next_fit_s_ = now_s + 1;
  const ClockFit fit = FitClock(rows_);
  if (fit.ok) {
    interval_s_ = fit.interval_s;
    jitter_s_ = fit.jitter_s;
    // What was judged stays judged: it is written down as known.
    for (size_t i = 1; i < rows_.size(); ++i) {
      if (now_s - rows_[i].seconds < kSettleS) break;
      if (first_ + i < judged_) continue;
      lost_ += fit.lost[i];
      rows_[i].lost_before = fit.lost[i];
      judged_ = first_ + i + 1;
    }
  }
  rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(old));
  first_ += old;
  judged_ = std::max(judged_, first_ + 1);
}

std::vector<float> Resample(std::span<const float> values, size_t axes, double from_interval, double to_interval,
                            size_t most_rows) {
  std::vector<float> drawn;
  const size_t rows = axes == 0 ? 0 : values.size() / axes;
  if (rows == 0) return drawn;
  for (size_t i = 0; i < most_rows; ++i) {
    const double at = static_cast<double>(i) * to_interval / from_interval;
    // A last row that falls a hair behind the end is the end.
    if (at > static_cast<double>(rows - 1) + 1e-6) break;
    const size_t left = std::min(static_cast<size_t>(at), rows - 1);
    const size_t right = std::min(left + 1, rows - 1);
    const double share = std::min(at - static_cast<double>(left), 1.0);
    for (size_t axis = 0; axis < axes; ++axis) {
      const double a = values[left * axes + axis], b = values[right * axes + axis];
      drawn.push_back(static_cast<float>(a + (b - a) * share));
    }
  }
  return drawn;
}

}  // namespace thimble::bridge
