// A folder of recordings becomes windows to learn from and windows to judge by: read, cleaned, looked over, split, cut.
#ifndef THIMBLE_STUDIO_DATA_H_
#define THIMBLE_STUDIO_DATA_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "dataset/reader.h"
#include "dataset/recording.h"
#include "dataset/split.h"
#include "dataset/windows.h"
#include "dsp/block.h"
#include "dsp/resize.h"

namespace thimble::studio {

/// What was recorded decides which signal processing suits it.
enum class DataKind : uint8_t { kMotion, kSound, kPictures };

/// Sound is one axis of 4 kHz or more that is no acceleration.
DataKind KindOf(const dataset::Dataset& set);

/// Draws a picture anew in other sizes. Errors as dsp::Resize's; then it is as before.
Status ResizePicture(int width, int height, dsp::ResizeMode mode, dataset::Recording& picture);

/// The window of `readings` readings of recordings like this one, as blocks want it.
dsp::Window ShapeOf(const dataset::Recording& recording, size_t readings);

struct DataOptions {
  std::string folder;
  dataset::ReadOptions reading;  ///< its progress is asked after each file
  dataset::SplitOptions split;
  double window_ms = 0;  ///< 0: two seconds of motion or less; what nearly all sound clips fit in; pictures have none
  double stride_ms = 0;  ///< 0: 80 ms of motion, more where there are thousands of windows; half a window of sound
  int picture_side = 0;  ///< pictures are made squares of so many pixels; 0: as they are, if alike and not above 96
};

/// Recordings that can be learnt from.
struct Data {
  dataset::Dataset set;  ///< with all notices
  DataKind kind = DataKind::kMotion;
  std::vector<std::string> labels;
  std::vector<std::string> duplicates;  ///< a sentence for each recording that was left out
  std::string hash;                     ///< of all recordings before the split, whatever order they were read in
  dataset::WindowOptions window;
  dsp::Window shape;
  dataset::WindowIndex training, testing;
};

/// Reads, removes duplicates, splits, cuts. What people should know but can live with is said in the notices: clipped
/// readings, an axis that never changes, few recordings, rare labels, testing readings that training holds nearly.
///
/// Sound clips of two seconds or less become exactly one window each: shorter ones get silence on both sides, of longer
/// ones the loudest stretch is taken.
///
///   kInvalidArgument  one label; every axis constant; windows longer than the recordings; and what Split says
///   else              what ReadFolder says
Expected<Data> PrepareData(const DataOptions& options);

/// Recordings to judge an impulse by, all in `testing`: those of the folder's testing part; where it has none, the
/// testing part that `options.split` draws if the impulse learnt from this very folder (its data hash says so), else
/// everything.
///
///   kInvalidArgument  axes, rate or size differ from the impulse's; a label that it does not know
Expected<Data> PrepareTest(const DataOptions& options, const compiler::ImpulseDescription& impulse);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_DATA_H_
