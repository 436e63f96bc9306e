// Registers of the STM32F412 that firmware uses. Source: RM0402 (reference manual), the sections named below.
#ifndef THIMBLE_FIRMWARE_DRIVERS_STM32F4_REGISTERS_H_
#define THIMBLE_FIRMWARE_DRIVERS_STM32F4_REGISTERS_H_

#include <cstdint>

namespace thimble::firmware::stm32f4 {

/// Section 6.3: reset and clock control.
struct Rcc {
  volatile uint32_t control, pll, configuration, interrupts;
  volatile uint32_t ahb1_reset, ahb2_reset, ahb3_reset, reserved0;
  volatile uint32_t apb1_reset, apb2_reset, reserved1[2];
  volatile uint32_t ahb1_enable, ahb2_enable, ahb3_enable, reserved2;
  volatile uint32_t apb1_enable, apb2_enable, reserved3[2];
  volatile uint32_t ahb1_sleep, ahb2_sleep, ahb3_sleep, reserved4;
  volatile uint32_t apb1_sleep, apb2_sleep, reserved5[2];
  volatile uint32_t backup_domain, status;
};

/// Section 5.4: power control.
struct Pwr {
  volatile uint32_t control, status;
};

/// Section 3.8: flash interface.
struct Flash {
  volatile uint32_t access, key, option_key, status, control, option_control;
};

/// Section 7.4: general-purpose pins.
struct Gpio {
  volatile uint32_t mode, output_type, speed, pull, input, output, set_reset, lock, alternate[2];
};

/// Section 24.6: serial lines.
struct Usart {
  volatile uint32_t status, data, baud, control1, control2, control3, guard;
};

/// Section 23.6: I2C.
struct I2c {
  volatile uint32_t control1, control2, own1, own2, data, status1, status2, clock, rise_time, filter;
};

/// Section 17.4: general-purpose timers.
struct Timer {
  volatile uint32_t control1, control2, slave, interrupts, status, event, mode[2], enable, count, prescaler, reload;
  volatile uint32_t reserved0;
  volatile uint32_t compare[4];
};

/// Section 9.5: DMA.
struct DmaStream {
  volatile uint32_t control, count, peripheral, memory[2], fifo;
};
struct Dma {
  volatile uint32_t status_low, status_high, clear_low, clear_high;
  DmaStream streams[8];
};

/// Section 20.4: independent watchdog.
struct Watchdog {
  volatile uint32_t key, prescaler, reload, status;
};

inline Rcc& rcc() { return *reinterpret_cast<Rcc*>(0x4002'3800); }
inline Pwr& pwr() { return *reinterpret_cast<Pwr*>(0x4000'7000); }
inline Flash& flash() { return *reinterpret_cast<Flash*>(0x4002'3c00); }
/// 0 is port A.
inline Gpio& gpio(int port) { return *reinterpret_cast<Gpio*>(0x4002'0000 + 0x400 * static_cast<uint32_t>(port)); }
inline Usart& usart6() { return *reinterpret_cast<Usart*>(0x4001'1400); }
inline constexpr uint32_t kI2c1Address = 0x4000'5400;
/// 2 to 5.
inline Timer& timer(int number) {
  return *reinterpret_cast<Timer*>(0x4000'0000 + 0x400 * static_cast<uint32_t>(number - 2));
}
inline Dma& dma2() { return *reinterpret_cast<Dma*>(0x4002'6400); }
inline Watchdog& watchdog() { return *reinterpret_cast<Watchdog*>(0x4000'3000); }

/// Section 33.1: 96 bits that no other device has.
inline constexpr uint32_t kUniqueIdAddress = 0x1fff'7a10;

/// Asks `done` until it holds, `most` times at the most, so that hardware which does not answer is an error and no
/// hang.
template <typename Condition>
bool WaitFor(Condition done, uint32_t most) {
  for (uint32_t i = 0; i < most; ++i) {
    if (done()) return true;
  }
  return false;
}

}  // namespace thimble::firmware::stm32f4

#endif  // THIMBLE_FIRMWARE_DRIVERS_STM32F4_REGISTERS_H_
