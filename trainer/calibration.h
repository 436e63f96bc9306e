// Whether scores mean what they say, what to divide them by when they do not, and from which score on to answer at all.
#ifndef THIMBLE_TRAINER_CALIBRATION_H_
#define THIMBLE_TRAINER_CALIBRATION_H_

#include <span>
#include <vector>

#include "base/error.h"

namespace thimble::trainer {

/// Rows whose highest score lies above `from` and is at most `to`.
struct ReliabilityBin {
  double from = 0;
  double to = 0;
  int rows = 0;
  double confidence = 0;  ///< mean of the highest scores; 0 without rows
  double accuracy = 0;    ///< share that is right; 0 without rows
};

struct Calibration {
  /// Expected calibration error (ECE): mean over the rows of their bin's |confidence - accuracy|. A network that says
  /// 0.9 should be right nine times of ten.
  double expected_error = 0;
  double largest_error = 0;  ///< of any bin
  double log_loss = 0;       ///< mean of -ln of the true class's score
  double brier = 0;          ///< mean over rows of the summed squared differences from the right answer, 0 … 2
  std::vector<ReliabilityBin> bins;
};

/// A score that is to be taken the logarithm of is at least this. int8 scores come in steps of 1/256: use 1/512 there.
inline constexpr float kLeastScore = 1e-7f;

/// Judges softmax scores [rows, class_count].
///
///   kInvalidArgument  as CheckScores (trainer/evaluate.h); a bin count below 1
///
/// Source: C. Guo et al.: On Calibration of Modern Neural Networks, ICML 2017, section 2.
Expected<Calibration> MeasureCalibration(std::span<const float> scores, std::span<const int> labels, int class_count,
                                         int bin_count = 15, float least_score = kLeastScore);

/// No temperature is outside: where validation has not a single error, the best one would be 0, which nobody should
/// trust.
inline constexpr double kLowestTemperature = 0.1;
inline constexpr double kHighestTemperature = 10;

/// The temperature T for which softmax(ln(scores) / T) has the least log loss, by Newton's method on 1/T (the loss is
/// convex in it). Above 1: the network is too sure of itself. Fit it on validation rows, never on the test part. The
/// decisions stay the same; only how sure they are changes.
///
///   kInvalidArgument  as CheckScores
Expected<double> FitTemperature(std::span<const float> scores, std::span<const int> labels, int class_count,
                                float least_score = kLeastScore);

/// softmax(ln(scores) / temperature), row by row. `temperature` > 0.
std::vector<float> ApplyTemperature(std::span<const float> scores, int class_count, double temperature,
                                    float least_score = kLeastScore);

/// What comes of answering only where the highest score is `threshold` or more, and saying "uncertain" elsewhere.
struct CoveragePoint {
  float threshold = 0;
  int answered = 0;
  int correct = 0;
  double coverage = 0;  ///< share of rows that are answered
  double accuracy = 0;  ///< share of those that are right
};

/// One point for each highest score that occurs, from the highest (few answers, mostly right) down to all rows.
Expected<std::vector<CoveragePoint>> MakeCoverageCurve(std::span<const float> scores, std::span<const int> labels,
                                                       int class_count);

/// The point that answers most rows with at least this accuracy.
///
///   kInvalidArgument  the accuracy lies outside 0 … 1; no points
///   kFailed           no threshold reaches it (the sentence says what the best one gives)
Expected<CoveragePoint> ChooseForAccuracy(std::span<const CoveragePoint> curve, double accuracy);

/// The highest threshold at which at least this share of rows is answered.
///
///   kInvalidArgument  the share lies outside 0 … 1; no points
Expected<CoveragePoint> ChooseForCoverage(std::span<const CoveragePoint> curve, double coverage);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_CALIBRATION_H_
