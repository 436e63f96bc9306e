// Facts of the Arm MPS2+ with application note 505, as qemu-system-arm -M mps2-an505 has it.
#ifndef THIMBLE_FIRMWARE_BOARDS_MPS2_AN505_BOARD_H_
#define THIMBLE_FIRMWARE_BOARDS_MPS2_AN505_BOARD_H_

#include "firmware/board.h"

namespace thimble::firmware {

/// The program runs in the Secure state, in which the processor starts, so these are the Secure addresses.
/// Source: Arm DAI0505 (memory map and clock).
inline constexpr Board kMps2An505 = {
    .name = "mps2_an505",
    .core = "cortex-m33f",
    .compiler_flags = "-mcpu=cortex-m33 -mthumb -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
    .qemu_machine = "mps2-an505",
    .clock_hz = 20'000'000,
    .flash = {0x1000'0000, 4 * 1024 * 1024},   // SSRAM 1
    .ram = {0x3800'0000, 4 * 1024 * 1024},     // SSRAM 2 and 3
    .extra = {0x8000'0000, 16 * 1024 * 1024},  // PSRAM
    .tick_hz = 20'000'000,
    // With -icount shift=0 QEMU lets 1 ns pass with each instruction, so a tick of the 20 MHz timer is 50 of them.
    .instructions_per_tick = 50,
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_BOARDS_MPS2_AN505_BOARD_H_
