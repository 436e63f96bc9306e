#include "trainer/table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "base/random.h"

namespace thimble::trainer {
namespace {

// The recordings of each label in an order chosen by `seed`. A recording belongs to the label of its first row.
std::map<int, std::vector<int>> ShuffledGroupsByLabel(const Table& table, uint64_t seed) {
  std::map<int, int> label_of_group;
  for (int row = 0; row < table.rows(); ++row) {
    label_of_group.try_emplace(table.group(row), table.is_regression() ? 0 : table.labels[static_cast<size_t>(row)]);
  }
  std::map<int, std::vector<int>> groups;
  for (const auto& [group, label] : label_of_group) groups[label].push_back(group);
  Random random(seed);
  for (auto& [label, members] : groups) random.Shuffle(std::span(members));
  return groups;
}

Split SplitRows(const Table& table, std::vector<int> validation_groups) {
  std::sort(validation_groups.begin(), validation_groups.end());
  Split split;
  for (int row = 0; row < table.rows(); ++row) {
    const bool validates = std::binary_search(validation_groups.begin(), validation_groups.end(), table.group(row));
    (validates ? split.validation : split.training).push_back(row);
  }
  return split;
}

template <typename T>
void AppendRow(std::vector<T>& to, const std::vector<T>& from, int row, int width) {
  if (from.empty()) return;
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(row) * width;
  to.insert(to.end(), begin, begin + width);
}

Outcome CheckFinite(const std::vector<float>& values, int width, const char* what) {
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad == values.end()) return Nothing{};
  const auto index = bad - values.begin();
  return {Status::kInvalidArgument, "row " + std::to_string(index / width) + ": " + what + " " +
                                        std::to_string(index % width) +
                                        " is not a finite number; leave out the window it comes from"};
}

}  // namespace

Table Table::Select(std::span<const int> indices) const {
  Table selected;
  selected.feature_count = feature_count;
  for (const int row : indices) {
    AppendRow(selected.features, features, row, feature_count);
    AppendRow(selected.labels, labels, row, 1);
    AppendRow(selected.targets, targets, row, target_count());
    AppendRow(selected.groups, groups, row, 1);
  }
  return selected;
}

Outcome Check(const Table& table) {
  const auto wrong = [](std::string message) { return Outcome(Status::kInvalidArgument, std::move(message)); };
  if (table.feature_count < 1) return wrong("the table has no features");
  if (table.features.empty()) return wrong("the table has no rows; are the recordings shorter than a window?");
  if (table.features.size() % static_cast<size_t>(table.feature_count) != 0) {
    return wrong(std::to_string(table.features.size()) + " feature values are not whole rows of " +
                 std::to_string(table.feature_count));
  }
  const auto rows = static_cast<size_t>(table.rows());
  if (table.labels.empty() == table.targets.empty()) {
    return wrong("a table needs labels (to classify) or targets (for regression), and not both");
  }
  if (!table.labels.empty() && table.labels.size() != rows) {
    return wrong(std::to_string(table.labels.size()) + " labels for " + std::to_string(rows) + " rows");
  }
  if (table.targets.size() % rows != 0) {
    return wrong(std::to_string(table.targets.size()) + " targets for " + std::to_string(rows) + " rows");
  }
  if (!table.groups.empty() && table.groups.size() != rows) {
    return wrong(std::to_string(table.groups.size()) + " recordings named for " + std::to_string(rows) + " rows");
  }
  const auto negative = std::find_if(table.labels.begin(), table.labels.end(), [](int label) { return label < 0; });
  if (negative != table.labels.end()) {
    return wrong("row " + std::to_string(negative - table.labels.begin()) + ": the label is " +
                 std::to_string(*negative) + "; labels count from 0");
  }
  THIMBLE_EXPECT(CheckFinite(table.features, table.feature_count, "feature"));
  return table.targets.empty() ? Outcome(Nothing{}) : CheckFinite(table.targets, table.target_count(), "target");
}

Split SplitByGroup(const Table& table, float fraction, uint64_t seed) {
  std::vector<int> validation_groups;
  if (fraction > 0) {
    for (const auto& [label, groups] : ShuffledGroupsByLabel(table, seed)) {
      const auto count = static_cast<std::ptrdiff_t>(groups.size());
      const auto wanted = std::max<std::ptrdiff_t>(1, std::lround(fraction * static_cast<float>(count)));
      validation_groups.insert(validation_groups.end(), groups.begin(), groups.begin() + std::min(wanted, count - 1));
    }
  }
  return SplitRows(table, std::move(validation_groups));
}

Split FoldByGroup(const Table& table, int folds, int fold, uint64_t seed) {
  std::vector<int> validation_groups;
  int turn = 0;  // runs on from label to label, so that labels with few recordings do not all land in fold 0
  for (const auto& [label, groups] : ShuffledGroupsByLabel(table, seed)) {
    for (const int group : groups) {
      if (turn++ % folds == fold) validation_groups.push_back(group);
    }
  }
  return SplitRows(table, std::move(validation_groups));
}

}  // namespace thimble::trainer
