// What moves a virtual board: a recording, a hand, nobody, or somebody on a socket.
#ifndef THIMBLE_SIMULATOR_AZ3166_MOTION_SOURCE_H_
#define THIMBLE_SIMULATOR_AZ3166_MOTION_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"
#include "simulator/hand.h"

namespace thimble::simulator {

class MotionSource {
 public:
  struct Motion {
    double acceleration_g[3] = {0, 0, 1};  ///< what an accelerometer feels: at rest 1 g upwards
    double turn_rate_dps[3] = {0, 0, 0};
  };

  virtual ~MotionSource() = default;

  /// At that time since the board got power. The same time, the same motion, in whatever order times are asked for; but
  /// for a live source, which tells what was sent last.
  virtual Motion At(uint64_t ns) = 0;

  /// Between the readings that it is made of; 0: it knows every moment. A sensor's filter averages what comes faster
  /// than its own bandwidth, and a sensor that reads as often as the source was read takes ReadingAt.
  virtual uint64_t IntervalNs() const { return 0; }

  /// The newest of those readings, as it is.
  virtual Motion ReadingAt(uint64_t ns) { return At(ns); }

  /// A real or simulated sensor's noise is in it already.
  virtual bool HasNoise() const { return false; }

  /// One sentence: what moves, for people.
  virtual std::string Description() const = 0;

  /// What a person should know about it by now: notices of the file's reader, lines that could not be read.
  virtual std::vector<std::string> Notices() const { return {}; }
};

/// Flat on a table, OLED up.
std::unique_ptr<MotionSource> Still();

struct RecordingOptions {
  bool hold = false;  ///< until the next reading, instead of a straight line to it
  bool once = false;  ///< the last reading stays, instead of beginning anew
};

/// Three axes of acceleration, or six with turn rates: told apart by their names (accX, gyrY, ax, gz, …), else by their
/// order. Units as the recording says: m/s2, g or mg; rad/s, deg/s (dps) or mdps. When it does not say, its gravity
/// does, with a notice: about 1 is g and deg/s, 9.8 m/s2 and rad/s, 1000 mg and mdps, 16393 the registers of an LSM6DSL
/// at ±2 g and ±2,000 °/s.
///
///   kInvalidArgument   no readings, other axes, or units of no motion
Expected<std::unique_ptr<MotionSource>> Replay(const dataset::Recording& recording,
                                               const RecordingOptions& options = {});

/// The hand model of simulator/hand.h: ten minutes of one gesture, then again. `person` and `take` from 0.
std::unique_ptr<MotionSource> Gesturing(Gesture gesture, int person, int take, uint64_t seed);

/// Listens on that TCP port of this machine (0: any free one, see Description): lines of six (or three) numbers
/// ax,ay,az,gx,gy,gz in mg and mdps. The newest line holds; before the first, the board lies still. Lines that are
/// anything else are counted in Notices. Not part of a board's state.
///
///   kFailed            the port is taken
Expected<std::unique_ptr<MotionSource>> ListenForMotion(uint16_t port);

/// What the command line says:
///
///   still
///   hand:wave[:person[:take[:seed]]]        counted from 1; idle, updown, wave, snake or circle
///   tcp:PORT
///   FILE[,hold][,once]                      anything that dataset/reader.h reads
Expected<std::unique_ptr<MotionSource>> ParseMotion(const std::string& spec);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_MOTION_SOURCE_H_
