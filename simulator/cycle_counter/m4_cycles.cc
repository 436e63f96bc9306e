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
// FILE gets a line "CYCLES INSTRUCTIONS" for each region. What an instruction costs is in
// simulator/cortex_m4/timing.h, as for the virtual processor.
#include <algorithm>
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

#include "simulator/cortex_m4/timing.h"

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

using namespace thimble::simulator;

constexpr int kReadsAndWrites = 3;

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
                            (block->begins_wide_and_unaligned ? kUnalignedTargetCycles : 0);
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
  const int bytes = 1 << qemu_plugin_mem_size_shift(info);
  counter.now.cycles += static_cast<uint64_t>(UnalignedCycles(static_cast<uint32_t>(address), std::min(bytes, 4)));
}

void OnTranslation(qemu_plugin_id_t, qemu_plugin_tb* translated) {
  const size_t count = qemu_plugin_tb_n_insns(translated);
  qemu_plugin_insn* last = qemu_plugin_tb_get_insn(translated, count - 1);
  const auto begin = static_cast<uint32_t>(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, 0)));
  const auto end = static_cast<uint32_t>(qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last));
  Block block = {.begin = begin, .end = end};
  Before before;
  for (size_t i = 0; i < count; ++i) {
    qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(translated, i);
    uint16_t halves[2] = {};
    std::memcpy(halves, qemu_plugin_insn_data(instruction), std::min<size_t>(qemu_plugin_insn_size(instruction), 4));
    // QEMU gives some 16-bit instructions at the end of a page the size of two.
    const bool is_wide = IsWide(halves[0]);
    if (!is_wide && halves[0] == kBeginRegion) qemu_plugin_register_vcpu_insn_exec_cb(instruction, OnBegin, 0, nullptr);
    if (!is_wide && halves[0] == kEndRegion) qemu_plugin_register_vcpu_insn_exec_cb(instruction, OnEnd, 0, nullptr);
    const Timing timing = TimingOf(halves[0], halves[1]);
    block.cycles += static_cast<uint64_t>(CyclesBehind(before, timing));
    ++block.instructions;
    if (i == 0) block.begins_wide_and_unaligned = is_wide && (begin & 2) != 0;
    if (i + 1 == count) block.ends_indirectly = timing.kind == Timing::Kind::kIndirectBranch;
    if (timing.may_be_unaligned) {
      qemu_plugin_register_vcpu_mem_cb(instruction, OnAccess, 0, kReadsAndWrites, nullptr);
    }
    before = Behind(timing, is_wide);
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
