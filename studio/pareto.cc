#include "studio/pareto.h"

#include <algorithm>
#include <cmath>

namespace thimble::studio {

std::vector<size_t> ParetoFront(std::span<const std::vector<double>> points) {
  const auto is_number = [&](size_t place) {
    return std::none_of(points[place].begin(), points[place].end(), [](double value) { return std::isnan(value); });
  };
  const auto beats = [&](size_t one, size_t other) {
    bool smaller = false;
    for (size_t i = 0; i < points[one].size(); ++i) {
      if (points[one][i] > points[other][i]) return false;
      smaller = smaller || points[one][i] < points[other][i];
    }
    return smaller || one < other;
  };
  std::vector<size_t> front;
  for (size_t i = 0; i < points.size(); ++i) {
    if (!is_number(i)) continue;
    bool beaten = false;
    for (size_t j = 0; j < points.size() && !beaten; ++j) beaten = j != i && is_number(j) && beats(j, i);
    if (!beaten) front.push_back(i);
  }
  std::sort(front.begin(), front.end(), [&](size_t one, size_t other) { return points[one] < points[other]; });
  return front;
}

}  // namespace thimble::studio
