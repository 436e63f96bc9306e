// The STM32F4's independent watchdog: resets the board when the program does not come by often enough.
#ifndef THIMBLE_FIRMWARE_DRIVERS_STM32F4_WATCHDOG_H_
#define THIMBLE_FIRMWARE_DRIVERS_STM32F4_WATCHDOG_H_

#include <cstdint>

#include "firmware/drivers/stm32f4/registers.h"

namespace thimble::firmware::stm32f4 {

/// RM0402, section 21.3. From now on until the next reset: there is no way to stop it. `timeout_ms`: 1 to 32,000, by an
/// oscillator of 32 kHz that is up to a third off.
inline void StartWatchdog(uint32_t timeout_ms) {
  constexpr uint32_t kStart = 0xcccc, kUnlock = 0x5555, kFeed = 0xaaaa, kMostTicks = 4096;
  // 32 kHz by 4 is 8 ticks a millisecond; each further step halves that.
  uint32_t prescaler = 0, ticks = timeout_ms * 8;
  while (ticks > kMostTicks && prescaler < 6) {
    ticks /= 2;
    ++prescaler;
  }
  watchdog().key = kStart;
  watchdog().key = kUnlock;
  watchdog().prescaler = prescaler;
  watchdog().reload = (ticks < kMostTicks ? ticks : kMostTicks) - 1;
  WaitFor([] { return watchdog().status == 0; }, 100'000);
  watchdog().key = kFeed;
}

inline void FeedWatchdog() { watchdog().key = 0xaaaa; }

}  // namespace thimble::firmware::stm32f4

#endif  // THIMBLE_FIRMWARE_DRIVERS_STM32F4_WATCHDOG_H_
