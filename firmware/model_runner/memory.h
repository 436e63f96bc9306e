// Where the model runner expects its model, for the runner and for the host that places it there.
#ifndef THIMBLE_FIRMWARE_MODEL_RUNNER_MEMORY_H_
#define THIMBLE_FIRMWARE_MODEL_RUNNER_MEMORY_H_

#include <cstdint>

#include "firmware/board.h"

namespace thimble::firmware {

/// At the end of the board's extra memory; without any, at the end of its flash, behind the program. The last 16 bytes
/// begin with the model's length, 32 bits little endian …
constexpr Memory ModelMemory(const Board& board) { return board.extra.bytes != 0 ? board.extra : board.flash; }
inline constexpr uint32_t kModelTrailerBytes = 16;
constexpr uint32_t ModelTrailerAddress(const Board& board) {
  return ModelMemory(board).base + ModelMemory(board).bytes - kModelTrailerBytes;
}
/// … and the model ends before them, aligned as the runtime needs it.
constexpr uint32_t ModelAddress(const Board& board, uint32_t model_bytes) {
  return (ModelTrailerAddress(board) - model_bytes) / 16 * 16;
}

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_MODEL_RUNNER_MEMORY_H_
