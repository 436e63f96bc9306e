#include "simulator/stm32f412/gpio.h"

#include <gtest/gtest.h>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kModer = 0x00, kOtyper = 0x04, kOspeedr = 0x08, kPupdr = 0x0c, kIdr = 0x10, kOdr = 0x14;
constexpr uint32_t kBsrr = 0x18, kLckr = 0x1c, kAfrl = 0x20, kAfrh = 0x24;
constexpr uint32_t kAll = ~0u;

struct GpioTest : testing::Test {
  GpioTest() { gpio.PowerOn(); }
  FakeChip chip;
  Gpio gpio{chip, 2};
};

TEST(Gpio, GivesTheDebugPortItsPinsAtReset) {
  FakeChip chip;
  Gpio a(chip, 0), b(chip, 1), h(chip, 7);
  a.PowerOn(), b.PowerOn(), h.PowerOn();
  EXPECT_EQ(a.Read(kModer, 4), 0xa8000000u);
  EXPECT_EQ(a.Read(kOspeedr, 4), 0x0c000000u);
  EXPECT_EQ(a.Read(kPupdr, 4), 0x64000000u);
  EXPECT_EQ(b.Read(kModer, 4), 0x280u);
  EXPECT_EQ(b.Read(kOspeedr, 4), 0xc0u);
  EXPECT_EQ(b.Read(kPupdr, 4), 0x100u);
  EXPECT_EQ(h.Read(kModer, 4), 0u);
  EXPECT_EQ(a.Name(), "GPIOA");
  EXPECT_EQ(h.Name(), "GPIOH");
  EXPECT_TRUE(a.Level(13));   // pulled up
  EXPECT_FALSE(a.Level(14));  // pulled down
}

TEST_F(GpioTest, SetsAndClearsOutputsAndTells) {
  gpio.Write(kModer, 1u << 26, kAll);  // PC13
  gpio.Write(kBsrr, 1u << 13, kAll);
  EXPECT_TRUE(gpio.Level(13));
  EXPECT_EQ(gpio.Read(kOdr, 4), 1u << 13);
  EXPECT_EQ(gpio.Read(kIdr, 4), 1u << 13);
  gpio.Write(kBsrr, 1u << 29, 0xffff'0000);
  EXPECT_FALSE(gpio.Level(13));
  gpio.Write(kBsrr, 1u << 29 | 1u << 13, kAll);  // setting wins
  EXPECT_TRUE(gpio.Level(13));
  const std::vector<std::tuple<int, int, bool>> expected = {{2, 13, true}, {2, 13, false}, {2, 13, true}};
  EXPECT_EQ(chip.pin_changes, expected);
}

TEST_F(GpioTest, InputsFollowTheOutsideElseThePull) {
  gpio.Write(kPupdr, 1u << 8, kAll);  // PC4 up
  EXPECT_TRUE(gpio.Level(4));
  gpio.Drive(4, false);
  EXPECT_FALSE(gpio.Level(4));
  gpio.Release(4);
  EXPECT_TRUE(gpio.Level(4));
  gpio.Write(kPupdr, 2u << 8, kAll);
  EXPECT_FALSE(gpio.Level(4));
  gpio.Drive(4, true);
  EXPECT_EQ(gpio.Read(kIdr, 4), 1u << 4);
  gpio.Write(kModer, 3u << 8, kAll);  // analogue: the input stage is off
  EXPECT_EQ(gpio.Read(kIdr, 4), 0u);
  EXPECT_TRUE(gpio.Level(4));
}

TEST_F(GpioTest, OutsideLevelsSurviveAReset) {
  gpio.Drive(3, true);
  gpio.Reset();
  EXPECT_TRUE(gpio.Level(3));
}

TEST_F(GpioTest, AnOpenDrainOutputOnlyPullsDown) {
  gpio.Write(kModer, 1u << 8, kAll);
  gpio.Write(kOtyper, 1u << 4, kAll);
  gpio.Drive(4, true);
  EXPECT_FALSE(gpio.Level(4));
  gpio.Write(kOdr, 1u << 4, kAll);
  EXPECT_TRUE(gpio.Level(4));
  gpio.Drive(4, false);
  EXPECT_FALSE(gpio.Level(4));
  gpio.Release(4);
  EXPECT_FALSE(gpio.Level(4));
  gpio.Write(kPupdr, 1u << 8, kAll);
  EXPECT_TRUE(gpio.Level(4));
}

TEST_F(GpioTest, NotesAnOutputThatIsDrivenTheOtherWay) {
  gpio.Write(kModer, 1u << 8, kAll);
  gpio.Drive(4, false);
  EXPECT_TRUE(chip.notes.empty());
  gpio.Drive(4, true);
  EXPECT_TRUE(chip.Noted("GPIOC: pin 4"));
}

TEST_F(GpioTest, KnowsItsAlternateFunctions) {
  gpio.Write(kAfrh, 4u << 4, kAll);   // pin 9
  gpio.Write(kAfrl, 2u << 28, kAll);  // pin 7
  EXPECT_EQ(gpio.AlternateFunction(9), -1);
  gpio.Write(kModer, 2u << 18 | 2u << 14, kAll);
  gpio.Write(kOtyper, 1u << 9, kAll);
  EXPECT_EQ(gpio.AlternateFunction(9), 4);
  EXPECT_EQ(gpio.AlternateFunction(7), 2);
  EXPECT_TRUE(gpio.OpenDrain(9));
  EXPECT_EQ(gpio.ModeOf(9), Gpio::Mode::kAlternate);
}

TEST_F(GpioTest, TheLockSequenceFreezesTheSetupOfItsPins) {
  gpio.Write(kLckr, 1u << 16 | 0x8001, kAll);
  gpio.Write(kLckr, 0x8001, kAll);
  EXPECT_EQ(gpio.Read(kLckr, 4), 0x8001u);
  gpio.Write(kLckr, 1u << 16 | 0x8001, kAll);
  EXPECT_EQ(gpio.Read(kLckr, 4), 0x18001u);
  gpio.Write(kModer, kAll, kAll);
  EXPECT_EQ(gpio.Read(kModer, 4), 0x3ffffffcu);
  gpio.Write(kOtyper, kAll, kAll);
  EXPECT_EQ(gpio.Read(kOtyper, 4), 0x7ffeu);
  gpio.Write(kAfrl, kAll, kAll);
  EXPECT_EQ(gpio.Read(kAfrl, 4), 0xfffffff0u);
  gpio.Write(kAfrh, kAll, kAll);
  EXPECT_EQ(gpio.Read(kAfrh, 4), 0x0fffffffu);
  gpio.Write(kBsrr, 1, kAll);  // the output itself stays free
  EXPECT_EQ(gpio.Read(kOdr, 4), 1u);
  gpio.Reset();
  gpio.Write(kModer, kAll, kAll);
  EXPECT_EQ(gpio.Read(kModer, 4), kAll);
}

TEST_F(GpioTest, AWrongLockSequenceLocksNothing) {
  gpio.Write(kLckr, 1u << 16 | 1, kAll);
  gpio.Write(kLckr, 1, kAll);
  gpio.Write(kLckr, 1u << 16 | 3, kAll);  // other pins
  EXPECT_EQ(gpio.Read(kLckr, 4) >> 16, 0u);
  gpio.Write(kLckr, 3, kAll);
  gpio.Write(kLckr, 3, kAll);
  gpio.Write(kLckr, 1u << 16 | 3, kAll);
  EXPECT_EQ(gpio.Read(kLckr, 4) >> 16, 0u);
}

TEST_F(GpioTest, SurvivesRandomTraffic) { RandomTraffic(chip, gpio, 0x400, 20'000, 1); }

}  // namespace
}  // namespace thimble::simulator
