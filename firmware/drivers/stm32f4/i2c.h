// An I2C bus of an STM32F4 as its only master.
#ifndef THIMBLE_FIRMWARE_DRIVERS_STM32F4_I2C_H_
#define THIMBLE_FIRMWARE_DRIVERS_STM32F4_I2C_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"
#include "firmware/drivers/stm32f4/registers.h"

namespace thimble::firmware::stm32f4 {

/// RM0402, section 23.3.3: master transmitter and receiver, by asking, 400 kHz. Nothing waits for ever: a device that
/// does not acknowledge gives kNotFound, a bus that does not move kDeviceFailed, and the next transfer begins with a
/// bus that was reset.
class I2cBus {
 public:
  /// `address`: of its registers. constexpr, since nothing runs before Main that could construct it.
  explicit constexpr I2cBus(uint32_t address) : address_(address) {}

  /// Its clock is enabled, its pins set up, and SysTick runs. `apb1_hz`: 10 MHz to 50 MHz, in whole MHz.
  void SetUp(uint32_t apb1_hz);

  /// `address`: seven bits.
  Status Write(uint8_t address, std::span<const std::byte> bytes);
  /// Two parts without a copy: a control or register byte, then bytes.
  Status Write(uint8_t address, std::byte first, std::span<const std::byte> bytes);
  /// Writes `first_register`, then reads after a repeated start.
  Status Read(uint8_t address, uint8_t first_register, std::span<std::byte> bytes);

 private:
  bool WaitStatus(uint32_t bit);
  Status Start(uint8_t address, bool reads);
  Status Send(std::byte byte);
  Status Receive(std::span<std::byte> bytes);
  Status End(Status status);

  I2c& Registers() const { return *reinterpret_cast<I2c*>(address_); }

  uint32_t address_;
  uint32_t apb1_hz_ = 0;
};

}  // namespace thimble::firmware::stm32f4

#endif  // THIMBLE_FIRMWARE_DRIVERS_STM32F4_I2C_H_
