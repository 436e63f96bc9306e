// What `thimble train --learn` makes besides classifiers, and what `thimble test` says about it.
#ifndef THIMBLE_CLI_TRAIN_ANOMALY_H_
#define THIMBLE_CLI_TRAIN_ANOMALY_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>

#include "cli/commands.h"
#include "compiler/impulse_file.h"
#include "studio/training.h"

namespace thimble::cli {

/// "kmeans, gmm, …": for sentences and help.
inline constexpr const char* kDetectors = "gmm, gmm_full, kmeans, autoencoder";

/// `prepared` holds what the options say about data, block and learning.
Outcome TrainAnomaly(const TrainOptions& options, const studio::TrainingOptions& prepared);
Outcome TrainRegression(const TrainOptions& options, const studio::TrainingOptions& prepared);

/// What a test needs to know.
struct TestCase {
  studio::DataOptions data;
  const compiler::ImpulseDescription& impulse;
  std::span<const std::byte> model;        ///< int8 .tflite; empty where there is no network
  std::span<const std::byte> float_model;  ///< empty: none
  const nlohmann::ordered_json& parameters;
};

Outcome TestAnomaly(const TestOptions& options, const TestCase& test);
Outcome TestRegression(const TestOptions& options, const TestCase& test);

/// Data for either, as the step "data".
Expected<studio::Data> ReadTestData(const TestCase& test, const studio::EventCallback& show);

/// Refuses options that are for classifiers only.
Outcome CheckNoFolds(const TrainOptions& options);

/// Accuracies mean nothing here: epochs show their loss alone.
bool ShowWithoutScores(const studio::EventCallback& show, const studio::Event& event);

/// "  ! …" for each notice and duplicate.
std::string NoticesOf(const studio::Data& data, int width);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_TRAIN_ANOMALY_H_
