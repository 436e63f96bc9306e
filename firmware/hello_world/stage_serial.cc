// A board with nothing but a serial line: time passes, that is all.
#include "firmware/board.h"
#include "firmware/hello_world/stage.h"

namespace thimble::firmware {
namespace {

constexpr int kTurnsBetweenLooks = 10'000;

class SerialStage final : public Stage {
 public:
  void Show(int, float, float, uint32_t) override {
    const uint32_t ticks = ThisBoard().tick_hz / 1000 * kStepMs;
    StartTicks();
    // Where QEMU counts instructions, each look at the timer is a hundred times as long as an instruction.
    while (Ticks() < ticks) {
      for (int i = 0; i < kTurnsBetweenLooks; ++i) __asm volatile("nop");
    }
  }
};

constinit SerialStage stage;

}  // namespace

Stage& SetUpStage() { return stage; }

}  // namespace thimble::firmware
