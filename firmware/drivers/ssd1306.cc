#include "firmware/drivers/ssd1306.h"

#include <cstring>

#include "firmware/drivers/font.h"

namespace thimble::firmware {
namespace {

constexpr std::byte kCommands{0x00}, kData{0x40};

// Solomon Systech, SSD1306 rev. 1.1, chapter 9; upright on the AZ3166.
constexpr uint8_t kSetUp[] = {
    0xae,              // off
    0xd5, 0x80,        // oscillator
    0xa8, 63,          // 64 rows
    0xd3, 0,           // no offset
    0x40,              // from row 0
    0x8d, 0x14,        // charge pump on
    0x20, 0,           // addresses go on along the row, then to the next page
    0xa1, 0xc8,        // column 127 and row 63 first
    0xda, 0x12,        // rows alternate between two sides of the glass
    0x81, 0xcf,        // contrast
    0xd9, 0xf1,        // precharge
    0xdb, 0x40,        // deselect level
    0xa4, 0xa6, 0xaf,  // show memory, lit is 1, on
};
constexpr uint8_t kFromTheBeginning[] = {0x21, 0, 127, 0x22, 0, 7};

}  // namespace

Status Ssd1306::SetUp() {
  THIMBLE_TRY(bus_.Write(kAddress, kCommands, std::as_bytes(std::span(kSetUp))));
  return Show();
}

void Ssd1306::Set(int x, int y, bool lit) {
  if (x < 0 || x >= kWidth || y < 0 || y >= kHeight) return;
  std::byte& column = pixels_[static_cast<size_t>(y / 8 * kWidth + x)];
  const auto bit = static_cast<std::byte>(1 << y % 8);
  column = lit ? column | bit : column & ~bit;
}

bool Ssd1306::Get(int x, int y) const {
  if (x < 0 || x >= kWidth || y < 0 || y >= kHeight) return false;
  return (std::to_integer<int>(pixels_[static_cast<size_t>(y / 8 * kWidth + x)]) >> y % 8 & 1) != 0;
}

void Ssd1306::Line(int x0, int y0, int x1, int y1) {
  // Bresenham: the error tells which of both directions is behind.
  const int dx = x1 > x0 ? x1 - x0 : x0 - x1, dy = y1 > y0 ? y0 - y1 : y1 - y0;
  const int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
  int error = dx + dy;
  while (true) {
    Set(x0, y0);
    if (x0 == x1 && y0 == y1) return;
    const int twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x0 += step_x;
    }
    if (twice <= dx) {
      error += dx;
      y0 += step_y;
    }
  }
}

void Ssd1306::Rectangle(int left, int top, int width, int height, bool filled) {
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool edge = x == 0 || y == 0 || x == width - 1 || y == height - 1;
      if (filled || edge) Set(left + x, top + y);
    }
  }
}

int Ssd1306::Text(int x, int y, std::string_view text, int scale) {
  for (const char letter : text) {
    const char known = letter >= kFirstGlyph && letter <= kLastGlyph ? letter : '?';
    for (int column = 0; column < 5; ++column) {
      const uint8_t bits = kGlyphs[known - kFirstGlyph][column];
      for (int row = 0; row < 7; ++row) {
        if ((bits >> row & 1) != 0) Rectangle(x + column * scale, y + row * scale, scale, scale, true);
      }
    }
    x += kCellWidth * scale;
  }
  return x;
}

Status Ssd1306::Show() {
  THIMBLE_TRY(bus_.Write(kAddress, kCommands, std::as_bytes(std::span(kFromTheBeginning))));
  THIMBLE_TRY(bus_.Write(kAddress, kData, pixels_));
  shown_ = pixels_;
  return Status::kOk;
}

Status Ssd1306::ShowSome(bool& all) {
  constexpr size_t kPieces = kWidth * kHeight / 8 / kPieceBytes;
  for (size_t i = 0; i < kPieces; ++i) {
    const size_t at = (next_piece_ + i) % kPieces * kPieceBytes;
    const auto piece = std::span(pixels_).subspan(at, kPieceBytes);
    if (std::memcmp(piece.data(), &shown_[at], kPieceBytes) == 0) continue;
    all = false;
    const size_t column = at % kWidth, page = at / kWidth;
    const std::byte place[] = {
        std::byte{0x21}, static_cast<std::byte>(column), static_cast<std::byte>(column + kPieceBytes - 1),
        std::byte{0x22}, static_cast<std::byte>(page),   static_cast<std::byte>(page)};
    THIMBLE_TRY(bus_.Write(kAddress, kCommands, place));
    THIMBLE_TRY(bus_.Write(kAddress, kData, piece));
    std::memcpy(&shown_[at], piece.data(), kPieceBytes);
    next_piece_ = at / kPieceBytes + 1;
    return Status::kOk;
  }
  all = true;
  return Status::kOk;
}

}  // namespace thimble::firmware
