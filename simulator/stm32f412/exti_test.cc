#include "simulator/stm32f412/exti.h"

#include <gtest/gtest.h>

#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kImr = 0x00, kEmr = 0x04, kRtsr = 0x08, kFtsr = 0x0c, kSwier = 0x10, kPr = 0x14;
constexpr uint32_t kAll = ~0u;

struct EventChip : FakeChip {
  int events = 0;
  void SendEvent() override { ++events; }
};

struct ExtiTest : testing::Test {
  ExtiTest() { exti.PowerOn(); }
  EventChip chip;
  Exti exti{chip};
};

TEST_F(ExtiTest, AnEdgeOfTheRightKindInterruptsUntilItIsCleared) {
  exti.Write(kImr, 1u << 4, kAll);
  exti.Write(kFtsr, 1u << 4, kAll);
  exti.Edge(4, true);
  EXPECT_FALSE(chip.interrupts[10]);
  exti.Edge(4, false);
  EXPECT_TRUE(chip.interrupts[10]);
  EXPECT_EQ(exti.Read(kPr, 4), 1u << 4);
  exti.Write(kPr, 1u << 5, kAll);
  EXPECT_TRUE(chip.interrupts[10]);
  exti.Write(kPr, 1u << 4, kAll);
  EXPECT_FALSE(chip.interrupts[10]);
}

TEST_F(ExtiTest, EveryLineHasItsWire) {
  constexpr int kInterrupts[Exti::kLines] = {6,  7,  8,  9,  10, 23, 23, 23, 23, 23, 40, 40,
                                             40, 40, 40, 40, 1,  41, 42, -1, -1, 2,  3};
  exti.Write(kImr, kAll, kAll);
  exti.Write(kRtsr, kAll, kAll);
  for (int line = 0; line < Exti::kLines; ++line) {
    exti.Edge(line, true);
    for (int number = 0; number < 112; ++number) {
      EXPECT_EQ(chip.interrupts[static_cast<size_t>(number)], number == kInterrupts[line]) << line << " " << number;
    }
    exti.Write(kPr, kAll, kAll);
  }
}

TEST_F(ExtiTest, AMaskedLinePendsWithoutInterrupt) {
  exti.Write(kRtsr, 1, kAll);
  exti.Edge(0, true);
  EXPECT_EQ(exti.Read(kPr, 4), 1u);
  EXPECT_FALSE(chip.interrupts[6]);
  exti.Write(kImr, 1, kAll);
  EXPECT_TRUE(chip.interrupts[6]);
}

TEST_F(ExtiTest, AnEventLineWakes) {
  exti.Write(kEmr, 1u << 22, kAll);
  exti.Write(kRtsr, 1u << 22, kAll);
  exti.Edge(22, true);
  exti.Edge(22, false);
  EXPECT_EQ(chip.events, 1);
  EXPECT_FALSE(chip.interrupts[3]);
}

TEST_F(ExtiTest, SoftwareTriggersAnEnabledLineOnce) {
  exti.Write(kSwier, 1u << 11, kAll);
  EXPECT_EQ(exti.Read(kPr, 4), 0u);
  exti.Write(kPr, 1u << 11, kAll);
  exti.Write(kImr, 1u << 11, kAll);
  exti.Write(kSwier, 1u << 11, kAll);
  EXPECT_TRUE(chip.interrupts[40]);
  exti.Write(kPr, 1u << 11, kAll);
  EXPECT_EQ(exti.Read(kSwier, 4), 0u);
  EXPECT_FALSE(chip.interrupts[40]);
}

TEST_F(ExtiTest, AResetTakesInterruptsBack) {
  exti.Write(kImr, 1, kAll);
  exti.Write(kRtsr, 1, kAll);
  exti.Edge(0, true);
  exti.Reset();
  EXPECT_FALSE(chip.interrupts[6]);
}

TEST_F(ExtiTest, SurvivesRandomTraffic) {
  RandomTraffic(chip, exti, 0x400, 20'000, 3);
  for (int line = -3; line < 40; ++line) exti.Edge(line, true);
}

}  // namespace
}  // namespace thimble::simulator
