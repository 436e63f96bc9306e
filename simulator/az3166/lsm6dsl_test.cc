#include "simulator/az3166/lsm6dsl.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "simulator/az3166/register_bus.h"
#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kMillisecond = 1'000'000;

/// Every reading of it is different: the acceleration along x counts in the smallest steps of a register.
std::unique_ptr<MotionSource> Counting(double rate_hz, size_t readings) {
  dataset::Recording recording;
  recording.axes = {{"accX", "mg"},   {"accY", "mg"},   {"accZ", "mg"},
                    {"gyrX", "mdps"}, {"gyrY", "mdps"}, {"gyrZ", "mdps"}};
  recording.interval_ms = 1000 / rate_hz;
  for (size_t i = 0; i < readings; ++i) {
    const auto count = static_cast<double>(i);
    for (const double value : {0.061 * count, 0.061 * -count, 1000.0, 70 * count, 70 * -count, 0.0}) {
      recording.values.push_back(static_cast<float>(value));
    }
  }
  auto source = Replay(recording);
  EXPECT_TRUE(source.ok());
  return std::move(*source);
}

class LsmTest : public testing::Test {
 protected:
  explicit LsmTest(std::unique_ptr<MotionSource> source = Counting(104, 20000)) : source_(std::move(source)) {
    sensor_.on_note = [this](const std::string& note) { notes_.insert(note); };
  }
  void At(uint64_t ns) { now_ = ns; }
  void Set(int address, std::initializer_list<int> values) {
    WriteRegisters(sensor_, static_cast<uint8_t>(address), values);
  }
  int Get(int address) { return ReadRegister(sensor_, static_cast<uint8_t>(address)); }
  int FifoWords() { return Get(0x3a) | (Get(0x3b) & 7) << 8; }

  uint64_t now_ = 0;
  Environment environment_;
  std::unique_ptr<MotionSource> source_;
  std::set<std::string> notes_;
  Lsm6dsl sensor_{*source_, environment_, [this] { return now_; }};
};

TEST_F(LsmTest, IsWhatTheDataSheetSaysAfterPowerOn) {
  EXPECT_EQ(sensor_.Address(), 0x6a);
  EXPECT_EQ(Get(0x0f), 0x6a);
  EXPECT_EQ(Get(0x12), 0x04);
  EXPECT_EQ(Get(0x18), 0xe0);
  EXPECT_EQ(Get(0x1e), 0);
  At(10 * kSecond);
  EXPECT_EQ(Get(0x1e), 0);  // powered down: no data
  EXPECT_EQ(sensor_.NextInterruptNs(), kNever);
}

TEST_F(LsmTest, GivesEachReadingOnce) {
  Set(0x10, {0x40});  // 104 Hz, 2 g
  int samples = 0;
  std::vector<int> seen;
  for (uint64_t ms = 0; ms < 1000; ++ms) {
    At(ms * kMillisecond);
    if ((Get(0x1e) & 1) == 0) continue;
    ++samples;
    seen.push_back(ReadWords(sensor_, 0x28, 1)[0]);
  }
  EXPECT_EQ(samples, 103);  // the 104th is due at the second's end
  for (size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], static_cast<int>(i) + 1);
}

TEST_F(LsmTest, RunsAtEveryRateOfItsTable) {
  constexpr double kRates[] = {13, 26, 52, 104, 208, 416, 832, 1664, 3328, 6656};
  for (int code = 1; code <= 10; ++code) {
    sensor_.PowerOn();
    At(0);
    Set(0x10, {code << 4});
    Set(0x0d, {0x01});
    const uint64_t first = sensor_.NextInterruptNs();
    EXPECT_NEAR(static_cast<double>(first), 1e9 / kRates[code - 1], 2) << code;
    At(first - 1);
    EXPECT_FALSE(sensor_.Interrupt1());
    At(first);
    EXPECT_TRUE(sensor_.Interrupt1());
    ReadWords(sensor_, 0x28, 3);
    EXPECT_FALSE(sensor_.Interrupt1());
  }
}

TEST_F(LsmTest, ReadsGravityAtEveryFullScale) {
  constexpr std::array<double, 4> kLsbPerG = {1 / 0.061e-3, 1 / 0.488e-3, 1 / 0.122e-3, 1 / 0.244e-3};
  for (int scale = 0; scale < 4; ++scale) {
    At(0);
    sensor_.PowerOn();
    Set(0x10, {0x40 | scale << 2});
    At(kSecond);
    EXPECT_NEAR(ReadWords(sensor_, 0x2c, 1)[0], kLsbPerG[static_cast<size_t>(scale)], 1) << scale;
  }
}

TEST_F(LsmTest, ClipsWhatIsBeyondItsFullScale) {
  Set(0x10, {0x40});
  Set(0x11, {0x42});  // 125 °/s: 28,571 mdps at the end of a register
  At(100 * kSecond);
  EXPECT_EQ(ReadWords(sensor_, 0x22, 1)[0], 32767);
  EXPECT_EQ(ReadWords(sensor_, 0x24, 1)[0], -32768);
}

TEST_F(LsmTest, BlockUpdateKeepsHalvesOfOneSampleTogether) {
  Set(0x12, {0x44});
  Set(0x10, {0x40});
  At(2'500 * kMillisecond);  // 260 samples: the halves change with the next
  const uint8_t low = static_cast<uint8_t>(Get(0x28));
  At(60 * kSecond);
  const uint8_t high = static_cast<uint8_t>(Get(0x29));
  EXPECT_EQ(low | high << 8, 260);
  EXPECT_GT(ReadWords(sensor_, 0x28, 1)[0], 6000);
}

TEST_F(LsmTest, SwapsBytesAndStaysOnARegisterWhenToldTo) {
  Set(0x10, {0x40});
  At(10 * kSecond);
  const auto bytes = ReadRegisters(sensor_, 0x28, 2);
  Set(0x12, {0x06});  // BLE
  const auto swapped = ReadRegisters(sensor_, 0x28, 2);
  EXPECT_EQ(bytes[0], swapped[1]);
  EXPECT_EQ(bytes[1], swapped[0]);
  Set(0x12, {0x00});  // no increment
  const auto same = ReadRegisters(sensor_, 0x0f, 3);
  EXPECT_EQ(same, (std::vector<uint8_t>{0x6a, 0x6a, 0x6a}));
}

TEST_F(LsmTest, SoftwareResetForgetsSettings) {
  Set(0x10, {0x40, 0x40, 0x44});
  At(kSecond);
  Set(0x12, {0x01});
  EXPECT_EQ(Get(0x10), 0);
  EXPECT_EQ(Get(0x12), 0x04);
  At(2 * kSecond);
  EXPECT_EQ(Get(0x1e), 0);
}

TEST_F(LsmTest, FifoHoldsGyroscopeThenAccelerometer) {
  Set(0x10, {0x40, 0x4c});      // both 104 Hz, 2,000 °/s
  Set(0x06, {12, 0, 0x09, 0});  // threshold 12 words; no decimation
  Set(0x0a, {0x26});            // 104 Hz, continuous
  Set(0x0d, {0x08});
  const uint64_t full = sensor_.NextInterruptNs();
  EXPECT_NEAR(static_cast<double>(full), 2e9 / 104, 4);
  At(full - 1);
  EXPECT_FALSE(sensor_.Interrupt1());
  EXPECT_EQ(FifoWords(), 6);
  At(full);
  EXPECT_TRUE(sensor_.Interrupt1());
  EXPECT_EQ(Get(0x3b) & 0x80, 0x80);
  const auto words = ReadWords(sensor_, 0x3e, 12);  // one burst
  EXPECT_EQ(words[3], 1);
  EXPECT_EQ(words[4], -1);
  EXPECT_NEAR(words[5], 16393, 1);
  EXPECT_EQ(words[9], 2);
  EXPECT_EQ(FifoWords(), 0);
  EXPECT_EQ(Get(0x3b) & 0x10, 0x10);
  EXPECT_FALSE(sensor_.Interrupt1());
}

TEST_F(LsmTest, FifoPatternTellsWhatComesNext) {
  Set(0x10, {0x40, 0x4c});
  Set(0x08, {0x11, 0});  // accelerometer in full, gyroscope every second time: 6, then 3 words
  Set(0x0a, {0x26});
  At(1'000 * kMillisecond);
  std::vector<int> pattern;
  for (int i = 0; i < 12; ++i) {
    pattern.push_back(Get(0x3c) | Get(0x3d) << 8);
    ReadWords(sensor_, 0x3e, 1);
  }
  EXPECT_EQ(pattern, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2}));
}

TEST_F(LsmTest, ContinuousFifoKeepsTheNewestAndSaysThatItLostSome) {
  Set(0x10, {0x40});
  Set(0x08, {0x01, 0});
  Set(0x0a, {0x26});
  At(30 * kSecond);  // 3,120 samples, of which 682 fit
  EXPECT_EQ(FifoWords(), 2046);
  EXPECT_EQ(Get(0x3b) & 0x60, 0x60);
  const auto words = ReadWords(sensor_, 0x3e, 3);
  EXPECT_EQ(words[0], 3120 - 682 + 1);
  EXPECT_EQ(Get(0x3b) & 0x40, 0);
  EXPECT_EQ(FifoWords(), 2043);
}

TEST_F(LsmTest, FifoModeStopsWhenFullUntilItIsSetAnew) {
  Set(0x10, {0x40});
  Set(0x08, {0x01, 0});
  Set(0x0a, {0x21});
  At(30 * kSecond);
  EXPECT_EQ(FifoWords(), 2046);
  EXPECT_EQ(ReadWords(sensor_, 0x3e, 3)[0], 1);  // the oldest is still there
  At(31 * kSecond);
  EXPECT_EQ(FifoWords(), 2043);
  Set(0x0a, {0x20});
  EXPECT_EQ(FifoWords(), 0);
  Set(0x0a, {0x21});
  At(32 * kSecond);
  EXPECT_EQ(FifoWords(), 3 * 104);
}

TEST_F(LsmTest, LookingOftenChangesNothing) {
  Lsm6dsl watched(*source_, environment_, [this] { return now_; });
  for (Lsm6dsl* sensor : {&sensor_, &watched}) {
    WriteRegisters(*sensor, 0x10, {0x50, 0x4c});
    WriteRegisters(*sensor, 0x08, {0x13, 0});
    WriteRegisters(*sensor, 0x0a, {0x2e});  // 208 Hz
  }
  for (uint64_t step = 0; step < 400; ++step) {
    At(step * 77 * kMillisecond);
    ReadRegister(watched, 0x3a);
    watched.NextInterruptNs();
  }
  EXPECT_EQ(ReadRegisters(sensor_, 0x3a, 4), ReadRegisters(watched, 0x3a, 4));
  EXPECT_EQ(ReadWords(sensor_, 0x3e, 2048), ReadWords(watched, 0x3e, 2048));
}

TEST_F(LsmTest, ADayWithoutALookCostsNothing) {
  Set(0x10, {0xa0});  // 6,656 Hz
  Set(0x08, {0x01, 0});
  Set(0x0a, {0x56});
  At(24 * 3600 * kSecond);  // 575 million samples, which would take minutes
  EXPECT_EQ(FifoWords(), 2046);
  EXPECT_EQ(Get(0x1e) & 1, 1);
}

TEST_F(LsmTest, TellsExactlyWhenItsInterruptsChange) {
  Set(0x10, {0x40, 0x4c});
  Set(0x06, {30, 0, 0x11, 0});
  Set(0x0a, {0x26});
  Set(0x0b, {0x80});        // pulses
  Set(0x0d, {0x09, 0x02});  // accelerometer and threshold; gyroscope on INT2
  int changes = 0;
  for (uint64_t next = sensor_.NextInterruptNs(); next < kSecond / 4; next = sensor_.NextInterruptNs(), ++changes) {
    const bool one = sensor_.Interrupt1();
    const bool two = sensor_.Interrupt2();
    ASSERT_GT(next, now_);
    At(next - 1);
    ASSERT_EQ(sensor_.Interrupt1(), one);
    ASSERT_EQ(sensor_.Interrupt2(), two);
    At(next);
    ASSERT_TRUE(sensor_.Interrupt1() != one || sensor_.Interrupt2() != two) << next;
    if (changes % 7 == 6) ReadWords(sensor_, 0x3e, 30);
  }
  EXPECT_GT(changes, 30);
}

TEST_F(LsmTest, PulsesLast75Microseconds) {
  Set(0x10, {0x40});
  Set(0x0b, {0x80});
  Set(0x0d, {0x01});
  At(sensor_.NextInterruptNs());
  EXPECT_TRUE(sensor_.Interrupt1());
  EXPECT_EQ(sensor_.NextInterruptNs(), now_ + 75'000);
  At(now_ + 75'000);
  EXPECT_FALSE(sensor_.Interrupt1());
}

TEST_F(LsmTest, InterruptsMayBeActiveLowAndShareAPin) {
  Set(0x10, {0x40});
  Set(0x0e, {0x01});
  Set(0x12, {0x24});  // H_LACTIVE
  EXPECT_TRUE(sensor_.Interrupt1());
  EXPECT_TRUE(sensor_.Interrupt2());
  At(kSecond);
  EXPECT_FALSE(sensor_.Interrupt2());
  Set(0x13, {0x20});  // INT2_on_INT1
  EXPECT_FALSE(sensor_.Interrupt1());
  EXPECT_TRUE(sensor_.Interrupt2());
}

TEST_F(LsmTest, GyroscopeTakes70MillisecondsToStart) {
  Set(0x11, {0x4c});
  Set(0x13, {0x08});  // DRDY_MASK
  At(60 * kMillisecond);
  EXPECT_EQ(Get(0x1e) & 2, 0);
  EXPECT_LT(ReadWords(sensor_, 0x22, 1)[0], 6);  // not yet at full size
  At(80 * kMillisecond);
  EXPECT_EQ(Get(0x1e) & 2, 2);
  EXPECT_EQ(ReadWords(sensor_, 0x22, 1)[0], 8);
}

TEST_F(LsmTest, CountsTimeInTimestamps) {
  At(kSecond);
  Set(0x19, {0x20});
  At(kSecond + 6'400 * kMillisecond);
  EXPECT_EQ(ReadRegisters(sensor_, 0x40, 3), (std::vector<uint8_t>{0xe8, 0x03, 0}));  // 1,000 times 6.4 ms
  Set(0x5c, {0x10});
  At(now_ + kSecond);
  EXPECT_EQ(ReadRegisters(sensor_, 0x40, 3), (std::vector<uint8_t>{0x40, 0x9c, 0}));  // 40,000 times 25 µs
  Set(0x42, {0xaa});
  EXPECT_EQ(ReadRegisters(sensor_, 0x40, 3), (std::vector<uint8_t>{0, 0, 0}));
}

TEST_F(LsmTest, FeelsTheTemperature) {
  environment_.temperature_c = 31.5;
  Set(0x10, {0x40});
  At(kSecond);
  EXPECT_EQ(Get(0x1e) & 4, 4);
  EXPECT_EQ(ReadWords(sensor_, 0x20, 1)[0], 6.5 * 256);
  EXPECT_EQ(Get(0x1e) & 4, 0);
}

TEST_F(LsmTest, NamesWhatIsNotModelled) {
  Set(0x58, {0x8e});
  Set(0x5e, {0x08});
  Set(0x19, {0x3c});
  Set(0x0a, {0x24});
  EXPECT_EQ(notes_.size(), 4u);
  EXPECT_EQ(Get(0x58), 0x8e);  // stored
  EXPECT_TRUE(notes_.contains("LSM6DSL: MD1_CFG: events on INT1 is not modelled"));
}

TEST_F(LsmTest, DisappearsFromTheBusWhenToldTo) {
  EXPECT_TRUE(sensor_.Start(false));
  Set(0x13, {0x04});
  EXPECT_FALSE(sensor_.Start(false));
}

TEST_F(LsmTest, GoesOnFromACopyOfItsState) {
  Set(0x10, {0x40, 0x4c});
  Set(0x08, {0x09, 0});
  Set(0x0a, {0x26});
  At(kSecond);
  ReadWords(sensor_, 0x3e, 7);
  Lsm6dsl other(*source_, environment_, [this] { return now_; });
  const auto state = sensor_.State();
  std::memcpy(other.State().data(), state.data(), state.size());
  At(3 * kSecond);
  EXPECT_EQ(ReadWords(sensor_, 0x3e, 600), ReadWords(other, 0x3e, 600));
  EXPECT_TRUE(std::equal(state.begin(), state.end(), other.State().begin()));
}

TEST_F(LsmTest, ReadsSlowMotionThroughItsFilters) {
  // The count rises by 104 a second, so an average over a time is late by half of it.
  Set(0x17, {0x80});  // LPF2, ODR/50: 0.213 s
  Set(0x10, {0x40});
  At(10 * kSecond);
  EXPECT_NEAR(ReadWords(sensor_, 0x28, 1)[0], 1040 - 104 * 0.213 / 2, 1);
  Set(0x17, {0x04});  // high-pass: gravity is gone
  EXPECT_NEAR(ReadWords(sensor_, 0x2c, 1)[0], 0, 1);
}

TEST(Lsm6dsl, HasAClockOfItsOwnWithinItsTolerance) {
  const auto still = Still();
  const Environment environment;
  std::set<uint64_t> firsts;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    uint64_t now = 0;
    Lsm6dsl sensor(*still, environment, [&now] { return now; }, {.seed = seed});
    EXPECT_LE(std::abs(sensor.clock_rate() - 1), 0.015);
    WriteRegisters(sensor, 0x10, {0x40});
    WriteRegisters(sensor, 0x0d, {0x01});
    firsts.insert(sensor.NextInterruptNs());
  }
  EXPECT_GT(firsts.size(), 45u);
}

TEST(Lsm6dsl, IsNeverQuiteStill) {
  const auto still = Still();
  const Environment environment;
  uint64_t now = 0;
  Lsm6dsl sensor(*still, environment, [&now] { return now; });
  WriteRegisters(sensor, 0x10, {0x40, 0x4c});
  double sum = 0;
  double squares = 0;
  constexpr int kSamples = 2000;
  for (int i = 0; i < kSamples; ++i) {
    now += 10 * kMillisecond;
    const double value = ReadWords(sensor, 0x28, 1)[0] * 0.061;
    sum += value;
    squares += value * value;
  }
  const double deviation_mg = std::sqrt(squares / kSamples - sum / kSamples * sum / kSamples);
  EXPECT_NEAR(sum / kSamples, 0, 0.06);
  EXPECT_NEAR(deviation_mg, 0.090 * std::sqrt(52), 0.05);  // 90 µg in a root hertz, up to half the rate
}

}  // namespace
}  // namespace thimble::simulator
