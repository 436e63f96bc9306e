// PWR, CRC and DBGMCU.
#include <gtest/gtest.h>

#include "simulator/stm32f412/crc.h"
#include "simulator/stm32f412/dbgmcu.h"
#include "simulator/stm32f412/pwr.h"
#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kAll = ~0u;

TEST(Pwr, OpensTheBackupDomain) {
  FakeChip chip;
  Pwr pwr(chip);
  EXPECT_FALSE(pwr.BackupWritable());
  pwr.Write(0, 1u << 8, 0xff00);  // a byte access
  EXPECT_TRUE(pwr.BackupWritable());
  pwr.Reset();
  EXPECT_FALSE(pwr.BackupWritable());
}

TEST(Pwr, NotesAVoltageTooLowForTheClock) {
  FakeChip chip;
  Pwr pwr(chip);
  chip.Attach(0x4000'7000, 0x400, pwr);
  EXPECT_EQ(pwr.VoltageScale(), 2);
  pwr.Write(0, 0xc000, kAll);
  chip.ClockTreeChanged(96'000'000, 48'000'000, 96'000'000, 96'000'000, 96'000'000);
  EXPECT_TRUE(chip.notes.empty());
  pwr.Write(0, 0x8000, kAll);
  EXPECT_TRUE(chip.Noted("voltage scale 2 allows 84000000 Hz"));
}

TEST(Pwr, SaysThatDeepSleepIsNotModelled) {
  FakeChip chip;
  Pwr pwr(chip);
  pwr.DeepSleepEntered();
  EXPECT_TRUE(chip.Noted("stop mode is not modelled"));
  pwr.Write(0, 2, kAll);
  pwr.DeepSleepEntered();
  EXPECT_TRUE(chip.Noted("standby mode is not modelled"));
}

TEST(Crc, GivesTheKnownChecksums) {
  FakeChip chip;
  Crc crc(chip);
  EXPECT_EQ(crc.Read(0, 4), 0xffff'ffffu);
  crc.Write(0, 0x1234'5678, kAll);
  EXPECT_EQ(crc.Read(0, 4), 0xdf8a'8a2bu);  // CRC-32/MPEG-2 of 12 34 56 78
  crc.Write(8, 1, kAll);
  crc.Write(0, 0, kAll);
  EXPECT_EQ(crc.Read(0, 4), 0xc704'dd7bu);
}

TEST(Crc, KeepsAByteForTheProgram) {
  FakeChip chip;
  Crc crc(chip);
  crc.Write(4, 0x1a5, kAll);
  crc.Write(8, 1, kAll);
  EXPECT_EQ(crc.Read(4, 4), 0xa5u);
}

TEST(Dbgmcu, NamesTheChip) {
  FakeChip chip;
  Dbgmcu dbgmcu(chip);
  EXPECT_EQ(dbgmcu.Read(0, 4) & 0xfff, 0x441u);
  dbgmcu.Write(4, 7, kAll);
  dbgmcu.Reset();
  EXPECT_EQ(dbgmcu.Read(4, 4), 7u);
  dbgmcu.PowerOn();
  EXPECT_EQ(dbgmcu.Read(4, 4), 0u);
}

TEST(SmallPeripherals, SurviveRandomTraffic) {
  FakeChip chip;
  Pwr pwr(chip);
  Crc crc(chip);
  Dbgmcu dbgmcu(chip);
  for (Peripheral* peripheral :
       {static_cast<Peripheral*>(&pwr), static_cast<Peripheral*>(&crc), static_cast<Peripheral*>(&dbgmcu)}) {
    RandomTraffic(chip, *peripheral, 0x40, 5'000, 1);
  }
}

}  // namespace
}  // namespace thimble::simulator
