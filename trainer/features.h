// Windows of recordings become rows of features: what a DSP block makes of a data set.
#ifndef THIMBLE_TRAINER_FEATURES_H_
#define THIMBLE_TRAINER_FEATURES_H_

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"
#include "dataset/windows.h"
#include "dsp/block.h"
#include "trainer/table.h"

namespace thimble::trainer {

/// Called now and then with the share of windows done, 0 … 1. False stops the work (kCancelled).
using ShareCallback = std::function<bool(double share)>;

/// One row a window of `index`, labelled with the place of its recording's label in `labels`; `Table::groups` holds the
/// index of the recording.
///
/// `block` must accept (params, window); `window` must be the shape of the index's windows.
///
///   kInvalidArgument  a recording's label is not in `labels`
///   kFailed           a feature came out as NaN or infinite (the sentence names the recording and the feature)
///   kCancelled        `progress` said so
Expected<Table> ExtractFeatures(const dataset::Dataset& dataset, const dataset::WindowIndex& index,
                                const std::vector<std::string>& labels, const dsp::Block& block, const void* params,
                                const dsp::Window& window, const ShareCallback& progress = {});

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_FEATURES_H_
