// A hand that holds a motion sensor: recordings for those who have no board, and a signal for virtual ones.
#ifndef THIMBLE_SIMULATOR_HAND_H_
#define THIMBLE_SIMULATOR_HAND_H_

#include <array>
#include <cstdint>

#include "base/random.h"
#include "dataset/recording.h"

namespace thimble::simulator {

enum class Gesture : uint8_t { kIdle, kUpDown, kWave, kSnake, kCircle };
inline constexpr int kGestureCount = 5;

/// "idle", "updown", "wave", "snake", "circle".
const char* GestureName(Gesture gesture);

/// One reading as the output registers of an LSM6DSL hold it: accelerometer at ±2 g, gyroscope at ±2,000 °/s.
struct MotionSample {
  std::array<int16_t, 3> acceleration;  ///< gravity included: +1 g upwards at rest
  std::array<int16_t, 3> turn_rate;
};

// Sensitivities and noise: LSM6DSL data sheet, section 4.1.
inline constexpr double kMilligPerLsb = 0.061;
inline constexpr double kMilliDegreesPerSecondPerLsb = 70;
inline constexpr double kAccelerometerNoiseMicrogPerRootHz = 90;
inline constexpr double kGyroscopeNoiseMilliDegreesPerSecondPerRootHz = 4;

/// One recording of one person's gesture, reading by reading, without end.
///
/// The hand follows a path in space (the gesture's figure with the person's tempo, size, second harmonic and
/// unsteadiness, slow sway, tremor of 8 to 12 Hz) and turns along it as a forearm does. The sensor lies in the hand as
/// that person holds it; it feels the second derivative of the path plus gravity, and the rate at which its own frame
/// turns, with bias, noise, quantisation and clipping. Same arguments, same numbers.
class HandMotion {
 public:
  /// `seed` chooses the people, `person` one of them (with a device of their own), `take` one of their recordings.
  HandMotion(uint64_t seed, int person, Gesture gesture, int take, double rate_hz = 104);

  MotionSample Next();

 private:
  using Vector = std::array<double, 3>;
  using Matrix = std::array<Vector, 3>;

  /// A smooth random movement: a sum of sines, mean 0, whose second derivative exists at any time.
  class Drift {
   public:
    Drift() = default;
    Drift(Random& random, double amplitude, double low_hz, double high_hz);
    double At(double seconds) const;

   private:
    static constexpr int kSines = 4;
    double amplitude_ = 0;
    std::array<double, kSines> omega_{};
    std::array<double, kSines> phase_{};
  };

  struct Pose {
    Vector position{};  // m; x right, y forward, z up
    Matrix frame{};     // rows: the sensor's axes in the room
  };

  Pose PoseAt(double seconds) const;

  Gesture gesture_;
  double step_s_;
  Random noise_;

  double frequency_hz_ = 0;
  double start_ = 0;  // rad
  double size_m_ = 0;
  double direction_ = 1;
  double roundness_ = 1;  // of a circle: height over width
  double slant_ = 0;      // how far this person's figure leans out of its plane
  double second_harmonic_ = 0;
  double second_phase_ = 0;
  double turning_rad_ = 0;  // how far the forearm turns with the gesture
  Drift tempo_drift_;
  Drift size_drift_;
  std::array<Drift, 3> sway_m_;
  std::array<Drift, 3> tilt_rad_;
  std::array<Drift, 3> tremor_m_;
  std::array<Drift, 3> tremor_rad_;
  Vector grip_rad_{};
  Vector acceleration_bias_g_{};
  Vector turn_bias_dps_{};
  double acceleration_noise_g_ = 0;
  double turn_noise_dps_ = 0;

  int64_t steps_ = 0;
  Pose before_;
  Pose now_;
};

struct HandOptions {
  uint64_t seed = 1;
  int people = 12;
  int recordings_per_gesture = 2;  ///< by each person
  double seconds = 10;
  double rate_hz = 104;
};

/// Recordings of every gesture by every person, six axes: accX…accZ in m/s2, gyrX…gyrZ in rad/s. Every fourth person
/// (one at least, when there are two or more) is for testing and unknown in training.
dataset::Dataset SimulateHand(const HandOptions& options = {});

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_HAND_H_
