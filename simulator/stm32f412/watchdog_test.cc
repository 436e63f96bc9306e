// IWDG and WWDG.
#include <gtest/gtest.h>

#include "simulator/stm32f412/iwdg.h"
#include "simulator/stm32f412/random_traffic.h"
#include "simulator/stm32f412/rcc.h"
#include "simulator/stm32f412/wwdg.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kAll = ~0u;
constexpr uint64_t kMs = 1'000'000;

struct IwdgTest : testing::Test {
  IwdgTest() { chip.Attach(0x4000'3000, 0x400, iwdg); }
  void Key(uint32_t key) { iwdg.Write(0, key, kAll); }
  FakeChip chip;
  Iwdg iwdg{chip};
};

TEST_F(IwdgTest, ResetsAfterItsTime) {
  Key(0xcccc);  // 4096 · 4 periods of 32 kHz: 512 ms
  chip.RunNs(511 * kMs);
  EXPECT_TRUE(chip.resets.empty());
  chip.RunNs(2 * kMs);
  ASSERT_EQ(chip.resets.size(), 1u);
  EXPECT_EQ(chip.resets[0], Rcc::kIndependentWatchdogFlag);
}

TEST_F(IwdgTest, IsKeptQuietByFeeding) {
  Key(0xcccc);
  for (int i = 0; i < 10; ++i) {
    chip.RunNs(400 * kMs);
    Key(0xaaaa);
  }
  EXPECT_TRUE(chip.resets.empty());
  chip.RunNs(513 * kMs);
  EXPECT_EQ(chip.resets.size(), 1u);
}

TEST_F(IwdgTest, CountsOnWhenTheClockTreeChanges) {
  Key(0xcccc);
  chip.RunNs(256 * kMs);
  chip.ClockTreeChanged(16'000'000, 16'000'000, 16'000'000, 16'000'000, 16'000'000);
  chip.RunNs(255 * kMs);
  EXPECT_TRUE(chip.resets.empty());
  chip.RunNs(2 * kMs);
  EXPECT_EQ(chip.resets.size(), 1u);
}

TEST_F(IwdgTest, TakesOverNewSettingsAfterFivePeriods) {
  Key(0x5555);
  iwdg.Write(4, 3, kAll);   // / 32: 1 ms a step
  iwdg.Write(8, 99, kAll);  // 100 ms
  EXPECT_EQ(iwdg.Read(12, 4), 3u);
  iwdg.Write(8, 4, kAll);  // while RVU is set
  EXPECT_TRUE(chip.Noted("not taken over yet"));
  chip.RunNs(200'000);
  EXPECT_EQ(iwdg.Read(12, 4), 0u);
  EXPECT_EQ(iwdg.Read(8, 4), 99u);
  Key(0xcccc);
  chip.RunNs(99 * kMs);
  EXPECT_TRUE(chip.resets.empty());
  chip.RunNs(2 * kMs);
  EXPECT_EQ(chip.resets.size(), 1u);
}

TEST_F(IwdgTest, ANewPrescalerCountsFromWhereItStands) {
  Key(0xcccc);
  chip.RunNs(256 * kMs);
  Key(0x5555);
  iwdg.Write(4, 1, kAll);  // half as fast for the half that is left
  chip.RunNs(510 * kMs);
  EXPECT_TRUE(chip.resets.empty());
  chip.RunNs(4 * kMs);
  EXPECT_EQ(chip.resets.size(), 1u);
}

TEST_F(IwdgTest, IgnoresSettingsWithoutTheKey) {
  iwdg.Write(4, 3, kAll);
  EXPECT_EQ(iwdg.Read(4, 4), 0u);
  Key(0x5555);
  Key(0xaaaa);  // locks again
  iwdg.Write(8, 5, kAll);
  EXPECT_EQ(iwdg.Read(8, 4), 0xfffu);
}

TEST_F(IwdgTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    RandomTraffic(chip, iwdg, 0x20, 5'000, seed);
    Key(0x5555);
    Key(0xcccc);
    RandomTraffic(chip, iwdg, 0x20, 1'000, seed);
    iwdg.Reset();
  }
}

struct WwdgTest : testing::Test {
  WwdgTest() { chip.Attach(0x4000'2c00, 0x400, wwdg); }
  void Write(uint32_t offset, uint32_t value) { wwdg.Write(offset, value, kAll); }
  static constexpr uint64_t kStep = 4096 * 2;  // cycles: PCLK1 is half of HCLK
  FakeChip chip;
  Wwdg wwdg{chip};
};

TEST_F(WwdgTest, ResetsBelow0x40) {
  Write(0, 0xff);
  chip.RunCycles(63 * kStep + 10);
  EXPECT_EQ(wwdg.Read(0, 4), 0xc0u);
  EXPECT_TRUE(chip.resets.empty());
  chip.RunCycles(kStep);
  ASSERT_EQ(chip.resets.size(), 1u);
  EXPECT_EQ(chip.resets[0], Rcc::kWindowWatchdogFlag);
}

TEST_F(WwdgTest, WarnsAt0x40) {
  Write(4, 0x7f | 1u << 9);
  Write(0, 0xc2);
  chip.RunCycles(kStep + 10);
  EXPECT_FALSE(chip.interrupts[0]);
  chip.RunCycles(kStep);
  EXPECT_TRUE(chip.interrupts[0]);
  EXPECT_EQ(wwdg.Read(8, 4), 1u);
  Write(0, 0xff);
  Write(8, 0);
  EXPECT_FALSE(chip.interrupts[0]);
  EXPECT_TRUE(chip.resets.empty());
}

TEST_F(WwdgTest, ResetsWhenFedTooEarly) {
  Write(4, 0x60);
  Write(0, 0xff);
  chip.RunCycles(0x1f * kStep + 10);  // T is 0x60: in the window
  Write(0, 0xff);
  EXPECT_TRUE(chip.resets.empty());
  chip.RunCycles(0x1e * kStep + 10);  // 0x61: not yet
  Write(0, 0xff);
  EXPECT_EQ(chip.resets.size(), 1u);
}

TEST_F(WwdgTest, CountsInTheBussClock) {
  Write(4, 0x7f | 3u << 7);  // / 8
  Write(0, 0xc1);
  chip.RunCycles(8 * kStep - 10);
  EXPECT_EQ(wwdg.Read(0, 4), 0xc1u);
  chip.RunCycles(20);
  EXPECT_EQ(wwdg.Read(0, 4), 0xc0u);
}

TEST_F(WwdgTest, StartedTooLowItResetsAtOnce) {
  Write(0, 0x80 | 0x3f);
  EXPECT_EQ(chip.resets.size(), 1u);
}

TEST_F(WwdgTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    RandomTraffic(chip, wwdg, 0x20, 5'000, seed);
    chip.ClockTreeChanged(static_cast<uint32_t>(seed * 7'000'000 + 1), 1, 1, 1, 1);
    wwdg.Reset();
  }
}

}  // namespace
}  // namespace thimble::simulator
