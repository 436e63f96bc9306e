#include "studio/server/ingest/stretch_labels.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace thimble::studio {

using nlohmann::json;

std::vector<LabelledStretch> StretchLabelsOf(const Sample& sample) {
  std::vector<LabelledStretch> stretches;
  const json labels = json::parse(sample.structured_labels, nullptr, false);
  if (!labels.is_array()) return stretches;
  for (const json& one : labels) {
    if (!one.is_object()) continue;
    const auto number = [&](const char* key) {
      const auto found = one.find(key);
      return found != one.end() && found->is_number_integer() ? found->get<int64_t>() : int64_t{-1};
    };
    const int64_t first = number("startIndex");
    const int64_t last = std::min(number("endIndex"), sample.values_count - 1);
    const auto label = one.find("label");
    if (first < 0 || last < first || label == one.end() || !label->is_string()) continue;
    stretches.push_back({label->get<std::string>(), first, last - first + 1});
  }
  return stretches;
}

Stretch WithLabels(const Sample& sample, Stretch stretch) {
  if (stretch.first > sample.values_count || stretch.count > sample.values_count) return stretch;
  json labels = json::array();
  for (const LabelledStretch& one : StretchLabelsOf(sample)) {
    const int64_t begin = std::max(one.first, stretch.first) - stretch.first;
    const int64_t end = std::min(one.first + one.count, stretch.first + stretch.count) - stretch.first;
    if (begin < end) labels.push_back({{"label", one.label}, {"startIndex", begin}, {"endIndex", end - 1}});
  }
  stretch.structured_labels = labels.dump(-1, ' ', false, json::error_handler_t::replace);
  return stretch;
}

}  // namespace thimble::studio
