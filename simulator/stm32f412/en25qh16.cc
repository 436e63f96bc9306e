#include "simulator/stm32f412/en25qh16.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <string>

#include "simulator/stm32f412/clock_arithmetic.h"

namespace thimble::simulator {
namespace {

enum Instruction : uint8_t {
  kWriteStatus = 0x01,
  kPageProgram = 0x02,
  kRead = 0x03,
  kWriteDisable = 0x04,
  kReadStatus = 0x05,
  kWriteEnable = 0x06,
  kFastRead = 0x0b,
  kSectorErase = 0x20,
  kFourWires = 0x38,
  kDualOutput = 0x3b,
  kHalfBlockErase = 0x52,
  kReadParameters = 0x5a,
  kChipErase60 = 0x60,
  kResetEnable = 0x66,
  kManufacturerId = 0x90,
  kReset = 0x99,
  kReadId = 0x9f,
  kRelease = 0xab,
  kPowerDown = 0xb9,
  kDualIo = 0xbb,
  kChipErase = 0xc7,
  kBlockErase = 0xd8,
  kQuadIo = 0xeb,
  kOneWire = 0xff,
};

// Status register.
constexpr uint8_t kBusyBit = 1 << 0, kEnabledBit = 1 << 1;

// Typical times of Eon's 16-Mbit chips with the ID 1C 30 15.
constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kPageProgramNs = 1'300'000, kSectorEraseNs = 90 * kMs, kHalfBlockEraseNs = 200 * kMs,
                   kBlockEraseNs = 400 * kMs, kChipEraseNs = 12'000 * kMs, kWriteStatusNs = 10 * kMs;

constexpr uint8_t kManufacturer = 0x1c, kDevice = 0x14;

/// JESD216: header, one parameter header, and the basic table of nine words.
constexpr uint32_t kParameters[] = {
    0x5044'4653,  // "SFDP"
    0xff00'0100,  // version 1.0, one table
    0x0901'0000,  // the basic table: version 1.0, nine words
    0xff00'0030,  // at 0x30
    ~0u,         ~0u,         ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
    0xfff1'20e5,  // 4 KiB erase with 0x20; 3-byte addresses; 1-1-2, 1-2-2 and 1-4-4 reads, not 1-1-4
    0x00ff'ffff,  // 16 Mbit
    0x0000'eb44,  // 1-4-4: 0xEB, 4 dummy clocks after 2 of mode bits
    0xbb80'3b08,  // 1-1-2: 0x3B, 8 dummy clocks; 1-2-2: 0xBB, 4 of mode bits
    0xffff'fffe,  // no 2-2-2
    0xffff'ffff, 0xffff'ffff,
    0x520f'200c,  // 4 KiB: 0x20, 32 KiB: 0x52
    0x0000'd810,  // 64 KiB: 0xD8
};

bool IsMemoryRead(uint8_t instruction) {
  return instruction == kRead || instruction == kFastRead || instruction == kDualOutput || instruction == kDualIo ||
         instruction == kQuadIo;
}

std::string Hexadecimal(uint8_t value) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  return {'0', 'x', kDigits[value >> 4], kDigits[value & 15]};
}

/// What has to come between instruction and data.
struct Shape {
  uint8_t instruction;
  bool address;
  int address_lines, clocks, data_lines;  // clocks: mode bits and dummy cycles together
};
constexpr Shape kShapes[] = {
    {kRead, true, 1, 0, 1},           {kFastRead, true, 1, 8, 1},     {kDualOutput, true, 1, 8, 2},
    {kDualIo, true, 2, 4, 2},         {kQuadIo, true, 4, 6, 4},       {kReadParameters, true, 1, 8, 1},
    {kManufacturerId, true, 1, 0, 1}, {kPageProgram, true, 1, 0, 1},  {kReadStatus, false, 0, 0, 1},
    {kReadId, false, 0, 0, 1},        {kWriteStatus, false, 0, 0, 1},
};
// Without data. Erasing has an address, the rest has none.
constexpr uint8_t kErasers[] = {kSectorErase, kHalfBlockErase, kBlockErase};
constexpr uint8_t kOrders[] = {kWriteEnable, kWriteDisable, kChipErase,   kChipErase60, kPowerDown,
                               kFourWires,   kOneWire,      kResetEnable, kReset};

bool Contains(std::span<const uint8_t> list, uint8_t instruction) {
  return std::find(list.begin(), list.end(), instruction) != list.end();
}

}  // namespace

void En25qh16::PowerOn() {
  const uint8_t status = state_.status;
  state_ = {};
  state_.status = status;
}

uint8_t En25qh16::Status() const {
  return static_cast<uint8_t>(state_.status | (Busy() ? kBusyBit : 0) | (state_.write_enabled ? kEnabledBit : 0));
}

bool En25qh16::WellFormed(const SerialFlashCommand& command) const {
  if (command.double_rate) return false;
  const int wires = state_.four_wires ? 4 : 1;
  if (command.instruction_lines != wires) return false;
  const int clocks =
      command.dummy_cycles + (command.alternate_lines == 0 ? 0 : command.alternate_bits / command.alternate_lines);
  const uint8_t instruction = command.instruction;
  if (instruction == kRelease) {
    // Alone it wakes the chip; with three bytes of anything before the data it also tells the device ID.
    const int before = (command.address_lines == 0 ? 0 : command.address_bits / command.address_lines) + clocks;
    return command.data_lines == 0 || (command.data_lines == wires && before == 24 / wires);
  }
  if (Contains(kOrders, instruction)) return command.address_lines == 0 && clocks == 0 && command.data_lines == 0;
  if (Contains(kErasers, instruction)) {
    return command.address_lines == wires && command.address_bits == 24 && clocks == 0 && command.data_lines == 0;
  }
  for (const Shape& shape : kShapes) {
    if (shape.instruction != instruction) continue;
    if (shape.address ? command.address_bits != 24 || command.address_lines == 0 : command.address_lines != 0) {
      return false;
    }
    if (!state_.four_wires) {
      return (!shape.address || command.address_lines == shape.address_lines) && clocks == shape.clocks &&
             command.data_lines == shape.data_lines;
    }
    // On four wires both ways to read take six clocks, and the dual ones are gone.
    if (instruction == kRead || instruction == kDualOutput || instruction == kDualIo) return false;
    const int wanted = IsMemoryRead(instruction) ? 6 : shape.clocks;
    return (!shape.address || command.address_lines == 4) && clocks == wanted && command.data_lines == 4;
  }
  return false;
}

bool En25qh16::ReadsMemory(const SerialFlashCommand& command) const {
  return !Busy() && !state_.powered_down && IsMemoryRead(command.instruction) && WellFormed(command);
}

void En25qh16::Select(const SerialFlashCommand& command) {
  if (state_.selected) Deselect();
  state_.command = command;
  state_.selected = true;
  state_.count = 0;
  std::fill(std::begin(state_.page_filled), std::end(state_.page_filled), false);
  state_.position = command.address_lines != 0 ? command.address % kBytes : 0;
  state_.accepted = WellFormed(command);
  if (!state_.accepted) {
    chip_.Note("EN25QH16: the command " + Hexadecimal(command.instruction) +
               ", or this form of it (wires, address, dummy clocks), is not known: ignored");
    return;
  }
  const uint8_t instruction = command.instruction;
  if (state_.powered_down && instruction != kRelease) state_.accepted = false;
  if (Busy() && instruction != kReadStatus && instruction != kResetEnable && instruction != kReset) {
    state_.accepted = false;
  }
  if (instruction != kReset && state_.accepted) state_.reset_enabled = instruction == kResetEnable;
  if (command.alternate_lines != 0 && (command.alternate & 0xf) != 0 &&
      ((command.alternate >> 4 ^ command.alternate) & 0xf) == 0xf) {
    chip_.Note("EN25QH16: the mode bits ask for reads without instruction, which is not modelled");
  }
}

uint8_t En25qh16::ReadByte() {
  if (!state_.selected || !state_.accepted) return 0xff;
  const uint32_t position = state_.position++;
  switch (state_.command.instruction) {
    case kRead:
    case kFastRead:
    case kDualOutput:
    case kDualIo:
    case kQuadIo:
      return std::to_integer<uint8_t>(*memory_.ToRead(position % kBytes));
    case kReadStatus:
      return Status();
    case kReadId:
      return static_cast<uint8_t>(kJedecId >> (16 - 8 * (position % 3)));
    case kManufacturerId:
      return position % 2 == 0 ? kManufacturer : kDevice;
    case kRelease:
      return kDevice;
    case kReadParameters: {
      if (position >= sizeof kParameters) return 0xff;
      return static_cast<uint8_t>(kParameters[position / 4] >> 8 * (position % 4));
    }
    default:
      return 0xff;
  }
}

void En25qh16::WriteByte(uint8_t byte) {
  if (!state_.selected || !state_.accepted) return;
  if (state_.command.instruction == kPageProgram) {
    // Beyond the page's end it goes on at its beginning; of more than 256 bytes the last ones count.
    const uint32_t place = state_.position % kPageBytes;
    state_.page[place] = byte;
    state_.page_filled[place] = true;
    ++state_.position;
  } else if (state_.command.instruction == kWriteStatus && state_.count == 0) {
    state_.new_status = byte;
  }
  state_.count = state_.count == ~0u ? ~0u : state_.count + 1;
}

void En25qh16::Deselect() {
  if (!state_.selected) return;
  state_.selected = false;
  if (!state_.accepted) return;
  const uint32_t address = state_.command.address % kBytes;
  switch (state_.command.instruction) {
    case kWriteEnable:
      state_.write_enabled = true;
      break;
    case kWriteDisable:
      state_.write_enabled = false;
      break;
    case kWriteStatus:
      if (state_.count > 0) WriteStatus();
      break;
    case kPageProgram:
      if (state_.count > 0) ProgramPage();
      break;
    case kSectorErase:
      Erase(address & ~0xfffu, 0x1000, kSectorEraseNs);
      break;
    case kHalfBlockErase:
      Erase(address & ~0x7fffu, 0x8000, kHalfBlockEraseNs);
      break;
    case kBlockErase:
      Erase(address & ~0xffffu, 0x1'0000, kBlockEraseNs);
      break;
    case kChipErase:
    case kChipErase60:
      Erase(0, kBytes, kChipEraseNs);
      break;
    case kPowerDown:
      state_.powered_down = true;
      break;
    case kRelease:
      state_.powered_down = false;
      break;
    case kFourWires:
      state_.four_wires = true;
      break;
    case kOneWire:
      state_.four_wires = false;
      break;
    case kReset:
      if (state_.reset_enabled) PowerOn();
      break;
    default:
      break;
  }
}

bool En25qh16::Protected(uint32_t address, uint32_t bytes) const {
  // BP2:0 double the protected part from one block of 64 KiB on; BP3 tells which end.
  const uint32_t size = state_.status >> 2 & 7;
  if (size == 0) return false;
  const uint32_t protected_bytes = std::min(0x1'0000u << (size - 1), kBytes);
  if (size >= 6) return true;
  if ((state_.status & 1 << 5) != 0) return address < protected_bytes;
  return address + bytes > kBytes - protected_bytes;
}

void En25qh16::TakeTime(uint64_t ns) {
  state_.write_enabled = false;
  state_.busy_until_ns = AddTime(chip_.NowNs(), ns);
}

void En25qh16::ProgramPage() {
  if (!state_.write_enabled) {
    chip_.Note("EN25QH16: page program without write enable (0x06) before: ignored");
    return;
  }
  const uint32_t page = state_.command.address % kBytes / kPageBytes * kPageBytes;
  if (Protected(page, kPageBytes)) {
    chip_.Note("EN25QH16: page program in a protected block: ignored");
    state_.write_enabled = false;
    return;
  }
  std::array<std::byte, kPageBytes> bytes;
  memory_.Read(page, bytes);
  const bool holds = chip_.PowerHolds();
  for (uint32_t i = 0; i < kPageBytes; ++i) {
    if (!state_.page_filled[i]) continue;
    const auto cleared = static_cast<std::byte>(~state_.page[i] & (holds ? 0xffu : chip_.Random() & 0xffu));
    bytes[i] &= ~cleared;
  }
  memory_.Write(page, bytes);
  TakeTime(kPageProgramNs);
}

void En25qh16::Erase(uint32_t address, uint32_t bytes, uint64_t ns) {
  if (!state_.write_enabled) {
    chip_.Note("EN25QH16: erase without write enable (0x06) before: ignored");
    return;
  }
  if (bytes == kBytes ? (state_.status & 0x1c) != 0 : Protected(address, bytes)) {
    chip_.Note("EN25QH16: erase of a protected block: ignored");
    state_.write_enabled = false;
    return;
  }
  if (chip_.PowerHolds()) {
    memory_.Fill(address, bytes, std::byte{0xff});
  } else {
    const uint64_t erased_of_256 = chip_.Random() & 0xff;
    std::array<std::byte, kPageBytes> page;
    for (uint32_t offset = address; offset < address + bytes; offset += kPageBytes) {
      memory_.Read(offset, page);
      for (std::byte& byte : page) {
        const uint64_t dice = chip_.Random();
        if ((dice & 0xff) < erased_of_256) {
          byte = std::byte{0xff};
        } else if ((dice >> 8 & 0xff) < erased_of_256) {
          byte |= static_cast<std::byte>(dice >> 16 & 0xff);
        }
      }
      memory_.Write(offset, page);
    }
  }
  TakeTime(ns);
}

void En25qh16::WriteStatus() {
  if (!state_.write_enabled) {
    chip_.Note("EN25QH16: write status without write enable (0x06) before: ignored");
    return;
  }
  const auto changed = static_cast<uint8_t>((state_.status ^ state_.new_status) & 0xfc);
  const bool holds = chip_.PowerHolds();
  state_.status ^= static_cast<uint8_t>(changed & (holds ? 0xffu : chip_.Random() & 0xffu));
  TakeTime(kWriteStatusNs);
}

}  // namespace thimble::simulator
