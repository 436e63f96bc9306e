// The whole way from a folder of recordings to a network for a microcontroller, and how good it is: one function for
// the command line, the server and the search.
#ifndef THIMBLE_STUDIO_TRAINING_H_
#define THIMBLE_STUDIO_TRAINING_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "compiler/impulse_file.h"
#include "studio/data.h"
#include "studio/events.h"
#include "studio/judging.h"
#include "studio/learning.h"
#include "trainer/zoo.h"

namespace thimble::studio {

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
  trainer::Table testing;                            ///< scaled features of the testing windows
  Judged float_test, int8_test;                      ///< of the files, run by the runtime
  std::vector<trainer::LayerLoss> layer_losses;      ///< by int8, the one that loses most first
  std::string losses;                                ///< the same for people
  Data data;
};

/// Data → candidates → the best by validation → int8 → both files on the testing part, once.
///
/// Where there are 500 training windows or less, or 5,000 recordings of one window each, the best candidate learns once
/// more from all of them, those for validation among them; `validation_accuracy` stays what chose it.
Expected<TrainingResult> TrainImpulse(const TrainingOptions& options, const EventCallback& on_event = {});

/// The same from data that is prepared already. Without testing windows nothing is judged, and both tests stay empty.
Expected<TrainingResult> TrainOn(Data data, const TrainingOptions& options, const EventCallback& on_event = {});

/// PrepareData or PrepareWhole.
using Preparation = std::function<Expected<Data>(const DataOptions&)>;

/// Prepares data as the step "data".
Expected<Data> ReadData(const DataOptions& options, const Preparation& prepare, const EventCallback& on_event = {});

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_TRAINING_H_
