#include "bridge/capture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "bridge/line/sample_clock.h"

namespace thimble::bridge {
namespace {

constexpr int kSliceMs = 50;
constexpr double kStandardGravity = 9.80665;
constexpr double kLongestMs = 24 * 3600e3;
constexpr double kDriftFromS = 2;  // halves of less say little about a clock
constexpr size_t kMostValues = 100'000'000;

std::string Text(const char* format, double a, double b = 0) {
  char text[160];
  std::snprintf(text, sizeof text, format, a, b);
  return text;
}

std::string Count(uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

FileUnit InFiles(const std::string& units) {
  if (units == "mg") return {"m/s2", kStandardGravity / 1000};
  if (units == "g") return {"m/s2", kStandardGravity};
  if (units == "mdps") return {"deg/s", 0.001};
  if (units == "dps") return {"deg/s", 1};
  return {units, 1};
}

Expected<Captured> Capture(SampleSource& source, const CaptureRequest& request,
                           const std::function<bool(const CaptureProgress&)>& progress,
                           const std::atomic<bool>* cancelled) {
  if (!(request.length_ms > 0 && request.length_ms <= kLongestMs)) {
    return Error{Status::kInvalidArgument, "a recording is longer than nothing and at most a day long"};
  }
  const size_t axes = source.info().axes.size();
  if (!request.scale.empty() && request.scale.size() != 1 && request.scale.size() != axes) {
    return Error{Status::kInvalidArgument, "--scale has " + Count(request.scale.size(), "number", "numbers") +
                                               ", but a reading of this board has " + std::to_string(axes)};
  }
  Captured captured;
  std::vector<double> scale(axes, 1);
  for (size_t i = 0; i < axes; ++i) {
    const std::string& units = i < source.info().units.size() ? source.info().units[i] : "";
    const FileUnit file = request.scale.empty() ? InFiles(units) : FileUnit{units, 1};
    scale[i] = request.scale.empty() ? file.scale : request.scale[request.scale.size() == 1 ? 0 : i];
    captured.recording.axes.push_back({source.info().axes[i], file.units});
  }

  THIMBLE_EXPECT(source.Restart());
  const uint64_t damaged_before = source.info().damaged_lines;
  const uint64_t reconnects_before = source.info().reconnects;
  std::vector<float> values;
  std::vector<RowTime> rows;
  std::vector<float> latest(axes);
  const double length_s = request.length_ms * 1e-3;
  ClockFit fit;
  size_t wanted = 0;  // readings, once the clock is known
  bool drawn_anew = false;
  double judge_at_s = 0;  // of the rows' time
  int silent_ms = 0;
  while (true) {
    if (cancelled != nullptr && *cancelled) return Error{Status::kCancelled, "stopped; nothing was written"};
    THIMBLE_ASSIGN(const size_t count, source.Read(values, kSliceMs));
    rows.insert(rows.end(), source.times().begin(), source.times().end());
    if (values.size() > kMostValues) {
      return Error{Status::kOutOfMemory, "the recording is longer than this program can hold; record a shorter one"};
    }
    if (count == 0) {
      // A virtual board's time passes faster than ours: what was waited for counts, not how long it took.
      silent_ms += kSliceMs;
      if (rows.empty() && silent_ms > request.start_timeout_ms) {
        return Error{Status::kDeviceFailed, source.Describe() + ": no reading came in " +
                                                Text("%g s", request.start_timeout_ms * 1e-3) +
                                                "; is the board still running?"};
      }
      // While a port is away its return is waited for by the source, which gives up in time.
      const int most_ms = std::max(request.start_timeout_ms, 60'000);
      if (silent_ms > most_ms) {
        return Error{Status::kDeviceFailed,
                     source.Describe() + ": the board fell silent in the middle of the recording"};
      }
    } else {
      silent_ms = 0;
      for (size_t i = 0; i < axes; ++i) {
        latest[i] = static_cast<float>(static_cast<double>(values[values.size() - axes + i]) * scale[i]);
      }
    }
    const double passed_s = rows.empty() ? 0 : rows.back().seconds - rows.front().seconds;
    if (progress) {
      const CaptureProgress now{.fraction = std::min(passed_s / length_s, 1.0),
                                .readings = rows.size(),
                                .latest = rows.empty() ? std::span<const float>() : std::span<const float>(latest),
                                .info = &source.info()};
      if (!progress(now)) return Error{Status::kCancelled, "stopped; nothing was written"};
    }
    // A little longer than asked: a gap near the end shows only behind it, and the last burst may still be on its way.
    const double enough_s = length_s + 0.4;
    if (passed_s < std::max(enough_s, judge_at_s)) continue;
    fit = FitClock(rows);
    if (!fit.ok) {
      if (passed_s < enough_s + 60) continue;
      return Error{Status::kDeviceFailed, source.Describe() +
                                              ": too few readings came in this time to know their rate; "
                                              "record longer"};
    }
    drawn_anew =
        request.interval_ms > 0 && std::abs(fit.interval_s * 1e3 / request.interval_ms - 1) > request.most_drift;
    wanted = std::max<size_t>(1, static_cast<size_t>(std::llround(length_s / fit.interval_s)));
    if (drawn_anew) wanted += 2;  // the last of the new readings lies between two
    double index = 0;
    for (size_t i = 1; i < rows.size(); ++i) index += 1 + fit.lost[i];
    if (index + 1 >= static_cast<double>(wanted)) break;
    judge_at_s = passed_s + 0.1;
  }

  // The rows at their places in time; what is missing lies on a straight line between its neighbours, and is told.
  dataset::Recording& recording = captured.recording;
  std::vector<float> even;
  size_t kept = 0;
  for (size_t i = 0; i < rows.size() && kept < wanted; ++i) {
    const float* const row = values.data() + i * axes;
    const size_t missing = i > 0 ? std::min<size_t>(fit.lost[i], wanted - kept) : 0;
    if (missing > 0) {
      captured.gaps.push_back({static_cast<double>(kept) * fit.interval_s * 1e3, static_cast<uint32_t>(missing)});
      captured.lost_readings += missing;
      const float* const left = row - axes;
      for (size_t k = 1; k <= missing; ++k) {
        const double share = static_cast<double>(k) / (fit.lost[i] + 1.0);
        for (size_t axis = 0; axis < axes; ++axis) {
          const double a = left[axis], b = row[axis];
          even.push_back(static_cast<float>((a + (b - a) * share) * scale[axis]));
        }
      }
      kept += missing;
    }
    if (kept == wanted) break;
    for (size_t axis = 0; axis < axes; ++axis) {
      even.push_back(static_cast<float>(static_cast<double>(row[axis]) * scale[axis]));
    }
    ++kept;
  }
  captured.measured_rate_hz = 1 / fit.interval_s;
  captured.jitter_ms = fit.jitter_s * 1e3;
  captured.damaged_lines = source.info().damaged_lines - damaged_before;
  captured.format = source.info().format;
  captured.device_id = source.info().device_id;
  captured.interval_ms = fit.interval_s * 1e3;

  std::vector<std::string>& notices = captured.notices;
  if (captured.lost_readings > 0) {
    const double share = static_cast<double>(captured.lost_readings) / static_cast<double>(wanted);
    const std::string what = Count(captured.lost_readings, "reading is", "readings are") + " missing of " +
                             std::to_string(wanted) + ", in " + Count(captured.gaps.size(), "place", "places") +
                             Text(", the first after %.2f s", captured.gaps.front().at_ms * 1e-3);
    if (share > request.most_lost) {
      return Error{Status::kDataLoss, source.Describe() + ": " + what + "; check the cable and record it again"};
    }
    notices.push_back(what + "; straight lines stand there");
  }
  if (captured.damaged_lines > 0) {
    notices.push_back(Count(captured.damaged_lines, "line", "lines") +
                      " could not be read, the first: " + source.info().first_damaged);
  }
  if (source.info().reconnects > reconnects_before) {
    notices.push_back("the port vanished and came back during the recording");
  }
  const double nominal_hz = source.info().nominal_rate_hz;
  if (nominal_hz > 0 && std::abs(captured.measured_rate_hz / nominal_hz - 1) > request.most_drift) {
    notices.push_back(Text("the board says %g Hz, but its clock makes it %.2f Hz; the measured rate is in the file",
                           nominal_hz, captured.measured_rate_hz));
  }
  if (std::abs(fit.drift) > request.most_drift && length_s >= kDriftFromS) {
    notices.push_back(Text("the rate changed by %.1f %% during the recording", fit.drift * 100));
  }
  if (drawn_anew) {
    const std::string rates = Text("the board's rate is %.2f Hz and %.2f Hz is wanted", captured.measured_rate_hz,
                                   1000 / request.interval_ms);
    if (!request.resample) {
      return Error{Status::kVerificationFailed,
                   source.Describe() + ": " + rates + "; set the board's rate, or allow the readings to be drawn anew"};
    }
    const auto rows_wanted = static_cast<size_t>(std::llround(request.length_ms / request.interval_ms));
    even = Resample(even, axes, captured.interval_ms, request.interval_ms, std::max<size_t>(rows_wanted, 1));
    captured.interval_ms = request.interval_ms;
    captured.resampled = true;
    notices.push_back(rates + ": the readings were drawn anew along straight lines");
  }
  recording.values = std::move(even);
  recording.interval_ms = captured.interval_ms;
  recording.label = request.label;
  recording.name = request.label;
  return captured;
}

}  // namespace thimble::bridge
