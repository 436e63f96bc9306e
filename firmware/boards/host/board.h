// Facts of the machine that Thimble itself runs on: a board without limits.
#ifndef THIMBLE_FIRMWARE_BOARDS_HOST_BOARD_H_
#define THIMBLE_FIRMWARE_BOARDS_HOST_BOARD_H_

#include "firmware/board.h"

namespace thimble::firmware {

/// Sizes are all that a 32-bit number can say.
inline constexpr Board kHost = {
    .name = "host",
    .core = "",
    .compiler_flags = "",
    .qemu_machine = "",
    .clock_hz = 0,
    .flash = {0, 0xffff'ffff},
    .ram = {0, 0xffff'ffff},
    .extra = {},
    .tick_hz = 0,
    .instructions_per_tick = 0,
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_BOARDS_HOST_BOARD_H_
