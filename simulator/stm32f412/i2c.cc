#include "simulator/stm32f412/i2c.h"

#include <algorithm>

namespace thimble::simulator {
namespace {

enum Offset : uint32_t {
  kCr1 = 0x00,
  kCr2 = 0x04,
  kOar1 = 0x08,
  kOar2 = 0x0c,
  kDr = 0x10,
  kSr1 = 0x14,
  kSr2 = 0x18,
  kCcr = 0x1c,
  kTrise = 0x20,
  kFltr = 0x24,
};

// CR1
constexpr uint32_t kOn = 1u << 0, kSmbus = 1u << 1, kWithPec = 1u << 5, kGiveStart = 1u << 8, kGiveStop = 1u << 9;
constexpr uint32_t kGiveAcknowledge = 1u << 10, kPosition = 1u << 11, kSoftwareReset = 1u << 15;
// CR2
constexpr uint32_t kErrorInterrupt = 1u << 8, kEventInterrupt = 1u << 9, kBufferInterrupt = 1u << 10;
constexpr uint32_t kDmaOn = 1u << 11, kDmaLast = 1u << 12;
// SR1
constexpr uint32_t kStartSent = 1u << 0, kAddressDone = 1u << 1, kByteDone = 1u << 2, kHeaderDone = 1u << 3;
constexpr uint32_t kStopSeen = 1u << 4, kFull = 1u << 6, kEmpty = 1u << 7, kNoAcknowledge = 1u << 10;
constexpr uint32_t kErrors = 0xdf00;
// SR2
constexpr uint32_t kMaster = 1u << 0, kBusy = 1u << 1, kTransmits = 1u << 2;

struct DmaLine {
  int number;
  bool receives;
  int stream, channel;
};
// All in DMA1.
constexpr DmaLine kDmaLines[] = {
    {1, true, 0, 1}, {1, true, 5, 1}, {1, false, 1, 0}, {1, false, 6, 1}, {1, false, 7, 1},  //
    {2, true, 2, 7}, {2, true, 3, 7}, {2, false, 7, 7},                                      //
    {3, true, 1, 1}, {3, true, 2, 3}, {3, false, 4, 3}, {3, false, 5, 6},
};

}  // namespace

I2c::I2c(Chip& chip, int number) : chip_(chip), number_(number), name_("I2C" + std::to_string(number)) {}

void I2c::Reset() {
  ReleaseBus();
  state_ = {};
  state_.due = kNever;
  state_.device = kNobody;
  state_.trise = 2;
  Update();
}

uint64_t I2c::PeriodCycles() const {
  const bool fast = (state_.ccr & 1u << 15) != 0;
  const uint32_t per_count = !fast ? 2 : (state_.ccr & 1u << 14) != 0 ? 25 : 3;
  const uint32_t count = std::max(state_.ccr & 0xfff, fast ? 1u : 4u);
  return uint64_t{per_count} * count * std::max(1u, chip_.HclkHz() / std::max(1u, chip_.PclkHz(1)));
}

void I2c::Enter(Phase phase, uint32_t periods) {
  state_.phase = phase;
  state_.due = chip_.Cycles() + periods * PeriodCycles();
}

void I2c::Wait(Phase phase) {
  state_.phase = phase;
  state_.due = kNever;
}

uint32_t I2c::Read(uint32_t offset, int /*bytes*/) {
  if (state_.phase == kUnconnected && (!connected || connected())) {
    SendStart();
    Update();
  }
  switch (offset) {
    case kCr1:
      return state_.cr1;
    case kCr2:
      return state_.cr2;
    case kOar1:
      return state_.oar1;
    case kOar2:
      return state_.oar2;
    case kDr:
      return ReadData();
    case kSr1:
      state_.sr1_seen = state_.sr1 & kAddressDone;
      return state_.sr1;
    case kSr2: {
      const uint32_t value = state_.sr2;
      if ((state_.sr1_seen & state_.sr1) != 0) {
        AddressCleared();
        Update();
      }
      return value;
    }
    case kCcr:
      return state_.ccr;
    case kTrise:
      return state_.trise;
    case kFltr:
      return state_.fltr;
    default:
      return 0;
  }
}

void I2c::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  if ((state_.cr1 & kSoftwareReset) != 0 && offset != kCr1) return;
  switch (offset) {
    case kCr1:
      WriteControl1(Merge(state_.cr1, value, lanes & 0xbffb));
      break;
    case kCr2:
      state_.cr2 = Merge(state_.cr2, value, lanes & 0x1f3f);
      break;
    case kOar1:
      state_.oar1 = Merge(state_.oar1, value, lanes & 0xc3ff);
      if ((state_.oar1 & 0x3fe) != 0) {
        chip_.Note(name_ + " OAR1: an own address has no effect; there is no other master on the bus to call it");
      }
      break;
    case kOar2:
      state_.oar2 = Merge(state_.oar2, value, lanes & 0xff);
      break;
    case kDr:
      if ((lanes & 0xff) != 0) WriteData(value & 0xff);
      break;
    case kSr1:
      state_.sr1 &= value | ~lanes | ~kErrors;
      break;
    case kCcr:
      state_.ccr = Merge(state_.ccr, value, lanes & 0xcfff);
      break;
    case kTrise:
      state_.trise = Merge(state_.trise, value, lanes & 0x3f);
      break;
    case kFltr:
      state_.fltr = Merge(state_.fltr, value, lanes & 0x1f);
      break;
    default:
      return;
  }
  Update();
}

void I2c::WriteControl1(uint32_t value) {
  if ((value & kSoftwareReset) != 0) {
    Reset();
    state_.cr1 = kSoftwareReset;
    return;
  }
  state_.cr1 = value;
  if ((value & kSmbus) != 0) chip_.Note(name_ + " CR1 SMBUS: SMBus is not modelled");
  if ((value & kWithPec) != 0) chip_.Note(name_ + " CR1 ENPEC: packet error checking is not modelled");
  if ((value & kOn) == 0) {
    ReleaseBus();
    state_.sr1 = state_.sr2 = 0;
    state_.cr1 &= ~(kGiveStart | kGiveStop | kGiveAcknowledge | kPosition);
    return;
  }
  switch (state_.phase) {
    case kIdle:
      state_.cr1 &= ~kGiveStop;
      [[fallthrough]];
    case kWaitAddress:
    case kWaitData:
    case kReceiveHeld:
    case kNoMore:
      StartOrStop();
      break;
    default:
      break;  // after what is under way
  }
}

bool I2c::StartOrStop() {
  if ((state_.cr1 & kGiveStop) != 0 && state_.phase != kIdle) {
    SendStop();
    return true;
  }
  if ((state_.cr1 & kGiveStart) == 0) return false;
  if (state_.phase == kWaitAddress) {
    state_.cr1 &= ~kGiveStart;  // there is one already
    return false;
  }
  if (connected && !connected()) {
    chip_.Note(name_ + ": a start condition, but no pins are set to its alternate function with open drain; it waits");
    state_.sr2 |= kBusy;
    Wait(kUnconnected);
    return true;
  }
  SendStart();
  return true;
}

void I2c::SendStart() {
  const uint32_t pclk_mhz = chip_.PclkHz(1) / 1'000'000;
  if ((state_.cr2 & 0x3f) != pclk_mhz) {
    chip_.Note(name_ + " CR2 FREQ says " + std::to_string(state_.cr2 & 0x3f) + " MHz, but APB1 runs with " +
               std::to_string(pclk_mhz));
  }
  const bool fast = (state_.ccr & 1u << 15) != 0;
  if ((state_.ccr & 0xfff) < (fast ? 1u : 4u)) {
    chip_.Note(name_ + " CCR: a clock count of " + std::to_string(state_.ccr & 0xfff) + " is too small");
  }
  state_.sr1 &= ~(kByteDone | kEmpty);
  state_.sr2 |= kBusy;
  state_.dma_last = 0;
  Enter(kStart, 1);
}

void I2c::SendStop() {
  state_.sr1 &= ~(kStartSent | kByteDone | kEmpty);
  Enter(kStop, 1);
}

void I2c::ReleaseBus() {
  const uint32_t addressed = state_.addressed;
  state_.addressed = 0;
  state_.device = kNobody;
  state_.shift_full = 0;
  Wait(kIdle);
  for (size_t i = 0; i < devices_.size() && i < 32; ++i) {
    if ((addressed >> i & 1) != 0) devices_[i]->StopCondition();
  }
}

void I2c::Due() {
  if (chip_.Cycles() < state_.due) return Update();
  state_.due = kNever;
  switch (state_.phase) {
    case kStart:
      state_.cr1 &= ~kGiveStart;
      state_.sr1 |= kStartSent;
      state_.sr2 = (state_.sr2 | kMaster | kBusy) & ~kTransmits;
      Wait(kWaitAddress);
      StartOrStop();
      break;
    case kAddress:
      AddressSent();
      break;
    case kTransmit:
      ByteSent();
      break;
    case kReceive:
      ByteReceived();
      break;
    case kStop: {
      const uint32_t full = state_.shift_full;
      ReleaseBus();
      state_.shift_full = full;
      state_.cr1 &= ~kGiveStop;
      state_.sr2 &= ~(kMaster | kBusy | kTransmits);
      StartOrStop();
      break;
    }
    default:
      break;
  }
  Update();
}

void I2c::SendAddress(uint32_t byte) {
  state_.sr1 &= ~kStartSent;
  state_.shift = byte;
  if ((byte & 0xf8) == 0xf0) chip_.Note(name_ + ": 10-bit addresses are not modelled; nobody acknowledges");
  Enter(kAddress, 9);
}

void I2c::AddressSent() {
  const bool reads = (state_.shift & 1) != 0;
  state_.device = kNobody;
  for (size_t i = 0; i < devices_.size() && i < 32; ++i) {
    if (devices_[i]->Address() != state_.shift >> 1) continue;
    state_.addressed |= 1u << i;
    if (devices_[i]->Start(reads) && state_.device == kNobody) state_.device = static_cast<uint32_t>(i);
  }
  if (state_.device == kNobody) {
    state_.sr1 |= kNoAcknowledge;
    Wait(kNoMore);
    StartOrStop();
    return;
  }
  state_.sr1 |= kAddressDone | (reads ? 0 : kEmpty);
  state_.sr2 |= reads ? 0 : kTransmits;
  state_.sr1_seen = 0;
  Wait(kAddressed);
}

void I2c::AddressCleared() {
  state_.sr1 &= ~kAddressDone;
  state_.sr1_seen = 0;
  if (state_.phase != kAddressed) return;
  if ((state_.sr2 & kTransmits) == 0) {
    // POS speaks of the byte after the one being received, so nothing speaks of the first.
    state_.acknowledge_next = 1;
    BeginByte();
    return;
  }
  Wait(kWaitData);
  if (StartOrStop()) return;
  if ((state_.sr1 & kEmpty) == 0) {
    state_.shift = state_.data;
    state_.sr1 |= kEmpty;
    BeginByte();
  }
}

void I2c::BeginByte() {
  const bool transmits = (state_.sr2 & kTransmits) != 0;
  if (!transmits) state_.shift = state_.device < devices_.size() ? devices_[state_.device]->Read() : 0xff;
  Enter(transmits ? kTransmit : kReceive, 9);
}

void I2c::ByteSent() {
  const bool acknowledged =
      state_.device < devices_.size() && devices_[state_.device]->Write(static_cast<uint8_t>(state_.shift));
  Wait(acknowledged ? kWaitData : kNoMore);
  if (!acknowledged) state_.sr1 |= kNoAcknowledge;
  if (StartOrStop() || !acknowledged) return;
  if ((state_.sr1 & kEmpty) == 0) {
    state_.shift = state_.data;
    state_.sr1 |= kEmpty;
    BeginByte();
  } else {
    state_.sr1 |= kByteDone;
  }
}

void I2c::ByteReceived() {
  const bool give = (state_.cr1 & kGiveAcknowledge) != 0;
  const bool by_position = (state_.cr1 & kPosition) != 0;
  state_.acknowledged = (by_position ? state_.acknowledge_next != 0 : give) && state_.dma_last == 0 ? 1 : 0;
  state_.acknowledge_next = give ? 1 : 0;
  state_.dma_last = 0;
  if ((state_.sr1 & kFull) != 0) {
    state_.shift_full = 1;
    state_.sr1 |= kByteDone;
    Wait(kReceiveHeld);
    StartOrStop();
    return;
  }
  state_.data = state_.shift;
  state_.sr1 |= kFull;
  Wait(kNoMore);
  if (!StartOrStop() && state_.acknowledged != 0) BeginByte();
}

uint32_t I2c::ReadData() {
  const uint32_t value = state_.data;
  if ((state_.sr1 & kFull) != 0) {
    state_.sr1 &= ~(kFull | kByteDone);
    if (state_.shift_full != 0) {
      state_.shift_full = 0;
      state_.data = state_.shift;
      state_.sr1 |= kFull;
      if (state_.phase == kReceiveHeld) {
        Wait(kNoMore);
        if (state_.acknowledged != 0) BeginByte();
      }
    }
    Update();
  }
  return value;
}

void I2c::WriteData(uint32_t value) {
  state_.data = value;
  switch (state_.phase) {
    case kWaitAddress:
      SendAddress(value);
      break;
    case kWaitData:
      state_.sr1 &= ~kByteDone;
      state_.shift = value;
      BeginByte();
      break;
    case kAddressed:
    case kTransmit:
      if ((state_.sr2 & kTransmits) != 0) state_.sr1 &= ~kEmpty;
      break;
    default:
      break;
  }
}

void I2c::DmaServed(int controller, int stream, int channel, uint32_t left) {
  if (controller != 1 || left != 1 || (state_.cr2 & (kDmaOn | kDmaLast)) != (kDmaOn | kDmaLast)) return;
  for (const DmaLine& line : kDmaLines) {
    if (line.number == number_ && line.receives && line.stream == stream && line.channel == channel) {
      state_.dma_last = (state_.sr2 & kTransmits) == 0 ? 1 : 0;
    }
  }
}

void I2c::Update() {
  constexpr int kEvents[] = {31, 33, 72};
  uint32_t events = state_.sr1 & (kStartSent | kAddressDone | kHeaderDone | kStopSeen | kByteDone);
  if ((state_.cr2 & kBufferInterrupt) != 0) events |= state_.sr1 & (kEmpty | kFull);
  const int interrupt = kEvents[number_ - 1];
  chip_.SetInterrupt(interrupt, (state_.cr2 & kEventInterrupt) != 0 && events != 0);
  chip_.SetInterrupt(interrupt + 1, (state_.cr2 & kErrorInterrupt) != 0 && (state_.sr1 & kErrors) != 0);
  chip_.ScheduleAtCycle(*this, state_.due);
  const bool dma = (state_.cr2 & kDmaOn) != 0;
  const bool wants_byte = dma && (state_.sr1 & kEmpty) != 0 && (state_.phase == kTransmit || state_.phase == kWaitData);
  const bool has_byte = dma && (state_.sr1 & kFull) != 0;
  for (const DmaLine& line : kDmaLines) {
    if (line.number == number_) {
      chip_.SetDmaRequest(1, line.stream, line.channel, line.receives ? has_byte : wants_byte);
    }
  }
}

}  // namespace thimble::simulator
