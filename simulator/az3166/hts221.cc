#include "simulator/az3166/hts221.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace thimble::simulator {
namespace {

enum : uint8_t {
  kWhoAmI = 0x0f,
  kAverage = 0x10,
  kControl1 = 0x20,
  kControl2 = 0x21,
  kControl3 = 0x22,
  kStatus = 0x27,
  kHumidityLow = 0x28,
  kHumidityHigh = 0x29,
  kTemperatureLow = 0x2a,
  kTemperatureHigh = 0x2b,
  kCalibration = 0x30,
};

constexpr uint8_t kPowered = 0x80, kBlockUpdate = 0x04;             // CTRL_REG1
constexpr uint8_t kBoot = 0x80, kHeater = 0x02, kOneShot = 0x01;    // CTRL_REG2
constexpr uint8_t kActiveLow = 0x80, kDataReadyOn = 0x04;           // CTRL_REG3
constexpr uint8_t kHumidityReady = 0x02, kTemperatureReady = 0x01;  // STATUS_REG
constexpr uint64_t kOneShotNs = 4'500'000;

// Two points of each sensor, as the factory writes them down: what it measured, and what the registers said.
constexpr int kHumidityX2[2] = {60, 150};      // half percents
constexpr int kTemperatureX8[2] = {160, 300};  // eighths of a degree
constexpr int kHumidityRaw[2] = {10, -10240};
constexpr int kTemperatureRaw[2] = {-12, 1108};

constexpr uint8_t Low(int value) { return static_cast<uint8_t>(value & 0xff); }
constexpr uint8_t High(int value) { return static_cast<uint8_t>((value >> 8) & 0xff); }

constexpr uint8_t kFactory[16] = {
    Low(kHumidityX2[0]),
    Low(kHumidityX2[1]),
    Low(kTemperatureX8[0]),
    Low(kTemperatureX8[1]),
    0,
    static_cast<uint8_t>(High(kTemperatureX8[0]) | High(kTemperatureX8[1]) << 2),
    Low(kHumidityRaw[0]),
    High(kHumidityRaw[0]),
    0,
    0,
    Low(kHumidityRaw[1]),
    High(kHumidityRaw[1]),
    Low(kTemperatureRaw[0]),
    High(kTemperatureRaw[0]),
    Low(kTemperatureRaw[1]),
    High(kTemperatureRaw[1]),
};

/// What the registers say at `value`, on the straight line through both points.
int16_t Raw(double value, double per_unit, const int (&points)[2], const int (&raw)[2]) {
  const double share = (value * per_unit - points[0]) / (points[1] - points[0]);
  const double lsb = std::round(raw[0] + share * (raw[1] - raw[0]));
  return std::isnan(lsb) ? int16_t{0} : static_cast<int16_t>(std::clamp(lsb, -32768.0, 32767.0));
}

/// Nanoseconds between two samples; 0: one shot.
uint64_t PeriodNs(uint8_t control1) {
  constexpr uint64_t kPeriods[4] = {0, 1'000'000'000, 1'000'000'000 / 7, 80'000'000};
  return (control1 & kPowered) != 0 ? kPeriods[control1 & 3] : 0;
}

}  // namespace

Hts221::Hts221(const Environment& environment, std::function<uint64_t()> now_ns)
    : environment_(environment), now_ns_(std::move(now_ns)) {
  PowerOn();
}

void Hts221::PowerOn() {
  Forget();
  memory_.average = 0x1b;
}

void Hts221::Measure() {
  if ((memory_.half_read & kHumidityReady) == 0) {
    memory_.humidity = Raw(std::clamp(environment_.humidity_percent, 0.0, 100.0), 2, kHumidityX2, kHumidityRaw);
    memory_.status |= kHumidityReady;
  }
  if ((memory_.half_read & kTemperatureReady) == 0) {
    memory_.temperature = Raw(std::clamp(environment_.temperature_c, -40.0, 120.0), 8, kTemperatureX8, kTemperatureRaw);
    memory_.status |= kTemperatureReady;
  }
}

void Hts221::CatchUp() {
  const uint64_t since = now_ns_() - std::min(now_ns_(), memory_.from_ns);
  if (const uint64_t period = PeriodNs(memory_.control1); period != 0) {
    if (const uint64_t samples = since / period; samples > memory_.samples) {
      memory_.samples = samples;
      Measure();
    }
  } else if (memory_.one_shot != 0 && since >= kOneShotNs) {
    memory_.one_shot = 0;
    Measure();
  }
}

bool Hts221::DataReady() {
  CatchUp();
  const bool ready = (memory_.control3 & kDataReadyOn) != 0 && memory_.status != 0;
  return ready != ((memory_.control3 & kActiveLow) != 0);
}

uint8_t Hts221::ReadRegister(uint8_t address) {
  CatchUp();
  if (address >= kCalibration && address < kCalibration + 16) return kFactory[address - kCalibration];
  const bool humid = address <= kHumidityHigh;
  const uint8_t which = humid ? kHumidityReady : kTemperatureReady;
  const int16_t word = humid ? memory_.humidity : memory_.temperature;
  switch (address) {
    case kWhoAmI:
      return 0xbc;
    case kAverage:
      return memory_.average;
    case kControl1:
      return memory_.control1;
    case kControl2:
      return static_cast<uint8_t>(memory_.control2 | (memory_.one_shot != 0 ? kOneShot : 0));
    case kControl3:
      return memory_.control3;
    case kStatus:
      return memory_.status;
    case kHumidityLow:
    case kTemperatureLow:
      if ((memory_.control1 & kBlockUpdate) != 0) memory_.half_read |= which;
      return Low(word);
    case kHumidityHigh:
    case kTemperatureHigh:
      memory_.half_read &= static_cast<uint8_t>(~which);
      memory_.status &= static_cast<uint8_t>(~which);
      return High(word);
    default:
      return 0;
  }
}

void Hts221::WriteRegister(uint8_t address, uint8_t value) {
  CatchUp();
  switch (address) {
    case kAverage:
      memory_.average = value & 0x3f;
      break;
    case kControl1:
      memory_.control1 = value & (kPowered | kBlockUpdate | 3);
      memory_.from_ns = now_ns_();
      memory_.samples = 0;
      memory_.half_read = 0;
      break;
    case kControl2:
      if ((value & kHeater) != 0) Note("CTRL_REG2: the heater");
      if ((value & kBoot) != 0) memory_.average = 0x1b;
      memory_.control2 = value & kHeater;
      if ((value & kOneShot) != 0 && (memory_.control1 & kPowered) != 0 && PeriodNs(memory_.control1) == 0) {
        memory_.one_shot = 1;
        memory_.from_ns = now_ns_();
      }
      break;
    case kControl3:
      memory_.control3 = value & 0xc4;
      break;
    default:
      break;
  }
}

}  // namespace thimble::simulator
