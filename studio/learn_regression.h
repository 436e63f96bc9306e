// Recordings whose labels are numbers become a network that gives such a number, and how far off it is.
#ifndef THIMBLE_STUDIO_LEARN_REGRESSION_H_
#define THIMBLE_STUDIO_LEARN_REGRESSION_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "studio/data.h"
#include "studio/events.h"
#include "studio/learning.h"
#include "trainer/fit.h"
#include "trainer/zoo.h"

namespace thimble::studio {

struct RegressionTraining {
  DataOptions data;          ///< its goal is set here
  std::string name;          ///< of the impulse
  LearningOptions learning;  ///< rows are learnt as they are: what augmentation changes may be the number itself
  trainer::RegressionLoss loss = trainer::RegressionLoss::kSquared;
  compiler::BlockParams block;  ///< none: chosen
  std::optional<trainer::Architecture> architecture;
  trainer::ArchitectureOptions size;  ///< of every network of `architecture`
};

/// How far answers are from what the labels say, in the labels' unit.
struct RegressionTest {
  std::vector<float> answers;  ///< one a window
  double mean_absolute_error = 0;
  double root_mean_square_error = 0;
  /// Share of the labels' variance that the answers explain: 1 at best, 0 for always saying their mean; NaN where all
  /// labels are the same.
  double r_squared = 0;
};

struct RegressionResult {
  compiler::ImpulseDescription impulse;
  std::vector<std::byte> int8_model, float_model;  ///< .tflite files
  Data data;
  Candidate candidate;
  std::vector<std::pair<std::string, float>> tried;  ///< each candidate's name and validation error, NaN: none to spare
  std::vector<trainer::Epoch> curve;
  int best_epoch = 0;
  bool stopped = false;
  RegressionTest float_test, int8_test;
  int64_t parameters = 0;
};

/// Answers beside what should have been, one each; at least one.
RegressionTest CompareNumbers(std::vector<float> answers, std::span<const float> numbers);

/// The testing windows of PrepareTest through a model file of this impulse.
Expected<RegressionTest> JudgeRegression(const Data& data, const compiler::ImpulseDescription& impulse,
                                         std::span<const std::byte> model,
                                         const std::function<bool(double share)>& progress = {});

/// Data → candidates → the one with the least error on recordings held out for validation → int8 → the testing part,
/// once.
///
///   kInvalidArgument  what PrepareData says; all numbers are the same; a block or network that does not go with the
///                     data
///   kFailed           training diverged
///   kCancelled        stopped before the first epoch
Expected<RegressionResult> TrainRegression(const RegressionTraining& options, const EventCallback& on_event = {});

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_LEARN_REGRESSION_H_
