#include "studio/learn_regression.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "studio/input_scale.h"
#include "studio/judging.h"
#include "studio/training.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"

namespace thimble::studio {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

/// What numbers are brought to for training: mean 0 and deviation 1, whatever their unit is.
struct Scale {
  float mean = 0, deviation = 1;
};

/// One candidate, trained.
struct LearntNumbers {
  Candidate candidate;
  trainer::FeatureScaling scaling;
  trainer::Model model;  ///< gives numbers in the labels' unit
  trainer::QuantisedModel quantised;
  std::vector<trainer::Epoch> curve;
  int best_epoch = 0;
  bool stopped = false;
  float validation_error = kNone;  ///< of the int8 network: root mean square, in the labels' unit
};

std::vector<float> NumbersOf(const Data& data, const trainer::Table& table) {
  std::vector<float> numbers;
  for (const int label : table.labels) numbers.push_back(data.numbers[static_cast<size_t>(label)]);
  return numbers;
}

Scale ScaleOf(std::span<const float> numbers) {
  double sum = 0, squares = 0;
  for (const float number : numbers) sum += static_cast<double>(number);
  const double mean = sum / static_cast<double>(numbers.size());
  for (const float number : numbers) {
    squares += (static_cast<double>(number) - mean) * (static_cast<double>(number) - mean);
  }
  return {static_cast<float>(mean), static_cast<float>(std::sqrt(squares / static_cast<double>(numbers.size())))};
}

/// Numbers that were recorded once each cannot be held out label by label: then recordings are drawn from all alike.
trainer::Split SplitForValidation(const trainer::Table& table, const LearningOptions& options) {
  std::map<int, std::set<int>> groups;
  for (int row = 0; row < table.rows(); ++row) {
    groups[table.labels[static_cast<size_t>(row)]].insert(table.group(row));
  }
  trainer::Table alike;
  alike.feature_count = 1;
  alike.features.assign(static_cast<size_t>(table.rows()), 0);
  alike.groups = table.groups;
  alike.labels = table.labels;
  if (std::any_of(groups.begin(), groups.end(), [](const auto& entry) { return entry.second.size() < 2; })) {
    alike.labels.assign(table.labels.size(), 0);
  }
  return trainer::SplitByGroup(alike, options.validation_share, options.seed);
}

/// The last layer gives numbers in their own unit instead of scaled ones.
void TakeScaleIn(const Scale& scale, trainer::Model& model) {
  trainer::LayerWeights& last = model.weights.back();
  for (float& weight : last.weights) weight *= scale.deviation;
  for (float& bias : last.bias) bias = bias * scale.deviation + scale.mean;
  if (model.ranges.empty() || !model.ranges.back().known()) return;
  trainer::Range& range = model.ranges.back();
  range = {range.low * scale.deviation + scale.mean, range.high * scale.deviation + scale.mean};
}

std::string Short(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", number);
  return text;
}

int EpochsFor(const trainer::ModelSpec& spec, int rows, int batch_rows) {
  constexpr int kSteps = 5000;
  constexpr int64_t kPatience = 100'000'000'000;  // multiplications forward; about a minute
  int64_t multiplications = 1;
  if (const auto shapes = trainer::InferShapes(spec); shapes.ok()) {
    for (const trainer::LayerCost& cost : trainer::Costs(spec, *shapes)) multiplications += cost.multiplications;
  }
  const int64_t by_steps = kSteps / std::max(1, rows / batch_rows);
  return static_cast<int>(std::clamp<int64_t>(std::min(by_steps, kPatience / (rows * multiplications)), 30, 1000));
}

Expected<LearntNumbers> LearnNumbers(const Data& data, const Candidate& candidate, const RegressionTraining& options,
                                     float validation_share, const EventCallback& on_event) {
  constexpr float kDenseRate = 0.002f;
  constexpr float kConvolutionRate = 0.004f;
  LearntNumbers learnt;
  learnt.candidate = candidate;
  LearningOptions learning = options.learning;
  learning.validation_share = validation_share;
  trainer::Table table;
  {
    Step step(on_event, "features", compiler::BlockOf(candidate.block).name);
    THIMBLE_ASSIGN(table,
                   Features(data, data.training, candidate.block, [&](double share) { return step.Progress(share); }));
    step.End(std::to_string(table.rows()) + " training windows of " + std::to_string(table.feature_count) +
             " features");
  }
  const dsp::Layout layout =
      compiler::WordsOf(candidate.block).layout_of(compiler::PointerTo(candidate.block), data.shape);
  THIMBLE_ASSIGN(const trainer::ModelSpec spec,
                 trainer::MakeSpec(candidate.architecture, layout, 1, true, candidate.size));
  const trainer::Split split = SplitForValidation(table, learning);
  trainer::Table training = table.Select(split.training);
  trainer::Table validation = table.Select(split.validation);
  THIMBLE_ASSIGN(learnt.scaling, MeasureScaling(training, spec, data.set.recordings.front().axes, layout));
  trainer::Apply(learnt.scaling, training.features);
  trainer::Apply(learnt.scaling, validation.features);

  std::vector<float> targets = NumbersOf(data, training);
  std::vector<float> validation_targets = NumbersOf(data, validation);
  const Scale scale = ScaleOf(targets);
  if (!(scale.deviation > 0)) {
    return {Status::kInvalidArgument, "all training recordings have the number " +
                                          Short(static_cast<double>(scale.mean)) + ", so there is nothing to learn"};
  }
  for (std::vector<float>* numbers : {&targets, &validation_targets}) {
    for (float& number : *numbers) number = (number - scale.mean) / scale.deviation;
  }
  trainer::FitOptions fit;
  fit.epochs = learning.epochs > 0 ? learning.epochs : EpochsFor(spec, training.rows(), learning.batch_rows);
  fit.batch_rows = learning.batch_rows;
  fit.seed = learning.seed;
  const bool is_dense = candidate.architecture == trainer::Architecture::kDense;
  fit.learning_rate = learning.learning_rate > 0 ? learning.learning_rate : is_dense ? kDenseRate : kConvolutionRate;
  fit.weight_decay = learning.weight_decay;
  fit.warm_up_steps = 50;
  fit.regression_loss = options.loss;
  const int rounded = static_cast<int>(learning.quantisation_aware_share * static_cast<float>(fit.epochs));
  if (rounded > 0) fit.quantise_from_epoch = fit.epochs + 1 - rounded;

  Step step(on_event, "train", NameOf(candidate));
  THIMBLE_ASSIGN(const trainer::Model fresh, trainer::Initialise(spec, learning.seed));
  THIMBLE_ASSIGN(trainer::FitResult fitted,
                 trainer::Fit(fresh, {.inputs = training.features, .labels = {}, .targets = targets},
                              {.inputs = validation.features, .labels = {}, .targets = validation_targets}, fit,
                              [&](const trainer::Epoch& epoch) { return step.Told(epoch); }));
  learnt.model = std::move(fitted.model);
  learnt.curve = std::move(fitted.curve);
  learnt.best_epoch = fitted.best_epoch;
  learnt.stopped = fitted.stopped_by_caller;
  TakeScaleIn(scale, learnt.model);
  FoldInto(learnt.model, learnt.scaling);
  trainer::Apply(learnt.scaling, table.features);
  THIMBLE_ASSIGN(learnt.quantised, trainer::Quantise(learnt.model, table.features));
  std::string end = NameOf(candidate) + ", " + std::to_string(trainer::ParameterCount(learnt.model)) +
                    " parameters, epoch " + std::to_string(learnt.best_epoch) + " of " +
                    std::to_string(learnt.curve.size());
  if (validation.rows() > 0) {
    const trainer::Table held_out = table.Select(split.validation);
    THIMBLE_ASSIGN(std::vector<float> answers, trainer::Run(learnt.quantised, held_out.features));
    const RegressionTest test = CompareNumbers(std::move(answers), NumbersOf(data, held_out));
    learnt.validation_error = static_cast<float>(test.root_mean_square_error);
    end += ": int8 off by " + Short(test.root_mean_square_error) + " (root mean square) in validation";
  }
  step.End(std::move(end));
  return learnt;
}

}  // namespace

RegressionTest CompareNumbers(std::vector<float> answers, std::span<const float> numbers) {
  RegressionTest test;
  const auto count = static_cast<double>(numbers.size());
  double squares = 0, mean = 0, variance = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const double difference = static_cast<double>(answers[i]) - static_cast<double>(numbers[i]);
    test.mean_absolute_error += std::abs(difference) / count;
    squares += difference * difference;
    mean += static_cast<double>(numbers[i]) / count;
  }
  for (const float number : numbers) {
    variance += (static_cast<double>(number) - mean) * (static_cast<double>(number) - mean);
  }
  test.root_mean_square_error = std::sqrt(squares / count);
  test.r_squared = variance > 0 ? 1 - squares / variance : std::numeric_limits<double>::quiet_NaN();
  test.answers = std::move(answers);
  return test;
}

Expected<RegressionTest> JudgeRegression(const Data& data, const compiler::ImpulseDescription& impulse,
                                         std::span<const std::byte> model,
                                         const std::function<bool(double share)>& progress) {
  THIMBLE_ASSIGN(trainer::Table testing, Features(data, data.testing, impulse.block, {}));
  trainer::Apply({impulse.feature_offsets, impulse.feature_scales}, testing.features);
  THIMBLE_ASSIGN(std::vector<float> answers, RunModelFile(model, testing.features, progress));
  if (answers.size() != static_cast<size_t>(testing.rows())) {
    return {Status::kInvalidArgument, "the model gives more than one number for a window"};
  }
  return CompareNumbers(std::move(answers), NumbersOf(data, testing));
}

Expected<RegressionResult> TrainRegression(const RegressionTraining& options, const EventCallback& on_event) {
  constexpr size_t kFewWindows = 500;
  RegressionResult result;
  DataOptions reading = options.data;
  reading.goal = Goal::kNumbers;
  THIMBLE_ASSIGN(result.data, ReadData(
                                  reading, [](const DataOptions& data) { return PrepareData(data); }, on_event));
  const Data& data = result.data;
  const auto name_error = [&](const Error& error) {
    return Error{error.status, options.data.folder + ": " + error.message};
  };
  std::vector<Candidate> candidates = SuitableCandidates(data, options.block, options.architecture);
  LearntNumbers best;
  for (Candidate& candidate : candidates) {
    if (candidate.architecture == trainer::Architecture::kAutoencoder) {
      return name_error({Status::kInvalidArgument, "autoencoder: repeats its features; it is for --learn anomaly"});
    }
    if (options.architecture) candidate.size = options.size;
    // Dropout pulls numbers towards their mean, where scores of labels only become less sure.
    if (candidate.size.dropout < 0) candidate.size.dropout = 0;
    Expected<LearntNumbers> learnt =
        LearnNumbers(data, candidate, options, options.learning.validation_share, on_event);
    if (!learnt) return name_error(learnt.error());
    result.tried.emplace_back(NameOf(candidate), learnt->validation_error);
    const bool stopped = learnt->stopped;
    if (result.tried.size() == 1 || learnt->validation_error < best.validation_error) best = *std::move(learnt);
    if (stopped || std::isnan(best.validation_error)) break;
  }
  if (!best.stopped && !std::isnan(best.validation_error) && data.training.windows.size() <= kFewWindows) {
    // Where there are few windows, those that chose the candidate are worth learning from too.
    Expected<LearntNumbers> learnt = LearnNumbers(data, best.candidate, options, 0, on_event);
    if (!learnt) return name_error(learnt.error());
    best = *std::move(learnt);
  }

  result.candidate = best.candidate;
  result.curve = std::move(best.curve);
  result.best_epoch = best.best_epoch;
  result.stopped = best.stopped;
  result.parameters = trainer::ParameterCount(best.model);
  result.int8_model = trainer::WriteTflite(best.quantised);
  THIMBLE_ASSIGN(result.float_model, trainer::WriteTflite(best.model));
  result.impulse = DescribeImpulse(data, options.name);
  result.impulse.block = best.candidate.block;
  result.impulse.feature_offsets = best.scaling.offset;
  result.impulse.feature_scales = best.scaling.scale;

  Step step(on_event, "test");
  // Whoever stops training wants to know what it was worth: the test goes on.
  const auto half = [&](double from) {
    return [&step, &result, from](double share) { return step.Progress(from + share / 2) || result.stopped; };
  };
  THIMBLE_ASSIGN(result.float_test, JudgeRegression(data, result.impulse, result.float_model, half(0)));
  THIMBLE_ASSIGN(result.int8_test, JudgeRegression(data, result.impulse, result.int8_model, half(0.5)));
  step.End("int8 off by " + Short(result.int8_test.mean_absolute_error) + ", float by " +
           Short(result.float_test.mean_absolute_error) + " on average over " +
           std::to_string(result.int8_test.answers.size()) + " windows");
  return result;
}

}  // namespace thimble::studio
