#include "trainer/internal/loss.h"

#include <algorithm>
#include <cmath>

namespace thimble::trainer::engine {

double CrossEntropy(const Kernels& kernels, const float* logits, std::span<const int> labels,
                    std::span<const float> class_weights, float smoothing, float* gradient) {
  const size_t classes = class_weights.size();
  const size_t rows = labels.size();
  for (size_t row = 0; row < rows; ++row) {
    const float* const from = logits + row * classes;
    const float highest = *std::max_element(from, from + classes);
    for (size_t c = 0; c < classes; ++c) gradient[row * classes + c] = from[c] - highest;
  }
  // exp(-87) is as good as 0, and what differences of logits beyond that lose is a constant of the loss.
  kernels.exponential(gradient, gradient, rows * classes);
  const float per_row = 1.0f / static_cast<float>(rows);
  const float elsewhere = smoothing / static_cast<float>(classes);
  double loss = 0;
  for (size_t row = 0; row < rows; ++row) {
    const auto label = static_cast<size_t>(labels[row]);
    const float* const from = logits + row * classes;
    float* const to = gradient + row * classes;
    const float weight = class_weights[label] * per_row;
    const float highest = *std::max_element(from, from + classes);
    float sum = 0;
    float distances = 0;
    for (size_t c = 0; c < classes; ++c) {
      sum += to[c];
      distances += from[c] - highest;
    }
    // -sum over c of target[c] × log softmax[c], where log softmax[c] = logit[c] - highest - log(sum).
    const double log_sum = std::log(static_cast<double>(sum));
    const double at_label = static_cast<double>(from[label] - highest);
    loss += static_cast<double>(weight) * (log_sum - static_cast<double>(1 - smoothing) * at_label -
                                           static_cast<double>(elsewhere) * static_cast<double>(distances));
    const float factor = weight / sum;
    for (size_t c = 0; c < classes; ++c) to[c] = to[c] * factor - weight * elsewhere;
    to[label] -= weight * (1 - smoothing);
  }
  return loss;
}

void Softmax(const Kernels& kernels, std::span<float> scores) {
  const float highest = *std::max_element(scores.begin(), scores.end());
  for (float& score : scores) score -= highest;
  kernels.exponential(scores.data(), scores.data(), scores.size());
  float sum = 0;
  for (const float score : scores) sum += score;
  for (float& score : scores) score /= sum;
}

double SquaredError(std::span<const float> y, const float* targets, float* gradient) {
  const float each = 2.0f / static_cast<float>(y.size());
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const float error = y[i] - targets[i];
    sum += static_cast<double>(error) * static_cast<double>(error);
    gradient[i] = each * error;
  }
  return sum / static_cast<double>(y.size());
}

double HuberError(std::span<const float> y, const float* targets, float delta, float* gradient) {
  const float each = 1.0f / static_cast<float>(y.size());
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const float error = y[i] - targets[i];
    const float within = std::clamp(error, -delta, delta);
    // Half the square inside; outside |error| delta - delta² / 2.
    sum += static_cast<double>(within) * (static_cast<double>(error) - 0.5 * static_cast<double>(within));
    gradient[i] = each * within;
  }
  return sum / static_cast<double>(y.size());
}

}  // namespace thimble::trainer::engine
