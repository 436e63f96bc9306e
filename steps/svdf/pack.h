// From a filter over time to the constants of the step that computes it (host only).
#ifndef THIMBLE_STEPS_SVDF_PACK_H_
#define THIMBLE_STEPS_SVDF_PACK_H_

#include <optional>

#include "steps/packing.h"
#include "steps/svdf/step.h"

namespace thimble::steps {

/// Nothing if it is for a core without the DSP extension, or if features are possible that the arithmetic is not exact
/// for.
std::optional<Packed<Svdf::Params>> PackSvdf(const TimeFilter& layer, Target target);

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_SVDF_PACK_H_
