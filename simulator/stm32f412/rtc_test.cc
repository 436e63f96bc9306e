#include "simulator/stm32f412/rtc.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "simulator/stm32f412/random_traffic.h"
#include "simulator/stm32f412/rcc.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kAll = ~0u;
constexpr uint32_t kTr = 0x00, kDr = 0x04, kCr = 0x08, kIsr = 0x0c, kPrer = 0x10, kWutr = 0x14, kAlrmar = 0x1c,
                   kWpr = 0x24, kSsr = 0x28, kAlrmassr = 0x44, kBackup = 0x50;
constexpr uint64_t kMs = 1'000'000, kSecond = 1'000 * kMs;

struct RtcTest : testing::Test {
  RtcTest() {
    chip.hclk_hz = 16'000'000;
    chip.Attach(0x4000'2800, 0x400, rtc);
    rcc.backup_writable = [this] { return writable; };
    rcc.Write(0x70, 1, kAll);
    chip.RunNs(2 * kSecond);
    rcc.Write(0x70, 1 | 1u << 8 | 1u << 15, kAll);  // LSE
  }
  uint32_t Read(uint32_t offset) { return rtc.Read(offset, 4); }
  void Write(uint32_t offset, uint32_t value) { rtc.Write(offset, value, kAll); }
  void Unlock() {
    Write(kWpr, 0xca);
    Write(kWpr, 0x53);
  }
  void Set(uint32_t time, uint32_t date) {
    Unlock();
    Write(kIsr, ~0u);
    chip.RunNs(kMs);
    ASSERT_EQ(Read(kIsr) & 0x40, 0x40u);
    Write(kPrer, 0xff);
    Write(kPrer, 0x007f'00ff);
    Write(kTr, time);
    Write(kDr, date);
    Write(kIsr, ~0x80u);
    chip.RunNs(kMs);
  }
  int Pulses(int line) const {
    return static_cast<int>(std::count(chip.exti_pulses.begin(), chip.exti_pulses.end(), line));
  }

  FakeChip chip;
  Rcc rcc{chip, 26'000'000, 32'768};
  Rtc rtc{chip, rcc};
  bool writable = true;
};

TEST_F(RtcTest, CountsSecondsOfTheCrystal) {
  Set(0x000000, 0x2101);
  chip.RunNs(10 * kSecond);
  EXPECT_EQ(Read(kTr), 0x10u);
  chip.RunNs(50 * kSecond);
  EXPECT_EQ(Read(kTr), 0x100u);
}

TEST_F(RtcTest, KnowsTheCalendar) {
  Set(0x235959, 0x24'4228);  // Wednesday, 2024-02-28
  chip.RunNs(kSecond);
  EXPECT_EQ(Read(kTr), 0u);
  EXPECT_EQ(Read(kDr), 0x24'8229u - 0x2000);  // Thursday the 29th
  Set(0x235959, 0x24'8229u - 0x2000);
  chip.RunNs(kSecond);
  Read(kTr);
  EXPECT_EQ(Read(kDr), 0x24'8301u);  // Friday, the 1st of March
  Set(0x235959, 0x99'f231);          // a Sunday; the century ends
  chip.RunNs(kSecond);
  Read(kTr);
  EXPECT_EQ(Read(kDr), 0x00'2101u);
}

TEST_F(RtcTest, ADayGoneAtOnceIsADay) {
  Set(0x120000, 0x23'e228);  // a Tuesday would be 0x4…; the chip believes what it is told: Sunday
  chip.RunNs(86'400 * kSecond);
  EXPECT_EQ(Read(kTr), 0x120000u);
  EXPECT_EQ(Read(kDr), 0x23'2301u);
}

TEST_F(RtcTest, HoldsTheDateUntilItIsRead) {
  Set(0x235959, 0x24'6101);
  EXPECT_EQ(Read(kTr), 0x235959u);
  chip.RunNs(kSecond);
  EXPECT_EQ(Read(kDr), 0x24'6101u);
  EXPECT_EQ(Read(kTr), 0u);
  EXPECT_EQ(Read(kDr), 0x24'8102u);
}

TEST_F(RtcTest, CountsSubSecondsDown) {
  Set(0, 0x2101);
  Write(kCr, 0x20);  // BYPSHAD
  const uint32_t before = Read(kSsr);
  chip.RunNs(250 * kMs);
  EXPECT_NEAR(static_cast<double>(before) - Read(kSsr), 64, 1);
}

TEST_F(RtcTest, WantsKeysAndTheOpenBackupDomain) {
  Write(kIsr, ~0u);
  chip.RunNs(kMs);
  EXPECT_EQ(Read(kIsr) & 0xc0, 0u);
  Write(kWpr, 0xca);
  Write(kWpr, 0x54);  // wrong
  Write(kIsr, ~0u);
  EXPECT_EQ(Read(kIsr) & 0x80, 0u);
  writable = false;
  Unlock();
  Write(kIsr, ~0u);
  EXPECT_EQ(Read(kIsr) & 0x80, 0u);
  Write(kBackup, 1);
  EXPECT_EQ(Read(kBackup), 0u);
  writable = true;
  Write(kIsr, ~0u);
  EXPECT_EQ(Read(kIsr) & 0x80, 0x80u);
  Write(kWpr, 0);
  Write(kTr, 0x123456);
  EXPECT_EQ(Read(kTr), 0u);
}

TEST_F(RtcTest, ChangesTheTimeOnlyInInitialisation) {
  Unlock();
  Write(kTr, 0x123456);
  EXPECT_NE(Read(kTr), 0x123456u);
  EXPECT_TRUE(chip.Noted("initialisation mode"));
}

TEST_F(RtcTest, AlarmRingsAtItsSecond) {
  Set(0x010203, 0x24'6101);
  Write(kAlrmar, 1u << 31 | 0x010206);
  Write(kCr, 1u << 8 | 1u << 12);
  chip.RunNs(2 * kSecond + 900 * kMs);
  EXPECT_EQ(Pulses(Rtc::kAlarmLine), 0);
  chip.RunNs(200 * kMs);
  EXPECT_EQ(Pulses(Rtc::kAlarmLine), 1);
  EXPECT_EQ(Read(kIsr) >> 8 & 1, 1u);
  Write(kIsr, ~0x100u & ~0x80u);
  EXPECT_EQ(Read(kIsr) >> 8 & 1, 0u);
  chip.RunNs(60 * kSecond);
  EXPECT_EQ(Pulses(Rtc::kAlarmLine), 1);
  Write(kAlrmar, 0);
  EXPECT_TRUE(chip.Noted("while it is on"));
}

TEST_F(RtcTest, AlarmWithMasksRingsEachMinuteAndOnItsDay) {
  Set(0x000000, 0x24'6101);
  Write(kAlrmar, 0x8080'8000 | 0x30);
  Write(kCr, 1u << 8 | 1u << 12);
  for (int i = 0; i < 5; ++i) {
    chip.RunNs(60 * kSecond);
    Write(kIsr, ~0x100u & ~0x80u);
  }
  EXPECT_EQ(Pulses(Rtc::kAlarmLine), 5);
  Write(kCr, 0);
  Write(kAlrmar, 1u << 30 | 5u << 24);  // on day 5 of the week, at midnight
  Write(kCr, 1u << 8 | 1u << 12);
  chip.RunNs(86'400 * kSecond);
  EXPECT_EQ(Pulses(Rtc::kAlarmLine), 5);  // Wednesday became Thursday
  chip.RunNs(86'400 * kSecond);
  EXPECT_EQ(Pulses(Rtc::kAlarmLine), 6);
}

TEST_F(RtcTest, AlarmRingsWithinASecond) {
  Set(0x000000, 0x24'6101);
  Write(kAlrmar, 0x8080'8080);
  Write(kAlrmassr, 15u << 24 | 127);  // half a second after each
  Write(kCr, 1u << 8 | 1u << 12);
  chip.RunNs(1'400 * kMs);
  EXPECT_EQ(Pulses(Rtc::kAlarmLine), 0);
  chip.RunNs(200 * kMs);
  EXPECT_EQ(Pulses(Rtc::kAlarmLine), 1);
}

TEST_F(RtcTest, WakesUpAgainAndAgain) {
  Unlock();
  Write(kWutr, 2047);
  Write(kCr, 1u << 10 | 1u << 14);  // 2048 · 16 periods: a second
  for (int i = 1; i <= 3; ++i) {
    chip.RunNs(kSecond + kMs);
    EXPECT_EQ(Pulses(Rtc::kWakeUpLine), i);
    EXPECT_EQ(Read(kIsr) >> 10 & 1, 1u);
    Write(kIsr, ~0x400u & ~0x80u);
  }
  Write(kCr, 0);
  chip.RunNs(5 * kSecond);
  EXPECT_EQ(Pulses(Rtc::kWakeUpLine), 3);
}

TEST_F(RtcTest, SurvivesResetsButNotThePower) {
  Set(0x101010, 0x24'6101);
  for (uint32_t i = 0; i < 20; ++i) Write(kBackup + 4 * i, 0xabcd'0000 + i);
  rcc.Reset();
  rtc.Reset();
  chip.RunNs(5 * kSecond);
  EXPECT_EQ(Read(kBackup + 4 * 19), 0xabcd'0013u);
  EXPECT_EQ(Read(kTr), 0x101015u);
  EXPECT_EQ(rtc.backup_register(3), 0xabcd'0003u);
  rcc.PowerOn();
  rtc.PowerOn();
  EXPECT_EQ(Read(kBackup), 0u);
  EXPECT_EQ(Read(kDr), 0x2101u);
}

TEST_F(RtcTest, AResetOfTheBackupDomainClearsAll) {
  Write(kBackup, 5);
  rcc.Write(0x70, 1u << 16, kAll);
  EXPECT_EQ(Read(kBackup), 0u);
}

TEST_F(RtcTest, StandsStillWithoutClock) {
  Set(0x101010, 0x24'6101);
  rcc.Write(0x70, 1 | 1u << 8, kAll);  // RTCEN off
  chip.RunNs(5 * kSecond);
  EXPECT_EQ(Read(kTr), 0x101010u);
  Write(kIsr, ~0u);
  chip.RunNs(kSecond);
  EXPECT_EQ(Read(kIsr) & 0x40, 0u);
}

TEST_F(RtcTest, TellsTwelveHours) {
  Unlock();
  Write(kIsr, ~0u);
  chip.RunNs(kMs);
  Write(kCr, 1u << 6);
  Write(kTr, 0x11'5959);  // a.m.
  Write(kIsr, ~0x80u);
  chip.RunNs(kSecond + kMs);
  EXPECT_EQ(Read(kTr), 0x52'0000u);
  Read(kDr);
  chip.RunNs(3600 * kSecond);
  EXPECT_EQ(Read(kTr), 0x41'0000u);
}

TEST_F(RtcTest, SurvivesRandomTraffic) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Unlock();
    Write(kIsr, ~0u);
    chip.RunNs(kMs);
    RandomTraffic(chip, rtc, 0xc0, 200, seed);
    Unlock();
    RandomTraffic(chip, rtc, 0x24, 2'000, seed);
    chip.RunNs(kSecond);
  }
}

}  // namespace
}  // namespace thimble::simulator
