// How good what was learnt is on recordings left out of learning: as many trainings as there are folds, and one more.
#ifndef THIMBLE_STUDIO_CROSS_VALIDATION_H_
#define THIMBLE_STUDIO_CROSS_VALIDATION_H_

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "dataset/split.h"
#include "studio/training.h"
#include "trainer/evaluate.h"

namespace thimble::studio {

struct FoldOptions {
  int count = 0;                              ///< folds of recordings, or of the groups of TrainingOptions' split
  std::optional<dataset::SplitBy> each = {};  ///< instead: a fold for each of these groups, such as each speaker
  int jobs = 1;                               ///< folds at a time, each on one thread; of no matter for what comes out
};

/// What one fold's network answered on the recordings that were left out of its training.
struct Fold {
  std::string name;   ///< of the group, or "1", "2", …
  std::string model;  ///< what won inside the fold, "waveform + conv1d"
  int64_t parameters = 0;
  int windows = 0;                        ///< that were left out
  trainer::Evaluation in_float, in_int8;  ///< of the files, run by the runtime
};

/// A recording whose label its fold's network contradicts with confidence.
struct SuspectRecording {
  std::string file;
  std::string label, likely;
  int windows = 0;  ///< of the recording
  int suspect_windows = 0;
};

struct CrossValidation {
  std::vector<Fold> folds;
  std::vector<SuspectRecording> suspects;
  /// Learnt from all recordings. Its tests, and `data.testing`, are the folds' windows one after the other, each
  /// answered by the network that did not know it.
  TrainingResult result;
};

/// The mean over folds of an accuracy, and how far folds lie apart.
struct FoldSpread {
  double mean = 0, lowest = 0, highest = 0;
};
FoldSpread SpreadOf(const std::vector<Fold>& folds);

/// Trains once for each fold, without the fold's recordings, which it then answers; and at last from everything, which
/// is the network to use. All choices (scaling, candidate, epoch, int8 ranges) are made anew inside each fold's
/// training part, as TrainImpulse makes them. The author's split counts for nothing here.
///
///   kInvalidArgument  what dataset::DealFolds, FindGroups and LeaveOut say; `each` with one group
///   kCancelled        stopped before the last training; that one keeps the best so far
///   else              what TrainImpulse says
Expected<CrossValidation> CrossValidate(const TrainingOptions& options, const FoldOptions& folds,
                                        const EventCallback& on_event = {});

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_CROSS_VALIDATION_H_
