// Windows become a network: signal processing, training, int8.
#ifndef THIMBLE_STUDIO_LEARNING_H_
#define THIMBLE_STUDIO_LEARNING_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "studio/data.h"
#include "studio/events.h"
#include "studio/transfer.h"
#include "trainer/augment.h"
#include "trainer/feature_scaling.h"
#include "trainer/features.h"
#include "trainer/model.h"
#include "trainer/model_quantise.h"
#include "trainer/table.h"
#include "trainer/zoo.h"

namespace thimble::studio {

/// Signal processing and a network on top of it: one thing to try.
struct Candidate {
  compiler::BlockParams block;
  trainer::Architecture architecture = trainer::Architecture::kDense;
  trainer::ArchitectureOptions size;
  /// A network to go on from, whose impulse has this block: then architecture and size are not read.
  std::shared_ptr<const Pretrained> from = nullptr;
  int frozen_layers = kAllButLast;  ///< of `from`: layers with weights that keep what they know
};

/// What is worth trying for data of this kind: motion by its spectrum with a dense network, and by its waveform at
/// about 26 Hz with convolutions (where there are few windows, separable and dilated ones too); sound by MFCC; pictures
/// in colour or, without any, in greys. An architecture or block that is given is kept.
std::vector<Candidate> SuitableCandidates(const Data& data, const compiler::BlockParams& block = {},
                                          std::optional<trainer::Architecture> architecture = {});

/// "waveform + conv1d"
std::string NameOf(const Candidate& candidate);

/// One row a window of `index`, made by `block`.
///
///   kInvalidArgument  a block that does not go with the data
///   else              what trainer::ExtractFeatures says
Expected<trainer::Table> Features(const Data& data, const dataset::WindowIndex& index,
                                  const compiler::BlockParams& block, const trainer::ShareCallback& progress = {});

struct LearningOptions {
  uint64_t seed = 1;
  int epochs = 0;  ///< 0: as many as make about 5,000 steps or a minute, 30 … 1,000
  int batch_rows = 32;
  float learning_rate = 0;  ///< 0: 0.002 of dense networks, 0.004 of others; a quarter where more than the last layer
                            ///< of a network that has learnt goes on learning
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

/// How the int8 network answers windows that were held out for validation.
struct HeldOut {
  std::vector<float> scores;  ///< [windows, labels]
  std::vector<int> labels;    ///< [windows]; empty: there were none to spare
};

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
  HeldOut held_out;
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

/// The same from rows that `candidate.block` made of windows before: training windows, all or some of them.
Expected<Learnt> LearnFrom(const Data& data, const Candidate& candidate, trainer::Table rows,
                           const LearningOptions& options, const EventCallback& on_event = {});

/// By validation. A recording or half a point more or less are luck; how sure the right answers are tells more then.
bool IsBetter(const Learnt& one, const Learnt& other);

/// Whether the windows that chose the candidate are worth learning from too: where there are few, they are many.
bool WantsAllRows(const Learnt& chosen);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_LEARNING_H_
