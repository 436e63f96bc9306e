// Facts of the Arm MPS2+ with application note 385, as qemu-system-arm -M mps2-an385 has it.
#ifndef THIMBLE_FIRMWARE_BOARDS_MPS2_AN385_BOARD_H_
#define THIMBLE_FIRMWARE_BOARDS_MPS2_AN385_BOARD_H_

#include "firmware/board.h"

namespace thimble::firmware {

/// Source: Arm DAI0385 (memory map); the clock is that of the board's default set-up.
inline constexpr Board kMps2An385 = {
    .name = "mps2_an385",
    .core = "cortex-m3",
    .compiler_flags = "-mcpu=cortex-m3 -mthumb -mfloat-abi=soft",
    .qemu_machine = "mps2-an385",
    .clock_hz = 25'000'000,
    .flash = {0x0000'0000, 4 * 1024 * 1024},   // ZBT SSRAM 1
    .ram = {0x2000'0000, 4 * 1024 * 1024},     // ZBT SSRAM 2 and 3
    .extra = {0x2100'0000, 16 * 1024 * 1024},  // PSRAM
    .tick_hz = 25'000'000,
    // With -icount shift=0 QEMU lets 1 ns pass with each instruction, so a tick of the 25 MHz timer is 40 of them.
    .instructions_per_tick = 40,
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_BOARDS_MPS2_AN385_BOARD_H_
