#include "simulator/stm32f412/rcc.h"

#include <gtest/gtest.h>

#include <vector>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kCr = 0x00, kPllcfgr = 0x04, kCfgr = 0x08, kCir = 0x0c, kAhb1Rstr = 0x10, kApb1Rstr = 0x20,
                   kAhb1Enr = 0x30, kApb1Enr = 0x40, kApb2Enr = 0x44, kBdcr = 0x70, kCsr = 0x74, kDckcfgr = 0x8c;
constexpr uint32_t kAll = ~0u;
constexpr uint32_t kKitPll = 13 | 96 << 6 | 1u << 22 | 4u << 24 | 2u << 28;
constexpr uint64_t kMs = 1'000'000;

struct RccTest : testing::Test {
  RccTest() {
    chip.Attach(0x4002'3800, 0x400, rcc);
    rcc.backup_writable = [this] { return backup_writable; };
  }
  uint32_t Read(uint32_t offset) { return rcc.Read(offset, 4); }
  void Write(uint32_t offset, uint32_t value) { rcc.Write(offset, value, kAll); }
  void Set(uint32_t offset, uint32_t bits) { Write(offset, Read(offset) | bits); }
  void ToKitClock() {
    Set(kCr, 1u << 16);
    chip.RunNs(2 * kMs);
    Write(kPllcfgr, kKitPll);
    Set(kCr, 1u << 24);
    chip.RunNs(kMs);
    Write(kCfgr, 4u << 10 | 2);
  }

  FakeChip chip;
  Rcc rcc{chip, 26'000'000, 32'768};
  bool backup_writable = true;
};

TEST_F(RccTest, BeginsWithTheInternalOscillator) {
  EXPECT_EQ(chip.HclkHz(), 16'000'000u);
  EXPECT_EQ(chip.PclkHz(1), 16'000'000u);
  EXPECT_EQ(Read(kCr) & 0xff, 0x83u);
  EXPECT_EQ(Read(kPllcfgr), 0x2400'3010u);
  EXPECT_EQ(Read(kCfgr), 0u);
  EXPECT_EQ(Read(kApb1Enr), 0x400u);
  EXPECT_EQ(Read(kApb2Enr), 0x8000u);
}

TEST_F(RccTest, StartsTheCrystalInTwoMilliseconds) {
  Set(kCr, 1u << 16);
  chip.RunNs(2 * kMs - 1'000);
  EXPECT_EQ(Read(kCr) >> 17 & 1, 0u);
  chip.RunNs(2'000);
  EXPECT_EQ(Read(kCr) >> 17 & 1, 1u);
}

TEST_F(RccTest, ReachesTheKitsClocks) {
  ToKitClock();
  EXPECT_EQ(Read(kCfgr) >> 2 & 3, 2u);
  EXPECT_EQ(chip.HclkHz(), 96'000'000u);
  EXPECT_EQ(chip.PclkHz(1), 48'000'000u);
  EXPECT_EQ(chip.PclkHz(2), 96'000'000u);
  EXPECT_EQ(chip.TimerHz(1), 96'000'000u);
  EXPECT_EQ(rcc.Clk48Hz(), 48'000'000u);
  EXPECT_TRUE(chip.notes.empty()) << chip.notes[0];
}

TEST_F(RccTest, SwitchesOnceTheNewClockIsReady) {
  Write(kPllcfgr, 16 | 96 << 6 | 4u << 24);  // 16 MHz / 16 · 96 / 2
  Set(kCr, 1u << 24);
  Write(kCfgr, 2 | 4u << 10);
  EXPECT_EQ(Read(kCfgr) >> 2 & 3, 0u);
  EXPECT_EQ(chip.HclkHz(), 16'000'000u);
  chip.RunNs(200'000);
  EXPECT_EQ(Read(kCfgr) >> 2 & 3, 2u);
  EXPECT_EQ(chip.HclkHz(), 48'000'000u);
  EXPECT_EQ(chip.PclkHz(1), 24'000'000u);
}

TEST_F(RccTest, KeepsTheClockThatDrivesTheSystem) {
  ToKitClock();
  Write(kCr, 1);
  EXPECT_EQ(Read(kCr) >> 24 & 3, 3u);
  EXPECT_EQ(Read(kCr) >> 16 & 3, 3u);
  Write(kPllcfgr, 0x2400'3010);
  EXPECT_EQ(Read(kPllcfgr), kKitPll);
  EXPECT_TRUE(chip.Noted("PLLCFGR was written while"));
}

TEST_F(RccTest, NamesFrequenciesThatAreTooHigh) {
  Write(kPllcfgr, 8 | 100 << 6 | 4u << 24);  // 16 MHz / 8 · 100 / 2 = 100 MHz, which APB1 cannot
  Set(kCr, 1u << 24);
  chip.RunNs(kMs);
  Write(kCfgr, 2);
  EXPECT_EQ(chip.HclkHz(), 100'000'000u);
  EXPECT_TRUE(chip.Noted("PCLK1 is 100000000 Hz"));
  EXPECT_FALSE(chip.Noted("HCLK"));
}

TEST_F(RccTest, APllWithImpossibleFactorsNeverLocks) {
  Write(kPllcfgr, 1 | 96 << 6);
  Set(kCr, 1u << 24);
  chip.RunNs(10 * kMs);
  EXPECT_EQ(Read(kCr) >> 25 & 1, 0u);
  EXPECT_TRUE(chip.Noted("never locks"));
}

TEST_F(RccTest, MultipliesTheTimersClockAsTimpreSays) {
  ToKitClock();
  Write(kCfgr, 5u << 10 | 2);  // APB1: a quarter
  EXPECT_EQ(chip.PclkHz(1), 24'000'000u);
  EXPECT_EQ(chip.TimerHz(1), 48'000'000u);
  Write(kDckcfgr, 1u << 24);
  EXPECT_EQ(chip.TimerHz(1), 96'000'000u);
}

TEST_F(RccTest, TellsWhichPeripheralsHaveAClock) {
  constexpr uint32_t kGpioA = 0x4002'0000, kUsart6 = 0x4001'1400, kIwdg = 0x4000'3000;
  EXPECT_FALSE(rcc.IsClocked(kGpioA));
  EXPECT_TRUE(rcc.IsClocked(kIwdg));
  EXPECT_TRUE(rcc.IsClocked(0x4002'3c00));
  Set(kAhb1Enr, 1);
  EXPECT_TRUE(rcc.IsClocked(kGpioA));
  EXPECT_FALSE(rcc.IsClocked(kUsart6));
  Set(kApb2Enr, 1u << 5);
  EXPECT_TRUE(rcc.IsClocked(kUsart6));
  EXPECT_EQ(rcc.ClockGateName(kUsart6), "RCC_APB2ENR bit 5");
}

TEST_F(RccTest, PulsesPeripheralResetsOnce) {
  std::vector<uint32_t> pulsed;
  rcc.on_peripheral_reset = [&](uint32_t base) { pulsed.push_back(base); };
  Write(kAhb1Rstr, 1u << 22);
  Write(kAhb1Rstr, 1u << 22);
  Write(kAhb1Rstr, 0);
  Write(kApb1Rstr, 1u << 21 | 1u << 28);
  EXPECT_EQ(pulsed, (std::vector<uint32_t>{0x4002'6400, 0x4000'5400, 0x4000'7000}));
}

TEST_F(RccTest, ProtectsTheBackupDomain) {
  backup_writable = false;
  Set(kBdcr, 1);
  EXPECT_EQ(Read(kBdcr), 0u);
  EXPECT_TRUE(chip.Noted("DBP"));
  backup_writable = true;
  Write(kBdcr, 1);
  chip.RunNs(2'000 * kMs);
  EXPECT_EQ(Read(kBdcr), 3u);
  Write(kBdcr, 1 | 1u << 8 | 1u << 15);
  EXPECT_EQ(rcc.RtcHz(), 32'768u);
  Write(kBdcr, 1 | 2u << 8 | 1u << 15);  // chosen once
  EXPECT_EQ(rcc.RtcHz(), 32'768u);
  rcc.Reset();
  EXPECT_EQ(rcc.RtcHz(), 32'768u);
  bool cleared = false;
  rcc.on_backup_domain_reset = [&] { cleared = true; };
  Write(kBdcr, 1u << 16);
  EXPECT_TRUE(cleared);
  Write(kBdcr, 0);
  EXPECT_EQ(Read(kBdcr), 0u);
  EXPECT_EQ(rcc.RtcHz(), 0u);
}

TEST_F(RccTest, RemembersWhyItWasReset) {
  EXPECT_EQ(Read(kCsr) & 0xff00'0000, 0x0e00'0000u);
  Set(kCsr, 1u << 24);
  EXPECT_EQ(Read(kCsr) & 0xff00'0000, 0u);
  rcc.Reset();
  rcc.AddResetFlags(Rcc::kIndependentWatchdogFlag);
  EXPECT_EQ(Read(kCsr) & 0xff00'0000, 0x2400'0000u);
  rcc.Reset();
  rcc.AddResetFlags(Rcc::kSoftwareFlag);
  EXPECT_EQ(Read(kCsr) & 0xff00'0000, 0x3400'0000u);
}

TEST_F(RccTest, InterruptsWhenAnOscillatorIsReady) {
  Write(kCir, 1u << 11);  // HSERDYIE
  Set(kCr, 1u << 16);
  EXPECT_FALSE(chip.interrupts[5]);
  chip.RunNs(3 * kMs);
  EXPECT_TRUE(chip.interrupts[5]);
  Write(kCir, 1u << 11 | 1u << 19);
  EXPECT_FALSE(chip.interrupts[5]);
}

TEST_F(RccTest, StartsTheSlowInternalOscillator) {
  Write(kCsr, 1);
  chip.RunNs(50'000);
  EXPECT_EQ(Read(kCsr) & 3, 3u);
}

TEST_F(RccTest, WithoutCrystalNothingBecomesReady) {
  FakeChip bare;
  Rcc none(bare, 0, 0);
  none.Write(kCr, 1u << 16, kAll);
  none.Write(kBdcr, 1, kAll);
  bare.RunNs(5'000 * kMs);
  EXPECT_EQ(none.Read(kCr, 4) >> 17 & 1, 0u);
  EXPECT_EQ(none.Read(kBdcr, 4) >> 1 & 1, 0u);
  EXPECT_TRUE(bare.Noted("no crystal at HSE"));
}

TEST_F(RccTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 20; ++seed) RandomTraffic(chip, rcc, 0x100, 5'000, seed);
  EXPECT_GT(chip.HclkHz(), 0u);
}

}  // namespace
}  // namespace thimble::simulator
