#include "simulator/stm32f412/spi.h"

#include <algorithm>

namespace thimble::simulator {
namespace {

enum Offset : uint32_t {
  kCr1 = 0x00,
  kCr2 = 0x04,
  kSr = 0x08,
  kDr = 0x0c,
  kCrcpr = 0x10,
  kRxcrcr = 0x14,
  kTxcrcr = 0x18,
  kI2scfgr = 0x1c,
  kI2spr = 0x20,
};

// CR1
constexpr uint32_t kMaster = 1u << 2, kOn = 1u << 6, kLowestFirst = 1u << 7, kSelectBit = 1u << 8;
constexpr uint32_t kSelectBySoftware = 1u << 9, kReceiveOnly = 1u << 10, kSixteenBits = 1u << 11;
constexpr uint32_t kCrcNext = 1u << 12, kCrcOn = 1u << 13, kOneLineOut = 1u << 14, kOneLine = 1u << 15;
// CR2
constexpr uint32_t kDmaReceive = 1u << 0, kDmaTransmit = 1u << 1, kTiFrames = 1u << 4;
constexpr uint32_t kErrorInterrupt = 1u << 5, kFullInterrupt = 1u << 6, kEmptyInterrupt = 1u << 7;
// SR
constexpr uint32_t kFull = 1u << 0, kEmpty = 1u << 1, kCrcError = 1u << 4, kModeFault = 1u << 5, kOverrun = 1u << 6;
constexpr uint32_t kBusy = 1u << 7;
constexpr uint32_t kI2sMode = 1u << 11;

struct DmaLine {
  int number;
  bool receives;
  int controller, stream, channel;
};
constexpr DmaLine kDmaLines[] = {
    {1, true, 2, 0, 3}, {1, true, 2, 2, 3},  {1, false, 2, 2, 2}, {1, false, 2, 3, 3}, {1, false, 2, 5, 3},  //
    {2, true, 1, 3, 0}, {2, false, 1, 4, 0},                                                                 //
    {3, true, 1, 0, 0}, {3, true, 1, 2, 0},  {3, false, 1, 5, 0}, {3, false, 1, 7, 0},                       //
    {4, true, 2, 0, 4}, {4, true, 2, 3, 5},  {4, true, 2, 4, 4},  {4, false, 2, 1, 4}, {4, false, 2, 4, 5},  //
    {5, true, 2, 3, 2}, {5, true, 2, 5, 7},  {5, false, 2, 4, 2}, {5, false, 2, 5, 5}, {5, false, 2, 6, 7},
};

uint16_t Reversed(uint16_t word, int bits) {
  uint32_t reversed = 0;
  for (int i = 0; i < bits; ++i) reversed = reversed << 1 | (word >> i & 1u);
  return static_cast<uint16_t>(reversed);
}

uint32_t Crc(uint32_t crc, uint32_t word, int bits, uint32_t polynomial) {
  const uint32_t top = 1u << (bits - 1);
  crc ^= word;
  for (int i = 0; i < bits; ++i) crc = crc << 1 ^ ((crc & top) != 0 ? polynomial : 0);
  return crc & (top * 2 - 1);
}

}  // namespace

Spi::Spi(Chip& chip, int number)
    : chip_(chip),
      number_(number),
      bus_(number == 2 || number == 3 ? 1 : 2),
      interrupt_(number <= 2   ? 34 + number
                 : number == 3 ? 51
                               : 80 + number),
      name_("SPI" + std::to_string(number)) {}

void Spi::Reset() {
  state_ = {};
  state_.due = kNever;
  state_.sr = kEmpty;
  state_.crcpr = 7;
  state_.i2spr = 2;
  Update();
}

int Spi::Bits() const { return (state_.cr1 & kSixteenBits) != 0 ? 16 : 8; }

uint64_t Spi::WordCycles() const {
  const uint64_t bit_cycles =
      (uint64_t{2} << (state_.cr1 >> 3 & 7)) * std::max(1u, chip_.HclkHz() / std::max(1u, chip_.PclkHz(bus_)));
  return static_cast<uint64_t>(Bits()) * bit_cycles;
}

bool Spi::Clocks() const {
  return (state_.cr1 & (kOn | kMaster)) == (kOn | kMaster) && (state_.i2scfgr & kI2sMode) == 0;
}

bool Spi::OnlyReceives() const {
  return (state_.cr1 & kOneLine) != 0 ? (state_.cr1 & kOneLineOut) == 0 : (state_.cr1 & kReceiveOnly) != 0;
}

uint32_t Spi::Read(uint32_t offset, int /*bytes*/) {
  switch (offset) {
    case kCr1:
      return state_.cr1;
    case kCr2:
      return state_.cr2;
    case kSr: {
      const uint32_t value = state_.sr | (state_.due != kNever ? kBusy : 0);
      if (state_.data_read != 0) state_.sr &= ~kOverrun;
      state_.data_read = 0;
      state_.fault_seen = value & kModeFault;
      Update();
      return value;
    }
    case kDr:
      state_.data_read = (state_.sr & kOverrun) != 0 ? 1 : 0;
      state_.sr &= ~kFull;
      Update();
      return state_.receive_data;
    case kCrcpr:
      return state_.crcpr;
    case kRxcrcr:
      return state_.rxcrcr;
    case kTxcrcr:
      return state_.txcrcr;
    case kI2scfgr:
      return state_.i2scfgr;
    case kI2spr:
      return state_.i2spr;
    default:
      return 0;
  }
}

void Spi::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  switch (offset) {
    case kCr1:
      WriteControl1(Merge(state_.cr1, value, lanes & 0xffff));
      break;
    case kCr2:
      state_.cr2 = Merge(state_.cr2, value, lanes & 0xf7);
      if ((state_.cr2 & kTiFrames) != 0) chip_.Note(name_ + " CR2 FRF: TI frames are not modelled");
      break;
    case kSr:
      state_.sr &= value | ~lanes | ~kCrcError;
      break;
    case kDr:
      if ((lanes & 0xff) == 0) return;
      state_.transmit_data = value & lanes & (Bits() == 16 ? 0xffff : 0xff);
      state_.sr &= ~kEmpty;
      break;
    case kCrcpr:
      state_.crcpr = Merge(state_.crcpr, value, lanes & 0xffff);
      break;
    case kI2scfgr:
      state_.i2scfgr = Merge(state_.i2scfgr, value, lanes & 0x1fbf);
      if ((state_.i2scfgr & kI2sMode) != 0) chip_.Note(name_ + " I2SCFGR I2SMOD: I2S is not modelled");
      break;
    case kI2spr:
      state_.i2spr = Merge(state_.i2spr, value, lanes & 0x3ff);
      break;
    default:
      return;
  }
  StartWord();
  Update();
}

void Spi::WriteControl1(uint32_t value) {
  if (state_.fault_seen != 0) state_.sr &= ~kModeFault;
  state_.fault_seen = 0;
  if ((value & ~state_.cr1 & kCrcOn) != 0) state_.rxcrcr = state_.txcrcr = 0;
  state_.cr1 = value;
  if ((value & kMaster) != 0 && (value & kSelectBySoftware) != 0 && (value & kSelectBit) == 0) {
    state_.cr1 &= ~(kOn | kMaster);
    state_.sr |= kModeFault;
  } else if ((value & (kOn | kMaster)) == kOn) {
    chip_.Note(name_ + " CR1 MSTR: the slave mode is not modelled; no word arrives");
  }
}

void Spi::StartWord() {
  if (state_.due != kNever || !Clocks()) return;
  state_.shift_is_crc = 0;
  const bool crc_comes = (state_.cr1 & (kCrcOn | kCrcNext)) == (kCrcOn | kCrcNext);
  if (OnlyReceives()) {
    state_.shift = 0xffff;
    state_.shift_is_crc = crc_comes ? 1 : 0;
  } else if ((state_.sr & kEmpty) == 0) {
    state_.shift = state_.transmit_data;
    state_.sr |= kEmpty;
    if ((state_.cr1 & kCrcOn) != 0) state_.txcrcr = Crc(state_.txcrcr, state_.shift, Bits(), state_.crcpr);
  } else if (crc_comes) {
    state_.shift = state_.txcrcr;
    state_.shift_is_crc = 1;
  } else {
    return;
  }
  if (state_.shift_is_crc != 0) state_.cr1 &= ~kCrcNext;
  state_.due = chip_.Cycles() + WordCycles();
}

uint16_t Spi::Exchange(uint16_t out) {
  const int bits = Bits();
  const bool reversed = (state_.cr1 & kLowestFirst) != 0;
  const auto ones = static_cast<uint16_t>((1u << bits) - 1);
  const uint16_t wire = reversed ? Reversed(out, bits) : static_cast<uint16_t>(out & ones);
  uint16_t in = ones;
  for (SpiDevice* device : devices_) {
    if (device->Selected()) in &= device->Transfer(wire, bits);
  }
  return reversed ? Reversed(in, bits) : in;
}

void Spi::Due() {
  if (chip_.Cycles() < state_.due) return Update();
  state_.due = kNever;
  const uint16_t in = Exchange(static_cast<uint16_t>(state_.shift));
  const bool receives = (state_.cr1 & (kOneLine | kOneLineOut)) != (kOneLine | kOneLineOut);
  if (receives) {
    if ((state_.cr1 & kCrcOn) != 0) {
      if (state_.shift_is_crc == 0) {
        state_.rxcrcr = Crc(state_.rxcrcr, in, Bits(), state_.crcpr);
      } else if (in != state_.rxcrcr) {
        state_.sr |= kCrcError;
      }
    }
    if ((state_.sr & kFull) != 0) {
      state_.sr |= kOverrun;
      state_.data_read = 0;
    } else {
      state_.receive_data = in;
      state_.sr |= kFull;
    }
  }
  StartWord();
  Update();
}

void Spi::Update() {
  const bool asks = ((state_.cr2 & kFullInterrupt) != 0 && (state_.sr & kFull) != 0) ||
                    ((state_.cr2 & kEmptyInterrupt) != 0 && (state_.sr & kEmpty) != 0) ||
                    ((state_.cr2 & kErrorInterrupt) != 0 && (state_.sr & (kOverrun | kModeFault | kCrcError)) != 0);
  chip_.SetInterrupt(interrupt_, asks);
  chip_.ScheduleAtCycle(*this, state_.due);
  const bool wants_word = (state_.cr2 & kDmaTransmit) != 0 && (state_.sr & kEmpty) != 0;
  const bool has_word = (state_.cr2 & kDmaReceive) != 0 && (state_.sr & kFull) != 0;
  for (const DmaLine& line : kDmaLines) {
    if (line.number != number_) continue;
    chip_.SetDmaRequest(line.controller, line.stream, line.channel, line.receives ? has_word : wants_word);
  }
}

}  // namespace thimble::simulator
