#include "simulator/az3166/lps22hb.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace thimble::simulator {
namespace {

enum : uint8_t {
  kInterruptConfiguration = 0x0b,
  kThresholdLow = 0x0c,
  kThresholdHigh = 0x0d,
  kWhoAmI = 0x0f,
  kControl1 = 0x10,
  kControl2 = 0x11,
  kControl3 = 0x12,
  kFifoControl = 0x14,
  kReference = 0x15,
  kOffsetLow = 0x18,
  kOffsetHigh = 0x19,
  kResolution = 0x1a,
  kFifoStatus = 0x26,
  kStatus = 0x27,
  kPressureLowest = 0x28,
  kPressureHigh = 0x2a,
  kTemperatureLow = 0x2b,
  kTemperatureHigh = 0x2c,
};

constexpr uint8_t kBlockUpdate = 0x02;                                                        // CTRL_REG1
constexpr uint8_t kFifoOn = 0x40, kStopOnThreshold = 0x20, kIncrement = 0x10, kNoI2c = 0x08;  // CTRL_REG2
constexpr uint8_t kSoftReset = 0x04, kOneShot = 0x01;                                         // CTRL_REG2
constexpr uint8_t kActiveLow = 0x80, kOnFull = 0x20, kOnThreshold = 0x10, kOnOverRun = 0x08,
                  kOnData = 0x04;                                   // CTRL_REG3
constexpr uint8_t kThresholdReached = 0x80, kOverRun = 0x40;        // FIFO_STATUS
constexpr uint8_t kPressureReady = 0x01, kTemperatureReady = 0x02;  // STATUS
constexpr int kOverRunShift = 4;                                    // in STATUS
constexpr uint64_t kOneShotNs = 13'000'000;

enum FifoModes { kBypass = 0, kFifo = 1, kStream = 2, kDynamicStream = 6 };

uint8_t WritableBits(uint8_t address) {
  switch (address) {
    case kInterruptConfiguration:
      return 0xff;
    case kControl1:
      return 0x7f;
    case kControl2:
      return kFifoOn | kStopOnThreshold | kIncrement | kNoI2c;  // the others are done at once
    case kResolution:
      return 0x01;
    case kThresholdLow:
    case kThresholdHigh:
    case kControl3:
    case kFifoControl:
    case kReference:
    case kReference + 1:
    case kReference + 2:
    case kOffsetLow:
    case kOffsetHigh:
      return 0xff;
    default:
      return 0;
  }
}

/// 0: one shot.
uint64_t RateHz(uint8_t control1) {
  constexpr uint64_t kRates[8] = {0, 1, 10, 25, 50, 75, 0, 0};
  return kRates[(control1 >> 4) & 7];
}

}  // namespace

Lps22hb::Lps22hb(const Environment& environment, std::function<uint64_t()> now_ns)
    : environment_(environment), now_ns_(std::move(now_ns)) {
  PowerOn();
}

void Lps22hb::PowerOn() {
  Forget();
  ResetRegisters();
}

void Lps22hb::ResetRegisters() {
  const I2cPointer pointer = memory_.pointer;
  Forget();
  memory_.pointer = pointer;
  memory_.registers[kWhoAmI] = 0xb1;
  memory_.registers[kControl2] = kIncrement;
}

int Lps22hb::FifoMode() const { return (Register(kControl2) & kFifoOn) != 0 ? Register(kFifoControl) >> 5 : kBypass; }

int Lps22hb::FifoDepth() const {
  const int threshold = Register(kFifoControl) & 0x1f;
  return (Register(kControl2) & kStopOnThreshold) != 0 && threshold != 0 ? threshold : 32;
}

uint8_t Lps22hb::FifoStatus() const {
  const int threshold = Register(kFifoControl) & 0x1f;
  return static_cast<uint8_t>(memory_.fifo_count | (memory_.fifo_over_run != 0 ? kOverRun : 0) |
                              (threshold != 0 && memory_.fifo_count >= threshold ? kThresholdReached : 0));
}

Lps22hbMemory::Sample Lps22hb::Measure() const {
  const auto within = [](double value, double low, double high, double scale) {
    return std::isnan(value) ? 0 : static_cast<int32_t>(std::lround(std::clamp(value, low, high) * scale));
  };
  const auto offset = static_cast<int16_t>(Register(kOffsetLow) | Register(kOffsetHigh) << 8);
  return {within(environment_.pressure_hpa, 260, 1260, 4096) - offset * 256,
          within(environment_.temperature_c, -40, 85, 100)};
}

void Lps22hb::Take(uint64_t samples) {
  const Lps22hbMemory::Sample sample = Measure();
  for (const uint8_t ready : {kPressureReady, kTemperatureReady}) {
    if ((memory_.status & ready) != 0 || samples > 1) memory_.status |= static_cast<uint8_t>(ready << kOverRunShift);
    memory_.status |= ready;
    if ((memory_.half_read & ready) != 0) continue;
    if (ready == kPressureReady) {
      memory_.output.pressure = sample.pressure;
    } else {
      memory_.output.temperature = sample.temperature;
    }
  }
  const int mode = FifoMode();
  if (mode != kFifo && mode != kStream && mode != kDynamicStream) return;
  // More than it holds are as good as what it holds and one more.
  for (uint64_t left = std::min<uint64_t>(samples, 33); left > 0; --left) {
    const int depth = FifoDepth();
    if (memory_.fifo_count >= depth) {
      memory_.fifo_over_run = 1;
      if (mode == kFifo) return;
      const int dropped = memory_.fifo_count - depth + 1;
      std::copy(memory_.fifo.begin() + dropped, memory_.fifo.begin() + memory_.fifo_count, memory_.fifo.begin());
      memory_.fifo_count = static_cast<uint8_t>(memory_.fifo_count - dropped);
    }
    memory_.fifo[memory_.fifo_count++] = sample;
  }
}

void Lps22hb::CatchUp() {
  const uint64_t now = now_ns_();
  const uint64_t since = now - std::min(now, memory_.from_ns);
  if (const uint64_t rate = RateHz(Register(kControl1)); rate != 0) {
    const uint64_t samples = since / (1'000'000'000 / rate);
    if (samples > memory_.samples) {
      Take(samples - std::exchange(memory_.samples, samples));
    }
  } else if (memory_.one_shot != 0 && since >= kOneShotNs) {
    memory_.one_shot = 0;
    Take(1);
  }
}

bool Lps22hb::DataReady() {
  CatchUp();
  const uint8_t control = Register(kControl3);
  const uint8_t fifo = FifoStatus();
  const bool high = ((control & kOnData) != 0 && (memory_.status & kPressureReady) != 0) ||
                    ((control & kOnThreshold) != 0 && (fifo & kThresholdReached) != 0) ||
                    ((control & kOnOverRun) != 0 && (fifo & kOverRun) != 0) ||
                    ((control & kOnFull) != 0 && memory_.fifo_count == 32);
  return high != ((control & kActiveLow) != 0);
}

bool Lps22hb::Answers() const { return (Register(kControl2) & kNoI2c) == 0; }

bool Lps22hb::Increments(uint8_t /*byte*/) const { return (Register(kControl2) & kIncrement) != 0; }

uint8_t Lps22hb::Next(uint8_t address, bool reads) const {
  // A burst empties the FIFO.
  if (reads && address == kTemperatureHigh && FifoMode() != kBypass) return kPressureLowest;
  return (address + 1) & 0x7f;
}

uint8_t Lps22hb::OutputByte(uint8_t address) {
  const bool fifo = FifoMode() != kBypass && memory_.fifo_count > 0;
  const Lps22hbMemory::Sample sample = fifo ? memory_.fifo[0] : memory_.output;
  const bool of_pressure = address <= kPressureHigh;
  const uint8_t which = of_pressure ? kPressureReady : kTemperatureReady;
  const bool last = address == kPressureHigh || address == kTemperatureHigh;
  if (last) {
    memory_.half_read &= static_cast<uint8_t>(~which);
    memory_.status &= static_cast<uint8_t>(~(which | which << kOverRunShift));
  } else if ((Register(kControl1) & kBlockUpdate) != 0) {
    memory_.half_read |= which;
  }
  if (fifo && address == kTemperatureHigh) {
    std::copy(memory_.fifo.begin() + 1, memory_.fifo.begin() + memory_.fifo_count, memory_.fifo.begin());
    --memory_.fifo_count;
    memory_.fifo_over_run = 0;
  }
  const auto word = static_cast<uint32_t>(of_pressure ? sample.pressure : sample.temperature);
  return static_cast<uint8_t>(word >> (8 * (address - (of_pressure ? kPressureLowest : kTemperatureLow))));
}

uint8_t Lps22hb::ReadRegister(uint8_t address) {
  CatchUp();
  if (address >= kPressureLowest && address <= kTemperatureHigh) return OutputByte(address);
  switch (address) {
    case kControl2:
      return static_cast<uint8_t>(Register(kControl2) | (memory_.one_shot != 0 ? kOneShot : 0));
    case kFifoStatus:
      return FifoStatus();
    case kStatus:
      return memory_.status;
    default:
      return address < memory_.registers.size() ? Register(address) : uint8_t{0};
  }
}

void Lps22hb::WriteRegister(uint8_t address, uint8_t value) {
  const uint8_t bits = WritableBits(address);
  if (bits == 0) return;
  CatchUp();
  if (address == kControl2 && (value & kSoftReset) != 0) {
    ResetRegisters();
    return;
  }
  const uint8_t old = Register(address);
  memory_.registers[address] = static_cast<uint8_t>((old & ~bits) | (value & bits));
  switch (address) {
    case kInterruptConfiguration:
      if (value != 0) Note("INTERRUPT_CFG: thresholds, AUTOZERO and AUTORIFP");
      break;
    case kControl1:
      memory_.from_ns = now_ns_();
      memory_.samples = 0;
      memory_.half_read = 0;
      break;
    case kControl2:
      if ((value & kOneShot) != 0 && RateHz(Register(kControl1)) == 0) {
        memory_.one_shot = 1;
        memory_.from_ns = now_ns_();
      }
      break;
    case kControl3:
      if ((value & 0x03) != 0) Note("CTRL_REG3: pressure thresholds on INT_DRDY");
      break;
    case kFifoControl:
      if (const int mode = value >> 5; mode == 3 || mode == 4 || mode == 7) {
        Note("FIFO_CTRL: a FIFO mode that waits for a threshold");
      }
      break;
    default:
      break;
  }
  if (FifoMode() == kBypass) memory_.fifo_count = memory_.fifo_over_run = 0;
}

}  // namespace thimble::simulator
