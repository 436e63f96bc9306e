// Why a block refuses a window: judged in one place, for the status that a device keeps and the sentence that it drops.
#ifndef THIMBLE_DSP_REFUSAL_H_
#define THIMBLE_DSP_REFUSAL_H_

#include "base/float_math.h"
#include "base/status.h"
#include "dsp/block.h"

namespace thimble::dsp {

struct Refusal {
  Status status = Status::kOk;
  const char* sentence = nullptr;
};

// A block writes its rules once, in a function that returns a Refusal and is always inlined: into Check, where the
// compiler then sees that nobody reads the sentences and leaves them out, and into Explain, which devices do not link.
#define THIMBLE_JUDGE [[gnu::always_inline]] inline

// For the body of such a function: refuses unless `condition` holds; NaN holds nothing.
#define THIMBLE_REFUSE_UNLESS(condition, text)       \
  if (!(condition)) return ::thimble::dsp::Refusal { \
      ::thimble::Status::kInvalidArgument, text      \
    }

/// What every block wants of the samples.
THIMBLE_JUDGE Refusal JudgeSamples(const Window& window) {
  THIMBLE_REFUSE_UNLESS(window.axes >= 1, "a reading has no axes; name at least one");
  THIMBLE_REFUSE_UNLESS(window.readings >= 1, "the window is empty; make it longer, or record more");
  THIMBLE_REFUSE_UNLESS(static_cast<size_t>(window.readings) <= kMostSamples / static_cast<size_t>(window.axes),
                        "the window holds more than 16,777,216 numbers; make it shorter");
  return {};
}

/// What every block that knows time wants of a window.
THIMBLE_JUDGE Refusal JudgeWindow(const Window& window) {
  if (const Refusal refusal = JudgeSamples(window); !ok(refusal.status)) return refusal;
  THIMBLE_REFUSE_UNLESS(window.rate_hz > 0 && IsFinite(window.rate_hz),
                        "the sampling rate is not a positive number of hertz; say how often the sensor was read");
  return {};
}

}  // namespace thimble::dsp

#endif  // THIMBLE_DSP_REFUSAL_H_
