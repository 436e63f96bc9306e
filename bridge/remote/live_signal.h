// Readings as they come, for a studio that looks on: heard beside whatever else reads them.
#ifndef THIMBLE_BRIDGE_REMOTE_LIVE_SIGNAL_H_
#define THIMBLE_BRIDGE_REMOTE_LIVE_SIGNAL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bridge/sample_source.h"
#include "dataset/recording.h"

namespace thimble::bridge {

/// What the board itself thinks of its readings.
struct LiveVerdict {
  uint64_t reading = 0;  ///< number of the last one of the window, as in LiveBatch
  DeviceVerdict verdict;
};

/// Readings that follow on each other, in the units of files.
struct LiveBatch {
  uint64_t first = 0;  ///< number of the first one, from 0 when the signal was switched on; what is missing is counted
  double interval_ms = 0;
  std::vector<dataset::Axis> axes = {};
  std::vector<float> values = {};  ///< row by row
  uint64_t lost = 0;               ///< readings that are missing before the first one
  std::vector<LiveVerdict> verdicts = {};
};

/// What was read since somebody last looked. Nobody waits for whoever looks: of more than it holds the oldest go.
class LiveSignal {
 public:
  static constexpr size_t kMostNumbers = 16'384;  ///< of a batch, and of all that waits

  /// `changed`, if there is one, hears of every change.
  explicit LiveSignal(std::function<void(bool on)> changed = {}) : changed_(std::move(changed)) {}

  /// Switched on, it begins with what comes from now on.
  void Switch(bool on);
  bool on() const { return on_; }

  void Hear(const StreamInfo& info, std::span<const float> values, std::span<const RowTime> times,
            std::span<const DeviceVerdict> verdicts = {});

  /// What came before was thrown away by whoever read it: where the board tells its time, that counts as lost.
  void Resume() { resumes_ = true; }

  /// Up to the next gap; nothing when nothing came, or while the rate is not known yet.
  std::optional<LiveBatch> Take();

 private:
  void Hear(const DeviceVerdict& verdict);
  uint64_t LostBefore(const RowTime& row);

  std::function<void(bool on)> changed_;
  bool on_ = false, resumes_ = false;
  std::vector<dataset::Axis> axes_;
  std::vector<double> scales_;
  double interval_ms_ = 0;
  std::deque<LiveBatch> waiting_;  ///< a gap lies between two of them
  size_t waiting_numbers_ = 0;
  std::deque<LiveVerdict> verdicts_;
  uint64_t next_ = 0;  ///< number of the next reading to come
  std::optional<double> last_s_;
};

/// A source whose readings `live` hears, whoever reads them. Both outlive it.
class HeardSource final : public SampleSource {
 public:
  HeardSource(SampleSource& source, LiveSignal& live) : source_(source), live_(live) {}

  Expected<size_t> Read(std::vector<float>& into, int timeout_ms) override;
  std::span<const RowTime> times() const override { return source_.times(); }
  std::span<const DeviceVerdict> verdicts() const override { return source_.verdicts(); }
  Outcome Restart() override {
    live_.Resume();
    return source_.Restart();
  }
  void KeepRealTime(bool real) override { source_.KeepRealTime(real); }
  const StreamInfo& info() const override { return source_.info(); }
  std::string Describe() const override { return source_.Describe(); }

 private:
  SampleSource& source_;
  LiveSignal& live_;
};

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_LIVE_SIGNAL_H_
