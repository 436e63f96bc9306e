// The AZ3166: the RGB LED is as bright as the sine is high, and the curve grows on the display.
#include <array>
#include <numbers>

#include "base/float_math.h"
#include "firmware/board.h"
#include "firmware/boards/az3166/kit.h"
#include "firmware/drivers/ssd1306.h"
#include "firmware/hello_world/stage.h"
#include "firmware/text.h"

namespace thimble::firmware {
namespace {

constexpr int kMiddle = 37, kAmplitude = 24;  // rows
constexpr uint64_t kStepUs = uint64_t{kStepMs} * 1000;

int RowOf(float sine) {
  const float size = sine < -1.1F ? -1.1F : sine > 1.1F ? 1.1F : sine;
  const float rows = size * kAmplitude;
  return kMiddle - static_cast<int>(rows < 0 ? rows - 0.5F : rows + 0.5F);
}

class KitStage final : public Stage {
 public:
  KitStage() : display_(az3166::Bus()) {}

  void SetUp() {
    az3166::SetUpKit();
    has_display_ = ok(display_.SetUp());
    next_us_ = az3166::NowUs();
    rows_.fill(-1);
    for (int column = 0; column < kStepsPerTurn; ++column) {
      const double halves = 2.0 * column / kStepsPerTurn;
      truth_[static_cast<size_t>(column)] = static_cast<int8_t>(RowOf(static_cast<float>(SinPi(halves))));
    }
  }

  void Show(int step, float x, float sine, uint32_t ticks) override {
    rows_[static_cast<size_t>(step)] = static_cast<int8_t>(RowOf(sine));
    Light(sine);
    if (has_display_) Compose(step, x, sine, ticks);
    next_us_ += kStepUs;
    while (az3166::NowUs() < next_us_) {
      bool all = true;
      if (has_display_) has_display_ = ok(display_.ShowSome(all));
      if (all) az3166::Nap();
    }
  }

 private:
  /// From dark at -1 to bright at 1; squared, as eyes see light.
  static void Light(float sine) {
    float level = (sine + 1) / 2;
    level = level < 0 ? 0 : level > 1 ? 1 : level;
    const auto light = static_cast<uint32_t>(level * level * 255);
    az3166::SetColour(static_cast<uint8_t>(light), static_cast<uint8_t>(light / 3), static_cast<uint8_t>(light / 12));
  }

  void Compose(int step, float x, float sine, uint32_t ticks) {
    display_.Clear();
    Text<24> left, right;
    left << "sin ";
    left.Fixed(x, 2);
    display_.Text(0, 0, left.view());
    right.Fixed(sine, 3);
    display_.Text(Ssd1306::kWidth + 1 - static_cast<int>(right.view().size()) * Ssd1306::kCellWidth, 0, right.view());
    Text<16> speed;
    speed << ticks / (ThisBoard().tick_hz / 1'000'000) << " us";
    display_.Text(0, 57, speed.view());
    for (int column = 0; column < Ssd1306::kWidth; column += 4) {
      display_.Set(column, kMiddle);                              // the axis
      display_.Set(column, truth_[static_cast<size_t>(column)]);  // what it should be
    }
    // The turn so far, and behind a gap what is left of the one before.
    constexpr int kGap = 8;
    for (int column = 0; column < kStepsPerTurn; ++column) {
      const int row = rows_[static_cast<size_t>(column)];
      if (row < 0 || (column > step && column <= step + kGap)) continue;
      const int before = column > 0 ? rows_[static_cast<size_t>(column - 1)] : -1;
      const bool joined = before >= 0 && column != step + kGap + 1;
      if (joined) {
        display_.Line(column - 1, before, column, row);
      } else {
        display_.Set(column, row);
      }
    }
    const int head = rows_[static_cast<size_t>(step)];
    display_.Rectangle(step - 2, head - 1, 5, 3, true);
    display_.Rectangle(step - 1, head - 2, 3, 5, true);
  }

  Ssd1306 display_;
  bool has_display_ = false;
  uint64_t next_us_ = 0;
  std::array<int8_t, kStepsPerTurn> rows_{}, truth_{};
};

}  // namespace

Stage& SetUpStage() {
  static KitStage stage;
  stage.SetUp();
  return stage;
}

}  // namespace thimble::firmware
