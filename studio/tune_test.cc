#include "studio/tune.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.h"
#include "firmware/all_boards.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

/// A folder of two gestures that goes away with it: hands that swing along an axis at 50 Hz, never twice the same.
class Gestures {
 public:
  explicit Gestures(int recordings = 5)
      : path_(fs::temp_directory_path() / ("tune_test_" + std::to_string(getpid()) + "_" + std::to_string(++count_))) {
    fs::create_directories(path_);
    Random random(1);
    for (int i = 0; i < recordings; ++i) {
      Write("wave." + std::to_string(i) + ".csv", 2, 0, random);
      Write("nod." + std::to_string(i) + ".csv", 1, 1, random);
    }
  }
  ~Gestures() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }
  std::string journal() const {
    return (path_.parent_path() / (path_.filename().string() + "_out") / "journal").string();
  }

 private:
  void Write(const std::string& file, double swings_a_second, int axis, Random& random) const {
    constexpr int kReadings = 150;
    const double phase = random.Between(0, 6.28);
    const double size = random.Between(3, 5);
    std::ofstream stream(path_ / file);
    stream << "timestamp,accX,accY,accZ\n";
    for (int i = 0; i < kReadings; ++i) {
      stream << i * 20;
      for (int k = 0; k < 3; ++k) {
        const double swing = k == axis ? size * std::sin(phase + 6.2832 * swings_a_second * i / 50) : 0;
        stream << ',' << static_cast<float>(swing + (k == 2 ? 9.81 : 0)) + 0.3f * random.Normal();
      }
      stream << '\n';
    }
  }

  static inline int count_ = 0;
  fs::path path_;
};

/// Little effort: what is tested is the search, not the networks.
TuneOptions Options(const Gestures& gestures) {
  TuneOptions options;
  options.data.folder = gestures.path();
  options.name = "gestures";
  options.board = firmware::FindBoard("az3166");
  options.trials = 14;
  options.effort = 0.05;
  options.jobs = 2;
  return options;
}

/// What does not depend on the machine's mood.
std::string Story(const std::vector<Trial>& trials) {
  std::string story;
  for (const Trial& trial : trials) {
    story += std::to_string(trial.number) + " " + Describe(trial.setting) + " " + std::to_string(trial.rung) + " " +
             std::to_string(trial.accuracy) + " " + std::to_string(trial.loss) + " " +
             std::to_string(trial.footprint.ram_bytes) + " " + trial.dropped + "\n";
  }
  return story;
}

// Two whole searches each: more than a minute under the sanitizers, for code that the other tests run there, too.
#ifdef __SANITIZE_ADDRESS__
#define SKIP_WHOLE_SEARCHES() GTEST_SKIP() << "takes minutes under the sanitizers"
#else
#define SKIP_WHOLE_SEARCHES() static_cast<void>(0)
#endif

TEST(Tune, FindsWhatTellsGesturesApartWithinItsLimits) {
  const Gestures gestures;
  TuneOptions options = Options(gestures);
  options.effort = 0.2;
  options.limits.parameters = 2000;
  int told = 0;
  const auto result = Tune(options, [&](const TuneProgress& news) {
    told += news.finished != nullptr ? 1 : 0;
    EXPECT_LE(news.share, 1);
    return true;
  });
  ASSERT_TRUE(result.ok()) << result.error().message;
  const Trial& chosen = result->trials[result->chosen];
  EXPECT_TRUE(chosen.finished());
  EXPECT_GT(chosen.accuracy, 0.95);
  EXPECT_EQ(result->trials.size(), 14u);
  EXPECT_GT(told, 14);
  EXPECT_GT(result->too_large, 0);
  for (const Trial& trial : result->trials) EXPECT_LE(trial.footprint.parameters, 2000);
  ASSERT_FALSE(result->front.empty());
  for (const size_t place : result->front) EXPECT_TRUE(result->trials[place].finished());

  // The impulse that comes of it keeps to the limits, too.
  TrainingOptions training = TrainingFor(options, result->data, chosen.setting);
  training.learning.epochs = 10;
  const auto trained = TrainImpulse(training);
  ASSERT_TRUE(trained.ok()) << trained.error().message;
  EXPECT_EQ(compiler::WriteParameters(trained->impulse.block),
            compiler::WriteParameters(chosen.setting.candidate.block));
  const auto takes = Measure(*options.board, trained->impulse.block, trained->data.shape, trained->learnt.scaling,
                             trained->int8_model, false);
  ASSERT_TRUE(takes.ok());
  EXPECT_EQ(takes->parameters, chosen.footprint.parameters);
  EXPECT_EQ(takes->ram_bytes, chosen.footprint.ram_bytes);
}

TEST(Tune, DoesTheSameWithOneThreadAndWithThree) {
  SKIP_WHOLE_SEARCHES();
  const Gestures gestures;
  TuneOptions options = Options(gestures);
  options.jobs = 1;
  const auto one = Tune(options);
  options.jobs = 3;
  const auto three = Tune(options);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(Story(one->trials), Story(three->trials));
  EXPECT_EQ(one->chosen, three->chosen);
  options.seed = 2;
  const auto other = Tune(options);
  ASSERT_TRUE(other.ok());
  EXPECT_NE(Story(one->trials), Story(other->trials));
}

TEST(Tune, GoesOnWhereItWasStopped) {
  SKIP_WHOLE_SEARCHES();
  const Gestures gestures;
  TuneOptions options = Options(gestures);
  const auto whole = Tune(options);
  ASSERT_TRUE(whole.ok());

  options.journal = gestures.journal();
  int finished = 0;
  const auto stopped = Tune(options, [&](const TuneProgress& news) {
    finished += news.finished != nullptr ? 1 : 0;
    return finished < 5;
  });
  ASSERT_TRUE(stopped.ok()) << stopped.error().message;
  EXPECT_TRUE(stopped->stopped);
  EXPECT_NE(Story(stopped->trials), Story(whole->trials));
  {  // A power cut in the middle of a line.
    std::ofstream journal(options.journal, std::ios::app);
    journal << "{\"trial\":9,\"ru";
  }
  const auto resumed = Tune(options);
  ASSERT_TRUE(resumed.ok()) << resumed.error().message;
  EXPECT_EQ(Story(resumed->trials), Story(whole->trials));
  EXPECT_EQ(resumed->chosen, whole->chosen);

  // All is known by now: nothing is written anew.
  const auto size = fs::file_size(options.journal);
  ASSERT_TRUE(Tune(options).ok());
  EXPECT_EQ(fs::file_size(options.journal), size);

  // And nobody else's search goes on from it.
  options.seed = 7;
  const auto refused = Tune(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().status, Status::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("take another --out"), std::string::npos);
  options.seed = 1;
  {
    std::ofstream journal(options.journal, std::ios::app);
    journal << "[1,2]\n";
  }
  const auto damaged = Tune(options);
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().status, Status::kDataLoss);
  fs::remove_all(fs::path(options.journal).parent_path());
}

TEST(Tune, EndsWhenItsTimeIsOver) {
  const Gestures gestures;
  TuneOptions options = Options(gestures);
  options.trials = 0;
  options.seconds = 1.5;
  const auto result = Tune(options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_FALSE(result->stopped);
  EXPECT_GE(result->trials[result->chosen].rung, 0);
}

TEST(Tune, SaysWhenNothingFits) {
  const Gestures gestures;
  TuneOptions options = Options(gestures);
  options.limits.ram_bytes = 500;
  const auto result = Tune(options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().status, Status::kOutOfMemory);
  EXPECT_NE(result.error().message.find("bytes of RAM"), std::string::npos);
}

TEST(Tune, IsCancelledBeforeAnythingWasTried) {
  const Gestures gestures;
  const auto result = Tune(Options(gestures), [](const TuneProgress&) { return false; });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().status, Status::kCancelled);
}

TEST(Tune, WantsEnoughRecordingsToChooseBy) {
  const Gestures gestures(3);
  const auto result = Tune(Options(gestures));
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("three or more of each label"), std::string::npos);
}

TEST(Choose, TakesTheSmallestWithinOneStandardErrorOfTheBest) {
  const auto trial = [](int rung, double loss, int64_t bytes) {
    Trial one;
    one.rung = rung;
    one.loss = loss;
    one.loss_error = 0.02;
    one.footprint.ram_bytes = one.footprint.flash_bytes = bytes;
    one.footprint.latency_ms = 1;
    return one;
  };
  EXPECT_FALSE(Choose({}));
  EXPECT_EQ(Choose({trial(2, 0.10, 500), trial(2, 0.11, 400), trial(2, 0.13, 100)}), 1u);
  EXPECT_EQ(Choose({trial(2, 0.10, 500), trial(1, 0.05, 100)}), 0u);
  std::vector<Trial> dropped = {trial(2, 0.10, 500), trial(2, 0.05, 100)};
  dropped[1].dropped = "takes too much";
  EXPECT_EQ(Choose(dropped), 0u);
}

TEST(StrainedCopy, ChangesEveryReadingALittleAndNoShape) {
  const Gestures gestures;
  const auto data = PrepareData(Options(gestures).data);
  ASSERT_TRUE(data.ok());
  const Data strained = StrainedCopy(*data, 1);
  for (size_t i = 0; i < data->set.recordings.size(); ++i) {
    const std::vector<float>& before = data->set.recordings[i].values;
    const std::vector<float>& after = strained.set.recordings[i].values;
    ASSERT_EQ(before.size(), after.size());
    EXPECT_NE(before, after);
    double was = 0, is = 0;
    for (size_t k = 0; k < before.size(); ++k) {
      was += static_cast<double>(before[k]) * static_cast<double>(before[k]);
      is += static_cast<double>(after[k]) * static_cast<double>(after[k]);
    }
    EXPECT_NEAR(is / was, 1, 0.4);
  }
}

}  // namespace
}  // namespace thimble::studio
