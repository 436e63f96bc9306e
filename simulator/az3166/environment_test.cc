// The sensors of what surrounds the kit, as programs use them.
#include "simulator/az3166/environment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "simulator/az3166/hts221.h"
#include "simulator/az3166/lis2mdl.h"
#include "simulator/az3166/lps22hb.h"
#include "simulator/az3166/register_bus.h"
#include "simulator/az3166/stsafe.h"

namespace thimble::simulator {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1'000'000'000;

template <typename Sensor>
class SensorTest : public testing::Test {
 protected:
  SensorTest() {
    sensor_.on_note = [this](const std::string& note) { notes_.insert(note); };
  }
  void Set(int address, std::initializer_list<int> values) {
    WriteRegisters(sensor_, static_cast<uint8_t>(address), values);
  }
  int Get(int address) { return ReadRegister(sensor_, static_cast<uint8_t>(address)); }

  uint64_t now_ = 0;
  Environment environment_;
  std::set<std::string> notes_;
  Sensor sensor_{environment_, [this] { return now_; }};
};

using Hts221Test = SensorTest<Hts221>;
using Lps22hbTest = SensorTest<Lps22hb>;
using Lis2mdlTest = SensorTest<Lis2mdl>;

struct Climate {
  double humidity_percent, temperature_c;
};

/// As the data sheet tells programs to compute it, from the factory's calibration.
Climate Compute(Hts221& sensor) {
  const auto bytes = ReadRegisters(sensor, 0x30 | 0x80, 16);
  const auto word = [&bytes](size_t low) { return static_cast<int16_t>(bytes[low] | bytes[low + 1] << 8); };
  const auto out = ReadWords(sensor, 0x28 | 0x80, 2);
  const auto line = [](double at, double x0, double x1, double y0, double y1) {
    return y0 + (at - x0) / (x1 - x0) * (y1 - y0);
  };
  const double t0 = (bytes[2] | (bytes[5] & 3) << 8) / 8.0;
  const double t1 = (bytes[3] | (bytes[5] & 12) << 6) / 8.0;
  return {line(out[0], word(6), word(10), bytes[0] / 2.0, bytes[1] / 2.0), line(out[1], word(12), word(14), t0, t1)};
}

TEST_F(Hts221Test, SaysWhatTheEnvironmentIs) {
  EXPECT_EQ(Get(0x0f), 0xbc);
  Set(0x20, {0x81});
  for (const double celsius : {-20.0, 0.0, 23.4, 37.5, 80.0}) {
    environment_.temperature_c = celsius;
    environment_.humidity_percent = 50 + celsius / 2;
    now_ += kSecond;
    const Climate climate = Compute(sensor_);
    EXPECT_NEAR(climate.temperature_c, celsius, 0.01);
    EXPECT_NEAR(climate.humidity_percent, 50 + celsius / 2, 0.005);
  }
}

TEST_F(Hts221Test, HasDataAtItsRateAndOnlyWhenPowered) {
  now_ = 10 * kSecond;
  EXPECT_EQ(Get(0x27), 0);
  Set(0x22, {0x04});
  Set(0x20, {0x83});  // 12.5 Hz
  now_ += 79 * kMillisecond;
  EXPECT_EQ(Get(0x27), 0);
  EXPECT_FALSE(sensor_.DataReady());
  now_ += kMillisecond;
  EXPECT_EQ(Get(0x27), 3);
  EXPECT_TRUE(sensor_.DataReady());
  Get(0x29);
  EXPECT_EQ(Get(0x27), 1);
  Get(0x2b);
  EXPECT_EQ(Get(0x27), 0);
  EXPECT_FALSE(sensor_.DataReady());
}

TEST_F(Hts221Test, MeasuresOnceWhenAsked) {
  Set(0x20, {0x80});
  Set(0x21, {0x01});
  EXPECT_EQ(Get(0x21), 1);
  EXPECT_EQ(Get(0x27), 0);
  now_ += 5 * kMillisecond;
  EXPECT_EQ(Get(0x21), 0);
  EXPECT_EQ(Get(0x27), 3);
  EXPECT_NEAR(Compute(sensor_).temperature_c, 23, 0.01);
}

TEST_F(Hts221Test, BlockUpdateKeepsHalvesTogetherAndTheHeaterIsNoted) {
  Set(0x20, {0x85});
  now_ = kSecond;
  environment_.temperature_c = 23;
  const int low = Get(0x2a);
  environment_.temperature_c = 60;
  now_ = 3 * kSecond;
  const int old = low | Get(0x2b) << 8;
  EXPECT_NEAR(20 + (old + 12) * 17.5 / 1120, 23, 0.02);
  now_ = 5 * kSecond;
  EXPECT_NEAR(Compute(sensor_).temperature_c, 60, 0.02);
  Set(0x21, {0x02});
  EXPECT_EQ(notes_, std::set<std::string>{"HTS221: CTRL_REG2: the heater is not modelled"});
}

TEST_F(Hts221Test, StaysOnARegisterWithoutTheTopBitOfTheAddress) {
  EXPECT_EQ(ReadRegisters(sensor_, 0x0f, 2), (std::vector<uint8_t>{0xbc, 0xbc}));
}

double Hectopascal(const std::vector<uint8_t>& bytes) { return (bytes[0] | bytes[1] << 8 | bytes[2] << 16) / 4096.0; }

TEST_F(Lps22hbTest, SaysWhatTheEnvironmentIs) {
  EXPECT_EQ(Get(0x0f), 0xb1);
  environment_.temperature_c = -12.34;
  Set(0x10, {0x10});
  now_ = kSecond;
  EXPECT_EQ(Get(0x27), 3);
  const auto bytes = ReadRegisters(sensor_, 0x28, 5);
  EXPECT_NEAR(Hectopascal(bytes), 1013.25, 1e-3);
  EXPECT_EQ(static_cast<int16_t>(bytes[3] | bytes[4] << 8), -1234);
  EXPECT_EQ(Get(0x27), 0);
  now_ = 3 * kSecond;
  EXPECT_EQ(Get(0x27), 0x33);  // over-run: the second before was not read
}

TEST_F(Lps22hbTest, MeasuresOnceWhenAsked) {
  Set(0x11, {0x11});
  EXPECT_EQ(Get(0x11), 0x11);
  now_ = 20 * kMillisecond;
  EXPECT_EQ(Get(0x11), 0x10);
  EXPECT_NEAR(Hectopascal(ReadRegisters(sensor_, 0x28, 3)), 1013.25, 1e-3);
}

TEST_F(Lps22hbTest, StreamsThroughItsFifo) {
  Set(0x14, {0x40 | 10});
  Set(0x12, {0x10});
  Set(0x11, {0x50});  // FIFO on
  Set(0x10, {0x20});  // 10 Hz
  now_ = 950 * kMillisecond;
  EXPECT_EQ(Get(0x26), 9);
  EXPECT_FALSE(sensor_.DataReady());
  now_ = 1'050 * kMillisecond;
  EXPECT_EQ(Get(0x26), 0x80 | 10);
  EXPECT_TRUE(sensor_.DataReady());
  environment_.pressure_hpa = 900;
  now_ = 2'050 * kMillisecond;
  EXPECT_EQ(Get(0x26), 0x80 | 20);
  const auto bytes = ReadRegisters(sensor_, 0x28, 100);  // 20 of 5 bytes, in one burst
  EXPECT_NEAR(Hectopascal({bytes.begin(), bytes.end()}), 1013.25, 1e-3);
  EXPECT_NEAR(Hectopascal({bytes.begin() + 95, bytes.end()}), 900, 1e-3);
  EXPECT_EQ(Get(0x26), 0);
  now_ = 10 * kSecond;
  EXPECT_EQ(Get(0x26), 0x80 | 0x40 | 32);  // over-run
}

TEST_F(Lps22hbTest, FifoModeKeepsTheOldest) {
  Set(0x14, {0x20});
  Set(0x11, {0x50});
  Set(0x10, {0x50});  // 75 Hz
  now_ = 400 * kMillisecond;
  EXPECT_EQ(Get(0x26), 30);
  environment_.pressure_hpa = 500;
  now_ = 10 * kSecond;
  EXPECT_EQ(Get(0x26), 0x40 | 32);
  EXPECT_NEAR(Hectopascal(ReadRegisters(sensor_, 0x28, 5)), 1013.25, 1e-3);
}

TEST_F(Lps22hbTest, ResetsSubtractsItsOffsetAndNotesThresholds) {
  Set(0x10, {0x10});
  Set(0x18, {0x10, 0x00});  // 16/16 hPa
  now_ = kSecond;
  EXPECT_NEAR(Hectopascal(ReadRegisters(sensor_, 0x28, 3)), 1012.25, 1e-3);
  Set(0x0b, {0x01});
  EXPECT_EQ(notes_.size(), 1u);
  Set(0x11, {0x14});
  EXPECT_EQ(Get(0x10), 0);
  EXPECT_EQ(Get(0x11), 0x10);
}

TEST_F(Lis2mdlTest, SaysWhatTheEnvironmentIs) {
  EXPECT_EQ(Get(0x4f), 0x40);
  EXPECT_EQ(Get(0x60), 0x03);
  environment_.magnetic_field_mgauss = {300, -150, 450};
  environment_.temperature_c = 20;
  Set(0x60, {0x8c});  // 100 Hz
  now_ = 9 * kMillisecond;
  EXPECT_EQ(Get(0x67), 0);
  now_ = 10 * kMillisecond;
  EXPECT_EQ(Get(0x67), 0x0f);
  EXPECT_EQ(ReadWords(sensor_, 0x68, 4), (std::vector<int16_t>{200, -100, 300, -40}));
  EXPECT_EQ(Get(0x67), 0);
  now_ = 40 * kMillisecond;
  EXPECT_EQ(Get(0x67), 0xff);
}

TEST_F(Lis2mdlTest, MeasuresOnceAndIdles) {
  Set(0x62, {0x01});
  Set(0x60, {0x81});
  EXPECT_FALSE(sensor_.DataReady());
  now_ = 10 * kMillisecond;
  EXPECT_TRUE(sensor_.DataReady());
  EXPECT_EQ(Get(0x60) & 3, 3);
  ReadWords(sensor_, 0x68, 3);
  EXPECT_FALSE(sensor_.DataReady());
}

TEST_F(Lis2mdlTest, TakesOffHardIronSwapsBytesAndResets) {
  environment_.magnetic_field_mgauss = {300, 0, 0};
  Set(0x45, {50, 0});
  Set(0x60, {0x80});
  now_ = 100 * kMillisecond;
  EXPECT_EQ(ReadWords(sensor_, 0x68, 1)[0], 150);
  Set(0x62, {0x08});
  EXPECT_EQ(ReadRegisters(sensor_, 0x68, 2), (std::vector<uint8_t>{0, 150}));
  Set(0x60, {0x20});
  EXPECT_EQ(Get(0x60), 0x03);
  EXPECT_EQ(Get(0x62), 0);
  EXPECT_EQ(Get(0x45), 50);
  Set(0x62, {0x02});
  EXPECT_EQ(notes_, std::set<std::string>{"LIS2MDL: CFG_REG_C: the self-test is not modelled"});
}

TEST_F(Lis2mdlTest, BlockUpdateKeepsHalvesTogether) {
  environment_.magnetic_field_mgauss = {300, 0, 0};
  Set(0x62, {0x10});
  Set(0x60, {0x80});
  now_ = kSecond;
  const int low = Get(0x68);
  environment_.magnetic_field_mgauss = {-30'000, 0, 0};
  now_ = 2 * kSecond;
  EXPECT_EQ(low | Get(0x69) << 8, 200);
  EXPECT_EQ(ReadWords(sensor_, 0x68, 1)[0], -20'000);
}

TEST(Stsafe, AcknowledgesAndSaysThatItIsNotModelled) {
  Stsafe chip;
  std::set<std::string> notes;
  chip.on_note = [&notes](const std::string& note) { notes.insert(note); };
  EXPECT_EQ(chip.Address(), 0x20);
  EXPECT_TRUE(chip.Start(false));
  EXPECT_TRUE(chip.Write(0x28));
  EXPECT_EQ(chip.Read(), 0xff);
  EXPECT_EQ(notes.size(), 1u);
}

}  // namespace
}  // namespace thimble::simulator
