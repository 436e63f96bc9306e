#include "bridge/remote/live_signal.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bridge/capture.h"

namespace thimble::bridge {
namespace {

constexpr double kMostLost = 1e9;
constexpr size_t kMostVerdicts = 64;

}  // namespace

void LiveSignal::Switch(bool on) {
  if (on == on_) return;
  *this = LiveSignal(std::move(changed_));
  on_ = on;
  if (changed_) changed_(on);
}

void LiveSignal::Hear(const StreamInfo& info, std::span<const float> values, std::span<const RowTime> times,
                      std::span<const DeviceVerdict> verdicts) {
  if (!on_ || times.empty()) return;
  if (axes_.empty()) {
    for (size_t i = 0; i < info.axes.size(); ++i) {
      const FileUnit file = InFiles(i < info.units.size() ? info.units[i] : "");
      axes_.push_back({info.axes[i], file.units});
      scales_.push_back(file.scale);
    }
  }
  // A board's own word is steadier than what a few seconds of arrivals measure.
  const double rate_hz = info.nominal_rate_hz > 0 ? info.nominal_rate_hz : info.rate_hz;
  interval_ms_ = rate_hz > 0 ? 1000 / rate_hz : 0;
  const size_t width = axes_.size();
  auto verdict = verdicts.begin();
  for (size_t row = 0; row < times.size(); ++row) {
    for (; verdict != verdicts.end() && verdict->rows_before <= row; ++verdict) Hear(*verdict);
    const uint64_t lost = LostBefore(times[row]);
    next_ += lost;
    if (waiting_.empty() || lost > 0) waiting_.push_back({.first = next_, .lost = lost});
    for (size_t i = 0; i < width; ++i) {
      waiting_.back().values.push_back(static_cast<float>(static_cast<double>(values[row * width + i]) * scales_[i]));
    }
    ++next_;
  }
  for (; verdict != verdicts.end(); ++verdict) Hear(*verdict);
  waiting_numbers_ += times.size() * width;
  while (waiting_numbers_ > kMostNumbers) {
    LiveBatch& oldest = waiting_.front();
    const size_t excess = (waiting_numbers_ - kMostNumbers + width - 1) / width;
    const size_t dropped = std::min(oldest.values.size() / width, excess);
    oldest.values.erase(oldest.values.begin(), oldest.values.begin() + static_cast<std::ptrdiff_t>(dropped * width));
    oldest.first += dropped;
    oldest.lost += dropped;
    waiting_numbers_ -= dropped * width;
    if (!oldest.values.empty()) continue;
    const uint64_t lost = oldest.lost;
    waiting_.pop_front();
    waiting_.front().lost += lost;
  }
}

/// About the readings so far.
void LiveSignal::Hear(const DeviceVerdict& verdict) {
  if (next_ == 0) return;  // of what came before anybody looked
  verdicts_.push_back({next_ - 1, verdict});
  if (verdicts_.size() > kMostVerdicts) verdicts_.pop_front();
}

uint64_t LiveSignal::LostBefore(const RowTime& row) {
  uint64_t lost = row.lost_before;
  if (resumes_ && row.exact && last_s_ && interval_ms_ > 0) {
    const double readings = std::round((row.seconds - *last_s_) * 1000 / interval_ms_) - 1;
    lost = std::max(lost, static_cast<uint64_t>(std::clamp(readings, 0.0, kMostLost)));
  }
  resumes_ = false;
  last_s_ = row.seconds;
  return lost;
}

std::optional<LiveBatch> LiveSignal::Take() {
  if (waiting_.empty() || interval_ms_ <= 0) return std::nullopt;
  LiveBatch batch = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_numbers_ -= batch.values.size();
  batch.interval_ms = interval_ms_;
  batch.axes = axes_;
  const uint64_t end = batch.first + batch.values.size() / axes_.size();
  for (; !verdicts_.empty() && verdicts_.front().reading < end; verdicts_.pop_front()) {
    batch.verdicts.push_back(std::move(verdicts_.front()));
  }
  return batch;
}

Expected<size_t> HeardSource::Read(std::vector<float>& into, int timeout_ms) {
  const size_t before = into.size();
  THIMBLE_ASSIGN(const size_t rows, source_.Read(into, timeout_ms));
  live_.Hear(source_.info(), std::span(into).subspan(before), source_.times(), source_.verdicts());
  return rows;
}

}  // namespace thimble::bridge
