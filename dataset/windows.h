// Cuts recordings into the windows that a network looks at, as an index: no reading is copied.
#ifndef THIMBLE_DATASET_WINDOWS_H_
#define THIMBLE_DATASET_WINDOWS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

struct WindowOptions {
  double window_ms = 2000;
  double stride_ms = 80;
};

/// One window: `readings` readings of recording `recording`, from `first_reading` on.
struct WindowPlace {
  size_t recording = 0;
  size_t first_reading = 0;
};

struct WindowIndex {
  size_t readings = 0;         ///< a window
  size_t stride_readings = 0;  ///< from one window to the next
  std::vector<WindowPlace> windows;
  size_t short_recordings = 0;  ///< skipped: shorter than a window

  /// The samples of one window, interleaved by reading: readings × axes numbers, inside the dataset.
  std::span<const float> Samples(const Dataset& dataset, const WindowPlace& place) const {
    const Recording& recording = dataset.recordings[place.recording];
    return std::span(recording.values)
        .subspan(place.first_reading * recording.axes.size(), readings * recording.axes.size());
  }
};

/// Milliseconds as whole readings: the nearest number, an exact half goes down (1,000 ms at 62.5 Hz are 62 readings, as
/// one-second recordings have them), never less than 1.
size_t ReadingsIn(double duration_ms, double interval_ms);

/// Every whole window of the labelled recordings of `category`, recording by recording. The dataset's rate is that of
/// its first recording; ReadFolder lets no others in.
///
///   kInvalidArgument   window or stride is not a positive number of milliseconds; no recording of the category is as
///                      long as a window (the sentence gives the longest that would fit)
Expected<WindowIndex> CutWindows(const Dataset& dataset, Category category, const WindowOptions& options = {});

/// Every whole window of every recording, whatever its label and category. A picture is one window, whatever `options`
/// say; all must have the size of the first.
///
///   kInvalidArgument   as CutWindows; pictures differ in size
Expected<WindowIndex> CutAllWindows(const Dataset& dataset, const WindowOptions& options = {});

/// The longest window that `share` of the labelled recordings can fill: with 1.0 the shortest recording decides, with
/// 0.95 a few stunted files do not. In readings; 0 for a dataset without labelled recordings.
size_t LongestWindow(const Dataset& dataset, double share = 1.0);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_WINDOWS_H_
