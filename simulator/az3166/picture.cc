#include "simulator/az3166/picture.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace thimble::simulator {
namespace {

/// Strokes on a grid of 4 by 6, from point to point; '/' lifts the pen.
struct Glyph {
  char letter;
  const char* strokes;
};

constexpr Glyph kGlyphs[] = {
    {'A', "00 04 26 44 40/02 42"},
    {'B', "00 06 36 45 44 33 03/33 42 41 30 00"},
    {'C', "45 36 16 05 01 10 30 41"},
    {'D', "00 06 26 44 42 20 00"},
    {'E', "46 06 00 40/03 33"},
    {'F', "46 06 00/03 33"},
    {'G', "45 36 16 05 01 10 30 41 43 23"},
    {'H', "00 06/40 46/03 43"},
    {'I', "10 30/20 26/16 36"},
    {'J', "46 41 30 10 01"},
    {'K', "00 06/46 03 40"},
    {'L', "06 00 40"},
    {'M', "00 06 23 46 40"},
    {'N', "00 06 40 46"},
    {'O', "10 30 41 45 36 16 05 01 10"},
    {'P', "00 06 36 45 44 33 03"},
    {'Q', "10 30 41 45 36 16 05 01 10/22 40"},
    {'R', "00 06 36 45 44 33 03/23 40"},
    {'S', "45 36 16 05 04 13 33 42 41 30 10 01"},
    {'T', "20 26/06 46"},
    {'U', "06 01 10 30 41 46"},
    {'V', "06 20 46"},
    {'W', "06 10 23 30 46"},
    {'X', "00 46/06 40"},
    {'Y', "06 23 46/23 20"},
    {'Z', "06 46 00 40"},
    {'0', "10 30 41 45 36 16 05 01 10"},
    {'1', "15 26 20/10 30"},
    {'2', "05 16 36 45 44 00 40"},
    {'3', "05 16 36 45 44 33 42 41 30 10 01/13 33"},
    {'4', "30 36 02 42"},
    {'5', "46 06 03 33 42 41 30 10 01"},
    {'6', "45 36 16 05 01 10 30 41 42 33 03"},
    {'7', "06 46 10"},
    {'8', "13 04 05 16 36 45 44 33 13 02 01 10 30 41 42 33"},
    {'9', "01 10 30 41 45 36 16 05 04 13 43"},
    {'-', "13 33"},
    {'+', "13 33/22 24"},
    {'.', "20 20"},
    {':', "21 21/24 24"},
    {'/', "00 46"},
};

constexpr double kGridHeight = 6, kAdvance = 6, kGlyphWidth = 4;

double Length(double x, double y) { return std::sqrt(x * x + y * y); }

/// Distance from the edge of a rectangle with round corners; negative inside.
double RectangleDistance(double x, double y, double left, double top, double right, double bottom, double radius) {
  const double across = std::abs(x - (left + right) / 2) - (right - left) / 2 + radius;
  const double down = std::abs(y - (top + bottom) / 2) - (bottom - top) / 2 + radius;
  return Length(std::max(across, 0.0), std::max(down, 0.0)) + std::min(std::max(across, down), 0.0) - radius;
}

Colour Mix(Colour from, Colour to, double share) {
  const auto part = static_cast<float>(share);
  return {from.red + (to.red - from.red) * part, from.green + (to.green - from.green) * part,
          from.blue + (to.blue - from.blue) * part};
}

uint8_t SrgbByte(float light) {
  const double value = std::clamp(static_cast<double>(light), 0.0, 1.0);
  const double curve = value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
  return static_cast<uint8_t>(std::lround(255 * curve));
}

}  // namespace

Picture::Picture(int width, int height, Colour background)
    : width_(width), height_(height), pixels_(static_cast<size_t>(width) * static_cast<size_t>(height), background) {}

template <typename Distance>
void Picture::Fill(double left, double top, double right, double bottom, Colour colour, double opacity,
                   const Distance& distance) {
  const int first_x = std::max(0, static_cast<int>(std::floor(left)) - 1);
  const int first_y = std::max(0, static_cast<int>(std::floor(top)) - 1);
  const int last_x = std::min(width_ - 1, static_cast<int>(std::ceil(right)) + 1);
  const int last_y = std::min(height_ - 1, static_cast<int>(std::ceil(bottom)) + 1);
  for (int y = first_y; y <= last_y; ++y) {
    for (int x = first_x; x <= last_x; ++x) {
      const double covered = std::clamp(0.5 - distance(x + 0.5, y + 0.5), 0.0, 1.0);
      if (covered > 0) pixels_[Index(x, y)] = Mix(pixels_[Index(x, y)], colour, covered * opacity);
    }
  }
}

void Picture::Rectangle(double left, double top, double right, double bottom, double corner_radius, Colour colour,
                        double opacity) {
  Fill(left, top, right, bottom, colour, opacity,
       [&](double x, double y) { return RectangleDistance(x, y, left, top, right, bottom, corner_radius); });
}

void Picture::Frame(double left, double top, double right, double bottom, double corner_radius, double thickness,
                    Colour colour, double opacity) {
  Fill(left, top, right, bottom, colour, opacity, [&](double x, double y) {
    return std::abs(RectangleDistance(x, y, left, top, right, bottom, corner_radius) + thickness / 2) - thickness / 2;
  });
}

void Picture::Disc(double x, double y, double radius, Colour colour, double opacity) {
  Fill(x - radius, y - radius, x + radius, y + radius, colour, opacity,
       [&](double px, double py) { return Length(px - x, py - y) - radius; });
}

void Picture::Ring(double x, double y, double radius, double thickness, Colour colour, double opacity) {
  Fill(x - radius, y - radius, x + radius, y + radius, colour, opacity,
       [&](double px, double py) { return std::abs(Length(px - x, py - y) - radius + thickness / 2) - thickness / 2; });
}

void Picture::Line(double x0, double y0, double x1, double y1, double thickness, Colour colour, double opacity) {
  const double across = x1 - x0;
  const double down = y1 - y0;
  const double square = across * across + down * down;
  const double half = thickness / 2;
  Fill(std::min(x0, x1) - half, std::min(y0, y1) - half, std::max(x0, x1) + half, std::max(y0, y1) + half, colour,
       opacity, [&](double x, double y) {
         const double along = square == 0 ? 0 : std::clamp(((x - x0) * across + (y - y0) * down) / square, 0.0, 1.0);
         return Length(x - x0 - along * across, y - y0 - along * down) - half;
       });
}

void Picture::Glow(double x, double y, double radius, Colour colour, double strength) {
  const int first_x = std::max(0, static_cast<int>(x - radius));
  const int first_y = std::max(0, static_cast<int>(y - radius));
  const int last_x = std::min(width_ - 1, static_cast<int>(x + radius) + 1);
  const int last_y = std::min(height_ - 1, static_cast<int>(y + radius) + 1);
  for (int py = first_y; py <= last_y; ++py) {
    for (int px = first_x; px <= last_x; ++px) {
      const double far = Length(px + 0.5 - x, py + 0.5 - y) / radius;
      if (far >= 1) continue;
      const double fade = (1 - far * far) * (1 - far * far) / (1 + 12 * far * far);
      Colour& pixel = pixels_[Index(px, py)];
      const auto light = static_cast<float>(strength * fade);
      pixel.red += colour.red * light;
      pixel.green += colour.green * light;
      pixel.blue += colour.blue * light;
    }
  }
}

void Picture::Text(double left, double baseline, double height, std::string_view text, Colour colour, double opacity) {
  const double unit = height / kGridHeight;
  const double thickness = std::max(1.0, unit * 0.85);
  for (char letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    const auto* glyph = std::find_if(std::begin(kGlyphs), std::end(kGlyphs),
                                     [letter](const Glyph& candidate) { return candidate.letter == letter; });
    if (glyph != std::end(kGlyphs)) {
      bool pen_down = false;
      double from_x = 0;
      double from_y = 0;
      for (const char* stroke = glyph->strokes; *stroke != '\0';) {
        if (*stroke == '/' || *stroke == ' ') {
          pen_down = pen_down && *stroke == ' ';
          ++stroke;
          continue;
        }
        const double x = left + (stroke[0] - '0') * unit;
        const double y = baseline - (stroke[1] - '0') * unit;
        stroke += 2;
        if (pen_down) Line(from_x, from_y, x, y, thickness, colour, opacity);
        pen_down = true;
        from_x = x;
        from_y = y;
      }
    }
    left += kAdvance * unit;
  }
}

double Picture::TextWidth(double height, std::string_view text) {
  if (text.empty()) return 0;
  return (static_cast<double>(text.size() - 1) * kAdvance + kGlyphWidth) * height / kGridHeight;
}

std::vector<uint8_t> Picture::Srgb() const {
  std::vector<uint8_t> bytes;
  bytes.reserve(pixels_.size() * 3);
  for (const Colour& pixel : pixels_) {
    for (const float light : {pixel.red, pixel.green, pixel.blue}) bytes.push_back(SrgbByte(light));
  }
  return bytes;
}

Outcome WritePng(const std::string& path, const Picture& picture) {
  const std::vector<uint8_t> bytes = picture.Srgb();
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width());
  image.height = static_cast<png_uint_32>(picture.height());
  image.format = PNG_FORMAT_RGB;
  const std::string part = path + ".part";
  if (png_image_write_to_file(&image, part.c_str(), 0, bytes.data(), 0, nullptr) == 0) {
    std::remove(part.c_str());
    return Error{Status::kFailed, path + ": the picture cannot be written there: " + image.message};
  }
  if (std::rename(part.c_str(), path.c_str()) != 0) {
    std::remove(part.c_str());
    return Error{Status::kFailed, path + ": the picture cannot be written there; name a file"};
  }
  return Nothing{};
}

void DrawScreen(Picture& picture, double left, double top, double pitch, const Screen& screen) {
  constexpr Colour kDark = {0.0032f, 0.0042f, 0.0060f};
  constexpr Colour kLight = {0.62f, 0.86f, 1.0f};
  const double gap = pitch * 0.09;
  const double corner = pitch * 0.16;
  const double brightness = screen.brightness / 255.0;
  for (int y = 0; y < kScreenHeight; ++y) {
    for (int x = 0; x < kScreenWidth; ++x) {
      const double px = left + x * pitch;
      const double py = top + y * pitch;
      const bool lit = brightness > 0 && screen.At(x, y);
      picture.Rectangle(px + gap, py + gap, px + pitch - gap, py + pitch - gap, corner,
                        lit ? Mix(kDark, kLight, 0.12 + 0.88 * brightness) : kDark);
    }
  }
  if (brightness == 0) return;
  // Light scatters in the glass.
  for (int y = 0; y < kScreenHeight; ++y) {
    for (int x = 0; x < kScreenWidth; ++x) {
      if (!screen.At(x, y)) continue;
      picture.Glow(left + (x + 0.5) * pitch, top + (y + 0.5) * pitch, pitch * 4, {0.30f, 0.58f, 1.0f},
                   0.022 * brightness);
    }
  }
}

Picture ScreenPicture(const Screen& screen, int scale) {
  const double u = std::clamp(scale, 1, 32);
  const double border = 10 * u;
  Picture picture(static_cast<int>(kScreenWidth * u + 2 * border), static_cast<int>(kScreenHeight * u + 2 * border),
                  {0.020f, 0.021f, 0.024f});
  const double right = picture.width();
  const double bottom = picture.height();
  picture.Rectangle(2 * u, 2 * u, right - 2 * u, bottom - 2 * u, 4 * u, {0.0065f, 0.0070f, 0.0085f});
  picture.Frame(2 * u, 2 * u, right - 2 * u, bottom - 2 * u, 4 * u, std::max(1.0, u / 4), {0.055f, 0.058f, 0.065f});
  picture.Rectangle(border - 3 * u, border - 3 * u, right - border + 3 * u, bottom - border + 3 * u, 1.5 * u,
                    {0.0016f, 0.0018f, 0.0024f});
  DrawScreen(picture, border, border, u, screen);
  return picture;
}

std::string ToTerminal(const Screen& screen, TerminalStyle style) {
  constexpr const char* kQuarters[16] = {" ", "▘", "▝", "▀", "▖", "▌", "▞", "▛",
                                         "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█"};
  constexpr const char* kHalves[4] = {" ", "▀", "▄", "█"};
  constexpr const char* kAscii[4] = {" ", "'", ".", ":"};
  const auto at = [&screen](int x, int y) { return screen.brightness > 0 && screen.At(x, y) ? 1 : 0; };
  std::string text;
  for (int y = 0; y < kScreenHeight; y += 2) {
    if (style == TerminalStyle::kQuarterBlocks) {
      for (int x = 0; x < kScreenWidth; x += 2) {
        text += kQuarters[at(x, y) | at(x + 1, y) << 1 | at(x, y + 1) << 2 | at(x + 1, y + 1) << 3];
      }
    } else {
      const auto& signs = style == TerminalStyle::kAscii ? kAscii : kHalves;
      for (int x = 0; x < kScreenWidth; ++x) text += signs[at(x, y) | at(x, y + 1) << 1];
    }
    text += '\n';
  }
  return text;
}

}  // namespace thimble::simulator
