#include "trainer/feature_scaling.h"

#include <cmath>
#include <string>

namespace thimble::trainer {

Expected<FeatureScaling> FitFeatureScaling(std::span<const float> rows, int feature_count) {
  const auto width = static_cast<size_t>(feature_count);
  if (feature_count < 1 || rows.empty() || rows.size() % width != 0) {
    return {Status::kInvalidArgument, std::to_string(rows.size()) + " values are not whole rows of " +
                                          std::to_string(feature_count) + " features; give at least one row"};
  }
  std::vector<double> means(width), squares(width);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(rows[i])) {
      return {Status::kInvalidArgument, "row " + std::to_string(i / width) + ", feature " + std::to_string(i % width) +
                                            " is not a finite number; leave the row out or mend what made it"};
    }
    means[i % width] += static_cast<double>(rows[i]);
  }
  const double count = static_cast<double>(rows.size() / width);
  for (double& mean : means) mean /= count;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double difference = static_cast<double>(rows[i]) - means[i % width];
    squares[i % width] += difference * difference;
  }
  FeatureScaling scaling;
  for (size_t i = 0; i < width; ++i) {
    const double deviation = std::sqrt(squares[i] / count);
    // What rounding alone does to a constant is not a variation.
    const bool varies = deviation > 1e-6 * std::abs(means[i]) && deviation > 1e-30;
    scaling.offset.push_back(static_cast<float>(means[i]));
    scaling.scale.push_back(varies ? static_cast<float>(1 / deviation) : 0.0f);
  }
  return scaling;
}

void Apply(const FeatureScaling& scaling, std::span<float> rows) {
  const size_t width = scaling.scale.size();
  if (width == 0) return;
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = (rows[i] - scaling.offset[i % width]) * scaling.scale[i % width];
}

}  // namespace thimble::trainer
