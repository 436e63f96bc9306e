// The motion sensor's readings, all of them, with what is known about their time.
#ifndef THIMBLE_FIRMWARE_BOARDS_AZ3166_QUEUE_READER_H_
#define THIMBLE_FIRMWARE_BOARDS_AZ3166_QUEUE_READER_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "firmware/boards/az3166/kit.h"
#include "firmware/drivers/lsm6dsl.h"

namespace thimble::firmware::az3166 {

/// The data rates that programs offer.
struct SensorRate {
  uint16_t hz;
  Lsm6dsl::Rate rate;
};
inline constexpr SensorRate kSensorRates[] = {{26, Lsm6dsl::Rate::k26Hz},
                                              {52, Lsm6dsl::Rate::k52Hz},
                                              {104, Lsm6dsl::Rate::k104Hz},
                                              {208, Lsm6dsl::Rate::k208Hz},
                                              {416, Lsm6dsl::Rate::k416Hz}};

/// The rate, as a ratio, that is nearest to `hz`.
constexpr const SensorRate& NearestRate(float hz) {
  const SensorRate* best = &kSensorRates[0];
  float best_ratio = 1e9F;
  for (const SensorRate& rate : kSensorRates) {
    const float high = static_cast<float>(rate.hz);
    const float ratio = high > hz ? high / hz : hz / high;
    if (ratio < best_ratio) {
      best = &rate;
      best_ratio = ratio;
    }
  }
  return *best;
}

/// Drains the sensor's queue. Losses are where the queue ran over: counted by the time that passed.
class QueueReader {
 public:
  explicit QueueReader(Lsm6dsl& sensor) : sensor_(sensor) {}

  /// Sets the sensor up and begins to count anew. Readings from before are forgotten.
  Status Start(const SensorRate& rate) {
    rate_ = &rate;
    count_ = lost_ = over_runs_ = 0;
    THIMBLE_TRY(sensor_.SetUp(rate.rate));
    THIMBLE_TRY(sensor_.StartQueue(rate.rate));
    seen_us_ = before_us_ = NowUs();
    return Status::kOk;
  }

  /// What is there now, up to the size of `samples`; often nothing. `lost_before` readings are missing before the first
  /// of them.
  Status Read(std::span<Lsm6dsl::Sample> samples, size_t& count, uint32_t& lost_before) {
    count = 0;
    lost_before = 0;
    const uint64_t asked_us = NowUs();
    Lsm6dsl::Level level;
    THIMBLE_TRY(sensor_.ReadLevel(level));
    const uint64_t now_us = NowUs();
    THIMBLE_TRY(sensor_.ReadQueue(level, samples, count));
    // What was left behind last time is older than that; the newest one is not, if all of it came.
    const uint32_t there = level.words / Lsm6dsl::kWordsPerSample;
    if (level.ran_over) {
      const auto made = static_cast<uint32_t>((now_us - before_us_) * rate_->hz / 1'000'000) + left_behind_;
      lost_before = made > there ? made - there : 1;
      lost_ += lost_before;
      ++over_runs_;
    }
    left_behind_ = there - static_cast<uint32_t>(count);
    if (count > 0) {
      // Each reading that stays in the queue is a period younger than the one before it.
      seen_us_ = now_us - uint64_t{left_behind_} * 1'000'000 / rate_->hz;
      age_us_ = static_cast<uint32_t>(now_us - before_us_);
    }
    before_us_ = asked_us;
    count_ += static_cast<uint32_t>(count) + lost_before;
    return Status::kOk;
  }

  const SensorRate& rate() const { return *rate_; }
  uint32_t count() const { return count_; }  ///< readings since Start, the lost ones too
  uint32_t lost() const { return lost_; }
  uint32_t over_runs() const { return over_runs_; }
  uint64_t seen_us() const { return seen_us_; }  ///< when the last reading was seen to be there
  uint32_t age_us() const { return age_us_; }    ///< it was made at most so long before

 private:
  Lsm6dsl& sensor_;
  const SensorRate* rate_ = &kSensorRates[2];
  uint32_t count_ = 0, lost_ = 0, over_runs_ = 0, left_behind_ = 0, age_us_ = 0;
  uint64_t seen_us_ = 0, before_us_ = 0;
};

}  // namespace thimble::firmware::az3166

#endif  // THIMBLE_FIRMWARE_BOARDS_AZ3166_QUEUE_READER_H_
