// What training makes small, and its gradient.
#ifndef THIMBLE_TRAINER_INTERNAL_LOSS_H_
#define THIMBLE_TRAINER_INTERNAL_LOSS_H_

#include <span>

#include "trainer/internal/kernels.h"

namespace thimble::trainer::engine {

/// Cross-entropy of softmax(logits) [rows, classes] with one label a row: its mean over the rows, weighted by class.
/// `smoothing` of each label's weight is spread over all classes. The gradient is like the logits.
double CrossEntropy(const Kernels& kernels, const float* logits, std::span<const int> labels,
                    std::span<const float> class_weights, float smoothing, float* gradient);

/// exp(x) / sum(exp(x)) in place; `scores` may be read a little past its end.
void Softmax(const Kernels& kernels, std::span<float> scores);

/// Mean of (y - target)².
double SquaredError(std::span<const float> y, const float* targets, float* gradient);

/// Mean of Huber's loss (1964): half the square of an error up to `delta`, and from there on a straight line.
double HuberError(std::span<const float> y, const float* targets, float delta, float* gradient);

}  // namespace thimble::trainer::engine

#endif  // THIMBLE_TRAINER_INTERNAL_LOSS_H_
