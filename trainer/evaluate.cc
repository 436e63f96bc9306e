#include "trainer/evaluate.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "trainer/calibration.h"

namespace thimble::trainer {
namespace {

double Share(int part, int whole) { return whole > 0 ? static_cast<double>(part) / whole : 0; }

// The class with the most votes, the lower one of a tie.
int Majority(const std::vector<int>& votes) {
  return static_cast<int>(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

Error Wrong(std::string message) { return {Status::kInvalidArgument, std::move(message)}; }

std::span<const float> ScoresOf(std::span<const float> scores, size_t row, size_t class_count) {
  return scores.subspan(row * class_count, class_count);
}

/// Rows of each recording, recordings in the order of their numbers.
std::map<int, std::vector<int>> RowsByGroup(std::span<const int> groups) {
  std::map<int, std::vector<int>> rows;
  for (size_t row = 0; row < groups.size(); ++row) rows[groups[row]].push_back(static_cast<int>(row));
  return rows;
}

std::string Seconds(double ms) {
  std::string text = std::to_string(std::round(ms) / 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

}  // namespace

std::vector<int> Decide(std::span<const float> scores, int score_count) {
  std::vector<int> decisions;
  const auto width = static_cast<std::ptrdiff_t>(score_count);
  for (auto row = scores.begin(); row != scores.end(); row += width) {
    decisions.push_back(static_cast<int>(std::max_element(row, row + width) - row));
  }
  return decisions;
}

Evaluation Evaluate(std::span<const int> labels, std::span<const int> predictions, std::span<const int> groups,
                    int class_count) {
  assert(labels.size() == predictions.size() && (groups.empty() || groups.size() == labels.size()));
  const auto classes = static_cast<size_t>(class_count);
  Evaluation evaluation;
  evaluation.confusion.assign(classes, std::vector<int>(classes));

  // A recording holds windows of several labels when its events were marked within it; each then votes apart.
  std::map<std::pair<int, int>, std::vector<int>> votes;
  for (size_t row = 0; row < labels.size(); ++row) {
    const int truth = labels[row];
    const int guess = predictions[row];
    ++evaluation.confusion[static_cast<size_t>(truth)][static_cast<size_t>(guess)];
    auto& vote = votes[{groups.empty() ? static_cast<int>(row) : groups[row], truth}];
    vote.resize(classes);
    ++vote[static_cast<size_t>(guess)];
  }
  evaluation.recordings = static_cast<int>(votes.size());
  for (const auto& [recording, vote] : votes) evaluation.recordings_correct += Majority(vote) == recording.second;

  int correct = 0;
  for (size_t c = 0; c < classes; ++c) correct += evaluation.confusion[c][c];
  evaluation.accuracy = Share(correct, static_cast<int>(labels.size()));
  evaluation.classes = ScoreClasses(evaluation.confusion);
  evaluation.macro_f1 = MacroF1(evaluation.classes);
  return evaluation;
}

std::vector<ClassScore> ScoreClasses(const std::vector<std::vector<int>>& confusion) {
  std::vector<ClassScore> classes(confusion.size());
  for (size_t c = 0; c < classes.size(); ++c) {
    int predicted = 0;
    for (const std::vector<int>& row : confusion) predicted += c < row.size() ? row[c] : 0;
    for (const int cell : confusion[c]) classes[c].rows += cell;
    const int hits = c < confusion[c].size() ? confusion[c][c] : 0;
    classes[c].precision = Share(hits, predicted);
    classes[c].recall = Share(hits, classes[c].rows);
    classes[c].f1 = Share(2 * hits, predicted + classes[c].rows);
  }
  return classes;
}

double MacroF1(const std::vector<ClassScore>& classes) {
  double sum = 0;
  int occurring = 0;
  for (const ClassScore& score : classes) {
    occurring += score.rows > 0 ? 1 : 0;
    sum += score.rows > 0 ? score.f1 : 0;
  }
  return occurring > 0 ? sum / occurring : 0;
}

RegressionErrors EvaluateRegression(std::span<const float> targets, std::span<const float> predictions) {
  assert(targets.size() == predictions.size());
  RegressionErrors errors;
  for (size_t i = 0; i < targets.size(); ++i) {
    const double error = std::abs(static_cast<double>(predictions[i]) - static_cast<double>(targets[i]));
    errors.mean_absolute += error;
    errors.root_mean_square += error * error;
    errors.largest = std::max(errors.largest, error);
  }
  if (!targets.empty()) {
    const auto count = static_cast<double>(targets.size());
    errors.mean_absolute /= count;
    errors.root_mean_square = std::sqrt(errors.root_mean_square / count);
  }
  return errors;
}

Expected<Interval> Bootstrap(std::span<const int> groups, const Measure& measure, double confidence, int draws,
                             uint64_t seed) {
  const std::map<int, std::vector<int>> by_group = RowsByGroup(groups);
  if (by_group.size() < 2) {
    return Wrong("how sure a figure is can only be told from two recordings or more, not from " +
                 std::to_string(by_group.size()) + "; record more, or cut a long one with --readings-per-recording");
  }
  if (!(confidence > 0 && confidence < 1)) return Wrong("a confidence lies between 0 and 1, such as 0.95");
  if (draws < 1) return Wrong("an interval needs at least one draw; 1000 are usual");
  std::vector<const std::vector<int>*> recordings;
  for (const auto& [group, rows] : by_group) recordings.push_back(&rows);
  Random random(seed);
  std::vector<double> values;
  std::vector<int> drawn;
  for (int draw = 0; draw < draws; ++draw) {
    drawn.clear();
    for (size_t i = 0; i < recordings.size(); ++i) {
      const std::vector<int>& rows = *recordings[random.Below(static_cast<uint32_t>(recordings.size()))];
      drawn.insert(drawn.end(), rows.begin(), rows.end());
    }
    values.push_back(measure(drawn));
  }
  std::sort(values.begin(), values.end());
  const double tail = (1 - confidence) / 2 * static_cast<double>(draws - 1);
  const auto low = static_cast<size_t>(std::llround(tail));
  return Interval{.low = values[low], .high = values[values.size() - 1 - low]};
}

Outcome CheckScores(std::span<const float> scores, std::span<const int> labels, int class_count) {
  if (class_count < 1) return Wrong("there are no classes to judge");
  if (labels.empty()) return Wrong("there are no rows to judge; is the test part of the data empty?");
  const auto classes = static_cast<size_t>(class_count);
  if (scores.size() != labels.size() * classes) {
    return Wrong(std::to_string(scores.size()) + " scores are not " + std::to_string(class_count) + " for each of " +
                 std::to_string(labels.size()) + " rows");
  }
  for (size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0 || labels[row] >= class_count) {
      return Wrong("row " + std::to_string(row) + ": label " + std::to_string(labels[row]) + " is none of the " +
                   std::to_string(class_count) + " classes that the scores are for");
    }
    for (const float score : ScoresOf(scores, row, classes)) {
      if (std::isfinite(score)) continue;
      return Wrong("row " + std::to_string(row) +
                   ": a score is not a finite number; the network has diverged (train with a lower learning rate) or "
                   "the features of this window are broken");
    }
  }
  return Nothing{};
}

Expected<std::vector<WorstRow>> FindWorstRows(std::span<const float> scores, std::span<const int> labels,
                                              int class_count, int count) {
  THIMBLE_EXPECT(CheckScores(scores, labels, class_count));
  const std::vector<int> predictions = Decide(scores, class_count);
  std::vector<WorstRow> rows;
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto label = static_cast<size_t>(labels[row]);
    const float score = ScoresOf(scores, row, static_cast<size_t>(class_count))[label];
    rows.push_back({.row = static_cast<int>(row),
                    .label = labels[row],
                    .predicted = predictions[row],
                    .loss = -std::log(static_cast<double>(std::max(score, kLeastScore)))});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const WorstRow& a, const WorstRow& b) { return a.loss > b.loss; });
  rows.resize(std::min(rows.size(), static_cast<size_t>(std::max(count, 0))));
  return rows;
}

std::string DescribeWindow(const dataset::Dataset& dataset, const dataset::WindowIndex& index, int row) {
  const dataset::WindowPlace& place = index.windows[static_cast<size_t>(row)];
  const dataset::Recording& recording = dataset.recordings[place.recording];
  std::string name = recording.name == recording.file ? recording.file : recording.name + " (" + recording.file + ")";
  if (recording.is_picture()) return name;
  const auto at = [&](size_t reading) { return Seconds(static_cast<double>(reading) * recording.interval_ms); };
  return name + ", " + at(place.first_reading) + " to " + at(place.first_reading + index.readings);
}

Expected<std::vector<float>> ScoreOutOfFold(const Table& table, int folds, uint64_t seed,
                                            const TrainAndScore& train_and_score) {
  std::vector<int> groups;
  for (int row = 0; row < table.rows(); ++row) groups.push_back(table.group(row));
  const size_t recordings = RowsByGroup(groups).size();
  if (folds < 2 || static_cast<size_t>(folds) > recordings) {
    return Wrong(std::to_string(folds) + " folds of " + std::to_string(recordings) +
                 " recordings are impossible; choose from 2 folds to one a recording");
  }
  std::vector<float> scores;
  for (int fold = 0; fold < folds; ++fold) {
    const Split split = FoldByGroup(table, folds, fold, seed);
    const Table held_out = table.Select(split.validation);
    THIMBLE_ASSIGN(const std::vector<float> part, train_and_score(table.Select(split.training), held_out));
    if (split.validation.empty()) continue;
    const size_t width = part.size() / split.validation.size();
    if (width * split.validation.size() != part.size() || (!scores.empty() && scores.size() != width * groups.size())) {
      return Wrong("fold " + std::to_string(fold) + " gave " + std::to_string(part.size()) + " scores for " +
                   std::to_string(split.validation.size()) + " rows; every fold scores the same classes");
    }
    scores.resize(width * groups.size());
    for (size_t i = 0; i < split.validation.size(); ++i) {
      std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                  scores.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(split.validation[i]) * width));
    }
  }
  return scores;
}

Expected<LabelSuspects> FindLabelSuspects(std::span<const float> scores, std::span<const int> labels,
                                          std::span<const int> groups, int class_count) {
  THIMBLE_EXPECT(CheckScores(scores, labels, class_count));
  const auto classes = static_cast<size_t>(class_count);
  std::vector<double> confident(classes);
  std::vector<int> counts(classes);
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto label = static_cast<size_t>(labels[row]);
    confident[label] += static_cast<double>(ScoresOf(scores, row, classes)[label]);
    ++counts[label];
  }
  for (size_t c = 0; c < classes; ++c) confident[c] /= std::max(counts[c], 1);

  LabelSuspects suspects;
  for (size_t row = 0; row < labels.size(); ++row) {
    const std::span<const float> of_row = ScoresOf(scores, row, classes);
    const auto label = static_cast<size_t>(labels[row]);
    size_t likely = classes;
    for (size_t c = 0; c < classes; ++c) {
      const bool counts_for = counts[c] > 0 && static_cast<double>(of_row[c]) >= confident[c];
      if (counts_for && (likely == classes || of_row[c] > of_row[likely])) likely = c;
    }
    // Where the other class is the better one of two only by its lower bar, the label stands.
    if (likely == classes || likely == label || of_row[likely] <= of_row[label]) continue;
    suspects.rows.push_back({.row = static_cast<int>(row),
                             .label = labels[row],
                             .likely = static_cast<int>(likely),
                             .margin = static_cast<double>(of_row[likely]) - static_cast<double>(of_row[label])});
  }
  std::stable_sort(suspects.rows.begin(), suspects.rows.end(),
                   [](const LabelSuspect& a, const LabelSuspect& b) { return a.margin > b.margin; });

  const auto group_of = [&](size_t row) { return groups.empty() ? static_cast<int>(row) : groups[row]; };
  std::map<std::pair<int, int>, int> rows_of;  // (recording, label), as in Evaluate
  for (size_t row = 0; row < labels.size(); ++row) ++rows_of[{group_of(row), labels[row]}];
  std::map<std::pair<int, int>, std::vector<int>> votes;
  for (const LabelSuspect& suspect : suspects.rows) {
    auto& vote = votes[{group_of(static_cast<size_t>(suspect.row)), suspect.label}];
    vote.resize(classes);
    ++vote[static_cast<size_t>(suspect.likely)];
  }
  for (const auto& [recording, vote] : votes) {
    const int likely = Majority(vote);
    const RecordingSuspect suspect{.group = recording.first,
                                   .label = recording.second,
                                   .likely = likely,
                                   .suspect_rows = vote[static_cast<size_t>(likely)],
                                   .rows = rows_of[recording]};
    if (2 * suspect.suspect_rows >= suspect.rows) suspects.recordings.push_back(suspect);
  }
  return suspects;
}

}  // namespace thimble::trainer
