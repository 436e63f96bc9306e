// A folder of recordings becomes windows to learn from and windows to judge by: read, cleaned, looked over, split, cut.
#ifndef THIMBLE_STUDIO_DATA_H_
#define THIMBLE_STUDIO_DATA_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "dataset/kind.h"
#include "dataset/reader.h"
#include "dataset/recording.h"
#include "dataset/split.h"
#include "dataset/windows.h"
#include "dsp/block.h"
#include "dsp/resize.h"

namespace thimble::studio {

using dataset::DataKind;

/// Draws a picture anew in other sizes. Errors as dsp::Resize's; then it is as before.
Status ResizePicture(int width, int height, dsp::ResizeMode mode, dataset::Recording& picture);

/// The window of `readings` readings of recordings like this one, as blocks want it.
dsp::Window ShapeOf(const dataset::Recording& recording, size_t readings);

/// What the recordings are to teach.
enum class Goal : uint8_t {
  kLabels,   ///< to tell them apart
  kNormal,   ///< what some of them are like, so that the others are strange
  kNumbers,  ///< the numbers that their labels are
};

struct DataOptions {
  std::string folder;
  /// Gives the recordings where they are not in a folder; `folder` is then what sentences call them.
  std::function<Expected<dataset::Dataset>(const dataset::ReadOptions&)> source = {};
  Goal goal = Goal::kLabels;
  std::vector<std::string> normal;  ///< of kNormal: labels to learn from; empty: the only one that there is
  dataset::ReadOptions reading;     ///< its progress is asked after each file
  dataset::SplitOptions split;
  double window_ms = 0;  ///< 0: what suits (dataset/kind.h), or less where recordings are shorter; pictures have none
  double stride_ms = 0;  ///< 0: 80 ms of motion, more where there are thousands of windows; half a window of sound
  int picture_side = 0;  ///< pictures are made squares of so many pixels; 0: as they are, if alike and not above 96
};

/// Recordings that can be learnt from.
struct Data {
  dataset::Dataset set;  ///< with all notices
  DataKind kind = DataKind::kMotion;
  std::vector<std::string> labels;
  std::vector<std::string> normal;      ///< of kNormal: those of `labels` that were learnt from
  std::vector<float> numbers;           ///< of kNumbers: what each of `labels` stands for
  std::vector<std::string> duplicates;  ///< a sentence for each recording that was left out
  std::string hash;                     ///< of all recordings before the split, whatever order they were read in
  dataset::WindowOptions window;
  dsp::Window shape;
  dataset::WindowIndex training, testing;
};

/// Reads, removes duplicates, splits, cuts. What people should know but can live with is said in the notices: clipped
/// readings, an axis that never changes, few recordings, rare labels, testing readings that training holds nearly.
///
/// Sound clips of two seconds or less become exactly one window each: shorter ones get faint noise on both sides, of
/// longer ones the loudest stretch is taken.
///
/// Of kNormal, recordings with other labels are all for testing. Of kNumbers, labels need not come twice.
///
///   kInvalidArgument  one label, where they are to be told apart; labels that are no numbers, or a label to learn from
///                     that no recording has; every axis constant; windows longer than the recordings; and what Split
///                     says
///   else              what ReadFolder says
Expected<Data> PrepareData(const DataOptions& options);

/// The same from recordings that are here already; `options.folder` is what sentences call them.
Expected<Data> PrepareData(dataset::Dataset set, const DataOptions& options);

/// As PrepareData without a split: all recordings train and none tests.
Expected<Data> PrepareWhole(const DataOptions& options);

/// Leaves one group of recordings out for testing, trains with all others, and cuts the windows anew.
///
///   kInvalidArgument  what dataset::LeaveOut says; a group whose recordings are all shorter than a window
Outcome LeaveOut(const DataOptions& options, const dataset::Groups& groups, size_t group, Data& data);

/// The impulse that looks at such windows: its input, named; what it makes of them is for the caller to say.
compiler::ImpulseDescription DescribeImpulse(const Data& data, const std::string& name);

/// The number that a label stands for: "23.5", "rpm_1200", "1200rpm"; it must hold exactly one. A minus is a sign at
/// the beginning or behind _, = or a space.
Expected<float> NumberOf(const std::string& label);

/// Recordings to judge an impulse by, all in `testing`: those of the folder's testing part; where it has none, the
/// testing part that `options.split` draws if the impulse learnt from this very folder (its data hash says so), else
/// everything.
///
///   kInvalidArgument  axes, rate or size differ from the impulse's; a label that it does not know
Expected<Data> PrepareTest(const DataOptions& options, const compiler::ImpulseDescription& impulse);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_DATA_H_
