// The chip as a whole: what a program meets, and that it can be saved, forked, reset and cut off at any moment.
#include "simulator/stm32f412/stm32f412.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "simulator/stm32f412/flash.h"
#include "simulator/stm32f412/rcc.h"
#include "simulator/stm32f412/test_program.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kResult = 0x2000'8000;  // where the programs leave what they found

/// Interrupts, random numbers, a timer and writes all over RAM.
constexpr char kBusy[] = R"(
void Tick(void) { REG(0x20020000) += REG(0x40000024); }  // TIM2_CNT
void Run(void) {
  REG(0x40023830) |= 1 << 3;   // GPIOD
  REG(0x40023834) |= 1 << 6;   // RNG
  REG(0x40023840) |= 1;        // TIM2
  REG(0x40000000) |= 1;
  REG(0x50060804) |= 4;
  REG(0xe000e014) = 999;
  REG(0xe000e018) = 0;
  REG(0xe000e010) = 7;
  for (u32 x = 1, i = 0;; ++i) {
    x = x * 1664525 + 1013904223 + (REG(0x50060804) & 1 ? REG(0x50060808) : 0);
    REG(0x20030000 + (x >> 16 & 0xfffc)) = x;
    REG(0x20020004) = i;
  }
})";

std::unique_ptr<Stm32f412> ChipWith(const std::vector<std::byte>& program, const ChipOptions& options = {}) {
  auto chip = std::make_unique<Stm32f412>(options);
  EXPECT_TRUE(chip->Program(kTestProgramBase, program));
  chip->SetApplication(kTestProgramBase);
  chip->PowerOn();
  return chip;
}

uint32_t Word(Stm32f412& chip, uint32_t address) {
  uint32_t value = 0;
  EXPECT_TRUE(chip.Peek(address, 4, value)) << std::hex << address;
  return value;
}

TEST(Stm32f412, HasTheSameFutureAfterRestore) {
  const auto program = TestProgramBytes(kBusy);
  const auto chip = ChipWith(program);
  ASSERT_EQ(chip->RunUntilNs(1'000'000), ChipStop::kReached);
  const ChipSnapshot early = chip->Save();
  ASSERT_EQ(chip->RunUntilNs(3'000'000), ChipStop::kReached);
  const ChipSnapshot late = chip->Save();
  EXPECT_GT(Word(*chip, 0x2002'0004), 500u);
  EXPECT_FALSE(early == late);

  chip->Restore(early);
  EXPECT_TRUE(chip->Save() == early);
  ASSERT_EQ(chip->RunUntilNs(3'000'000), ChipStop::kReached);
  EXPECT_TRUE(chip->Save() == late) << "the same chip, again";

  Stm32f412 other({.seed = 99});
  other.Restore(early);
  ASSERT_EQ(other.RunUntilNs(3'000'000), ChipStop::kReached);
  EXPECT_TRUE(other.Save() == late) << "another chip";
}

TEST(Stm32f412, RunsOnAsIfNobodyHadSavedIt) {
  const auto program = TestProgramBytes(kBusy);
  const auto chip = ChipWith(program), saved = ChipWith(program);
  ASSERT_EQ(chip->Run(200'000), ChipStop::kReached);
  std::vector<ChipSnapshot> kept;
  for (uint64_t cycle = 0; cycle <= 200'000; cycle += 1'000) {
    ASSERT_EQ(saved->Run(cycle), ChipStop::kReached);
    kept.push_back(saved->Save());
  }
  EXPECT_TRUE(chip->Save() == saved->Save());
}

TEST(Stm32f412, ForksThatKnowNothingOfEachOther) {
  const auto program = TestProgramBytes(kBusy);
  const auto chip = ChipWith(program);
  ASSERT_EQ(chip->RunUntilNs(500'000), ChipStop::kReached);
  const ChipSnapshot fork = chip->Save();
  Stm32f412 changed({}), same({});
  changed.Restore(fork);
  same.Restore(fork);
  ASSERT_TRUE(changed.Poke(0x2000'0000, 4, ~Word(changed, 0x2000'0000)));
  ASSERT_TRUE(changed.Program(0x0800'0000, std::vector<std::byte>(8192, std::byte{7})));
  ASSERT_EQ(changed.RunUntilNs(1'000'000), ChipStop::kReached);
  ASSERT_EQ(chip->RunUntilNs(1'000'000), ChipStop::kReached);
  ASSERT_EQ(same.RunUntilNs(1'000'000), ChipStop::kReached);
  EXPECT_TRUE(chip->Save() == same.Save());
  EXPECT_FALSE(chip->Save() == changed.Save());
  EXPECT_EQ(Word(*chip, 0x0800'0000), ~0u);
  EXPECT_EQ(Word(changed, 0x0800'0000), 0x0707'0707u);
}

TEST(Stm32f412, IsForkedInMicroseconds) {
  const auto chip = ChipWith(TestProgramBytes(kBusy));
  ASSERT_EQ(chip->RunUntilNs(1'000'000), ChipStop::kReached);
  Stm32f412 other({});
  constexpr int kForks = 200;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < kForks; ++i) other.Restore(chip->Save());
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
  RecordProperty("fork_us", std::to_string(took.count() / kForks));
  std::printf("a fork takes %.0f us\n", took.count() / kForks);
  EXPECT_LT(took.count() / kForks, 20'000) << "copies, where pages should be shared";
}

/// Erases sector 11 and programs kFlashWords words, then says so. Whatever a cut left is no obstacle.
constexpr uint32_t kFlashWords = 24, kSector11 = 0x080e'0000;
constexpr char kFlashes[] = R"(
#define FLASH(offset) REG(0x40023c00 + offset)
void Run(void) {
  FLASH(4) = 0x45670123;
  FLASH(4) = 0xcdef89ab;
  FLASH(0x10) = 2 << 8 | 11 << 3 | 2;
  FLASH(0x10) |= 1 << 16;
  while (FLASH(0x0c) & 1 << 16) {}
  FLASH(0x10) = 2 << 8 | 1;
  for (u32 i = 0; i < 24; ++i) {
    REG(0x080e0000 + 4 * i) = 0x5a000000 + i * 0x10101;
    while (FLASH(0x0c) & 1 << 16) {}
  }
  FLASH(0x10) = 1u << 31;
  REG(0x20008000) = 0x600d;
  for (;;) {}
})";

uint32_t FlashWord(uint32_t index) { return 0x5a00'0000 + index * 0x1'0101; }

void RunToItsEnd(Stm32f412& chip) {
  const uint64_t limit_ns = chip.NowNs() + 10'000'000'000;
  while (Word(chip, kResult) != 0x600d) {
    ASSERT_EQ(chip.RunUntilNs(chip.NowNs() + 10'000'000), ChipStop::kReached);
    ASSERT_LT(chip.NowNs(), limit_ns) << "the program does not come to its end";
  }
}

TEST(Stm32f412, LosesItsPowerAtEveryFlashWord) {
  const auto program = TestProgramBytes(kFlashes);
  const auto chip = ChipWith(program);
  ASSERT_TRUE(chip->Program(kSector11, std::vector<std::byte>(128 * 1024)));  // all bits programmed
  ASSERT_TRUE(chip->Poke(kResult, 4, 0));
  const ChipSnapshot before = chip->Save();
  const uint64_t began = chip->memory_operations();
  RunToItsEnd(*chip);
  const uint64_t operations = chip->memory_operations() - began;
  ASSERT_EQ(operations, 1 + kFlashWords) << "an erase, and a word each";

  bool torn_erase = false, torn_word = false;
  for (uint64_t cut = 0; cut < operations; ++cut) {
    SCOPED_TRACE("power cut at operation " + std::to_string(cut));
    chip->Restore(before);
    chip->CutPower({.at_memory_operation = began + cut});
    ASSERT_EQ(chip->RunUntilNs(chip->NowNs() + 10'000'000'000), ChipStop::kPowerLost);
    ASSERT_EQ(chip->RunUntilNs(chip->NowNs() + 1'000), ChipStop::kPowerLost) << "without power nothing goes on";
    if (cut == 0) {
      for (uint32_t at = kSector11; at < kSector11 + 128 * 1024; at += 4) torn_erase |= Word(*chip, at) != ~0u;
    }
    for (uint32_t i = 0; cut > 0 && i < kFlashWords; ++i) {
      const uint32_t word = Word(*chip, kSector11 + 4 * i);
      if (i + 1 < cut) {
        ASSERT_EQ(word, FlashWord(i)) << "word " << i << " was done";
      } else if (i + 1 == cut) {
        ASSERT_EQ(word & FlashWord(i), FlashWord(i)) << "programming clears bits, and no others than these";
        torn_word |= word != FlashWord(i) && word != ~0u;
      } else {
        ASSERT_EQ(word, ~0u) << "word " << i << " was not begun";
      }
    }
    chip->PowerOn(Ram::kKept);
    ASSERT_TRUE(chip->Poke(kResult, 4, 0));
    RunToItsEnd(*chip);
    for (uint32_t i = 0; i < kFlashWords; ++i) ASSERT_EQ(Word(*chip, kSector11 + 4 * i), FlashWord(i));
  }
  EXPECT_TRUE(torn_erase) << "an erase that is cut off leaves a sector that is not erased";
  EXPECT_TRUE(torn_word) << "of 24 words that are cut off at least one is torn";
}

TEST(Stm32f412, LosesItsPowerAtTheVeryInstruction) {
  const auto chip = ChipWith(TestProgramBytes(kBusy));
  chip->CutPower({.at_instruction = 12'345});
  EXPECT_EQ(chip->RunUntilNs(1'000'000'000), ChipStop::kPowerLost);
  EXPECT_EQ(chip->core().registers().instructions, 12'345u);
}

TEST(Stm32f412, KeepsOrLosesItsRam) {
  const auto chip = ChipWith(TestProgramBytes("void Run(void) { for (;;) {} }"));
  ASSERT_TRUE(chip->Poke(kResult, 4, 0x1234'5678));
  chip->PressReset();
  ASSERT_EQ(chip->RunUntilNs(chip->NowNs() + 1'000), ChipStop::kReached);
  EXPECT_EQ(Word(*chip, kResult), 0x1234'5678u) << "a reset is no power cut";
  chip->PowerOn(Ram::kKept);
  EXPECT_EQ(Word(*chip, kResult), 0x1234'5678u);
  chip->PowerOn(Ram::kLost);
  EXPECT_NE(Word(*chip, kResult), 0x1234'5678u);
  EXPECT_NE(Word(*chip, kResult), Word(*chip, kResult + 4)) << "RAM wakes up with noise, not zeros";
}

TEST(Stm32f412, KnowsWhyItWasReset) {
  // Keeps the flags of each start in RAM, clears them, then resets itself: by software, by the watchdog, by the window
  // watchdog, and then no more.
  const auto program = TestProgramBytes(R"(
void Run(void) {
  const u32 start = REG(0x20008000);
  REG(0x20008004 + 4 * start) = REG(0x40023874);
  REG(0x40023874) |= 1 << 24;
  REG(0x20008000) = start + 1;
  if (start == 0) REG(0xe000ed0c) = 0x05fa0004;
  if (start == 1) {
    REG(0x40003000) = 0x5555;
    REG(0x40003008) = 10;
    REG(0x40003000) = 0xcccc;
  }
  if (start == 2) {
    REG(0x40023840) |= 1 << 11;
    REG(0x40002c00) = 0xff;
  }
  for (;;) {}
})");
  const auto chip = ChipWith(program);
  std::vector<uint32_t> told;
  chip->on_reset = [&](uint32_t flags) { told.push_back(flags); };
  for (uint32_t i = 0; i < 8; ++i) ASSERT_TRUE(chip->Poke(kResult + 4 * i, 4, 0));
  ASSERT_EQ(chip->RunUntilNs(800'000'000), ChipStop::kReached);
  ASSERT_EQ(Word(*chip, kResult), 4u) << "starts";
  chip->PressReset();
  ASSERT_EQ(chip->RunUntilNs(chip->NowNs() + 1'000'000), ChipStop::kReached);
  constexpr uint32_t kPowerOn = 1 << 27, kPin = 1 << 26, kSoftware = 1 << 28, kWatchdog = 1 << 29, kWindow = 1 << 30;
  const auto flags = [&](uint32_t start) { return Word(*chip, kResult + 4 + 4 * start) & 0xfe00'0000; };
  EXPECT_EQ(flags(0) & kPowerOn, kPowerOn);
  EXPECT_EQ(flags(1) & ~kPin, kSoftware);
  EXPECT_EQ(flags(2) & ~kPin, kWatchdog);
  EXPECT_EQ(flags(3) & ~kPin, kWindow);
  EXPECT_EQ(flags(4), kPin);
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0] & ~kPin, kSoftware);
}

TEST(Stm32f412, NamesWhatItHasNot) {
  const auto chip = ChipWith(TestProgramBytes(R"(
void Run(void) {
  REG(0x20008000) = REG(0x40012000);
  REG(0x40012c00) = 1;
  REG(0x20008004) = REG(0x40005400);  // I2C1, whose clock is off
  REG(0x40012004) = REG(0x40012000);
  for (;;) {}
})"));
  std::vector<std::string> notes;
  chip->on_note = [&](const std::string& note) { notes.push_back(note); };
  ASSERT_EQ(chip->RunUntilNs(1'000'000), ChipStop::kReached);
  const auto noted = [&](const std::string& part) {
    for (const std::string& note : notes) {
      if (note.find(part) != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(noted("ADC1 (0x40012000) is not modelled"));
  EXPECT_TRUE(noted("SDIO (0x40012c00) is not modelled: writes are ignored"));
  EXPECT_TRUE(noted("I2C1 was read while its clock is off"));
  EXPECT_EQ(notes.size(), 4u) << "each sentence once";
  EXPECT_EQ(Word(*chip, kResult), 0u);
}

TEST(Stm32f412, LocksUpOnAWildJumpAndSaysSo) {
  const auto chip = ChipWith(TestProgramBytes(R"(
void Fault(void) { ((void (*)(void))0xdeadbee1)(); }
void Run(void) { ((void (*)(void))0xdeadbeef)(); })"));
  EXPECT_EQ(chip->RunUntilNs(1'000'000'000), ChipStop::kLockup);
  EXPECT_TRUE(chip->core().registers().locked_up);
  EXPECT_LT(chip->NowNs(), 1'000'000u);
}

TEST(Stm32f412, OnlyItsWatchdogFreesALockedCore) {
  ChipOptions options;
  options.stop_at_lockup = false;
  const auto chip = ChipWith(TestProgramBytes(R"(
void Run(void) {
  REG(0x40003000) = 0xcccc;
  ((void (*)(void))0xdeadbeef)();
}
void Fault(void) { ((void (*)(void))0xdeadbee1)(); })"),
                             options);
  int resets = 0;
  chip->on_reset = [&](uint32_t) { ++resets; };
  EXPECT_EQ(chip->RunUntilNs(2'000'000'000), ChipStop::kReached);
  EXPECT_GE(resets, 2) << "0.5 s each";
  EXPECT_LE(resets, 5);
}

TEST(Stm32f412, StartsNothingWithoutAProgram) {
  Stm32f412 chip({});
  chip.PowerOn();
  EXPECT_EQ(chip.RunUntilNs(1'000'000), ChipStop::kLockup) << "an erased flash has no vectors";
}

TEST(Stm32f412, RefusesBytesThatDoNotFitItsFlash) {
  Stm32f412 chip({});
  const std::vector<std::byte> bytes(8);
  EXPECT_TRUE(chip.Program(0x080f'fff8, bytes));
  EXPECT_FALSE(chip.Program(0x080f'fffc, bytes));
  EXPECT_FALSE(chip.Program(0x2000'0000, bytes));
  EXPECT_FALSE(chip.Program(0xffff'fffc, bytes));
}

TEST(Stm32f412, SleepsUntilAnInterruptWithoutCost) {
  const auto chip = ChipWith(TestProgramBytes(R"(
void Tick(void) { REG(0x20008000)++; }
void Run(void) {
  REG(0x20008000) = 0;
  REG(0xe000e014) = 15999;
  REG(0xe000e018) = 0;
  REG(0xe000e010) = 7;
  for (;;) __asm__("wfi");
})"));
  ASSERT_EQ(chip->RunUntilNs(1'000'000'000), ChipStop::kReached);
  EXPECT_NEAR(Word(*chip, kResult), 1000, 1) << "16 MHz, a tick each millisecond";
  EXPECT_LT(chip->core().registers().instructions, 100'000u);
}

TEST(Stm32f412, EndsARunWhenAskedTo) {
  const auto chip = ChipWith(TestProgramBytes(kBusy));
  chip->Interrupt();
  EXPECT_EQ(chip->Run(kNever), ChipStop::kInterrupted);
  EXPECT_EQ(chip->Run(10'000), ChipStop::kReached) << "once";
}

}  // namespace
}  // namespace thimble::simulator
