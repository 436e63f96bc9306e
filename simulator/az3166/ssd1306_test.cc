#include "simulator/az3166/ssd1306.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <set>
#include <string>

namespace thimble::simulator {
namespace {

class DisplayTest : public testing::Test {
 protected:
  DisplayTest() {
    display_.on_note = [this](const std::string& note) { notes_.insert(note); };
    Commands({0x8d, 0x14, 0xa1, 0xc8, 0xaf, 0x20, 0x00});
    Clear();
  }
  void Commands(std::initializer_list<int> bytes) {
    display_.Start(false);
    display_.Write(0x00);
    for (const int byte : bytes) display_.Write(static_cast<uint8_t>(byte));
    display_.StopCondition();
  }
  void Data(std::initializer_list<int> bytes) {
    display_.Start(false);
    display_.Write(0x40);
    for (const int byte : bytes) display_.Write(static_cast<uint8_t>(byte));
    display_.StopCondition();
  }
  void Clear() {
    Commands({0x21, 0, 127, 0x22, 0, 7});
    for (int i = 0; i < 1024; ++i) Data({0});
  }
  /// "x,y" of what is lit, from the top left.
  std::string Lit() {
    const Screen screen = display_.Picture();
    std::string text;
    for (int y = 0; y < kScreenHeight; ++y) {
      for (int x = 0; x < kScreenWidth; ++x) {
        if (screen.At(x, y)) text += std::to_string(x) + "," + std::to_string(y) + " ";
      }
    }
    return text;
  }
  /// One pixel, at column 3 and the 10th row.
  void Dot() {
    Commands({0x21, 3, 127, 0x22, 1, 7});
    Data({0x04});
  }

  uint64_t now_ = 0;
  std::set<std::string> notes_;
  Ssd1306 display_{[this] { return now_; }};
};

TEST_F(DisplayTest, ShowsAPixelWhereItWasWritten) {
  EXPECT_EQ(Lit(), "");
  Dot();
  EXPECT_EQ(Lit(), "3,10 ");
}

TEST_F(DisplayTest, IsDarkWithoutItsChargePumpOrSwitchedOff) {
  Dot();
  Commands({0x8d, 0x10});
  EXPECT_EQ(Lit(), "");
  EXPECT_EQ(display_.Picture().brightness, 0);
  Commands({0x8d, 0x14});
  EXPECT_EQ(Lit(), "3,10 ");
  Commands({0xae});
  EXPECT_EQ(Lit(), "");
  display_.Start(true);
  EXPECT_EQ(display_.Read(), 0x40);
}

TEST_F(DisplayTest, MemoryIsNoiseAfterPowerOn) {
  display_.PowerOn();
  Commands({0x8d, 0x14, 0xaf});
  const Screen screen = display_.Picture();
  EXPECT_NEAR(std::count(screen.lit.begin(), screen.lit.end(), 1), 4096, 300);
}

TEST_F(DisplayTest, FillsARectangleHorizontallyOrVertically) {
  Commands({0x21, 10, 11, 0x22, 2, 3});
  Data({0x01, 0x01, 0x01, 0x01, 0x80});  // the fifth comes round again
  EXPECT_EQ(Lit(), "11,16 10,23 10,24 11,24 ");
  Clear();
  Commands({0x20, 0x01, 0x21, 10, 11, 0x22, 2, 3});
  Data({0x01, 0x02, 0x04});
  EXPECT_EQ(Lit(), "10,16 11,18 10,25 ");
}

TEST_F(DisplayTest, AddressesByPageAsWell) {
  Commands({0x20, 0x02, 0xb3, 0x0e, 0x17});  // page 3, column 0x7e
  Data({0x01, 0x01, 0x01});
  EXPECT_EQ(Lit(), "0,24 126,24 127,24 ");
}

TEST_F(DisplayTest, ReadsControlBytesOneByOne) {
  display_.Start(false);
  for (const int byte : {0x80, 0x21, 0x80, 5, 0x80, 6, 0xc0, 0x01, 0x80, 0xa7, 0x80, 0xa6, 0x40, 0x02, 0x03}) {
    EXPECT_TRUE(display_.Write(static_cast<uint8_t>(byte)));
  }
  EXPECT_EQ(Lit(), "5,0 6,1 5,8 5,9 ");
}

TEST_F(DisplayTest, TurnsAndMirrorsThePicture) {
  Dot();
  Commands({0xc0});  // at once
  EXPECT_EQ(Lit(), "3,53 ");
  Commands({0xc8, 0xa0});  // only for what is written from now on
  EXPECT_EQ(Lit(), "3,10 ");
  Dot();
  EXPECT_EQ(Lit(), "3,10 124,10 ");
}

TEST_F(DisplayTest, InvertsLightsAllAndFollowsContrast) {
  Dot();
  Commands({0xa7});
  EXPECT_FALSE(display_.Picture().At(3, 10));
  EXPECT_TRUE(display_.Picture().At(4, 10));
  Commands({0xa6, 0xa5});
  EXPECT_TRUE(display_.Picture().At(4, 10));
  Commands({0xa4, 0x81, 0xff});
  EXPECT_EQ(display_.Picture().brightness, 255);
  Commands({0x81, 0x00});
  EXPECT_LT(display_.Picture().brightness, 40);
  EXPECT_GT(display_.Picture().brightness, 0);
}

TEST_F(DisplayTest, MovesTheStartLineAndTheOffset) {
  Dot();
  Commands({0x40 | 4});
  EXPECT_EQ(Lit(), "3,6 ");
  Commands({0x40, 0xd3, 4});
  EXPECT_EQ(Lit(), "3,6 ");
  Commands({0xd3, 0});
  EXPECT_EQ(Lit(), "3,10 ");
}

TEST_F(DisplayTest, LeavesLinesBeyondTheMultiplexRatioDark) {
  Commands({0xa5, 0xa8, 31});
  const Screen screen = display_.Picture();
  EXPECT_EQ(std::count(screen.lit.begin(), screen.lit.end(), 1), 32 * 128);
}

TEST_F(DisplayTest, InterlacesWithTheWrongPinSetting) {
  // Sequential pins on a panel wired for alternating ones: neighbours in memory are two lines apart.
  Commands({0x21, 0, 127, 0x22, 7, 7});
  Data({0xc0});  // rows 62 and 63: COM1 and COM0 with C8h
  EXPECT_EQ(Lit(), "0,62 0,63 ");
  Commands({0xda, 0x02});
  EXPECT_EQ(Lit(), "0,61 0,63 ");
}

TEST_F(DisplayTest, ScrollsWithTime) {
  Dot();
  Commands({0x27, 0, 0, 0x07, 7, 0, 0xff, 0x2f});  // to the left, a column every two frames
  EXPECT_EQ(Lit(), "3,10 ");
  now_ = 1'000'000'000;
  const std::string later = Lit();
  EXPECT_NE(later, "3,10 ");
  EXPECT_EQ(later.substr(later.find(',')), ",10 ");
  Commands({0x2e});
  const std::string stopped = Lit();
  now_ = 5'000'000'000;
  EXPECT_EQ(Lit(), stopped);
  // About 107 frames a second, so about 53 columns.
  EXPECT_NEAR(std::stoi(stopped), 3 - 53 + 128, 2);
}

TEST_F(DisplayTest, ScrollsTheSameHoweverOftenOneLooks) {
  Dot();
  Commands({0xa3, 0, 64, 0x29, 0, 0, 0x07, 7, 1, 0x2f});
  Ssd1306 other([this] { return now_; });
  std::memcpy(other.State().data(), display_.State().data(), other.State().size());
  for (now_ = 0; now_ < 3'000'000'000; now_ += 7'654'321) display_.Picture();
  EXPECT_EQ(display_.Picture(), other.Picture());
}

TEST_F(DisplayTest, ForgetsSettingsButNotItsPictureWhenReset) {
  Dot();
  display_.SetResetPin(false);
  EXPECT_FALSE(display_.Start(false));
  EXPECT_EQ(Lit(), "");
  display_.SetResetPin(true);
  EXPECT_TRUE(display_.Start(false));
  Commands({0x8d, 0x14, 0xa1, 0xc8, 0xaf});
  EXPECT_EQ(Lit(), "3,10 ");
}

TEST_F(DisplayTest, NamesCommandsThatItDoesNotHave) {
  Commands({0xe3, 0xd6});
  EXPECT_EQ(notes_, std::set<std::string>{"SSD1306: command D6h is not modelled"});
}

}  // namespace
}  // namespace thimble::simulator
