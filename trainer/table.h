// The trainer's view of a data set: one row of features a window, with its label or target and its recording.
#ifndef THIMBLE_TRAINER_TABLE_H_
#define THIMBLE_TRAINER_TABLE_H_

#include <span>
#include <vector>

#include "base/error.h"

namespace thimble::trainer {

/// Rows of features with labels (a classifier learns from them) or with targets (a regressor does); never both.
struct Table {
  int feature_count = 0;
  std::vector<float> features;  ///< [rows, feature_count], in the units in which the DSP block gives them
  std::vector<int> labels;      ///< [rows], 0 … class_count - 1; empty for regression
  std::vector<float> targets;   ///< [rows, target_count], empty for classification
  std::vector<int> groups;      ///< [rows], the recording a row was cut from; empty: every row is its own recording

  int rows() const { return feature_count > 0 ? static_cast<int>(features.size()) / feature_count : 0; }
  bool is_regression() const { return labels.empty(); }
  int target_count() const { return rows() > 0 ? static_cast<int>(targets.size()) / rows() : 0; }
  std::span<const float> row(int index) const {
    return std::span(features).subspan(static_cast<size_t>(index) * static_cast<size_t>(feature_count),
                                       static_cast<size_t>(feature_count));
  }
  /// The recording of a row, or the row itself where there are no recordings.
  int group(int index) const { return groups.empty() ? index : groups[static_cast<size_t>(index)]; }

  /// The table of these rows, in this order. Indices may repeat.
  Table Select(std::span<const int> indices) const;
};

/// Says what keeps a table from being learnt from: sizes that do not fit together, a label below 0, a value that is
/// NaN or infinite (with its row and column).
Outcome Check(const Table& table);

/// Row indices of two parts of a table.
struct Split {
  std::vector<int> training, validation;
};

/// Cuts whole recordings off for validation, about `fraction` (0 … 1) of each label's recordings, chosen by `seed`.
///
/// A label with one recording keeps it for training, so validation may lack labels, or be empty: a window next to a
/// training window of the same recording would only pretend to be unseen.
Split SplitByGroup(const Table& table, float fraction, uint64_t seed);

/// Cuts a table into `folds` parts by recording, each label's recordings spread evenly, and gives split number `fold`:
/// that part for validation, the others for training.
Split FoldByGroup(const Table& table, int folds, int fold, uint64_t seed);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_TABLE_H_
