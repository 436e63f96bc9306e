// The real clock of a sensor, from when its readings arrived: rate, jitter, drift, and what is missing.
#ifndef THIMBLE_BRIDGE_LINE_SAMPLE_CLOCK_H_
#define THIMBLE_BRIDGE_LINE_SAMPLE_CLOCK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bridge/sample_source.h"

namespace thimble::bridge {

/// An even clock laid through a stretch of rows.
struct ClockFit {
  bool ok = false;             ///< false: too few rows (under 8) or no time passes
  double interval_s = 0;       ///< between two readings
  double start_s = 0;          ///< of row 0, by the even clock
  double jitter_s = 0;         ///< standard deviation of the times around that clock
  double drift = 0;            ///< share by which the interval of the second half differs from the first half's
  std::vector<uint32_t> lost;  ///< for each row: readings that are missing before it, known ones included
};

/// Times are those of the clock plus a delay that is never negative, and may be large (USB and terminals hand bytes
/// over in bursts, a busy computer looks late): so the line goes along the least delayed rows, not through the middle.
/// Where all rows after a pause stay late, by about an interval or more, readings are missing; a burst that catches up
/// is no loss. Known losses (RowTime::lost_before) are taken as they are, and with exact times they are all there are.
ClockFit FitClock(std::span<const RowTime> rows);

/// The same for a stream without end, over its last half minute.
class SampleClock {
 public:
  void Add(const RowTime& row);
  void Restart() { *this = {}; }

  double rate_hz() const { return interval_s_ > 0 ? 1 / interval_s_ : 0; }
  double jitter_ms() const { return jitter_s_ * 1e3; }
  uint64_t lost() const { return lost_; }

 private:
  void Refit();

  std::vector<RowTime> rows_;
  uint64_t first_ = 0;   // number of rows_.front()
  uint64_t judged_ = 1;  // rows before this one are judged
  uint64_t lost_ = 0;
  double next_fit_s_ = 0;
  double interval_s_ = 0;
  double jitter_s_ = 0;
};

/// `values` (rows of `axes` numbers, taken at 0, 1, 2, … times `from_interval`) drawn anew every `to_interval`, along
/// straight lines; the first row stays. As many rows as lie within the stretch, at most `most_rows`.
std::vector<float> Resample(std::span<const float> values, size_t axes, double from_interval, double to_interval,
                            size_t most_rows);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_LINE_SAMPLE_CLOCK_H_
