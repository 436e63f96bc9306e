// How many million instructions a second the core executes, with the MPU on.
//
// THIMBLE_BENCHMARK_ELF=program.elf: that program as well, for its first hundred million instructions; devices read
// as zero.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

#include "simulator/cortex_m4/core.h"

namespace {

using namespace thimble::simulator;

/// Memory wherever it is touched, but for the devices' part of the address space.
struct Memory : Bus {
  std::map<uint32_t, std::unique_ptr<std::array<std::byte, kPageBytes>>> pages;

  std::byte* PageToWrite(uint32_t address) override {
    if (address >= 0x4000'0000) return nullptr;
    auto& page = pages[address / kPageBytes];
    if (page == nullptr) page = std::make_unique<std::array<std::byte, kPageBytes>>();
    return page->data();
  }
  const std::byte* PageToRead(uint32_t address) override { return PageToWrite(address); }
  bool Read(uint32_t, int, uint32_t& value) override {
    value = 0;
    return true;
  }
  bool Write(uint32_t, int, uint32_t) override { return true; }

  void Load(uint32_t address, const char* bytes, size_t count) {
    for (size_t i = 0; i < count; ++i, ++address) {
      PageToWrite(address & ~(kPageBytes - 1))[address % kPageBytes] = static_cast<std::byte>(bytes[i]);
    }
  }
};

void MpuOn(Core& core) {
  System& system = core.system();
  const auto region = [&](uint32_t number, uint32_t base, uint32_t bits, uint32_t access) {
    system.Write(0xe000'ed98, 4, true, number);
    system.Write(0xe000'ed9c, 4, true, base);
    system.Write(0xe000'eda0, 4, true, access << 24 | (bits - 1) << 1 | 1);
  };
  region(0, 0, 20, 0b110);
  region(1, 0x2000'0000, 18, 0b011);
  region(2, 0x2000'8000, 10, 0b001);
  system.Write(0xe000'ed94, 4, true, 5);
}

void Report(benchmark::State& state, Core& core, uint64_t begin) {
  state.counters["MIPS"] = benchmark::Counter(static_cast<double>(core.registers().instructions - begin) * 1e-6,
                                              benchmark::Counter::kIsRate);
}

/// The inner loop of a matrix multiplication of bytes: loads, SXTB16, SMLAD, for four outputs.
void Kernel(benchmark::State& state) {
  static constexpr uint16_t kProgram[] = {
      0xf44f, 0x7080,                  //       mov r0, #256
      0xf240, 0x1100, 0xf2c2, 0x0100,  //       r1 = 0x20000100
      0xf240, 0x4200, 0xf2c2, 0x0200,  //       r2 = 0x20000400
      0xf851, 0x3b04,                  // loop: ldr r3, [r1], #4
      0xf852, 0x4b04,                  //       ldr r4, [r2], #4
      0xfa2f, 0xf583, 0xfa2f, 0xf693,  //       sxtb16 r5, r3; sxtb16 r6, r3, ror #8
      0xfa2f, 0xf784, 0xfa2f, 0xf894,  //       sxtb16 r7, r4; sxtb16 r8, r4, ror #8
      0xfb25, 0x9907, 0xfb26, 0x9908,  //       smlad r9, r5, r7, r9; smlad r9, r6, r8, r9
      0x3801,                          //       subs r0, #1
      0xd1ed,                          //       bne loop
      0xe7e2,                          //       b to the begin
  };
  Memory memory;
  const uint32_t vectors[] = {0x2000'4000, 0x401};
  memory.Load(0, reinterpret_cast<const char*>(vectors), sizeof vectors);
  memory.Load(0x400, reinterpret_cast<const char*>(kProgram), sizeof kProgram);
  Core core(memory);
  core.Reset(0);
  MpuOn(core);
  const uint64_t begin = core.registers().instructions;
  for (auto _ : state) core.Run(core.Cycles() + 10'000'000);
  Report(state, core, begin);
}
BENCHMARK(Kernel)->Unit(benchmark::kMillisecond);

void Program(benchmark::State& state) {
  const char* path = std::getenv("THIMBLE_BENCHMARK_ELF");
  if (path == nullptr) {
    state.SkipWithError("THIMBLE_BENCHMARK_ELF names no program");
    return;
  }
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> elf((std::istreambuf_iterator<char>(file)), {});
  const auto half = [&](size_t at) {
    uint16_t value = 0;
    if (at + 2 <= elf.size()) std::memcpy(&value, &elf[at], 2);
    return value;
  };
  const auto word = [&](size_t at) { return half(at) | static_cast<uint32_t>(half(at + 2)) << 16; };
  for (auto _ : state) {
    Memory memory;
    uint32_t lowest = ~0u;
    for (size_t i = 0, header = word(28); i < half(44); ++i, header += half(42)) {
      const uint32_t offset = word(header + 4), address = word(header + 12), count = word(header + 16);
      if (word(header) != 1 || count == 0 || offset > elf.size() || count > elf.size() - offset) continue;
      memory.Load(address, &elf[offset], count);
      lowest = std::min(lowest, address);
    }
    Core core(memory);
    core.Reset(lowest);
    MpuOn(core);
    const uint64_t begin = core.registers().instructions;
    core.Run(~uint64_t{0} >> 1, begin + 100'000'000);
    Report(state, core, begin);
  }
}
BENCHMARK(Program)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
