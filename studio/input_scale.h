// Brings features to the size that networks learn from best: in the first layer where that is free, else in the
// impulse.
#ifndef THIMBLE_STUDIO_INPUT_SCALE_H_
#define THIMBLE_STUDIO_INPUT_SCALE_H_

#include <vector>

#include "base/error.h"
#include "dataset/recording.h"
#include "dsp/block.h"
#include "trainer/feature_scaling.h"
#include "trainer/model.h"
#include "trainer/table.h"

namespace thimble::studio {

/// From training rows alone. Networks whose first layer is dense get each feature with mean 0 and deviation 1; others
/// get each channel with a root mean square of 1, axes of one sensor alike, so that directions in space stay what they
/// are, and zeros stay zeros, as those of a convolution's padding are. Pictures stay as they are: both lists are empty.
///
///   kInvalidArgument  no rows; a value that is not finite
Expected<trainer::FeatureScaling> MeasureScaling(const trainer::Table& table, const trainer::ModelSpec& spec,
                                                 const std::vector<dataset::Axis>& axes, const dsp::Layout& layout);

/// Where one factor serves all features, it goes into the layers that read the model's input, for nothing at inference,
/// and the scaling becomes empty. Says whether it did.
bool FoldInto(trainer::Model& model, trainer::FeatureScaling& scaling);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_INPUT_SCALE_H_
