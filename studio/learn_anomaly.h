// Recordings of what is normal become a detector of everything else, and how well it tells the two apart.
#ifndef THIMBLE_STUDIO_LEARN_ANOMALY_H_
#define THIMBLE_STUDIO_LEARN_ANOMALY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "studio/data.h"
#include "studio/events.h"

namespace thimble::studio {

struct AnomalyTraining {
  DataOptions data;  ///< its goal is set here
  std::string name;  ///< of the impulse
  runtime::Anomaly::Kind kind = runtime::Anomaly::Kind::kDiagonalGaussians;
  compiler::BlockParams block;   ///< none: what suits the data
  int components = 0;            ///< 0: 4 Gaussians, 8 clusters; an autoencoder has none
  double accepted_share = 0.99;  ///< of normal windows, below the threshold
  int width = 0, depth = 0;      ///< of an autoencoder; 0: its own
  int epochs = 0;                ///< of an autoencoder; 0: as many as make 5,000 steps
  float learning_rate = 0;       ///< of an autoencoder; 0: 0.002
  uint64_t seed = 1;
};

/// Testing windows of one label that is not normal.
struct StrangeLabel {
  std::string label;
  int windows = 0;
  int found = 0;               ///< above the threshold
  std::optional<double> area;  ///< under the ROC curve against the normal windows; nothing without such
};

/// What a detector says about the testing windows.
struct AnomalyTest {
  std::vector<float> scores;  ///< one a window
  int normal_windows = 0;
  int false_alarms = 0;        ///< normal windows above the threshold
  std::optional<double> area;  ///< of all others against the normal windows; nothing where either is missing
  std::vector<StrangeLabel> labels;
};

struct AnomalyResult {
  compiler::ImpulseDescription impulse;
  std::vector<std::byte> model;  ///< int8 .tflite of an autoencoder; else empty
  Data data;
  AnomalyTest test;
  int64_t parameters = 0;  ///< numbers of the detector
  bool stopped = false;    ///< the autoencoder's training; the best so far was kept
};

/// "spectral_analysis + gmm"
std::string NameOfDetector(const compiler::ImpulseDescription& impulse);

/// The testing windows of PrepareTest through the impulse as a device runs it.
///
///   kCancelled  `progress` said so
Expected<AnomalyTest> JudgeAnomaly(const Data& data, const compiler::BoundImpulse& impulse,
                                   const std::function<bool(double share)>& progress = {});

/// Normal recordings -> features -> detector, its threshold from recordings that it did not learn from -> the test.
///
///   kInvalidArgument  what PrepareData and trainer::FitAnomaly say; a block that does not go with the data
///   kFailed           an autoencoder's training diverged
///   kCancelled        stopped, but not while an autoencoder was trained
Expected<AnomalyResult> TrainAnomaly(const AnomalyTraining& options, const EventCallback& on_event = {});

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_LEARN_ANOMALY_H_
