// Training of any model: losses, optimisers, schedules, early stopping, quantisation-aware.
#ifndef THIMBLE_TRAINER_FIT_H_
#define THIMBLE_TRAINER_FIT_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "trainer/model.h"

namespace thimble::trainer {

/// Rows to learn from, or to validate on. Empty labels: regression. The numbers stay the caller's.
struct Rows {
  std::span<const float> inputs;   ///< [rows, values of the model's input]
  std::span<const int> labels;     ///< [rows], 0 … classes - 1
  std::span<const float> targets;  ///< [rows, values of the model's output]
};

enum class Optimiser : uint8_t { kAdam, kGradientDescent };
enum class Schedule : uint8_t { kConstant, kCosine, kStep };
enum class RegressionLoss : uint8_t { kSquared, kHuber };

struct FitOptions {
  int epochs = 100;
  int batch_rows = 32;
  uint64_t seed = 1;  ///< of the order of the rows, dropout and augmentation

  Optimiser optimiser = Optimiser::kAdam;
  float learning_rate = 0.002f;
  float weight_decay = 0;  ///< Adam: decoupled (AdamW), a step shrinks weights by learning rate × this; else L2
  float momentum = 0.9f;   ///< of gradient descent
  bool nesterov = true;    ///< of gradient descent
  Schedule schedule = Schedule::kCosine;  ///< cosine: along half a cosine to 0 at the last step
  int step_epochs = 30;                   ///< of the step schedule: after so many epochs …
  float step_factor = 0.1f;               ///< … the learning rate is multiplied with this
  int warm_up_steps = 0;                  ///< the learning rate grows to its value in a straight line
  float clip_norm = 0;                    ///< the longest gradient of a step; longer ones are shortened; 0: none are

  std::vector<float> class_weights{};  ///< one a class, in the loss; empty: all 1
  float label_smoothing = 0;           ///< share of a label's weight spread over all classes, 0 … 0.5
  RegressionLoss regression_loss = RegressionLoss::kSquared;
  float huber_delta = 1;  ///< errors beyond this count in a straight line

  int patience_epochs = 0;  ///< stop after so many epochs without one as good as the best; 0: never
  int frozen_layers = 0;    ///< the first layers, which keep what they know: transfer

  /// From this epoch on (1 … epochs), weights and activations are rounded as int8 inference will; 0: never. The best
  /// epoch is then one of these.
  int quantise_from_epoch = 0;

  /// Changes a training row in place before each use (noise, shifts, masks); draws from its own generator.
  std::function<void(std::span<float> row, Random& random)> augment{};
};

/// How training stands after an epoch. Scores: share of rows right for a classifier, mean absolute error for a
/// regressor.
struct Epoch {
  int number = 0;  ///< 1 … count
  int count = 0;   ///< of epochs that there will be, unless something stops training
  float training_loss = 0;
  float training_score = 0;
  float validation_loss = 0;   ///< NaN without validation rows
  float validation_score = 0;  ///< NaN without validation rows
  bool best = false;           ///< as good as any so far: half a point of accuracy or 2 % of error do not count
};

/// Called after every epoch. False: stop here, keep the best so far.
using ProgressCallback = std::function<bool(const Epoch&)>;

struct FitResult {
  Model model;               ///< of the best epoch
  std::vector<Epoch> curve;  ///< every epoch that was run
  int best_epoch = 0;
  bool stopped_by_caller = false;
};

/// Goes on training `model` (Initialise makes a fresh one).
///
/// Labels: cross-entropy; the model gives one score a class, with or without a softmax at its end. Targets: squared
/// error or Huber's. With validation rows the best epoch by their score is kept: of epochs as good (half a point of
/// accuracy, 2 % of error) the last. One thread, own random numbers: the same call on the same machine gives the same
/// bits; processors with AVX2 sum in another order than those without.
///
///   kInvalidArgument  a model, rows or options that do not fit together
///   kFailed           the loss became NaN or infinite (the learning rate is too high)
Expected<FitResult> Fit(const Model& model, const Rows& training, const Rows& validation, const FitOptions& options,
                        const ProgressCallback& progress = {});

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_FIT_H_
