// A board by the name that somebody typed.
#ifndef THIMBLE_CLI_BOARD_NAME_H_
#define THIMBLE_CLI_BOARD_NAME_H_

#include <string>

#include "base/error.h"
#include "firmware/all_boards.h"

namespace thimble::cli {

/// kNotFound, with the names there are, for a stranger.
inline Expected<const firmware::Board*> BoardOfName(const std::string& name) {
  if (const firmware::Board* board = firmware::FindBoard(name)) return board;
  std::string names;
  for (const firmware::Board* board : firmware::kAllBoards) {
    names += (names.empty() ? "" : ", ") + std::string(board->name);
  }
  return {Status::kNotFound, name + ": no such board; there are " + names};
}

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_BOARD_NAME_H_
