#include "dataset/recording.h"

#include <set>

namespace thimble::dataset {

const char* CategoryName(Category category) {
  switch (category) {
    case Category::kUnassigned:
      return "unassigned";
    case Category::kTraining:
      return "training";
    case Category::kTesting:
      return "testing";
  }
  return "unassigned";
}

std::vector<std::string> Dataset::Labels() const {
  std::set<std::string> labels;
  for (const Recording& recording : recordings) {
    if (!recording.label.empty()) labels.insert(recording.label);
  }
  return {labels.begin(), labels.end()};
}

}  // namespace thimble::dataset
