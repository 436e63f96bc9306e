#include "trainer/train.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "trainer/evaluate.h"
#include "trainer/internal/graph.h"
#include "trainer/test_tables.h"

namespace thimble::trainer {
namespace {

// Compares a gradient with (loss(p + h) - loss(p - h)) / 2h for every parameter p.
void ExpectGradient(Graph& graph, const Batch& x, const std::function<float(const Batch& y, Batch& dy)>& loss) {
  Batch dy;
  loss(graph.Forward(x, false), dy);
  graph.Backward(x, dy);
  const Eigen::VectorXf gradient = graph.gradient();
  constexpr float kStep = 1e-2f;
  for (Eigen::Index i = 0; i < gradient.size(); ++i) {
    const float kept = graph.parameters()[i];
    graph.parameters()[i] = kept + kStep;
    const float above = loss(graph.Forward(x, false), dy);
    graph.parameters()[i] = kept - kStep;
    const float below = loss(graph.Forward(x, false), dy);
    graph.parameters()[i] = kept;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 2e-3f + 0.01f * std::abs(gradient[i])) << "parameter " << i;
  }
}

Batch RandomBatch(Eigen::Index values, Eigen::Index rows, Random& random) {
  Batch batch(values, rows);
  for (float& value : batch.reshaped()) value = random.Normal();
  return batch;
}

TEST(Gradient, OfCrossEntropyIsTheFiniteDifference) {
  Random random(3);
  Graph graph(5, std::vector{7, 6}, 3, 0, random);
  const Batch x = RandomBatch(5, 4, random);
  const std::vector<int> labels{0, 2, 1, 2};
  const std::vector<float> weights{0.5f, 2.0f, 1.0f};
  ExpectGradient(graph, x, [&](const Batch& y, Batch& dy) { return CrossEntropy(y, labels, weights, 0.1f, dy); });
}

TEST(Gradient, OfSquaredErrorIsTheFiniteDifference) {
  Random random(4);
  Graph graph(3, std::vector{8}, 2, 0, random);
  const Batch x = RandomBatch(3, 5, random);
  const Batch targets = RandomBatch(2, 5, random);
  ExpectGradient(graph, x, [&](const Batch& y, Batch& dy) { return SquaredError(y, targets, dy); });
}

TEST(CrossEntropy, OfEqualLogitsIsTheLogarithmOfTheClassCount) {
  Batch gradient;
  const std::vector<int> labels{1, 3};
  EXPECT_NEAR(CrossEntropy(Batch::Zero(4, 2), labels, std::vector(4, 1.0f), 0, gradient), std::log(4.0f), 1e-6f);
  EXPECT_NEAR(gradient.sum(), 0, 1e-6f);
}

TEST(Dropout, SilencesItsShareInTrainingOnlyAndKeepsTheMean) {
  Random random(1);
  Graph graph(1, std::vector{2000}, 1, 0.25f, random);
  graph.parameters().setConstant(1);
  const Batch x = Batch::Ones(1, 1);
  EXPECT_EQ(graph.Forward(x, false)(0), 4001.0f);  // 2,000 units of 1 + 1, and the bias
  const float trained = graph.Forward(x, true)(0);
  EXPECT_NE(trained, 4001.0f);
  EXPECT_NEAR(trained, 4001.0f, 150.0f);
}

TEST(Adam, TakesTheFirstStepOfTheLearningRate) {
  Adam adam(2, 0);
  Eigen::VectorXf parameters = Eigen::VectorXf::Zero(2);
  adam.Step(Eigen::Vector2f(3, -0.01f), Eigen::Vector2f(1, 1), 0.1f, parameters);
  EXPECT_NEAR(parameters[0], -0.1f, 1e-6f);
  EXPECT_NEAR(parameters[1], 0.1f, 1e-6f);
}

TEST(Random, HasMeanZeroAndDeviationOne) {
  Random random(7);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = static_cast<double>(random.Normal());
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.01);
  EXPECT_NEAR(squares / 100000, 1, 0.02);
}

TEST(Train, LearnsLabelsOfRecordingsItNeverSaw) {
  const Table table = Clouds(4, 6, 30, 1);
  const Table unseen = Clouds(4, 3, 30, 2);
  const auto result = Train(table, {});
  ASSERT_TRUE(result.ok()) << result.error().message;
  const auto guesses = Decide(trainer::Run(result->network, unseen.features), 4);
  EXPECT_GT(Evaluate(unseen.labels, guesses, unseen.groups, 4).accuracy, 0.97);
  EXPECT_EQ(result->network.Shape(), "3 → 20 → 10 → 4");
  EXPECT_EQ(result->network.parameter_count(), 3 * 20 + 20 + 20 * 10 + 10 + 10 * 4 + 4);
}

TEST(Train, LearnsACurve) {
  const Table table = Sine(1000, 0.05f, 1);
  const auto result = Train(table, SineOptions());
  ASSERT_TRUE(result.ok()) << result.error().message;
  const Table clean = Sine(1000, 0, 2);
  EXPECT_LT(EvaluateRegression(clean.targets, trainer::Run(result->network, clean.features)).mean_absolute, 0.015);
}

TEST(Train, GivesTheSameBitsForTheSameSeedAndOthersForAnother) {
  const Table table = Clouds(3, 4, 20, 1);
  TrainOptions options{.epochs = 5, .least_steps = 0, .input_noise = 0.1f};
  const auto once = Train(table, options);
  const auto again = Train(table, options);
  options.seed = 2;
  const auto other = Train(table, options);
  EXPECT_EQ(once->network.layers[1].weights, again->network.layers[1].weights);
  EXPECT_NE(once->network.layers[1].weights, other->network.layers[1].weights);
}

TEST(Train, FoldsTheStandardisationIntoTheNetwork) {
  // The same data in other units must give the same answers.
  Table table = Clouds(3, 4, 20, 1);
  const auto plain = Train(table, {.epochs = 3, .least_steps = 0});
  const auto wanted = trainer::Run(plain->network, table.features);
  for (size_t i = 0; i < table.features.size(); ++i) table.features[i] = 100 * table.features[i] + 500;
  const auto scaled = Train(table, {.epochs = 3, .least_steps = 0});
  const auto scores = trainer::Run(scaled->network, table.features);
  for (size_t i = 0; i < scores.size(); ++i) ASSERT_NEAR(scores[i], wanted[i], 0.01f);
}

TEST(Train, IgnoresAFeatureThatNeverVaries) {
  Table table = Clouds(2, 4, 20, 1);
  for (size_t i = 1; i < table.features.size(); i += 3) table.features[i] = 9.81f;
  const auto result = Train(table, {.epochs = 5, .least_steps = 0});
  ASSERT_TRUE(result.ok()) << result.error().message;
  for (size_t unit = 0; unit < 20; ++unit) EXPECT_EQ(result->network.layers[0].weights[unit * 3 + 1], 0.0f);
}

TEST(Train, MakesUpForRareLabels) {
  // Two overlapping labels, the second twenty times rarer.
  Random random(3);
  Table table;
  table.feature_count = 1;
  for (int row = 0; row < 2100; ++row) {
    table.labels.push_back(row % 21 == 0 ? 1 : 0);
    table.features.push_back(2.0f * static_cast<float>(table.labels.back()) + random.Normal());
  }
  const auto recall = [&](bool balance_classes) {
    const auto result = Train(table, {.epochs = 10, .balance_classes = balance_classes});
    const auto guesses = Decide(trainer::Run(result->network, table.features), 2);
    return Evaluate(table.labels, guesses, {}, 2).classes[1].recall;
  };
  EXPECT_GT(recall(true), 0.75);
  EXPECT_LT(recall(false), 0.6);
}

TEST(Train, ReportsEveryEpochAndKeepsTheBestWhenStopped) {
  const Table table = Clouds(3, 6, 20, 1);
  std::vector<Epoch> seen;
  const auto result = Train(table, {.epochs = 50, .least_steps = 0}, 0, [&](const Epoch& epoch) {
    seen.push_back(epoch);
    return epoch.number < 7;
  });
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->stopped_by_caller);
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(seen.back().count, 50);
  EXPECT_LE(result->best_epoch, 7);
  const auto last_best = std::find_if(seen.rbegin(), seen.rend(), [](const Epoch& epoch) { return epoch.best; });
  EXPECT_EQ(result->best_epoch, last_best->number);
  EXPECT_LT(seen.back().training_loss, seen.front().training_loss);
}

TEST(Train, GivesASmallTableEnoughSteps) {
  const Table table = Clouds(2, 3, 4, 1);
  const auto result = Train(table, {.epochs = 1, .least_steps = 100, .batch_rows = 8});
  EXPECT_EQ(result->curve.size(), 50u);  // 16 training rows are 2 steps
}

TEST(Train, StopsWhenPatienceEnds) {
  const Table noise = [] {
    Table table = Clouds(2, 10, 10, 1);
    Random random(5);
    for (float& value : table.features) value = random.Normal();
    return table;
  }();
  const auto result = Train(noise, {.epochs = 2000, .learning_rate = 0.01f, .patience_epochs = 10});
  EXPECT_LT(result->curve.size(), 2000u);
  EXPECT_EQ(result->curve.back().number - result->best_epoch, 10);
}

TEST(Train, SaysWhenItDiverges) {
  const auto result = Train(Sine(200, 0, 1), {.learning_rate = 1e30f});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().status, Status::kFailed);
  EXPECT_NE(result.error().message.find("choose a learning rate below"), std::string::npos);
}

TEST(Train, SaysWhatKeepsATableFromBeingLearnt) {
  const auto complaint = [](auto&& change) {
    Table table = Clouds(2, 3, 4, 1);
    change(table);
    const auto result = Train(table, {});
    return result.ok() ? std::string("none") : result.error().message;
  };
  EXPECT_EQ(complaint([](Table&) {}), "none");
  EXPECT_EQ(complaint([](Table& table) { table.features[7] = std::numeric_limits<float>::quiet_NaN(); }),
            "row 2: feature 1 is not a finite number; leave out the window it comes from");
  EXPECT_EQ(complaint([](Table& table) { table.labels.assign(table.labels.size(), 1); }),
            "all rows have the same label; record at least one other, for example the device at rest");
  EXPECT_EQ(complaint([](Table& table) { table.labels.pop_back(); }), "23 labels for 24 rows");
  EXPECT_EQ(complaint([](Table& table) { table.labels[3] = -1; }), "row 3: the label is -1; labels count from 0");
  EXPECT_EQ(complaint([](Table& table) { table.features.clear(); }),
            "the table has no rows; are the recordings shorter than a window?");
  EXPECT_EQ(Train(Clouds(2, 3, 4, 1), {.dropout = 1}).error().message, "dropout is 1.000000; it must be 0 to 0.9");
  EXPECT_FALSE(Train(Clouds(3, 3, 4, 1), {}, 2).ok());
}

TEST(SplitByGroup, KeepsRecordingsWholeAndEveryLabelInTraining) {
  const Table table = Clouds(3, 10, 5, 1);
  const Split split = SplitByGroup(table, 0.2f, 9);
  std::set<int> training;
  std::set<int> validation;
  for (const int row : split.training) training.insert(table.group(row));
  for (const int row : split.validation) validation.insert(table.group(row));
  EXPECT_EQ(validation.size(), 6u);
  EXPECT_EQ(training.size(), 24u);
  for (const int group : validation) EXPECT_FALSE(training.contains(group));
  EXPECT_EQ(split.training.size() + split.validation.size(), static_cast<size_t>(table.rows()));
  EXPECT_NE(SplitByGroup(table, 0.2f, 10).validation, split.validation);
}

TEST(SplitByGroup, LeavesALoneRecordingInTraining) {
  EXPECT_TRUE(SplitByGroup(Clouds(3, 1, 5, 1), 0.5f, 1).validation.empty());
  EXPECT_TRUE(SplitByGroup(Clouds(3, 5, 5, 1), 0, 1).validation.empty());
}

TEST(FoldByGroup, PutsEveryRowIntoOneValidationPart) {
  const Table table = Clouds(2, 5, 4, 1);
  std::multiset<int> rows;
  for (int fold = 0; fold < 3; ++fold) {
    const Split split = FoldByGroup(table, 3, fold, 1);
    EXPECT_EQ(split.training.size() + split.validation.size(), 40u);
    rows.insert(split.validation.begin(), split.validation.end());
  }
  EXPECT_EQ(rows.size(), 40u);
  EXPECT_EQ(std::set<int>(rows.begin(), rows.end()).size(), 40u);
}

TEST(Decide, TakesTheFirstOfEqualScores) {
  EXPECT_EQ(Decide(std::vector{0.2f, 0.4f, 0.4f, 0.9f, 0.0f, 0.1f}, 3), (std::vector{1, 0}));
}

}  // namespace
}  // namespace thimble::trainer
