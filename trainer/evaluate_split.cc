#include "trainer/evaluate_split.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "base/random.h"

namespace thimble::trainer {
namespace {

constexpr int kFolds = 5;

std::string Percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

/// Each feature with mean 0 and deviation 1; features that never change become 0.
std::vector<float> Standardise(const Table& table) {
  const auto width = static_cast<size_t>(table.feature_count);
  const auto rows = static_cast<double>(table.rows());
  std::vector<float> values(table.features.size());
  for (size_t i = 0; i < width; ++i) {
    double mean = 0;
    for (size_t at = i; at < values.size(); at += width) mean += static_cast<double>(table.features[at]);
    mean /= rows;
    double variance = 0;
    for (size_t at = i; at < values.size(); at += width) {
      const double difference = static_cast<double>(table.features[at]) - mean;
      variance += difference * difference;
    }
    const double scale = variance > 0 ? 1 / std::sqrt(variance / rows) : 0;
    for (size_t at = i; at < values.size(); at += width) {
      values[at] = static_cast<float>((static_cast<double>(table.features[at]) - mean) * scale);
    }
  }
  return values;
}

/// Which fold each row lies in when whole groups are dealt out.
std::vector<int> FoldsOfGroups(const Table& table, uint64_t seed) {
  std::vector<int> folds(static_cast<size_t>(table.rows()));
  for (int fold = 0; fold < kFolds; ++fold) {
    for (const int row : FoldByGroup(table, kFolds, fold, seed).validation) folds[static_cast<size_t>(row)] = fold;
  }
  return folds;
}

/// The label of the row's nearest neighbour in another fold; -1: there is none.
int NeighboursLabel(const Table& table, const std::vector<double>& distances, const std::vector<int>& folds, int row) {
  double nearest = std::numeric_limits<double>::infinity();
  int label = -1;
  for (size_t other = 0; other < distances.size(); ++other) {
    if (folds[other] == folds[static_cast<size_t>(row)] || distances[other] >= nearest) continue;
    nearest = distances[other];
    label = table.labels[other];
  }
  return label;
}

}  // namespace

Expected<SplitInflation> MeasureSplitInflation(const Table& table, const std::string& group_name, uint64_t seed) {
  constexpr double kMostWork = 4e8;  // multiplications
  constexpr size_t kFewestAsked = 100;
  THIMBLE_EXPECT(Check(table));
  if (table.is_regression()) {
    return {Status::kInvalidArgument, "only splits of labelled windows can be compared, not those of targets"};
  }
  std::set<int> groups;
  for (int row = 0; row < table.rows(); ++row) groups.insert(table.group(row));
  if (groups.size() < kFolds) {
    return {Status::kInvalidArgument, "comparing splits takes at least " + std::to_string(kFolds) + " " + group_name +
                                          ", not " + std::to_string(groups.size())};
  }
  const auto rows = static_cast<size_t>(table.rows());
  const auto width = static_cast<size_t>(table.feature_count);
  const std::vector<float> values = Standardise(table);
  const std::vector<int> folds_of_groups = FoldsOfGroups(table, seed);

  Random random(seed);
  std::vector<int> order(rows);
  std::iota(order.begin(), order.end(), 0);
  random.Shuffle(std::span(order));
  std::vector<int> folds_of_windows(rows);
  for (size_t i = 0; i < rows; ++i) folds_of_windows[static_cast<size_t>(order[i])] = static_cast<int>(i % kFolds);

  // Fewer questions, but all rows stay as answers: thinning them out would hide how alike neighbouring windows are.
  const auto affordable = static_cast<size_t>(kMostWork / (static_cast<double>(rows) * static_cast<double>(width)));
  order.resize(std::min(rows, std::max(affordable, kFewestAsked)));
  std::vector<double> distances(rows);
  int right_of_windows = 0;
  int right_of_groups = 0;
  int only_windows = 0;
  int only_groups = 0;
  for (const int row : order) {
    const float* asked = values.data() + static_cast<size_t>(row) * width;
    for (size_t other = 0; other < rows; ++other) {
      const float* answer = values.data() + other * width;
      float sum = 0;
      for (size_t i = 0; i < width; ++i) sum += (asked[i] - answer[i]) * (asked[i] - answer[i]);
      distances[other] = static_cast<double>(sum);
    }
    const int label = table.labels[static_cast<size_t>(row)];
    const bool by_windows = NeighboursLabel(table, distances, folds_of_windows, row) == label;
    const bool by_groups = NeighboursLabel(table, distances, folds_of_groups, row) == label;
    right_of_windows += by_windows ? 1 : 0;
    right_of_groups += by_groups ? 1 : 0;
    only_windows += by_windows && !by_groups ? 1 : 0;
    only_groups += by_groups && !by_windows ? 1 : 0;
  }
  SplitInflation inflation;
  const auto asked = static_cast<double>(order.size());
  inflation.rows = static_cast<int>(order.size());
  inflation.windows = right_of_windows / asked;
  inflation.groups = right_of_groups / asked;
  // McNemar's test: of the rows on which the two disagree, chance would give each half; beyond two deviations it is
  // not.
  const double difference = only_windows - only_groups;
  const bool beyond_chance = difference > 2 * std::sqrt(static_cast<double>(only_windows + only_groups));
  inflation.warns = beyond_chance && inflation.windows - inflation.groups > 0.01;
  inflation.sentence = "Windows drawn at random would say " + Percent(inflation.windows) + ", whole " + group_name +
                       " say " + Percent(inflation.groups) + " (nearest neighbour, five folds): " +
                       (inflation.warns ? "windows of the same " + group_name +
                                              " resemble each other, so only the second is to be believed"
                                        : "the two hardly differ");
  return inflation;
}

}  // namespace thimble::trainer
