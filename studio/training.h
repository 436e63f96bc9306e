// The whole way from a folder of recordings to a network for a microcontroller, and how good it is: one function for
// the command line, the server and the search.
#ifndef THIMBLE_STUDIO_TRAINING_H_
#define THIMBLE_STUDIO_TRAINING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "studio/data.h"
#include "trainer/augment.h"
#include "trainer/evaluate.h"
#include "trainer/feature_scaling.h"
#include "trainer/model.h"
#include "trainer/model_quantise.h"
#include "trainer/table.h"
#include "trainer/train.h"
#include "trainer/zoo.h"

namespace thimble::studio {

/// Signal processing and a network on top of it: one thing to try.
struct Candidate {
  compiler::BlockParams block;
  trainer::Architecture architecture = trainer::Architecture::kDense;
  trainer::ArchitectureOptions size;
};

/// What is worth trying for data of this kind: motion by its spectrum with a dense network, and by its waveform at
/// about 26 Hz with convolutions (where there are few windows, separable and dilated ones too); sound by MFCC; pictures
/// in colour or, without any, in greys. An architecture or block that is given is kept.
std::vector<Candidate> SuitableCandidates(const Data& data, const compiler::BlockParams& block = {},
                                          std::optional<trainer::Architecture> architecture = {});

struct LearningOptions {
  uint64_t seed = 1;
  int epochs = 0;  ///< 0: as many as make about 5,000 steps or a minute, 30 … 1,000
  int batch_rows = 32;
  float learning_rate = 0;  ///< 0: 0.002 of dense networks, 0.004 of others
  float weight_decay = 0.01f;
  float label_smoothing = 0.05f;
  /// Share of each label's training recordings that chooses the epoch and the candidate; 0: the last epoch, the first
  /// candidate.
  float validation_share = 0.2f;
  /// Share of the epochs, the last ones, in which weights and values are rounded as int8 inference rounds them; 0:
  /// none.
  float quantisation_aware_share = 0.25f;
  std::optional<trainer::AugmentOptions> augment;  ///< nothing: what suits the kind of data
};

/// What happens on the way.
struct Event {
  enum class Kind : uint8_t { kBegin, kProgress, kEpoch, kEnd };
  Kind kind = Kind::kProgress;
  std::string_view step;                  ///< "data"; "features", "train", "quantise" for each candidate; "test"
  double share = 0;                       ///< of this step, 0 … 1
  std::string text;                       ///< at the beginning what is tried, at the end what came of it; may be empty
  const trainer::Epoch* epoch = nullptr;  ///< kEpoch only
};

/// False: stop. Training then keeps the best so far, which is quantised and tested; all else ends as kCancelled.
using EventCallback = std::function<bool(const Event&)>;

/// One candidate, trained.
struct Learnt {
  Candidate candidate;
  trainer::FeatureScaling scaling;  ///< what features become before they reach the network; empty: nothing
  trainer::Model model;             ///< in float
  std::vector<trainer::Epoch> curve;
  int best_epoch = 0;
  bool stopped = false;
  trainer::QuantisedModel quantised;
  /// Of the int8 network on recordings that it did not learn from; NaN where there are none to spare.
  float validation_accuracy = std::numeric_limits<float>::quiet_NaN();
  int validation_recordings = 0;
  float validation_loss = std::numeric_limits<float>::quiet_NaN();
  trainer::Table training;  ///< scaled features of all training windows, those for validation among them
  dsp::Layout layout;
};

/// Trains one candidate on the training part, and quantises it.
///
///   kInvalidArgument  a block or network that does not go with the data
///   kFailed           training diverged
///   kCancelled        stopped before the first epoch
Expected<Learnt> Learn(const Data& data, const Candidate& candidate, const LearningOptions& options,
                       const EventCallback& on_event = {});

/// How a model file answers the testing windows.
struct Judged {
  std::vector<float> scores;  ///< [windows, labels]
  trainer::Evaluation evaluation;
};

struct TrainingOptions {
  DataOptions data;
  LearningOptions learning;
  std::string name;                   ///< of the impulse
  std::vector<Candidate> candidates;  ///< empty: those that suit
  compiler::BlockParams block;        ///< of the candidates that suit; none: chosen
  std::optional<trainer::Architecture> architecture;
  trainer::ArchitectureOptions size;  ///< of every network of `architecture`
};

struct TrainingResult {
  compiler::ImpulseDescription impulse;
  std::vector<std::byte> int8_model, float_model;  ///< .tflite files
  Learnt learnt;
  std::vector<std::pair<std::string, float>> tried;  ///< each candidate's name and validation accuracy
  Judged float_test, int8_test;                      ///< of the files, run by the runtime
  std::string losses;                                ///< which layers lose most by int8
  Data data;
};

/// Data → candidates → the best by validation → int8 → both files on the testing part, once.
///
/// Where there are 500 training windows or less, the best candidate learns once more from all of them, those for
/// validation among them; `validation_accuracy` stays what chose it.
Expected<TrainingResult> TrainImpulse(const TrainingOptions& options, const EventCallback& on_event = {});

/// "waveform + conv1d"
std::string NameOf(const Candidate& candidate);

/// Scores [rows, outputs] of a .tflite with one input and one output, by the runtime's kernels; int8 ones as the
/// numbers that they stand for.
Expected<std::vector<float>> RunModelFile(std::span<const std::byte> model, std::span<const float> rows,
                                          const std::function<bool(double share)>& progress = {});

/// Features of the testing windows through a model file of this impulse, against their labels.
Expected<Judged> Judge(const Data& data, const compiler::ImpulseDescription& impulse, std::span<const std::byte> model,
                       const std::function<bool(double share)>& progress = {});

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_TRAINING_H_
