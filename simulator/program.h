// Where a linked program ends in the memory of its board.
#ifndef THIMBLE_SIMULATOR_PROGRAM_H_
#define THIMBLE_SIMULATOR_PROGRAM_H_

#include <cstdint>
#include <filesystem>

#include "base/error.h"
#include "firmware/board.h"

namespace thimble::simulator {

/// Bytes of each memory up to the last one that the program takes.
struct ProgramSize {
  uint32_t flash_bytes = 0;
  uint32_t ram_bytes = 0;
};

/// kNotFound: no such file. kDataLoss: no ELF for this kind of processor, or cut short.
Expected<ProgramSize> MeasureProgram(const std::filesystem::path& elf, const firmware::Board& board);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_PROGRAM_H_
