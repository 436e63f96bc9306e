// A stretch of a stream becomes a labelled recording at a constant rate, in the units that files have.
#ifndef THIMBLE_BRIDGE_CAPTURE_H_
#define THIMBLE_BRIDGE_CAPTURE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "bridge/sample_source.h"
#include "dataset/recording.h"

namespace thimble::bridge {

struct CaptureRequest {
  std::string label;
  double length_ms = 10'000;
  double interval_ms = 0;        ///< wanted between readings; 0: as the board measures
  std::vector<double> scale;     ///< one for all axes or one for each; empty: mg and g become m/s2, mdps deg/s
  double most_drift = 0.02;      ///< interval_ms is kept when the measured one differs by no more than this share ...
  bool resample = true;          ///< ... else the readings are drawn anew along straight lines, or refused
  double most_lost = 0.05;       ///< a recording that misses a larger share is refused
  int start_timeout_ms = 5'000;  ///< how long the first reading may take
};

/// How a capture goes.
struct CaptureProgress {
  double fraction = 0;  ///< 0 to 1, of the time
  uint64_t readings = 0;
  std::span<const float> latest;  ///< as they will be in the file; empty before the first one
  const StreamInfo* info = nullptr;
};

/// What a board's unit is in files, and how much of it: mg and g become m/s2, mdps deg/s, others stay.
struct FileUnit {
  std::string units;
  double scale = 1;
};
FileUnit InFiles(const std::string& units);

/// A place where readings are missing.
struct Gap {
  double at_ms = 0;       ///< since the first reading
  uint32_t readings = 0;  ///< how many
};

struct Captured {
  dataset::Recording recording;
  double interval_ms = 0;       ///< of the recording: the measured one, or the wanted one after resampling
  double measured_rate_hz = 0;  ///< of the board
  double jitter_ms = 0;
  uint64_t lost_readings = 0;
  uint64_t damaged_lines = 0;
  std::vector<Gap> gaps;
  bool resampled = false;
  std::string format;  ///< "json lines", "csv lines" or "framed"
  std::string device_id;
  std::vector<std::string> notices;  ///< what a person should know, as sentences
};

/// Records `length_ms` from now on. Every reading that the board sent in that time is in it, once.
///
///   kCancelled          the flag was set, or `progress` said false; nothing is kept
///   kDeviceFailed       the board fell silent
///   kDataLoss           more is missing than `most_lost`
///   kVerificationFailed the rate differs from the wanted one and `resample` is off
Expected<Captured> Capture(SampleSource& source, const CaptureRequest& request,
                           const std::function<bool(const CaptureProgress&)>& progress = {},
                           const std::atomic<bool>* cancelled = nullptr);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_CAPTURE_H_
