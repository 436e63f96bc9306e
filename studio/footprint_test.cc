#include "studio/footprint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/random.h"
#include "firmware/all_boards.h"
#include "firmware/dsp_bench/cases.h"
#include "trainer/model.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"
#include "trainer/zoo.h"

namespace thimble::studio {
namespace {

std::vector<std::byte> DenseModel(int features) {
  const auto spec =
      trainer::MakeSpec(trainer::Architecture::kDense, {.width = features}, 3, false, {.width = 16, .depth = 1});
  const auto model = trainer::Initialise(*spec, 1);
  Random random(1);
  std::vector<float> rows(static_cast<size_t>(8 * features));
  for (float& value : rows) value = random.Normal();
  return trainer::WriteTflite(*trainer::Quantise(*model, rows));
}

TEST(PredictBlockCycles, IsNearWhatFirmwareTakes) {
  std::map<std::string, double> measured;
  std::ifstream file(std::string(THIMBLE_SOURCE_DIR) + "/tests/numbers/dsp.mps2_an386.txt");
  ASSERT_TRUE(file.good());
  std::string name;
  std::getline(file, name);
  for (double value = 0; file >> name >> value;) measured[name] = value;
  const std::pair<const char*, compiler::BlockParams> cases[] = {{"mfcc_49x10", firmware::kKeywordMfcc},
                                                                 {"mfcc_default", firmware::kMfccDefault},
                                                                 {"mfcc_small", firmware::kSmallMfcc},
                                                                 {"mfe_49x40", firmware::kKeywordMfe},
                                                                 {"mfe_default", firmware::kMfeDefault},
                                                                 {"spectrogram_default", firmware::kSpectrogramDefault},
                                                                 {"spectral_default", firmware::kSpectralDefault},
                                                                 {"gesture_pipeline", firmware::kGesturePipeline}};
  for (const auto& [what, params] : cases) {
    ASSERT_TRUE(measured.contains(std::string("cycles.") + what));
    const firmware::WindowCase* found = nullptr;
    for (const firmware::WindowCase& one : firmware::kWindowCases) {
      if (std::string(one.name) == what) found = &one;
    }
    ASSERT_NE(found, nullptr);
    const double ratio = PredictBlockCycles(params, found->window) / measured[std::string("cycles.") + what];
    EXPECT_GT(ratio, 0.75) << what;
    EXPECT_LT(ratio, 1.25) << what;
  }
}

TEST(Measure, CountsWindowFeaturesAndWhatComesAfter) {
  const dsp::Flatten::Params flatten;
  const dsp::Window window{.axes = 3, .readings = 100, .rate_hz = 50};
  const auto model = DenseModel(21);
  const auto takes = Measure(*firmware::FindBoard("az3166"), flatten, window, {}, model, false);
  ASSERT_TRUE(takes.ok()) << takes.error().message;
  EXPECT_EQ(takes->parameters, 21 * 16 + 16 + 16 * 3 + 3);
  // 300 readings, 21 features up to the next 16 bytes, and one axis of scratch, in which the small network finds room.
  EXPECT_EQ(takes->ram_bytes, 1200 + 96 + 400);
  EXPECT_GT(takes->flash_bytes, takes->parameters);
  EXPECT_FALSE(takes->code_bytes);
  ASSERT_TRUE(takes->latency_ms);
  EXPECT_GT(*takes->latency_ms, 0.05);
  EXPECT_LT(*takes->latency_ms, 2);

  const trainer::FeatureScaling scaling{std::vector<float>(21), std::vector<float>(21)};
  const auto scaled = Measure(*firmware::FindBoard("az3166"), flatten, window, scaling, model, false);
  ASSERT_TRUE(scaled.ok());
  EXPECT_EQ(scaled->flash_bytes - takes->flash_bytes, 2 * 21 * 4);
}

TEST(Measure, TellsNoTimeForCoresThatItDoesNotKnow) {
  const dsp::Window window{.axes = 3, .readings = 100, .rate_hz = 50};
  const auto takes =
      Measure(*firmware::FindBoard("microbit"), dsp::Flatten::Params(), window, {}, DenseModel(21), false);
  ASSERT_TRUE(takes.ok()) << takes.error().message;
  EXPECT_FALSE(takes->latency_ms);
}

TEST(Measure, RefusesAWindowThatTheBlockRefuses) {
  const dsp::Window window{.axes = 2, .readings = 100, .rate_hz = 50};
  const auto takes = Measure(*firmware::FindBoard("az3166"), dsp::Mfcc::Params(), window, {}, DenseModel(21), false);
  ASSERT_FALSE(takes.ok());
  EXPECT_EQ(takes.error().status, Status::kInvalidArgument);
}

TEST(Excess, SaysWhatIsTooMuchAndByHowMuch) {
  const Footprint takes{
      .parameters = 500, .ram_bytes = 12'345, .flash_bytes = 4'000, .code_bytes = 6'000, .latency_ms = 2.5};
  EXPECT_EQ(Excess(takes, {}), "");
  EXPECT_EQ(Excess(takes, {.ram_bytes = 12'345, .flash_bytes = 10'000, .parameters = 500, .latency_ms = 2.5}), "");
  EXPECT_EQ(Excess(takes, {.ram_bytes = 10'000}), "takes 12,345 bytes of RAM, 2,345 more than it may");
  EXPECT_EQ(Excess(takes, {.flash_bytes = 9'999}), "takes 10,000 bytes of flash, 1 more than it may");
  EXPECT_EQ(Excess(takes, {.parameters = 499}), "takes 500 parameters, 1 more than it may");
  EXPECT_EQ(Excess(takes, {.latency_ms = 2}), "takes 2.5 ms a window, longer than 2 ms");
}

}  // namespace
}  // namespace thimble::studio
