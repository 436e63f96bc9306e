#include "studio/server/live/live_impulse.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "compiler/emit_sensor.h"

namespace thimble::studio {
namespace {

constexpr double kMostDrift = 0.02;

std::string NamesOf(const std::vector<dataset::Axis>& axes) {
  std::string names;
  for (const dataset::Axis& axis : axes) names += (names.empty() ? "" : ", ") + axis.name;
  return names;
}

bool SameRate(double interval_ms, double other_ms) { return std::abs(interval_ms / other_ms - 1) <= kMostDrift; }

}  // namespace

LiveImpulse::LiveImpulse(compiler::BoundImpulse bound)
    : bound_(std::move(bound)),
      sliding_(bound_.window(), static_cast<int>(description().axes.size()), description().stride_readings) {}

Expected<LiveImpulse> LiveImpulse::Open(compiler::ImpulseDescription description, std::span<const std::byte> model) {
  if (description.width > 0) {
    return {Status::kUnsupported, "impulse '" + description.name + "' looks at pictures, not at a signal"};
  }
  if (description.axes.size() > kMostAxes) {
    return {Status::kUnsupported, "impulse '" + description.name + "' has more than 64 axes"};
  }
  THIMBLE_ASSIGN(compiler::BoundImpulse bound, compiler::BoundImpulse::Bind(std::move(description), model));
  return LiveImpulse(std::move(bound));
}

Outcome LiveImpulse::Fit(const LiveReadings& readings) {
  const compiler::ImpulseDescription& impulse = description();
  columns_.clear();
  axes_.clear();
  for (const compiler::InputAxis& wanted : impulse.axes) {
    const auto found = std::ranges::find(readings.axes, wanted.name, &dataset::Axis::name);
    if (found == readings.axes.end()) {
      return {Status::kInvalidArgument, "the impulse has learnt from an axis '" + wanted.name +
                                            "', which is none of the device's: " + NamesOf(readings.axes)};
    }
    const bool said = !wanted.units.empty() && !found->units.empty();
    const std::optional<double> factor = said ? compiler::Conversion(found->units, wanted.units) : 1;
    if (!factor) {
      return {Status::kInvalidArgument, "the impulse has learnt '" + wanted.name + "' in " + wanted.units +
                                            ", but the device sends it in " + found->units};
    }
    columns_.push_back({static_cast<size_t>(found - readings.axes.begin()), static_cast<float>(*factor)});
  }
  axes_ = readings.axes;
  next_ = -1;
  return Nothing{};
}

Outcome LiveImpulse::Push(const LiveReadings& readings, const std::function<void(const LiveJudgement&)>& judged) {
  if (readings.values.empty()) return Nothing{};
  if (readings.axes != axes_) THIMBLE_EXPECT(Fit(readings));
  // A measured rate settles: what is nearly the same goes on as it was.
  if (interval_ms_ == 0 || !SameRate(readings.interval_ms, interval_ms_)) {
    interval_ms_ = readings.interval_ms;
    const double own_hz = description().rate_hz, hz = 1000 / interval_ms_;
    const bool same = SameRate(interval_ms_, 1000 / own_hz);
    resampler_.SetUp(static_cast<float>(same ? own_hz : hz), static_cast<float>(own_hz));
    next_ = -1;
  }
  if (readings.first != next_) {
    sliding_.BeginRecording();
    resampler_.Forget();
  }
  const size_t width = readings.axes.size();
  std::array<float, kMostAxes> row;
  int64_t reading = readings.first;
  for (size_t at = 0; at + width <= readings.values.size(); at += width, ++reading) {
    for (size_t i = 0; i < columns_.size(); ++i) row[i] = readings.values[at + columns_[i].place] * columns_[i].factor;
    resampler_.Push(std::span<const float>(row).first(columns_.size()), [&](std::span<const float> values) {
      if (sliding_.Push(std::as_bytes(values).data())) judged(Judge(reading, readings.interval_ms));
    });
  }
  next_ = reading;
  return Nothing{};
}

LiveJudgement LiveImpulse::Judge(int64_t reading, double interval_ms) const {
  const compiler::ImpulseDescription& impulse = description();
  LiveJudgement judgement{.reading = reading, .time_ms = static_cast<double>(reading) * interval_ms};
  const runtime::Verdict verdict = bound_.Run();
  if (impulse.has_network() && !impulse.is_autoencoder()) {
    judgement.label = impulse.labels.empty() ? -1 : verdict.label;
    const kernels::Tensor output = bound_.session().network().output(0);
    for (int i = 0; i < output.shape.Count(); ++i) {
      judgement.scores.push_back(output.type == kernels::Type::kFloat32
                                     ? output.As<float>()[i]
                                     : static_cast<float>(output.As<int8_t>()[i] - output.zero_point) * output.Scale());
    }
  }
  if (impulse.anomaly) judgement.anomaly = bound_.Detect();
  return judgement;
}

}  // namespace thimble::studio
