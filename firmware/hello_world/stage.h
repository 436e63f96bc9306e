// Where the sine is shown: as much as the board has.
#ifndef THIMBLE_FIRMWARE_HELLO_WORLD_STAGE_H_
#define THIMBLE_FIRMWARE_HELLO_WORLD_STAGE_H_

#include <cstdint>

namespace thimble::firmware {

/// One for each column of the kit's display.
inline constexpr int kStepsPerTurn = 128;
inline constexpr uint32_t kStepMs = 31;  ///< a turn takes four seconds

class Stage {
 public:
  /// Shows a step of a turn and waits until it is time for the next one. `ticks`: what the network took.
  virtual void Show(int step, float x, float sine, uint32_t ticks) = 0;

 protected:
  ~Stage() = default;
};

/// The board's, ready.
Stage& SetUpStage();

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_HELLO_WORLD_STAGE_H_
