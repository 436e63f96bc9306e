#include "simulator/stm32f412/timer.h"

#include <gtest/gtest.h>

#include "simulator/stm32f412/dma.h"
#include "simulator/stm32f412/random_traffic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kCr1 = 0x00, kCr2 = 0x04, kSmcr = 0x08, kDier = 0x0c, kSr = 0x10, kEgr = 0x14, kCcmr1 = 0x18;
constexpr uint32_t kCcmr2 = 0x1c, kCcer = 0x20, kCnt = 0x24, kPsc = 0x28, kArr = 0x2c, kCcr1 = 0x34;
constexpr uint32_t kAll = ~0u;

struct TimerTest : testing::Test {
  TimerTest() { timer.PowerOn(); }
  uint32_t Get(uint32_t offset) { return timer.Read(offset, 4); }
  void Set(uint32_t offset, uint32_t value) { timer.Write(offset, value, kAll); }
  FakeChip chip;
  GeneralTimer timer{chip, 3};
};

TEST_F(TimerTest, CountsTheTimersClock) {
  Set(kPsc, 95);
  Set(kEgr, 1);  // the prescaler is buffered
  EXPECT_EQ(Get(kSr), 1u);
  Set(kSr, 0);
  Set(kCr1, 1);
  chip.RunCycles(95);
  EXPECT_EQ(Get(kCnt), 0u);
  chip.RunCycles(1);
  EXPECT_EQ(Get(kCnt), 1u);
  chip.RunCycles(96 * 1000 - 1);
  EXPECT_EQ(Get(kCnt), 1000u);
  chip.RunCycles(1);
  EXPECT_EQ(Get(kCnt), 1001u);
  EXPECT_EQ(chip.AppointmentOf(timer), kNever);  // nobody waits for it
  Set(kCr1, 0);
  chip.RunCycles(96'000);
  EXPECT_EQ(Get(kCnt), 1001u);
}

TEST_F(TimerTest, AFasterProcessorClockDoesNotSpeedUpASlowerTimerClock) {
  chip.timer_hz[0] = 24'000'000;
  timer.ClockChanged();
  Set(kCr1, 1);
  chip.RunCycles(4000);
  EXPECT_EQ(Get(kCnt), 1000u);
  chip.timer_hz[0] = 48'000'000;
  timer.ClockChanged();
  chip.RunCycles(4000);
  EXPECT_EQ(Get(kCnt), 3000u);
}

TEST_F(TimerTest, OverflowsAndInterruptsAtTheCycle) {
  Set(kArr, 99);
  Set(kDier, 1);
  Set(kCr1, 1);
  chip.RunCycles(99);
  EXPECT_FALSE(chip.interrupts[29]);
  chip.RunCycles(1);
  EXPECT_TRUE(chip.interrupts[29]);
  EXPECT_EQ(Get(kCnt), 0u);
  EXPECT_EQ(Get(kSr) & 1, 1u);
  Set(kSr, ~1u);
  EXPECT_FALSE(chip.interrupts[29]);
  chip.RunCycles(100);
  EXPECT_TRUE(chip.interrupts[29]);
}

TEST_F(TimerTest, LongTimesCostNothing) {
  Set(kArr, 1);
  Set(kCr1, 1);
  chip.RunCycles(1'000'000'000'000'001);
  EXPECT_EQ(Get(kCnt), 1u);
  EXPECT_EQ(Get(kSr) & 1, 1u);
}

TEST_F(TimerTest, PreloadedValuesWaitForTheUpdate) {
  Set(kArr, 99);
  Set(kCr1, 0x81);    // ARPE
  Set(kCcmr1, 0x68);  // PWM 1 with preload
  Set(kCcer, 1);
  Set(kEgr, 1);
  chip.RunCycles(10);
  Set(kArr, 49);
  Set(kCcr1, 25);
  EXPECT_EQ(timer.Duty(1), 0);
  chip.RunCycles(89);
  EXPECT_EQ(Get(kCnt), 99u);
  chip.RunCycles(1);
  EXPECT_EQ(Get(kCnt), 0u);
  EXPECT_EQ(timer.Duty(1), 0.5);
  chip.RunCycles(50);
  EXPECT_EQ(Get(kCnt), 0u);
}

TEST_F(TimerTest, ASmallerLimitWithoutPreloadIsMissed) {
  Set(kArr, 99);
  Set(kCr1, 1);
  chip.RunCycles(60);
  Set(kSr, 0);
  Set(kArr, 49);
  chip.RunCycles(65536 - 60);
  EXPECT_EQ(Get(kCnt), 0u);  // it ran to the end of its 16 bits
  EXPECT_EQ(Get(kSr) & 1, 0u);
  chip.RunCycles(50);
  EXPECT_EQ(Get(kCnt), 0u);
  EXPECT_EQ(Get(kSr) & 1, 1u);
}

TEST_F(TimerTest, CountsDown) {
  Set(kArr, 9);
  Set(kCr1, 0x10);
  Set(kEgr, 1);
  EXPECT_EQ(Get(kCnt), 9u);
  Set(kSr, 0);
  Set(kCr1, 0x11);
  chip.RunCycles(9);
  EXPECT_EQ(Get(kCnt), 0u);
  EXPECT_EQ(Get(kSr) & 1, 0u);
  chip.RunCycles(1);
  EXPECT_EQ(Get(kCnt), 9u);
  EXPECT_EQ(Get(kSr) & 1, 1u);
}

TEST_F(TimerTest, CountsUpAndDownWhenCentred) {
  Set(kArr, 4);
  Set(kCr1, 0x61);
  std::string counts;
  for (int i = 0; i < 12; ++i) {
    counts += static_cast<char>('0' + Get(kCnt));
    counts += (Get(kCr1) & 0x10) != 0 ? 'v' : '^';
    chip.RunCycles(1);
  }
  EXPECT_EQ(counts, "0^1^2^3^4v3v2v1v0^1^2^3^");
  EXPECT_EQ(Get(kSr) & 1, 1u);
  chip.RunCycles(8'000'000 - 12);
  EXPECT_EQ(Get(kCnt), 0u);
}

TEST_F(TimerTest, OnePulseStops) {
  Set(kArr, 9);
  Set(kCr1, 9);
  chip.RunCycles(1000);
  EXPECT_EQ(Get(kCr1), 8u);
  EXPECT_EQ(Get(kCnt), 0u);
  EXPECT_EQ(Get(kSr) & 1, 1u);
}

TEST_F(TimerTest, UpdatesCanBeHeldBack) {
  Set(kArr, 9);
  Set(kCr1, 3);  // UDIS
  chip.RunCycles(15);
  EXPECT_EQ(Get(kCnt), 5u);
  EXPECT_EQ(Get(kSr) & 1, 0u);
  Set(kCr1, 5);  // URS
  Set(kEgr, 1);
  EXPECT_EQ(Get(kCnt), 0u);
  EXPECT_EQ(Get(kSr) & 1, 0u);
}

TEST_F(TimerTest, ALimitOfZeroBlocks) {
  Set(kArr, 0);
  Set(kCr1, 1);
  Set(kDier, 1);
  chip.RunCycles(1000);
  EXPECT_EQ(Get(kCnt), 0u);
  EXPECT_EQ(Get(kSr), 0u);
}

TEST_F(TimerTest, CompareInterruptsWhenTheCountIsThere) {
  Set(kArr, 99);
  Set(kCcr1 + 4, 30);
  Set(kDier, 4);
  Set(kCr1, 1);
  chip.RunCycles(29);
  EXPECT_FALSE(chip.interrupts[29]);
  chip.RunCycles(1);
  EXPECT_TRUE(chip.interrupts[29]);
  Set(kSr, 0);
  chip.RunCycles(99);
  EXPECT_FALSE(chip.interrupts[29]);
  chip.RunCycles(1);
  EXPECT_TRUE(chip.interrupts[29]);
  EXPECT_EQ(Get(kCnt), 30u);
}

TEST_F(TimerTest, ACompareValueBeyondTheLimitMatchesAtTheEnd) {
  Set(kArr, 99);
  Set(kCcr1, 200);
  Set(kDier, 2);
  Set(kCr1, 1);
  chip.RunCycles(99);
  EXPECT_EQ(Get(kSr) & 2, 0u);
  chip.RunCycles(1);
  EXPECT_EQ(Get(kSr) & 2, 2u);
  EXPECT_TRUE(chip.interrupts[29]);
}

TEST_F(TimerTest, DutyIsTheShareOfTimeThatIsHigh) {
  Set(kArr, 99);
  Set(kCcr1, 25);
  Set(kCcr1 + 4, 100);
  Set(kCcmr1, 0x7060);  // channel 1 PWM 1, channel 2 PWM 2
  Set(kCr1, 1);
  EXPECT_EQ(timer.Duty(1), 0);  // output off
  Set(kCcer, 0x11);
  EXPECT_EQ(timer.Duty(1), 0.25);
  EXPECT_EQ(timer.Duty(2), 0);
  Set(kCcer, 0x33);  // active low
  EXPECT_EQ(timer.Duty(1), 0.75);
  EXPECT_EQ(timer.Duty(2), 1);
  Set(kCcmr1, 0x4050);  // forced high and low
  EXPECT_EQ(timer.Duty(1), 0);
  EXPECT_EQ(timer.Duty(2), 1);
  Set(kCcer, 0x11);
  Set(kCcmr1, 0x60);
  Set(kCr1, 0);
  Set(kCnt, 24);
  EXPECT_EQ(timer.Duty(1), 1);  // stopped while high
  Set(kCnt, 25);
  EXPECT_EQ(timer.Duty(1), 0);
  Set(kCr1, 0x21);  // centred
  Set(kArr, 100);
  EXPECT_EQ(timer.Duty(1), 0.25);
  EXPECT_EQ(timer.Duty(0), 0);
  EXPECT_EQ(timer.Duty(5), 0);
}

TEST_F(TimerTest, DutyIsWhatCountingGives) {
  for (uint32_t mode = 6; mode <= 7; ++mode) {
    for (const uint32_t control : {0x01u, 0x11u, 0x21u}) {
      for (const uint32_t at : {0u, 1u, 5u, 9u, 10u, 11u}) {
        Set(kCr1, control & ~1u);
        Set(kArr, 9);
        Set(kCcr1, at);
        Set(kCcmr1, mode << 4);
        Set(kCcer, 1);
        Set(kEgr, 1);
        Set(kCr1, control);
        int high = 0;
        const int period = control == 0x21 ? 18 : 10;
        for (int i = 0; i < period; ++i) {
          const uint32_t count = Get(kCnt);
          const bool down = (Get(kCr1) & 0x10) != 0;
          const bool active = down ? count <= at : count < at;
          high += active == (mode == 6) ? 1 : 0;
          chip.RunCycles(1);
        }
        EXPECT_DOUBLE_EQ(timer.Duty(1), static_cast<double>(high) / period) << mode << " " << control << " " << at;
      }
    }
  }
}

TEST_F(TimerTest, TogglesAtTheMatch) {
  Set(kArr, 9);
  Set(kCcr1, 5);
  Set(kCcmr1, 0x30);
  Set(kCcer, 1);
  Set(kCr1, 1);
  EXPECT_EQ(timer.Duty(1), 0.5);
  for (const int periods : {1, 2, 7, 1000, 1001}) {
    Set(kCr1, 0);
    const double before = timer.Duty(1);
    Set(kCr1, 1);
    chip.RunCycles(static_cast<uint64_t>(periods) * 10);
    Set(kCr1, 0);
    EXPECT_EQ(timer.Duty(1), periods % 2 != 0 ? 1 - before : before) << periods;
  }
}

TEST_F(TimerTest, CapturesTheCountAtAnEdge) {
  Set(kCcmr1, 0x0201);  // channel 1 its own pin, channel 2 the same pin
  Set(kCcer, 0x31);     // rising, falling
  Set(kDier, 2);
  Set(kCr1, 1);
  chip.RunCycles(100);
  timer.Input(1, true);
  EXPECT_TRUE(chip.interrupts[29]);
  chip.RunCycles(50);
  timer.Input(1, false);
  EXPECT_EQ(Get(kSr) & 6, 6u);
  EXPECT_EQ(Get(kCcr1), 100u);
  EXPECT_FALSE(chip.interrupts[29]);  // reading it clears the flag
  EXPECT_EQ(Get(kCcr1 + 4), 150u);
  timer.Input(1, true), timer.Input(1, false), timer.Input(1, true);
  EXPECT_EQ(Get(kSr) & 1u << 9, 1u << 9);  // captured twice
  Set(kSr, 0);
  Set(kCcmr1, 0x0009);  // every fourth edge
  for (int i = 0; i < 3; ++i) timer.Input(1, false), timer.Input(1, true);
  EXPECT_EQ(Get(kSr) & 2, 0u);
  timer.Input(1, false), timer.Input(1, true);
  EXPECT_EQ(Get(kSr) & 2, 2u);
}

TEST_F(TimerTest, KnowsItsPins) {
  GeneralTimer two(chip, 2);
  EXPECT_EQ(timer.ChannelOfPin(1, 4, 2), 1);  // PB4, red
  EXPECT_EQ(two.ChannelOfPin(1, 3, 1), 2);    // PB3, green
  EXPECT_EQ(timer.ChannelOfPin(2, 7, 2), 2);  // PC7, blue
  EXPECT_EQ(timer.ChannelOfPin(1, 4, 0), 0);
  EXPECT_EQ(two.ChannelOfPin(1, 4, 2), 0);
}

TEST_F(TimerTest, TimersTwoAndFiveHave32Bits) {
  for (const int number : {2, 5}) {
    GeneralTimer wide(chip, number);
    wide.PowerOn();
    EXPECT_EQ(wide.Read(kArr, 4), kAll);
    wide.Write(kCr1, 1, kAll);
    chip.RunCycles(0x1'0000'0005);
    EXPECT_EQ(wide.Read(kCnt, 4), 5u);
    EXPECT_EQ(wide.Read(kSr, 4) & 1, 1u);
  }
  EXPECT_EQ(Get(kArr), 0xffffu);
}

TEST_F(TimerTest, EveryTimerHasItsWireAndChannels) {
  constexpr std::pair<int, size_t> kWires[] = {{2, 28}, {3, 29},  {4, 30},  {5, 50},  {6, 54},  {7, 55},
                                               {9, 24}, {10, 25}, {11, 26}, {12, 43}, {13, 44}, {14, 45}};
  for (const auto& [number, interrupt] : kWires) {
    GeneralTimer one(chip, number);
    one.PowerOn();
    one.Write(kDier, 1, kAll);
    one.Write(kEgr, 1, kAll);
    EXPECT_TRUE(chip.interrupts[interrupt]) << number;
    one.Reset();
    EXPECT_FALSE(chip.interrupts[interrupt]);
  }
  GeneralTimer basic(chip, 6);
  basic.PowerOn();
  basic.Write(kCcmr1, kAll, kAll);
  basic.Write(kCcr1, kAll, kAll);
  EXPECT_EQ(basic.Read(kCcmr1, 4) | basic.Read(kCcr1, 4) | basic.Read(kCcmr2, 4), 0u);
}

struct WiredChip : FakeChip {
  Dma* dma = nullptr;
  GeneralTimer* timer = nullptr;
  void SetDmaRequest(int controller, int stream, int channel, bool high) override {
    FakeChip::SetDmaRequest(controller, stream, channel, high);
    if (dma != nullptr) dma->SetRequest(stream, channel, high);
  }
  void DmaServed(int controller, int stream, int channel, uint32_t left) override {
    timer->DmaServed(controller, stream, channel, left);
  }
};

TEST(Timer, AsksDmaOncePerUpdate) {
  WiredChip chip;
  Dma dma(chip, 1);
  GeneralTimer timer(chip, 3);
  dma.PowerOn();
  timer.PowerOn();
  chip.dma = &dma;
  chip.timer = &timer;
  chip.Attach(0x4000'0400, 0x400, timer);
  for (size_t i = 0; i < 8; ++i) chip.ram[i * 2] = static_cast<std::byte>(i + 1);
  const uint32_t stream2 = 0x10 + 2 * 0x18;
  dma.Write(stream2 + 0x04, 8, kAll);
  dma.Write(stream2 + 0x08, 0x4000'0434, kAll);  // CCR1
  dma.Write(stream2 + 0x0c, FakeChip::kRamBase, kAll);
  dma.Write(stream2, 5u << 25 | 1u << 13 | 1u << 11 | 1u << 10 | 1u << 6 | 1, kAll);
  timer.Write(kArr, 99, kAll);
  timer.Write(kDier, 1u << 8, kAll);
  timer.Write(kCr1, 1, kAll);
  chip.RunCycles(50);
  for (uint32_t i = 1; i <= 8; ++i) {
    EXPECT_EQ(timer.Read(kCcr1, 4), i - 1);
    chip.RunCycles(100);
  }
  EXPECT_EQ(timer.Read(kCcr1, 4), 8u);
}

TEST_F(TimerTest, NotesWhatIsNotModelled) {
  Set(kSmcr, 4);
  Set(kCr2, 0x20);
  EXPECT_TRUE(chip.Noted("TIM3 SMCR: slave mode 4 is not modelled"));
  EXPECT_TRUE(chip.Noted("TIM3 CR2 MMS"));
}

TEST_F(TimerTest, LookingOftenOrSeldomGivesTheSame) {
  thimble::Random random(5);
  for (int round = 0; round < 300; ++round) {
    GeneralTimer often(chip, 3), seldom(chip, 4);
    often.PowerOn(), seldom.PowerOn();
    const auto both = [&](uint32_t offset, uint32_t value) {
      often.Write(offset, value, kAll);
      seldom.Write(offset, value, kAll);
    };
    constexpr uint32_t kControls[] = {0x81, 0x91, 0xa1, 0xc1, 0xe1, 0x01, 0x11, 0x89};
    both(kPsc, static_cast<uint32_t>(random.Next() % 4));
    both(kArr, static_cast<uint32_t>(random.Next() % 12));
    both(kCcmr1, 0x3030 | static_cast<uint32_t>(random.Next() & 0x0808));
    both(kCcer, 0x1111);
    for (uint32_t i = 0; i < 4; ++i) both(kCcr1 + i * 4, static_cast<uint32_t>(random.Next() % 14));
    both(kCr1, kControls[random.Next() % 8]);
    const uint64_t cycles = random.Next() % 500;
    for (uint64_t i = 0; i < cycles; ++i) {
      chip.RunCycles(1);
      often.Read(kCnt, 4);
    }
    for (const uint32_t offset : {kCnt, kSr, kCr1}) {
      ASSERT_EQ(often.Read(offset, 4), seldom.Read(offset, 4)) << "round " << round << " register " << offset;
    }
  }
}

TEST_F(TimerTest, SurvivesRandomTraffic) {
  for (const int number : {2, 3, 6, 9, 14}) {
    GeneralTimer one(chip, number);
    one.PowerOn();
    for (uint64_t seed = 0; seed < 4; ++seed) {
      RandomTraffic(chip, one, 0x54, 300, seed);
      for (int channel = -1; channel < 6; ++channel) one.Input(channel, (seed & 1) != 0), one.Duty(channel);
    }
    one.Reset();
  }
}

}  // namespace
}  // namespace thimble::simulator
