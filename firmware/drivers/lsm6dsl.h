// An LSM6DSL: accelerometer and gyroscope with a queue of its own.
#ifndef THIMBLE_FIRMWARE_DRIVERS_LSM6DSL_H_
#define THIMBLE_FIRMWARE_DRIVERS_LSM6DSL_H_

#include <array>
#include <cstdint>
#include <span>

#include "base/status.h"
#include "firmware/drivers/stm32f4/i2c.h"

namespace thimble::firmware {

/// Source: ST DocID028475 (data sheet) and AN5040.
class Lsm6dsl {
 public:
  static constexpr uint8_t kAddress = 0x6a;

  /// One reading as its registers hold it.
  struct Sample {
    std::array<int16_t, 3> turn_rate;     ///< 70 mdps each at ±2,000 dps
    std::array<int16_t, 3> acceleration;  ///< 0.061 mg each at ±2 g
  };

  static constexpr int kWordsPerSample = 6, kQueueWords = 2048;
  static constexpr float kMilligPerCount = 0.061F, kMilliDegreesPerSecondPerCount = 70;

  enum class Rate : uint8_t { k26Hz = 2, k52Hz = 3, k104Hz = 4, k208Hz = 5, k416Hz = 6 };

  explicit Lsm6dsl(stm32f4::I2cBus& bus) : bus_(bus) {}

  /// Resets it, and starts both sensors at ±2 g and ±2,000 dps. kNotFound: no such sensor answers.
  Status SetUp(Rate rate);

  /// The newest reading, or kNotYet when it was given already.
  Status Read(Sample& sample);

  /// Everything goes into its queue of 2,048 words (341 readings) from now on.
  Status StartQueue(Rate rate);

  /// What the queue holds.
  struct Level {
    uint32_t words = 0;
    uint32_t next_word = 0;  ///< which word of a reading comes next: a queue that ran over may begin within one
    bool ran_over = false;   ///< it was full in the meantime: readings are missing before these
  };
  Status ReadLevel(Level& level);

  /// The oldest readings of a queue that holds `level`, as many as that says and `samples` takes; `count` says how many
  /// came.
  Status ReadQueue(const Level& level, std::span<Sample> samples, size_t& count);

  /// The oldest readings of the queue, as many as there are and `samples` holds; `count` says how many came.
  /// kDataLoss: the queue was full in the meantime, and readings are missing before these.
  Status ReadQueue(std::span<Sample> samples, size_t& count);

 private:
  Status WriteRegister(uint8_t address, uint8_t value);
  Status ReadRegister(uint8_t address, uint8_t& value);

  stm32f4::I2cBus& bus_;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_DRIVERS_LSM6DSL_H_
