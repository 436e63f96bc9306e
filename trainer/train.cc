#include "trainer/train.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "base/float_math.h"
#include "trainer/internal/graph.h"

namespace thimble::trainer {
namespace {

constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

// Mean and deviation of each row of a batch. What does not vary cannot teach: its inverse deviation is 0, so that it
// comes out as 0 whatever it is.
struct Standard {
  Eigen::VectorXf mean, deviation, inverse_deviation;

  explicit Standard(const Batch& values) {
    const Eigen::MatrixXd exact = values.cast<double>();
    const Eigen::VectorXd means = exact.rowwise().mean();
    const Eigen::ArrayXd deviations = (exact.colwise() - means).rowwise().squaredNorm().array() / values.cols();
    mean = means.cast<float>();
    deviation = deviations.sqrt().cast<float>();
    // A float holds about 7 digits: less variation than the last of them is rounding, not signal.
    const auto varies = deviation.array() > 1e-6f * mean.array().abs();
    inverse_deviation = varies.select(deviation.cwiseInverse(), 0.0f);
  }

  Batch Apply(const Batch& values) const { return inverse_deviation.asDiagonal() * (values.colwise() - mean); }
};

// Rows of a table as columns: features, and what they should give.
struct Examples {
  Batch features;
  Batch targets;            // regression
  std::vector<int> labels;  // classification

  Eigen::Index rows() const { return features.cols(); }

  Examples() = default;
  Examples(const Table& table, std::span<const int> rows) {
    const Table part = table.Select(rows);
    features = Eigen::Map<const Batch>(part.features.data(), part.feature_count, part.rows());
    targets = Eigen::Map<const Batch>(part.targets.data(), table.target_count(), part.rows());
    labels = part.labels;
  }

  // Takes the rows named, without growing anything once the largest batch has been seen.
  void Gather(const Examples& from, std::span<const int> rows) {
    const auto count = static_cast<Eigen::Index>(rows.size());
    features.resize(from.features.rows(), count);
    targets.resize(from.targets.rows(), from.targets.rows() > 0 ? count : 0);
    labels.resize(from.labels.empty() ? 0 : rows.size());
    for (Eigen::Index i = 0; i < count; ++i) {
      const int row = rows[static_cast<size_t>(i)];
      features.col(i) = from.features.col(row);
      if (targets.rows() > 0) targets.col(i) = from.targets.col(row);
      if (!labels.empty()) labels[static_cast<size_t>(i)] = from.labels[static_cast<size_t>(row)];
    }
  }
};

// The loss that is minimised, and the score that people read.
class Objective {
 public:
  Objective(const Examples& training, int class_count, const TrainOptions& options)
      : smoothing_(options.label_smoothing), class_weights_(static_cast<size_t>(class_count), 1.0f) {
    if (!options.balance_classes || class_count == 0) return;
    std::vector<int> rows(class_weights_.size());
    for (const int label : training.labels) ++rows[static_cast<size_t>(label)];
    const auto present = std::count_if(rows.begin(), rows.end(), [](int count) { return count > 0; });
    const auto balanced = static_cast<float>(training.rows()) / static_cast<float>(present);
    for (size_t c = 0; c < rows.size(); ++c) {
      if (rows[c] > 0) class_weights_[c] = balanced / static_cast<float>(rows[c]);
    }
  }

  struct Value {
    float loss, score;
  };

  // Both are means over the batch; `gradient` is the loss's with respect to y.
  Value operator()(const Batch& y, const Examples& examples, Batch& gradient) const {
    if (class_weights_.empty()) {
      const float loss = SquaredError(y, examples.targets, gradient);
      return {loss, (y - examples.targets).cwiseAbs().mean()};
    }
    int right = 0;
    for (Eigen::Index row = 0; row < y.cols(); ++row) {
      Eigen::Index best = 0;
      y.col(row).maxCoeff(&best);
      right += best == examples.labels[static_cast<size_t>(row)];
    }
    const float loss = CrossEntropy(y, examples.labels, class_weights_, smoothing_, gradient);
    return {loss, static_cast<float>(right) / static_cast<float>(y.cols())};
  }

  // Whether a score is (nearly) as good as the best so far, which is NaN at first. Scores and not losses choose: one
  // validation recording that is confidently taken for another gesture lets the loss grow from the first epoch on,
  // while everything else is still being learnt. Of epochs that are as good the last is taken, when steps were
  // smallest.
  bool AsGood(float score, float best) const {
    constexpr float kHalfAPoint = 0.005f;
    constexpr float kTwoPercent = 1.02f;
    return std::isnan(best) || (class_weights_.empty() ? score <= best * kTwoPercent : score >= best - kHalfAPoint);
  }
  // std::fmin and std::fmax pass over NaN.
  float Better(float a, float b) const { return class_weights_.empty() ? std::fmin(a, b) : std::fmax(a, b); }

 private:
  float smoothing_;
  std::vector<float> class_weights_;  // empty: regression
};

// The network that does to raw features what `layers` do to standardised ones, and gives raw targets.
void FoldStandards(const Standard& features, const Standard* targets, std::vector<DenseLayer>& layers) {
  DenseLayer& first = layers.front();
  for (int o = 0; o < first.output_count; ++o) {
    double bias = first.bias[static_cast<size_t>(o)];
    for (int i = 0; i < first.input_count; ++i) {
      float& weight =
          first.weights[static_cast<size_t>(o) * static_cast<size_t>(first.input_count) + static_cast<size_t>(i)];
      weight *= features.inverse_deviation[i];
      bias -= static_cast<double>(weight) * static_cast<double>(features.mean[i]);
    }
    first.bias[static_cast<size_t>(o)] = static_cast<float>(bias);
  }
  if (targets == nullptr) return;
  DenseLayer& last = layers.back();
  for (int o = 0; o < last.output_count; ++o) {
    const float deviation = targets->deviation[o];
    for (int i = 0; i < last.input_count; ++i) {
      last.weights[static_cast<size_t>(o) * static_cast<size_t>(last.input_count) + static_cast<size_t>(i)] *=
          deviation;
    }
    last.bias[static_cast<size_t>(o)] = last.bias[static_cast<size_t>(o)] * deviation + targets->mean[o];
  }
}

Outcome CheckOptions(const TrainOptions& options) {
  const auto wrong = [](const char* name, auto value, const char* range) {
    return Outcome(Status::kInvalidArgument,
                   std::string(name) + " is " + std::to_string(value) + "; it must be " + range);
  };
  const auto within = [](float value, float low, float high) { return value >= low && value <= high; };
  for (const int units : options.hidden) {
    if (units < 1 || units > 65536) return wrong("a hidden layer's size", units, "1 to 65536");
  }
  if (options.epochs < 1) return wrong("epochs", options.epochs, "at least 1");
  if (options.least_steps < 0 || options.least_steps > 10'000'000) {
    return wrong("least_steps", options.least_steps, "0 to 10000000");
  }
  if (options.batch_rows < 1) return wrong("batch_rows", options.batch_rows, "at least 1");
  if (!(options.learning_rate > 0) || !std::isfinite(options.learning_rate)) {
    return wrong("learning_rate", options.learning_rate, "above 0");
  }
  if (!within(options.weight_decay, 0, 10)) return wrong("weight_decay", options.weight_decay, "0 to 10");
  if (!within(options.dropout, 0, 0.9f)) return wrong("dropout", options.dropout, "0 to 0.9");
  if (!within(options.input_noise, 0, 10)) return wrong("input_noise", options.input_noise, "0 to 10");
  if (!within(options.label_smoothing, 0, 0.5f)) return wrong("label_smoothing", options.label_smoothing, "0 to 0.5");
  if (!within(options.validation_fraction, 0, 0.9f)) {
    return wrong("validation_fraction", options.validation_fraction, "0 to 0.9");
  }
  return Nothing{};
}

// The number of scores, or why these labels cannot be told apart.
Expected<int> CountClasses(const Table& table, int class_count) {
  if (table.is_regression()) return 0;
  const auto [lowest, highest] = std::minmax_element(table.labels.begin(), table.labels.end());
  if (class_count == 0) class_count = *highest + 1;
  if (*highest >= class_count) {
    return {Status::kInvalidArgument, "a row has label " + std::to_string(*highest) + ", but there are " +
                                          std::to_string(class_count) + " classes, counted from 0"};
  }
  if (*lowest == *highest) {
    return {Status::kInvalidArgument,
            "all rows have the same label; record at least one other, for example the device at rest"};
  }
  return class_count;
}

}  // namespace

Expected<TrainResult> Train(const Table& table, const TrainOptions& options, int class_count,
                            const ProgressCallback& progress) {
  THIMBLE_EXPECT(Check(table));
  THIMBLE_EXPECT(CheckOptions(options));
  THIMBLE_ASSIGN(const int classes, CountClasses(table, class_count));

  TrainResult result;
  Random random(options.seed);
  result.split = SplitByGroup(table, options.validation_fraction, random.Next());
  Examples training(table, result.split.training);
  Examples validation(table, result.split.validation);
  const bool validates = validation.rows() > 0;

  const Standard feature_standard(training.features);
  training.features = feature_standard.Apply(training.features);
  validation.features = feature_standard.Apply(validation.features);
  const Standard target_standard(training.targets);
  training.targets = target_standard.Apply(training.targets);
  validation.targets = target_standard.Apply(validation.targets);
  // Of a regressor people want the error in the targets' own unit.
  const float score_unit = table.is_regression() ? target_standard.deviation.mean() : 1.0f;

  const Objective objective(training, classes, options);
  const int outputs = table.is_regression() ? table.target_count() : classes;
  const float dropout = table.is_regression() ? 0 : options.dropout;
  Graph graph(table.feature_count, options.hidden, outputs, dropout, random);
  Adam adam(graph.parameters().size(), options.weight_decay);
  Eigen::VectorXf best_parameters;
  float best_score = kNotANumber;

  std::vector<int> order(static_cast<size_t>(training.rows()));
  std::iota(order.begin(), order.end(), 0);
  const auto batch_rows = static_cast<size_t>(options.batch_rows);
  const auto steps = static_cast<int>((order.size() + batch_rows - 1) / batch_rows);
  Examples batch;
  Batch gradient;
  const int count = std::max(options.epochs, (options.least_steps + steps - 1) / steps);
  for (int number = 1; number <= count; ++number) {
    Epoch epoch{.number = number, .count = count, .validation_loss = kNotANumber, .validation_score = kNotANumber};
    random.Shuffle(std::span(order));
    for (int step = 0; step < steps; ++step) {
      const size_t first = static_cast<size_t>(step) * batch_rows;
      const auto rows = std::span<const int>(order).subspan(first, std::min(batch_rows, order.size() - first));
      batch.Gather(training, rows);
      if (options.input_noise > 0) {
        for (float& value : batch.features.reshaped()) value += options.input_noise * random.Normal();
      }
      const auto value = objective(graph.Forward(batch.features, true), batch, gradient);
      graph.Backward(batch.features, gradient);
      const float done = (static_cast<float>(number - 1) + static_cast<float>(step) / static_cast<float>(steps)) /
                         static_cast<float>(count);
      const float learning_rate =
          options.learning_rate * 0.5f * (1.0f + static_cast<float>(CosPi(static_cast<double>(done))));
      adam.Step(graph.gradient(), graph.decays(), learning_rate, graph.parameters());
      const float share = static_cast<float>(rows.size()) / static_cast<float>(order.size());
      epoch.training_loss += share * value.loss;
      epoch.training_score += share * value.score * score_unit;
    }
    if (validates) {
      const auto value = objective(graph.Forward(validation.features, false), validation, gradient);
      epoch.validation_loss = value.loss;
      epoch.validation_score = value.score * score_unit;
    }
    if (!std::isfinite(epoch.training_loss) || (validates && !std::isfinite(epoch.validation_loss))) {
      return {Status::kFailed, "epoch " + std::to_string(number) +
                                   ": the loss is no longer a finite number; choose a learning rate below " +
                                   std::to_string(options.learning_rate)};
    }
    epoch.best = !validates || objective.AsGood(epoch.validation_score, best_score);
    if (epoch.best) {
      best_score = objective.Better(epoch.validation_score, best_score);
      best_parameters = graph.parameters();
      result.best_epoch = number;
    }
    result.curve.push_back(epoch);
    if (progress && !progress(epoch)) {
      result.stopped_by_caller = true;
      break;
    }
    if (options.patience_epochs > 0 && number - result.best_epoch >= options.patience_epochs) break;
  }

  result.network.layers = graph.Export(best_parameters);
  result.network.softmax = !table.is_regression();
  FoldStandards(feature_standard, table.is_regression() ? &target_standard : nullptr, result.network.layers);
  return result;
}

}  // namespace thimble::trainer
