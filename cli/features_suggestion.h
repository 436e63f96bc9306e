// Which block and which parameters suit recordings: measured, not guessed.
#ifndef THIMBLE_CLI_FEATURES_SUGGESTION_H_
#define THIMBLE_CLI_FEATURES_SUGGESTION_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"
#include "dataset/windows.h"
#include "dsp/block.h"

namespace thimble::cli {

/// What the recordings' spectrum says. Powers are of the samples without their mean, summed over the axes.
struct BandFacts {
  double dominant_hz = 0;    ///< where most power is, over all labels
  double low_hz = 0;         ///< 1 % of the power lies below,
  double high_hz = 0;        ///< and 95 %
  double separating_hz = 0;  ///< where labels differ most against their own spread; 0: one label
  double bin_hz = 0;         ///< how finely all this is known
  double quiet_dbfs = 0;     ///< level of the quietest tenth of 20-ms pieces, full scale ±32768; sound only
  double loud_dbfs = 0;      ///< and of the loudest tenth
  std::vector<std::pair<std::string, double>> dominant_of_label;
};

/// Measures at most a few dozen windows a label. The window has a rate.
BandFacts MeasureBand(const dataset::Dataset& dataset, const dataset::WindowIndex& index, const dsp::Window& window);

struct Suggestion {
  std::string block;
  std::string parameters;                                    ///< a JSON object
  std::vector<std::pair<std::string, std::string>> changed;  ///< what differs from the defaults: name, value
  std::vector<std::string> reasons;                          ///< sentences with the numbers they come from

  struct Trial {
    std::string block;
    std::string parameters;  ///< a JSON object
    std::string summary;     ///< what differs from the defaults: "fft-length 64, filter-type low"
    size_t features = 0;
    double accuracy = -1;  ///< 0 … 1; -1: it could not be measured
  };
  std::vector<Trial> tried;  ///< the best first
};

/// Told how far it is and what is tried; returns false to stop (kCancelled).
using TrialCallback = std::function<bool(double share, const std::string& what)>;

/// Tries parameters that the data suggest, of the block called `block` or of all that fit the kind of data, and takes
/// the cheapest of those that tell the labels apart about as well as the best. Judged by the nearest centroid of
/// standardised features, on recordings that the centroids have not seen; where a label has a single recording, on its
/// last part instead. Without labels to tell apart, rules decide.
///
///   kInvalidArgument  the block refuses the window with every set of parameters that was tried
///   kCancelled        `progress` said so
Expected<Suggestion> SuggestFeatures(const dataset::Dataset& dataset, const dataset::WindowIndex& index,
                                     const dsp::Window& window, const std::string& block,
                                     const TrialCallback& progress = {});

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_FEATURES_SUGGESTION_H_
