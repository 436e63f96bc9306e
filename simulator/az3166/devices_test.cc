// What all of the kit's devices must stand: any traffic on their bus, at any time.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/random.h"
#include "simulator/az3166/hts221.h"
#include "simulator/az3166/lis2mdl.h"
#include "simulator/az3166/lps22hb.h"
#include "simulator/az3166/lsm6dsl.h"
#include "simulator/az3166/ssd1306.h"
#include "simulator/az3166/stsafe.h"

namespace thimble::simulator {
namespace {

struct Devices {
  explicit Devices(MotionSource& source, const Environment& environment, const uint64_t& now)
      : motion(source, environment, [&now] { return now; }, {.seed = 3}),
        climate(environment, [&now] { return now; }),
        barometer(environment, [&now] { return now; }),
        compass(environment, [&now] { return now; }),
        display([&now] { return now; }) {}

  std::vector<I2cDevice*> All() { return {&motion, &climate, &barometer, &compass, &display, &secure}; }

  Lsm6dsl motion;
  Hts221 climate;
  Lps22hb barometer;
  Lis2mdl compass;
  Ssd1306 display;
  Stsafe secure;
};

/// One step of traffic; what it read.
uint64_t Step(Devices& devices, uint64_t seed) {
  Random random(seed);
  I2cDevice& device = *devices.All()[random.Below(6)];
  uint64_t read = 0;
  const bool reads = random.Chance(0.5);
  if (random.Chance(0.9)) read = device.Start(reads) ? 1 : 0;
  for (uint32_t bytes = random.Below(random.Chance(0.02) ? 2000 : 9); bytes > 0; --bytes) {
    if (reads) {
      read = read * 31 + device.Read();
    } else {
      device.Write(static_cast<uint8_t>(random.Next() >> 56));
    }
  }
  if (random.Chance(0.9)) device.StopCondition();
  switch (random.Below(1000)) {
    case 0:
      device.PowerOn();
      break;
    case 1:
      devices.display.SetResetPin(random.Chance(0.7));
      break;
    case 2:
      read += devices.motion.NextInterruptNs();
      break;
    case 3:
      read += devices.motion.Interrupt1() ? 1 : 0;
      break;
    case 4:
      read += devices.climate.DataReady() ? 1 : 0;
      break;
    case 5:
      read += devices.barometer.DataReady() ? 1 : 0;
      break;
    case 6:
      read += devices.compass.DataReady() ? 1 : 0;
      break;
    case 7:
      read += devices.display.Picture().brightness;
      break;
    default:
      break;
  }
  return read;
}

TEST(Devices, StandAnyTrafficAndForkExactly) {
  const auto source = Gesturing(Gesture::kWave, 0, 0, 1);
  Environment environment;
  uint64_t now = 0;
  Devices devices(*source, environment, now);
  Devices fork(*source, environment, now);
  Random random(20);
  for (int round = 0; round < 40; ++round) {
    const auto all = devices.All();
    const auto forked = fork.All();
    for (size_t i = 0; i < all.size(); ++i) {
      const auto state = all[i]->State();
      if (!state.empty()) std::memcpy(forked[i]->State().data(), state.data(), state.size());
    }
    for (int step = 0; step < 500; ++step) {
      // Seldom hours pass, and once time stands at its end.
      now += random.Chance(0.002) ? random.Next() >> 20 : random.Below(20'000'000);
      if (random.Chance(0.01)) environment.temperature_c = random.Between(-500, 500);
      const uint64_t seed = random.Next();
      ASSERT_EQ(Step(devices, seed), Step(fork, seed)) << "round " << round << ", step " << step;
    }
    for (size_t i = 0; i < all.size(); ++i) {
      const auto one = all[i]->State();
      const auto other = forked[i]->State();
      ASSERT_TRUE(std::equal(one.begin(), one.end(), other.begin(), other.end())) << all[i]->Name();
    }
  }
}

TEST(Devices, AnswerWhereTheKitHasThem) {
  const auto source = Still();
  const Environment environment;
  const uint64_t now = 0;
  Devices devices(*source, environment, now);
  std::vector<int> addresses;
  for (I2cDevice* device : devices.All()) {
    addresses.push_back(device->Address());
    EXPECT_TRUE(device->Start(false)) << device->Name();
  }
  EXPECT_EQ(addresses, (std::vector<int>{0x6a, 0x5f, 0x5c, 0x1e, 0x3c, 0x20}));
}

}  // namespace
}  // namespace thimble::simulator
