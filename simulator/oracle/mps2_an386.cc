#include "simulator/oracle/mps2_an386.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "firmware/boards/mps2_an386/board.h"
#include "firmware/model_runner/memory.h"
#include "simulator/program.h"

namespace thimble::simulator::oracle {
namespace {

constexpr const firmware::Board& kBoard = firmware::kMps2An386;
constexpr uint32_t kTimer = 0x4000'0000, kUart = 0x4000'4000, kPeripheralBytes = 0x1000;
constexpr int kReceiveInterrupt = 0;  // of UART 0
constexpr uint64_t kInstructionsPerRun = 1'000'000;

// CMSDK UART (DDI0479, section 4.3).
constexpr uint32_t kReceiveFull = 1 << 1;  // in state
constexpr uint32_t kReceives = 1 << 1;     // in control
constexpr uint32_t kInterruptsAtReceive = 1 << 3;
constexpr uint32_t kReceived = 1 << 1;  // in interrupt

Expected<std::string> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {Status::kNotFound, path.string() + ": no such file; build it first"};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

Mps2An386::Mps2An386()
    : ssram_1_(kBoard.flash.bytes), ssram_23_(kBoard.ram.bytes), psram_(kBoard.extra.bytes), core_(*this) {}

Expected<std::unique_ptr<Mps2An386>> Mps2An386::Start(const std::filesystem::path& elf,
                                                      const std::optional<std::filesystem::path>& model) {
  std::unique_ptr<Mps2An386> board(new Mps2An386);
  // Puts bytes into memory; false: there is none.
  const auto place = [&](uint32_t address, const char* bytes, size_t size) {
    for (const firmware::Memory& memory : {kBoard.flash, kBoard.ram, kBoard.extra}) {
      if (!memory.Contains(address) || size > memory.bytes - (address - memory.base)) continue;
      std::vector<std::byte>& into = memory.base == kBoard.flash.base ? board->ssram_1_
                                     : memory.base == kBoard.ram.base ? board->ssram_23_
                                                                      : board->psram_;
      std::memcpy(into.data() + (address - memory.base), bytes, size);
      return true;
    }
    return false;
  };
  THIMBLE_ASSIGN(const Program program, LoadProgram(elf, kBoard));
  for (const Program::Segment& segment : program.segments) {
    if (!place(segment.address, reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size())) {
      return {Status::kInvalidArgument, elf.string() + ": not all of it fits into this board"};
    }
  }
  if (model) {
    THIMBLE_ASSIGN(const std::string bytes, ReadFile(*model));
    const auto length = static_cast<uint32_t>(bytes.size());
    if (length > kBoard.extra.bytes / 2 || !place(firmware::ModelAddress(kBoard, length), bytes.data(), bytes.size()) ||
        !place(firmware::ModelTrailerAddress(kBoard), reinterpret_cast<const char*>(&length), sizeof length)) {
      return {Status::kInvalidArgument, model->string() + ": too large for this board"};
    }
  }
  board->core_.Reset(0);
  return board;
}

std::byte* Mps2An386::Page(uint32_t address) {
  if (kBoard.flash.Contains(address)) return ssram_1_.data() + (address - kBoard.flash.base);
  if (kBoard.ram.Contains(address)) return ssram_23_.data() + (address - kBoard.ram.base);
  if (kBoard.extra.Contains(address)) return psram_.data() + (address - kBoard.extra.base);
  return nullptr;
}

const std::byte* Mps2An386::PageToRead(uint32_t address) { return Page(address & ~(kPageBytes - 1)); }
std::byte* Mps2An386::PageToWrite(uint32_t address) { return Page(address & ~(kPageBytes - 1)); }

bool Mps2An386::Read(uint32_t address, int, uint32_t& value) {
  const uint32_t base = address & ~(kPeripheralBytes - 1), offset = address - base;
  if (base != kUart && base != kTimer) return false;
  value = base == kUart ? ReadUart(offset) : ReadTimer(offset);
  return true;
}

bool Mps2An386::Write(uint32_t address, int, uint32_t value) {
  const uint32_t base = address & ~(kPeripheralBytes - 1), offset = address - base;
  if (base != kUart && base != kTimer) return false;
  base == kUart ? WriteUart(offset, value) : WriteTimer(offset, value);
  return true;
}

/// The next byte comes as soon as there is room for it.
void Mps2An386::Receive() {
  if ((uart_.control & kReceives) != 0 && (uart_.state & kReceiveFull) == 0 && !incoming_.empty()) {
    uart_.data = std::to_integer<uint32_t>(incoming_.front());
    incoming_.pop_front();
    uart_.state |= kReceiveFull;
    if ((uart_.control & kInterruptsAtReceive) != 0) uart_.interrupt |= kReceived;
  }
  core_.SetInterrupt(kReceiveInterrupt, (uart_.interrupt & kReceived) != 0);
}

uint32_t Mps2An386::ReadUart(uint32_t offset) {
  switch (offset) {
    case 0x0: {
      const uint32_t data = uart_.data;
      uart_.state &= ~kReceiveFull;
      Receive();
      return data;
    }
    case 0x4:
      return uart_.state;
    case 0x8:
      return uart_.control;
    case 0xc:
      return uart_.interrupt;
    case 0x10:
      return uart_.baud_divider;
    default:
      return 0;
  }
}

void Mps2An386::WriteUart(uint32_t offset, uint32_t value) {
  switch (offset) {
    case 0x0:
      outgoing_.push_back(static_cast<std::byte>(value));
      break;
    case 0x8:
      uart_.control = value & 0x7f;
      break;
    case 0xc:
      uart_.interrupt &= ~value;
      break;
    case 0x10:
      uart_.baud_divider = value & 0xf'ffff;
      break;
    default:
      break;
  }
  Receive();
}

uint32_t Mps2An386::ReadTimer(uint32_t offset) {
  switch (offset) {
    case 0x0:
      return timer_.control;
    case 0x4: {
      const auto per_tick = static_cast<uint64_t>(kBoard.instructions_per_tick);
      // QEMU counts a tick when the one after it begins.
      const uint64_t passed = core_.registers().instructions - timer_.since;
      const uint64_t ticks = (passed - (passed > 0 ? 1 : 0)) / per_tick;
      return (timer_.control & 1) != 0 ? timer_.value - static_cast<uint32_t>(ticks) : timer_.value;
    }
    case 0x8:
      return timer_.reload;
    default:
      return 0;
  }
}

void Mps2An386::WriteTimer(uint32_t offset, uint32_t value) {
  switch (offset) {
    case 0x0:
      timer_.value = ReadTimer(0x4);
      timer_.since = core_.registers().instructions;
      timer_.control = value;
      break;
    case 0x4:
      timer_.value = value;
      timer_.since = core_.registers().instructions;
      break;
    case 0x8:
      timer_.reload = value;
      break;
    default:
      break;
  }
}

Outcome Mps2An386::Write(std::span<const std::byte> bytes) {
  incoming_.insert(incoming_.end(), bytes.begin(), bytes.end());
  Receive();
  return Nothing{};
}

Expected<size_t> Mps2An386::Read(std::span<std::byte> buffer, int timeout_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (outgoing_.empty() && std::chrono::steady_clock::now() < end) {
    const Stop stop =
        core_.Run(core_.Cycles() + 16 * kInstructionsPerRun, core_.registers().instructions + kInstructionsPerRun);
    if (stop == Stop::kLockup || stop == Stop::kResetRequested) {
      return {Status::kDeviceFailed, Describe() + (stop == Stop::kLockup ? ": locked up" : ": asked for a reset")};
    }
    // It sleeps, and nothing is going to wake it but a byte.
    if (core_.registers().sleeping && incoming_.empty() && outgoing_.empty()) return size_t{0};
  }
  const size_t count = std::min(buffer.size(), outgoing_.size());
  std::copy_n(outgoing_.begin(), count, buffer.begin());
  outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<ptrdiff_t>(count));
  return count;
}

}  // namespace thimble::simulator::oracle
