#include "simulator/program.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace thimble::simulator {

Expected<ProgramSize> MeasureProgram(const std::filesystem::path& elf, const firmware::Board& board) {
  std::ifstream file(elf, std::ios::binary);
  if (!file) return {Status::kNotFound, elf.string() + ": no such firmware; build it first"};
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto read = [&](size_t offset, auto& value) {
    if (offset > bytes.size() || sizeof value > bytes.size() - offset) return false;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return true;
  };
  const Error damaged{Status::kDataLoss, elf.string() + ": no ELF program for Arm, or not all of it; build it again"};
  Elf32_Ehdr header;
  if (!read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_machine != EM_ARM) {
    return damaged;
  }
  ProgramSize size;
  for (size_t i = 0; i < header.e_phnum; ++i) {
    Elf32_Phdr segment;
    if (!read(header.e_phoff + i * sizeof segment, segment)) return damaged;
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_filesz > 0 && board.flash.Contains(segment.p_paddr)) {
      size.flash_bytes = std::max(size.flash_bytes, segment.p_paddr - board.flash.base + segment.p_filesz);
    }
    if (segment.p_memsz > 0 && board.ram.Contains(segment.p_vaddr)) {
      size.ram_bytes = std::max(size.ram_bytes, segment.p_vaddr - board.ram.base + segment.p_memsz);
    }
  }
  return size;
}

}  // namespace thimble::simulator
