// From an LSTM layer to the constants of the step that computes it (host only).
#ifndef THIMBLE_STEPS_LSTM_PACK_H_
#define THIMBLE_STEPS_LSTM_PACK_H_

#include <optional>

#include "steps/lstm/step.h"
#include "steps/packing.h"

namespace thimble::steps {

/// Nothing if it is for a core without the DSP extension, or if sums or scales are possible that the arithmetic is not
/// exact for: those that converters write are far from it.
std::optional<Packed<Lstm::Params>> PackLstm(const Recurrence& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_LSTM_PACK_H_
