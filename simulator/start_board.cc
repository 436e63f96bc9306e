#include "simulator/start_board.h"

#include <utility>

#include "firmware/all_boards.h"
#include "simulator/kit_link.h"
#include "simulator/qemu.h"

namespace thimble::simulator {

Expected<std::unique_ptr<BoardLink>> StartBoard(const BoardStart& start) {
  if (start.board == firmware::kAz3166.name) {
    THIMBLE_ASSIGN(std::unique_ptr<KitLink> kit, KitLink::Start(start.elf, {}, start.model));
    return std::unique_ptr<BoardLink>(std::move(kit));
  }
  THIMBLE_ASSIGN(std::unique_ptr<Qemu> qemu,
                 Qemu::Start({.elf = start.elf, .board = start.board, .model = start.model}));
  return std::unique_ptr<BoardLink>(std::move(qemu));
}

std::vector<std::string> VirtualBoards() {
  std::vector<std::string> names = {firmware::kAz3166.name};
  for (const firmware::Board* board : firmware::kAllBoards) {
    if (*board->qemu_machine != '\0') names.emplace_back(board->name);
  }
  return names;
}

}  // namespace thimble::simulator
