#include "simulator/program.h"

#include <cxxabi.h>
#include <elf.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/hexadecimal.h"

namespace thimble::simulator {
namespace {

// Anything larger is no program for a microcontroller, and not worth its memory here.
constexpr uintmax_t kMostBytes = 256u << 20;

std::string Where(const firmware::Memory& memory) {
  return Hexadecimal(memory.base) + " to " + Hexadecimal(memory.base + memory.bytes - 1);
}

/// A struct of the file's, or nothing if the file ends before it does.
template <typename T>
std::optional<T> At(std::span<const std::byte> file, uint64_t offset) {
  if (offset > file.size() || sizeof(T) > file.size() - offset) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::string Demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : name;
}

/// Names are for people: a table that does not hold together gives fewer of them, no error.
std::vector<Program::Function> ReadFunctions(std::span<const std::byte> file, const Elf32_Ehdr& header) {
  std::vector<Program::Function> functions;
  for (uint32_t i = 0; i < header.e_shnum; ++i) {
    const auto table = At<Elf32_Shdr>(file, uint64_t{header.e_shoff} + i * sizeof(Elf32_Shdr));
    if (!table || table->sh_type != SHT_SYMTAB) continue;
    const auto strings = At<Elf32_Shdr>(file, uint64_t{header.e_shoff} + uint64_t{table->sh_link} * sizeof(Elf32_Shdr));
    if (!strings || strings->sh_offset > file.size() || strings->sh_size > file.size() - strings->sh_offset) continue;
    const auto names = file.subspan(strings->sh_offset, strings->sh_size);
    for (uint64_t at = 0; at + sizeof(Elf32_Sym) <= table->sh_size; at += sizeof(Elf32_Sym)) {
      const auto symbol = At<Elf32_Sym>(file, table->sh_offset + at);
      if (!symbol) break;
      if (ELF32_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_name >= names.size()) continue;
      const char* name = reinterpret_cast<const char*>(names.data() + symbol->st_name);
      const size_t length = strnlen(name, names.size() - symbol->st_name);
      if (length == 0 || length == names.size() - symbol->st_name) continue;
      functions.push_back({symbol->st_value & ~1u, symbol->st_size, Demangled(name)});
    }
  }
  std::stable_sort(functions.begin(), functions.end(),
                   [](const Program::Function& a, const Program::Function& b) { return a.address < b.address; });
  return functions;
}

Expected<Program> ReadElf(const std::string& path, std::span<const std::byte> file, const firmware::Board& board) {
  const Error damaged{Status::kDataLoss, path + ": no ELF program for Arm, or not all of it; build it again"};
  const auto header = At<Elf32_Ehdr>(file, 0);
  if (!header) return damaged;
  if (header->e_ident[EI_CLASS] != ELFCLASS32 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_machine != EM_ARM) {
    return Error{Status::kDataLoss, path + ": an ELF for another kind of processor; " + board.name +
                                        " needs one for a 32-bit little-endian Arm (arm-none-eabi-gcc)"};
  }
  Program program;
  uint64_t total = 0;
  for (uint32_t i = 0; i < header->e_phnum; ++i) {
    const auto segment = At<Elf32_Phdr>(file, uint64_t{header->e_phoff} + i * sizeof(Elf32_Phdr));
    if (!segment) return damaged;
    if (segment->p_type != PT_LOAD) continue;
    if (segment->p_memsz > 0 && board.ram.Contains(segment->p_vaddr)) {
      program.ram_bytes = static_cast<uint32_t>(std::max<uint64_t>(
          program.ram_bytes, std::min<uint64_t>(~0u, uint64_t{segment->p_vaddr - board.ram.base} + segment->p_memsz)));
    }
    if (segment->p_filesz == 0) continue;
    total += segment->p_filesz;
    if (segment->p_offset > file.size() || segment->p_filesz > file.size() - segment->p_offset || total > kMostBytes) {
      return damaged;
    }
    const auto bytes = file.subspan(segment->p_offset, segment->p_filesz);
    program.segments.push_back({segment->p_paddr, {bytes.begin(), bytes.end()}});
    if (board.flash.Contains(segment->p_paddr)) {
      program.flash_bytes = static_cast<uint32_t>(std::max<uint64_t>(
          program.flash_bytes,
          std::min<uint64_t>(~0u, uint64_t{segment->p_paddr - board.flash.base} + segment->p_filesz)));
    }
  }
  if (program.segments.empty()) return Error{Status::kDataLoss, path + ": an ELF without a program (an object file?)"};
  std::stable_sort(program.segments.begin(), program.segments.end(),
                   [](const Program::Segment& a, const Program::Segment& b) { return a.address < b.address; });
  program.functions = ReadFunctions(file, *header);
  return program;
}

}  // namespace

std::string Program::NameOf(uint32_t address) const {
  auto after = std::upper_bound(functions.begin(), functions.end(), address & ~1u,
                                [](uint32_t wanted, const Function& function) { return wanted < function.address; });
  if (after == functions.begin()) return "";
  --after;
  const uint32_t offset = (address & ~1u) - after->address;
  if (after->bytes != 0 && offset >= after->bytes) return "";
  if (offset == 0) return after->name;
  char text[16];
  std::snprintf(text, sizeof text, "+0x%x", offset);
  return after->name + text;
}

Expected<Program> LoadProgram(const std::filesystem::path& path, const firmware::Board& board) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream stream(path, std::ios::binary);
  if (error || !stream) return {Status::kNotFound, path.string() + ": no such firmware; build it first"};
  if (size > kMostBytes) return {Status::kDataLoss, path.string() + ": too large for a program of a microcontroller"};
  std::vector<std::byte> file(size);
  stream.read(reinterpret_cast<char*>(file.data()), static_cast<std::streamsize>(size));
  if (static_cast<uintmax_t>(stream.gcount()) != size) {
    return {Status::kDataLoss, path.string() + ": cannot be read to its end"};
  }

  Program program;
  const bool is_elf = size >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
  if (is_elf) {
    THIMBLE_ASSIGN(program, ReadElf(path.string(), file, board));
  } else {
    program.flash_bytes = static_cast<uint32_t>(size);
    program.segments.push_back({board.flash.base, std::move(file)});
  }
  const Program::Segment& first = program.segments.front();
  for (const Program::Segment& segment : program.segments) {
    if (!board.flash.Contains(segment.address) ||
        segment.bytes.size() > board.flash.bytes - (segment.address - board.flash.base)) {
      return {Status::kInvalidArgument, path.string() + ": " + std::to_string(segment.bytes.size()) + " bytes at " +
                                            Hexadecimal(segment.address) + " do not lie in the flash of " + board.name +
                                            " (" + Where(board.flash) + "); link it for this board"};
    }
  }
  const auto stack = At<uint32_t>(first.bytes, 0), reset = At<uint32_t>(first.bytes, 4);
  const bool has_vectors = stack && reset && (*reset & 1) != 0 && board.flash.Contains(*reset) &&
                           (board.ram.Contains(*stack) || *stack == board.ram.base + board.ram.bytes);
  if (!has_vectors) {
    return {is_elf ? Status::kInvalidArgument : Status::kDataLoss,
            path.string() + ": does not begin with vectors for " + board.name +
                " (a stack in its RAM, a reset handler in its flash); is it firmware for this board?"};
  }
  return program;
}

std::vector<std::byte> RawImage(const Program& program, const firmware::Board& board) {
  std::vector<std::byte> image;
  for (const Program::Segment& segment : program.segments) {
    if (!board.flash.Contains(segment.address)) continue;
    image.resize(segment.address - board.flash.base, std::byte{0xff});
    image.insert(image.end(), segment.bytes.begin(), segment.bytes.end());
  }
  return image;
}

}  // namespace thimble::simulator
