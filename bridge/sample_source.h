// Where readings come from: a board at a serial line, real or virtual, whatever way it prints them.
#ifndef THIMBLE_BRIDGE_SAMPLE_SOURCE_H_
#define THIMBLE_BRIDGE_SAMPLE_SOURCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace thimble::bridge {

/// What is known about a stream by now.
struct StreamInfo {
  std::vector<std::string> axes;   ///< "accX"; one for each number of a reading
  std::vector<std::string> units;  ///< of the values that Read gives, as the board sends them: "mg"; "" unknown
  double rate_hz = 0;              ///< measured; 0: not yet
  double nominal_rate_hz = 0;      ///< what the board says of itself; 0: nothing
  double jitter_ms = 0;            ///< of the arrival, standard deviation around the even clock
  uint64_t lost_readings = 0;      ///< since the beginning: counted by the board, or estimated from silences
  uint64_t damaged_lines = 0;      ///< lines or frames that could not be read
  std::string first_damaged;       ///< the first of them, printable
  uint64_t reconnects = 0;         ///< how often the port vanished and came back
  std::string format;              ///< "json lines", "csv lines", "framed" or "impulse"
  std::string device_id;           ///< what the board calls itself; "" in lines
  int baud = 0;                    ///< 0: the line has none
};

/// When a row was taken, and what is missing before it.
struct RowTime {
  double seconds = 0;  ///< of the board's clock when it sends one (then `exact`), else of arrival here
  uint32_t lost_before = 0;
  bool exact = false;
};

/// What a board's own impulse says about a window.
struct DeviceVerdict {
  size_t rows_before = 0;  ///< of the rows of the last Read: the window ended with the last of them
  std::string label = {};  ///< "uncertain" below its threshold; empty of a regressor
  double score = 0;        ///< of the last few windows together, or a regressor's answer
  std::vector<std::pair<std::string, double>> scores = {};  ///< of this window, every label
  uint32_t dsp_cycles = 0, network_cycles = 0;              ///< what it took
};

class SampleSource {
 public:
  virtual ~SampleSource() = default;

  /// Waits up to `timeout_ms` for readings, appends them to `into` row by row (info().axes.size() numbers each), and
  /// gives how many rows came; 0: none in that time. A port that vanishes is no error: it is opened again as soon as it
  /// is there, and what is missing is counted.
  ///
  ///   kCancelled        the cancel flag was set
  ///   kDeviceFailed     the port stayed away for too long, or the (virtual) board failed; the sentence says why
  virtual Expected<size_t> Read(std::vector<float>& into, int timeout_ms) = 0;

  /// Of the rows of the last Read, in order.
  virtual std::span<const RowTime> times() const = 0;

  /// That came with them, in order; of a board that only senses none.
  virtual std::span<const DeviceVerdict> verdicts() const { return {}; }

  /// Forgets what arrived before now, so that the next row is one that is taken from now on. Losses before are not
  /// counted against a recording that begins here.
  virtual Outcome Restart() = 0;

  /// A simulated board gives readings when a real one would, or as fast as this computer can.
  virtual void KeepRealTime(bool /*real*/) {}

  virtual const StreamInfo& info() const = 0;

  /// For people: "/dev/ttyACM0, 115200 baud, json lines".
  virtual std::string Describe() const = 0;
};

struct LineOptions {
  std::string port;                ///< "/dev/ttyACM0", a pty, or "virtual:MOTION" (simulator/az3166/motion_source.h)
  int baud = 0;                    ///< 0: found out
  std::vector<std::string> axes;   ///< instead of what is found; empty: found
  std::vector<std::string> units;  ///< one for all axes or one for each; empty: found
  bool framed = true;              ///< ask the board for its framed mode
  double rate_hz = 0;              ///< ask a board that can for the nearest rate that is no lower; 0: as it is
  int find_timeout_ms = 15'000;    ///< for finding baud rate and format; then kDeviceFailed
  int return_timeout_ms = 30'000;  ///< how long a vanished port may stay away
  std::string firmware;            ///< for "virtual:": the program (ELF or .bin), normally sensor_dump
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(const std::string&)> say;  ///< what happens, as sentences: "trying 57600 baud"
};

/// Opens the port, finds baud rate and format, and gives the stream.
///
///   kNotFound         there is no such port; the sentence names those that there are
///   kInvalidArgument  axes, units or baud rate cannot be
///   kFailed           another program has the port (with its process number if it can be known), or no permission
///   kDeviceFailed     nothing arrives, or nothing that reads as numbers at any baud rate
///   kCancelled        the cancel flag was set
Expected<std::unique_ptr<SampleSource>> OpenSampleSource(const LineOptions& options);

/// Serial ports of this computer that a board may be at: /dev/ttyACM*, /dev/ttyUSB*.
std::vector<std::string> ListPorts();

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_SAMPLE_SOURCE_H_
