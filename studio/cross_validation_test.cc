#include "studio/cross_validation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

/// Two gestures of several people as {gesture}.{who}.{index}.csv, in a folder that goes away with it.
class Gestures {
 public:
  explicit Gestures(const std::vector<std::string>& people, int each = 4)
      : path_(fs::temp_directory_path() / ("folds_test_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
    Random random(1);
    for (const std::string& who : people) {
      for (int i = 0; i < each; ++i) {
        Write("wave." + who + "." + std::to_string(i), 2, random);
        Write("nod." + who + "." + std::to_string(i), 1, random);
      }
    }
  }
  ~Gestures() { fs::remove_all(path_); }

  void Write(const std::string& name, double swings_a_second, Random& random) const {
    std::ofstream stream(path_ / (name + ".csv"));
    stream << "timestamp,accX,accY,accZ\n";
    const double phase = random.Between(0, 6.28);
    for (int i = 0; i < 120; ++i) {
      const double swing = 4 * std::sin(phase + 6.2832 * swings_a_second * i / 50);
      stream << i * 20 << ',' << swing + static_cast<double>(0.3f * random.Normal()) << ',' << 0.3f * random.Normal()
             << ',' << 9.81f + 0.3f * random.Normal() << '\n';
    }
  }

  TrainingOptions Options() const {
    TrainingOptions options;
    options.data.folder = path_.string();
    options.data.window_ms = 1000;
    options.name = "gestures";
    options.learning.epochs = 60;
    options.block = compiler::DefaultParams("spectral_analysis");
    return options;
  }

 private:
  fs::path path_;
};

TEST(CrossValidate, AnswersEveryRecordingOnce) {
  const Gestures gestures({"anna", "ben"}, 6);
  const auto result = CrossValidate(gestures.Options(), {.count = 4});
  ASSERT_TRUE(result.ok()) << result.error().message;
  ASSERT_EQ(result->folds.size(), 4u);
  EXPECT_EQ(result->folds.front().name, "1");
  EXPECT_GT(SpreadOf(result->folds).mean, 0.9);

  const TrainingResult& whole = result->result;
  std::set<size_t> answered;
  for (const dataset::WindowPlace& place : whole.data.testing.windows) answered.insert(place.recording);
  EXPECT_EQ(answered.size(), 24u);
  EXPECT_EQ(whole.int8_test.evaluation.recordings, 24);
  int windows = 0;
  double right = 0;
  for (const Fold& fold : result->folds) {
    windows += fold.windows;
    right += fold.windows * fold.in_int8.accuracy;
  }
  EXPECT_EQ(static_cast<size_t>(windows), whole.data.testing.windows.size());
  EXPECT_EQ(whole.int8_test.scores.size(), 2 * whole.data.testing.windows.size());
  EXPECT_NEAR(whole.int8_test.evaluation.accuracy, right / windows, 1e-9);

  // What is kept has learnt from all.
  std::set<int> learnt(whole.learnt.training.groups.begin(), whole.learnt.training.groups.end());
  EXPECT_EQ(learnt.size(), 24u);
  EXPECT_FALSE(whole.int8_model.empty());
}

TEST(CrossValidate, LeavesEachGroupOut) {
  const Gestures gestures({"anna", "ben", "chris"});
  FoldOptions folds;
  folds.each = *dataset::ParseSplitBy("who:{gesture}.{who}.{index}");
  const auto result = CrossValidate(gestures.Options(), folds);
  ASSERT_TRUE(result.ok()) << result.error().message;
  ASSERT_EQ(result->folds.size(), 3u);
  EXPECT_EQ(result->folds[1].name, "ben");
  EXPECT_EQ(result->folds[1].in_int8.recordings, 8);
}

TEST(CrossValidate, GivesTheSameOnOneThreadAndOnTwo) {
  const Gestures gestures({"anna", "ben"});
  const auto one = CrossValidate(gestures.Options(), {.count = 3, .each = {}, .jobs = 1});
  const auto two = CrossValidate(gestures.Options(), {.count = 3, .each = {}, .jobs = 2});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->result.int8_test.scores, two->result.int8_test.scores);
  EXPECT_EQ(one->result.float_test.scores, two->result.float_test.scores);
  EXPECT_EQ(one->result.int8_model, two->result.int8_model);
}

TEST(CrossValidate, FindsALabelThatIsWrong) {
  const Gestures gestures({"anna"}, 12);
  Random random(9);
  gestures.Write("nod.anna.77", 2, random);  // is a wave
  const auto result = CrossValidate(gestures.Options(), {.count = 3});
  ASSERT_TRUE(result.ok()) << result.error().message;
  ASSERT_EQ(result->suspects.size(), 1u);
  EXPECT_EQ(result->suspects[0].file, "nod.anna.77.csv");
  EXPECT_EQ(result->suspects[0].likely, "wave");
}

TEST(CrossValidate, SaysWhatCannotBeFolded) {
  const Gestures gestures({"anna"}, 3);
  const auto refusal = [&](const FoldOptions& folds) {
    const auto result = CrossValidate(gestures.Options(), folds);
    return result ? std::string() : result.error().message;
  };
  EXPECT_NE(refusal({.count = 7}).find("there are only 6; take fewer folds"), std::string::npos);
  FoldOptions each;
  each.each = *dataset::ParseSplitBy("who:{gesture}.{who}.{index}");
  EXPECT_NE(refusal(each).find("all recordings are of 'anna'"), std::string::npos);
  each.each = *dataset::ParseSplitBy("gesture:{gesture}.{who}.{index}");
  EXPECT_NE(refusal(each).find("nothing could learn it"), std::string::npos);
}

TEST(CrossValidate, StopsWhenItIsTold) {
  const Gestures gestures({"anna", "ben"});
  for (const int jobs : {1, 2}) {
    const auto result = CrossValidate(gestures.Options(), {.count = 4, .each = {}, .jobs = jobs},
                                      [](const Event& event) { return event.step != "folds" || event.share < 0.3; });
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().status, Status::kCancelled);
  }
}

}  // namespace
}  // namespace thimble::studio
