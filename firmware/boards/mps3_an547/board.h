// Facts of the Arm MPS3 with application note 547, as qemu-system-arm -M mps3-an547 has it.
#ifndef THIMBLE_FIRMWARE_BOARDS_MPS3_AN547_BOARD_H_
#define THIMBLE_FIRMWARE_BOARDS_MPS3_AN547_BOARD_H_

#include "firmware/board.h"

namespace thimble::firmware {

/// The program runs in the Secure state, in which the processor starts, so these are the Secure addresses.
/// Source: Arm DAI0547 (memory map and clock).
inline constexpr Board kMps3An547 = {
    .name = "mps3_an547",
    .core = "cortex-m55f",
    // Vector floats would flush subnormal numbers to zero, and so give other bits than every other machine.
    .compiler_flags = "-mcpu=cortex-m55+nomve.fp -mthumb -mfloat-abi=hard",
    .qemu_machine = "mps3-an547",
    .clock_hz = 32'000'000,
    .flash = {0x0000'0000, 512 * 1024},        // instruction TCM, where this board starts
    .ram = {0x3100'0000, 4 * 1024 * 1024},     // internal SRAM 0 and 1
    .extra = {0x7000'0000, 16 * 1024 * 1024},  // the first of the DDR4 memory
    .tick_hz = 8'000'000,
    // With -icount shift=0 QEMU lets 1 ns pass with each instruction; a quarter of the 32 MHz counter is whole numbers.
    .instructions_per_tick = 125,
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_BOARDS_MPS3_AN547_BOARD_H_
