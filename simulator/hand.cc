#include "simulator/hand.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>

namespace thimble::simulator {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kDegree = std::numbers::pi / 180;
constexpr double kGravity = 9.80665;  // m/s2

// The path is followed in finer steps than the sensor reads and averaged, as the sensor's own filter does.
constexpr int kStepsPerSample = 4;

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

double Dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Matrix Product(const Matrix& a, const Matrix& b) {
  Matrix product{};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) product[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
  }
  return product;
}

/// Coordinates in a frame that was turned by `angle` about axis 0, 1 or 2.
Matrix TurnedFrame(size_t axis, double angle) {
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const size_t next = (axis + 1) % 3;
  const size_t last = (axis + 2) % 3;
  Matrix frame{};
  frame[axis][axis] = 1;
  frame[next][next] = c;
  frame[next][last] = s;
  frame[last][next] = -s;
  frame[last][last] = c;
  return frame;
}

/// First about the vertical (yaw, [2]), then pitch about x ([0]), then roll about y ([1]), as an arm's joints turn.
Matrix FrameOf(const Vector& angles) {
  return Product(TurnedFrame(1, angles[1]), Product(TurnedFrame(0, angles[0]), TurnedFrame(2, angles[2])));
}

int16_t Register(double value, double per_lsb) {
  return static_cast<int16_t>(std::clamp(std::round(value / per_lsb), -32768.0, 32767.0));
}

/// One stream of random numbers for each (seed, purpose, index).
Random Stream(uint64_t seed, uint64_t purpose, uint64_t index) {
  return Random(Random(Random(seed).Next() ^ (purpose * 0x100000001b3)).Next() + index);
}

/// How people do a gesture: ranges that persons are drawn from. Sizes are of the hand's way from the middle.
struct Habits {
  double low_hz, high_hz;
  double low_m, high_m;
  double low_turn_rad, high_turn_rad;
};

constexpr Habits kHabits[kGestureCount] = {
    {0.25, 0.8, 0.002, 0.02, 0.01, 0.08},  // idle: shifting a little in the chair
    {0.7, 1.9, 0.04, 0.12, 0.10, 0.45},    // updown
    {0.8, 2.1, 0.04, 0.11, 0.15, 0.60},    // wave
    {0.7, 1.8, 0.04, 0.12, 0.12, 0.50},    // snake
    {0.8, 1.8, 0.05, 0.12, 0.08, 0.40},    // circle
};

}  // namespace

const char* GestureName(Gesture gesture) {
  constexpr const char* kNames[kGestureCount] = {"idle", "updown", "wave", "snake", "circle"};
  return kNames[static_cast<size_t>(gesture)];
}

HandMotion::Drift::Drift(Random& random, double amplitude, double low_hz, double high_hz)
    : amplitude_(amplitude / std::sqrt(kSines / 2.0)) {
  for (int i = 0; i < kSines; ++i) {
    omega_[static_cast<size_t>(i)] = kTurn * random.Between(low_hz, high_hz);
    phase_[static_cast<size_t>(i)] = random.Between(0, kTurn);
  }
}

double HandMotion::Drift::At(double seconds) const {
  double sum = 0;
  for (size_t i = 0; i < kSines; ++i) sum += std::sin(omega_[i] * seconds + phase_[i]);
  return amplitude_ * sum;
}

HandMotion::HandMotion(uint64_t seed, int person, Gesture gesture, int take, double rate_hz)
    : gesture_(gesture), step_s_(1 / (rate_hz * kStepsPerSample)), noise_(0) {
  const auto gesture_number = static_cast<uint64_t>(gesture);
  const auto person_number = static_cast<uint64_t>(person);
  const Habits& habits = kHabits[gesture_number];

  // What stays the same in all of a person's recordings: temperament, tremor, grip, device.
  Random body = Stream(seed, 1, person_number);
  const double tempo = body.Between(0, 1);
  const double vigour = body.Between(0, 1);
  const double tremor_hz = body.Between(8, 12);
  const double tremor_g = body.Between(0.004, 0.03);
  second_harmonic_ = body.Between(0.05, 0.25);
  second_phase_ = body.Between(0, kTurn);
  for (double& angle : grip_rad_) angle = body.Between(-22, 22) * kDegree;
  for (double& bias : acceleration_bias_g_) bias = 0.02 * body.Normal();
  for (double& bias : turn_bias_dps_) bias = 1.5 * body.Normal();

  // What stays the same when that person repeats this gesture.
  Random habit = Stream(seed, 2 + gesture_number, person_number);
  const double roundness = habit.Between(0.5, 1);
  slant_ = habit.Between(-0.3, 0.3);
  const double turning = habit.Between(habits.low_turn_rad, habits.high_turn_rad);

  // What differs from take to take.
  Random once = Stream(seed, 2 + kGestureCount + gesture_number, person_number * 65536 + static_cast<uint64_t>(take));
  const auto within = [](double low, double high, double share) { return low + (high - low) * share; };
  frequency_hz_ = within(habits.low_hz, habits.high_hz, tempo) * once.Between(0.88, 1.12);
  size_m_ = within(habits.low_m, habits.high_m, vigour) * once.Between(0.8, 1.2);
  // Nobody moves both widely and fast: the faster, the smaller.
  size_m_ *= std::sqrt(within(habits.low_hz, habits.high_hz, 0.5) / frequency_hz_);
  turning_rad_ = turning * once.Between(0.8, 1.2);
  roundness_ = roundness * once.Between(0.9, 1.1);
  direction_ = once.Chance(0.5) ? 1 : -1;
  start_ = once.Between(0, kTurn);
  tempo_drift_ = Drift(once, once.Between(0.15, 0.5), 0.05, 0.4);
  size_drift_ = Drift(once, once.Between(0.08, 0.2), 0.05, 0.5);
  for (size_t i = 0; i < 3; ++i) {
    grip_rad_[i] += 5 * kDegree * once.Normal();
    sway_m_[i] = Drift(once, once.Between(0.002, 0.012), 0.1, 0.6);
    tilt_rad_[i] = Drift(once, once.Between(1, 5) * kDegree, 0.05, 0.4);
    const double tremor_omega = kTurn * tremor_hz;
    const double tremor_m = tremor_g * kGravity / (tremor_omega * tremor_omega) * once.Between(0.6, 1.4);
    tremor_m_[i] = Drift(once, tremor_m, tremor_hz - 0.8, tremor_hz + 0.8);
    // The hand shakes about a wrist some 10 cm away.
    tremor_rad_[i] = Drift(once, tremor_m / 0.1, tremor_hz - 0.8, tremor_hz + 0.8);
  }
  // White noise up to half the rate is what one reading carries.
  const double root_bandwidth = std::sqrt(rate_hz / 2);
  acceleration_noise_g_ = kAccelerometerNoiseMicrogPerRootHz * 1e-6 * root_bandwidth;
  turn_noise_dps_ = kGyroscopeNoiseMilliDegreesPerSecondPerRootHz * 1e-3 * root_bandwidth;
  noise_ = Random(once.Next());

  before_ = PoseAt(-step_s_);
  now_ = PoseAt(0);
}

HandMotion::Pose HandMotion::PoseAt(double seconds) const {
  const double phase = direction_ * (kTurn * frequency_hz_ * seconds + start_ + tempo_drift_.At(seconds));
  const double size = size_m_ * (1 + size_drift_.At(seconds));
  const double swing = std::sin(phase) + second_harmonic_ * std::sin(2 * phase + second_phase_);
  const double across = std::cos(phase) + second_harmonic_ * std::cos(2 * phase + second_phase_);

  Vector position{};
  Vector angles{};
  switch (gesture_) {
    case Gesture::kIdle:
      position = {size * swing, 0.5 * size * across, 0};
      angles = {turning_rad_ * swing, turning_rad_ * across, 0};
      break;
    case Gesture::kUpDown:  // about the elbow: what goes up also comes back and tips up
      position = {slant_ * size * across, 0.25 * size * across, size * swing};
      angles = {turning_rad_ * swing, 0.5 * slant_ * turning_rad_ * across, 0.3 * slant_ * turning_rad_ * across};
      break;
    case Gesture::kWave:  // the forearm swings like a pendulum upside down and rolls with it
      position = {size * swing, 0.2 * size * across, -0.2 * size * std::cos(2 * phase) + slant_ * size * across};
      angles = {0.2 * turning_rad_ * across, turning_rad_ * swing, slant_ * turning_rad_ * swing};
      break;
    case Gesture::kSnake:  // to and fro along a winding line, pointing where it goes
      position = {size * swing, 1.5 * size * std::sin(phase / 4), 0.3 * slant_ * size * across};
      angles = {0.2 * slant_ * turning_rad_ * across, slant_ * turning_rad_ * swing, -turning_rad_ * across};
      break;
    case Gesture::kCircle:  // upright, in front of the body
      position = {size * across, slant_ * size * swing, roundness_ * size * swing};
      angles = {turning_rad_ * swing, turning_rad_ * across, slant_ * turning_rad_ * across};
      break;
  }
  for (size_t i = 0; i < 3; ++i) {
    position[i] += sway_m_[i].At(seconds) + tremor_m_[i].At(seconds);
    angles[i] += tilt_rad_[i].At(seconds) + tremor_rad_[i].At(seconds);
  }
  return {position, Product(FrameOf(grip_rad_), FrameOf(angles))};
}

MotionSample HandMotion::Next() {
  Vector acceleration{};
  Vector turn_rate{};
  for (int step = 0; step < kStepsPerSample; ++step) {
    const Pose after = PoseAt(static_cast<double>(++steps_) * step_s_);
    Vector felt{};
    for (size_t i = 0; i < 3; ++i) {
      felt[i] = (after.position[i] - 2 * now_.position[i] + before_.position[i]) / (step_s_ * step_s_);
    }
    felt[2] += kGravity;
    for (size_t i = 0; i < 3; ++i) {
      acceleration[i] += Dot(now_.frame[i], felt) / kStepsPerSample;
      // How far axis j has moved towards axis k is the turn about axis i.
      const size_t j = (i + 1) % 3;
      const size_t k = (i + 2) % 3;
      const double turned = (Dot(after.frame[j], now_.frame[k]) - Dot(after.frame[k], now_.frame[j])) / 2;
      turn_rate[i] += turned / step_s_ / kStepsPerSample;
    }
    before_ = now_;
    now_ = after;
  }
  MotionSample sample{};
  for (size_t i = 0; i < 3; ++i) {
    const double g = acceleration[i] / kGravity + acceleration_bias_g_[i] + acceleration_noise_g_ * noise_.Normal();
    const double dps = turn_rate[i] / kDegree + turn_bias_dps_[i] + turn_noise_dps_ * noise_.Normal();
    sample.acceleration[i] = Register(g, kMilligPerLsb * 1e-3);
    sample.turn_rate[i] = Register(dps, kMilliDegreesPerSecondPerLsb * 1e-3);
  }
  return sample;
}

dataset::Dataset SimulateHand(const HandOptions& options) {
  constexpr double kMetresPerSecondSquaredPerLsb = kMilligPerLsb * 1e-3 * kGravity;
  constexpr double kRadiansPerSecondPerLsb = kMilliDegreesPerSecondPerLsb * 1e-3 * kDegree;
  const auto readings = static_cast<size_t>(std::llround(options.seconds * options.rate_hz));
  const int testers = options.people < 2 ? 0 : std::max(1, options.people / 4);

  dataset::Dataset dataset;
  for (int gesture = 0; gesture < kGestureCount; ++gesture) {
    const std::string label = GestureName(static_cast<Gesture>(gesture));
    for (int person = 0; person < options.people; ++person) {
      for (int take = 0; take < options.recordings_per_gesture; ++take) {
        dataset::Recording recording;
        recording.label = label;
        recording.name = label + ".person" + std::to_string(person + 1) + "." + std::to_string(take + 1);
        recording.file = recording.name;
        recording.category =
            person < options.people - testers ? dataset::Category::kTraining : dataset::Category::kTesting;
        recording.axes = {{"accX", "m/s2"},  {"accY", "m/s2"},  {"accZ", "m/s2"},
                          {"gyrX", "rad/s"}, {"gyrY", "rad/s"}, {"gyrZ", "rad/s"}};
        recording.interval_ms = 1000 / options.rate_hz;
        recording.values.reserve(readings * recording.axes.size());
        HandMotion motion(options.seed, person, static_cast<Gesture>(gesture), take, options.rate_hz);
        for (size_t i = 0; i < readings; ++i) {
          const MotionSample sample = motion.Next();
          for (const int16_t lsb : sample.acceleration) {
            recording.values.push_back(static_cast<float>(lsb * kMetresPerSecondSquaredPerLsb));
          }
          for (const int16_t lsb : sample.turn_rate) {
            recording.values.push_back(static_cast<float>(lsb * kRadiansPerSecondPerLsb));
          }
        }
        dataset.recordings.push_back(std::move(recording));
      }
    }
  }
  dataset.notices.push_back("these recordings are simulated: " + std::to_string(options.people) +
                            " people who do not exist, of whom " + std::to_string(testers) +
                            " are only tested, hold an LSM6DSL");
  return dataset;
}

}  // namespace thimble::simulator
