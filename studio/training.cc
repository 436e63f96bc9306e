#include "studio/training.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "trainer/model_tflite.h"

namespace thimble::studio {

Expected<Data> ReadData(const DataOptions& options, const Preparation& prepare, const EventCallback& on_event) {
  Step step(on_event, "data", options.folder);
  DataOptions reading = options;
  reading.reading.progress = [&](size_t done, size_t total) {
    return step.Progress(static_cast<double>(done) / static_cast<double>(std::max<size_t>(total, 1)));
  };
  THIMBLE_ASSIGN(Data data, prepare(reading));
  step.End(std::to_string(data.set.recordings.size()) + " recordings of " + std::to_string(data.labels.size()) +
           " labels" +
           (data.duplicates.empty() ? "" : ", " + std::to_string(data.duplicates.size()) + " duplicates left out"));
  return data;
}

Expected<TrainingResult> TrainImpulse(const TrainingOptions& options, const EventCallback& on_event) {
  THIMBLE_ASSIGN(Data data, ReadData(
                                options.data, [](const DataOptions& data) { return PrepareData(data); }, on_event));
  return TrainOn(std::move(data), options, on_event);
}

Expected<TrainingResult> TrainOn(Data prepared, const TrainingOptions& options, const EventCallback& on_event) {
  TrainingResult result;
  result.data = std::move(prepared);
  const Data& data = result.data;
  const auto name_error = [&](const Error& error) {
    return Error{error.status, options.data.folder + ": " + error.message};
  };
  for (const Candidate& candidate : options.candidates) {
    if (candidate.from == nullptr) continue;
    if (const Outcome suits = CheckSuits(*candidate.from, data); !suits.ok()) return name_error(suits.error());
  }

  std::vector<Candidate> candidates = options.candidates;
  if (candidates.empty()) {
    candidates = SuitableCandidates(data, options.block, options.architecture);
    for (Candidate& candidate : candidates) {
      if (options.architecture) candidate.size = options.size;
    }
  }
  bool stopped = false;
  for (const Candidate& candidate : candidates) {
    Expected<Learnt> learnt = Learn(data, candidate, options.learning, on_event);
    if (!learnt) return name_error(learnt.error());
    result.tried.emplace_back(NameOf(candidate), learnt->validation_accuracy);
    stopped = learnt->stopped;
    if (result.tried.size() == 1 || IsBetter(*learnt, result.learnt)) result.learnt = *std::move(learnt);
    if (stopped || std::isnan(result.learnt.validation_accuracy)) break;
  }
  if (!stopped && WantsAllRows(result.learnt)) {
    const float accuracy = result.learnt.validation_accuracy;
    const float loss = result.learnt.validation_loss;
    HeldOut held_out = std::move(result.learnt.held_out);
    LearningOptions all = options.learning;
    all.validation_share = 0;
    Expected<Learnt> learnt = Learn(data, result.learnt.candidate, all, on_event);
    if (!learnt) return name_error(learnt.error());
    result.learnt = *std::move(learnt);
    result.learnt.validation_accuracy = accuracy;
    result.learnt.validation_loss = loss;
    result.learnt.held_out = std::move(held_out);
    stopped = result.learnt.stopped;
  }
  const Learnt& learnt = result.learnt;

  THIMBLE_ASSIGN(result.layer_losses, trainer::LayerLosses(learnt.model, learnt.quantised, learnt.training.features));
  result.losses = trainer::Text(result.layer_losses);
  result.int8_model = trainer::WriteTflite(learnt.quantised);
  THIMBLE_ASSIGN(result.float_model, trainer::WriteTflite(learnt.model));
  if (!data.testing.windows.empty()) {
    Step step(on_event, "test");
    // Whoever stops training wants to know what it was worth: the test goes on.
    const auto half = [&](double from) {
      return [&step, from, stopped](double share) { return step.Progress(from + share / 2) || stopped; };
    };
    THIMBLE_ASSIGN(result.testing, Features(data, data.testing, learnt.candidate.block, {}));
    trainer::Apply(learnt.scaling, result.testing.features);
    const trainer::Table& testing = result.testing;
    THIMBLE_ASSIGN(result.float_test, JudgeRows(data.labels, testing, result.float_model, half(0)));
    THIMBLE_ASSIGN(result.int8_test, JudgeRows(data.labels, testing, result.int8_model, half(0.5)));
    step.End("int8 " + Percent(result.int8_test.evaluation.accuracy) + ", float " +
             Percent(result.float_test.evaluation.accuracy) + " of " + std::to_string(testing.rows()) + " windows");
  }

  result.impulse = DescribeImpulse(data, options.name);
  result.impulse.block = learnt.candidate.block;
  result.impulse.feature_offsets = learnt.scaling.offset;
  result.impulse.feature_scales = learnt.scaling.scale;
  result.impulse.labels = data.labels;
  return result;
}

}  // namespace thimble::studio