// The STM32F412's clock tree.
#ifndef THIMBLE_FIRMWARE_DRIVERS_STM32F4_CLOCK_H_
#define THIMBLE_FIRMWARE_DRIVERS_STM32F4_CLOCK_H_

#include <cstdint>

namespace thimble::firmware::stm32f4 {

inline constexpr uint32_t kInternalHz = 16'000'000;  ///< what runs after a reset

/// Takes the processor from the internal 16 MHz to 96 MHz by way of a crystal of 26 MHz, as the AZ3166 has it: AHB and
/// APB2 at 96 MHz, APB1 at 48 MHz, three wait states, flash caches on. Gives the frequency that the processor has in
/// the end: when the crystal or the PLL does not start, 16 MHz, on which everything works, only slower.
uint32_t SetUpClock();

/// APB2's frequency when the processor has `core_hz`; APB1 has half of it at 96 MHz, the same at 16 MHz.
constexpr uint32_t Apb2Hz(uint32_t core_hz) { return core_hz; }
constexpr uint32_t Apb1Hz(uint32_t core_hz) { return core_hz > 50'000'000 ? core_hz / 2 : core_hz; }

}  // namespace thimble::firmware::stm32f4

#endif  // THIMBLE_FIRMWARE_DRIVERS_STM32F4_CLOCK_H_
