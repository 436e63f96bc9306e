// Where the model runner expects its model, for the runner and for the host that places it there.
#ifndef THIMBLE_FIRMWARE_MODEL_RUNNER_MEMORY_H_
#define THIMBLE_FIRMWARE_MODEL_RUNNER_MEMORY_H_

#include <cstdint>

#include "firmware/board.h"

namespace thimble::firmware {

/// At the beginning of the board's extra memory: the length of the model, 32 bits little endian …
constexpr uint32_t ModelLengthAddress(const Board& board) { return board.extra.base; }
/// … and the model itself, aligned as the runtime needs it.
constexpr uint32_t ModelAddress(const Board& board) { return board.extra.base + 16; }
constexpr uint32_t ModelRoomBytes(const Board& board) { return board.extra.bytes - 16; }

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_MODEL_RUNNER_MEMORY_H_
