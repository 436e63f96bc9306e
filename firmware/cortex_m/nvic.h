// The interrupt controller of every Cortex-M. Interrupts are never taken here: an enabled one only ends a sleep.
#ifndef THIMBLE_FIRMWARE_CORTEX_M_NVIC_H_
#define THIMBLE_FIRMWARE_CORTEX_M_NVIC_H_

#include <cstdint>

namespace thimble::firmware {

/// One of the controller's registers with a bit for each interrupt: Armv7-M Architecture Reference Manual (DDI0403),
/// section B3.4; the others have them in the same place.
inline volatile uint32_t& NvicRegister(uint32_t first, uint32_t interrupt) {
  return *reinterpret_cast<volatile uint32_t*>(first + interrupt / 32 * 4);
}

inline void EnableInterrupt(uint32_t interrupt) { NvicRegister(0xe000'e100, interrupt) = 1u << interrupt % 32; }
inline void ClearPendingInterrupt(uint32_t interrupt) { NvicRegister(0xe000'e280, interrupt) = 1u << interrupt % 32; }

/// Sleeps until any enabled interrupt or the tick is there, and forgets them all: whoever slept looks what has
/// happened. What still asks for attention pends again by itself.
inline void SleepOnce() {
  constexpr uint32_t kRegisters = 4;  // of 32 interrupts each: more than any board here has
  __asm volatile("wfi" ::: "memory");
  for (uint32_t i = 0; i < kRegisters; ++i) NvicRegister(0xe000'e280, 32 * i) = ~uint32_t{0};
  *reinterpret_cast<volatile uint32_t*>(0xe000'ed04) = 1 << 25;  // ICSR.PENDSTCLR
}

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_CORTEX_M_NVIC_H_
