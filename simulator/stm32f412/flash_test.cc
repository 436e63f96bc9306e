#include "simulator/stm32f412/flash.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kAll = ~0u;
constexpr uint32_t kAcr = 0x00, kKeyr = 0x04, kOptkeyr = 0x08, kSr = 0x0c, kCr = 0x10, kOptcr = 0x14;
constexpr uint32_t kPg = 1, kSer = 2, kMer = 4, kStrt = 1u << 16, kEopie = 1u << 24, kErrie = 1u << 25;
constexpr uint32_t kX8 = 0, kX16 = 1u << 8, kX32 = 2u << 8;
constexpr uint32_t kEop = 1, kOperr = 2, kWrperr = 1 << 4, kPgperr = 1 << 6, kPgserr = 1 << 7, kRderr = 1 << 8;
constexpr uint32_t kBsy = 1u << 16, kLock = 1u << 31;
constexpr uint32_t kBase = FlashController::kBase;
constexpr uint64_t kMs = 1'000'000;

struct FlashTest : testing::Test {
  FlashTest() { chip.Attach(0x4002'3c00, 0x400, flash); }
  uint32_t Read(uint32_t offset) { return flash.Read(offset, 4); }
  void Write(uint32_t offset, uint32_t value) { flash.Write(offset, value, kAll); }
  void Unlock() {
    Write(kKeyr, 0x4567'0123);
    Write(kKeyr, 0xcdef'89ab);
  }
  void UnlockOptions() {
    Write(kOptkeyr, 0x0819'2a3b);
    Write(kOptkeyr, 0x4c5d'6e7f);
  }
  void Wait() { chip.RunCycles(flash.BusyUntilCycle() - chip.Cycles()); }
  uint32_t Word(uint32_t address) {
    uint32_t value = 0;
    EXPECT_TRUE(flash.ReadData(address, 4, value));
    return value;
  }
  void Program(uint32_t address, uint32_t value) {
    Write(kCr, kPg | kX32);
    EXPECT_TRUE(flash.WriteData(address, 4, value));
    Wait();
  }
  void Erase(uint32_t sector) {
    Write(kCr, kSer | sector << 3 | kX32);
    Write(kCr, kSer | sector << 3 | kX32 | kStrt);
    Wait();
  }
  void SetOptions(uint32_t options) {
    UnlockOptions();
    Write(kOptcr, options & ~3u);
    Write(kOptcr, (options & ~3u) | 2);
    Wait();
  }

  FakeChip chip;
  FlashController flash{chip};
};

TEST_F(FlashTest, KnowsItsSectors) {
  uint32_t offset = 0;
  for (int i = 0; i < FlashController::kSectors; ++i) {
    const auto sector = FlashController::SectorAt(i);
    EXPECT_EQ(sector.offset, offset);
    EXPECT_EQ(FlashController::SectorOf(offset), i);
    offset += sector.bytes;
    EXPECT_EQ(FlashController::SectorOf(offset - 1), i);
  }
  EXPECT_EQ(offset, FlashController::kBytes);
  EXPECT_EQ(FlashController::SectorAt(2).offset, 0x8000u);
  EXPECT_EQ(FlashController::SectorAt(5).bytes, 128u * 1024);
}

TEST_F(FlashTest, IsLockedUntilBothKeysCome) {
  EXPECT_EQ(Read(kCr), kLock);
  Write(kCr, kPg);
  EXPECT_EQ(Read(kCr), kLock);
  EXPECT_TRUE(chip.Noted("locked"));
  Unlock();
  EXPECT_EQ(Read(kCr), 0u);
  Write(kCr, kLock);
  EXPECT_EQ(Read(kCr), kLock);
  Write(kKeyr, 0x4567'0123);
  Write(kKeyr, 0x1234'5678);  // wrong: locked until reset
  Unlock();
  EXPECT_EQ(Read(kCr), kLock);
  flash.Reset();
  Unlock();
  EXPECT_EQ(Read(kCr), 0u);
}

TEST_F(FlashTest, ProgramsOnlyFromOneToZero) {
  Unlock();
  Program(kBase + 0x100, 0xffff'0f0f);
  EXPECT_EQ(Word(kBase + 0x100), 0xffff'0f0fu);
  Program(kBase + 0x100, 0x1234'ffff);
  EXPECT_EQ(Word(kBase + 0x100), 0x1234'0f0fu);
  EXPECT_EQ(Read(kSr), 0u);
  EXPECT_EQ(chip.memory_operations, 2u);
  EXPECT_EQ(chip.memory_changes.back(), (std::pair<uint32_t, uint32_t>{kBase + 0x100, 4}));
}

TEST_F(FlashTest, ProgramsBytesAndHalfWords) {
  Unlock();
  Write(kCr, kPg | kX8);
  flash.WriteData(kBase + 5, 1, 0x12);
  Wait();
  Write(kCr, kPg | kX16);
  flash.WriteData(kBase + 6, 2, 0x5678);
  Wait();
  EXPECT_EQ(Word(kBase + 4), 0x5678'12ffu);
}

TEST_F(FlashTest, RefusesWrongSizesAndOrders) {
  Unlock();
  flash.WriteData(kBase, 4, 0);
  EXPECT_EQ(Read(kSr), kPgserr);
  Write(kSr, kPgserr);
  EXPECT_EQ(Read(kSr), 0u);
  Write(kCr, kPg | kX8);
  flash.WriteData(kBase, 4, 0);
  EXPECT_EQ(Read(kSr), kPgperr);
  Write(kSr, kAll);
  Write(kCr, kPg | 3u << 8);
  flash.WriteData(kBase, 4, 0);
  EXPECT_EQ(Read(kSr), kPgperr);
  EXPECT_TRUE(chip.Noted("VPP"));
  EXPECT_EQ(Word(kBase), kAll);
  EXPECT_EQ(chip.memory_operations, 0u);
}

TEST_F(FlashTest, IsBusyForTheTimeOfAnOperation) {
  Unlock();
  Write(kCr, kPg | kX32);
  flash.WriteData(kBase, 4, 0);
  EXPECT_EQ(Read(kSr), kBsy);
  EXPECT_EQ(flash.PageToRead(kBase), nullptr);
  chip.RunNs(15'000);
  EXPECT_EQ(Read(kSr), kBsy);
  chip.RunNs(1'100);
  EXPECT_EQ(Read(kSr), 0u);
  EXPECT_NE(flash.PageToRead(kBase), nullptr);
  Write(kCr, kSer | kX32 | 5u << 3 | kStrt);
  chip.RunNs(999 * kMs);
  EXPECT_EQ(Read(kSr), kBsy);
  chip.RunNs(2 * kMs);
  EXPECT_EQ(Read(kSr), 0u);
  Write(kCr, kSer | kX8 | 0u << 3 | kStrt);
  EXPECT_NEAR(static_cast<double>(flash.BusyUntilCycle() - chip.Cycles()), 0.4 * 96e6, 10);
  Wait();
  EXPECT_EQ(Read(kSr), 0u);
}

TEST_F(FlashTest, ErasesOneSector) {
  Unlock();
  Program(kBase + 0x8000 - 4, 1);
  Program(kBase + 0x8000, 2);
  Program(kBase + 0xbffc, 3);
  Program(kBase + 0xc000, 4);
  Erase(2);
  EXPECT_EQ(Word(kBase + 0x8000 - 4), 1u);
  EXPECT_EQ(Word(kBase + 0x8000), kAll);
  EXPECT_EQ(Word(kBase + 0xbffc), kAll);
  EXPECT_EQ(Word(kBase + 0xc000), 4u);
  EXPECT_EQ(chip.memory_changes.back(), (std::pair<uint32_t, uint32_t>{kBase + 0x8000, 0x4000}));
  EXPECT_EQ(Read(kCr) & kStrt, 0u);
}

TEST_F(FlashTest, ErasesEverything) {
  Unlock();
  Program(kBase, 1);
  Program(kBase + 0xf'fffc, 2);
  Write(kCr, kMer | kX32 | kStrt);
  Wait();
  EXPECT_EQ(Word(kBase), kAll);
  EXPECT_EQ(Word(kBase + 0xf'fffc), kAll);
}

TEST_F(FlashTest, RefusesSectorsThatAreNotThere) {
  Unlock();
  Write(kCr, kSer | 12u << 3 | kX32 | kStrt);
  EXPECT_EQ(Read(kSr), kPgserr);
  EXPECT_EQ(chip.memory_operations, 0u);
}

TEST_F(FlashTest, InterruptsAtTheEndAndAtErrors) {
  Unlock();
  Write(kCr, kPg | kX32 | kEopie | kErrie);
  flash.WriteData(kBase, 4, 0);
  EXPECT_FALSE(chip.interrupts[4]);
  chip.RunNs(17'000);
  EXPECT_TRUE(chip.interrupts[4]);
  EXPECT_EQ(Read(kSr), kEop);
  Write(kSr, kEop);
  EXPECT_FALSE(chip.interrupts[4]);
  flash.WriteData(kBase, 1, 0);
  EXPECT_EQ(Read(kSr), kPgperr | kOperr);
  EXPECT_TRUE(chip.interrupts[4]);
  Write(kSr, kAll);
  EXPECT_FALSE(chip.interrupts[4]);
}

TEST_F(FlashTest, ATornWordHasClearedSomeOfItsBits) {
  Unlock();
  Program(kBase, 0xffff'00ff);
  chip.power_holds_for = chip.memory_operations;
  Program(kBase, 0x0000'0000);
  const uint32_t torn = Word(kBase);
  EXPECT_EQ(torn & 0x0000'ff00, 0u);
  EXPECT_NE(torn, 0u);
  EXPECT_NE(torn, 0xffff'00ffu);
}

TEST_F(FlashTest, ATornEraseLeavesAMixture) {
  Unlock();
  for (uint32_t i = 0; i < 64; ++i) Program(kBase + 4 * i, 0);
  flash.memory().Fill(0, 0x4000, std::byte{0});
  chip.power_holds_for = chip.memory_operations;
  Erase(0);
  int erased = 0, kept = 0, partly = 0;
  for (uint32_t i = 0; i < 0x4000; i += 4) {
    const uint32_t word = Word(kBase + i);
    ++(word == kAll ? erased : word == 0 ? kept : partly);
  }
  EXPECT_GT(erased, 0);
  EXPECT_GT(kept, 0);
  EXPECT_GT(partly, 0);
  EXPECT_EQ(Word(kBase + 0x4000), kAll);
}

TEST_F(FlashTest, ProtectsSectorsAgainstWriting) {
  Unlock();
  Program(kBase + 0x4000, 7);
  SetOptions(Read(kOptcr) & ~(1u << 17));
  EXPECT_TRUE(flash.WriteProtected(1));
  EXPECT_FALSE(flash.WriteProtected(0));
  Program(kBase + 0x4000, 0);
  EXPECT_EQ(Read(kSr), kWrperr);
  Write(kSr, kAll);
  Erase(1);
  EXPECT_EQ(Read(kSr), kWrperr);
  Write(kSr, kAll);
  Write(kCr, kMer | kX32 | kStrt);
  EXPECT_EQ(Read(kSr), kWrperr);
  EXPECT_EQ(Word(kBase + 0x4000), 7u);
  flash.Reset();
  EXPECT_TRUE(flash.WriteProtected(1));
}

TEST_F(FlashTest, PcropSectorsCannotBeReadNorGivenUp) {
  Unlock();
  Program(kBase + 0x8000, 0x1234'5678);
  const uint32_t options = (Read(kOptcr) & ~0x0fff'0000u) | 1u << 31 | 1u << 18;
  SetOptions(options);
  EXPECT_TRUE(flash.ReadProtected(2));
  EXPECT_FALSE(flash.WriteProtected(1));
  EXPECT_EQ(flash.PageToRead(kBase + 0x8000), nullptr);
  EXPECT_NE(flash.PageToRead(kBase + 0xc000), nullptr);
  EXPECT_EQ(Word(kBase + 0x8000), 0u);
  EXPECT_EQ(Read(kSr), kRderr);
  Write(kSr, kAll);
  Erase(2);
  EXPECT_EQ(Read(kSr), kWrperr);
  Write(kSr, kAll);
  SetOptions(options & ~(1u << 31));
  EXPECT_EQ(Read(kSr), kWrperr);
  EXPECT_TRUE(flash.ReadProtected(2));
  Write(kSr, kAll);
  SetOptions((options & ~(1u << 18)) | 1u << 19);  // another sector instead
  EXPECT_EQ(Read(kSr), kWrperr);
  EXPECT_TRUE(flash.ReadProtected(2));
  // Only with a change from level 1 to 0, which erases it.
  Write(kSr, kAll);
  SetOptions((options & ~0xff00u) | 0x5500);
  EXPECT_EQ(flash.ProtectionLevel(), 1);
  SetOptions(((options & ~0xff00u) | 0xaa00 | 0x0fff'0000) & ~(1u << 31));
  EXPECT_EQ(flash.ProtectionLevel(), 0);
  EXPECT_FALSE(flash.ReadProtected(2));
  EXPECT_EQ(Word(kBase + 0x8000), kAll);
}

TEST_F(FlashTest, LevelTwoIsForEver) {
  SetOptions((Read(kOptcr) & ~0xff00u) | 0xcc00);
  EXPECT_EQ(flash.ProtectionLevel(), 2);
  Write(kOptcr, 0x0fff'55ec | 2);  // the register is still open
  EXPECT_EQ(flash.ProtectionLevel(), 2);
  EXPECT_EQ(Read(kSr), kWrperr);
  flash.Reset();
  SetOptions(0x0fff'aaec);
  EXPECT_EQ(flash.ProtectionLevel(), 2);
  EXPECT_EQ(Read(kOptcr) & 1, 1u);
}

TEST_F(FlashTest, OptionBytesCanBeRead) {
  EXPECT_EQ(Read(kOptcr), 0x0fff'aaedu);
  EXPECT_EQ(Word(0x1fff'c000) & 0xfffc, 0xaaecu);
  EXPECT_EQ(Word(0x1fff'c008) & 0x8fff, 0x0fffu);
  EXPECT_FALSE(flash.HardwareWatchdog());
  SetOptions(0x0fff'aacc);
  EXPECT_TRUE(flash.HardwareWatchdog());
  EXPECT_EQ(Word(0x1fff'c000) & 0xfffc, 0xaaccu);
}

TEST_F(FlashTest, TornOptionBytesNeverOpenTheChip) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FakeChip other;
    other.random = thimble::Random(seed);
    FlashController torn(other);
    const auto set = [&](uint32_t options) {
      torn.Write(kOptkeyr, 0x0819'2a3b, kAll);
      torn.Write(kOptkeyr, 0x4c5d'6e7f, kAll);
      torn.Write(kOptcr, options | 2, kAll);
    };
    set(0x8004'55ec);  // level 1, sector 2 PCROP
    other.power_holds_for = other.memory_operations;
    set(0x8004'33ec);
    torn.Reset();
    EXPECT_EQ(torn.ProtectionLevel(), 1);
    EXPECT_TRUE(torn.ReadProtected(2));
  }
}

TEST_F(FlashTest, OtpBlocksLockForGood) {
  Unlock();
  const uint32_t otp = FlashController::kOtpBase;
  Program(otp + 32, 0x1122'3344);
  EXPECT_EQ(Word(otp + 32), 0x1122'3344u);
  Write(kCr, kPg | kX8);
  flash.WriteData(otp + 512 + 1, 1, 0);
  Wait();
  Program(otp + 32, 0);
  EXPECT_EQ(Read(kSr), kWrperr);
  EXPECT_EQ(Word(otp + 32), 0x1122'3344u);
  Write(kSr, kAll);
  Program(otp, 5);  // another block
  EXPECT_EQ(Word(otp), 5u);
  Write(kCr, kMer | kX32 | kStrt);
  Wait();
  EXPECT_EQ(Word(otp), 5u);
}

TEST_F(FlashTest, NotesTooFewWaitStates) {
  Write(kAcr, 3 | 7u << 8);
  EXPECT_EQ(chip.wait_states, 3);
  EXPECT_TRUE(chip.notes.empty());
  Write(kAcr, 2);
  EXPECT_TRUE(chip.Noted("2 wait states are enough for 90000000 Hz"));
}

TEST_F(FlashTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    thimble::Random random(seed);
    Unlock();
    UnlockOptions();
    for (int i = 0; i < 300; ++i) {
      RandomTraffic(chip, flash, 0x20, 5, random.Next());
      const int bytes = 1 << random.Below(3);
      constexpr uint32_t kBases[] = {kBase, FlashController::kOtpBase, FlashController::kOptionBase, 0};
      uint32_t value = 0;
      const uint32_t address = (kBases[random.Below(4)] + random.Below(0x10'0000)) & ~static_cast<uint32_t>(bytes - 1);
      flash.ReadData(address, bytes, value);
      flash.WriteData(address, bytes, static_cast<uint32_t>(random.Next()));
      flash.PageToRead(address);
      if (random.Below(8) == 0) chip.RunNs(300 * kMs);
    }
    flash.Reset();
  }
}

}  // namespace
}  // namespace thimble::simulator
