// How much better a random split of windows would make a network look than it is.
#ifndef THIMBLE_TRAINER_EVALUATE_SPLIT_H_
#define THIMBLE_TRAINER_EVALUATE_SPLIT_H_

#include <cstdint>
#include <string>

#include "base/error.h"
#include "trainer/table.h"

namespace thimble::trainer {

/// Accuracy of the nearest neighbour, which needs no training, under two ways of cutting the same rows into five folds.
struct SplitInflation {
  double windows = 0;  ///< neighbours from anywhere but the row's own fold of windows drawn at random
  double groups = 0;   ///< neighbours from anywhere but the row's own fold of whole groups
  int rows = 0;        ///< that were asked for their neighbour
  bool warns = false;  ///< the difference is more than chance and than one point
  /// Both figures and what to make of them: "Windows drawn at random would say 99.8 %, whole recordings say 88.1 % …".
  std::string sentence;
};

/// Compares both splits on `table`, whose groups are recordings, sessions, devices or persons: `group_name` is the
/// plural for the sentence. Features are standardised. Large tables are sampled: about a second at most.
///
///   kInvalidArgument  a table that Check refuses; targets instead of labels; fewer than five groups
Expected<SplitInflation> MeasureSplitInflation(const Table& table, const std::string& group_name = "recordings",
                                               uint64_t seed = 1);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_EVALUATE_SPLIT_H_
