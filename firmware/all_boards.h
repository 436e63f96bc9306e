// Every board there is, found by the build in firmware/boards/, for the host.
#ifndef THIMBLE_FIRMWARE_ALL_BOARDS_H_
#define THIMBLE_FIRMWARE_ALL_BOARDS_H_

#include <string_view>

#include "firmware/board.h"
#include "firmware/boards/boards_headers.inc"

namespace thimble::firmware {

/// In the order of the folders' names.
inline constexpr const Board* kAllBoards[] = {
#define BOARD(type) &k##type,
#include "firmware/boards/boards.inc"
#undef BOARD
};

/// The board of that name, or null.
constexpr const Board* FindBoard(std::string_view name) {
  for (const Board* board : kAllBoards) {
    if (name == board->name) return board;
  }
  return nullptr;
}

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_ALL_BOARDS_H_
