// Runs of steps as the tests on this computer made them, to be repeated on a board: same memory in, same bytes out.
#ifndef THIMBLE_STEPS_RECORDED_CASE_H_
#define THIMBLE_STEPS_RECORDED_CASE_H_

#include <cstdint>

#include "base/arena.h"

namespace thimble::steps {

/// What stands before each case in a file of them, which begins at a multiple of 16. Behind it, each at a multiple of
/// 16: params, constants, frame and state as they are before the run; then the next case.
struct RecordedCase {
  static constexpr uint32_t kMagic = 0x45534143;  // "CASE"; anything else ends the file

  uint32_t magic = kMagic;
  uint32_t number = 0;  ///< Step::number
  uint32_t params_bytes = 0, constants_bytes = 0, frame_bytes = 0, state_bytes = 0;
  uint32_t output = 0, output_bytes = 0;  ///< in the frame: what is compared
};

constexpr size_t SizeOf(const RecordedCase& head) {
  return sizeof(RecordedCase) + AlignUp(head.params_bytes) + AlignUp(head.constants_bytes) + AlignUp(head.frame_bytes) +
         AlignUp(head.state_bytes);
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_RECORDED_CASE_H_
