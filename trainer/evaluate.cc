#include "trainer/evaluate.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <utility>

namespace thimble::trainer {
namespace {

double Share(int part, int whole) { return whole > 0 ? static_cast<double>(part) / whole : 0; }

// The class with the most votes, the lower one of a tie.
int Majority(const std::vector<int>& votes) {
  return static_cast<int>(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

}  // namespace

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

}  // namespace thimble::trainer
