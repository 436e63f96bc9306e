#include "simulator/stm32f412/quadspi.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "simulator/cortex_m4/bus.h"
#include "simulator/stm32f412/clock_arithmetic.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kCr = 0x00, kDcr = 0x04, kSr = 0x08, kFcr = 0x0c, kDlr = 0x10, kCcr = 0x14, kAr = 0x18, kAbr = 0x1c,
                   kDr = 0x20, kPsmkr = 0x24, kPsmar = 0x28, kPir = 0x2c, kLptr = 0x30;

// CR
constexpr uint32_t kEnable = 1u << 0, kAbort = 1u << 1, kDmaEnable = 1u << 2, kTimeoutEnable = 1u << 3,
                   kDualFlash = 1u << 6, kSecondFlash = 1u << 7, kErrorInterrupt = 1u << 16, kDoneInterrupt = 1u << 17,
                   kThresholdInterrupt = 1u << 18, kMatchInterrupt = 1u << 19, kStopAtMatch = 1u << 22,
                   kMatchAny = 1u << 23, kCrMask = 0xffdf'1fdd;
constexpr uint32_t kDcrMask = 0x001f'0701;
// SR
constexpr uint32_t kError = 1u << 0, kDone = 1u << 1, kThreshold = 1u << 2, kMatch = 1u << 3, kTimeout = 1u << 4,
                   kBusy = 1u << 5;
// CCR
constexpr uint32_t kCcrMask = 0xdf7f'ffff, kInstructionOnce = 1u << 28, kDoubleRate = 1u << 31;

enum Mode : uint8_t { kIndirectWrite, kIndirectRead, kPolling, kMemoryMapped };

constexpr int kDmaController = 2, kDmaStream = 7, kDmaChannel = 3;

constexpr int Lines(uint32_t mode) { return mode == 3 ? 4 : static_cast<int>(mode); }

}  // namespace

Quadspi::Quadspi(Chip& chip) : chip_(chip), flash_(chip, state_.external) {}

void Quadspi::Reset() {
  if (Mapped()) chip_.MemoryChanged(kWindowBase, static_cast<uint32_t>(SizeBytes()));
  if (own_.running) flash_.Deselect();
  own_ = {};
  chip_.SetInterrupt(kInterrupt, false);
  chip_.SetDmaRequest(kDmaController, kDmaStream, kDmaChannel, false);
  chip_.ScheduleAtCycle(*this, kNever);
}

void Quadspi::PowerOn() {
  own_.running = false;
  flash_.PowerOn();
  Reset();
}

uint64_t Quadspi::SizeBytes() const { return std::min<uint64_t>(uint64_t{2} << (own_.dcr >> 16 & 31), kWindowBytes); }

SerialFlashCommand Quadspi::Command() const {
  SerialFlashCommand command;
  command.instruction = static_cast<uint8_t>(own_.ccr);
  command.instruction_lines = Lines(own_.ccr >> 8 & 3);
  command.address_lines = Lines(own_.ccr >> 10 & 3);
  if (command.address_lines != 0) {
    command.address = own_.ar;
    command.address_bits = 8 * (static_cast<int>(own_.ccr >> 12 & 3) + 1);
  }
  command.alternate_lines = Lines(own_.ccr >> 14 & 3);
  if (command.alternate_lines != 0) {
    command.alternate = own_.abr;
    command.alternate_bits = 8 * (static_cast<int>(own_.ccr >> 16 & 3) + 1);
  }
  command.dummy_cycles = static_cast<int>(own_.ccr >> 18 & 31);
  command.data_lines = Lines(own_.ccr >> 24 & 3);
  command.double_rate = (own_.ccr & kDoubleRate) != 0;
  return command;
}

// Time.

uint64_t Quadspi::Cycles(uint64_t clocks) const { return clocks * ((own_.cr >> 24) + 1); }

uint64_t Quadspi::CommandCycles() const {
  const SerialFlashCommand command = Command();
  const auto clocks = [](int bits, int lines) { return lines == 0 ? 0u : static_cast<unsigned>(bits / lines); };
  return Cycles(clocks(8, command.instruction_lines) + clocks(command.address_bits, command.address_lines) +
                clocks(command.alternate_bits, command.alternate_lines) + static_cast<unsigned>(command.dummy_cycles));
}

uint64_t Quadspi::ByteCycles() const {
  const int lines = Lines(own_.ccr >> 24 & 3);
  const unsigned clocks = lines == 0 ? 1u : 8u / static_cast<unsigned>(lines);
  return Cycles((own_.ccr & kDoubleRate) != 0 ? std::max(clocks / 2, 1u) : clocks);
}

// The FIFO.

void Quadspi::Push(uint8_t byte) {
  own_.fifo[(own_.fifo_first + own_.fifo_count) % kFifoBytes] = byte;
  ++own_.fifo_count;
}

uint8_t Quadspi::Pop() {
  const uint8_t byte = own_.fifo[own_.fifo_first];
  own_.fifo_first = (own_.fifo_first + 1) % kFifoBytes;
  --own_.fifo_count;
  return byte;
}

bool Quadspi::Stalled() const {
  return own_.left > 0 && (own_.writes ? own_.fifo_count == 0 : own_.fifo_count == kFifoBytes);
}

// Commands.

void Quadspi::Begin() {
  own_.flags &= ~kMatch;
  const bool reads = Mode() == kIndirectRead && HasData();
  const bool writes = Mode() == kIndirectWrite && HasData();
  if (!writes) own_.fifo_count = own_.fifo_first = 0;
  const SerialFlashCommand command = Command();
  const uint64_t first = command.address_lines != 0 ? own_.ar : 0;
  uint64_t bytes = uint64_t{own_.dlr} + 1;
  if (own_.dlr == ~0u) bytes = SizeBytes() - std::min(first, SizeBytes() - 1);  // to the end of the memory
  if (command.address_lines != 0 && (first >= SizeBytes() || ((reads || writes) && first + bytes > SizeBytes()))) {
    own_.flags |= kError;
    chip_.Note("QUADSPI: a command reaches beyond the size in DCR.FSIZE (TEF)");
    own_.fifo_count = 0;
    return;
  }
  if (command.instruction_lines == 0)
    chip_.Note("QUADSPI CCR: commands without instruction (IMODE 0) are not modelled");
  own_.running = true;
  own_.writes = writes;
  own_.polls = Mode() == kPolling;
  own_.polled = false;
  own_.next_cycle = AddTime(chip_.Cycles(), CommandCycles());
  if (own_.polls) {
    own_.left = 0;
    own_.next_cycle += ByteCycles() * (std::min(own_.dlr, 3u) + 1);
    return;
  }
  own_.left = reads || writes ? bytes : 0;
  if (own_.left > 0) own_.next_cycle += ByteCycles();
  flash_.Select(command);
}

void Quadspi::StepByte() {
  if (own_.writes) {
    flash_.WriteByte(Pop());
  } else {
    Push(flash_.ReadByte());
  }
  if (--own_.left > 0) own_.next_cycle += ByteCycles();
}

void Quadspi::StepPoll() {
  // What the chip answers changes only once, when it has finished its work: of all answers that have come since, the
  // last tells as much as each of them.
  flash_.Select(Command());
  const uint32_t count = std::min(own_.dlr, 3u) + 1;
  uint32_t value = 0;
  for (uint32_t i = 0; i < count; ++i) value |= static_cast<uint32_t>(flash_.ReadByte()) << 8 * i;
  flash_.Deselect();
  own_.fifo_first = own_.fifo_count = 0;
  for (uint32_t i = 0; i < count; ++i) Push(static_cast<uint8_t>(value >> 8 * i));
  own_.polled = true;
  const uint32_t equal = ~(value ^ own_.psmar) & own_.psmkr;
  if ((own_.cr & kMatchAny) != 0 ? equal != 0 : equal == own_.psmkr) {
    own_.flags |= kMatch;
    if ((own_.cr & kStopAtMatch) != 0) {
      own_.running = false;
      return;
    }
  }
  const uint64_t period = std::max<uint64_t>(CommandCycles() + ByteCycles() * count + Cycles(own_.pir), 1);
  own_.next_cycle += ((chip_.Cycles() - own_.next_cycle) / period + 1) * period;
}

void Quadspi::Finish() {
  own_.running = false;
  flash_.Deselect();
  own_.flags |= kDone;
}

void Quadspi::Abort() {
  if (own_.running && !own_.polls) flash_.Deselect();
  own_.running = own_.polled = false;
  own_.fifo_first = own_.fifo_count = 0;
}

void Quadspi::Update() {
  while (own_.running && own_.next_cycle <= chip_.Cycles()) {
    if (own_.polls) {
      StepPoll();
    } else if (own_.left == 0) {
      Finish();
    } else if (Stalled()) {
      break;
    } else {
      StepByte();
    }
  }
}

void Quadspi::Due() {
  Update();
  Changed();
}

bool Quadspi::Threshold() const {
  if (!Enabled()) return false;
  const uint32_t wanted = (own_.cr >> 8 & 31) + 1;
  switch (Mode()) {
    case kIndirectWrite:
      return kFifoBytes - own_.fifo_count >= wanted;
    case kIndirectRead:
      return own_.fifo_count >= wanted || (!own_.running && own_.fifo_count > 0);
    case kPolling:
      return own_.polled;
    default:
      return false;
  }
}

uint32_t Quadspi::Status() const {
  const bool busy = own_.running || (Mode() == kIndirectRead && own_.fifo_count > 0);
  return own_.flags | (Threshold() ? kThreshold : 0) | (busy ? kBusy : 0) | own_.fifo_count << 8;
}

void Quadspi::Changed() {
  const uint32_t status = Status();
  const auto raised = [&](uint32_t enable, uint32_t flag) { return (own_.cr & enable) != 0 && (status & flag) != 0; };
  chip_.SetInterrupt(kInterrupt, raised(kErrorInterrupt, kError) || raised(kDoneInterrupt, kDone) ||
                                     raised(kThresholdInterrupt, kThreshold) || raised(kMatchInterrupt, kMatch));
  const bool wants_data =
      Mode() == kIndirectRead || (Mode() == kIndirectWrite && HasData() &&
                                  (own_.running ? own_.left > own_.fifo_count : (own_.flags & kDone) == 0));
  chip_.SetDmaRequest(kDmaController, kDmaStream, kDmaChannel,
                      (own_.cr & kDmaEnable) != 0 && wants_data && (status & kThreshold) != 0);

  uint64_t next = kNever;
  if (own_.running && own_.polls) {
    // Only the end of the chip's work can make a difference.
    if ((own_.flags & kMatch) == 0) {
      next = own_.next_cycle;
      if (own_.polled && flash_.Busy()) {
        const uint64_t wait = MultiplyDivideUp(flash_.busy_until_ns() - chip_.NowNs(), chip_.HclkHz(), kNsPerSecond);
        next = std::max(next, AddTime(chip_.Cycles(), wait));
      } else if (own_.polled) {
        next = kNever;
      }
    }
  } else if (own_.running && !Stalled()) {
    next = own_.next_cycle;
    if (own_.left > 0) {
      uint64_t steps = own_.writes ? own_.fifo_count : kFifoBytes - own_.fifo_count;
      steps = std::min(steps, own_.left);
      if ((own_.cr & (kDmaEnable | kThresholdInterrupt)) != 0 && (status & kThreshold) == 0) {
        const uint32_t wanted = (own_.cr >> 8 & 31) + 1;
        const uint32_t have = own_.writes ? kFifoBytes - own_.fifo_count : own_.fifo_count;
        steps = std::min<uint64_t>(steps, wanted - have);
      }
      next = AddTime(next, (steps - 1) * ByteCycles());
    }
  }
  chip_.ScheduleAtCycle(*this, next);
}

// The data register.

uint32_t Quadspi::ReadData(int bytes) {
  if (Mode() == kPolling) own_.polled = false;
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    const bool flows = own_.running && !own_.polls && !own_.writes;
    if (own_.fifo_count == 0 && flows && own_.left > 0) {
      // The bus waits for it.
      own_.next_cycle = std::max(own_.next_cycle, chip_.Cycles());
      StepByte();
    }
    if (own_.fifo_count == 0) break;
    if (flows && Stalled()) own_.next_cycle = std::max(own_.next_cycle, AddTime(chip_.Cycles(), ByteCycles()));
    value |= static_cast<uint32_t>(Pop()) << 8 * i;
  }
  return value;
}

void Quadspi::WriteData(uint32_t value, int bytes) {
  if (Mode() != kIndirectWrite || !Enabled() || !HasData()) {
    chip_.Note("QUADSPI DR was written without a command that sends data: ignored");
    return;
  }
  if (!own_.running) {
    own_.fifo_first = own_.fifo_count = 0;
    Begin();
    if (!own_.running) return;
  }
  for (int i = 0; i < bytes; ++i) {
    if (own_.fifo_count >= own_.left) {
      chip_.Note("QUADSPI DR: more bytes were written than DLR says: dropped");
      break;
    }
    if (own_.fifo_count == kFifoBytes) StepByte();  // the bus waits until there is room
    if (Stalled()) own_.next_cycle = std::max(own_.next_cycle, AddTime(chip_.Cycles(), ByteCycles()));
    Push(static_cast<uint8_t>(value >> 8 * i));
  }
}

// Registers.

uint32_t Quadspi::Read(uint32_t offset, int bytes) {
  Update();
  uint32_t value = 0;
  switch (offset) {
    case kCr:
      value = own_.cr;
      break;
    case kDcr:
      value = own_.dcr;
      break;
    case kSr:
      value = Status();
      break;
    case kDlr:
      value = own_.dlr;
      break;
    case kCcr:
      value = own_.ccr;
      break;
    case kAr:
      value = own_.ar;
      break;
    case kAbr:
      value = own_.abr;
      break;
    case kDr:
      value = ReadData(bytes);
      Update();
      break;
    case kPsmkr:
      value = own_.psmkr;
      break;
    case kPsmar:
      value = own_.psmar;
      break;
    case kPir:
      value = own_.pir;
      break;
    case kLptr:
      value = own_.lptr;
      break;
    default:
      break;
  }
  Changed();
  return value;
}

void Quadspi::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  Update();
  value &= lanes;
  const bool was_mapped = Mapped();
  const auto mapped_bytes = static_cast<uint32_t>(SizeBytes());
  const auto locked = [&] {
    if (own_.running) chip_.Note("QUADSPI: a register was written while BUSY that must not be: ignored");
    return own_.running;
  };
  const bool starts_without_data = Mode() == kIndirectRead || Mode() == kPolling || !HasData();
  switch (offset) {
    case kCr:
      own_.cr = Merge(own_.cr, value, lanes & kCrMask);
      if ((own_.cr & (kDualFlash | kSecondFlash)) != 0) {
        chip_.Note("QUADSPI CR: the second flash (DFM, FSEL) does not exist on this board; the first one answers");
      }
      if ((own_.cr & kTimeoutEnable) != 0)
        chip_.Note("QUADSPI CR: the timeout of memory-mapped mode (TCEN) is not modelled");
      if ((value & kAbort) != 0) {
        Abort();
        own_.flags |= kDone;
      }
      if (!Enabled()) Abort();
      break;
    case kDcr:
      if (!locked()) own_.dcr = Merge(own_.dcr, value, lanes & kDcrMask);
      break;
    case kFcr:
      own_.flags &= ~(value & (kError | kDone | kMatch | kTimeout));
      break;
    case kDlr:
      if (!locked()) own_.dlr = Merge(own_.dlr, value, lanes);
      break;
    case kCcr:
      if (locked()) break;
      own_.ccr = Merge(own_.ccr, value, lanes & kCcrMask);
      own_.polled = false;
      if ((own_.ccr & kInstructionOnce) != 0)
        chip_.Note("QUADSPI CCR: SIOO is not modelled; the instruction is always sent");
      if ((own_.ccr & kDoubleRate) != 0) chip_.Note("QUADSPI CCR: the kit's flash knows no double data rate (DDRM)");
      if (Enabled() && Mode() != kMemoryMapped && (own_.ccr >> 10 & 3) == 0 &&
          (Mode() != kIndirectWrite || !HasData())) {
        Begin();
      }
      break;
    case kAr:
      if (Mode() == kMemoryMapped || locked()) break;
      own_.ar = Merge(own_.ar, value, lanes);
      if (Enabled() && (own_.ccr >> 10 & 3) != 0 && starts_without_data) Begin();
      break;
    case kAbr:
      if (!locked()) own_.abr = Merge(own_.abr, value, lanes);
      break;
    case kDr:
      if (lanes != 0) WriteData(value >> std::countr_zero(lanes), std::popcount(lanes) / 8);
      break;
    case kPsmkr:
      if (!locked()) own_.psmkr = Merge(own_.psmkr, value, lanes);
      break;
    case kPsmar:
      if (!locked()) own_.psmar = Merge(own_.psmar, value, lanes);
      break;
    case kPir:
      if (!locked()) own_.pir = Merge(own_.pir, value, lanes & 0xffff);
      break;
    case kLptr:
      if (!locked()) own_.lptr = Merge(own_.lptr, value, lanes & 0xffff);
      break;
    default:
      break;
  }
  Update();
  if (was_mapped && (offset == kCr || offset == kCcr || offset == kDcr || offset == kAbr)) {
    chip_.MemoryChanged(kWindowBase, mapped_bytes);
  }
  Changed();
}

// The window.

const std::byte* Quadspi::MappedPage(uint32_t offset) const {
  if (!Mapped() || offset >= SizeBytes() || !flash_.ReadsMemory(Command())) return nullptr;
  return flash_.memory().ToRead(offset % En25qh16::kBytes & ~(simulator::kPageBytes - 1));
}

bool Quadspi::ReadMapped(uint32_t offset, int bytes, uint32_t& value) {
  value = 0;
  if (!Mapped() || offset >= SizeBytes()) return false;
  if (!flash_.ReadsMemory(Command())) {
    chip_.Note("QUADSPI: memory-mapped mode with a command that does not read memory, or while the chip is busy: 0xFF");
    value = bytes == 4 ? ~0u : (1u << 8 * bytes) - 1;
    return true;
  }
  std::memcpy(&value, flash_.memory().ToRead(offset % En25qh16::kBytes), static_cast<size_t>(bytes));
  return true;
}

}  // namespace thimble::simulator
