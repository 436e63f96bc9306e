// What every possible threshold on a score would give: ROC and precision-recall curves, and the areas below them.
#ifndef THIMBLE_TRAINER_EVALUATE_CURVES_H_
#define THIMBLE_TRAINER_EVALUATE_CURVES_H_

#include <optional>
#include <span>
#include <vector>

#include "base/error.h"

namespace thimble::trainer {

/// What happens when rows that score `threshold` or more are taken for positive.
struct CurvePoint {
  float threshold = 0;
  int true_positives = 0;
  int false_positives = 0;
};

/// One point for each score that occurs, from the highest down: equal scores cannot be told apart by any threshold.
struct ScoreCurve {
  int positives = 0;  ///< rows; at least one
  int negatives = 0;  ///< rows; at least one
  std::vector<CurvePoint> points;

  double Recall(const CurvePoint& point) const { return static_cast<double>(point.true_positives) / positives; }
  double FalseAlarms(const CurvePoint& point) const { return static_cast<double>(point.false_positives) / negatives; }
  static double Precision(const CurvePoint& point) {
    return static_cast<double>(point.true_positives) / (point.true_positives + point.false_positives);
  }

  /// Area under the ROC curve: the probability that a positive row scores above a negative one, ties counting half.
  double Area() const;
  /// Average precision: the mean over the positive rows of the precision at their score. Says more than Area() where
  /// positives are rare.
  double AveragePrecision() const;
};

/// Rows whose label is `positive` against all others. Scores may be infinite, as those of anomaly detectors are.
///
///   kInvalidArgument  counts that differ; a score that is NaN (with its row); no positive row, or no other
Expected<ScoreCurve> MakeCurve(std::span<const float> scores, std::span<const int> labels, int positive = 1);

/// Area under the ROC curve of each class against the rest, of scores [rows, class_count]; nothing for a class that
/// never occurs or that alone does.
Expected<std::vector<std::optional<double>>> AreaOfEachClass(std::span<const float> scores, std::span<const int> labels,
                                                             int class_count);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_EVALUATE_CURVES_H_
