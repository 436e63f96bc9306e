// What hangs on an I2C bus, as the bus sees it.
#ifndef THIMBLE_SIMULATOR_STM32F412_I2C_DEVICE_H_
#define THIMBLE_SIMULATOR_STM32F412_I2C_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "simulator/stm32f412/state_bytes.h"

namespace thimble::simulator {

class I2cDevice {
 public:
  virtual ~I2cDevice() = default;

  virtual std::string_view Name() const = 0;
  /// Seven bits.
  virtual uint8_t Address() const = 0;
  /// Values after the device got power.
  virtual void PowerOn() = 0;

  /// Its address came after a start or a repeated start. False: it does not acknowledge.
  virtual bool Start(bool reads) = 0;
  /// A byte from the bus's master. False: not acknowledged.
  virtual bool Write(uint8_t byte) = 0;
  /// The next byte to the master.
  virtual uint8_t Read() = 0;
  virtual void StopCondition() {}

  /// All that it remembers, trivially copyable.
  virtual std::span<std::byte> State() = 0;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_I2C_DEVICE_H_
