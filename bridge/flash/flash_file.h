// What a virtual kit keeps without power, in a file: its flash and the serial flash beside it.
#ifndef THIMBLE_BRIDGE_FLASH_FLASH_FILE_H_
#define THIMBLE_BRIDGE_FLASH_FLASH_FILE_H_

#include <cstddef>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "simulator/az3166/kit.h"
#include "simulator/program.h"

namespace thimble::bridge {

/// 16 bytes ("THMBLFLASH", two zeros, version 1 as u32), 1 MiB of flash, 2 MiB of serial flash, CRC-32 of all of that;
/// little endian. Anything that was never written is 0xff.
struct FlashFile {
  std::vector<std::byte> flash;     ///< kFlashBytes
  std::vector<std::byte> external;  ///< kExternalBytes

  static constexpr size_t kFlashBytes = 1024 * 1024, kExternalBytes = 2 * 1024 * 1024;

  /// Erased.
  FlashFile();

  ///   kNotFound   there is no such file
  ///   kDataLoss   it is damaged, or no such file at all
  static Expected<FlashFile> Load(const std::filesystem::path& path);

  /// Whole, on the disk, or not at all.
  Outcome Save(const std::filesystem::path& path) const;

  /// From and to a kit: before it gets power, and when it has stopped.
  static FlashFile Of(simulator::Kit& kit);
  void PutInto(simulator::Kit& kit) const;

  /// As a programmer does: erases the sectors that the program lies in (up to the next, so not what is in others), then
  /// writes it.
  void Program(const simulator::Program& program);

  /// Whether the program's bytes are there, bit for bit.
  bool Holds(const simulator::Program& program) const;
};

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_FLASH_FLASH_FILE_H_
