#include "trainer/fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "trainer/evaluate.h"
#include "trainer/test_tables.h"
#include "trainer/well_known_models.h"

namespace thimble::trainer {
namespace {

Rows RowsOf(const Table& table) { return {table.features, table.labels, table.targets}; }

LayerSpec Dense(int units, Activation activation = Activation::kNone) {
  return {.kind = LayerKind::kDense, .units = units, .activation = activation};
}

Model Fresh(const ModelSpec& spec, uint64_t seed = 1) {
  auto model = Initialise(spec, seed);
  EXPECT_TRUE(model.ok()) << model.error().message;
  return *model;
}

Model CloudModel(int classes) {
  return Fresh(
      {{1, 1, 3}, {Dense(20, Activation::kRelu), Dense(10, Activation::kRelu), Dense(classes), SoftmaxLayer()}});
}

double Accuracy(const Model& model, const Rows& rows, int classes) {
  const auto guesses = Decide(*trainer::Run(model, rows.inputs), classes);
  int right = 0;
  for (size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == rows.labels[i];
  return static_cast<double>(right) / static_cast<double>(guesses.size());
}

// Signals of noise with a bump somewhere: of label 1 upwards and of label 2 downwards.
Table Bumps(int rows, uint64_t seed) {
  Random random(seed);
  Table table;
  table.feature_count = 40 * 2;
  for (int row = 0; row < rows; ++row) {
    const int label = row % 3;
    const auto at = static_cast<int>(random.Below(34));
    for (int time = 0; time < 40; ++time) {
      const float bump = time >= at && time < at + 5 ? (label == 1 ? 2.0f : label == 2 ? -2.0f : 0.0f) : 0.0f;
      table.features.push_back(bump + 0.5f * random.Normal());
      table.features.push_back(random.Normal());
    }
    table.labels.push_back(label);
  }
  return table;
}

TEST(Fit, LearnsWithEitherOptimiser) {
  const Table table = Clouds(4, 6, 30, 1);
  const Table unseen = Clouds(4, 3, 30, 2);
  FitOptions options{.epochs = 30, .learning_rate = 0.01f};
  const auto adam = Fit(CloudModel(4), RowsOf(table), {}, options);
  ASSERT_TRUE(adam.ok()) << adam.error().message;
  EXPECT_GT(Accuracy(adam->model, RowsOf(unseen), 4), 0.97);
  options.optimiser = Optimiser::kGradientDescent;
  options.learning_rate = 0.02f;
  for (const bool nesterov : {false, true}) {
    options.nesterov = nesterov;
    const auto descent = Fit(CloudModel(4), RowsOf(table), {}, options);
    ASSERT_TRUE(descent.ok()) << descent.error().message;
    EXPECT_GT(Accuracy(descent->model, RowsOf(unseen), 4), 0.97);
  }
}

TEST(Fit, LearnsACurveByEitherLoss) {
  const Table table = Sine(1000, 0.05f, 1);
  const Table clean = Sine(300, 0, 2);
  const Model model =
      Fresh({{1, 1, clean.feature_count}, {Dense(24, Activation::kRelu), Dense(24, Activation::kRelu), Dense(1)}});
  for (const RegressionLoss loss : {RegressionLoss::kSquared, RegressionLoss::kHuber}) {
    const auto result = Fit(model, RowsOf(table), {}, {.epochs = 150, .learning_rate = 0.01f, .regression_loss = loss});
    ASSERT_TRUE(result.ok()) << result.error().message;
    const auto given = trainer::Run(result->model, clean.features);
    double error = 0;
    for (size_t i = 0; i < given->size(); ++i) error += std::abs(static_cast<double>((*given)[i] - clean.targets[i]));
    EXPECT_LT(error / static_cast<double>(given->size()), 0.04);
  }
}

TEST(Fit, FindsABumpAnywhereInASignalInFloatAndQuantised) {
  const Table table = Bumps(900, 1);
  const Table unseen = Bumps(300, 2);
  const LayerSpec norm{.kind = LayerKind::kBatchNorm, .activation = Activation::kRelu, .momentum = 0.9f};
  const Model model = Fresh({{1, 40, 2},
                             {{.kind = LayerKind::kConvolution, .units = 8, .window = {.width = 5}},
                              norm,
                              {.kind = LayerKind::kMaxPool, .window = {.width = 4, .stride_width = 4}},
                              {.kind = LayerKind::kDepthwise, .window = {.width = 3}},
                              norm,
                              {.kind = LayerKind::kGlobalAverage},
                              Dense(3),
                              SoftmaxLayer()}});
  FitOptions options{.epochs = 25, .learning_rate = 0.01f};
  const auto plain = Fit(model, RowsOf(table), RowsOf(unseen), options);
  ASSERT_TRUE(plain.ok()) << plain.error().message;
  EXPECT_GT(Accuracy(plain->model, RowsOf(unseen), 3), 0.97);
  EXPECT_TRUE(plain->model.ranges.empty());

  options.quantise_from_epoch = 10;
  const auto quantised = Fit(model, RowsOf(table), RowsOf(unseen), options);
  ASSERT_TRUE(quantised.ok()) << quantised.error().message;
  EXPECT_GE(quantised->best_epoch, 10);
  EXPECT_GT(quantised->curve.back().validation_score, 0.97f);
  EXPECT_GT(Accuracy(quantised->model, RowsOf(unseen), 3), 0.97);
  // The grids of the input, of what a batch norm ends, and of the scores; none of what keeps its input's.
  ASSERT_EQ(quantised->model.ranges.size(), 8u);
  EXPECT_TRUE(quantised->model.input_range.known());
  const std::vector<bool> known{false, true, false, false, true, false, true, false};
  for (size_t i = 0; i < known.size(); ++i) EXPECT_EQ(quantised->model.ranges[i].known(), known[i]) << i;
  const auto folded = FoldBatchNorm(quantised->model);
  EXPECT_TRUE(folded->ranges[0].known());
  EXPECT_GT(Accuracy(*folded, RowsOf(unseen), 3), 0.97);
  // Ranges do not outlive the weights that they belong to.
  EXPECT_TRUE(Fit(quantised->model, RowsOf(table), {}, {.epochs = 1})->model.ranges.empty());
}

TEST(Fit, RemembersTheBeginningOfASequence) {
  // The label is the sign of the first of twelve numbers.
  Random random(3);
  Table table;
  table.feature_count = 12;
  for (int row = 0; row < 600; ++row) {
    for (int time = 0; time < 12; ++time) table.features.push_back(random.Normal());
    table.labels.push_back(table.features[static_cast<size_t>(row * 12)] > 0 ? 1 : 0);
  }
  const Model model = Fresh({{1, 12, 1}, {{.kind = LayerKind::kLstm, .units = 8}, Dense(2), SoftmaxLayer()}});
  const auto result = Fit(model, RowsOf(table), {}, {.epochs = 40, .learning_rate = 0.02f, .clip_norm = 1});
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_GT(Accuracy(result->model, RowsOf(table), 2), 0.95);
}

TEST(Fit, GivesTheSameBitsForTheSameSeedAndOthersForAnother) {
  const Table table = Bumps(100, 1);
  ModelSpec spec = KeywordModel(3);
  spec.input = {1, 40, 2};
  const auto weights = [&](uint64_t seed) {
    return Fit(Fresh(spec), RowsOf(table), {}, {.epochs = 3, .seed = seed})->model.weights[3].weights;
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
}

TEST(Fit, SaysWhenItDivergesAndNeverEndsInNaN) {
  for (const Optimiser optimiser : {Optimiser::kAdam, Optimiser::kGradientDescent}) {
    const auto result = Fit(CloudModel(3), RowsOf(Clouds(3, 6, 30, 1)), {},
                            {.epochs = 20, .optimiser = optimiser, .learning_rate = 1e30f});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().status, Status::kFailed);
    EXPECT_NE(result.error().message.find("choose a learning rate below"), std::string::npos) << result.error().message;
  }
}

TEST(Fit, KeepsTheBestWhenTheCallerStops) {
  const Table table = Clouds(3, 6, 20, 1);
  const Table validation = Clouds(3, 3, 20, 2);
  std::vector<Epoch> seen;
  const auto result = Fit(CloudModel(3), RowsOf(table), RowsOf(validation), {.epochs = 50}, [&](const Epoch& epoch) {
    seen.push_back(epoch);
    return epoch.number < 7;
  });
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->stopped_by_caller);
  EXPECT_EQ(seen.size(), 7u);
  const auto best = std::find_if(seen.rbegin(), seen.rend(), [](const Epoch& epoch) { return epoch.best; });
  EXPECT_EQ(result->best_epoch, best->number);
  // What is returned is that epoch's model, not the last one's.
  EXPECT_NEAR(Accuracy(result->model, RowsOf(validation), 3), static_cast<double>(best->validation_score), 1e-6);
}

TEST(Fit, ReturnsTheBestEpochAndNotTheLast) {
  // Training leads away from what validation wants: every epoch is worse than the one before.
  const std::vector<float> inputs(16, 1.0f), targets(16, 10.0f), wanted(16, 0.0f);
  Model model = Fresh({{1, 1, 1}, {Dense(1)}});
  model.weights[0].weights = {0};
  const Rows training{inputs, {}, targets};
  const Rows validation{inputs, {}, wanted};
  FitOptions options{.epochs = 6, .learning_rate = 0.1f};
  const auto result = Fit(model, training, validation, options);
  EXPECT_EQ(result->best_epoch, 1);
  const auto given = trainer::Run(result->model, std::vector<float>{1});
  EXPECT_FLOAT_EQ((*given)[0], result->curve[0].validation_score);
  EXPECT_GT(result->curve.back().validation_score, 1.5f * result->curve[0].validation_score);
  // Of quantisation-aware training it is the best of the epochs that were quantised.
  options.quantise_from_epoch = 3;
  EXPECT_GE(Fit(model, training, validation, options)->best_epoch, 3);
}

TEST(Fit, StopsWhenPatienceEnds) {
  Table noise = Clouds(2, 10, 10, 1);
  Random random(5);
  for (float& value : noise.features) value = random.Normal();
  const auto result = Fit(CloudModel(2), RowsOf(noise), RowsOf(Clouds(2, 10, 10, 2)),
                          {.epochs = 2000, .learning_rate = 0.01f, .patience_epochs = 10});
  EXPECT_LT(result->curve.size(), 2000u);
  EXPECT_EQ(result->curve.back().number - result->best_epoch, 10);
}

// One weight and a bias, one row of 0, and a target so far off that the gradient of the bias is always -1: the loss
// falls by each step's learning rate.
std::vector<float> LearningRates(FitOptions options, int epochs) {
  const std::vector<float> inputs{0}, targets{1000};
  options.epochs = epochs;
  options.optimiser = Optimiser::kGradientDescent;
  options.momentum = 0;
  options.regression_loss = RegressionLoss::kHuber;
  const auto result = Fit(Fresh({{1, 1, 1}, {Dense(1)}}), {inputs, {}, targets}, {}, options);
  std::vector<float> rates;
  for (size_t i = 1; i < result->curve.size(); ++i) {
    rates.push_back(result->curve[i - 1].training_loss - result->curve[i].training_loss);
  }
  return rates;
}

void ExpectRates(const std::vector<float>& rates, const std::vector<float>& wanted) {
  ASSERT_EQ(rates.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(rates[i], wanted[i], 1e-3f) << "step " << i;
}

TEST(Fit, FollowsItsSchedule) {
  ExpectRates(LearningRates({.learning_rate = 2, .schedule = Schedule::kConstant}, 4), {2, 2, 2});
  ExpectRates(LearningRates({.learning_rate = 2, .schedule = Schedule::kCosine}, 5), {2, 1.8090f, 1.3090f, 0.6910f});
  ExpectRates(
      LearningRates({.learning_rate = 4, .schedule = Schedule::kStep, .step_epochs = 2, .step_factor = 0.5f}, 6),
      {4, 4, 2, 2, 1});
  ExpectRates(LearningRates({.learning_rate = 4, .schedule = Schedule::kConstant, .warm_up_steps = 3}, 6),
              {1, 2, 3, 4, 4});
  // The gradient is 1 long; shortened to a quarter.
  ExpectRates(LearningRates({.learning_rate = 4, .schedule = Schedule::kConstant, .clip_norm = 0.25f}, 3), {1, 1});
}

TEST(Fit, ShrinksWeightsThatNothingNeeds) {
  // The inputs are 0 and the bias is what is wanted: only decay moves the weights, and never the bias.
  const std::vector<float> inputs(8), targets(4, 3.0f);
  Model model = Fresh({{1, 1, 2}, {Dense(1)}});
  model.weights[0] = {.weights = {1, -2}, .bias = {3}, .recurrent = {}, .mean = {}, .variance = {}};
  for (const Optimiser optimiser : {Optimiser::kAdam, Optimiser::kGradientDescent}) {
    const auto result = Fit(model, {inputs, {}, targets}, {},
                            {.epochs = 10,
                             .optimiser = optimiser,
                             .learning_rate = 0.1f,
                             .weight_decay = 0.5f,
                             .momentum = 0,
                             .schedule = Schedule::kConstant});
    EXPECT_NEAR(result->model.weights[0].weights[0], std::pow(0.95f, 10.0f), 1e-5f);
    EXPECT_NEAR(result->model.weights[0].weights[1], -2 * std::pow(0.95f, 10.0f), 1e-5f);
    EXPECT_EQ(result->model.weights[0].bias[0], 3.0f);
  }
}

TEST(Fit, MakesUpForRareLabels) {
  Random random(3);
  Table table;
  table.feature_count = 1;
  for (int row = 0; row < 2100; ++row) {
    table.labels.push_back(row % 21 == 0 ? 1 : 0);
    table.features.push_back(2.0f * static_cast<float>(table.labels.back()) + random.Normal());
  }
  const auto recall = [&](const std::vector<float>& class_weights) {
    const Model model = Fresh({{1, 1, 1}, {Dense(8, Activation::kRelu), Dense(2), SoftmaxLayer()}});
    const auto result = Fit(model, RowsOf(table), {}, {.epochs = 15, .class_weights = class_weights});
    const auto guesses = Decide(*trainer::Run(result->model, table.features), 2);
    int found = 0;
    for (size_t i = 0; i < guesses.size(); ++i) found += table.labels[i] == 1 && guesses[i] == 1;
    return found / 100.0;
  };
  EXPECT_GT(recall({0.525f, 10.5f}), 0.75);
  EXPECT_LT(recall({}), 0.6);
}

TEST(Fit, LeavesFrozenLayersAsTheyAre) {
  const Model model = CloudModel(3);
  const auto result = Fit(model, RowsOf(Clouds(3, 4, 20, 1)), {}, {.epochs = 3, .weight_decay = 1, .frozen_layers = 2});
  EXPECT_EQ(result->model.weights[0].weights, model.weights[0].weights);
  EXPECT_EQ(result->model.weights[1].bias, model.weights[1].bias);
  EXPECT_NE(result->model.weights[2].weights, model.weights[2].weights);
}

TEST(Fit, AugmentsTrainingRowsOnly) {
  const Table table = Clouds(2, 4, 20, 1);
  size_t calls = 0;
  FitOptions options{.epochs = 2};
  options.augment = [&](std::span<float> row, Random&) {
    ++calls;
    EXPECT_EQ(row.size(), 3u);
    std::fill(row.begin(), row.end(), 0.0f);
  };
  const auto result = Fit(CloudModel(2), RowsOf(table), RowsOf(table), options);
  EXPECT_EQ(calls, 2u * static_cast<size_t>(table.rows()));
  EXPECT_NEAR(result->curve.back().training_loss, std::log(2.0f), 0.05f);  // there is nothing left to learn from
}

TEST(Fit, SaysWhatDoesNotFitTogether) {
  const Table table = Clouds(3, 4, 5, 1);
  const auto complaint = [&](auto&& change) {
    Model model = CloudModel(3);
    Table changed = table;
    FitOptions options;
    options.epochs = 1;
    change(model, changed, options);
    const auto result = Fit(model, RowsOf(changed), {}, options);
    return result.ok() ? std::string("none") : result.error().message;
  };
  EXPECT_EQ(complaint([](Model&, Table&, FitOptions&) {}), "none");
  EXPECT_EQ(complaint([](Model&, Table& rows, FitOptions&) { rows.features.pop_back(); }),
            "the training rows: 179 numbers are not whole rows of 3, which the model wants");
  EXPECT_EQ(complaint([](Model&, Table& rows, FitOptions&) { rows.labels.pop_back(); }),
            "the training rows: 59 labels for 60 rows");
  EXPECT_EQ(complaint([](Model&, Table& rows, FitOptions&) { rows.labels[7] = 3; }),
            "the training rows: row 7 has label 3, but the model gives scores for labels 0 to 2");
  EXPECT_EQ(
      complaint([](Model&, Table& rows, FitOptions&) { rows.features[7] = std::numeric_limits<float>::infinity(); }),
      "the training rows: row 2: value 1 is not a finite number; leave out the window it comes from");
  EXPECT_EQ(complaint([](Model&, Table& rows, FitOptions&) { rows.features.clear(), rows.labels.clear(); }),
            "there are no rows to learn from; are the recordings shorter than a window?");
  EXPECT_EQ(complaint([](Model&, Table& rows, FitOptions&) { rows.labels.clear(), rows.targets.resize(180); }),
            "a model that ends in softmax learns labels, not targets; leave it out");
  EXPECT_EQ(complaint([](Model&, Table&, FitOptions& options) {
              options.class_weights = {1, 2};
            }),
            "2 class weights for 3 classes");
  EXPECT_EQ(complaint([](Model&, Table&, FitOptions& options) { options.quantise_from_epoch = 2; }),
            "quantise_from_epoch is 2; it must be 0 to 1");
  EXPECT_EQ(complaint([](Model&, Table&, FitOptions& options) { options.learning_rate = 0; }),
            "learning_rate is 0; it must be above 0");
  EXPECT_EQ(complaint([](Model& model, Table&, FitOptions&) { model.weights[0].weights.clear(); }),
            "layer 0 (dense): 0 weights where its shape asks for 60");
}

}  // namespace
}  // namespace thimble::trainer
