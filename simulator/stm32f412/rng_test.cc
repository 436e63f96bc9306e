#include "simulator/stm32f412/rng.h"

#include <gtest/gtest.h>

#include <set>

#include "simulator/stm32f412/random_traffic.h"
#include "simulator/stm32f412/rcc.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kAll = ~0u;
constexpr uint32_t kCr = 0, kSr = 4, kDr = 8;

struct RngTest : testing::Test {
  RngTest() {
    chip.Attach(0x5006'0800, 0x400, rng);
    chip.Attach(0x4002'3800, 0x400, rcc);
  }
  /// 96 MHz, and 48 MHz for the RNG.
  void StartPll() {
    rcc.Write(0x04, 16 | 192 << 6 | 4u << 24, kAll);
    rcc.Write(0x00, 1 | 1u << 24, kAll);
    chip.RunNs(1'000'000);
    rcc.Write(0x08, 2 | 4u << 10, kAll);
  }
  FakeChip chip;
  Rcc rcc{chip, 26'000'000, 0};
  Rng rng{chip, rcc};
};

TEST_F(RngTest, GivesANumberEach40PeriodsOf48MHz) {
  StartPll();
  rng.Write(kCr, 4, kAll);
  EXPECT_EQ(rng.Read(kSr, 4), 0u);
  EXPECT_EQ(rng.Read(kDr, 4), 0u);
  chip.RunCycles(79);
  EXPECT_EQ(rng.Read(kSr, 4), 0u);
  std::set<uint32_t> numbers;
  for (int i = 0; i < 100; ++i) {
    chip.RunCycles(80);
    EXPECT_EQ(rng.Read(kSr, 4), 1u);
    numbers.insert(rng.Read(kDr, 4));
    EXPECT_EQ(rng.Read(kSr, 4), 0u);
  }
  EXPECT_EQ(numbers.size(), 100u);
}

TEST_F(RngTest, InterruptsWhileANumberWaits) {
  StartPll();
  rng.Write(kCr, 12, kAll);
  EXPECT_FALSE(chip.interrupts[80]);
  chip.RunCycles(100);
  EXPECT_TRUE(chip.interrupts[80]);
  rng.Read(kDr, 4);
  EXPECT_FALSE(chip.interrupts[80]);
}

TEST_F(RngTest, ReportsAMissingClock) {
  rng.Write(kCr, 4, kAll);
  chip.RunCycles(10'000);
  EXPECT_EQ(rng.Read(kSr, 4), 0x22u);
  EXPECT_TRUE(chip.Noted("48 MHz"));
  StartPll();
  chip.RunCycles(100);
  EXPECT_EQ(rng.Read(kSr, 4), 0x21u);  // the flag stays until it is cleared
  rng.Write(kSr, 0, kAll);
  EXPECT_EQ(rng.Read(kSr, 4), 1u);
}

TEST_F(RngTest, ReportsABrokenSource) {
  StartPll();
  rng.Write(kCr, 12, kAll);
  rng.SetSeedFault(true);
  chip.RunCycles(1'000);
  EXPECT_EQ(rng.Read(kSr, 4), 0x44u);
  EXPECT_TRUE(chip.interrupts[80]);
  rng.SetSeedFault(false);
  rng.Write(kSr, 0, kAll);
  chip.RunCycles(100);
  EXPECT_EQ(rng.Read(kSr, 4), 1u);
}

TEST_F(RngTest, SurvivesRandomTraffic) {
  StartPll();
  RandomTraffic(chip, rng, 0x20, 20'000, 1);
}

}  // namespace
}  // namespace thimble::simulator
