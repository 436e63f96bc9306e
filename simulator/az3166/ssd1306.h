// The kit's display: an SSD1306 with an OLED panel of 128 by 64 pixels.
#ifndef THIMBLE_SIMULATOR_AZ3166_SSD1306_H_
#define THIMBLE_SIMULATOR_AZ3166_SSD1306_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "simulator/stm32f412/i2c_device.h"

namespace thimble::simulator {

inline constexpr int kScreenWidth = 128, kScreenHeight = 64;

/// What a person sees, the kit's buttons below the display.
struct Screen {
  std::array<uint8_t, kScreenWidth* kScreenHeight> lit = {};  ///< row by row from the top left: 1 where light is
  uint8_t brightness = 0;  ///< of the lit pixels: the contrast setting; 0 when the display is off

  bool At(int x, int y) const { return lit[static_cast<size_t>(y * kScreenWidth + x)] != 0; }
  bool operator==(const Screen&) const = default;
};

/// Commands after the data sheet (Solomon Systech, SSD1306 rev. 1.1) with its charge pump: without 8Dh 14h the panel
/// stays dark. The kit's panel stands so that a picture written from column 0, page 0 is upright with A1h and C8h.
class Ssd1306 final : public I2cDevice {
 public:
  explicit Ssd1306(std::function<uint64_t()> now_ns);

  std::string_view Name() const override { return "SSD1306"; }
  uint8_t Address() const override { return 0x3c; }
  void PowerOn() override;
  bool Start(bool reads) override;
  bool Write(uint8_t byte) override;
  uint8_t Read() override;
  std::span<std::byte> State() override;

  /// Its pin RES#. While it is low the display does not answer; memory keeps its contents.
  void SetResetPin(bool high);

  Screen Picture();

  /// A command that the display does not have, or one without function here.
  std::function<void(const std::string&)> on_note;

 private:
  struct Memory {
    uint64_t scroll_from_ns;
    uint64_t scroll_steps;          ///< taken since then
    std::array<uint8_t, 1024> ram;  ///< by page and segment; bit 0 is the uppermost row
    uint8_t reset_pin_low;
    uint8_t expects;  ///< after the address: a control byte (0), one (1) or many (2) commands, one (3) or many (4) data
    uint8_t command, arguments_left, arguments_got;
    std::array<uint8_t, 6> arguments;
    uint8_t addressing;  ///< 0 horizontal, 1 vertical, 2 page
    uint8_t column, page;
    uint8_t column_start, column_end, page_start, page_end;
    uint8_t start_line, contrast, inverted, all_on, on, charge_pump;
    uint8_t segment_remap, com_from_top, multiplex, offset, com_pins, clock, precharge;
    uint8_t scroll_area_top, scroll_area_rows;
    uint8_t scroll_command;  ///< 0: none set up
    uint8_t scroll_first_page, scroll_last_page, scroll_interval, scroll_vertical;
    uint8_t scrolling;
    uint8_t shifted_rows;  ///< by vertical scrolling
  };

  void ResetRegisters();
  void Command(uint8_t byte);
  void Execute();
  void Data(uint8_t byte);
  void Scroll();
  void StopScrolling();
  uint64_t FrameNs() const;

  std::function<uint64_t()> now_ns_;
  Memory memory_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_SSD1306_H_
