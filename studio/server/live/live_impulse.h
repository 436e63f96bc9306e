// An impulse that judges a signal as it comes: window by window, as a board with the same sensor does.
#ifndef THIMBLE_STUDIO_SERVER_LIVE_LIVE_IMPULSE_H_
#define THIMBLE_STUDIO_SERVER_LIVE_LIVE_IMPULSE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "firmware/impulse/continuous/resampler.h"
#include "firmware/sliding_window.h"
#include "runtime/anomaly.h"
#include "studio/server/remote/live_devices.h"

namespace thimble::studio {

/// What an impulse says about one window.
struct LiveJudgement {
  int64_t reading = 0;             ///< number of the reading that completed the window, as LiveReadings count
  double time_ms = 0;              ///< when that was, since the device's reading 0
  int label = -1;                  ///< of the impulse's; -1: it has none
  std::vector<float> scores = {};  ///< one a label; of a regressor its outputs; of a detector alone none
  std::optional<runtime::Detection> anomaly = {};
};

/// Readings are brought to the impulse's rate along straight lines when they differ from it by more than a recording's
/// may (2 %), its axes are found by their names and brought to its units, and after a gap windows begin anew: what the
/// firmware `impulse` does.
class LiveImpulse {
 public:
  /// kUnsupported for one that looks at pictures, or has more than 64 axes; else as BoundImpulse::Bind.
  static Expected<LiveImpulse> Open(compiler::ImpulseDescription description, std::span<const std::byte> model);

  const compiler::ImpulseDescription& description() const { return bound_.description(); }

  /// Gives every window that these readings complete. kInvalidArgument when the signal is none that the impulse knows:
  /// an axis is missing, or comes in a unit of something else.
  Outcome Push(const LiveReadings& readings, const std::function<void(const LiveJudgement&)>& judged);

 private:
  static constexpr size_t kMostAxes = 64;

  struct Column {
    size_t place = 0;  ///< in a reading
    float factor = 1;  ///< to the impulse's unit
  };

  explicit LiveImpulse(compiler::BoundImpulse bound);
  Outcome Fit(const LiveReadings& readings);
  LiveJudgement Judge(int64_t reading, double interval_ms) const;

  compiler::BoundImpulse bound_;
  firmware::SlidingWindow sliding_;
  firmware::ResamplerOf<kMostAxes> resampler_;
  std::vector<dataset::Axis> axes_;  ///< of the signal that `columns_` fits
  std::vector<Column> columns_;      ///< one for each axis of the impulse
  double interval_ms_ = 0;           ///< that the resampler is set up for
  int64_t next_ = -1;                ///< reading that would follow
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_LIVE_LIVE_IMPULSE_H_
