// How good are answers: confusion matrix, per-class figures, votes by recording, how sure of that one can be, and which
// windows and labels deserve a look.
#ifndef THIMBLE_TRAINER_EVALUATE_H_
#define THIMBLE_TRAINER_EVALUATE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"
#include "dataset/windows.h"
#include "trainer/table.h"

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

/// The index of each row's highest score; of equal scores the first, as on the device.
std::vector<int> Decide(std::span<const float> scores, int score_count);

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

/// Where a figure would lie, had other recordings been made.
struct Interval {
  double low = 0;
  double high = 0;
};

/// What a measure gives for some rows, which may repeat.
using Measure = std::function<double(std::span<const int> rows)>;

/// The interval that holds `measure` with probability `confidence`, by drawing whole recordings with replacement (the
/// percentile bootstrap; B. Efron, 1979). Windows of one recording are wrong together: drawing windows would promise
/// far too much. `groups` [rows] names the recordings.
///
///   kInvalidArgument  fewer than two recordings; a confidence outside 0 … 1; no draws
Expected<Interval> Bootstrap(std::span<const int> groups, const Measure& measure, double confidence = 0.95,
                             int draws = 1000, uint64_t seed = 1);

/// Says what keeps scores [rows, class_count] from being judged by `labels` [rows]: counts that do not fit, no rows, a
/// label that is none of the classes, a score that is NaN or infinite (with its row).
Outcome CheckScores(std::span<const float> scores, std::span<const int> labels, int class_count);

/// One row and how badly it was answered.
struct WorstRow {
  int row = 0;
  int label = 0;
  int predicted = 0;
  double loss = 0;  ///< -ln of the score of the true class
};

/// The `count` rows of largest loss, worst first, right ones among them when there are not as many wrong ones.
Expected<std::vector<WorstRow>> FindWorstRows(std::span<const float> scores, std::span<const int> labels,
                                              int class_count, int count);

/// Where a row of ExtractFeatures(dataset, index, …) comes from: "wave.1 (training/wave.1.json), 1.2 s to 3.2 s".
std::string DescribeWindow(const dataset::Dataset& dataset, const dataset::WindowIndex& index, int row);

/// Trains on one part of a table and scores another: [held_out rows, classes].
using TrainAndScore = std::function<Expected<std::vector<float>>(const Table& training, const Table& held_out)>;

/// Scores of every row by a network that saw nothing of its recording, from `folds` trainings (FoldByGroup), in the
/// order of the table. Judge them with Evaluate for a k-fold figure, or look for wrong labels with FindLabelSuspects.
///
///   kInvalidArgument  fewer recordings than folds, fewer than two folds
///   else              what `train_and_score` said
Expected<std::vector<float>> ScoreOutOfFold(const Table& table, int folds, uint64_t seed,
                                            const TrainAndScore& train_and_score);

/// A row whose label seems wrong.
struct LabelSuspect {
  int row = 0;
  int label = 0;
  int likely = 0;     ///< what the network is confident it is
  double margin = 0;  ///< score of `likely` less that of `label`
};

/// A recording of which many rows seem to be something else: people label recordings, not windows.
struct RecordingSuspect {
  int group = 0;
  int label = 0;
  int likely = 0;
  int suspect_rows = 0;  ///< that seem to be `likely`
  int rows = 0;
};

struct LabelSuspects {
  std::vector<LabelSuspect> rows;            ///< largest margin first
  std::vector<RecordingSuspect> recordings;  ///< at least half of whose rows seem to be the same other class
};

/// Labels that out-of-fold scores contradict with confidence: a row counts for class c when its score of c reaches the
/// mean that rows labelled c get for c; of several such classes the best score decides. Scores of rows the network
/// trained on would only repeat their labels. `groups` as for Evaluate.
///
/// Source: C. Northcutt, L. Jiang, I. Chuang: Confident Learning, JAIR 70 (2021), equations 1 and 2.
Expected<LabelSuspects> FindLabelSuspects(std::span<const float> scores, std::span<const int> labels,
                                          std::span<const int> groups, int class_count);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_EVALUATE_H_
