// A program for a microcontroller as a file holds it: what goes where, and what its functions are called.
#ifndef THIMBLE_SIMULATOR_PROGRAM_H_
#define THIMBLE_SIMULATOR_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "firmware/board.h"

namespace thimble::simulator {

struct Program {
  /// Bytes that lie at an address before the program runs (its load address).
  struct Segment {
    uint32_t address = 0;
    std::vector<std::byte> bytes;
  };
  struct Function {
    uint32_t address = 0;  ///< bit 0 clear
    uint32_t bytes = 0;    ///< 0: not known, so up to the next one
    std::string name;
  };

  std::vector<Segment> segments;    ///< by address
  std::vector<Function> functions;  ///< by address; empty for a .bin or a stripped ELF
  uint32_t flash_bytes = 0;         ///< of the board's flash, up to the last byte that it takes
  uint32_t ram_bytes = 0;           ///< of the board's RAM likewise, variables without a value included

  /// Of the vector table: where the program's bytes in the board's flash begin.
  uint32_t VectorTable() const { return segments.empty() ? 0 : segments.front().address; }

  /// "Main+0x12", or "" where no function is known.
  std::string NameOf(uint32_t address) const;
};

/// Reads an ELF, or a raw image (any other file; it belongs at the beginning of the board's flash).
///
///   kNotFound          no such file
///   kDataLoss          an ELF that is cut short or not for a 32-bit little-endian Arm; a raw image without vectors
///   kInvalidArgument   no program for this board: it lies outside of its flash or starts outside of it
Expected<Program> LoadProgram(const std::filesystem::path& file, const firmware::Board& board);

/// The bytes from the first to the last that the program has in flash: what a .bin is.
std::vector<std::byte> RawImage(const Program& program, const firmware::Board& board);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_PROGRAM_H_
