#include "simulator/stm32f412/syscfg.h"

#include <gtest/gtest.h>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

TEST(Syscfg, SaysWhichPortALineListensTo) {
  FakeChip chip;
  Syscfg syscfg(chip);
  syscfg.PowerOn();
  EXPECT_EQ(syscfg.PortOfExti(13), 0);
  syscfg.Write(0x14, 2u << 4, ~0u);   // EXTICR4: line 13 is PC13
  syscfg.Write(0x08, 7u << 4, 0xff);  // EXTICR1: line 1 is PH1
  EXPECT_EQ(syscfg.PortOfExti(13), 2);
  EXPECT_EQ(syscfg.PortOfExti(12), 0);
  EXPECT_EQ(syscfg.PortOfExti(1), 7);
  EXPECT_EQ(syscfg.Read(0x14, 4), 0x20u);
}

TEST(Syscfg, TheCompensationCellIsReadyOnceItIsOn) {
  FakeChip chip;
  Syscfg syscfg(chip);
  syscfg.PowerOn();
  EXPECT_EQ(syscfg.Read(0x20, 4), 0u);
  syscfg.Write(0x20, 1, ~0u);
  EXPECT_EQ(syscfg.Read(0x20, 4), 0x101u);
}

TEST(Syscfg, NotesAnotherMemoryAtAddressZero) {
  FakeChip chip;
  Syscfg syscfg(chip);
  syscfg.PowerOn();
  syscfg.Write(0x00, 3, ~0u);
  EXPECT_EQ(syscfg.MemoryMode(), 3);
  EXPECT_TRUE(chip.Noted("SYSCFG MEMRMP"));
}

TEST(Syscfg, SurvivesRandomTraffic) {
  FakeChip chip;
  Syscfg syscfg(chip);
  syscfg.PowerOn();
  RandomTraffic(chip, syscfg, 0x400, 20'000, 2);
  for (int line = 0; line < 16; ++line) EXPECT_LE(syscfg.PortOfExti(line), 15);
}

}  // namespace
}  // namespace thimble::simulator
