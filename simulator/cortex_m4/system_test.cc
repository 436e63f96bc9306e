#include "simulator/cortex_m4/system.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <vector>

namespace thimble::simulator {
namespace {

constexpr uint32_t kRam = 0x2000'0000, kRamBytes = 0x1'0000, kStack = kRam + 0x8000, kProcessStack = kRam + 0x4000;
constexpr uint32_t kHole = 0x3000'0000;
constexpr uint32_t kCode = 0x0800'0000;

// Addresses of registers.
constexpr uint32_t kSystCsr = 0xE000'E010, kSystRvr = 0xE000'E014, kSystCvr = 0xE000'E018, kSystCalib = 0xE000'E01C;
constexpr uint32_t kIser = 0xE000'E100, kIcer = 0xE000'E180, kIspr = 0xE000'E200, kIcpr = 0xE000'E280,
                   kIabr = 0xE000'E300, kIpr = 0xE000'E400;
constexpr uint32_t kIcsr = 0xE000'ED04, kVtor = 0xE000'ED08, kAircr = 0xE000'ED0C, kScr = 0xE000'ED10,
                   kCcr = 0xE000'ED14, kShpr = 0xE000'ED18, kShcsr = 0xE000'ED24, kCfsr = 0xE000'ED28,
                   kHfsr = 0xE000'ED2C, kDfsr = 0xE000'ED30, kMmfar = 0xE000'ED34, kBfar = 0xE000'ED38,
                   kCpacr = 0xE000'ED88;
constexpr uint32_t kMpuCtrl = 0xE000'ED94, kMpuRnr = 0xE000'ED98, kMpuRbar = 0xE000'ED9C, kMpuRasr = 0xE000'EDA0;
constexpr uint32_t kDemcr = 0xE000'EDFC, kStir = 0xE000'EF00, kFpccr = 0xE000'EF34, kFpcar = 0xE000'EF38,
                   kFpdscr = 0xE000'EF3C;
constexpr uint32_t kDwtCtrl = 0xE000'1000, kDwtCyccnt = 0xE000'1004;

constexpr uint32_t kFaultsOn = 7 << 16;
constexpr uint32_t kForced = 1 << 30, kVectorTableFault = 1 << 1, kDebugEvent = 1u << 31;

constexpr uint32_t HandlerOf(int exception) { return kCode + static_cast<uint32_t>(exception) * 0x100; }

/// A processor in thread mode on flat memory: vectors at 0, 64 KiB of RAM, and holes.
class SystemTest : public testing::Test, public SystemPort {
 protected:
  SystemTest() : system(registers, *this) {
    vectors.assign(kExceptions, 0);
    for (int i = 0; i < kExceptions; ++i) vectors[static_cast<size_t>(i)] = HandlerOf(i) | 1;
    vectors[0] = kStack;
    ram.assign(kRamBytes / 4, 0xDEAD'BEEF);
    system.Reset(0);
    registers.r[kPc] = kCode + 0x10'0000;
    registers.other_sp = kProcessStack;
    for (uint32_t i = 0; i < 13; ++i) registers.r[i] = 0x100 + i;
  }

  Fault ReadWord(uint32_t address, bool privileged, uint32_t& value) override {
    if (!system.PermissionAt(address, privileged).read) return Fault::kMpuData;
    if (address == unreadable) return Fault::kBusData;
    if (address < vectors.size() * 4) {
      value = vectors[address / 4];
    } else if (address - kRam < kRamBytes) {
      value = ram[(address - kRam) / 4];
    } else if (address >> 20 == 0xE00) {
      return system.Read(address, 4, privileged, value) ? Fault::kNone : Fault::kBusData;
    } else {
      return Fault::kBusData;
    }
    return Fault::kNone;
  }
  Fault WriteWord(uint32_t address, bool privileged, uint32_t value) override {
    if (on_write) on_write();
    if (!system.PermissionAt(address, privileged).write) return Fault::kMpuData;
    if (address >> 20 == 0xE00) return system.Write(address, 4, privileged, value) ? Fault::kNone : Fault::kBusData;
    if (address - kRam >= kRamBytes) return Fault::kBusData;
    ram[(address - kRam) / 4] = value;
    return Fault::kNone;
  }
  void PermissionsChanged() override { ++permissions_changed; }
  void AttentionChanged() override { ++attention_changed; }
  void ResetRequested() override { ++resets; }
  void FaultTaken(const FaultRecord& record) override { faults.push_back(record); }
  bool ReadExternal(uint32_t address, int, uint32_t& value) override {
    value = 0x1000'6441;
    return address == 0xE004'2000;
  }

  uint32_t Read(uint32_t address, int bytes = 4) {
    uint32_t value = 0x5555'5555;
    EXPECT_TRUE(system.Read(address, bytes, true, value)) << std::hex << address;
    return value;
  }
  void Write(uint32_t address, uint32_t value, int bytes = 4) {
    EXPECT_TRUE(system.Write(address, bytes, true, value)) << std::hex << address;
  }
  uint32_t& Word(uint32_t address) { return ram[(address - kRam) / 4]; }

  void SetPriority(int exception, uint32_t priority) {
    Write(exception >= 16 ? kIpr + static_cast<uint32_t>(exception) - 16 : kShpr + static_cast<uint32_t>(exception) - 4,
          priority, 1);
  }
  void EnableInterrupt(int number, uint32_t priority) {
    Write(kIser + static_cast<uint32_t>(number / 32) * 4, 1u << number % 32);
    SetPriority(16 + number, priority);
  }
  /// As a running processor does between instructions.
  void Step() {
    if (system.AttentionNeeded()) system.TakeException();
  }
  void Interrupt(int number) {
    system.Pend(static_cast<uint16_t>(16 + number));
    Step();
  }
  void Return() { system.ReturnFromException(registers.r[kLr]); }
  void TurnFloatOn() { Write(kCpacr, 0xF << 20); }
  void UseProcessStack() {
    std::swap(registers.r[kSp], registers.other_sp);
    registers.process_stack = true;
    system.MasksChanged();
  }
  /// Everything is open to privileged code; `address` and the 31 bytes after it to nobody.
  void Forbid(uint32_t address) {
    Write(kMpuRbar, address | 1 << 4 | 0);
    Write(kMpuRasr, 0 << 24 | 4 << 1 | 1);
    Write(kMpuCtrl, 1 | 4);
  }
  void ExpectIn(int exception) {
    EXPECT_EQ(registers.exception, exception);
    if (exception != 0) {
      EXPECT_EQ(registers.r[kPc], HandlerOf(exception));
    }
    EXPECT_FALSE(registers.locked_up);
  }

  Registers registers = {};
  System system;
  std::vector<uint32_t> vectors, ram;
  std::function<void()> on_write;
  uint32_t unreadable = ~0u;
  std::vector<FaultRecord> faults;
  int permissions_changed = 0, attention_changed = 0, resets = 0;
};

// ---- reset

TEST_F(SystemTest, ResetReadsStackAndStartFromTheVectorTable) {
  registers.cycles = 77;
  registers.instructions = 55;
  vectors[64] = 0x2000'1003;
  vectors[65] = 0x0800'0201;
  registers.primask = registers.faultmask = registers.sleeping = registers.locked_up = true;
  registers.unprivileged = registers.process_stack = registers.float_active = true;
  registers.exception = kHardFault;
  system.Reset(0x100);
  EXPECT_EQ(registers.r[kSp], 0x2000'1000u);
  EXPECT_EQ(registers.r[kPc], 0x0800'0200u);
  EXPECT_EQ(registers.r[kLr], 0xFFFF'FFFFu);
  EXPECT_TRUE(registers.thumb);
  EXPECT_EQ(registers.exception, kThreadMode);
  EXPECT_TRUE(registers.Privileged());
  EXPECT_FALSE(registers.primask || registers.faultmask || registers.sleeping || registers.locked_up);
  EXPECT_FALSE(registers.process_stack || registers.float_active);
  EXPECT_EQ(registers.cycles, 77u);
  EXPECT_EQ(registers.instructions, 55u);
  EXPECT_EQ(Read(kVtor), 0x100u);
  EXPECT_EQ(Read(kCcr), 0x200u);
  EXPECT_EQ(Read(kFpccr), 0xC000'0000u);
  EXPECT_EQ(Read(kAircr), 0xFA05'0000u);
  EXPECT_EQ(Read(kShcsr), 0u);
  EXPECT_FALSE(system.AttentionNeeded());
}

TEST_F(SystemTest, ResetWithoutAVectorTableLocksUp) {
  system.Reset(kHole);
  EXPECT_TRUE(registers.locked_up);
}

// ---- entry and return

TEST_F(SystemTest, EntryStoresTheFrame) {
  registers.r[kLr] = 0x0800'1235;
  registers.n = registers.c = registers.q = true;
  registers.ge = 0b1010;
  registers.it = 0b1010'0110;
  registers.exclusive = true;
  registers.event = false;
  const uint32_t xpsr = registers.Xpsr();
  const uint64_t before = registers.cycles;
  EnableInterrupt(5, 0x40);
  Interrupt(5);

  ExpectIn(21);
  EXPECT_EQ(registers.r[kSp], kStack - 32);
  EXPECT_EQ(registers.r[kLr], 0xFFFF'FFF9u);
  const uint32_t expected[8] = {0x100, 0x101, 0x102, 0x103, 0x10C, 0x0800'1235, kCode + 0x10'0000, xpsr};
  for (uint32_t i = 0; i < 8; ++i) EXPECT_EQ(Word(kStack - 32 + 4 * i), expected[i]) << i;
  EXPECT_EQ(registers.it, 0);
  EXPECT_TRUE(registers.thumb);
  EXPECT_FALSE(registers.exclusive);
  EXPECT_TRUE(registers.event);
  EXPECT_EQ(registers.cycles - before, 12u);
  EXPECT_FALSE(system.state().pending[21]);
  EXPECT_TRUE(system.state().active[21]);
  EXPECT_FALSE(system.AttentionNeeded());
  EXPECT_EQ(Read(kIabr), 1u << 5);
}

TEST_F(SystemTest, AnEvenVectorClearsThumb) {
  vectors[kPendSv] &= ~1u;
  system.Pend(kPendSv);
  Step();
  ExpectIn(kPendSv);
  EXPECT_FALSE(registers.thumb);
}

TEST_F(SystemTest, EntryAlignsTheStackAndReturnTakesThePaddingBack) {
  registers.r[kSp] = kStack - 4;
  system.Pend(kPendSv);
  Step();
  EXPECT_EQ(registers.r[kSp], kStack - 8 - 32);
  EXPECT_NE(Word(kStack - 8 - 32 + 28) & 1 << 9, 0u);
  Return();
  EXPECT_EQ(registers.r[kSp], kStack - 4);

  Write(kCcr, 0);  // STKALIGN off
  system.Pend(kPendSv);
  Step();
  EXPECT_EQ(registers.r[kSp], kStack - 4 - 32);
  EXPECT_EQ(Word(kStack - 4 - 32 + 28) & 1 << 9, 0u);
  Return();
  EXPECT_EQ(registers.r[kSp], kStack - 4);

  registers.r[kSp] = kStack;
  system.Pend(kPendSv);
  Step();
  Word(kStack - 32 + 28) |= 1 << 9;  // means nothing then
  Return();
  EXPECT_EQ(registers.r[kSp], kStack);
}

TEST_F(SystemTest, EveryOriginHasItsExcReturn) {
  TurnFloatOn();
  for (const bool floats : {false, true}) {
    for (const int origin : {0, 1, 2}) {  // main stack, process stack, handler
      Write(kFpccr, 0xC000'0000);
      EnableInterrupt(0, 0x80);
      if (origin == 1) UseProcessStack();
      if (origin == 2) Interrupt(0);
      registers.float_active = floats;
      const Registers before = registers;
      EnableInterrupt(1, 0x40);
      Interrupt(1);
      const uint32_t kinds[3] = {0xFFFF'FFF9, 0xFFFF'FFFD, 0xFFFF'FFF1};
      EXPECT_EQ(registers.r[kLr], kinds[origin] & ~(floats ? 0x10u : 0u));
      EXPECT_FALSE(registers.float_active);
      EXPECT_FALSE(registers.UsesProcessStack());
      EXPECT_EQ((origin == 1 ? before.Psp() - registers.Psp() : before.Msp() - registers.Msp()),
                floats ? 0x68u : 0x20u);
      Return();
      EXPECT_EQ(registers.exception, origin == 2 ? 16 : 0);
      EXPECT_EQ(registers.float_active, floats);
      EXPECT_EQ(registers.Msp(), before.Msp());
      EXPECT_EQ(registers.Psp(), before.Psp());
      EXPECT_EQ(registers.UsesProcessStack(), origin == 1);
      registers.float_active = false;
      if (origin == 2) Return();
      if (origin == 1) {
        std::swap(registers.r[kSp], registers.other_sp);
        registers.process_stack = false;
      }
      ASSERT_EQ(registers.exception, 0);
    }
  }
}

TEST_F(SystemTest, AHandlerThatDoesNothingChangesNothing) {
  EXPECT_TRUE(rc::check([this] {
    system.Reset(0);
    TurnFloatOn();
    if (*rc::gen::arbitrary<bool>()) Write(kFpccr, *rc::gen::element(0x8000'0000u, 0xC000'0000u));
    Registers any = registers;
    for (uint32_t& r : any.r) r = *rc::gen::arbitrary<uint32_t>();
    any.r[kPc] &= ~1u;
    any.r[kSp] = kStack - 4 * static_cast<uint32_t>(*rc::gen::inRange(0, 16));
    any.other_sp = kProcessStack - 4 * static_cast<uint32_t>(*rc::gen::inRange(0, 16));
    any.process_stack = *rc::gen::arbitrary<bool>();
    any.unprivileged = *rc::gen::arbitrary<bool>();
    any.n = *rc::gen::arbitrary<bool>(), any.z = *rc::gen::arbitrary<bool>(), any.c = *rc::gen::arbitrary<bool>();
    any.v = *rc::gen::arbitrary<bool>(), any.q = *rc::gen::arbitrary<bool>(), any.thumb = *rc::gen::arbitrary<bool>();
    any.ge = static_cast<uint8_t>(*rc::gen::inRange(0, 16));
    any.it = *rc::gen::arbitrary<uint8_t>();
    any.float_active = *rc::gen::arbitrary<bool>();
    for (uint32_t& s : any.s) s = *rc::gen::arbitrary<uint32_t>();
    any.fpscr = *rc::gen::arbitrary<uint32_t>() & 0xF7C0'009F;
    registers = any;
    system.MasksChanged();

    system.Pend(kPendSv);
    Step();
    RC_ASSERT(registers.exception == kPendSv);
    RC_ASSERT(registers.Privileged());
    const bool uses_float = *rc::gen::arbitrary<bool>();
    uint32_t address = 0;
    if (uses_float) {
      RC_ASSERT(system.PrepareFloat(address) == Fault::kNone);
      if (any.float_active) {
        for (size_t i = 0; i < 16; ++i) registers.s[i] = 0;
        registers.fpscr = 0;
      }
    }
    Return();
    RC_ASSERT(std::equal(std::begin(any.r), std::end(any.r), std::begin(registers.r)));
    RC_ASSERT(registers.other_sp == any.other_sp);
    RC_ASSERT(registers.Xpsr() == any.Xpsr());
    RC_ASSERT(registers.process_stack == any.process_stack);
    RC_ASSERT(registers.unprivileged == any.unprivileged);
    RC_ASSERT(registers.float_active == any.float_active);
    RC_ASSERT(std::equal(std::begin(any.s), std::end(any.s), std::begin(registers.s)));
    RC_ASSERT(registers.fpscr == any.fpscr || (uses_float && !any.float_active));
    RC_ASSERT(!registers.locked_up);
  }));
}

TEST_F(SystemTest, ReturnTakes10Cycles) {
  system.Pend(kPendSv);
  Step();
  const uint64_t before = registers.cycles;
  Return();
  EXPECT_EQ(registers.cycles - before, 10u);
}

// ---- priorities

TEST_F(SystemTest, OnlyAHigherPriorityPreempts) {
  EnableInterrupt(0, 0x80);
  EnableInterrupt(1, 0x80);
  EnableInterrupt(2, 0x70);
  Interrupt(0);
  ExpectIn(16);
  Interrupt(1);
  ExpectIn(16);
  Interrupt(2);
  ExpectIn(18);
  EXPECT_EQ(registers.r[kLr], 0xFFFF'FFF1u);
  Return();
  ExpectIn(16);
  EXPECT_EQ(registers.r[kSp], kStack - 32);
  Return();  // chains to the second
  ExpectIn(17);
}

TEST_F(SystemTest, TheMostUrgentThenTheLowestNumberComesFirst) {
  EnableInterrupt(9, 0x20);
  EnableInterrupt(40, 0x10);
  EnableInterrupt(8, 0x20);
  registers.primask = true;
  system.MasksChanged();
  for (const int number : {9, 40, 8}) Interrupt(number);
  EXPECT_EQ(registers.exception, 0);
  registers.primask = false;
  system.MasksChanged();
  EXPECT_TRUE(system.AttentionNeeded());
  Step();
  ExpectIn(56);
  Return();
  ExpectIn(24);
  Return();
  ExpectIn(25);
}

TEST_F(SystemTest, SubprioritiesOrderButDoNotPreempt) {
  Write(kAircr, 0x05FA'0000 | 5 << 8);  // group: bits 7:6
  EnableInterrupt(0, 0x70);
  EnableInterrupt(1, 0x60);
  EnableInterrupt(2, 0x50);
  EnableInterrupt(3, 0x30);
  Interrupt(0);
  Interrupt(1);
  Interrupt(2);
  ExpectIn(16);
  Interrupt(3);
  ExpectIn(19);
  Return();
  ExpectIn(16);
  Return();
  ExpectIn(18);
}

TEST_F(SystemTest, PriorityGroup7LeavesNoPreemption) {
  Write(kAircr, 0x05FA'0700);
  EnableInterrupt(0, 0xF0);
  EnableInterrupt(1, 0x00);
  Interrupt(0);
  Interrupt(1);
  ExpectIn(16);
  system.Pend(kNmi);
  Step();
  ExpectIn(kNmi);
}

TEST_F(SystemTest, BasepriMasksItsPriorityAndBelow) {
  EnableInterrupt(0, 0x50);
  EnableInterrupt(1, 0x40);
  registers.basepri = 0x50;
  system.MasksChanged();
  EXPECT_EQ(system.ExecutionPriority(), 0x50);
  Interrupt(0);
  ExpectIn(0);
  EXPECT_EQ(Read(kIcsr) >> 12 & 0x1FF, 0u);  // VECTPENDING knows BASEPRI
  Interrupt(1);
  ExpectIn(17);
  Return();
  ExpectIn(0);
  registers.basepri = 0;
  system.MasksChanged();
  Step();
  ExpectIn(16);
}

TEST_F(SystemTest, PrimaskAndFaultmaskLetOnlyTheirBettersThrough) {
  EnableInterrupt(0, 0x00);
  registers.primask = true;
  system.MasksChanged();
  Interrupt(0);
  ExpectIn(0);
  EXPECT_EQ(Read(kIcsr) >> 12 & 0x1FF, 16u);  // VECTPENDING does not know PRIMASK
  registers.faultmask = true;
  system.MasksChanged();
  EXPECT_EQ(system.ExecutionPriority(), -1);
  system.Pend(kNmi);
  Step();
  ExpectIn(kNmi);
  Return();
  EXPECT_TRUE(registers.faultmask);  // only other handlers' returns clear it
}

TEST_F(SystemTest, ReturnClearsFaultmask) {
  system.Pend(kPendSv);
  Step();
  registers.faultmask = true;
  system.MasksChanged();
  Return();
  EXPECT_FALSE(registers.faultmask);
  EXPECT_EQ(system.ExecutionPriority(), 256);
}

TEST_F(SystemTest, RaisingTheRunningHandlersPriorityWorksAtOnce) {
  EnableInterrupt(0, 0x80);
  EnableInterrupt(1, 0x40);
  Interrupt(0);
  SetPriority(16, 0x20);
  Interrupt(1);
  ExpectIn(16);
  SetPriority(16, 0x60);
  EXPECT_TRUE(system.AttentionNeeded());
  Step();
  ExpectIn(17);
}

// ---- late arrival, tail-chaining, wires

TEST_F(SystemTest, ALateArrivalUsesTheFrame) {
  EnableInterrupt(0, 0x80);
  EnableInterrupt(1, 0x40);
  int writes = 0;
  on_write = [&] {
    if (++writes == 4) system.SetInterrupt(1, true);
  };
  Interrupt(0);
  EXPECT_EQ(writes, 8);
  ExpectIn(17);
  EXPECT_EQ(registers.r[kLr], 0xFFFF'FFF9u);
  EXPECT_TRUE(system.state().pending[16]);
  system.SetInterrupt(1, false);
  Return();
  ExpectIn(16);
  EXPECT_EQ(writes, 8);
  EXPECT_EQ(registers.r[kLr], 0xFFFF'FFF9u);
}

TEST_F(SystemTest, ALessUrgentArrivalWaits) {
  EnableInterrupt(0, 0x40);
  EnableInterrupt(1, 0x80);
  on_write = [&] { system.SetInterrupt(1, true); };
  Interrupt(0);
  ExpectIn(16);
}

TEST_F(SystemTest, TailChainingLeavesTheFrameAndTakes6Cycles) {
  EnableInterrupt(0, 0x40);
  EnableInterrupt(1, 0x80);
  Interrupt(0);
  Interrupt(1);
  registers.r[0] = 0x999;
  const uint64_t before = registers.cycles;
  Return();
  ExpectIn(17);
  EXPECT_EQ(registers.cycles - before, 6u);
  EXPECT_EQ(registers.r[0], 0x999u);
  EXPECT_EQ(registers.r[kSp], kStack - 32);
  Return();
  ExpectIn(0);
  EXPECT_EQ(registers.r[0], 0x100u);
  EXPECT_EQ(registers.r[kPc], kCode + 0x10'0000);
}

TEST_F(SystemTest, AWireThatStaysHighPendsAgainAfterTheReturn) {
  EnableInterrupt(3, 0x40);
  system.SetInterrupt(3, true);
  Step();
  ExpectIn(19);
  EXPECT_FALSE(system.state().pending[19]);
  Return();
  ExpectIn(19);  // chained to itself
  system.SetInterrupt(3, false);
  Return();
  ExpectIn(0);
}

TEST_F(SystemTest, ClearingPendingDoesNothingWhileTheWireIsHigh) {
  system.SetInterrupt(3, true);
  Write(kIcpr, 1 << 3);
  EXPECT_EQ(Read(kIspr), 1u << 3);
  system.SetInterrupt(3, false);
  EXPECT_EQ(Read(kIspr), 1u << 3);  // remembered
  Write(kIcpr, 1 << 3);
  EXPECT_EQ(Read(kIspr), 0u);
}

TEST_F(SystemTest, ASecondEdgeDuringTheHandlerIsNotLost) {
  EnableInterrupt(3, 0x40);
  system.SetInterrupt(3, true);
  Step();
  system.SetInterrupt(3, false);
  system.SetInterrupt(3, true);
  system.SetInterrupt(3, false);
  Return();
  ExpectIn(19);
  Return();
  ExpectIn(0);
}

TEST_F(SystemTest, InterruptsThatDoNotExistAreIgnored) {
  system.SetInterrupt(-1, true);
  system.SetInterrupt(kInterrupts, true);
  system.Pend(kExceptions);
  Write(kStir, kInterrupts);
  Write(kIser + 12, ~0u);
  EXPECT_EQ(Read(kIser + 12), (1u << (kInterrupts - 96)) - 1);
  EXPECT_EQ(Read(kIcsr), 1u << 11);
}

// ---- faults

TEST_F(SystemTest, EveryFaultHasItsHandlerStatusAndAddress) {
  const struct {
    Fault fault;
    int exception;
    uint32_t cfsr;
  } kTable[] = {
      {Fault::kMpuFetch, kMemManage, 1 << 0},    {Fault::kMpuData, kMemManage, 1 << 1 | 1 << 7},
      {Fault::kBusFetch, kBusFault, 1 << 8},     {Fault::kBusData, kBusFault, 1 << 9 | 1 << 15},
      {Fault::kUndefined, kUsageFault, 1 << 16}, {Fault::kInvalidState, kUsageFault, 1 << 17},
      {Fault::kInvalidPc, kUsageFault, 1 << 18}, {Fault::kNoCoprocessor, kUsageFault, 1 << 19},
      {Fault::kUnaligned, kUsageFault, 1 << 24}, {Fault::kDivideByZero, kUsageFault, 1 << 25},
  };
  for (const auto& [fault, exception, cfsr] : kTable) {
    for (const bool enabled : {true, false}) {
      system.Reset(0);
      faults.clear();
      registers.r[kPc] = 0x0801'0000;
      if (enabled) Write(kShcsr, kFaultsOn);
      system.Raise(fault, 0x1234'5678);
      ExpectIn(enabled ? exception : kHardFault);
      EXPECT_EQ(Read(kCfsr), cfsr);
      EXPECT_EQ(Read(kHfsr), enabled ? 0 : kForced);
      const bool has_address = fault == Fault::kMpuData || fault == Fault::kBusData;
      EXPECT_EQ(Read(fault == Fault::kMpuData ? kMmfar : kBfar), has_address ? 0x1234'5678u : 0u);
      EXPECT_EQ(Word(registers.r[kSp] + 24), 0x0801'0000u);
      ASSERT_EQ(faults.size(), 1u);
      EXPECT_EQ(faults[0].fault, fault);
      EXPECT_EQ(faults[0].exception, registers.exception);
      EXPECT_EQ(faults[0].address, 0x1234'5678u);
      EXPECT_EQ(faults[0].cfsr, cfsr);
      EXPECT_EQ(faults[0].registers.r[kPc], 0x0801'0000u);
      EXPECT_EQ(faults[0].registers.exception, 0);
    }
  }
}

TEST_F(SystemTest, TheFaultAddressIsValidForOneFaultOnly) {
  Write(kShcsr, kFaultsOn);
  SetPriority(kMemManage, 0x80);
  system.Raise(Fault::kMpuData, 0x1111);
  system.Raise(Fault::kBusData, 0x2222);
  ExpectIn(kBusFault);
  EXPECT_EQ(Read(kCfsr), 1u << 1 | 1u << 9 | 1u << 15);
  EXPECT_EQ(Read(kBfar), 0x2222u);
  system.Raise(Fault::kMpuData, 0x3333);
  EXPECT_EQ(Read(kCfsr), 1u << 1 | 1u << 9 | 1u << 7);
  EXPECT_EQ(Read(kMmfar), 0x3333u);
}

TEST_F(SystemTest, AFaultThatMayNotPreemptBecomesAHardFault) {
  Write(kShcsr, kFaultsOn);
  SetPriority(kUsageFault, 0x80);
  EnableInterrupt(0, 0x80);
  Interrupt(0);
  system.Raise(Fault::kUndefined, 0);
  ExpectIn(kHardFault);
  EXPECT_EQ(Read(kHfsr), kForced);
  EXPECT_FALSE(system.state().pending[kUsageFault]);
  Return();
  ExpectIn(16);
}

TEST_F(SystemTest, PrimaskEscalatesFaults) {
  Write(kShcsr, kFaultsOn);
  registers.primask = true;
  system.MasksChanged();
  system.Raise(Fault::kUndefined, 0);
  ExpectIn(kHardFault);
}

TEST_F(SystemTest, AFaultInAFaultHandlerLocksUp) {
  system.Raise(Fault::kUndefined, 0);
  ExpectIn(kHardFault);
  EnableInterrupt(0, 0);
  system.Raise(Fault::kBusData, kHole);
  EXPECT_TRUE(registers.locked_up);
  EXPECT_EQ(faults.back().exception, 0);
  EXPECT_EQ(registers.exception, kHardFault);
  system.SetInterrupt(0, true);
  system.Pend(kNmi);
  EXPECT_FALSE(system.AttentionNeeded());
  const Registers before = registers;
  system.TakeException();
  system.Raise(Fault::kUndefined, 0);
  EXPECT_EQ(registers.r[kPc], before.r[kPc]);
  EXPECT_EQ(registers.cycles, before.cycles);
}

TEST_F(SystemTest, AFaultInNmiOrWithFaultmaskLocksUp) {
  system.Pend(kNmi);
  Step();
  system.Raise(Fault::kUndefined, 0);
  EXPECT_TRUE(registers.locked_up);

  system.Reset(0);
  registers.faultmask = true;
  system.MasksChanged();
  system.SupervisorCall();
  EXPECT_TRUE(registers.locked_up);
}

TEST_F(SystemTest, SupervisorCallComesAfterTheInstruction) {
  system.SupervisorCall();
  ExpectIn(kSvCall);
  EXPECT_EQ(Word(registers.r[kSp] + 24), kCode + 0x10'0000);
  EXPECT_TRUE(faults.empty());
  system.SupervisorCall();  // not urgent enough for itself
  ExpectIn(kHardFault);
  EXPECT_EQ(Read(kHfsr), kForced);
  EXPECT_EQ(faults.size(), 1u);
}

TEST_F(SystemTest, ABreakpointIsTheMonitorsElseADebugEvent) {
  Write(kDemcr, 1 << 16);
  system.Raise(Fault::kBreakpoint, 0);
  ExpectIn(kDebugMonitor);
  EXPECT_EQ(Read(kHfsr), 0u);
  EXPECT_EQ(Read(kDfsr), 2u);
  Write(kDfsr, 2);
  EXPECT_EQ(Read(kDfsr), 0u);
  Return();
  Write(kDemcr, 0);
  system.Raise(Fault::kBreakpoint, 0);
  ExpectIn(kHardFault);
  EXPECT_EQ(Read(kHfsr), kDebugEvent);
}

TEST_F(SystemTest, BusFaultsCanBeIgnoredInFaultHandlers) {
  Write(kCcr, 0x300);
  EXPECT_FALSE(system.IgnoresBusFaults());
  system.Raise(Fault::kUndefined, 0);
  EXPECT_TRUE(system.IgnoresBusFaults());
}

// ---- faults of entry and return themselves

TEST_F(SystemTest, AStackInAHoleIsAStackingFault) {
  Write(kShcsr, kFaultsOn);
  SetPriority(kBusFault, 0x20);
  EnableInterrupt(0, 0x40);
  registers.r[kSp] = kHole;
  Interrupt(0);
  ExpectIn(kBusFault);  // more urgent than the interrupt
  EXPECT_EQ(Read(kCfsr), 1u << 12);
  EXPECT_EQ(registers.r[kSp], kHole - 32);  // moves all the same
  EXPECT_TRUE(system.state().pending[16]);
  EXPECT_FALSE(system.state().active[16]);
}

TEST_F(SystemTest, AStackingFaultWaitsForAMoreUrgentInterrupt) {
  Write(kShcsr, kFaultsOn);
  SetPriority(kMemManage, 0x40);
  EnableInterrupt(0, 0x20);
  Forbid(kStack - 32);
  Interrupt(0);
  ExpectIn(16);
  EXPECT_EQ(Read(kCfsr), 1u << 4);
  EXPECT_EQ(Read(kMmfar), 0u);
  Return();
  ExpectIn(kMemManage);
}

TEST_F(SystemTest, AStackingFaultWithoutAHandlerIsAHardFault) {
  EnableInterrupt(0, 0x20);
  registers.r[kSp] = kHole;
  Interrupt(0);
  ExpectIn(kHardFault);
  EXPECT_EQ(Read(kHfsr), kForced);
}

TEST_F(SystemTest, StackingHasTheRightsOfTheInterruptedCode) {
  Write(kShcsr, kFaultsOn);
  UseProcessStack();
  Write(kMpuRbar, kRam | 1 << 4);
  Write(kMpuRasr, 1 << 24 | 15 << 1 | 1);  // 64 KiB for privileged code
  Write(kMpuCtrl, 1);
  system.Pend(kPendSv);
  Step();
  ExpectIn(kPendSv);
  Return();
  ExpectIn(0);

  registers.unprivileged = true;
  system.MasksChanged();
  system.Pend(kPendSv);
  Step();
  ExpectIn(kMemManage);
  EXPECT_EQ(Read(kCfsr), 1u << 4);
  EXPECT_TRUE(registers.Privileged());
}

TEST_F(SystemTest, AFaultWhileReturningChainsOnTheSameFrame) {
  Write(kShcsr, kFaultsOn);
  UseProcessStack();
  system.Pend(kPendSv);
  Step();
  const uint32_t main = registers.r[kSp];
  registers.other_sp = kHole;
  Return();
  ExpectIn(kBusFault);
  EXPECT_EQ(Read(kCfsr), 1u << 11);
  EXPECT_EQ(registers.r[kLr], 0xFFFF'FFFDu);
  EXPECT_EQ(registers.other_sp, kHole);
  EXPECT_EQ(registers.r[kSp], main);
  registers.other_sp = kProcessStack - 32;
  Return();
  ExpectIn(0);
  EXPECT_EQ(registers.r[kSp], kProcessStack);
}

TEST_F(SystemTest, UnstackingHasTheRightsOfTheCodeReturnedTo) {
  Write(kShcsr, kFaultsOn);
  UseProcessStack();
  registers.unprivileged = true;
  system.MasksChanged();
  system.Pend(kPendSv);
  Step();
  Write(kMpuCtrl, 1 | 4);  // nothing for unprivileged code
  Return();
  ExpectIn(kMemManage);
  EXPECT_EQ(Read(kCfsr), 1u << 3);
}

TEST_F(SystemTest, AFaultWhileReturningFromAHardFaultIsNotALockup) {
  system.Raise(Fault::kUndefined, 0);
  registers.r[kSp] = kHole;
  Return();  // by then the priority is thread mode's, so that HardFault can be entered once more
  ExpectIn(kHardFault);
  EXPECT_EQ(Read(kCfsr), 1u << 16 | 1u << 11);
}

TEST_F(SystemTest, AVectorThatCannotBeReadIsAHardFault) {
  EnableInterrupt(0, 0x20);
  vectors.resize(16);
  Interrupt(0);
  ExpectIn(kHardFault);
  EXPECT_EQ(Read(kHfsr), kVectorTableFault);
  EXPECT_EQ(registers.r[kLr], 0xFFFF'FFF9u);
  EXPECT_TRUE(system.state().pending[16]);
}

TEST_F(SystemTest, AHardFaultWithoutAVectorLocksUp) {
  Write(kVtor, kHole);
  system.Raise(Fault::kUndefined, 0);
  EXPECT_TRUE(registers.locked_up);

  system.Reset(0);
  Write(kVtor, kHole);
  system.Pend(kPendSv);
  Step();
  EXPECT_TRUE(registers.locked_up);
}

TEST_F(SystemTest, AnNmiWithoutAVectorLocksUpEvenIfHardFaultHasOne) {
  unreadable = 4 * kNmi;
  system.Pend(kNmi);
  Step();
  EXPECT_TRUE(registers.locked_up);
  EXPECT_EQ(Read(kHfsr), kVectorTableFault);
}

TEST_F(SystemTest, VectorsAreReadWhateverTheMpuSays) {
  Write(kMpuCtrl, 1);  // nothing for anybody
  Write(kMpuRbar, kRam | 1 << 4);
  Write(kMpuRasr, 3 << 24 | 15 << 1 | 1);
  system.Pend(kPendSv);
  Step();
  ExpectIn(kPendSv);
  EXPECT_FALSE(system.PermissionAt(0, true).read);
}

// ---- returns that do not fit

class BadReturnTest : public SystemTest {
 protected:
  void ExpectUsageFault(uint32_t exc_return, uint32_t stack) {
    ExpectIn(kUsageFault);
    EXPECT_EQ(Read(kCfsr), 1u << 18);
    EXPECT_EQ(registers.r[kLr], exc_return);
    EXPECT_EQ(registers.r[kSp], stack);
    EXPECT_EQ(faults.back().fault, Fault::kInvalidPc);
  }
};

TEST_F(BadReturnTest, KindsThatDoNotExist) {
  for (const uint32_t kind : {0u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 10u, 11u, 12u, 14u, 15u}) {
    system.Reset(0);
    Write(kShcsr, kFaultsOn);
    system.Pend(kPendSv);
    Step();
    system.ReturnFromException(0xFFFF'FFF0 | kind);
    ExpectUsageFault(0xFFFF'FFF0 | kind, kStack - 32);
    EXPECT_FALSE(system.state().active[kPendSv]);
  }
}

TEST_F(BadReturnTest, ToThreadModeWhileAnotherHandlerIsActive) {
  for (const uint32_t exc_return : {0xFFFF'FFF9u, 0xFFFF'FFFDu}) {
    system.Reset(0);
    Write(kShcsr, kFaultsOn);
    EnableInterrupt(0, 0x80);
    EnableInterrupt(1, 0x40);
    Interrupt(0);
    Interrupt(1);
    Word(kStack - 64 + 28) &= ~0x1FFu;  // the frame itself would do
    system.ReturnFromException(exc_return);
    ExpectUsageFault(exc_return, kStack - 64);
  }
}

TEST_F(SystemTest, NonBaseThreadEnableAllowsThreadModeFromNestedHandlers) {
  Write(kCcr, 0x201);
  EnableInterrupt(0, 0x80);
  EnableInterrupt(1, 0x40);
  Interrupt(0);
  Interrupt(1);
  Word(registers.r[kSp] + 28) &= ~0x1FFu;  // IPSR 0, as thread mode needs
  Write(kScr, 2);                          // SLEEPONEXIT waits for the last handler
  system.ReturnFromException(0xFFFF'FFF9);
  EXPECT_EQ(registers.exception, 0);
  EXPECT_FALSE(registers.sleeping);
  EXPECT_EQ(system.ExecutionPriority(), 0x80);  // the first handler is active still
  EXPECT_TRUE(faults.empty());
}

TEST_F(BadReturnTest, FromAHandlerThatIsNotActive) {
  Write(kShcsr, kFaultsOn);
  EnableInterrupt(0, 0x40);
  Interrupt(0);
  registers.exception = 17;
  Return();
  ExpectUsageFault(0xFFFF'FFF9, kStack - 32);
}

TEST_F(BadReturnTest, FromANumberThatDoesNotExist) {
  Write(kShcsr, kFaultsOn);
  registers.exception = 511;
  registers.r[kLr] = 0xFFFF'FFF9;
  Return();
  ExpectUsageFault(0xFFFF'FFF9, kStack);
}

TEST_F(BadReturnTest, ToThreadModeWithAHandlersNumber) {
  Write(kShcsr, kFaultsOn);
  system.Pend(kPendSv);
  Step();
  Word(kStack - 32 + 28) |= 5;
  Word(kStack - 32) = 0x777;
  Return();
  ExpectUsageFault(0xFFFF'FFF9, kStack - 32);
  EXPECT_EQ(registers.r[0], 0x777u);
}

TEST_F(BadReturnTest, ToAHandlerWithoutANumber) {
  Write(kShcsr, kFaultsOn);
  system.Pend(kPendSv);
  Step();
  system.ReturnFromException(0xFFFF'FFF1);
  ExpectUsageFault(0xFFFF'FFF1, kStack - 32);
}

TEST_F(SystemTest, ABadReturnWithoutAUsageFaultHandlerIsAHardFault) {
  system.Pend(kPendSv);
  Step();
  system.ReturnFromException(0xFFFF'FFF0);
  ExpectIn(kHardFault);
  EXPECT_EQ(Read(kHfsr), kForced);
  EXPECT_EQ(Read(kCfsr), 1u << 18);
}

TEST_F(SystemTest, ABadReturnUnderFaultmaskedNmiLocksUp) {
  system.Raise(Fault::kUndefined, 0);
  system.Pend(kNmi);
  Step();
  ExpectIn(kNmi);
  system.ReturnFromException(0xFFFF'FFF0);  // HardFault is active below
  EXPECT_TRUE(registers.locked_up);
}

// ---- floating point

class FloatTest : public SystemTest {
 protected:
  FloatTest() {
    TurnFloatOn();
    for (uint32_t i = 0; i < 32; ++i) registers.s[i] = 0x3F80'0000 + i;
    registers.fpscr = 0x6000'001F;
    registers.float_active = true;
    EnableInterrupt(0, 0x40);
  }
  uint32_t address = 0;
};

TEST_F(FloatTest, AnEntryOnlyLeavesRoom) {
  const uint64_t before = registers.cycles;
  Interrupt(0);
  const uint32_t frame = kStack - 0x68;
  EXPECT_EQ(registers.r[kSp], frame);
  EXPECT_EQ(registers.cycles - before, 12u);
  EXPECT_EQ(Word(frame + 0x20), 0xDEAD'BEEF);
  EXPECT_EQ(Read(kFpcar), frame + 0x20);
  EXPECT_EQ(Read(kFpccr), 0xC000'0000u | 1 | 1 << 3 | 1 << 4);  // LSPACT, THREAD, HFRDY
}

TEST_F(FloatTest, TheFrameRemembersWhoCouldHandleAFault) {
  Write(kShcsr, kFaultsOn);
  Write(kDemcr, 1 << 16);
  UseProcessStack();
  registers.unprivileged = true;
  system.MasksChanged();
  Interrupt(0);
  EXPECT_EQ(Read(kFpccr), 0xC000'0000u | 1 | 1 << 1 | 1 << 3 | 7 << 4 | 1 << 8);
}

TEST_F(FloatTest, TheFirstInstructionSavesTheContext) {
  Interrupt(0);
  Write(kFpdscr, 3 << 22);
  const uint64_t before = registers.cycles;
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNone);
  EXPECT_EQ(registers.cycles - before, 17u);
  const uint32_t frame = kStack - 0x68;
  for (uint32_t i = 0; i < 16; ++i) EXPECT_EQ(Word(frame + 0x20 + 4 * i), 0x3F80'0000 + i);
  EXPECT_EQ(Word(frame + 0x60), 0x6000'001Fu);
  EXPECT_EQ(Word(frame + 0x64), 0xDEAD'BEEF);
  EXPECT_EQ(Read(kFpccr) & 1, 0u);
  EXPECT_TRUE(registers.float_active);
  EXPECT_EQ(registers.fpscr, 0x6000'001Fu | 3u << 22);  // modes are new, flags are not
  registers.s[3] = 1;
  registers.fpscr = 0;
  Return();
  EXPECT_EQ(registers.s[3], 0x3F80'0003u);
  EXPECT_EQ(registers.fpscr, 0x6000'001Fu);
  EXPECT_EQ(registers.r[kSp], kStack);
}

TEST_F(FloatTest, AReturnWithoutUseReadsNothing) {
  Interrupt(0);
  Return();
  EXPECT_EQ(Read(kFpccr) & 1, 0u);
  EXPECT_EQ(registers.s[0], 0x3F80'0000u);  // the frame holds 0xDEADBEEF
  EXPECT_TRUE(registers.float_active);
}

TEST_F(FloatTest, WithoutLazyStackingTheEntrySaves) {
  Write(kFpccr, 0x8000'0000);
  registers.r[kSp] = kStack - 4;
  const uint64_t before = registers.cycles;
  Interrupt(0);
  EXPECT_EQ(registers.cycles - before, 29u);
  EXPECT_EQ(registers.r[kSp], kStack - 8 - 0x68);
  EXPECT_EQ(Word(registers.r[kSp] + 0x20 + 60), 0x3F80'000Fu);
  EXPECT_EQ(Word(registers.r[kSp] + 0x60), 0x6000'001Fu);
  EXPECT_EQ(Read(kFpccr), 0x8000'0000u);
  registers.s[15] = 0;
  Return();
  EXPECT_EQ(registers.s[15], 0x3F80'000Fu);
  EXPECT_EQ(registers.r[kSp], kStack - 4);
}

TEST_F(FloatTest, TheFrameIsAlignedEvenWithoutStackAlignment) {
  Write(kCcr, 0);
  registers.r[kSp] = kStack - 4;
  Interrupt(0);
  EXPECT_EQ(registers.r[kSp], kStack - 8 - 0x68);
  Return();
  EXPECT_EQ(registers.r[kSp], kStack - 4);
}

TEST_F(FloatTest, AutomaticContextsCanBeOff) {
  Write(kFpccr, 0);
  registers.float_active = false;
  registers.fpscr = 5;
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNone);
  EXPECT_FALSE(registers.float_active);
  EXPECT_EQ(registers.fpscr, 5u);
}

TEST_F(FloatTest, AnFpuThatIsOffIsAMissingCoprocessor) {
  Write(kCpacr, 0);
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNoCoprocessor);
  Write(kCpacr, 5 << 20);
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNone);
  registers.unprivileged = true;
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNoCoprocessor);
  Write(kCpacr, 0xA << 20);
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNoCoprocessor);
}

TEST_F(FloatTest, AnFpuThatWentOffFaultsEntryAndReturn) {
  Write(kShcsr, kFaultsOn);
  Write(kFpccr, 0x8000'0000);
  Interrupt(0);
  Write(kCpacr, 0);
  Return();
  ExpectIn(kUsageFault);
  EXPECT_EQ(Read(kCfsr), 1u << 19);
  EXPECT_EQ(registers.r[kLr], 0xFFFF'FFE9u);
  TurnFloatOn();
  Return();
  ExpectIn(0);
  Write(kCfsr, ~0u);
  Write(kCpacr, 0);
  Interrupt(0);
  ExpectIn(kUsageFault);  // priority 0 is more urgent than 0x40
  EXPECT_EQ(Read(kCfsr), 1u << 19);
}

TEST_F(FloatTest, AFaultOfLazyStackingIsTakenBeforeTheInstruction) {
  Write(kShcsr, kFaultsOn);
  Interrupt(0);
  Forbid(kStack - 0x20);
  const uint32_t pc = registers.r[kPc];
  ASSERT_EQ(system.PrepareFloat(address), Fault::kLazyStacking);
  EXPECT_EQ(Read(kCfsr), 1u << 5);
  EXPECT_EQ(Read(kFpccr) & 1, 1u);
  system.Raise(Fault::kLazyStacking, address);
  ExpectIn(kMemManage);
  EXPECT_EQ(Word(registers.r[kSp] + 24), pc);
  Write(kMpuCtrl, 0);
  Return();
  ExpectIn(16);
  EXPECT_EQ(registers.r[kPc], pc);
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNone);
  EXPECT_EQ(Word(kStack - 0x48), 0x3F80'0000u);
}

TEST_F(FloatTest, AFaultOfLazyStackingThatMayNotPreemptWaits) {
  Write(kShcsr, kFaultsOn);
  SetPriority(kBusFault, 0x80);
  registers.r[kSp] = kRam + 0x68;
  Interrupt(0);
  Write(kFpcar, kHole);
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNone);
  EXPECT_EQ(Read(kCfsr), 1u << 13);
  EXPECT_EQ(Read(kFpccr) & 1, 0u);
  EXPECT_TRUE(system.state().pending[kBusFault]);
  Return();
  ExpectIn(kBusFault);
}

TEST_F(FloatTest, AFaultOfLazyStackingWithoutAHandlerIsAHardFault) {
  Interrupt(0);
  Write(kShcsr, kFaultsOn);  // too late: the frame counts
  Write(kFpcar, kHole);
  ASSERT_EQ(system.PrepareFloat(address), Fault::kLazyStacking);
  system.Raise(Fault::kLazyStacking, address);
  ExpectIn(kHardFault);
  EXPECT_EQ(Read(kHfsr), kForced);
}

TEST_F(FloatTest, AFaultOfLazyStackingForAFaultHandlerLocksUp) {
  registers.faultmask = true;
  system.MasksChanged();
  system.Pend(kNmi);
  Step();
  EXPECT_EQ(Read(kFpccr) & 1 << 4, 0u);
  Write(kFpcar, kHole);
  EXPECT_EQ(system.PrepareFloat(address), Fault::kLazyStacking);
  system.Raise(Fault::kLazyStacking, address);
  EXPECT_TRUE(registers.locked_up);
}

TEST_F(FloatTest, LazyStackingHasTheRightsAndThePriorityOfTheFrame) {
  Write(kShcsr, kFaultsOn);
  Write(kMpuCtrl, 1 | 4);
  system.Pend(kNmi);
  Step();
  Write(kFpccr, Read(kFpccr) | 1 << 1);  // as if the code had been unprivileged
  // NMI ignores the MPU, the frame does not: nothing is open to unprivileged code.
  EXPECT_EQ(system.PrepareFloat(address), Fault::kNone);  // MemManage waits for the end of NMI
  EXPECT_EQ(Read(kCfsr), 1u << 5);
  EXPECT_TRUE(system.state().pending[kMemManage]);
  EXPECT_TRUE(system.PermissionAt(kRam, false).read);  // NMI again
}

// ---- sleep

TEST_F(SystemTest, PrimaskDoesNotKeepAnInterruptFromWaking) {
  EnableInterrupt(0, 0x40);
  registers.primask = true;
  system.MasksChanged();
  registers.sleeping = true;
  EXPECT_FALSE(system.WakesFromSleep());
  system.SetInterrupt(0, true);
  EXPECT_TRUE(system.WakesFromSleep());
  EXPECT_TRUE(system.AttentionNeeded());
  Step();
  EXPECT_FALSE(registers.sleeping);
  EXPECT_EQ(registers.exception, 0);
  EXPECT_FALSE(system.AttentionNeeded());
}

TEST_F(SystemTest, BasepriKeepsAnInterruptFromWaking) {
  EnableInterrupt(0, 0x40);
  registers.basepri = 0x40;
  system.MasksChanged();
  registers.sleeping = true;
  system.SetInterrupt(0, true);
  EXPECT_FALSE(system.WakesFromSleep());
  EXPECT_FALSE(system.AttentionNeeded());
  system.TakeException();
  EXPECT_TRUE(registers.sleeping);
}

TEST_F(SystemTest, AnInterruptWakesAndIsTaken) {
  EnableInterrupt(0, 0x40);
  registers.sleeping = true;
  system.SetInterrupt(0, true);
  Step();
  ExpectIn(16);
  EXPECT_FALSE(registers.sleeping);
}

TEST_F(SystemTest, SendEventOnPendWakesForDisabledInterruptsToo) {
  registers.event = false;
  system.SetInterrupt(0, true);
  EXPECT_FALSE(registers.event);
  Write(kScr, 1 << 4);
  system.SetInterrupt(1, true);
  EXPECT_TRUE(registers.event);
  EnableInterrupt(3, 0x40);
  system.SetInterrupt(3, true);
  Step();
  system.SetInterrupt(3, false);
  registers.event = false;
  system.SetInterrupt(3, true);  // from active, not from inactive, to pending
  EXPECT_FALSE(registers.event);
  system.SetInterrupt(3, false);
  Return();
  Return();
  ExpectIn(0);
  registers.event = false;
  registers.sleeping = true;
  system.SetInterrupt(2, true);
  EXPECT_TRUE(system.AttentionNeeded());
  Step();
  EXPECT_FALSE(registers.sleeping);
  EXPECT_FALSE(registers.event);
  EXPECT_FALSE(system.AttentionNeeded());
}

TEST_F(SystemTest, SleepOnExitSleepsAfterTheLastHandler) {
  Write(kScr, 2);
  EnableInterrupt(0, 0x80);
  EnableInterrupt(1, 0x40);
  Interrupt(0);
  Interrupt(1);
  Return();
  EXPECT_FALSE(registers.sleeping);
  Return();
  EXPECT_TRUE(registers.sleeping);
  EXPECT_EQ(registers.exception, 0);
  EXPECT_FALSE(system.AttentionNeeded());
  Interrupt(0);
  ExpectIn(16);
  EXPECT_FALSE(registers.sleeping);
}

// ---- registers

TEST_F(SystemTest, UnprivilegedCodeSeesNothingOfThePrivatePeripheralBus) {
  uint32_t value = 0;
  for (const uint32_t address : {kSystCsr, kIser, kCfsr, kMpuCtrl, kDwtCyccnt, kStir, 0xE000'0000u, 0xE004'2000u}) {
    EXPECT_FALSE(system.Read(address, 4, false, value)) << std::hex << address;
    EXPECT_FALSE(system.Write(address, 4, false, 0)) << std::hex << address;
  }
  Write(kCcr, Read(kCcr) | 2);  // USERSETMPEND
  EXPECT_TRUE(system.Write(kStir, 4, false, 7));
  EXPECT_EQ(Read(kIspr), 1u << 7);
  EXPECT_FALSE(system.Write(kIspr, 4, false, 1));
}

TEST_F(SystemTest, HolesAndOddSizesAreBusFaults) {
  uint32_t value = 0;
  for (const uint32_t address : {0xE000'3000u, 0xE000'D000u, 0xE000'F000u, 0xE004'3000u, 0xE00F'E000u, 0xE00F'FFFCu}) {
    const bool there = address >= 0xE00F'F000;
    EXPECT_EQ(system.Read(address, 4, true, value), there) << std::hex << address;
    EXPECT_EQ(system.Write(address, 4, true, 0), there) << std::hex << address;
  }
  EXPECT_FALSE(system.Write(kDwtCyccnt, 1, true, 0));
  EXPECT_FALSE(system.Write(kDwtCyccnt, 2, true, 0));
}

TEST_F(SystemTest, PartsOfARegisterLeaveTheRestAlone) {
  Write(kIser + 1, 0x80, 1);
  Write(kIser + 2, 0x0001, 2);
  EXPECT_EQ(Read(kIser), 1u << 15 | 1u << 16);
  EXPECT_EQ(Read(kIser + 1, 1), 0x80u);
  Write(kIcer + 1, 0xFF, 1);
  EXPECT_EQ(Read(kIser), 1u << 16);
  Write(kShcsr + 2, 7, 1);
  Write(kShcsr + 1, 0x80, 1);  // SVCALLPENDED
  EXPECT_EQ(Read(kShcsr), kFaultsOn | 1u << 15);
  Write(kFpccr, 0x7B, 1);
  EXPECT_EQ(Read(kFpccr), 0xC000'007Bu);
  Write(kSystRvr, 0x12'3456);
  Write(kSystRvr, 0x78, 1);
  EXPECT_EQ(Read(kSystRvr), 0x12'3478u);
  Write(kMpuRbar, kRam);
  Write(kMpuRbar + 1, 0x40, 1);
  EXPECT_EQ(Read(kMpuRbar), kRam + 0x4000);
  Write(kAircr, 0x0304, 2);  // without the key
  EXPECT_EQ(Read(kAircr), 0xFA05'0000u);
  EXPECT_EQ(resets, 0);
  Write(kIcsr + 3, 1 << 4, 1);
  EXPECT_TRUE(system.state().pending[kPendSv]);
  Write(kVtor, 0x2000'0180);
  Write(kVtor + 1, 2, 1);
  EXPECT_EQ(Read(kVtor), 0x2000'0280u);
}

TEST_F(SystemTest, TheChipsPartOfTheBusIsTheChips) {
  EXPECT_EQ(Read(0xE004'2000), 0x1000'6441u);
  EXPECT_FALSE(system.Write(0xE004'2004, 4, true, 7));
}

TEST_F(SystemTest, IdentifiesItselfAsACortexM4F) {
  EXPECT_EQ(Read(0xE000'ED00), 0x410F'C241u);
  EXPECT_EQ(Read(0xE000'ED90), 0x800u);
  EXPECT_EQ(Read(0xE000'E004), 3u);
  EXPECT_EQ(Read(0xE000'EF40), 0x1011'0021u);
  EXPECT_EQ(Read(0xE000'EF44), 0x1100'0011u);
  EXPECT_EQ(Read(0xE000'ED40), 0x30u);
  EXPECT_EQ(Read(0xE000'ED50), 0x0010'0030u);
  EXPECT_EQ(Read(0xE000'ED58), 0x0100'0000u);
  EXPECT_EQ(Read(0xE000'ED70), 0x0131'0132u);
  EXPECT_EQ(Read(0xE000'EFF0), 0x0Du);
  EXPECT_EQ(Read(0xE00F'F000), 0xFFF0'F003u);
  EXPECT_EQ(Read(0xE000'EDF0), 0u);  // DHCSR: no debugger
  EXPECT_EQ(Read(0xE000'0E80), 0u);  // ITM_TCR: off, whatever is written
  Write(0xE000'0000, 'x', 1);
}

TEST_F(SystemTest, InterruptRegistersSetAndClearByBits) {
  Write(kIser + 8, 1 << 7);
  Write(kIser + 8, 1 << 9);
  EXPECT_EQ(Read(kIser + 8), 1u << 7 | 1u << 9);
  EXPECT_EQ(Read(kIcer + 8), 1u << 7 | 1u << 9);
  Write(kIcer + 8, 1 << 7);
  EXPECT_EQ(Read(kIser + 8), 1u << 9);
  Write(kIspr + 8, 1 << 3);
  EXPECT_EQ(Read(kIcpr + 8), 1u << 3);
  EXPECT_FALSE(system.AttentionNeeded());
  Write(kIcpr + 8, 1 << 3);
  EXPECT_EQ(Read(kIspr + 8), 0u);
  Write(kIspr + 8, 1 << 9);
  EXPECT_TRUE(system.AttentionNeeded());
  EXPECT_EQ(Read(kIcsr) >> 12 & 0x1FF, 16u + 64 + 9);
  EXPECT_NE(Read(kIcsr) & 1 << 22, 0u);
}

TEST_F(SystemTest, PrioritiesHaveFourBitsAndBytes) {
  Write(kIpr + 4, 0x12'34'56'78);
  EXPECT_EQ(Read(kIpr + 4), 0x10'30'50'70u);
  Write(kIpr + 5, 0xFF, 1);
  EXPECT_EQ(Read(kIpr + 4), 0x10'30'F0'70u);
  EXPECT_EQ(Read(kIpr + 6, 2), 0x1030u);
  Write(kShpr, ~0u);
  Write(kShpr + 4, ~0u);
  Write(kShpr + 8, ~0u);
  EXPECT_EQ(Read(kShpr), 0x00F0'F0F0u);
  EXPECT_EQ(Read(kShpr + 4), 0xF000'0000u);
  EXPECT_EQ(Read(kShpr + 8), 0xF0F0'00F0u);
  Write(kShpr + 11, 0x20, 1);
  EXPECT_EQ(system.state().priority[kSysTickException], 0x20);
}

TEST_F(SystemTest, InterruptControlPendsAndClears) {
  Write(kIcsr, 1 << 28 | 1 << 26);
  EXPECT_EQ(Read(kIcsr) & (1 << 28 | 1 << 26), 1u << 28 | 1u << 26);
  Write(kIcsr, 1 << 27 | 1 << 25);
  EXPECT_EQ(Read(kIcsr), 1u << 11);
  Write(kIcsr, 1u << 31);
  Step();
  ExpectIn(kNmi);
  EXPECT_EQ(Read(kIcsr), 1u << 11 | kNmi);
  system.Reset(0);
  EnableInterrupt(0, 0x40);
  Interrupt(0);
  Write(kIcsr, 1u << 31);
  Step();
  EXPECT_EQ(Read(kIcsr), uint32_t{kNmi});  // another handler is active: RETTOBASE is clear
}

TEST_F(SystemTest, HandlerControlShowsAndSetsWhatIsPendingAndActive) {
  Write(kShcsr, kFaultsOn | 1 << 15);  // SVCALLPENDED
  Step();
  ExpectIn(kSvCall);
  EXPECT_EQ(Read(kShcsr), kFaultsOn | 1u << 7);
  Write(kShcsr, 0);
  EXPECT_FALSE(system.state().active[kSvCall]);
  EXPECT_FALSE(system.state().enabled[kUsageFault]);
  Write(kShcsr, kFaultsOn | 1 << 12);
  EXPECT_TRUE(system.AttentionNeeded());
  Step();
  ExpectIn(kUsageFault);
}

TEST_F(SystemTest, FaultStatusIsClearedByOnesInAnySize) {
  system.state().cfsr = ~0u;
  Write(kCfsr, 0xFFFF'FFFF, 1);
  EXPECT_EQ(Read(kCfsr), 0xFFFF'FF00u);
  Write(kCfsr + 1, 0x81, 1);
  EXPECT_EQ(Read(kCfsr), 0xFFFF'7E00u);
  Write(kCfsr + 2, 0x0300, 2);
  EXPECT_EQ(Read(kCfsr + 2, 2), 0xFCFFu);
  system.state().hfsr = kForced | kVectorTableFault;
  Write(kHfsr, kForced);
  EXPECT_EQ(Read(kHfsr), kVectorTableFault);
}

TEST_F(SystemTest, ResetControlNeedsItsKey) {
  Write(kAircr, 0x1234'0704);
  EXPECT_EQ(Read(kAircr), 0xFA05'0000u);
  EXPECT_EQ(resets, 0);
  Write(kAircr, 0x05FA'0304);
  EXPECT_EQ(Read(kAircr), 0xFA05'0300u);
  EXPECT_EQ(resets, 1);
}

TEST_F(SystemTest, ClearingTheActiveStateEndsAllHandlers) {
  EnableInterrupt(0, 0x40);
  Interrupt(0);
  Write(kAircr, 0x05FA'0002);
  EXPECT_EQ(registers.exception, 0);
  EXPECT_EQ(system.ExecutionPriority(), 256);
  EXPECT_EQ(Read(kIabr), 0u);
}

TEST_F(SystemTest, RegistersKeepOnlyTheirBits) {
  Write(kVtor, ~0u);
  EXPECT_EQ(Read(kVtor), 0xFFFF'FF80u);
  Write(kScr, ~0u);
  EXPECT_EQ(Read(kScr), 0x16u);
  Write(kCcr, ~0u);
  EXPECT_EQ(Read(kCcr), 0x31Bu);
  EXPECT_TRUE(system.TrapsUnaligned());
  EXPECT_TRUE(system.TrapsDivideByZero());
  Write(kCpacr, ~0u);
  EXPECT_EQ(Read(kCpacr), 0xF0'0000u);
  Write(kFpccr, ~0u);
  EXPECT_EQ(Read(kFpccr), 0xC000'017Bu);
  Write(kFpdscr, ~0u);
  EXPECT_EQ(Read(kFpdscr), 0x07C0'0000u);
  Write(kFpcar, ~0u);
  EXPECT_EQ(Read(kFpcar), ~7u);
  Write(kMmfar, 0x1234'5677);
  EXPECT_EQ(Read(kMmfar), 0x1234'5677u);
  EXPECT_EQ(Read(kBfar), 0x1234'5677u);  // the same register
}

TEST_F(SystemTest, MpuRegistersSpeakOfOneRegionAtATime) {
  Write(kMpuRnr, 3);
  Write(kMpuRbar, 0x2000'0FE0);
  Write(kMpuRasr, ~0u);
  EXPECT_EQ(Read(kMpuRbar), 0x2000'0FE0u | 3);
  EXPECT_EQ(Read(kMpuRasr), 0x173F'FF3Fu);
  Write(kMpuRbar, 0x2000'1000 | 1 << 4 | 5);
  EXPECT_EQ(Read(kMpuRnr), 5u);
  EXPECT_EQ(system.state().mpu.regions[5].base, 0x2000'1000u);
  EXPECT_EQ(Read(kMpuRasr), 0u);
  Write(kMpuRasr, 0x0307'0000);
  Write(kMpuRasr, 0x13, 2);
  Write(kMpuRasr + 2, 0x0600, 2);
  EXPECT_EQ(Read(kMpuRasr), 0x0600'0013u);
  Write(kMpuRnr, 8);  // does not exist
  EXPECT_EQ(Read(kMpuRnr), 5u);
  Write(kMpuRbar, 0x2000'3000 | 1 << 4 | 9);
  EXPECT_EQ(Read(kMpuRbar), 0x2000'1000u | 5);
}

TEST_F(SystemTest, MpuAliasesSetFourRegionsInARow) {
  for (uint32_t i = 0; i < 4; ++i) {
    Write(kMpuRbar + 8 * i, (kRam + 0x1000 * i) | 1 << 4 | i);
    Write(kMpuRasr + 8 * i, 3 << 24 | 4 << 1 | 1);
  }
  for (uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(system.state().mpu.regions[i].base, kRam + 0x1000 * i);
    EXPECT_EQ(system.state().mpu.regions[i].attributes, 3u << 24 | 4 << 1 | 1);
  }
  EXPECT_EQ(Read(kMpuRbar + 24), kRam + 0x3000 + 3);
}

TEST_F(SystemTest, ChangesOfPermissionsAreTold) {
  const auto told = [&](const std::function<void()>& act) {
    permissions_changed = 0;
    act();
    return permissions_changed != 0;
  };
  EXPECT_TRUE(told([&] { Write(kMpuRbar, kRam | 1 << 4); }));
  EXPECT_TRUE(told([&] { Write(kMpuRasr, 3 << 24 | 4 << 1 | 1); }));
  EXPECT_FALSE(told([&] { Write(kMpuRasr, 3 << 24 | 4 << 1 | 1); }));
  EXPECT_TRUE(told([&] { Write(kMpuCtrl, 5); }));
  EXPECT_TRUE(told([&] { system.Raise(Fault::kUndefined, 0); }));
  EXPECT_TRUE(system.PermissionAt(kRam + 0x1000, false).read);
  EXPECT_TRUE(told([&] { Write(kMpuCtrl, 7); }));  // HFNMIENA
  EXPECT_FALSE(system.PermissionAt(kRam + 0x1000, false).read);
  EXPECT_FALSE(told([&] { Return(); }));
  EXPECT_TRUE(told([&] { Write(kMpuCtrl, 5); }));
  EXPECT_TRUE(told([&] {
    registers.faultmask = true;
    system.MasksChanged();
  }));
  EXPECT_TRUE(told([&] { system.Restored(); }));
}

TEST_F(SystemTest, SoftwareTriggersInterrupts) {
  Write(kStir, 42);
  EXPECT_EQ(Read(kIspr + 4), 1u << 10);
}

// ---- SysTick, DWT

TEST_F(SystemTest, SysTickCountsDownReloadsAndInterrupts) {
  Write(kSystRvr, 9);
  Write(kSystCvr, 123);
  Write(kSystCsr, 7);
  EXPECT_EQ(Read(kSystCvr), 0u);
  EXPECT_EQ(system.NextEventCycle(), registers.cycles + 10);
  registers.cycles += 1;
  EXPECT_EQ(Read(kSystCvr), 9u);
  registers.cycles += 8;
  EXPECT_EQ(Read(kSystCvr), 1u);
  EXPECT_EQ(Read(kSystCsr), 7u);
  EXPECT_EQ(system.NextEventCycle(), registers.cycles + 1);
  registers.cycles += 1;
  system.Advance();
  EXPECT_TRUE(system.AttentionNeeded());
  EXPECT_EQ(Read(kSystCsr), 7u | 1u << 16);
  EXPECT_EQ(Read(kSystCsr), 7u);
  EXPECT_EQ(system.NextEventCycle(), registers.cycles + 10);
  Step();
  ExpectIn(kSysTickException);
}

TEST_F(SystemTest, SysTickWithReload0Stops) {
  Write(kSystRvr, 5);
  Write(kSystCsr, 7);
  registers.cycles += 3;
  Write(kSystRvr, 0);
  EXPECT_EQ(system.NextEventCycle(), registers.cycles + 3);
  registers.cycles += 1000;
  EXPECT_EQ(Read(kSystCvr), 0u);
  EXPECT_TRUE(system.state().pending[kSysTickException]);
  EXPECT_EQ(system.NextEventCycle(), ~uint64_t{0});
}

TEST_F(SystemTest, SysTickHoldsItsValueWhileOff) {
  Write(kSystRvr, 99);
  Write(kSystCsr, 5);
  EXPECT_EQ(system.NextEventCycle(), ~uint64_t{0});
  registers.cycles += 20;
  Write(kSystCsr, 4);
  registers.cycles += 1000;
  EXPECT_EQ(Read(kSystCvr), 80u);
  Write(kSystCsr, 5);
  registers.cycles += 10;
  EXPECT_EQ(Read(kSystCvr), 70u);
  EXPECT_EQ(Read(kSystCalib), 0x4000'0000u | 12'500);
}

TEST_F(SystemTest, SysTickAgreesWithACounterThatTicks) {
  EXPECT_TRUE(rc::check([this] {
    system.Reset(0);
    registers.cycles = static_cast<uint64_t>(*rc::gen::inRange(0, 100));
    uint32_t value = 0, reload = 0, control = 0;
    bool counted = false, pending = false;
    for (int i = 0; i < 40; ++i) {
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
          reload = static_cast<uint32_t>(*rc::gen::inRange(0, 12));
          Write(kSystRvr, reload);
          break;
        case 1:
          control = static_cast<uint32_t>(*rc::gen::inRange(0, 8));
          Write(kSystCsr, control);
          break;
        case 2:
          value = 0, counted = false;
          Write(kSystCvr, 5);
          break;
        case 3:
          RC_ASSERT(Read(kSystCsr) == (control | (counted ? 1u << 16 : 0)));
          counted = false;
          break;
        default: {
          system.Advance();
          const uint64_t due = system.NextEventCycle();
          RC_ASSERT(due > registers.cycles);
          for (int cycles = *rc::gen::inRange(0, 60); cycles > 0; --cycles) {
            ++registers.cycles;
            const bool ticks = (control & 1) != 0 && ((control & 4) != 0 || registers.cycles % 8 == 0);
            if (ticks && value != 0 && --value == 0) {
              counted = true;
              if ((control & 2) != 0) {
                RC_ASSERT(pending || due <= registers.cycles);
                pending = true;
              }
            } else if (ticks && value == 0) {
              value = reload;
            }
          }
          if (*rc::gen::arbitrary<bool>()) {
            system.Advance();
            RC_ASSERT(system.state().pending[kSysTickException] == pending);
          }
        }
      }
    }
    RC_ASSERT(Read(kSystCvr) == value);
  }));
}

TEST_F(SystemTest, TheCycleCounterRunsWhileTracingIsOn) {
  EXPECT_EQ(Read(kDwtCtrl) >> 28, 0u);
  Write(kDwtCtrl, 1);
  registers.cycles += 100;
  EXPECT_EQ(Read(kDwtCyccnt), 0u);
  Write(kDemcr, 1 << 24);
  registers.cycles += 100;
  EXPECT_EQ(Read(kDwtCyccnt), 100u);
  Write(kDwtCyccnt, 0xFFFF'FFF0);
  registers.cycles += 0x20;
  EXPECT_EQ(Read(kDwtCyccnt), 0x10u);
  Write(kDwtCtrl, 0);
  registers.cycles += 50;
  EXPECT_EQ(Read(kDwtCyccnt), 0x10u);
  Write(kDwtCtrl, 1);
  registers.cycles += 5;
  EXPECT_EQ(Read(kDwtCyccnt), 0x15u);
  EXPECT_EQ(Read(kDwtCtrl) & 1, 1u);
}

// ---- what is kept beside the state

/// From the state alone, as the manual says it.
int SlowPriority(const SystemState& state, const Registers& registers, bool with_primask) {
  const int group_mask = ~((2 << (state.aircr >> 8 & 7)) - 1);
  int priority = 256;
  for (int i = 2; i < kExceptions; ++i) {
    if (state.active[i]) priority = std::min(priority, i == 2 ? -2 : i == 3 ? -1 : state.priority[i] & group_mask);
  }
  if (registers.basepri != 0) priority = std::min(priority, registers.basepri & group_mask);
  if (registers.primask && with_primask) priority = std::min(priority, 0);
  if (registers.faultmask) priority = std::min(priority, -1);
  return priority;
}

bool SlowAttention(const SystemState& state, const Registers& registers) {
  if (registers.locked_up) return false;
  const int group_mask = ~((2 << (state.aircr >> 8 & 7)) - 1);
  for (int i = 2; i < kExceptions; ++i) {
    if (!state.pending[i] || !state.enabled[i]) continue;
    const int priority = i == 2 ? -2 : i == 3 ? -1 : state.priority[i] & group_mask;
    if (priority < SlowPriority(state, registers, true)) return true;
    if (registers.sleeping && priority < SlowPriority(state, registers, false)) return true;
  }
  return registers.sleeping && state.event_wakes;
}

TEST_F(SystemTest, AttentionIsRightAfterAnyTraffic) {
  EXPECT_TRUE(rc::check([this] {
    system.Reset(0);
    TurnFloatOn();
    for (int i = 0; i < 60; ++i) {
      switch (*rc::gen::inRange(0, 12)) {
        case 0:
          system.SetInterrupt(*rc::gen::inRange(0, 6), *rc::gen::arbitrary<bool>());
          break;
        case 1:
          system.Pend(*rc::gen::element<uint16_t>(kNmi, kPendSv, kSysTickException, 17));
          break;
        case 2:
          registers.primask = *rc::gen::arbitrary<bool>();
          registers.basepri = static_cast<uint8_t>(*rc::gen::inRange(0, 16) << 4);
          registers.faultmask = *rc::gen::inRange(0, 4) == 0;
          system.MasksChanged();
          break;
        case 3: {
          const uint32_t address =
              *rc::gen::element(kIser, kIcer, kIspr, kIcpr, kIpr, kIpr + 4, kShpr, kShpr + 4, kShpr + 8, kShcsr, kScr,
                                kCcr, kIcsr, kStir, kDemcr, kFpccr, kSystCsr, kSystRvr, kMpuCtrl);
          Write(address, *rc::gen::arbitrary<uint32_t>() & *rc::gen::arbitrary<uint32_t>());
          break;
        }
        case 4:
          Write(kAircr, 0x05FA'0000 | static_cast<uint32_t>(*rc::gen::inRange(0, 8)) << 8 |
                            (*rc::gen::inRange(0, 10) == 0 ? 2 : 0));
          break;
        case 5:
          system.Raise(static_cast<Fault>(*rc::gen::inRange(1, 12)), 0x1234);
          break;
        case 6:
          if (registers.exception != 0) system.ReturnFromException(0xFFFF'FFE0 | *rc::gen::arbitrary<uint8_t>());
          break;
        case 7:
          if (registers.exception != 0) Return();
          break;
        case 8:
          if (!registers.locked_up) system.SupervisorCall();
          break;
        case 9:
          Step();
          registers.sleeping = !registers.locked_up && !system.WakesFromSleep() && *rc::gen::arbitrary<bool>();
          registers.cycles += 100;
          system.Advance();
          break;
        case 10: {
          uint32_t address = 0;
          if (const Fault fault = system.PrepareFloat(address); fault != Fault::kNone) system.Raise(fault, address);
          if (*rc::gen::inRange(0, 4) == 0)
            registers.r[kSp] = *rc::gen::element(kStack, kStack - 4, kHole, kIser, kShcsr, kAircr, kFpccr);
          break;
        }
        default:
          Step();
          break;
      }
      RC_ASSERT(system.ExecutionPriority() == SlowPriority(system.state(), registers, true));
      RC_ASSERT(system.AttentionNeeded() == SlowAttention(system.state(), registers));
      RC_ASSERT(!registers.UsesProcessStack() || registers.exception == 0);
    }
    // All of it follows from the state.
    Registers copy_of_registers = registers;
    System copy(copy_of_registers, *this);
    copy.state() = system.state();
    copy.Restored();
    RC_ASSERT(copy.AttentionNeeded() == system.AttentionNeeded());
    RC_ASSERT(copy.ExecutionPriority() == system.ExecutionPriority());
    RC_ASSERT(copy.NextEventCycle() == system.NextEventCycle());
    for (const uint32_t address : {0u, kRam, 0x4000'0000u}) {
      RC_ASSERT(copy.PermissionAt(address, false) == system.PermissionAt(address, false));
    }
  }));
}

TEST_F(SystemTest, TheCoreIsToldWhenAttentionIsNeeded) {
  EnableInterrupt(0, 0x40);
  attention_changed = 0;
  system.SetInterrupt(1, true);
  EXPECT_EQ(attention_changed, 0);
  system.SetInterrupt(0, true);
  EXPECT_EQ(attention_changed, 1);
  Write(kSystCsr, 7);
  EXPECT_EQ(attention_changed, 2);
}

}  // namespace
}  // namespace thimble::simulator
