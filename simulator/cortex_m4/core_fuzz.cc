// Whatever a program does, the core goes on or stops; and it makes no difference in which slices it runs.
//
// The input is registers, the MPU's regions and a memory image, which repeats until memory is full. Two cores execute
// it: one as fast as it can, the other slice by slice.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "simulator/cortex_m4/core.h"

namespace {

using namespace thimble::simulator;

constexpr uint32_t kCodeBytes = 8192, kRamBytes = 8192, kRam = 0x2000'0000, kDevice = 0x4000'0000;

/// Pages of code and RAM with holes between them, and a device that answers access by access and does to the core what
/// devices do.
struct Memory : Bus {
  alignas(4) std::array<std::byte, kCodeBytes> code;
  alignas(4) std::array<std::byte, kRamBytes> ram;
  std::array<uint32_t, 16> device = {};
  Core* core = nullptr;

  static bool IsHole(uint32_t offset) { return offset / kPageBytes == 5; }

  const std::byte* PageToRead(uint32_t address) override {
    if (address < kCodeBytes && !IsHole(address)) return &code[address];
    return PageToWrite(address);
  }
  std::byte* PageToWrite(uint32_t address) override {
    if (address - kRam < kRamBytes && !IsHole(address - kRam)) return &ram[address - kRam];
    return nullptr;
  }
  bool Read(uint32_t address, int bytes, uint32_t& value) override {
    if (address % static_cast<uint32_t>(bytes) != 0) std::abort();
    if (address - kDevice >= sizeof device) return false;
    value = device[(address - kDevice) / 4] >> (8 * (address & 3));
    return true;
  }
  bool Write(uint32_t address, int bytes, uint32_t value) override {
    if (address % static_cast<uint32_t>(bytes) != 0) std::abort();
    if (address < kCodeBytes) {  // flash that is programmed behind the core's back
      std::memcpy(&code[address], &value, static_cast<size_t>(bytes));
      core->ForgetMemory(address, static_cast<uint32_t>(bytes));
      return true;
    }
    if (address - kDevice >= sizeof device) return false;
    const uint32_t number = (address - kDevice) / 4;
    device[number] = value;
    if (number < 4) core->SetInterrupt(static_cast<int>(number), (value & 1) != 0);
    if (number == 4) core->StopAt(core->Cycles() + value % 64);
    if (number == 5) core->ForgetPages(value, 4096);
    if (number == 6) core->ForgetMemory(value, value >> 3);
    if (number == 7) core->SendEvent();
    return true;
  }
};

struct Input {
  const uint8_t* data;
  size_t size;
  size_t at = 0;

  uint8_t Byte() { return size == 0 ? uint8_t{0} : data[at++ % size]; }
  uint32_t Word() {
    const uint32_t low = Byte(), next = Byte(), third = Byte();
    return low | next << 8 | third << 16 | static_cast<uint32_t>(Byte()) << 24;
  }
  /// Mostly in or near memory.
  uint32_t Address() {
    const uint32_t word = Word();
    switch (word >> 29) {
      case 0:
        return word;
      case 1:
        return kDevice + word % 64;
      case 2:
        return word % kCodeBytes;
      case 3:
        return 0xe000'e000 + word % 4096;
      case 4:
        return 0x2200'0000 + word % (kRamBytes * 32);
      default:
        return kRam + word % kRamBytes;
    }
  }
};

struct Machine {
  Memory memory;
  Core core{memory};

  void SetUp(Input input) {
    memory.core = &core;
    const uint8_t flags = input.Byte();
    std::array<uint32_t, 16> registers;
    for (uint32_t& word : registers) word = input.Address();
    std::array<uint32_t, 16> regions = {};
    if ((flags & 1) != 0) {
      for (size_t i = 0; i < 8; ++i) {
        regions[2 * i] = (input.Address() & ~31u) | 0x10u | static_cast<uint32_t>(i);
        regions[2 * i + 1] = (input.Word() & 0x1707'ff00) | (input.Word() % 32) << 1 | 1;
      }
    }
    for (std::byte& byte : memory.code) byte = std::byte{input.Byte()};
    for (std::byte& byte : memory.ram) byte = std::byte{input.Byte()};
    // A vector table that leads back into the image.
    for (uint32_t i = 0; i < 64; ++i) {
      const uint32_t vector = i == 0 ? kRam + kRamBytes - 64 : ((registers[i % 13] + 64 * i) % 4096 + 256) | 1;
      std::memcpy(&memory.code[4 * i], &vector, 4);
    }
    core.Reset(0);
    System& system = core.system();
    for (uint32_t i = 0; i < 8 && (flags & 1) != 0; ++i) {
      system.Write(0xe000'ed9c, 4, true, regions[2 * i]);
      system.Write(0xe000'eda0, 4, true, regions[2 * i + 1]);
    }
    if ((flags & 1) != 0) system.Write(0xe000'ed94, 4, true, 5);
    if ((flags & 2) != 0) system.Write(0xe000'ed88, 4, true, 0xf << 20);
    if ((flags & 4) != 0) system.Write(0xe000'ed24, 4, true, 7 << 16);
    if ((flags & 8) != 0) {
      system.Write(0xe000'e014, 4, true, 300 + registers[0] % 1000);
      system.Write(0xe000'e010, 4, true, 7);
    }
    if ((flags & 16) != 0) system.Write(0xe000'ed14, 4, true, 0x218);
    if ((flags & 32) != 0) {
      core.SetFlashTiming({.base = 0,
                           .bytes = kCodeBytes,
                           .wait_states = 3,
                           .prefetch = true,
                           .instruction_cache = (registers[1] & 1) != 0,
                           .data_cache = (registers[1] & 2) != 0});
    }
    system.Write(0xe000'e100, 4, true, 15);
    Registers& r = core.registers();
    for (int i = 0; i < 13; ++i) r.r[i] = registers[static_cast<size_t>(i)];
    r.r[kLr] = registers[kLr];
    r.unprivileged = (flags & 64) != 0;
    system.MasksChanged();
  }
};

constexpr uint64_t kInstructions = 4000, kCycles = 40'000;

bool Goes(Core& core, Stop stop) {
  const Registers& r = core.registers();
  return stop != Stop::kLockup && stop != Stop::kResetRequested && r.instructions < kInstructions && r.cycles < kCycles;
}

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "slices make a difference: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 8) return 0;
  const auto whole = std::make_unique<Machine>(), sliced = std::make_unique<Machine>();
  whole->SetUp({data, size});
  sliced->SetUp({data, size});

  Stop stop;
  do stop = whole->core.Run(kCycles, kInstructions);
  while (Goes(whole->core, stop));

  CoreObserver observer;
  uint32_t random = data[0];
  Stop sliced_stop;
  do {
    random = random * 1664525 + 1013904223;
    const Registers& r = sliced->core.registers();
    switch (random >> 29) {
      case 0:
        sliced->core.SetObserver(&observer, (random & 0x100) != 0);
        break;
      case 1:
        sliced->core.Restore(sliced->core.Save());
        break;
      default:
        break;
    }
    sliced_stop = sliced->core.Run(std::min(kCycles, r.cycles + 1 + (random >> 8) % 400),
                                   std::min(kInstructions, r.instructions + 1 + (random >> 16) % 300));
  } while (Goes(sliced->core, sliced_stop));

  const Core::State one = whole->core.Save(), other = sliced->core.Save();
  const Registers &a = one.registers, &b = other.registers;
  Expect(a.instructions == b.instructions, "instructions");
  Expect(a.cycles == b.cycles, "cycles");
  Expect(std::memcmp(a.r, b.r, sizeof a.r) == 0 && a.other_sp == b.other_sp, "registers");
  Expect(a.Xpsr() == b.Xpsr() && a.it == b.it, "xPSR");
  Expect(std::memcmp(a.s, b.s, sizeof a.s) == 0 && a.fpscr == b.fpscr, "floating-point registers");
  Expect(a.sleeping == b.sleeping && a.locked_up == b.locked_up && a.exclusive == b.exclusive, "state");
  Expect(one.system.cfsr == other.system.cfsr && one.system.hfsr == other.system.hfsr, "fault status");
  Expect(std::memcmp(one.system.pending, other.system.pending, sizeof one.system.pending) == 0, "pending exceptions");
  Expect(whole->memory.ram == sliced->memory.ram, "RAM");
  Expect(whole->memory.code == sliced->memory.code, "code");
  return 0;
}
