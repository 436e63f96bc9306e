#include "studio/learn_anomaly.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/random.h"
#include "studio/learn_regression.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;
using Kind = runtime::Anomaly::Kind;

/// A folder of recordings of a machine, which goes away with it.
class Machine {
 public:
  Machine()
      : path_(fs::temp_directory_path() /
              ("studio_machine_" + std::to_string(getpid()) + "_" + std::to_string(++count_))) {
    fs::create_directories(path_);
  }
  ~Machine() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

  /// Two axes at 100 Hz: a hum of this frequency and size, and the way the sensor is mounted.
  void Record(const std::string& file, double hum_hz, double size, Random& random, double mounted = 9.81) const {
    fs::create_directories((path_ / file).parent_path());
    std::ofstream stream(path_ / file);
    stream << "timestamp,accX,accZ\n";
    const double phase = random.Between(0, 6.28);
    for (int i = 0; i < 200; ++i) {
      const double hum = size * std::sin(phase + 6.2832 * hum_hz * i / 100);
      stream << i * 10 << ',' << hum + 0.1 * static_cast<double>(random.Normal()) << ','
             << mounted + 0.3 * hum + 0.1 * static_cast<double>(random.Normal()) << '\n';
    }
  }

  void RecordNormalAndStrange() const {
    Random random(1);
    for (int i = 0; i < 20; ++i) {
      Record("hum." + std::to_string(i) + ".csv", 10, random.Between(0.9, 1.1), random);
    }
    for (int i = 0; i < 5; ++i) Record("rattle." + std::to_string(i) + ".csv", 27, 1, random);
  }

 private:
  static inline int count_ = 0;
  fs::path path_;
};

AnomalyTraining Options(const Machine& machine, Kind kind = Kind::kDiagonalGaussians) {
  AnomalyTraining options;
  options.data.folder = machine.path();
  options.data.normal = {"hum"};
  options.name = "machine";
  options.kind = kind;
  options.epochs = 60;
  return options;
}

std::string Refusal(const AnomalyTraining& options) {
  const auto result = TrainAnomaly(options);
  return result ? std::string() : result.error().message;
}

TEST(TrainAnomaly, TellsNormalFromStrangeWithEveryDetector) {
  const Machine machine;
  machine.RecordNormalAndStrange();
  for (const Kind kind : {Kind::kKMeans, Kind::kDiagonalGaussians, Kind::kReconstruction}) {
    SCOPED_TRACE(compiler::NameOf(kind));
    const auto result = TrainAnomaly(Options(machine, kind));
    ASSERT_TRUE(result.ok()) << result.error().message;
    const AnomalyTest& test = result->test;
    EXPECT_GT(test.normal_windows, 0);
    EXPECT_LE(test.false_alarms, test.normal_windows / 4);
    ASSERT_EQ(test.labels.size(), 1u);
    EXPECT_EQ(test.labels[0].label, "rattle");
    EXPECT_EQ(test.labels[0].found, test.labels[0].windows);
    EXPECT_GT(test.area.value_or(0), 0.99);
    EXPECT_EQ(result->model.empty(), kind != Kind::kReconstruction);
    EXPECT_GT(result->parameters, 0);
    // Nothing was learnt from what is strange.
    for (const dataset::Recording& recording : result->data.set.recordings) {
      EXPECT_TRUE(recording.label != "rattle" || recording.category == dataset::Category::kTesting);
    }
  }
}

TEST(TrainAnomaly, TheTestIsFoundAgainFromTheFiles) {
  const Machine machine;
  machine.RecordNormalAndStrange();
  for (const Kind kind : {Kind::kDiagonalGaussians, Kind::kReconstruction}) {
    const AnomalyTraining options = Options(machine, kind);
    const auto result = TrainAnomaly(options);
    ASSERT_TRUE(result.ok()) << result.error().message;
    const auto read = compiler::ParseImpulse("impulse.json", compiler::WriteImpulse(result->impulse));
    ASSERT_TRUE(read.ok()) << read.error().message;
    DataOptions folder = options.data;
    folder.normal.clear();  // the impulse says it
    const auto data = PrepareTest(folder, *read);
    ASSERT_TRUE(data.ok()) << data.error().message;
    const auto bound = compiler::BoundImpulse::Bind(*read, result->model);
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    const auto test = JudgeAnomaly(*data, *bound);
    ASSERT_TRUE(test.ok());
    EXPECT_EQ(test->scores, result->test.scores);
    EXPECT_EQ(test->false_alarms, result->test.false_alarms);
  }
}

TEST(TrainAnomaly, DoesNotMindHowTheSensorIsMounted) {
  const Machine machine;
  machine.RecordNormalAndStrange();
  Random random(9);
  for (int i = 0; i < 5; ++i) machine.Record("tilted." + std::to_string(i) + ".csv", 10, 1, random, 7.5);
  const auto result = TrainAnomaly(Options(machine));
  ASSERT_TRUE(result.ok()) << result.error().message;
  ASSERT_EQ(result->test.labels.size(), 2u);
  EXPECT_EQ(result->test.labels[1].label, "tilted");
  EXPECT_LE(result->test.labels[1].found, result->test.labels[1].windows / 4);
}

TEST(TrainAnomaly, LearnsFromOneLabelWithoutBeingTold) {
  const Machine machine;
  Random random(1);
  for (int i = 0; i < 12; ++i) machine.Record("hum." + std::to_string(i) + ".csv", 10, 1, random);
  AnomalyTraining options = Options(machine);
  options.data.normal.clear();
  const auto result = TrainAnomaly(options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->impulse.anomaly->normal, std::vector<std::string>{"hum"});
  EXPECT_FALSE(result->test.area.has_value());
  EXPECT_TRUE(result->test.labels.empty());
  // A classifier of one label is refused, and is told what there is.
  DataOptions labels;
  labels.folder = machine.path();
  const auto classifier = PrepareData(labels);
  ASSERT_FALSE(classifier.ok());
  EXPECT_NE(classifier.error().message.find("--learn anomaly"), std::string::npos) << classifier.error().message;
}

TEST(TrainAnomaly, SaysWhatIsWrong) {
  const Machine machine;
  machine.RecordNormalAndStrange();
  AnomalyTraining options = Options(machine);
  options.data.normal.clear();
  EXPECT_NE(Refusal(options).find("which of its labels are normal? Name them with --normal; there are hum, rattle"),
            std::string::npos)
      << Refusal(options);
  options.data.normal = {"humm"};
  EXPECT_NE(Refusal(options).find("no recording has the label 'humm'"), std::string::npos) << Refusal(options);
  options = Options(machine);
  options.block = compiler::DefaultParams("image");
  EXPECT_NE(Refusal(options).find("image: "), std::string::npos) << Refusal(options);
}

TEST(TrainAnomaly, StopsWhenToldTo) {
  const Machine machine;
  machine.RecordNormalAndStrange();
  const auto stopped = TrainAnomaly(Options(machine), [](const Event& event) { return event.step != "features"; });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().status, Status::kCancelled);
  // An autoencoder keeps its best epoch.
  const auto early = TrainAnomaly(Options(machine, Kind::kReconstruction),
                                  [](const Event& event) { return event.epoch == nullptr || event.epoch->number < 5; });
  ASSERT_TRUE(early.ok()) << early.error().message;
  EXPECT_TRUE(early->stopped);
}

// --- numbers ---------------------------------------------------------------------------------------------------------

RegressionTraining Numbers(const Machine& machine) {
  RegressionTraining options;
  options.data.folder = machine.path();
  options.name = "speed";
  options.data.window_ms = 500;
  options.architecture = trainer::Architecture::kDense;
  options.learning.epochs = 100;
  return options;
}

TEST(NumberOf, FindsTheOneNumberOfALabel) {
  const std::pair<const char*, float> labels[] = {
      {"23.5", 23.5F}, {"rpm_1200", 1200},   {"1200rpm", 1200}, {"-4", -4}, {"t=-3.25", -3.25F},
      {"speed-7", 7},  {"t_-2 degrees", -2}, {"0", 0},          {"5.", 5}};
  for (const auto& [label, number] : labels) {
    const auto found = NumberOf(label);
    ASSERT_TRUE(found.ok()) << label;
    EXPECT_EQ(*found, number) << label;
  }
  for (const char* label : {"fast", "", "1_2", "v2_1200", "1.2.3", "-"}) {
    const auto found = NumberOf(label);
    EXPECT_FALSE(found.ok()) << label;
  }
}

TEST(TrainRegression, LearnsTheSizeOfAHum) {
  const Machine machine;
  Random random(1);
  for (int size = 1; size <= 8; ++size) {
    for (int i = 0; i < 4; ++i) {
      machine.Record("size_" + std::to_string(size) + "/" + std::to_string(i) + ".csv", 10, size, random);
    }
  }
  for (const auto loss : {trainer::RegressionLoss::kSquared, trainer::RegressionLoss::kHuber}) {
    RegressionTraining options = Numbers(machine);
    options.loss = loss;
    const auto result = TrainRegression(options);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_TRUE(result->impulse.is_regressor());
    EXPECT_GT(result->int8_test.r_squared, 0.97);
    EXPECT_LT(result->int8_test.mean_absolute_error, 0.4);
    EXPECT_NEAR(result->int8_test.mean_absolute_error, result->float_test.mean_absolute_error, 0.15);
    // The testing part is found again, and the impulse as a device runs it says the same numbers.
    const auto read = compiler::ParseImpulse("impulse.json", compiler::WriteImpulse(result->impulse));
    ASSERT_TRUE(read.ok()) << read.error().message;
    const auto data = PrepareTest(options.data, *read);
    ASSERT_TRUE(data.ok()) << data.error().message;
    const auto test = JudgeRegression(*data, *read, result->int8_model);
    ASSERT_TRUE(test.ok()) << test.error().message;
    EXPECT_EQ(test->answers, result->int8_test.answers);
    const auto bound = compiler::BoundImpulse::Bind(*read, result->int8_model);
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    for (size_t i = 0; i < data->testing.windows.size(); i += 5) {
      const auto samples = data->testing.Samples(data->set, data->testing.windows[i]);
      std::copy(samples.begin(), samples.end(), bound->window().begin());
      EXPECT_EQ(bound->Run().score, test->answers[i]);
    }
  }
}

TEST(TrainRegression, TakesNumbersThatComeOnce) {
  const Machine machine;
  Random random(2);
  for (int i = 0; i < 24; ++i) {
    const double size = 1 + 0.25 * i;
    machine.Record(std::to_string(size).substr(0, 4) + "/a.csv", 10, size, random);
  }
  const auto result = TrainRegression(Numbers(machine));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->data.labels.size(), 24u);
  EXPECT_FALSE(std::isnan(result->tried.front().second));
  EXPECT_GT(result->int8_test.r_squared, 0.8);
  for (const dataset::Recording& recording : result->data.set.recordings) {
    EXPECT_EQ(recording.name.find('\n'), std::string::npos);
  }
}

TEST(TrainRegression, SaysWhatIsWrong) {
  const Machine machine;
  machine.RecordNormalAndStrange();
  const auto words = TrainRegression(Numbers(machine));
  ASSERT_FALSE(words.ok());
  EXPECT_NE(words.error().message.find("the label 'hum' is no number"), std::string::npos) << words.error().message;
}

TEST(CompareNumbers, IsWhatTheNamesSay) {
  const RegressionTest test = CompareNumbers({1, 2, 6}, std::vector<float>{1, 3, 5});
  EXPECT_DOUBLE_EQ(test.mean_absolute_error, 2.0 / 3);
  EXPECT_DOUBLE_EQ(test.root_mean_square_error, std::sqrt(2.0 / 3));
  EXPECT_DOUBLE_EQ(test.r_squared, 1 - 2.0 / 8);
  EXPECT_TRUE(std::isnan(CompareNumbers({1, 2}, std::vector<float>{3, 3}).r_squared));
}

}  // namespace
}  // namespace thimble::studio
