#include "studio/training.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

/// A folder of recordings that goes away with it.
class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              ("studio_test_" + std::to_string(getpid()) + "_" + std::to_string(++count_))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

  /// Readings of three axes at 50 Hz.
  void Write(const std::string& file, int readings, const std::function<float(int reading, int axis)>& value) const {
    fs::create_directories((path_ / file).parent_path());
    std::ofstream stream(path_ / file);
    stream << "timestamp,accX,accY,accZ\n";
    for (int i = 0; i < readings; ++i) {
      stream << i * 20 << ',' << value(i, 0) << ',' << value(i, 1) << ',' << value(i, 2) << '\n';
    }
  }

  /// A hand that swings `swings_a_second` times along an axis, never twice the same.
  void WriteSwing(const std::string& file, double swings_a_second, int axis, Random& random, int readings = 200) const {
    const double phase = random.Between(0, 6.28);
    const double size = random.Between(3, 5);
    Write(file, readings, [&](int i, int k) {
      const double swing = k == axis ? size * std::sin(phase + 6.2832 * swings_a_second * i / 50) : 0;
      return static_cast<float>(swing + (k == 2 ? 9.81 : 0)) + 0.3f * random.Normal();
    });
  }

  void WriteTwoGestures(int recordings) const {
    Random random(1);
    for (int i = 0; i < recordings; ++i) {
      WriteSwing("wave." + std::to_string(i) + ".csv", 2, 0, random);
      WriteSwing("nod." + std::to_string(i) + ".csv", 1, 1, random);
    }
  }

 private:
  static inline int count_ = 0;
  fs::path path_;
};

TrainingOptions Options(const Folder& folder) {
  TrainingOptions options;
  options.data.folder = folder.path();
  options.name = "gestures";
  options.learning.epochs = 12;
  return options;
}

std::string Refusal(const TrainingOptions& options) {
  const auto result = TrainImpulse(options);
  return result ? std::string() : result.error().message;
}

bool Mentions(const std::vector<std::string>& notices, const std::string& words) {
  for (const std::string& notice : notices) {
    if (notice.find(words) != std::string::npos) return true;
  }
  return false;
}

TEST(TrainImpulse, TellsGesturesApart) {
  const Folder folder;
  folder.WriteTwoGestures(12);
  std::vector<std::string> ended;
  const auto result = TrainImpulse(Options(folder), [&](const Event& event) {
    if (event.kind == Event::Kind::kEnd) ended.emplace_back(event.step);
    return true;
  });
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_GT(result->int8_test.evaluation.accuracy, 0.95);
  EXPECT_NEAR(result->int8_test.evaluation.accuracy, result->float_test.evaluation.accuracy, 0.02);
  EXPECT_GE(result->tried.size(), 2u);  // its spectrum and its waveform
  EXPECT_EQ(ended.front(), "data");
  EXPECT_EQ(ended.back(), "test");
  EXPECT_EQ(result->data.labels, (std::vector<std::string>{"nod", "wave"}));
}

TEST(TrainImpulse, TheFilesAnswerAsTheTestSaid) {
  const Folder folder;
  folder.WriteTwoGestures(8);
  for (const auto architecture : {trainer::Architecture::kDense, trainer::Architecture::kConv1d}) {
    TrainingOptions options = Options(folder);
    options.architecture = architecture;
    const auto result = TrainImpulse(options);
    ASSERT_TRUE(result.ok()) << result.error().message;
    // The testing part is found again from the folder alone.
    const auto read = compiler::ParseImpulse("impulse.json", compiler::WriteImpulse(result->impulse));
    ASSERT_TRUE(read.ok()) << read.error().message;
    const auto test = PrepareTest(options.data, *read);
    ASSERT_TRUE(test.ok()) << test.error().message;
    const auto judged = Judge(*test, *read, result->int8_model);
    ASSERT_TRUE(judged.ok()) << judged.error().message;
    EXPECT_EQ(judged->scores, result->int8_test.scores);
    // And the impulse as a device runs it.
    const auto bound = compiler::BoundImpulse::Bind(*read, result->int8_model);
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    for (size_t i = 0; i < test->testing.windows.size(); i += 7) {
      const auto samples = test->testing.Samples(test->set, test->testing.windows[i]);
      std::copy(samples.begin(), samples.end(), bound->session().window().begin());
      const runtime::Verdict verdict = bound->session().Run();
      EXPECT_EQ(verdict.score, judged->scores[i * 2 + static_cast<size_t>(verdict.label)]);
    }
  }
}

TEST(TrainImpulse, TheSameSeedGivesTheSameBytes) {
  const Folder folder;
  folder.WriteTwoGestures(8);
  TrainingOptions options = Options(folder);
  options.architecture = trainer::Architecture::kConv1d;
  const auto one = TrainImpulse(options);
  const auto other = TrainImpulse(options);
  options.learning.seed = 2;
  const auto third = TrainImpulse(options);
  ASSERT_TRUE(one.ok() && other.ok() && third.ok());
  EXPECT_EQ(one->int8_model, other->int8_model);
  EXPECT_EQ(one->float_model, other->float_model);
  EXPECT_NE(one->int8_model, third->int8_model);
}

TEST(TrainImpulse, StoppingKeepsTheBestSoFar) {
  const Folder folder;
  folder.WriteTwoGestures(8);
  bool stop = false;
  const auto result = TrainImpulse(Options(folder), [&](const Event& event) {
    stop = stop || (event.epoch != nullptr && event.epoch->number == 3);
    return !stop;
  });
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(result->learnt.stopped);
  EXPECT_EQ(result->learnt.curve.size(), 3u);
  EXPECT_EQ(result->tried.size(), 1u);
  EXPECT_FALSE(result->int8_model.empty());
}

TEST(TrainImpulse, StoppingBeforeTrainingIsCancelled) {
  const Folder folder;
  folder.WriteTwoGestures(4);
  const auto result = TrainImpulse(Options(folder), [](const Event&) { return false; });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().status, Status::kCancelled);
}

TEST(TrainImpulse, ALearningRateThatDivergesIsSaidWithWhatToDo) {
  const Folder folder;
  folder.WriteTwoGestures(6);
  TrainingOptions options = Options(folder);
  options.architecture = trainer::Architecture::kDense;
  options.learning.learning_rate = 1e30f;
  EXPECT_NE(Refusal(options).find("learning rate"), std::string::npos) << Refusal(options);
}

TEST(TrainImpulse, RefusesNetworksThatDoNotGoWithTheBlock) {
  const Folder folder;
  folder.WriteTwoGestures(4);
  TrainingOptions options = Options(folder);
  options.block = compiler::DefaultParams("spectral_analysis");
  options.architecture = trainer::Architecture::kConv1d;
  EXPECT_NE(Refusal(options).find("take dense"), std::string::npos) << Refusal(options);
  options.block = compiler::DefaultParams("image");
  EXPECT_NE(Refusal(options).find("image: "), std::string::npos) << Refusal(options);
  options.block = {};
  options.architecture = trainer::Architecture::kAutoencoder;
  EXPECT_NE(Refusal(options).find("autoencoder"), std::string::npos) << Refusal(options);
}

TEST(SuitableCandidates, PicturesWithoutColourAreLearntInGreys) {
  Data data;
  data.kind = DataKind::kPictures;
  data.shape = {.axes = 1, .readings = 4, .width = 2, .height = 2};
  dataset::Recording picture;
  picture.axes = {{"pixel", ""}};
  picture.values = {0x000000, 0x7F7F7F, 0xFFFFFF, 0x010101};
  picture.width = picture.height = 2;
  data.set.recordings = {picture};
  const auto channels = [&] { return std::get<dsp::Image::Params>(SuitableCandidates(data).front().block).channels; };
  EXPECT_EQ(channels(), dsp::Image::Channels::kGrayscale);
  data.set.recordings.front().values[1] = 0x7F7F80;
  EXPECT_EQ(channels(), dsp::Image::Channels::kRgb);
}

TEST(PrepareData, OneLabelIsRefused) {
  const Folder folder;
  Random random(1);
  folder.WriteSwing("wave.1.csv", 2, 0, random);
  folder.WriteSwing("wave.2.csv", 2, 0, random);
  EXPECT_NE(Refusal(Options(folder)).find("at least two"), std::string::npos) << Refusal(Options(folder));
}

TEST(PrepareData, OneRecordingOfALabelIsRefused) {
  const Folder folder;
  folder.WriteTwoGestures(3);
  Random random(9);
  folder.WriteSwing("snap.1.csv", 5, 0, random);
  EXPECT_NE(Refusal(Options(folder)).find("snap"), std::string::npos) << Refusal(Options(folder));
}

TEST(PrepareData, AxesThatNeverChangeAreRefusedOrNamed) {
  const Folder dead;
  for (int i = 0; i < 4; ++i) {
    for (const char* label : {"wave.", "nod."})
      dead.Write(label + std::to_string(i) + ".csv", 200, [](int, int) { return 1.0f; });
  }
  EXPECT_NE(Refusal(Options(dead)).find("no axis ever changes"), std::string::npos) << Refusal(Options(dead));

  const Folder half;
  Random random(2);
  for (int i = 0; i < 6; ++i) {
    for (const char* label : {"wave.", "nod."}) {
      half.Write(label + std::to_string(i) + ".csv", 200,
                 [&](int, int axis) { return axis == 1 ? 0.5f : random.Normal(); });
    }
  }
  const auto data = PrepareData(Options(half).data);
  ASSERT_TRUE(data.ok()) << data.error().message;
  EXPECT_TRUE(Mentions(data->set.notices, "accY never changes"));
  TrainingOptions options = Options(half);
  options.learning.epochs = 2;
  EXPECT_TRUE(TrainImpulse(options).ok()) << Refusal(options);
}

TEST(PrepareData, ClippedReadingsAreNamed) {
  const Folder folder;
  Random random(3);
  for (int i = 0; i < 4; ++i) {
    for (const char* label : {"wave.", "nod."}) {
      folder.Write(label + std::to_string(i) + ".csv", 200, [&](int, int axis) {
        const float value = 1.5f * random.Normal();
        return axis == 0 ? std::clamp(value, -2.0f, 2.0f) : value;
      });
    }
  }
  const auto data = PrepareData(Options(folder).data);
  ASSERT_TRUE(data.ok()) << data.error().message;
  EXPECT_TRUE(Mentions(data->set.notices, "accX: "));
  EXPECT_TRUE(Mentions(data->set.notices, "clipped at ±2"));
  EXPECT_FALSE(Mentions(data->set.notices, "accY: "));
}

TEST(PrepareData, AWindowLongerThanEveryRecordingIsRefused) {
  const Folder folder;
  folder.WriteTwoGestures(4);
  TrainingOptions options = Options(folder);
  options.data.window_ms = 60'000;
  EXPECT_NE(Refusal(options).find("window"), std::string::npos) << Refusal(options);
}

TEST(PrepareData, RareLabelsAreNamed) {
  const Folder folder;
  Random random(4);
  for (int i = 0; i < 60; ++i) folder.WriteSwing("wave." + std::to_string(i) + ".csv", 2, 0, random, 60);
  for (int i = 0; i < 2; ++i) folder.WriteSwing("nod." + std::to_string(i) + ".csv", 1, 1, random, 60);
  const auto data = PrepareData(Options(folder).data);
  ASSERT_TRUE(data.ok()) << data.error().message;
  EXPECT_TRUE(Mentions(data->set.notices, "'nod' has 2 recordings where another label has 60"));
}

TEST(PrepareData, NumbersThatAreNoneAreRefused) {
  const Folder folder;
  folder.WriteTwoGestures(3);
  folder.Write("wave.9.csv", 200, [](int i, int) { return i == 7 ? std::nanf("") : static_cast<float>(i % 9); });
  EXPECT_NE(Refusal(Options(folder)).find("wave.9.csv"), std::string::npos) << Refusal(Options(folder));
}

TEST(PrepareData, AnImageThatIsNoneIsRefused) {
  const Folder folder;
  fs::create_directories(folder.path() + "/cat");
  std::ofstream(folder.path() + "/cat/1.png") << "this is no picture";
  EXPECT_NE(Refusal(Options(folder)).find("1.png"), std::string::npos) << Refusal(Options(folder));
}

TEST(PrepareTest, RefusesDataOfAnotherKind) {
  const Folder folder;
  folder.WriteTwoGestures(4);
  TrainingOptions options = Options(folder);
  options.learning.epochs = 2;
  auto result = TrainImpulse(options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  compiler::ImpulseDescription other = result->impulse;
  other.axes.pop_back();
  EXPECT_FALSE(PrepareTest(options.data, other).ok());
  other = result->impulse;
  other.rate_hz = 100;
  EXPECT_FALSE(PrepareTest(options.data, other).ok());
  other = result->impulse;
  other.labels = {"nod", "snap"};
  const auto refused = PrepareTest(options.data, other);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("'wave'"), std::string::npos) << refused.error().message;
}

TEST(PrepareTest, JudgesAllRecordingsOfAFolderThatTrainingDidNotSee) {
  const Folder folder, fresh;
  folder.WriteTwoGestures(4);
  Random random(77);
  for (int i = 0; i < 3; ++i) {
    fresh.WriteSwing("wave." + std::to_string(i) + ".csv", 2, 0, random);
    fresh.WriteSwing("nod." + std::to_string(i) + ".csv", 1, 1, random);
  }
  TrainingOptions options = Options(folder);
  options.learning.epochs = 2;
  const auto result = TrainImpulse(options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  const auto test = PrepareTest(Options(fresh).data, result->impulse);
  ASSERT_TRUE(test.ok()) << test.error().message;
  size_t last = 99, recordings = 0;
  for (const auto& place : test->testing.windows) {
    recordings += place.recording != last ? 1 : 0;
    last = place.recording;
  }
  EXPECT_EQ(recordings, 6u);
}

}  // namespace
}  // namespace thimble::studio
