// Decides which recordings train the network and which test it.
#ifndef THIMBLE_DATASET_SPLIT_H_
#define THIMBLE_DATASET_SPLIT_H_

#include <cstdint>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

struct SplitOptions {
  uint64_t seed = 1;
  double testing_share = 0.2;  ///< of each label's recordings; 0 < share < 1
};

/// Decides by whole recordings, because windows of one recording overlap and a test on its neighbour's readings is no
/// test. Afterwards every recording of the dataset has a label and is for training or testing. Remove duplicates first.
///
/// An author's split is kept: recordings in both categories, where others that have none are left out with a notice, or
/// some for testing, where all others train. Otherwise each label gives `testing_share` of its recordings to
/// testing, at least one and never all, chosen by a hash of (seed, content): the choice does not depend on names or
/// order, and more data moves few of the old. Unlabelled recordings are left out with a notice.
///
///   kInvalidArgument   nothing is labelled; a label has one recording only; a label of the author's testing part is
///                      missing in training; everything is marked testing; a share outside 0..1
Outcome Split(Dataset& dataset, const SplitOptions& options = {});

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_SPLIT_H_
