#include "studio/training.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "trainer/model_tflite.h"

namespace thimble::studio {

Expected<TrainingResult> TrainImpulse(const TrainingOptions& options, const EventCallback& on_event) {
  TrainingResult result;
  {
    Step step(on_event, "data", options.data.folder);
    DataOptions data = options.data;
    data.reading.progress = [&](size_t done, size_t total) {
      return step.Progress(static_cast<double>(done) / static_cast<double>(std::max<size_t>(total, 1)));
    };
    THIMBLE_ASSIGN(result.data, PrepareData(data));
    step.End(std::to_string(result.data.set.recordings.size()) + " recordings of " +
             std::to_string(result.data.labels.size()) + " labels" +
             (result.data.duplicates.empty()
                  ? ""
                  : ", " + std::to_string(result.data.duplicates.size()) + " duplicates left out"));
  }
  const Data& data = result.data;
  const auto name_error = [&](const Error& error) {
    return Error{error.status, options.data.folder + ": " + error.message};
  };

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
    LearningOptions all = options.learning;
    all.validation_share = 0;
    Expected<Learnt> learnt = Learn(data, result.learnt.candidate, all, on_event);
    if (!learnt) return name_error(learnt.error());
    result.learnt = *std::move(learnt);
    result.learnt.validation_accuracy = accuracy;
    result.learnt.validation_loss = loss;
    stopped = result.learnt.stopped;
  }
  const Learnt& learnt = result.learnt;

  THIMBLE_ASSIGN(const auto losses, trainer::LayerLosses(learnt.model, learnt.quantised, learnt.training.features));
  result.losses = trainer::Text(losses);
  result.int8_model = trainer::WriteTflite(learnt.quantised);
  THIMBLE_ASSIGN(result.float_model, trainer::WriteTflite(learnt.model));
  {
    Step step(on_event, "test");
    // Whoever stops training wants to know what it was worth: the test goes on.
    const auto half = [&](double from) {
      return [&step, from, stopped](double share) { return step.Progress(from + share / 2) || stopped; };
    };
    THIMBLE_ASSIGN(trainer::Table testing, Features(data, data.testing, learnt.candidate.block, {}));
    trainer::Apply(learnt.scaling, testing.features);
    THIMBLE_ASSIGN(result.float_test, JudgeRows(data.labels, testing, result.float_model, half(0)));
    THIMBLE_ASSIGN(result.int8_test, JudgeRows(data.labels, testing, result.int8_model, half(0.5)));
    step.End("int8 " + Percent(result.int8_test.evaluation.accuracy) + ", float " +
             Percent(result.float_test.evaluation.accuracy) + " of " + std::to_string(testing.rows()) + " windows");
  }

  const dataset::Recording& first = data.set.recordings.front();
  result.impulse.name = options.name;
  for (const dataset::Axis& axis : first.axes) result.impulse.axes.push_back({axis.name, axis.units});
  result.impulse.rate_hz = first.is_picture() ? 1 : first.rate_hz();
  result.impulse.width = first.width;
  result.impulse.height = first.height;
  result.impulse.window_readings = data.shape.readings;
  result.impulse.stride_readings = static_cast<int>(data.training.stride_readings);
  result.impulse.block = learnt.candidate.block;
  result.impulse.feature_offsets = learnt.scaling.offset;
  result.impulse.feature_scales = learnt.scaling.scale;
  result.impulse.labels = data.labels;
  result.impulse.data_hash = data.hash;
  return result;
}

}  // namespace thimble::studio