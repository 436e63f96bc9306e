#include "studio/transfer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "studio/training.h"
#include "trainer/fit.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

/// A movement along a curve: how often a second each axis swings, and how far it lags.
struct Gesture {
  const char* label;
  double swings[3];
  double lag;
};

constexpr Gesture kCircle{"circle", {1.5, 1.5, 0}, 1.57};
constexpr Gesture kEight{"eight", {1, 2, 0}, 0.8};
constexpr Gesture kPump{"pump", {0, 0.8, 1.6}, 0.4};
constexpr Gesture kScoop{"scoop", {0.8, 0, 1.6}, 2.2};

/// Two seconds of a hand at 50 Hz: never twice as fast, as large, or from the same place.
dataset::Recording Perform(const Gesture& gesture, int index, dataset::Category category, Random& random) {
  dataset::Recording recording{.name = gesture.label + ("." + std::to_string(index)),
                               .label = gesture.label,
                               .file = gesture.label + ("." + std::to_string(index)) + ".csv",
                               .category = category,
                               .axes = {{"accX", "m/s2"}, {"accY", "m/s2"}, {"accZ", "m/s2"}},
                               .interval_ms = 20,
                               .values = {}};
  const double phase = random.Between(0, 6.28), speed = random.Between(0.8, 1.25), size = random.Between(2, 5);
  for (int i = 0; i < 100; ++i) {
    for (int axis = 0; axis < 3; ++axis) {
      const double swings = gesture.swings[axis] * speed;
      const double swing = swings > 0 ? size * std::sin(6.2832 * swings * i / 50 + phase + axis * gesture.lag) : 0;
      recording.values.push_back(static_cast<float>(swing) + 2.0f * random.Normal());
    }
  }
  return recording;
}

/// `training` recordings of each gesture to learn from and `testing` to judge by.
Data Recorded(std::initializer_list<Gesture> gestures, int training, int testing, uint64_t seed) {
  Random random(seed);
  dataset::Dataset set;
  for (const Gesture& gesture : gestures) {
    for (int i = 0; i < training + testing; ++i) {
      const auto category = i < training ? dataset::Category::kTraining : dataset::Category::kTesting;
      set.recordings.push_back(Perform(gesture, i, category, random));
    }
  }
  auto data =
      PrepareData(std::move(set), {.folder = "gestures", .normal = {}, .reading = {}, .split = {}, .window_ms = 2000});
  if (!data) {
    ADD_FAILURE() << data.error().message;
    std::abort();
  }
  return *std::move(data);
}

TrainingOptions Options(uint64_t seed) {
  TrainingOptions options;
  options.name = "gestures";
  options.block = compiler::DefaultParams("waveform");
  options.architecture = trainer::Architecture::kConv1d;
  options.learning.seed = seed;
  options.learning.epochs = 60;
  return options;
}

/// What the three gestures that everybody knows taught, as the files that `thimble train` writes.
class Files {
 public:
  Files() : path_(fs::temp_directory_path() / ("transfer_test_" + std::to_string(getpid()))) {
    const auto known = TrainOn(Recorded({kCircle, kEight, kPump}, 40, 5, 1), Options(1));
    if (!known) {
      ADD_FAILURE() << known.error().message;
      return;
    }
    model_ = known->learnt.model;
    scaling_ = known->learnt.scaling;
    fs::create_directories(path_);
    std::ofstream(path_ / "impulse.json") << compiler::WriteImpulse(known->impulse);
    std::ofstream(path_ / "model.float.tflite", std::ios::binary)
        .write(reinterpret_cast<const char*>(known->float_model.data()),
               static_cast<std::streamsize>(known->float_model.size()));
  }
  ~Files() { fs::remove_all(path_); }
  fs::path path() const { return path_; }
  const trainer::Model& model() const { return model_; }

 private:
  fs::path path_;
  trainer::Model model_;
  trainer::FeatureScaling scaling_;
};

class Transfer : public testing::Test {
 protected:
  static void SetUpTestSuite() { files_ = new Files(); }
  static void TearDownTestSuite() { delete files_; }
  static Pretrained Known() {
    auto known = ReadPretrained(files_->path().string());
    EXPECT_TRUE(known.ok()) << known.error().message;
    return *std::move(known);
  }
  static inline Files* files_ = nullptr;
};

TEST_F(Transfer, TheFileHoldsWhatWasLearnt) {
  const Pretrained known = Known();
  EXPECT_EQ(known.impulse.labels, (std::vector<std::string>{"circle", "eight", "pump"}));
  Random random(3);
  std::vector<float> rows(static_cast<size_t>(known.model.spec.input.values()) * 4);
  for (float& value : rows) value = random.Normal();
  const auto before = trainer::Run(files_->model(), rows), after = trainer::Run(known.model, rows);
  ASSERT_TRUE(before.ok() && after.ok());
  ASSERT_EQ(before->size(), after->size());
  for (size_t i = 0; i < before->size(); ++i) EXPECT_NEAR((*before)[i], (*after)[i], 1e-4f);
}

TEST_F(Transfer, ARecordingOfEachGestureTeachesMoreThanFromScratch) {
  const auto known = std::make_shared<const Pretrained>(Known());
  double from_known = 0, from_scratch = 0;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const auto few = [&] { return Recorded({kCircle, kEight, kPump, kScoop}, 1, 25, 10 + seed); };
    TrainingOptions options = Options(seed);
    options.learning.epochs = 300;  // of so few rows each is a single step
    const auto scratch = TrainOn(few(), options);
    ASSERT_TRUE(scratch.ok()) << scratch.error().message;
    options.candidates = {{.block = known->impulse.block, .size = {}, .from = known, .frozen_layers = 2}};
    const auto transferred = TrainOn(few(), options);
    ASSERT_TRUE(transferred.ok()) << transferred.error().message;
    from_scratch += scratch->int8_test.evaluation.accuracy / 3;
    from_known += transferred->int8_test.evaluation.accuracy / 3;
  }
  EXPECT_GT(from_known, from_scratch + 0.02) << from_known << " against " << from_scratch;
}

TEST_F(Transfer, FrozenLayersKeepTheirWeights) {
  const auto known = std::make_shared<const Pretrained>(Known());
  TrainingOptions options = Options(1);
  options.learning.epochs = 5;
  options.candidates = {{.block = known->impulse.block, .size = {}, .from = known}};
  const auto result = TrainOn(Recorded({kCircle, kScoop}, 6, 2, 5), options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  const auto& before = known->model.weights;
  const auto& after = result->learnt.model.weights;
  ASSERT_EQ(before.size(), after.size());
  int learning = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    learning += before[i].bias != after[i].bias ? 1 : 0;
    if (before[i].weights.size() != after[i].weights.size()) continue;
    // The size of the features goes out of the first layer and comes back: the last bits may differ.
    for (size_t k = 0; k < before[i].weights.size(); ++k) {
      EXPECT_NEAR(before[i].weights[k], after[i].weights[k], 1e-5f * std::abs(before[i].weights[k]));
    }
  }
  EXPECT_EQ(learning, 1);  // the last layer
}

TEST_F(Transfer, LabelsThatAreKnownKeepWhatTheNetworkSaysOfThem) {
  const Pretrained known = Known();
  const Data data = Recorded({kEight, kScoop}, 4, 2, 5);
  const auto rows = Features(data, data.training, known.impulse.block);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  const auto start = GoOnFrom(known, data.labels, *rows, kAllButLast, 1);
  ASSERT_TRUE(start.ok()) << start.error().message;
  EXPECT_TRUE(start->learns_only_last);
  const auto& head = start->model.weights[start->model.weights.size() - 2];
  const auto& from = known.model.weights[known.model.weights.size() - 2];
  ASSERT_EQ(head.bias.size(), 2u);
  EXPECT_EQ(head.bias[0], from.bias[1]);  // "eight"
  EXPECT_EQ(head.bias[1], 0);             // "scoop" is new
}

TEST_F(Transfer, RefusesRecordingsOfAnotherKind) {
  const auto known = std::make_shared<const Pretrained>(Known());
  TrainingOptions options = Options(1);
  options.candidates = {{.block = known->impulse.block, .size = {}, .from = known}};
  Data data = Recorded({kEight, kScoop}, 4, 2, 5);
  data.shape.readings = 50;
  const auto refused = TrainOn(std::move(data), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("looks at windows of 100 readings of 3 numbers at 50 Hz"), std::string::npos)
      << refused.error().message;
}

TEST_F(Transfer, RefusesToFreezeEverything) {
  const Data data = Recorded({kEight, kScoop}, 4, 2, 5);
  const Pretrained known = Known();
  const auto rows = Features(data, data.training, known.impulse.block);
  const auto start = GoOnFrom(known, data.labels, *rows, 4, 1);
  ASSERT_FALSE(start.ok());
  EXPECT_NE(start.error().message.find("freeze at most 3"), std::string::npos) << start.error().message;
}

TEST_F(Transfer, SaysWhichFileIsMissing) {
  fs::rename(files_->path() / "impulse.json", files_->path() / "other.json");
  const auto lonely = ReadPretrained((files_->path() / "model.float.tflite").string());
  fs::rename(files_->path() / "other.json", files_->path() / "impulse.json");
  ASSERT_FALSE(lonely.ok());
  EXPECT_NE(lonely.error().message.find("impulse.json: no such file"), std::string::npos) << lonely.error().message;
}

}  // namespace
}  // namespace thimble::studio
