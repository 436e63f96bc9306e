#include "simulator/az3166/ssd1306.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/random.h"

namespace thimble::simulator {
namespace {

enum Expecting : uint8_t { kControlByte, kOneCommand, kCommands, kOneByteOfData, kData };
enum Addressing : uint8_t { kHorizontal, kVertical, kByPage };

constexpr uint8_t kDisplayOffStatus = 0x40;
constexpr uint8_t kChargePumpOn = 0x04;
constexpr uint8_t kAlternativePins = 0x10, kSidesSwapped = 0x20;

int ArgumentsOf(uint8_t command) {
  switch (command) {
    case 0x20:
    case 0x81:
    case 0x8d:
    case 0xa8:
    case 0xd3:
    case 0xd5:
    case 0xd9:
    case 0xda:
    case 0xdb:
      return 1;
    case 0x21:
    case 0x22:
    case 0xa3:
      return 2;
    case 0x29:
    case 0x2a:
      return 5;
    case 0x26:
    case 0x27:
      return 6;
    default:
      return 0;
  }
}

}  // namespace

Ssd1306::Ssd1306(std::function<uint64_t()> now_ns) : now_ns_(std::move(now_ns)) { PowerOn(); }

void Ssd1306::PowerOn() {
  std::memset(static_cast<void*>(&memory_), 0, sizeof memory_);
  ResetRegisters();
  Random noise(0x1306);  // what memory holds after power-on
  for (uint8_t& byte : memory_.ram) byte = static_cast<uint8_t>(noise.Next() >> 56);
}

void Ssd1306::ResetRegisters() {
  const auto ram = memory_.ram;
  const uint8_t pin = memory_.reset_pin_low;
  std::memset(static_cast<void*>(&memory_), 0, sizeof memory_);
  memory_.ram = ram;
  memory_.reset_pin_low = pin;
  memory_.addressing = kByPage;
  memory_.column_end = 127;
  memory_.page_end = 7;
  memory_.contrast = 0x7f;
  memory_.multiplex = 63;
  memory_.com_pins = 0x12;
  memory_.clock = 0x80;
  memory_.precharge = 0x22;
  memory_.scroll_area_rows = 64;
}

std::span<std::byte> Ssd1306::State() { return StateBytes(memory_); }

void Ssd1306::SetResetPin(bool high) {
  memory_.reset_pin_low = high ? 0 : 1;
  if (!high) ResetRegisters();
}

bool Ssd1306::Start(bool reads) {
  if (memory_.reset_pin_low != 0) return false;
  if (!reads) memory_.expects = kControlByte;
  return true;
}

bool Ssd1306::Write(uint8_t byte) {
  if (memory_.reset_pin_low != 0) return false;
  switch (memory_.expects) {
    case kControlByte: {
      const bool continues = (byte & 0x80) != 0;
      const bool data = (byte & 0x40) != 0;
      memory_.expects = data ? (continues ? kOneByteOfData : kData) : (continues ? kOneCommand : kCommands);
      return true;
    }
    case kOneCommand:
      memory_.expects = kControlByte;
      Command(byte);
      return true;
    case kOneByteOfData:
      memory_.expects = kControlByte;
      Data(byte);
      return true;
    case kCommands:
      Command(byte);
      return true;
    default:
      Data(byte);
      return true;
  }
}

uint8_t Ssd1306::Read() { return memory_.on != 0 ? uint8_t{0} : kDisplayOffStatus; }

void Ssd1306::Command(uint8_t byte) {
  if (memory_.arguments_left > 0) {
    memory_.arguments[memory_.arguments_got++ % memory_.arguments.size()] = byte;
    if (--memory_.arguments_left > 0) return;
  } else {
    memory_.command = byte;
    memory_.arguments_got = 0;
    memory_.arguments_left = static_cast<uint8_t>(ArgumentsOf(byte));
    if (memory_.arguments_left > 0) return;
  }
  Scroll();  // until now the old settings held
  Execute();
}

void Ssd1306::Execute() {
  const uint8_t command = memory_.command;
  const auto& argument = memory_.arguments;
  if (command <= 0x0f) {
    memory_.column = static_cast<uint8_t>((memory_.column & 0x70) | command);
    return;
  }
  if (command <= 0x1f) {
    memory_.column = static_cast<uint8_t>((memory_.column & 0x0f) | (command & 7) << 4);
    return;
  }
  if (command >= 0x40 && command <= 0x7f) {
    memory_.start_line = command & 0x3f;
    return;
  }
  if (command >= 0xb0 && command <= 0xb7) {
    memory_.page = command & 7;
    return;
  }
  if (command >= 0xc0 && command <= 0xcf) {
    memory_.com_from_top = (command & 8) != 0 ? 1 : 0;
    return;
  }
  switch (command) {
    case 0x20:
      memory_.addressing = std::min<uint8_t>(argument[0] & 3, kByPage);
      break;
    case 0x21:
      memory_.column = memory_.column_start = argument[0] & 0x7f;
      memory_.column_end = argument[1] & 0x7f;
      break;
    case 0x22:
      memory_.page = memory_.page_start = argument[0] & 7;
      memory_.page_end = argument[1] & 7;
      break;
    case 0x26:
    case 0x27:
    case 0x29:
    case 0x2a:
      memory_.scroll_command = command;
      memory_.scroll_first_page = argument[1] & 7;
      memory_.scroll_interval = argument[2] & 7;
      memory_.scroll_last_page = argument[3] & 7;
      memory_.scroll_vertical = command >= 0x29 ? argument[4] & 0x3f : 0;
      break;
    case 0x2e:
      StopScrolling();
      break;
    case 0x2f:
      StopScrolling();
      if (memory_.scroll_command == 0) break;
      memory_.scrolling = 1;
      memory_.scroll_from_ns = now_ns_();
      break;
    case 0x81:
      memory_.contrast = argument[0];
      break;
    case 0x8d:
      memory_.charge_pump = argument[0];
      break;
    case 0xa0:
    case 0xa1:
      memory_.segment_remap = command & 1;
      break;
    case 0xa3:
      memory_.scroll_area_top = argument[0] & 0x3f;
      memory_.scroll_area_rows = argument[1] & 0x7f;
      break;
    case 0xa4:
    case 0xa5:
      memory_.all_on = command & 1;
      break;
    case 0xa6:
    case 0xa7:
      memory_.inverted = command & 1;
      break;
    case 0xa8:
      if ((argument[0] & 0x3f) >= 15) memory_.multiplex = argument[0] & 0x3f;
      break;
    case 0xae:
    case 0xaf:
      memory_.on = command & 1;
      break;
    case 0xd3:
      memory_.offset = argument[0] & 0x3f;
      break;
    case 0xd5:
      memory_.clock = argument[0];
      break;
    case 0xd9:
      memory_.precharge = argument[0];
      break;
    case 0xda:
      memory_.com_pins = argument[0];
      break;
    case 0xdb:  // VCOMH changes the brightness less than an eye sees
    case 0xe3:
      break;
    default:
      if (on_note) {
        std::array<char, 64> text;
        std::snprintf(text.data(), text.size(), "SSD1306: command %02Xh is not modelled", command);
        on_note(text.data());
      }
  }
}

void Ssd1306::Data(uint8_t byte) {
  Scroll();
  const int segment = memory_.segment_remap != 0 ? 127 - memory_.column : memory_.column;
  memory_.ram[static_cast<size_t>(memory_.page * 128 + segment)] = byte;
  const auto advance = [](uint8_t& at, uint8_t first, uint8_t last, uint8_t most) {
    if (at == last) {
      at = first;
      return true;
    }
    at = static_cast<uint8_t>((at + 1) & most);
    return false;
  };
  switch (memory_.addressing) {
    case kByPage:
      memory_.column = (memory_.column + 1) & 127;
      break;
    case kHorizontal:
      if (advance(memory_.column, memory_.column_start, memory_.column_end, 127)) {
        advance(memory_.page, memory_.page_start, memory_.page_end, 7);
      }
      break;
    default:
      if (advance(memory_.page, memory_.page_start, memory_.page_end, 7)) {
        advance(memory_.column, memory_.column_start, memory_.column_end, 127);
      }
      break;
  }
}

/// Data sheet, section 8.3: a row takes its precharge phases and 50 clocks of current.
uint64_t Ssd1306::FrameNs() const {
  const int oscillator_hz = 370'000 + ((memory_.clock >> 4) - 8) * 22'000;
  const int phases = (memory_.precharge & 15) + (memory_.precharge >> 4) + 50;
  const int clocks = ((memory_.clock & 15) + 1) * phases * (memory_.multiplex + 1);
  return static_cast<uint64_t>(clocks) * 1'000'000'000 / static_cast<uint64_t>(oscillator_hz);
}

void Ssd1306::StopScrolling() { memory_.scrolling = memory_.shifted_rows = 0, memory_.scroll_steps = 0; }

/// Brings memory to where continuous scrolling has moved it by now.
void Ssd1306::Scroll() {
  if (memory_.scrolling == 0) return;
  constexpr uint64_t kFrames[8] = {5, 64, 128, 256, 3, 4, 25, 2};
  const uint64_t now = now_ns_();
  const uint64_t steps =
      (now - std::min(now, memory_.scroll_from_ns)) / (kFrames[memory_.scroll_interval & 7] * FrameNs());
  if (steps <= memory_.scroll_steps) return;
  const uint64_t moved = steps - std::exchange(memory_.scroll_steps, steps);

  const auto columns = static_cast<ptrdiff_t>(moved % 128);
  const bool right = memory_.scroll_command == 0x26 || memory_.scroll_command == 0x29;
  const bool upwards = right != (memory_.segment_remap != 0);  // of segments' numbers
  for (int page = memory_.scroll_first_page; page <= memory_.scroll_last_page; ++page) {
    const auto row = memory_.ram.begin() + page * 128;
    std::rotate(row, row + (upwards ? (128 - columns) % 128 : columns), row + 128);
  }
  if (memory_.scroll_area_rows != 0) {
    memory_.shifted_rows =
        static_cast<uint8_t>((memory_.shifted_rows + moved % 64 * memory_.scroll_vertical) % memory_.scroll_area_rows);
  }
}

Screen Ssd1306::Picture() {
  Scroll();
  Screen screen;
  // Without its charge pump the panel has no voltage to shine with.
  if (memory_.on == 0 || (memory_.charge_pump & kChargePumpOn) == 0) return screen;
  screen.brightness = static_cast<uint8_t>(20 + memory_.contrast * 235 / 255);

  const int rows = memory_.multiplex + 1;
  for (int y = 0; y < kScreenHeight; ++y) {
    // The panel's lines are wired for alternating pins, the lowest line to COM0; other settings reach other lines.
    const int line = kScreenHeight - 1 - y;
    const bool swapped = (memory_.com_pins & kSidesSwapped) != 0;
    int com = swapped ? line ^ 1 : line;
    if ((memory_.com_pins & kAlternativePins) == 0) com = line / 2 + (((line & 1) != 0) != swapped ? 32 : 0);

    const int row = (memory_.com_from_top != 0 ? rows - 1 - com + memory_.offset + 64 : com + memory_.offset) % 64;
    if (row >= rows) continue;
    int shown = row;
    const int top = memory_.scroll_area_top;
    const int area = memory_.scroll_area_rows;
    if (memory_.shifted_rows != 0 && row >= top && row < top + area) {
      shown = top + (row - top + memory_.shifted_rows) % area;
    }
    const int ram_row = (shown + memory_.start_line) % 64;
    for (int x = 0; x < kScreenWidth; ++x) {
      const uint8_t column = memory_.ram[static_cast<size_t>(ram_row / 8 * 128 + (127 - x))];
      const bool bit = ((column >> (ram_row % 8)) & 1) != 0;
      const bool lit = memory_.all_on != 0 || bit != (memory_.inverted != 0);
      screen.lit[static_cast<size_t>(y * kScreenWidth + x)] = lit ? 1 : 0;
    }
  }
  return screen;
}

}  // namespace thimble::simulator
