// Facts of the BBC micro:bit of the first generation (nRF51822), as qemu-system-arm -M microbit has it.
#ifndef THIMBLE_FIRMWARE_BOARDS_MICROBIT_BOARD_H_
#define THIMBLE_FIRMWARE_BOARDS_MICROBIT_BOARD_H_

#include "firmware/board.h"

namespace thimble::firmware {

/// Source: nRF51 Series Reference Manual 3.0; nRF51822-QFAA.
inline constexpr Board kMicrobit = {
    .name = "microbit",
    .core = "cortex-m0",
    .compiler_flags = "-mcpu=cortex-m0 -mthumb -mfloat-abi=soft",
    .qemu_machine = "microbit",
    .clock_hz = 16'000'000,
    .flash = {0x0000'0000, 256 * 1024},
    .ram = {0x2000'0000, 16 * 1024},
    .extra = {},
    .tick_hz = 8'000'000,
    // With -icount shift=0 QEMU lets 1 ns pass with each instruction, so a tick of the 8 MHz timer is 125 of them.
    .instructions_per_tick = 125,
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_BOARDS_MICROBIT_BOARD_H_
