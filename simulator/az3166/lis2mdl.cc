#include "simulator/az3166/lis2mdl.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace thimble::simulator {
namespace {

enum : uint8_t {
  kOffset = 0x45,
  kOffsetEnd = 0x4b,
  kWhoAmI = 0x4f,
  kConfigurationA = 0x60,
  kConfigurationB = 0x61,
  kConfigurationC = 0x62,
  kInterruptControl = 0x63,
  kThresholdLow = 0x65,
  kThresholdHigh = 0x66,
  kStatus = 0x67,
  kOutput = 0x68,
  kTemperature = 0x6e,
  kOutputEnd = 0x70,
};

constexpr uint8_t kReboot = 0x40, kSoftReset = 0x20;                                     // CFG_REG_A
constexpr uint8_t kNoI2c = 0x20, kBlockUpdate = 0x10, kBigEndian = 0x08, kOnPin = 0x01;  // CFG_REG_C
constexpr uint8_t kSelfTest = 0x02;                                                      // CFG_REG_C
constexpr uint8_t kAllReady = 0x08, kAllOverRun = 0x80;                                  // STATUS_REG
constexpr uint64_t kSingleNs = 9'400'000;
constexpr double kMilliGaussPerLsb = 1.5;

enum Modes { kContinuous = 0, kSingle = 1, kIdle = 3 };

uint8_t WritableBits(uint8_t address) {
  if (address >= kOffset && address < kOffsetEnd) return 0xff;
  switch (address) {
    case kConfigurationA:
      return 0x9f;
    case kConfigurationB:
      return 0x1f;
    case kConfigurationC:
      return 0x7f;
    case kInterruptControl:
      return 0xe7;
    case kThresholdLow:
    case kThresholdHigh:
      return 0xff;
    default:
      return 0;
  }
}

uint64_t PeriodNs(uint8_t configuration_a) {
  constexpr uint64_t kPeriods[4] = {100'000'000, 50'000'000, 20'000'000, 10'000'000};
  return kPeriods[(configuration_a >> 2) & 3];
}

int16_t Register16(double value) {
  return std::isnan(value) ? int16_t{0} : static_cast<int16_t>(std::clamp(std::round(value), -32768.0, 32767.0));
}

}  // namespace

Lis2mdl::Lis2mdl(const Environment& environment, std::function<uint64_t()> now_ns)
    : environment_(environment), now_ns_(std::move(now_ns)) {
  PowerOn();
}

void Lis2mdl::PowerOn() {
  Forget();
  ResetRegisters();
}

void Lis2mdl::ResetRegisters() {
  const I2cPointer pointer = memory_.pointer;
  Forget();
  memory_.pointer = pointer;
  memory_.registers[kWhoAmI] = 0x40;
  memory_.registers[kConfigurationA] = kIdle;
  memory_.registers[kInterruptControl] = 0xe0;
}

void Lis2mdl::Measure() {
  for (size_t i = 0; i < 3; ++i) {
    const auto low = static_cast<size_t>(kOffset) + 2 * i;
    const auto offset = static_cast<int16_t>(memory_.registers[low] | memory_.registers[low + 1] << 8);
    memory_.field[i] = Register16(environment_.magnetic_field_mgauss[i] / kMilliGaussPerLsb - offset);
  }
  memory_.temperature = Register16((environment_.temperature_c - 25) * 8);
  memory_.status |= static_cast<uint8_t>((memory_.status & 0x0f) << 4);  // what nobody has read is lost
  memory_.status |= 0x0f;
}

void Lis2mdl::CatchUp() {
  const uint64_t now = now_ns_();
  const uint64_t since = now - std::min(now, memory_.from_ns);
  const uint8_t configuration = memory_.registers[kConfigurationA];
  const int mode = configuration & 3;
  if (mode == kContinuous) {
    const uint64_t samples = since / PeriodNs(configuration);
    if (samples > memory_.samples) {
      if (samples > memory_.samples + 1) memory_.status |= 0x0f;  // older ones passed unread
      memory_.samples = samples;
      Measure();
    }
  } else if (mode == kSingle && since >= kSingleNs) {
    memory_.registers[kConfigurationA] |= kIdle;
    Measure();
  }
}

bool Lis2mdl::DataReady() {
  CatchUp();
  return (memory_.registers[kConfigurationC] & kOnPin) != 0 && (memory_.status & kAllReady) != 0;
}

bool Lis2mdl::Answers() const { return (memory_.registers[kConfigurationC] & kNoI2c) == 0; }

uint16_t Lis2mdl::OutputWord(uint8_t low_address) const {
  if (low_address == kTemperature) return static_cast<uint16_t>(memory_.temperature);
  return static_cast<uint16_t>(memory_.field[static_cast<size_t>(low_address - kOutput) / 2]);
}

uint8_t Lis2mdl::OutputByte(uint8_t address) {
  const auto pair = static_cast<uint8_t>(address & ~1);
  const uint8_t upper = address & 1;
  uint16_t word = OutputWord(pair);
  if ((memory_.registers[kConfigurationC] & kBlockUpdate) != 0) {
    if (memory_.latched != pair) {
      memory_.latched = pair;
      memory_.latched_upper = upper;
      memory_.latched_word = word;
    } else {
      word = memory_.latched_word;
      if (memory_.latched_upper != upper) memory_.latched = 0;
    }
  }
  const bool big_endian = (memory_.registers[kConfigurationC] & kBigEndian) != 0;
  const bool high = (upper != 0) != big_endian;
  if (high && pair != kTemperature) {
    const auto axis = static_cast<uint8_t>(1 << ((pair - kOutput) / 2));
    memory_.status &= static_cast<uint8_t>(~(axis | axis << 4 | kAllReady | kAllOverRun));
  }
  return static_cast<uint8_t>(high ? word >> 8 : word);
}

uint8_t Lis2mdl::ReadRegister(uint8_t address) {
  CatchUp();
  if (address >= kOutput && address < kOutputEnd) return OutputByte(address);
  return address == kStatus ? memory_.status : memory_.registers[address];
}

void Lis2mdl::WriteRegister(uint8_t address, uint8_t value) {
  const uint8_t bits = WritableBits(address);
  if (bits == 0) return;
  CatchUp();
  if (address == kConfigurationA && (value & (kSoftReset | kReboot)) != 0) {
    // The soft reset is of the configuration; the offsets, loaded at boot, stay.
    const auto registers = memory_.registers;
    ResetRegisters();
    if ((value & kReboot) == 0) {
      std::copy(registers.begin() + kOffset, registers.begin() + kOffsetEnd, memory_.registers.begin() + kOffset);
    }
    return;
  }
  const uint8_t old = memory_.registers[address];
  memory_.registers[address] = static_cast<uint8_t>((old & ~bits) | (value & bits));
  if (address == kConfigurationA) {
    memory_.from_ns = now_ns_();
    memory_.samples = 0;
  } else if (address == kConfigurationC && (value & kSelfTest) != 0) {
    Note("CFG_REG_C: the self-test");
  } else if (address == kInterruptControl && (value & 0x01) != 0) {
    Note("INT_CTRL_REG: threshold interrupts");
  }
}

}  // namespace thimble::simulator
