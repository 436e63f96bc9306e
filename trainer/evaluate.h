// How good are answers: confusion matrix, per-class figures, votes by recording, regression errors.
#ifndef THIMBLE_TRAINER_EVALUATE_H_
#define THIMBLE_TRAINER_EVALUATE_H_

#include <span>
#include <vector>

namespace thimble::trainer {

/// Shares 0 … 1. Precision is 0 for a class never predicted, recall for one that never occurs.
struct ClassScore {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  int rows = 0;  ///< that truly are of the class
};

struct Evaluation {
  std::vector<std::vector<int>> confusion;  ///< [true class][predicted class], counts of rows
  double accuracy = 0;
  double macro_f1 = 0;  ///< mean of f1 over the classes that occur
  std::vector<ClassScore> classes;
  int recordings = 0;
  /// By majority of the recording's rows; of a tie the lower class wins. A recording with rows of several labels counts
  /// once for each.
  int recordings_correct = 0;
};

/// Compares predicted with true classes, each [rows]. `groups` [rows] names recordings; empty: every row is one.
Evaluation Evaluate(std::span<const int> labels, std::span<const int> predictions, std::span<const int> groups,
                    int class_count);

/// One for each row of a confusion matrix; cells that are missing count as 0.
std::vector<ClassScore> ScoreClasses(const std::vector<std::vector<int>>& confusion);

/// Mean of f1 over the classes that occur; 0 when none does.
double MacroF1(const std::vector<ClassScore>& classes);

struct RegressionErrors {
  double mean_absolute = 0;
  double root_mean_square = 0;
  double largest = 0;
};

/// Compares predicted with true numbers, of any equal count.
RegressionErrors EvaluateRegression(std::span<const float> targets, std::span<const float> predictions);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_EVALUATE_H_
