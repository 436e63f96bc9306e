// A QEMU plugin that counts the cycles a Cortex-M4 would take: its pipeline as the manual describes it, memory without
// wait states.
//
// QEMU translates a program block by block. Each block is decoded once into a cost for every instruction; after that a
// visit is a counter, and what depends on the visit is counted apart: whether the block was left by a taken branch, and
// accesses that were not aligned. The program marks the regions to count with instructions that do nothing:
//
//   nop hint 0xbf80   counting begins      nop hint 0xbf90   it ends: the region has got what was counted
//
// each time for the next region, 0, 1, 2, …; hints of those numbers are reserved and run as NOP on every Armv7-M core.
//
//   qemu-system-arm -M mps2-an386 -plugin m4_cycles.so,out=FILE -kernel program.elf
//
// FILE gets a line "CYCLES INSTRUCTIONS" for each region. Source of the costs: Arm DDI0439 (Cortex-M4 Technical
// Reference Manual), sections 3.3 and 7.2.3, and for what they leave open measurements on real chips.
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The part of QEMU's plugin interface, version 1, that is used here. Debian has no package with its header.
extern "C" {
struct qemu_plugin_tb;
struct qemu_plugin_insn;
using qemu_plugin_id_t = uint64_t;
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_cb(qemu_plugin_tb*, void (*)(unsigned, void*), int flags, void* user);
void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn*, void (*)(unsigned, void*), int flags, void* user);
void qemu_plugin_register_vcpu_mem_cb(qemu_plugin_insn*, void (*)(unsigned, uint32_t, uint64_t, void*), int flags,
                                      int access, void* user);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void*), void* user);
size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb*);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb*, size_t);
const void* qemu_plugin_insn_data(const qemu_plugin_insn*);
size_t qemu_plugin_insn_size(const qemu_plugin_insn*);
uint64_t qemu_plugin_insn_vaddr(const qemu_plugin_insn*);
unsigned qemu_plugin_mem_size_shift(uint32_t info);
__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t, const void*, int, char**);
}

namespace {

constexpr int kReadsAndWrites = 3;
constexpr uint16_t kBegin = 0xbf80, kEnd = 0xbf90;

// Cycles for refilling the pipeline after a branch that is taken.
constexpr int kDirectJumpCycles = 1;
constexpr int kIndirectJumpCycles = 2;

/// What an instruction costs by itself, and what its neighbours need to know of it.
struct Timing {
  enum class Kind : uint8_t { kOther, kLoad, kIfThen, kIndirectBranch };

  Kind kind = Kind::kOther;
  int cycles = 1;
  uint16_t writes = 0;          ///< core registers that data processing writes: an address made of them waits
  uint16_t loads = 0;           ///< core registers that a load writes
  uint16_t address = 0;         ///< core registers that an address is made of
  int float_written = -1;       ///< single-precision register
  uint64_t floats_read = 0;     ///< single-precision registers
  bool follows_a_load = false;  ///< its first cycle may be hidden behind a load before it
  bool may_be_unaligned = false;
};

using Kind = Timing::Kind;

constexpr int kPc = 15, kSp = 13;

constexpr uint32_t Bits(uint32_t word, int high, int low) { return word >> low & ((2u << (high - low)) - 1); }
constexpr uint16_t Register(uint32_t number) { return static_cast<uint16_t>(1u << number); }
constexpr int Count(uint32_t list) { return __builtin_popcount(list); }

Timing DataProcessing(uint32_t destination) {
  Timing timing;
  if (destination != kPc) timing.writes = Register(destination);
  return timing;
}

Timing Nothing() { return {}; }

Timing Branch() { return {}; }

Timing IndirectBranch(int cycles = 1) {
  Timing timing;
  timing.kind = Kind::kIndirectBranch;
  timing.cycles = cycles;
  return timing;
}

Timing Load(uint32_t target, uint16_t address) {
  Timing timing;
  const bool jumps = target == kPc;
  timing.kind = jumps ? Kind::kIndirectBranch : Kind::kLoad;
  timing.cycles = jumps ? 3 : 2;
  timing.loads = Register(target);
  timing.address = address;
  timing.follows_a_load = !jumps;
  timing.may_be_unaligned = true;
  return timing;
}

/// The write buffer hides a store, but not the second register of its address.
Timing Store(uint16_t address, bool has_register_offset) {
  Timing timing;
  timing.cycles = has_register_offset ? 2 : 1;
  timing.address = address;
  timing.follows_a_load = has_register_offset;
  timing.may_be_unaligned = true;
  return timing;
}

Timing Several(uint32_t base, int count, bool jumps = false) {
  Timing timing;
  if (jumps) timing.kind = Kind::kIndirectBranch;
  timing.cycles = 1 + count;
  timing.address = Register(base);
  return timing;
}

/// A 16-bit instruction: Arm DDI0403, section A5.2.
Timing Narrow(uint16_t code) {
  const uint16_t low_base = Register(Bits(code, 5, 3));
  if (Bits(code, 15, 14) == 0) {
    if (Bits(code, 13, 13) == 0) return DataProcessing(Bits(code, 2, 0));  // shift, add, subtract
    if (Bits(code, 12, 11) == 1) return DataProcessing(kPc);               // compare
    return DataProcessing(Bits(code, 10, 8));                              // move, add, subtract of 8 bits
  }
  if (Bits(code, 15, 10) == 0b010000) {
    const uint32_t operation = Bits(code, 9, 6);
    const bool compares = operation == 8 || operation == 10 || operation == 11;
    return DataProcessing(compares ? kPc : Bits(code, 2, 0));
  }
  if (Bits(code, 15, 10) == 0b010001) {
    const uint32_t operation = Bits(code, 9, 8);
    const uint32_t destination = Bits(code, 7, 7) << 3 | Bits(code, 2, 0);
    if (operation == 1) return DataProcessing(kPc);  // compare
    if (operation == 3 || destination == kPc) return IndirectBranch();
    return DataProcessing(destination);
  }
  switch (Bits(code, 15, 12)) {
    case 0b0100:
      return Load(Bits(code, 10, 8), 0);  // a literal
    case 0b0101: {
      const uint16_t address = low_base | Register(Bits(code, 8, 6));
      return Bits(code, 11, 9) < 3 ? Store(address, true) : Load(Bits(code, 2, 0), address);
    }
    case 0b0110:
    case 0b0111:
    case 0b1000:
      return Bits(code, 11, 11) != 0 ? Load(Bits(code, 2, 0), low_base) : Store(low_base, false);
    case 0b1001:
      return Bits(code, 11, 11) != 0 ? Load(Bits(code, 10, 8), Register(kSp)) : Store(Register(kSp), false);
    case 0b1010:
      return DataProcessing(Bits(code, 10, 8));
    case 0b1100:
      return Several(Bits(code, 10, 8), Count(Bits(code, 7, 0)));
    case 0b1011:
      break;
    default:
      return Branch();
  }
  // Miscellaneous.
  const bool is_push = Bits(code, 11, 9) == 0b010, is_pop = Bits(code, 11, 9) == 0b110;
  if (Bits(code, 11, 8) == 0) return DataProcessing(kSp);
  if ((code & 0xf500) == 0xb100) return Branch();  // compare with zero and branch
  if (is_push) return Several(kSp, Count(Bits(code, 8, 0)));
  if (is_pop) return Several(kSp, Count(Bits(code, 8, 0)), Bits(code, 8, 8) != 0);
  if (Bits(code, 11, 8) == 0b1111) {
    Timing timing = Nothing();
    if (Bits(code, 3, 0) != 0) timing.kind = Kind::kIfThen;
    return timing;
  }
  if (Bits(code, 11, 8) == 0b1110) return Nothing();  // breakpoint
  return DataProcessing(Bits(code, 2, 0));
}

/// A floating-point instruction: Arm DDI0403, section A6.
Timing FloatingPoint(uint16_t first, uint16_t second) {
  Timing timing;
  const bool is_double = Bits(second, 11, 8) == 0b1011;
  const uint32_t d = Bits(second, 15, 12) << 1 | Bits(first, 6, 6);
  const uint32_t n = Bits(first, 3, 0) << 1 | Bits(second, 7, 7);
  const uint32_t m = Bits(second, 3, 0) << 1 | Bits(second, 5, 5);
  const auto read = [&](uint32_t number) { timing.floats_read |= uint64_t{1} << number; };
  if (Bits(first, 15, 9) == 0b1110110) {
    const bool loads = Bits(first, 4, 4) != 0;
    if (Bits(first, 15, 5) == 0b11101100010) {  // two core registers
      timing.cycles = 2;
      if (loads) timing.writes = Register(Bits(second, 15, 12)) | Register(Bits(first, 3, 0));
      return timing;
    }
    timing.address = Register(Bits(first, 3, 0));
    if (Bits(first, 8, 8) != 0 && Bits(first, 5, 5) == 0) {  // one
      timing.cycles = is_double ? 3 : 2;
      timing.may_be_unaligned = true;
      if (!loads) read(d);
    } else {
      timing.cycles = 1 + static_cast<int>(Bits(second, 7, 0));
    }
    return timing;
  }
  if (Bits(second, 4, 4) != 0) {  // one core register
    if (Bits(first, 4, 4) != 0 && Bits(second, 15, 12) != kPc) {
      timing.writes = Register(Bits(second, 15, 12));
      read(n);
    }
    return timing;
  }
  timing.float_written = static_cast<int>(d);
  constexpr int kDivision = 14, kMultiplyAccumulate = 3;
  switch (Bits(first, 7, 4) & 0b1011) {
    case 0b0000:
    case 0b0001:
    case 0b1001:
    case 0b1010:
      timing.cycles = kMultiplyAccumulate;
      read(d), read(n), read(m);
      break;
    case 0b0010:
    case 0b0011:
      read(n), read(m);
      break;
    case 0b1000:
      timing.cycles = kDivision;
      read(n), read(m);
      break;
    default: {
      const uint32_t operation = Bits(first, 3, 0);
      if (Bits(second, 6, 6) != 0) read(m);
      if (operation == 1 && Bits(second, 7, 6) == 3) timing.cycles = kDivision;  // square root
      if ((operation & 0b1110) == 0b0100) {                                      // compare
        read(d);
        timing.float_written = -1;
      }
    }
  }
  return timing;
}

/// A 32-bit instruction: Arm DDI0403, section A5.3.
Timing Wide(uint16_t first, uint16_t second) {
  const uint32_t group = Bits(first, 12, 11), operation = Bits(first, 10, 4), base = Bits(first, 3, 0);
  if (group != 2 && (operation & 0x40) != 0) {
    const uint32_t coprocessor = Bits(second, 11, 8);
    return coprocessor == 10 || coprocessor == 11 ? FloatingPoint(first, second) : Nothing();
  }
  const bool loads = Bits(first, 4, 4) != 0;
  if (group == 1) {
    if ((operation & 0x64) == 0) return Several(base, Count(second), loads && Bits(second, 15, 15) != 0);
    if ((operation & 0x64) != 4) return DataProcessing(Bits(second, 11, 8));
    if (Bits(first, 15, 4) == 0xe8d && Bits(second, 15, 5) == 0x780) {  // table branch
      Timing timing = IndirectBranch(4);
      timing.address = Register(base) | Register(Bits(second, 3, 0));
      return timing;
    }
    const bool is_exclusive = Bits(first, 8, 8) == 0 && Bits(first, 5, 5) == 0;
    return Several(base, is_exclusive ? 1 : 2);
  }
  if (group == 2) {
    if (Bits(second, 15, 15) == 0) return DataProcessing(Bits(second, 11, 8));
    const bool is_branch = (Bits(second, 14, 14) << 1 | Bits(second, 12, 12)) != 0 || Bits(first, 9, 7) != 7;
    if (is_branch) return Branch();
    const bool reads_special = Bits(first, 15, 5) == 0x79f;
    return reads_special ? DataProcessing(Bits(second, 11, 8)) : Nothing();
  }
  const bool is_load = (operation & 0x67) == 1 || (operation & 0x67) == 3 || (operation & 0x67) == 5;
  if ((operation & 0x71) == 0 || is_load) {
    const bool is_literal = is_load && base == kPc;
    const bool has_register_offset = !is_literal && Bits(first, 7, 7) == 0 && Bits(second, 11, 11) == 0;
    uint16_t address = is_literal ? 0 : Register(base);
    if (has_register_offset) address |= Register(Bits(second, 3, 0));
    if (!is_load) return Store(address, has_register_offset);
    const bool only_prefetches = Bits(second, 15, 12) == kPc && (operation & 0x67) != 5;
    return only_prefetches ? Nothing() : Load(Bits(second, 15, 12), address);
  }
  if ((operation & 0x70) == 0x20 || (operation & 0x78) == 0x30) return DataProcessing(Bits(second, 11, 8));
  if ((operation & 0x78) == 0x38) {  // long multiplication, and division, whose time depends on the operands
    const uint32_t kind = Bits(first, 6, 4);
    Timing timing = DataProcessing(Bits(second, 11, 8));
    if (kind == 1 || kind == 3) {
      timing.cycles = 8;
    } else {
      timing.writes |= Register(Bits(second, 15, 12));
    }
    return timing;
  }
  return Nothing();
}

/// Cycles of an instruction behind another one.
int CyclesBehind(const Timing& before, const Timing& timing) {
  int cycles = timing.cycles;
  if (timing.follows_a_load && before.kind == Kind::kLoad && (before.loads & timing.address) == 0) {
    --cycles;
  } else if ((before.writes & timing.address) != 0) {
    ++cycles;
  }
  if (before.float_written >= 0 && (timing.floats_read >> before.float_written & 1) != 0) ++cycles;
  return cycles;
}

/// A block, and how often it was visited in the region that is being counted.
struct Block {
  uint32_t begin = 0, end = 0;
  bool begins_wide_and_unaligned = false;  ///< which costs another fetch when it is jumped to
  bool ends_indirectly = false;
  uint64_t instructions = 0, cycles = 0;
};

struct Region {
  uint64_t cycles = 0, instructions = 0;
};

struct Counter {
  std::map<std::pair<uint32_t, uint32_t>, Block> blocks;  // its elements stay where they are
  const Block* before = nullptr;
  bool counts = false;
  Region now;
  std::vector<Region> regions;
  std::string file;
};

// Never destroyed: QEMU calls AtExit after this library's static objects are gone.
Counter& counter = *new Counter;

void OnBlock(unsigned, void* user) {
  const auto* block = static_cast<const Block*>(user);
  if (counter.counts) {
    counter.now.cycles += block->cycles;
    counter.now.instructions += block->instructions;
    const Block* before = counter.before;
    if (before != nullptr && before->end != block->begin) {
      counter.now.cycles += static_cast<uint64_t>(before->ends_indirectly ? kIndirectJumpCycles : kDirectJumpCycles) +
                            (block->begins_wide_and_unaligned ? 1 : 0);
    }
  }
  counter.before = block;
}

void OnBegin(unsigned, void*) {
  counter.counts = true;
  counter.before = nullptr;  // the jump out of this block still belongs to who counts
}

void OnEnd(unsigned, void*) {
  if (counter.counts) counter.regions.push_back(std::exchange(counter.now, {}));
  counter.counts = false;
}

void OnAccess(unsigned, uint32_t info, uint64_t address, void*) {
  if (!counter.counts) return;
  const unsigned shift = qemu_plugin_mem_size_shift(info);
  // A bus access for each aligned piece.
  if (shift == 1) counter.now.cycles += address & 1;
  if (shift >= 2 && (address & 3) != 0) counter.now.cycles += (address & 1) != 0 ? 2 : 1;
}

void OnTranslation(qemu_plugin_id_t, qemu_plugin_tb* translated) {
  const size_t count = qemu_plugin_tb_n_insns(translated);
  qemu_plugin_insn* last = qemu_plugin_tb_get_insn(translated, count - 1);
  const auto begin = static_cast<uint32_t>(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, 0)));
  const auto end = static_cast<uint32_t>(qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last));
  Block block = {.begin = begin, .end = end};
  Timing before;
  bool after_narrow = false;
  for (size_t i = 0; i < count; ++i) {
    qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(translated, i);
    const bool is_wide = qemu_plugin_insn_size(instruction) == 4;
    uint16_t halves[2] = {};
    std::memcpy(halves, qemu_plugin_insn_data(instruction), is_wide ? 4 : 2);
    if (!is_wide && halves[0] == kBegin) qemu_plugin_register_vcpu_insn_exec_cb(instruction, OnBegin, 0, nullptr);
    if (!is_wide && halves[0] == kEnd) qemu_plugin_register_vcpu_insn_exec_cb(instruction, OnEnd, 0, nullptr);
    const Timing timing = is_wide ? Wide(halves[0], halves[1]) : Narrow(halves[0]);
    // IT is folded into a 16-bit instruction before it.
    const bool is_folded = timing.kind == Kind::kIfThen && after_narrow;
    block.cycles += static_cast<uint64_t>(is_folded ? 0 : CyclesBehind(before, timing));
    ++block.instructions;
    if (i == 0) block.begins_wide_and_unaligned = is_wide && (begin & 2) != 0;
    if (i + 1 == count) block.ends_indirectly = timing.kind == Kind::kIndirectBranch;
    if (timing.may_be_unaligned) {
      qemu_plugin_register_vcpu_mem_cb(instruction, OnAccess, 0, kReadsAndWrites, nullptr);
    }
    after_narrow = !is_wide && timing.kind != Kind::kIfThen;
    before = timing;
  }
  Block& known = counter.blocks.try_emplace({begin, end}, block).first->second;
  qemu_plugin_register_vcpu_tb_exec_cb(translated, OnBlock, 0, &known);
}

void AtExit(qemu_plugin_id_t, void*) {
  std::FILE* file = std::fopen(counter.file.c_str(), "w");
  if (file == nullptr) return;
  for (const Region& region : counter.regions) {
    std::fprintf(file, "%" PRIu64 " %" PRIu64 "\n", region.cycles, region.instructions);
  }
  std::fclose(file);
}

}  // namespace

int qemu_plugin_install(qemu_plugin_id_t id, const void*, int count, char** arguments) {
  for (int i = 0; i < count; ++i) {
    constexpr std::string_view kOut = "out=";
    const std::string_view argument = arguments[i];
    if (!argument.starts_with(kOut)) return 1;
    counter.file = argument.substr(kOut.size());
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, OnTranslation);
  qemu_plugin_register_atexit_cb(id, AtExit, nullptr);
  return 0;
}
