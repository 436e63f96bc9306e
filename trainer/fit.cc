#include "trainer/fit.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <string>

#include "base/float_math.h"
#include "trainer/internal/engine.h"
#include "trainer/internal/loss.h"

namespace thimble::trainer {
namespace {

using engine::Engine;
using engine::Floats;

constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

Outcome Wrong(const std::string& sentence) { return {Status::kInvalidArgument, sentence}; }

Outcome CheckOptions(const FitOptions& options, const Model& model) {
  const auto wrong = [](const char* name, auto value, const char* range) {
    char number[32];
    std::snprintf(number, sizeof number, "%g", static_cast<double>(value));
    return Wrong(std::string(name) + " is " + number + "; it must be " + range);
  };
  const auto within = [](float value, float low, float high) { return value >= low && value <= high; };
  if (options.epochs < 1) return wrong("epochs", options.epochs, "at least 1");
  if (options.batch_rows < 1) return wrong("batch_rows", options.batch_rows, "at least 1");
  if (!(options.learning_rate > 0) || !std::isfinite(options.learning_rate)) {
    return wrong("learning_rate", options.learning_rate, "above 0");
  }
  if (!within(options.weight_decay, 0, 10)) return wrong("weight_decay", options.weight_decay, "0 to 10");
  if (!within(options.momentum, 0, 0.9999f)) return wrong("momentum", options.momentum, "0 to 0.9999");
  if (options.step_epochs < 1) return wrong("step_epochs", options.step_epochs, "at least 1");
  if (!within(options.step_factor, 0, 1)) return wrong("step_factor", options.step_factor, "0 to 1");
  if (options.warm_up_steps < 0) return wrong("warm_up_steps", options.warm_up_steps, "0 or more");
  if (!within(options.clip_norm, 0, 1e6f)) return wrong("clip_norm", options.clip_norm, "0 to 1000000");
  if (!within(options.label_smoothing, 0, 0.5f)) return wrong("label_smoothing", options.label_smoothing, "0 to 0.5");
  if (!(options.huber_delta > 0) || !std::isfinite(options.huber_delta)) {
    return wrong("huber_delta", options.huber_delta, "above 0");
  }
  const int layers = static_cast<int>(model.spec.layers.size());
  if (options.frozen_layers < 0 || options.frozen_layers > layers) {
    return wrong("frozen_layers", options.frozen_layers, ("0 to " + std::to_string(layers)).c_str());
  }
  if (options.quantise_from_epoch < 0 || options.quantise_from_epoch > options.epochs) {
    return wrong("quantise_from_epoch", options.quantise_from_epoch,
                 ("0 to " + std::to_string(options.epochs)).c_str());
  }
  return Nothing{};
}

Outcome CheckRows(const char* name, const Rows& rows, size_t inputs, size_t outputs, bool regression) {
  const std::string what = std::string("the ") + name + " rows: ";
  if (rows.inputs.size() % inputs != 0) {
    return Wrong(what + std::to_string(rows.inputs.size()) + " numbers are not whole rows of " +
                 std::to_string(inputs) + ", which the model wants");
  }
  const size_t count = rows.inputs.size() / inputs;
  if (!rows.labels.empty() && !rows.targets.empty()) return Wrong(what + "they have labels and targets; choose one");
  if (!regression && rows.labels.size() != count) {
    return Wrong(what + std::to_string(rows.labels.size()) + " labels for " + std::to_string(count) + " rows");
  }
  if (regression && rows.targets.size() != count * outputs) {
    return Wrong(what + std::to_string(rows.targets.size()) + " targets for " + std::to_string(count) +
                 " rows, where the model gives " + std::to_string(outputs) + " a row");
  }
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.labels[i] < 0 || static_cast<size_t>(rows.labels[i]) >= outputs) {
      return Wrong(what + "row " + std::to_string(i) + " has label " + std::to_string(rows.labels[i]) +
                   ", but the model gives scores for labels 0 to " + std::to_string(outputs - 1));
    }
  }
  for (const auto& [word, values, width] :
       {std::tuple{"value", rows.inputs, inputs}, {"target", rows.targets, outputs}}) {
    const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
    if (bad != values.end()) {
      const auto at = static_cast<size_t>(bad - values.begin());
      return Wrong(what + "row " + std::to_string(at / width) + ": " + word + " " + std::to_string(at % width) +
                   " is not a finite number; leave out the window it comes from");
    }
  }
  return Nothing{};
}

// The loss that is made small, and the score that people read.
class Objective {
 public:
  Objective(const FitOptions& options, bool regression, size_t outputs)
      : options_(options), regression_(regression), class_weights_(options.class_weights) {
    if (class_weights_.empty()) class_weights_.assign(outputs, 1.0f);
  }

  struct Value {
    double loss = 0, score = 0;
  };

  // Means over the rows, and the loss's gradient.
  Value operator()(const engine::Kernels& kernels, const float* y, std::span<const int> labels,
                   std::span<const float> targets, float* gradient) const {
    if (regression_) {
      const std::span given(y, targets.size());
      double distance = 0;
      for (size_t i = 0; i < given.size(); ++i) distance += std::abs(static_cast<double>(given[i] - targets[i]));
      const double loss = options_.regression_loss == RegressionLoss::kSquared
                              ? engine::SquaredError(given, targets.data(), gradient)
                              : engine::HuberError(given, targets.data(), options_.huber_delta, gradient);
      return {loss, distance / static_cast<double>(targets.size())};
    }
    const size_t classes = class_weights_.size();
    size_t right = 0;
    for (size_t row = 0; row < labels.size(); ++row) {
      const float* const scores = y + row * classes;
      right += std::max_element(scores, scores + classes) - scores == labels[row] ? 1 : 0;
    }
    const double loss = engine::CrossEntropy(kernels, y, labels, class_weights_, options_.label_smoothing, gradient);
    return {loss, static_cast<double>(right) / static_cast<double>(labels.size())};
  }

  // Whether a score is (nearly) as good as the best so far, which is NaN at first.
  bool AsGood(float score, float best) const {
    constexpr float kHalfAPoint = 0.005f;
    constexpr float kTwoPercent = 1.02f;
    return std::isnan(best) || (regression_ ? score <= best * kTwoPercent : score >= best - kHalfAPoint);
  }
  // std::fmin and std::fmax pass over NaN.
  float Better(float a, float b) const { return regression_ ? std::fmin(a, b) : std::fmax(a, b); }

 private:
  const FitOptions& options_;
  bool regression_;
  std::vector<float> class_weights_;
};

// Rows of a data set, one batch after the other.
class Feeder {
 public:
  Feeder(const Rows& rows, size_t inputs, size_t outputs)
      : rows_(rows), inputs_(inputs), outputs_(outputs), order_(rows.inputs.size() / inputs) {
    std::iota(order_.begin(), order_.end(), size_t{0});
  }

  size_t count() const { return order_.size(); }
  void Shuffle(Random& random) { random.Shuffle(std::span(order_)); }

  // Copies rows [first, first + count) of the order to `inputs`.
  void Take(size_t first, size_t count, float* inputs) {
    labels_.clear();
    targets_.clear();
    for (size_t i = 0; i < count; ++i) {
      const size_t row = order_[first + i];
      std::copy_n(rows_.inputs.begin() + static_cast<std::ptrdiff_t>(row * inputs_), inputs_, inputs + i * inputs_);
      if (!rows_.labels.empty()) {
        labels_.push_back(rows_.labels[row]);
      } else {
        const auto from = rows_.targets.subspan(row * outputs_, outputs_);
        targets_.insert(targets_.end(), from.begin(), from.end());
      }
    }
  }

  std::span<const int> labels() const { return labels_; }
  std::span<const float> targets() const { return targets_; }

 private:
  Rows rows_;
  size_t inputs_, outputs_;
  std::vector<size_t> order_;
  std::vector<int> labels_;
  std::vector<float> targets_;
};

// Turns gradients into steps.
class Descent {
 public:
  Descent(const FitOptions& options, Engine& model, int64_t steps, int64_t steps_an_epoch)
      : options_(options),
        model_(model),
        steps_(steps),
        steps_an_epoch_(steps_an_epoch),
        mean_(model.parameters().size()),
        square_(options.optimiser == Optimiser::kAdam ? mean_.size() : 0) {}

  void Step() {
    const float rate = LearningRate();
    ++done_;
    const std::span<float> gradient = model_.gradient();
    if (options_.clip_norm > 0) {
      double square = 0;
      for (const float value : gradient) square += static_cast<double>(value) * static_cast<double>(value);
      const double norm = std::sqrt(square);
      if (norm > static_cast<double>(options_.clip_norm)) {
        const auto factor = static_cast<float>(static_cast<double>(options_.clip_norm) / norm);
        for (float& value : gradient) value *= factor;
      }
    }
    const engine::Kernels& kernels = model_.kernels();
    float* const parameters = model_.parameters().data();
    const float* const decays = model_.decays().data();
    if (options_.optimiser == Optimiser::kGradientDescent) {
      kernels.descend(rate, options_.momentum, options_.nesterov, options_.weight_decay, gradient.data(), decays,
                      mean_.data(), parameters, gradient.size());
      return;
    }
    // Kingma, Ba 2015, algorithm 1, with its constants; decay decoupled (Loshchilov, Hutter 2019).
    constexpr double kMeanBeta = 0.9;
    constexpr double kSquareBeta = 0.999;
    mean_power_ *= kMeanBeta;
    square_power_ *= kSquareBeta;
    kernels.adam({.learning_rate = static_cast<float>(static_cast<double>(rate) / (1 - mean_power_)),
                  .mean_beta = static_cast<float>(kMeanBeta),
                  .square_beta = static_cast<float>(kSquareBeta),
                  .square_correction = static_cast<float>(1 / (1 - square_power_)),
                  .epsilon = 1e-8f,
                  .decay = rate * options_.weight_decay},
                 gradient.data(), decays, mean_.data(), square_.data(), parameters, gradient.size());
  }

 private:
  float LearningRate() const {
    const int64_t warm_up = options_.warm_up_steps;
    if (done_ < warm_up) {
      return options_.learning_rate * static_cast<float>(done_ + 1) / static_cast<float>(warm_up + 1);
    }
    switch (options_.schedule) {
      case Schedule::kConstant:
        return options_.learning_rate;
      case Schedule::kCosine: {
        const double share =
            static_cast<double>(done_ - warm_up) / static_cast<double>(std::max<int64_t>(1, steps_ - warm_up));
        return options_.learning_rate * 0.5f * static_cast<float>(1 + CosPi(share));
      }
      case Schedule::kStep: {
        float rate = options_.learning_rate;
        for (int64_t i = done_ / steps_an_epoch_ / options_.step_epochs; i > 0; --i) rate *= options_.step_factor;
        return rate;
      }
    }
    return options_.learning_rate;
  }

  const FitOptions& options_;
  Engine& model_;
  int64_t steps_, steps_an_epoch_, done_ = 0;
  double mean_power_ = 1, square_power_ = 1;  // beta^step
  Floats mean_, square_;                      // of the gradient; gradient descent keeps its velocity in the first
};

}  // namespace

Expected<FitResult> Fit(const Model& model, const Rows& training, const Rows& validation, const FitOptions& options,
                        const ProgressCallback& progress) {
  THIMBLE_EXPECT(Check(model));
  THIMBLE_EXPECT(CheckOptions(options, model));
  THIMBLE_ASSIGN(const auto shapes, InferShapes(model.spec));
  const auto inputs = static_cast<size_t>(model.spec.input.values());
  const auto outputs = static_cast<size_t>(shapes.back().values());
  const bool regression = training.labels.empty();
  if (training.inputs.empty()) {
    return {Status::kInvalidArgument, "there are no rows to learn from; are the recordings shorter than a window?"};
  }
  THIMBLE_EXPECT(CheckRows("training", training, inputs, outputs, regression));
  THIMBLE_EXPECT(CheckRows("validation", validation, inputs, outputs, regression));
  if (!regression && shapes.back().positions() != 1) {
    return {Status::kInvalidArgument,
            "labels need one score a class, but the model gives " + Text(shapes.back()) + "; end it in a dense layer"};
  }
  if (!options.class_weights.empty() && options.class_weights.size() != outputs) {
    return {Status::kInvalidArgument, std::to_string(options.class_weights.size()) + " class weights for " +
                                          std::to_string(outputs) + " classes"};
  }
  const int64_t most_rows = engine::MostBatchRows(model.spec, shapes);
  if (options.batch_rows > most_rows) {
    return {Status::kInvalidArgument, "batch_rows is " + std::to_string(options.batch_rows) +
                                          "; a model of this size takes " + std::to_string(most_rows) + " at most"};
  }

  Random random(options.seed);
  Random augment_random(random.Next());
  Feeder feeder(training, inputs, outputs);
  Feeder validation_feeder(validation, inputs, outputs);
  const bool validates = validation_feeder.count() > 0;
  const auto batch =
      std::min(static_cast<size_t>(options.batch_rows), std::max(feeder.count(), validation_feeder.count()));
  Engine engine(model,
                {.batch_rows = static_cast<int>(batch), .seed = random.Next(), .frozen_layers = options.frozen_layers});
  if (regression && engine.leaves_softmax()) {
    return {Status::kInvalidArgument, "a model that ends in softmax learns labels, not targets; leave it out"};
  }
  const Objective objective(options, regression, outputs);
  const auto steps_an_epoch = static_cast<int64_t>((feeder.count() + batch - 1) / batch);
  Descent descent(options, engine, steps_an_epoch * options.epochs, steps_an_epoch);
  Floats validation_gradient(batch * outputs);

  FitResult result{.model = model, .curve = {}, .best_epoch = 0};
  std::vector<float> best_state;
  float best_score = kNotANumber;
  bool best_is_quantised = false;

  // Mean over all rows of a data set; `each` is called after every batch with its gradient in place.
  const auto pass = [&](Feeder& from, bool trains) {
    Objective::Value sum;
    for (size_t first = 0; first < from.count(); first += batch) {
      const size_t count = std::min(batch, from.count() - first);
      from.Take(first, count, engine.input());
      if (trains && options.augment) {
        for (size_t row = 0; row < count; ++row) {
          options.augment(std::span(engine.input() + row * inputs, inputs), augment_random);
        }
      }
      const float* const y = engine.Forward(static_cast<int>(count), trains);
      float* const gradient = trains ? engine.output_gradient() : validation_gradient.data();
      const auto value = objective(engine.kernels(), y, from.labels(), from.targets(), gradient);
      const double share = static_cast<double>(count) / static_cast<double>(from.count());
      sum.loss += share * value.loss;
      sum.score += share * value.score;
      if (!std::isfinite(sum.loss)) break;
      if (trains) {
        engine.Backward(static_cast<int>(count));
        descent.Step();
      }
    }
    return sum;
  };

  for (int number = 1; number <= options.epochs; ++number) {
    if (number == options.quantise_from_epoch) {
      engine.Quantise(true);
      best_score = kNotANumber;  // epochs in float are of another kind
    }
    Epoch epoch{
        .number = number, .count = options.epochs, .validation_loss = kNotANumber, .validation_score = kNotANumber};
    feeder.Shuffle(random);
    const auto trained = pass(feeder, true);
    epoch.training_loss = static_cast<float>(trained.loss);
    epoch.training_score = static_cast<float>(trained.score);
    bool finite = std::isfinite(epoch.training_loss);
    if (validates && finite) {
      const auto validated = pass(validation_feeder, false);
      epoch.validation_loss = static_cast<float>(validated.loss);
      epoch.validation_score = static_cast<float>(validated.score);
      finite = std::isfinite(epoch.validation_loss);
    }
    const auto all = engine.parameters();
    finite = finite && std::all_of(all.begin(), all.end(), [](float value) { return std::isfinite(value); });
    if (!finite) {
      char rate[32];
      std::snprintf(rate, sizeof rate, "%g", static_cast<double>(options.learning_rate));
      return {Status::kFailed, "epoch " + std::to_string(number) +
                                   ": the loss is no longer a finite number; choose a learning rate below " + rate};
    }
    epoch.best = !validates || objective.AsGood(epoch.validation_score, best_score);
    if (epoch.best) {
      best_score = objective.Better(epoch.validation_score, best_score);
      best_state = engine.State();
      best_is_quantised = options.quantise_from_epoch > 0 && number >= options.quantise_from_epoch;
      result.best_epoch = number;
    }
    result.curve.push_back(epoch);
    if (progress && !progress(epoch)) {
      result.stopped_by_caller = true;
      break;
    }
    const bool waits = number < options.quantise_from_epoch;
    if (!waits && options.patience_epochs > 0 && number - result.best_epoch >= options.patience_epochs) break;
  }

  engine.Quantise(best_is_quantised);
  engine.SetState(best_state);
  engine.Export(result.model);
  return result;
}

Expected<std::vector<float>> Run(const Model& model, std::span<const float> inputs) {
  THIMBLE_EXPECT(Check(model));
  THIMBLE_ASSIGN(const auto shapes, InferShapes(model.spec));
  const auto width = static_cast<size_t>(model.spec.input.values());
  if (inputs.size() % width != 0) {
    return {Status::kInvalidArgument, std::to_string(inputs.size()) + " numbers are not whole rows of " +
                                          std::to_string(width) + ", which the model wants"};
  }
  const size_t rows = inputs.size() / width;
  constexpr int64_t kBatch = 32;
  const auto batch = static_cast<size_t>(std::min(kBatch, engine::MostBatchRows(model.spec, shapes)));
  Engine model_engine(model, {.batch_rows = static_cast<int>(std::clamp<size_t>(rows, 1, batch))});
  const auto outputs = static_cast<size_t>(model_engine.output_values());
  Floats scores(rows * outputs);
  for (size_t first = 0; first < rows; first += batch) {
    const size_t count = std::min(batch, rows - first);
    std::copy_n(inputs.begin() + static_cast<std::ptrdiff_t>(first * width), count * width, model_engine.input());
    const float* const y = model_engine.Forward(static_cast<int>(count), false);
    std::copy_n(y, count * outputs, scores.data() + first * outputs);
  }
  if (model_engine.leaves_softmax()) {
    const auto channels = static_cast<size_t>(shapes.back().channels);
    for (size_t first = 0; first < scores.size(); first += channels) {
      engine::Softmax(model_engine.kernels(), scores.span().subspan(first, channels));
    }
  }
  return std::vector<float>(scores.span().begin(), scores.span().end());
}

}  // namespace thimble::trainer
