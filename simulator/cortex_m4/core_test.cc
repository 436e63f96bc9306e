#include "simulator/cortex_m4/core.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "simulator/cortex_m4/encodings.h"
#include "simulator/cortex_m4/timing.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kProgram = 0x400, kHandlers = 0x2000, kRam = 0x2000'0000, kStack = kRam + 0x2000;
constexpr uint32_t kDevice = 0x4000'0000;
constexpr uint16_t kLoop = 0xe7fe;  // b .

/// Flash with a vector table, a program and handlers that loop; RAM; a device of eight words.
struct Board : Bus {
  std::array<std::byte, 0x4000> flash = {};
  std::array<std::byte, 0x4000> ram = {};
  std::array<uint32_t, 8> device = {};
  std::vector<uint32_t> accesses;                ///< of the device: address, and bit 31 for writes
  std::function<void(uint32_t value)> on_write;  ///< to the device
  std::function<uint32_t()> on_read;
  Core core{*this};

  const std::byte* PageToRead(uint32_t address) override {
    return address < flash.size() ? &flash[address] : PageToWrite(address);
  }
  std::byte* PageToWrite(uint32_t address) override {
    return address - kRam < ram.size() ? &ram[address - kRam] : nullptr;
  }
  bool Read(uint32_t address, int bytes, uint32_t& value) override {
    EXPECT_EQ(address % static_cast<uint32_t>(bytes), 0u);
    if (address - kDevice >= sizeof device) return false;
    accesses.push_back(address);
    value = on_read ? on_read() : device[(address - kDevice) / 4] >> (8 * (address & 3));
    return true;
  }
  bool Write(uint32_t address, int bytes, uint32_t value) override {
    EXPECT_EQ(address % static_cast<uint32_t>(bytes), 0u);
    if (address - kDevice >= sizeof device) return false;
    accesses.push_back(address | 0x8000'0000);
    device[(address - kDevice) / 4] = value;
    if (on_write) on_write(value);
    return true;
  }

  explicit Board(std::initializer_list<uint16_t> program) {
    for (uint32_t i = 0; i < 128; ++i) {
      Put(4 * i, i == 0 ? kStack : i == 1 ? kProgram | 1 : (kHandlers + 16 * i) | 1);
      for (uint32_t j = 0; j < 8; ++j) PutHalf(kHandlers + 16 * i + 2 * j, kLoop);
    }
    uint32_t at = kProgram;
    for (const uint16_t half : program) PutHalf(at, half), at += 2;
    PutHalf(at, kLoop);
    core.Reset(0);
    core.system().Write(0xe000'ed24, 4, true, 7 << 16);  // faults have their own handlers
  }
  void Put(uint32_t address, uint32_t value) { std::memcpy(At(address), &value, 4); }
  void PutHalf(uint32_t address, uint16_t value) { std::memcpy(At(address), &value, 2); }
  uint32_t Get(uint32_t address) {
    uint32_t value = 0;
    std::memcpy(&value, At(address), 4);
    return value;
  }
  std::byte* At(uint32_t address) { return address < flash.size() ? &flash[address] : &ram[address - kRam]; }
  uint32_t& R(int number) { return core.registers().r[number]; }
  Registers& Now() { return core.registers(); }
  Stop Step(uint64_t count = 1) { return core.Run(~uint64_t{0}, Now().instructions + count); }
  uint32_t Cfsr() { return core.system().state().cfsr; }
  /// Region `number`: base, size as a power of two, AP.
  void Region(uint32_t number, uint32_t base, uint32_t bits, uint32_t access, bool never_execute = false) {
    core.system().Write(0xe000'ed98, 4, true, number);
    core.system().Write(0xe000'ed9c, 4, true, base);
    core.system().Write(0xe000'eda0, 4, true, (never_execute ? 1u << 28 : 0) | access << 24 | (bits - 1) << 1 | 1);
  }
  void MpuOn() { core.system().Write(0xe000'ed94, 4, true, 5); }
};

TEST(Encodings, EveryOneFindsItself) {
  for (const Encoding& encoding : kEncodings) {
    // Fields all zero break rules of some; registers r1, r2, r3, … suit most.
    bool found = false;
    for (uint32_t fields : {0u, 0x0001'2034u, 0x0003'4216u, 0x0001'2301u, 0x0040'0004u, 0x0001'0018u, 0x0008'1234u,
                            0x0001'0808u, 0x0000'0050u}) {
      const uint32_t code = encoding.value | (fields & ~encoding.mask & (encoding.wide ? ~0u : 0xffffu));
      found = found || FindEncoding(code, encoding.wide) == &encoding;
    }
    EXPECT_TRUE(found) << encoding.name;
    EXPECT_EQ(encoding.value & ~encoding.mask, 0u) << encoding.name;
    EXPECT_EQ(IsWide(static_cast<uint16_t>(encoding.wide ? encoding.value >> 16 : encoding.value)), encoding.wide);
  }
}

TEST(Core, SetsFlagsOfAdditionAndSubtraction) {
  Board board({0x1888, 0x1a8b, 0x414c, 0x004d});  // adds r0, r1, r2; subs r3, r1, r2; adcs r4, r1; lsls r5, r1, #1
  board.R(1) = 0x7fff'ffff;
  board.R(2) = 1;
  board.R(4) = 0x8000'0000;
  board.Step();
  EXPECT_EQ(board.R(0), 0x8000'0000u);
  EXPECT_EQ(board.Now().Apsr() >> 28, 0b1001u);
  board.Step();
  EXPECT_EQ(board.R(3), 0x7fff'fffeu);
  EXPECT_EQ(board.Now().Apsr() >> 28, 0b0010u);
  board.Step();
  EXPECT_EQ(board.R(4), 0u) << "0x80000000 + 0x7fffffff + carry";
  EXPECT_EQ(board.Now().Apsr() >> 28, 0b0110u);
  board.Step();
  EXPECT_EQ(board.R(5), 0xffff'fffeu);
  EXPECT_EQ(board.Now().Apsr() >> 28, 0b1000u);
}

TEST(Core, ExecutesTheRightHalfOfAnItBlockAndLeavesFlagsAlone) {
  for (const uint32_t value : {5u, 6u}) {
    // cmp r0, #5; ite eq; moveq r1, #1; movne r1, #2; itt ne; addne r2, #3; subne r3, r2, #1
    Board board({0x2805, 0xbf0c, 0x2101, 0x2102, 0xbf1c, 0x3203, 0x1e53});
    board.R(0) = value;
    board.Step(7);
    EXPECT_EQ(board.R(1), value == 5 ? 1u : 2u);
    EXPECT_EQ(board.R(2), value == 5 ? 0u : 3u);
    EXPECT_EQ(board.R(3), value == 5 ? 0u : 2u);
    EXPECT_EQ(board.Now().z, value == 5);
    EXPECT_EQ(board.Now().it, 0);
    EXPECT_EQ(board.Now().instructions, 7u) << "those that are skipped count";
  }
}

TEST(Core, AnInterruptWithinAnItBlockComesBackIntoIt) {
  // cmp r0, #5; itt ne; addne r2, #3; subne r3, r2, #1
  Board board({0x2805, 0xbf1c, 0x3203, 0x1e53});
  board.PutHalf(kHandlers + 16 * 16, 0x4770);  // bx lr
  board.core.system().Write(0xe000'e100, 4, true, 1);
  board.Step(3);
  EXPECT_EQ(board.Now().it, 0x18) << "NE, one more";
  board.core.SetInterrupt(0, true);
  board.core.SetInterrupt(0, false);
  board.Step();
  EXPECT_EQ(board.Now().exception, 0);
  EXPECT_EQ(board.Now().it, 0x18);
  board.Step();
  EXPECT_EQ(board.R(3), 2u);
  EXPECT_TRUE(board.Now().n) << "as CMP left it: SUBNE sets no flags in an IT block";
}

TEST(Core, AFaultingInstructionChangesNothing) {
  Board board({0xc80e});  // ldmia r0!, {r1, r2, r3}
  board.R(0) = kRam + 0x4000 - 8;
  board.R(1) = 11;
  EXPECT_EQ(board.core.Run(~uint64_t{0}, 1), Stop::kReachedInstructions);
  EXPECT_EQ(board.Now().exception, kBusFault);
  EXPECT_EQ(board.R(0), kRam + 0x4000 - 8);
  EXPECT_EQ(board.R(1), 11u);
  EXPECT_EQ(board.core.system().state().bfar, kRam + 0x4000);
  EXPECT_EQ(board.Get(board.R(kSp) + 24), kProgram) << "the stacked PC is the instruction's";
}

TEST(Core, WriteBackOfAFaultingStoreDoesNotHappen) {
  Board board({0xf840, 0x1f04});  // str r1, [r0, #4]!
  board.R(0) = 0x6000'0000;
  board.Step();
  EXPECT_EQ(board.Now().exception, kBusFault);
  EXPECT_EQ(board.R(0), 0x6000'0000u);
  EXPECT_EQ(board.core.system().state().bfar, 0x6000'0004u);
}

TEST(Core, SelfModifyingCodeRunsAsItIsNow) {
  Board board({});
  const uint32_t code = kRam + 0x100;
  const std::initializer_list<uint16_t> halves = {0x2107, 0x8001, 0xf3bf, 0x8f6f, 0x2101, kLoop};
  uint32_t at = code;
  for (const uint16_t half : halves) board.PutHalf(at, half), at += 2;
  // movs r1, #7; strh r1, [r0]; isb; movs r1, #1
  board.R(0) = code + 8;
  board.R(kPc) = code;
  board.Step(4);
  EXPECT_EQ(board.R(1), 7u) << "0x0007 is MOVS r7, r0, and r1 stays";
  EXPECT_EQ(board.R(7), code + 8);
}

TEST(Core, CodeThatWasExecutedManyTimesCanBeReplaced) {
  Board board({});
  const uint32_t code = kRam + 0x100;
  board.PutHalf(code, 0x3201);      // adds r2, #1
  board.PutHalf(code + 2, 0x3801);  // subs r0, #1
  board.PutHalf(code + 4, 0xd1fc);  // bne
  board.PutHalf(code + 6, kLoop);
  board.R(0) = 1000;
  board.R(kPc) = code;
  board.Step(3000);
  EXPECT_EQ(board.R(2), 1000u);
  board.core.Poke(code, 2, 0x3202);
  board.R(0) = 1000;
  board.R(kPc) = code;
  board.Step(3000);
  EXPECT_EQ(board.R(2), 3000u);
  board.PutHalf(code, 0x3205);  // behind its back
  board.core.ForgetMemory(code, 2);
  board.R(0) = 10;
  board.R(kPc) = code;
  board.Step(30);
  EXPECT_EQ(board.R(2), 3050u);
}

TEST(Core, FollowsChangesOfTheMpu) {
  Board board({0x6801, 0xe7fd});  // ldr r1, [r0]; b .-2
  board.Put(kRam + 64, 1234);
  board.R(0) = kRam + 64;
  board.Step(10);
  EXPECT_EQ(board.R(1), 1234u);
  board.Region(0, kRam, 14, 0);  // nobody
  board.MpuOn();
  board.Step(2);
  EXPECT_EQ(board.Now().exception, kMemManage) << "a shortcut from before must not serve";
  EXPECT_EQ(board.core.system().state().mmfar, kRam + 64);
}

TEST(Core, AnswersToRegionsSmallerThanAPage) {
  Board board({0x6001, 0x6001, 0x6001});  // str r1, [r0]
  board.Region(0, kRam + 64, 5, 0b110);   // 32 bytes, read-only
  board.MpuOn();
  board.R(0) = kRam + 60;
  board.Step();
  EXPECT_EQ(board.Now().exception, 0);
  board.R(0) = kRam + 96;
  board.Step();
  EXPECT_EQ(board.Now().exception, 0);
  board.R(0) = kRam + 92;
  board.Step();
  EXPECT_EQ(board.Now().exception, kMemManage);
  EXPECT_EQ(board.core.system().state().mmfar, kRam + 92);
}

TEST(Core, UnprivilegedLoadsAskAsUnprivileged) {
  Board board({0x6801, 0xf850, 0x1e00});  // ldr r1, [r0]; ldrt r1, [r0]
  board.Region(0, kRam, 10, 0b001);       // privileged only
  board.MpuOn();
  board.R(0) = kRam + 64;
  board.Step();
  EXPECT_EQ(board.Now().exception, 0);
  board.Step();
  EXPECT_EQ(board.Now().exception, kMemManage);
}

TEST(Core, BothHalvesOfAnInstructionMustBeExecutable) {
  Board board({});
  const uint32_t at = kProgram + 0x3fe;  // across pages
  board.PutHalf(at, 0xf241);
  board.PutHalf(at + 2, 0x2034);  // movw r0, #0x1234
  board.PutHalf(at + 4, kLoop);
  board.R(kPc) = at;
  board.Step(3);
  EXPECT_EQ(board.R(0), 0x1234u);
  board.Region(0, kProgram + 0x400, 10, 0b011, true);
  board.MpuOn();
  board.R(0) = 0;
  board.R(kPc) = at;
  board.Step();
  EXPECT_EQ(board.Now().exception, kMemManage);
  EXPECT_EQ(board.Cfsr() & 0xff, 1u) << "IACCVIOL";
  EXPECT_EQ(board.Get(board.R(kSp) + 24), at);
}

TEST(Core, ReachesSingleBitsThroughTheirAliases) {
  Board board({0x6001, 0x6802});  // str r1, [r0]; ldr r2, [r0]
  board.Put(kRam + 0x40, 0xffff'0000);
  board.R(0) = 0x2200'0000 + 0x41 * 32 + 3 * 4;
  board.R(1) = 1;
  board.Step();
  EXPECT_EQ(board.Get(kRam + 0x40), 0xffff'0800u);
  board.Step();
  EXPECT_EQ(board.R(2), 1u);
  board.R(kPc) = kProgram;
  board.R(0) = 0x4200'0000 + 4 * 32 + 7 * 4;
  board.Step();
  EXPECT_EQ(board.device[1], 0x80u);
}

TEST(Core, CutsUnalignedAccessesIntoAlignedOnes) {
  Board board({0xf8d0, 0x1001, 0xf8c0, 0x1003});  // ldr r1, [r0, #1]; str r1, [r0, #3]
  board.Put(kRam + 0x3fc, 0x4433'2211);
  board.Put(kRam + 0x400, 0x8877'6655);
  board.R(0) = kRam + 0x3fd;  // across pages
  const uint64_t before = board.Now().cycles;
  board.Step();
  EXPECT_EQ(board.R(1), 0x6655'4433u);
  EXPECT_EQ(board.Now().cycles - before, 3u) << "one more: two halfwords";
  board.Step();
  EXPECT_EQ(board.Get(kRam + 0x400), 0x6655'4433u);
  board.core.system().Write(0xe000'ed14, 4, true, 0x208);  // UNALIGN_TRP
  board.R(kPc) = kProgram;
  board.Step();
  EXPECT_EQ(board.Now().exception, kUsageFault);
  EXPECT_EQ(board.Cfsr() >> 16, 0x100u);
}

TEST(Core, StoresExclusivelyOnlyAfterALoad) {
  Board board({0xe840, 0x3200, 0xe850, 0x1f00, 0xe840, 0x3200, 0xe840, 0x3200, 0xe850, 0x1f00, 0xf3bf, 0x8f2f, 0xe840,
               0x3200});  // strex; ldrex, strex; strex; ldrex, clrex, strex: r2 says whether r3 was stored at r0
  board.R(0) = kRam;
  board.R(3) = 77;
  board.Step();
  EXPECT_EQ(board.R(2), 1u);
  EXPECT_EQ(board.Get(kRam), 0u);
  board.Step(2);
  EXPECT_EQ(board.R(2), 0u);
  EXPECT_EQ(board.Get(kRam), 77u);
  board.Step();
  EXPECT_EQ(board.R(2), 1u);
  board.Step(3);
  EXPECT_EQ(board.R(2), 1u);
}

TEST(Core, StopsAtExactlyTheInstructionOrTheCycleAskedFor) {
  for (uint64_t limit = 1; limit < 50; ++limit) {
    Board board({0x2005, 0x3201, 0x3801, 0xd1fc});  // movs r0, #5; adds r2, #1; subs r0, #1; bne
    EXPECT_EQ(board.core.Run(~uint64_t{0}, limit), Stop::kReachedInstructions);
    EXPECT_EQ(board.Now().instructions, limit);
    Board other({0x2005, 0x3201, 0x3801, 0xd1fc});
    const uint64_t start = other.Now().cycles;
    EXPECT_EQ(other.core.Run(start + limit), Stop::kReachedCycle);
    EXPECT_GE(other.Now().cycles, start + limit);
    EXPECT_LE(other.Now().cycles, start + limit + 1) << "the longest instruction here is a branch of 2";
  }
}

TEST(Core, SlicesMakeNoDifference) {
  // movs r0, #200; loop: ldr r2, [r1]; adds r2, #1; str r2, [r1]; subs r0, #1; bne loop
  const auto program = {uint16_t{0x20c8}, uint16_t{0x680a}, uint16_t{0x3201},
                        uint16_t{0x600a}, uint16_t{0x3801}, uint16_t{0xd1fa}};
  Board whole(program);
  whole.R(1) = kRam + 2;  // unaligned
  whole.core.Run(10'000);
  for (const uint64_t slice : {1, 2, 3, 7, 100}) {
    Board sliced(program);
    sliced.R(1) = kRam + 2;
    while (sliced.Now().cycles < 10'000) sliced.core.Run(std::min<uint64_t>(10'000, sliced.Now().cycles + slice));
    EXPECT_EQ(sliced.Now().cycles, whole.Now().cycles);
    EXPECT_EQ(sliced.Now().instructions, whole.Now().instructions);
    EXPECT_EQ(sliced.Get(kRam + 2), 200u);
  }
}

TEST(Core, CountsCyclesAsThePipelineTakesThem) {
  // ldr r2, [r0] (2); ldr r3, [r4], behind a load (1); adds r0, r0, r1 (1); ldr r1, [r0], waits for its address (3);
  // b . (2)
  Board board({0x6802, 0x6823, 0x1840, 0x6801});
  board.R(0) = board.R(4) = kRam;
  const uint64_t start = board.Now().cycles;
  board.Step(4);
  EXPECT_EQ(board.Now().cycles - start, 7u);
  board.Step();
  EXPECT_EQ(board.Now().cycles - start, 9u);
}

TEST(Core, TellsTheBusTheCycleOfTheInstruction) {
  Board board({0xbf00, 0xbf00, 0x6801});  // nop; nop; ldr r1, [r0]
  board.R(0) = kDevice;
  const uint64_t start = board.Now().cycles;
  uint64_t seen = 0;
  board.on_read = [&] {
    seen = board.core.Cycles() - start;
    return 1u;
  };
  board.core.Run(start + 100);
  EXPECT_EQ(seen, 2u);
}

TEST(Core, TakesAnInterruptThatADeviceRaisesRightAfterTheInstruction) {
  Board board({0x6001, 0x2207, 0x2208});  // str r1, [r0]; movs r2, #7
  board.core.system().Write(0xe000'e100, 4, true, 1);
  board.R(0) = kDevice;
  board.on_write = [&](uint32_t) { board.core.SetInterrupt(0, true); };
  board.core.Run(board.Now().cycles + 50);
  EXPECT_EQ(board.Now().exception, 16);
  EXPECT_EQ(board.R(2), 0u);
  EXPECT_EQ(board.Get(board.R(kSp) + 24), kProgram + 2);
}

TEST(Core, StopsWhereADeviceAsksForIt) {
  Board board({0x6001, 0xbf00, 0xbf00, 0xbf00, 0xbf00});  // str r1, [r0]; nops
  board.R(0) = kDevice;
  board.on_write = [&](uint32_t) { board.core.StopAt(board.core.Cycles() + 3); };
  const uint64_t start = board.Now().cycles;
  EXPECT_EQ(board.core.Run(start + 1000), Stop::kReachedCycle);
  EXPECT_EQ(board.Now().cycles, start + 3);
}

TEST(Core, SleepsUntilAnInterruptComes) {
  Board board({0xbf30, 0x2207});  // wfi; movs r2, #7
  board.core.system().Write(0xe000'e100, 4, true, 1);
  EXPECT_EQ(board.core.Run(1000), Stop::kReachedCycle);
  EXPECT_TRUE(board.Now().sleeping);
  EXPECT_EQ(board.Now().cycles, 1000u) << "time passes to the cycle";
  EXPECT_EQ(board.Now().instructions, 1u);
  board.core.SetInterrupt(0, true);
  board.core.Run(1020);
  EXPECT_FALSE(board.Now().sleeping);
  EXPECT_EQ(board.Now().exception, 16);
}

TEST(Core, WakesWithoutTakingAnInterruptThatIsMasked) {
  Board board({0xb672, 0xbf30, 0x2207});  // cpsid i; wfi; movs r2, #7
  board.core.system().Write(0xe000'e100, 4, true, 1);
  board.core.Run(100);
  EXPECT_TRUE(board.Now().sleeping);
  board.core.SetInterrupt(0, true);
  board.core.Run(120);
  EXPECT_FALSE(board.Now().sleeping);
  EXPECT_EQ(board.Now().exception, 0);
  EXPECT_EQ(board.R(2), 7u);
}

TEST(Core, SysTickEndsSleep) {
  Board board({0xbf30});
  board.core.system().Write(0xe000'e014, 4, true, 499);
  board.core.system().Write(0xe000'e010, 4, true, 7);
  board.core.Run(10'000);
  EXPECT_EQ(board.Now().exception, kSysTickException);
}

TEST(Core, StopsBeforeABreakpointAndGoesOn) {
  Board board({0x2005, 0x3201, 0x3801, 0xd1fc});  // movs r0, #5; adds r2, #1; subs r0, #1; bne
  board.core.AddBreakpoint(kProgram + 4);
  for (uint32_t i = 1; i <= 5; ++i) {
    EXPECT_EQ(board.core.Run(~uint64_t{0}), Stop::kBreakpoint);
    EXPECT_EQ(board.R(kPc), kProgram + 4);
    EXPECT_EQ(board.R(2), i);
  }
  board.core.RemoveBreakpoint(kProgram + 4);
  EXPECT_EQ(board.core.Run(1000), Stop::kReachedCycle);
}

TEST(Core, StopsAfterTheInstructionThatTouchesAWatchedAddress) {
  Board board({0x6001, 0x6802, 0x2207});  // str r1, [r0]; ldr r2, [r0]
  board.R(0) = kRam + 8;
  board.core.AddWatchpoint(kRam + 10, 1, true, false);
  EXPECT_EQ(board.core.Run(~uint64_t{0}), Stop::kWatchpoint);
  EXPECT_EQ(board.R(kPc), kProgram + 4);
  EXPECT_EQ(board.core.watch_hit(), kRam + 10);
  board.core.RemoveWatchpoint(kRam + 10, 1, true, false);
  board.core.AddWatchpoint(kRam + 8, 4, false, true);
  board.R(kPc) = kProgram;
  EXPECT_EQ(board.core.Run(~uint64_t{0}), Stop::kWatchpoint);
  EXPECT_EQ(board.R(kPc), kProgram + 2);
}

TEST(Core, BkptIsForTheDebuggerOrAFault) {
  Board board({0xbe00});
  board.core.StopAtBkpt(true);
  EXPECT_EQ(board.core.Run(~uint64_t{0}), Stop::kBreakInstruction);
  EXPECT_EQ(board.R(kPc), kProgram);
  board.core.StopAtBkpt(false);
  board.core.Run(board.Now().cycles + 30);
  EXPECT_EQ(board.Now().exception, kHardFault);
}

TEST(Core, UndefinedInstructionsAndDivisionByZeroAreUsageFaults) {
  Board board({0xde00});
  board.core.Run(30);
  EXPECT_EQ(board.Now().exception, kUsageFault);
  EXPECT_EQ(board.Cfsr(), 1u << 16);
  Board divides({0xfbb0, 0xf2f1, 0xfbb0, 0xf2f1});  // udiv r2, r0, r1
  divides.R(2) = 9;
  divides.Step();
  EXPECT_EQ(divides.R(2), 0u);
  divides.core.system().Write(0xe000'ed14, 4, true, 0x210);
  divides.Step();
  EXPECT_EQ(divides.Cfsr(), 1u << 25);
}

TEST(Core, TheFpuIsOffUntilItIsAllowed) {
  Board board({0xee30, 0x0a81});  // vadd.f32 s0, s1, s2
  board.Step();
  EXPECT_EQ(board.Now().exception, kUsageFault);
  EXPECT_EQ(board.Cfsr(), 1u << 19) << "NOCP";
  Board allowed({0xee30, 0x0a81});
  allowed.core.system().Write(0xe000'ed88, 4, true, 0xf << 20);
  allowed.Now().s[1] = 0x3f80'0000;
  allowed.Now().s[2] = 0x4000'0000;
  allowed.Step();
  EXPECT_EQ(allowed.Now().s[0], 0x4040'0000u);
  EXPECT_TRUE(allowed.Now().float_active);
}

TEST(Core, BranchesToArmStateFault) {
  Board board({0x4718});  // bx r3
  board.R(3) = kRam;
  board.Step();
  board.Step();
  EXPECT_EQ(board.Now().exception, kUsageFault);
  EXPECT_EQ(board.Cfsr(), 1u << 17) << "INVSTATE";
}

TEST(Core, UnprivilegedCodeCannotRaiseItself) {
  Board board({0xf380, 0x8814, 0xb672, 0xf380, 0x8814});  // msr control, r0; cpsid i; msr control, r0
  board.R(0) = 1;
  board.Step();
  EXPECT_TRUE(board.Now().unprivileged);
  board.R(0) = 0;
  board.Step(2);
  EXPECT_TRUE(board.Now().unprivileged);
  EXPECT_FALSE(board.Now().primask);
}

TEST(Core, SvcComesBackToTheInstructionAfterIt) {
  Board board({0xdf01, 0x2207});               // svc #1; movs r2, #7
  board.PutHalf(kHandlers + 16 * 11, 0x4770);  // bx lr
  board.Step();
  EXPECT_EQ(board.Now().exception, kSvCall);
  board.Step();
  EXPECT_EQ(board.Now().exception, 0);
  board.Step();
  EXPECT_EQ(board.R(2), 7u);
}

TEST(Core, SavesAndRestoresExactly) {
  Board board({0x20c8, 0x6802, 0x680b, 0x1840, 0x6801, 0xe7fa});
  board.R(0) = board.R(1) = kRam;
  for (int step = 0; step < 20; ++step) {
    const Core::State state = board.core.Save();
    board.Step(3);
    const uint64_t cycles = board.Now().cycles;
    board.core.Restore(state);
    board.Step(3);
    EXPECT_EQ(board.Now().cycles, cycles);
    board.core.Restore(state);
    board.Step();
  }
}

TEST(Core, FloatingPointNeedsNoAutomaticStateToGoOn) {
  Board board({0xee30, 0x0a81, 0xee30, 0x0a81});  // vadd.f32 s0, s1, s2
  board.core.system().Write(0xe000'ed88, 4, true, 0xf << 20);
  board.core.system().Write(0xe000'ef34, 4, true, 0);  // FPCCR
  board.Now().s[1] = board.Now().s[2] = 0x3f80'0000;
  board.Step(2);
  EXPECT_EQ(board.Now().s[0], 0x4000'0000u);
  EXPECT_FALSE(board.Now().float_active);
}

TEST(Core, SavesTheContextLazilyAtTheFirstFloatingPointInstructionOfAHandler) {
  struct Observer : CoreObserver {
    int seen = 0;
    void BeforeInstruction(const Registers&) override { ++seen; }
  } observer;
  Board board({0xee30, 0x0a81, 0xdf00});  // vadd.f32 s0, s1, s2; svc #0
  board.core.system().Write(0xe000'ed88, 4, true, 0xf << 20);
  board.PutHalf(kHandlers + 16 * 11, 0xee30);
  board.PutHalf(kHandlers + 16 * 11 + 2, 0x0a81);
  board.Now().s[1] = board.Now().s[2] = 0x3f80'0000;
  board.core.SetObserver(&observer, true);
  board.Step(2);
  const uint32_t frame = board.R(kSp);
  EXPECT_EQ(board.Get(frame + 32), 0u) << "only room is made";
  board.Step();
  EXPECT_EQ(board.Get(frame + 32), 0x4000'0000u);
  EXPECT_EQ(board.Now().instructions, 3u);
  EXPECT_EQ(observer.seen, 3);
}

TEST(Core, TellsOfMarksAndTakesThemForNothing) {
  struct Observer : CoreObserver {
    std::vector<std::pair<uint32_t, uint64_t>> seen;
    void Marked(uint32_t hint, const Registers& registers) override { seen.emplace_back(hint, registers.instructions); }
  } observer;
  Board board({0xbf80, 0x3001, 0xbf70, 0x3001, 0xbf90});  // begin; adds r0, #1; a hint; adds r0, #1; end
  board.core.SetObserver(&observer, false);
  board.Step(5);
  EXPECT_EQ(board.R(0), 2u);
  EXPECT_EQ(board.Now().instructions, 5u);
  EXPECT_EQ(observer.seen, (std::vector<std::pair<uint32_t, uint64_t>>{{kBeginRegion, 1}, {kEndRegion, 5}}));
}

TEST(Core, AFaultAtTheSecondWordLeavesTheFirstAlone) {
  Board board({0xe9c0, 0x1200});  // strd r1, r2, [r0]
  board.Region(0, kRam + 0x400, 10, 0b110);
  board.MpuOn();
  board.R(0) = kRam + 0x3fc;
  board.R(1) = 1;
  board.Step();
  EXPECT_EQ(board.Now().exception, kMemManage);
  EXPECT_EQ(board.core.system().state().mmfar, kRam + 0x400);
  EXPECT_EQ(board.Get(kRam + 0x3fc), 0u);
}

TEST(Core, FlashMakesTheCoreWaitOnlyWhenItIsSlow) {
  const auto program = {uint16_t{0x20c8}, uint16_t{0x3201}, uint16_t{0x3801}, uint16_t{0xd1fc}};
  const auto cycles = [&](const FlashTiming& timing) {
    Board board(program);
    board.core.SetFlashTiming(timing);
    const uint64_t start = board.Now().cycles;
    board.Step(601);
    return board.Now().cycles - start;
  };
  const uint64_t fast = cycles({});
  FlashTiming timing = {.base = 0, .bytes = 0x4000, .wait_states = 3};
  EXPECT_EQ(cycles(timing), fast + 3) << "the loop stays within its line";
  timing.base = 0x0800'0000;
  EXPECT_EQ(cycles(timing), fast);
}

TEST(Core, TheInstructionCacheHoldsALoopOfSeveralLines) {
  const auto cycles = [&](bool cache, bool prefetch) {
    Board board({});
    for (uint32_t i = 0; i < 24; ++i) board.PutHalf(kProgram + 2 * i, 0xbf00);
    board.PutHalf(kProgram + 48, 0x3801);                                  // subs r0, #1
    board.PutHalf(kProgram + 50, static_cast<uint16_t>(0xd100 | (0xe5)));  // bne kProgram
    board.R(0) = 100;
    board.core.SetFlashTiming(
        {.base = 0, .bytes = 0x4000, .wait_states = 3, .prefetch = prefetch, .instruction_cache = cache});
    const uint64_t start = board.Now().cycles;
    board.Step(2600);
    EXPECT_EQ(board.R(0), 0u);
    return board.Now().cycles - start;
  };
  const uint64_t neither = cycles(false, false), cached = cycles(true, false), ahead = cycles(false, true);
  EXPECT_EQ(neither - cached, 99u * 4 * 3) << "four lines, once instead of a hundred times";
  EXPECT_LT(ahead, neither);
  EXPECT_GT(ahead, cached);
}

TEST(Core, ObserversSeeEveryInstructionAndFault) {
  struct Observer : CoreObserver {
    std::vector<uint32_t> pcs;
    std::vector<Fault> faults;
    void BeforeInstruction(const Registers& registers) override { pcs.push_back(registers.r[kPc]); }
    void FaultTaken(const FaultRecord& record) override { faults.push_back(record.fault); }
  } observer;
  Board board({0x2002, 0x3801, 0xd1fd, 0xde00});  // movs r0, #2; subs r0, #1; bne; udf
  board.core.SetObserver(&observer, true);
  board.Step(5);
  EXPECT_EQ(observer.pcs, (std::vector<uint32_t>{kProgram, kProgram + 2, kProgram + 4, kProgram + 2, kProgram + 4}));
  board.Step();
  ASSERT_EQ(observer.faults.size(), 1u);
  EXPECT_EQ(observer.faults[0], Fault::kUndefined);
}

}  // namespace
}  // namespace thimble::simulator
