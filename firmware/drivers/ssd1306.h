// A display with an SSD1306: 128 by 64 pixels, drawn in memory and sent as a whole.
#ifndef THIMBLE_FIRMWARE_DRIVERS_SSD1306_H_
#define THIMBLE_FIRMWARE_DRIVERS_SSD1306_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "firmware/drivers/stm32f4/i2c.h"

namespace thimble::firmware {

class Ssd1306 {
 public:
  static constexpr int kWidth = 128, kHeight = 64;
  static constexpr uint8_t kAddress = 0x3c;
  /// Of a character, gap included; at scale 1.
  static constexpr int kCellWidth = 6, kCellHeight = 8;

  explicit Ssd1306(stm32f4::I2cBus& bus) : bus_(bus) {}

  /// After power-on or a reset of the display. kNotFound: no display answers.
  Status SetUp();

  void Clear() { pixels_.fill(std::byte{0}); }
  /// What lies outside of the display is left out.
  void Set(int x, int y, bool lit = true);
  bool Get(int x, int y) const;
  void Line(int x0, int y0, int x1, int y1);
  void Rectangle(int left, int top, int width, int height, bool filled);
  /// Characters from space to '~', others as '?'; each pixel `scale` by `scale`. Gives the x behind the text.
  int Text(int x, int y, std::string_view text, int scale = 1);

  /// Sends what is drawn: 1 KiB, 24 ms at 400 kHz.
  Status Show();

  /// Sends the next 32 by 8 pixels that are not as they were sent last: 1 ms. `all` says that there were none: the
  /// display shows what is drawn.
  Status ShowSome(bool& all);

 private:
  static constexpr int kPieceBytes = 32;
  using Pixels = std::array<std::byte, kWidth * kHeight / 8>;  // by page of eight rows, bit 0 uppermost

  stm32f4::I2cBus& bus_;
  Pixels pixels_{}, shown_{};
  size_t next_piece_ = 0;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_DRIVERS_SSD1306_H_
