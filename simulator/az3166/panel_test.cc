#include "simulator/az3166/panel.h"

#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace thimble::simulator {
namespace {

Screen Corner() {
  Screen screen;
  screen.brightness = 255;
  for (const int at : {0, 1, 128, 129, 2, 131}) screen.lit[static_cast<size_t>(at)] = 1;  // █ and half of the next
  return screen;
}

float Light(const Colour& colour) { return colour.red + colour.green + colour.blue; }

size_t Lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

class TemporaryFile {
 public:
  TemporaryFile()
      : path_((std::filesystem::temp_directory_path() / ("panel_" + std::to_string(getpid()) + ".png")).string()) {}
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Picture, IsWrittenAsItWasDrawn) {
  Picture picture(40, 30, {0, 0, 0});
  picture.Rectangle(10, 10, 20, 20, 0, {1, 0, 0});
  picture.Disc(30, 15, 5, {0, 1, 0});
  const TemporaryFile file;
  ASSERT_TRUE(WritePng(file.path(), picture).ok());

  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_file(&image, file.path().c_str()), 0);
  image.format = PNG_FORMAT_RGB;
  std::vector<uint8_t> bytes(PNG_IMAGE_SIZE(image));
  ASSERT_NE(png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr), 0);
  EXPECT_EQ(image.width, 40u);
  EXPECT_EQ(image.height, 30u);
  EXPECT_EQ(bytes, picture.Srgb());
  const auto at = [&bytes](int x, int y) { return &bytes[static_cast<size_t>((y * 40 + x) * 3)]; };
  EXPECT_EQ(at(15, 15)[0], 255);
  EXPECT_EQ(at(5, 5)[0], 0);
  EXPECT_EQ(at(30, 15)[1], 255);
  EXPECT_FALSE(std::filesystem::exists(file.path() + ".part"));
}

TEST(Picture, SaysWhereItCannotBeWritten) {
  const auto outcome = WritePng("/no/such/folder/a.png", Picture(2, 2, {0, 0, 0}));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().message.find("/no/such/folder/a.png: the picture cannot be written"), 0u);
}

TEST(ScreenPicture, ShinesWherePixelsAreLit) {
  const Picture lit = ScreenPicture(Corner(), 6);
  EXPECT_EQ(lit.width(), 148 * 6);
  EXPECT_GT(Light(lit.At(63, 63)), 2);              // the middle of pixel 0,0
  EXPECT_LT(Light(lit.At(63 + 6 * 20, 63)), 0.05);  // and of an unlit one
  Screen off = Corner();
  off.brightness = 0;
  EXPECT_LT(Light(ScreenPicture(off, 6).At(63, 63)), 0.05);
}

TEST(Terminal, DrawsWithBlocksAndWithAscii) {
  const Screen screen = Corner();
  const std::string halves = ToTerminal(screen, TerminalStyle::kHalfBlocks);
  EXPECT_EQ(halves.find("██▀▄ "), 0u);
  EXPECT_EQ(Lines(halves), 32u);
  const std::string quarters = ToTerminal(screen, TerminalStyle::kQuarterBlocks);
  EXPECT_EQ(quarters.find("█▚ "), 0u);
  EXPECT_EQ(Lines(quarters), 32u);
  const std::string ascii = ToTerminal(screen, TerminalStyle::kAscii);
  EXPECT_EQ(ascii.find("::'. "), 0u);
  EXPECT_EQ(ascii.size(), 32u * 129u);
  EXPECT_EQ(ToTerminal(Screen{}, TerminalStyle::kAscii), ToTerminal({.lit = screen.lit}, TerminalStyle::kAscii));
}

TEST(Panel, ShowsLedsAndButtons) {
  Panel panel;
  const Picture dark = PanelPicture(panel, 4);
  panel.user_led = 1;
  const Picture user = PanelPicture(panel, 4);
  panel.user_led = 0;
  panel.blue = 0.02;
  const Picture blue = PanelPicture(panel, 4);
  panel.blue = 0;
  panel.button_b = true;
  const Picture pressed = PanelPicture(panel, 4);

  // Each changes its own part of the picture and nothing far from it.
  const auto changed = [&dark](const Picture& picture, int left, int right) {
    int count = 0;
    for (int y = 0; y < picture.height(); ++y) {
      for (int x = left; x < right; ++x) {
        if (std::abs(Light(picture.At(x, y)) - Light(dark.At(x, y))) > 0.02f) ++count;
      }
    }
    return count;
  };
  const int width = dark.width();
  EXPECT_GT(changed(user, width / 3, width * 2 / 3), 200);
  EXPECT_EQ(changed(user, width * 3 / 4, width), 0);
  EXPECT_GT(changed(blue, width / 2, width * 4 / 5), 200);
  EXPECT_EQ(changed(blue, 0, width / 2), 0);
  EXPECT_GT(changed(pressed, width * 4 / 5, width), 200);
  EXPECT_EQ(changed(pressed, 0, width * 4 / 5), 0);
}

TEST(Panel, TellsTheSameInText) {
  Panel panel;
  panel.screen = Corner();
  panel.wifi_led = 1;
  panel.user_led = 0.25;
  panel.red = 1;
  panel.blue = 0.5;
  panel.button_a = true;
  const std::string text = PanelText(panel, TerminalStyle::kHalfBlocks, false);
  EXPECT_EQ(Lines(text), 35u);
  EXPECT_NE(text.find("│██▀▄ "), std::string::npos);
  EXPECT_NE(text.find(" ● Wi-Fi   ○ Azure   ● User 25 %   ● RGB #ff0080   [A] pressed    B \n"), std::string::npos)
      << text.substr(text.rfind('\n', text.size() - 2));
  const std::string ascii = PanelText(panel, TerminalStyle::kAscii, false);
  EXPECT_TRUE(std::all_of(ascii.begin(), ascii.end(), [](char c) { return c > 0; }));
  EXPECT_NE(PanelText(panel, TerminalStyle::kQuarterBlocks, true).find("\x1b[38;2;"), std::string::npos);
}

}  // namespace
}  // namespace thimble::simulator
