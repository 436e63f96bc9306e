// A virtual board by its name, whoever plays it.
#ifndef THIMBLE_SIMULATOR_START_BOARD_H_
#define THIMBLE_SIMULATOR_START_BOARD_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "simulator/board_link.h"

namespace thimble::simulator {

struct BoardStart {
  std::filesystem::path elf;  ///< built for that board
  std::string board = "mps2_an386";
  std::optional<std::filesystem::path> model = std::nullopt;  ///< for the model runner
};

/// Starts it in QEMU, or, an AZ3166, in this process. Errors as Qemu::Start's and KitLink::Start's.
Expected<std::unique_ptr<BoardLink>> StartBoard(const BoardStart& start);

/// All boards that StartBoard can start.
std::vector<std::string> VirtualBoards();

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_START_BOARD_H_
