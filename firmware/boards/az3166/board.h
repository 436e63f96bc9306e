// Facts of the MXChip AZ3166 IoT DevKit (STM32F412RG).
#ifndef THIMBLE_FIRMWARE_BOARDS_AZ3166_BOARD_H_
#define THIMBLE_FIRMWARE_BOARDS_AZ3166_BOARD_H_

#include "firmware/board.h"

namespace thimble::firmware {

/// Source: STM32F412xE/G data sheet; the first 48 KiB of flash hold the board's boot loader.
inline constexpr Board kAz3166 = {
    .name = "az3166",
    .core = "cortex-m4f",
    .compiler_flags = "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
    .qemu_machine = "",
    .clock_hz = 96'000'000,
    .flash = {0x0800'C000, (1024 - 48) * 1024},
    .ram = {0x2000'0000, 256 * 1024},
    .extra = {},
    .tick_hz = 96'000'000,  // the cycle counter of the DWT
    .instructions_per_tick = 0,
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_BOARDS_AZ3166_BOARD_H_
