#include "simulator/stm32f412/dma.h"

#include <algorithm>
#include <cstring>

namespace thimble::simulator {
namespace {

constexpr uint32_t kFirstStream = 0x10, kStreamBytes = 0x18;
enum Offset : uint32_t { kLisr = 0x00, kHisr = 0x04, kLifcr = 0x08, kHifcr = 0x0c };
enum StreamOffset : uint32_t { kCr = 0x00, kNdtr = 0x04, kPar = 0x08, kM0ar = 0x0c, kM1ar = 0x10, kFcr = 0x14 };

// CR
constexpr uint32_t kOn = 1u << 0, kInterrupts = 0x1e, kPeripheralControls = 1u << 5, kCircular = 1u << 8;
constexpr uint32_t kPeripheralMoves = 1u << 9, kMemoryMoves = 1u << 10, kMovesByFour = 1u << 15;
constexpr uint32_t kDoubleBuffer = 1u << 18, kSecondTarget = 1u << 19;
enum Direction : uint32_t { kFromPeripheral, kToPeripheral, kMemoryToMemory, kNoDirection };
// FCR
constexpr uint32_t kFifoOn = 1u << 2, kFifoInterrupt = 1u << 7;
// Flags, as they lie in the interrupt status of stream 0.
constexpr uint32_t kFifoError = 1u << 0, kTransferError = 1u << 3, kHalf = 1u << 4, kComplete = 1u << 5;
constexpr uint32_t kAllFlags = 0x3d;
constexpr int kFlagShifts[] = {0, 6, 16, 22};

// Memory to memory asks all the time; so many items are moved in one go, when their time is over.
constexpr uint32_t kItemsAtOnce = 4;

Direction DirectionOf(uint32_t cr) { return static_cast<Direction>(cr >> 6 & 3); }
/// Of PSIZE or MSIZE; the reserved code counts as a word.
uint32_t SizeOf(uint32_t code) { return 1u << std::min(code & 3, 2u); }
uint32_t PeripheralBytes(uint32_t cr) { return SizeOf(cr >> 11); }
uint32_t MemoryBytes(uint32_t cr) { return SizeOf(cr >> 13); }
uint32_t BurstOf(uint32_t code) { return (code & 3) == 0 ? 1 : 2u << (code & 3); }
bool UsesFifo(uint32_t cr, uint32_t fcr) { return (fcr & kFifoOn) != 0 || DirectionOf(cr) == kMemoryToMemory; }
uint32_t PeripheralStep(uint32_t cr) {
  if ((cr & kPeripheralMoves) == 0) return 0;
  return (cr & kMovesByFour) != 0 ? 4 : PeripheralBytes(cr);
}

}  // namespace

Dma::Dma(Chip& chip, int controller)
    : chip_(chip), controller_(controller), name_("DMA" + std::to_string(controller)) {}

void Dma::Reset() {
  uint32_t requests[kStreams];
  for (int i = 0; i < kStreams; ++i) requests[i] = state_.streams[i].requests;
  state_ = {};
  state_.due = kNever;
  chip_.ScheduleAtCycle(*this, kNever);
  for (int i = 0; i < kStreams; ++i) {
    state_.streams[i].requests = requests[i];  // wires of others
    state_.streams[i].fcr = 1;
    UpdateInterrupt(i);
  }
}

uint32_t Dma::Flags(int first) const {
  uint32_t flags = 0;
  for (int i = 0; i < 4; ++i) flags |= state_.streams[first + i].flags << kFlagShifts[i];
  return flags;
}

uint32_t Dma::Read(uint32_t offset, int /*bytes*/) {
  if (offset == kLisr) return Flags(0);
  if (offset == kHisr) return Flags(4);
  if (offset < kFirstStream || offset >= kFirstStream + kStreams * kStreamBytes) return 0;
  const Stream& stream = state_.streams[(offset - kFirstStream) / kStreamBytes];
  switch ((offset - kFirstStream) % kStreamBytes) {
    case kCr:
      return stream.cr;
    case kNdtr:
      return stream.ndtr;
    case kPar:
      return stream.par;
    case kM0ar:
      return stream.m0ar;
    case kM1ar:
      return stream.m1ar;
    default: {
      const uint32_t level = stream.fifo_count == 0 ? 4 : stream.fifo_count >= 16 ? 5 : stream.fifo_count / 4;
      return stream.fcr | level << 3;
    }
  }
}

void Dma::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  if (offset == kLifcr || offset == kHifcr) {
    for (int i = 0; i < 4; ++i) {
      const int index = (offset == kHifcr ? 4 : 0) + i;
      state_.streams[index].flags &= ~((value & lanes) >> kFlagShifts[i] & kAllFlags);
      UpdateInterrupt(index);
    }
    return;
  }
  if (offset < kFirstStream || offset >= kFirstStream + kStreams * kStreamBytes) return;
  const auto index = static_cast<int>((offset - kFirstStream) / kStreamBytes);
  Stream& stream = state_.streams[index];
  const bool on = (stream.cr & kOn) != 0;
  switch ((offset - kFirstStream) % kStreamBytes) {
    case kCr:
      WriteControl(index, Merge(stream.cr, value, lanes & 0x0fef'ffff));
      break;
    case kNdtr:
      if (!on) stream.ndtr = stream.reload = Merge(stream.ndtr, value, lanes & 0xffff);
      break;
    case kPar:
      if (!on) stream.par = Merge(stream.par, value, lanes);
      break;
    case kM0ar:
    case kM1ar: {
      const bool second = (offset - kFirstStream) % kStreamBytes == kM1ar;
      if (on && (stream.cr & kDoubleBuffer) == 0) break;
      if (on && ((stream.cr & kSecondTarget) != 0) == second) {
        Fail(stream);  // the target in use
        break;
      }
      uint32_t& target = second ? stream.m1ar : stream.m0ar;
      target = Merge(target, value, lanes);
      break;
    }
    case kFcr:
      stream.fcr = Merge(stream.fcr, value, lanes & (on ? kFifoInterrupt : 0x87));
      break;
    default:
      break;
  }
  UpdateInterrupt(index);
  Plan();
}

void Dma::WriteControl(int index, uint32_t value) {
  Stream& stream = state_.streams[index];
  if ((stream.cr & kOn) == 0) {
    stream.cr = value;
    if ((value & kOn) != 0) Enable(index);
    return;
  }
  stream.cr = Merge(stream.cr, value, kOn | kInterrupts);
  if ((value & kOn) != 0) return;
  // Switched off by the program: what has come already goes to memory, and TCIF tells that it did.
  if (DirectionOf(stream.cr) != kToPeripheral) Drain(stream, true);
  stream.fifo_count = 0;
  stream.flags |= kComplete;
}

void Dma::Enable(int index) {
  Stream& stream = state_.streams[index];
  const std::string stream_name = name_ + " stream " + std::to_string(index);
  const Direction direction = DirectionOf(stream.cr);
  if (direction == kNoDirection) chip_.Note(stream_name + ": DIR 3 is reserved; nothing moves");
  if (direction == kMemoryToMemory && controller_ == 1) {
    chip_.Note(stream_name + ": only DMA2 moves memory to memory; nothing moves");
  }
  if ((stream.cr & kPeripheralControls) != 0) {
    chip_.Note(stream_name + ": PFCTRL, the peripheral as flow controller, is not modelled");
  }
  if (stream.ndtr == 0) stream.ndtr = stream.reload;
  stream.peripheral = stream.par;
  const bool second = (stream.cr & kDoubleBuffer) != 0 && (stream.cr & kSecondTarget) != 0;
  stream.memory = second ? stream.m1ar : stream.m0ar;
  stream.fifo_count = 0;
  if (!UsesFifo(stream.cr, stream.fcr)) return;
  // Bursts must fill the threshold, and the FIFO.
  const uint32_t threshold = 4 * ((stream.fcr & 3) + 1);
  const uint32_t memory_burst = BurstOf(stream.cr >> 23);
  const uint32_t memory_bytes = MemoryBytes(stream.cr) * memory_burst;
  const uint32_t peripheral_bytes = PeripheralBytes(stream.cr) * BurstOf(stream.cr >> 21);
  if ((memory_burst > 1 && threshold % memory_bytes != 0) || peripheral_bytes > 16) {
    stream.flags |= kFifoError;
    stream.cr &= ~kOn;
  }
}

void Dma::SetRequest(int stream, int channel, bool high) {
  if (stream < 0 || stream >= kStreams || channel < 0 || channel > 7) return;
  uint32_t& requests = state_.streams[stream].requests;
  const uint32_t bit = 1u << channel;
  if (((requests & bit) != 0) == high) return;
  requests ^= bit;
  if (high) Plan();
}

bool Dma::Ready(const Stream& stream) const {
  if ((stream.cr & kOn) == 0 || stream.ndtr == 0) return false;
  switch (DirectionOf(stream.cr)) {
    case kMemoryToMemory:
      return controller_ == 2;
    case kNoDirection:
      return false;
    default:
      return (stream.requests >> (stream.cr >> 25 & 7) & 1) != 0;
  }
}

/// The stream that is served now: by priority, then by number. -1: none.
int Dma::Next() const {
  int best = -1;
  for (int i = 0; i < kStreams; ++i) {
    const Stream& stream = state_.streams[i];
    if (!Ready(stream)) continue;
    if (best < 0 || (stream.cr >> 16 & 3) > (state_.streams[best].cr >> 16 & 3)) best = i;
  }
  return best;
}

/// How many items that stream moves before others are looked at.
uint32_t Dma::ItemsAtOnce(int index) const {
  const Stream& stream = state_.streams[index];
  return DirectionOf(stream.cr) == kMemoryToMemory ? std::min(stream.ndtr, kItemsAtOnce) : 1;
}

void Dma::Plan() {
  if (state_.due != kNever) return;
  const int next = Next();
  if (next < 0) return;
  state_.due = chip_.Cycles() + ItemsAtOnce(next) * kCyclesPerItem;
  chip_.ScheduleAtCycle(*this, state_.due);
}

void Dma::Due() {
  state_.due = chip_.Cycles();  // not kNever: what this causes plans nothing
  int index = Next();
  for (uint32_t items = index < 0 ? 0 : ItemsAtOnce(index); items > 0 && index >= 0; --items) {
    Serve(index);
    index = Next();
    if (index >= 0 && DirectionOf(state_.streams[index].cr) != kMemoryToMemory) break;
  }
  state_.due = kNever;
  chip_.ScheduleAtCycle(*this, kNever);
  Plan();
}

void Dma::Serve(int index) {
  Stream& stream = state_.streams[index];
  const uint32_t cr = stream.cr;
  const uint32_t burst = UsesFifo(cr, stream.fcr) ? BurstOf(cr >> 21) : 1;
  for (uint32_t i = 0; i < burst && (stream.cr & kOn) != 0 && stream.ndtr > 0; ++i) {
    const bool moved = DirectionOf(cr) == kToPeripheral ? ToPeripheral(stream) : FromPeripheral(stream);
    if (!moved) {
      Fail(stream);
      break;
    }
    // The data may have gone to a register of this very stream.
    if ((stream.cr & kOn) == 0 || stream.ndtr == 0) break;
    --stream.ndtr;
    if (stream.ndtr == stream.reload / 2) stream.flags |= kHalf;
  }
  if (DirectionOf(cr) != kMemoryToMemory) {
    chip_.DmaServed(controller_, index, static_cast<int>(cr >> 25 & 7), stream.ndtr);
  }
  if ((stream.cr & kOn) != 0 && stream.ndtr == 0) Finish(index);
  UpdateInterrupt(index);
}

bool Dma::FromPeripheral(Stream& stream) {
  const uint32_t bytes = PeripheralBytes(stream.cr);
  if (stream.fifo_count + bytes > sizeof stream.fifo && !Drain(stream, true)) return false;
  uint32_t value = 0;
  const uint32_t address = stream.peripheral & ~(bytes - 1);
  stream.peripheral += PeripheralStep(stream.cr);
  if (!chip_.BusRead(address, static_cast<int>(bytes), value)) return false;
  if (stream.fifo_count + bytes > sizeof stream.fifo) return true;
  for (uint32_t i = 0; i < bytes; ++i) stream.fifo[stream.fifo_count++] = static_cast<uint8_t>(value >> i * 8);
  return Drain(stream, false);
}

bool Dma::Drain(Stream& stream, bool all) {
  const bool fifo = UsesFifo(stream.cr, stream.fcr);
  const uint32_t size = fifo ? MemoryBytes(stream.cr) : PeripheralBytes(stream.cr);
  const uint32_t threshold = fifo ? 4 * ((stream.fcr & 3) + 1) : size;
  const bool moves = (stream.cr & kMemoryMoves) != 0;
  if (!all && stream.fifo_count < threshold) return true;
  while (stream.fifo_count >= size || (all && stream.fifo_count > 0)) {
    const uint32_t bytes = stream.fifo_count >= size ? size : 1;  // what does not fill an item goes byte by byte
    uint32_t value = 0;
    for (uint32_t i = 0; i < bytes; ++i) value |= uint32_t{stream.fifo[i]} << i * 8;
    // Out of the queue before it goes out: the write may come back to this controller.
    stream.fifo_count -= bytes;
    std::memmove(stream.fifo, stream.fifo + bytes, stream.fifo_count);
    const uint32_t address = stream.memory & ~(bytes - 1);
    if (moves) stream.memory += bytes;
    if (!chip_.BusWrite(address, static_cast<int>(bytes), value)) return false;
  }
  return true;
}

bool Dma::ToPeripheral(Stream& stream) {
  const bool fifo = UsesFifo(stream.cr, stream.fcr);
  const uint32_t bytes = PeripheralBytes(stream.cr);
  const uint32_t size = fifo ? MemoryBytes(stream.cr) : bytes;
  const uint32_t room = fifo ? sizeof stream.fifo : bytes;
  if (stream.fifo_count < bytes) {
    while (stream.fifo_count + size <= room && stream.fifo_count < stream.ndtr * bytes) {
      uint32_t value = 0;
      const uint32_t address = stream.memory & ~(size - 1);
      if ((stream.cr & kMemoryMoves) != 0) stream.memory += size;
      if (!chip_.BusRead(address, static_cast<int>(size), value)) return false;
      if (stream.fifo_count + size > sizeof stream.fifo) break;
      for (uint32_t i = 0; i < size; ++i) stream.fifo[stream.fifo_count++] = static_cast<uint8_t>(value >> i * 8);
    }
  }
  uint32_t value = 0;
  const uint32_t count = std::min(bytes, stream.fifo_count);
  for (uint32_t i = 0; i < count; ++i) value |= uint32_t{stream.fifo[i]} << i * 8;
  stream.fifo_count -= count;
  std::memmove(stream.fifo, stream.fifo + count, stream.fifo_count);
  const uint32_t address = stream.peripheral & ~(bytes - 1);
  stream.peripheral += PeripheralStep(stream.cr);
  return chip_.BusWrite(address, static_cast<int>(bytes), value);
}

void Dma::Finish(int index) {
  Stream& stream = state_.streams[index];
  const Direction direction = DirectionOf(stream.cr);
  if (direction != kToPeripheral && !Drain(stream, true)) return Fail(stream);
  stream.fifo_count = 0;
  stream.flags |= kComplete;
  const bool again = (stream.cr & (kCircular | kDoubleBuffer)) != 0 && direction != kMemoryToMemory;
  if (!again || (stream.cr & kOn) == 0) {
    stream.cr &= ~kOn;
    return;
  }
  if ((stream.cr & kDoubleBuffer) != 0) stream.cr ^= kSecondTarget;
  const bool second = (stream.cr & kDoubleBuffer) != 0 && (stream.cr & kSecondTarget) != 0;
  stream.ndtr = stream.reload;
  stream.peripheral = stream.par;
  stream.memory = second ? stream.m1ar : stream.m0ar;
}

void Dma::Fail(Stream& stream) {
  stream.flags |= kTransferError;
  stream.cr &= ~kOn;
  stream.fifo_count = 0;
}

void Dma::UpdateInterrupt(int index) {
  constexpr int kNumbers[2][kStreams] = {{11, 12, 13, 14, 15, 16, 17, 47}, {56, 57, 58, 59, 60, 68, 69, 70}};
  const Stream& stream = state_.streams[index];
  // DMEIE, TEIE, HTIE and TCIE lie one below their flags.
  uint32_t asking = stream.flags & (stream.cr & kInterrupts) << 1;
  if ((stream.fcr & kFifoInterrupt) != 0) asking |= stream.flags & kFifoError;
  chip_.SetInterrupt(kNumbers[controller_ - 1][index], asking != 0);
}

}  // namespace thimble::simulator
