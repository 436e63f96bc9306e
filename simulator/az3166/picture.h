// Pictures of what a board shows: drawn with soft edges, written as PNG, or as text for a terminal.
#ifndef THIMBLE_SIMULATOR_AZ3166_PICTURE_H_
#define THIMBLE_SIMULATOR_AZ3166_PICTURE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "simulator/az3166/ssd1306.h"

namespace thimble::simulator {

struct Colour {
  float red, green, blue;  ///< light, 0 to 1
};

/// Light on a plane: linear, so that it adds up as light does.
class Picture {
 public:
  Picture(int width, int height, Colour background);

  int width() const { return width_; }
  int height() const { return height_; }
  Colour At(int x, int y) const { return pixels_[Index(x, y)]; }

  // Coordinates are in pixels; edges are one pixel soft.
  void Rectangle(double left, double top, double right, double bottom, double corner_radius, Colour colour,
                 double opacity = 1);
  void Frame(double left, double top, double right, double bottom, double corner_radius, double thickness,
             Colour colour, double opacity = 1);
  void Disc(double x, double y, double radius, Colour colour, double opacity = 1);
  void Ring(double x, double y, double radius, double thickness, Colour colour, double opacity = 1);
  void Line(double x0, double y0, double x1, double y1, double thickness, Colour colour, double opacity = 1);
  /// Light that is added and fades to nothing at `radius`.
  void Glow(double x, double y, double radius, Colour colour, double strength);
  /// Letters, digits and a few signs, drawn with strokes; `height` is a capital's.
  void Text(double left, double baseline, double height, std::string_view text, Colour colour, double opacity = 1);
  static double TextWidth(double height, std::string_view text);

  /// Eight bits a channel, sRGB, row by row.
  std::vector<uint8_t> Srgb() const;

 private:
  size_t Index(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x);
  }
  template <typename Distance>
  void Fill(double left, double top, double right, double bottom, Colour colour, double opacity,
            const Distance& distance);

  int width_, height_;
  std::vector<Colour> pixels_;
};

/// PNG of eight bits a channel. The file is whole or, after an error, absent.
Outcome WritePng(const std::string& path, const Picture& picture);

/// The display's glass with its pixels, `pitch` picture pixels from one to the next, into `picture`.
void DrawScreen(Picture& picture, double left, double top, double pitch, const Screen& screen);

/// The display alone in a dark bezel.
Picture ScreenPicture(const Screen& screen, int scale = 6);

enum class TerminalStyle : uint8_t {
  kHalfBlocks,     ///< ▀ ▄ █: 128 columns, 32 lines
  kQuarterBlocks,  ///< ▘ ▚ ▟ …: 64 columns, 32 lines
  kAscii,          ///< ' : . 128 columns, 32 lines
};

/// Lines with '\n'. Dark when the display is off.
std::string ToTerminal(const Screen& screen, TerminalStyle style);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_PICTURE_H_
