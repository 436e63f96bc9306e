#include "trainer/zoo.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "base/aligned_memory.h"
#include "base/random.h"
#include "kernels/all_operators.h"
#include "runtime/network.h"
#include "trainer/model_quantise.h"
#include "trainer/model_tflite.h"

namespace thimble::trainer {
namespace {

using Kind = dsp::Layout::Kind;

constexpr dsp::Layout kFrames = {.kind = Kind::kSpectrogram, .width = 49, .height = 10};
constexpr dsp::Layout kWaveform = {.kind = Kind::kSpectrogram, .width = 52, .height = 3};
constexpr dsp::Layout kPicture = {.kind = Kind::kImage, .width = 96, .height = 96, .channels = 3};
constexpr dsp::Layout kDigit = {.kind = Kind::kImage, .width = 28, .height = 28, .channels = 1};
constexpr dsp::Layout kFlat = {.width = 39};

std::vector<std::pair<Architecture, dsp::Layout>> Fitting() {
  return {{Architecture::kDense, kFlat},          {Architecture::kDense, kFrames},
          {Architecture::kConv1d, kFrames},       {Architecture::kConv1d, kWaveform},
          {Architecture::kTcn, kFrames},          {Architecture::kTcn, kWaveform},
          {Architecture::kConv2d, kDigit},        {Architecture::kConv2d, kFrames},
          {Architecture::kDsCnnS, kFrames},       {Architecture::kDsCnnM, kFrames},
          {Architecture::kMobilenetV1, kDigit},   {Architecture::kMobilenetV2, kDigit},
          {Architecture::kAutoencoder, kWaveform}};
}

int64_t Parameters(Architecture architecture, const dsp::Layout& layout, int outputs) {
  const auto spec = MakeSpec(architecture, layout, outputs);
  if (!spec) return -1;
  int64_t sum = 0;
  for (const LayerCost& cost : Costs(*spec, *InferShapes(*spec))) sum += cost.parameters;
  return sum;
}

TEST(Zoo, NamesAreFoundAndStrangersAreToldTheNames) {
  for (const ArchitectureWords& words : Architectures()) {
    const auto found = ArchitectureNamed(words.name);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, words.architecture);
    EXPECT_EQ(WordsOf(*found).name, words.name);
  }
  const auto stranger = ArchitectureNamed("convld");
  ASSERT_FALSE(stranger.ok());
  EXPECT_EQ(stranger.error().status, Status::kNotFound);
  EXPECT_NE(stranger.error().message.find("conv1d"), std::string::npos) << stranger.error().message;
}

TEST(Zoo, EveryNetworkTakesTheFeaturesAndGivesSharesOfOne) {
  for (const auto& [architecture, layout] : Fitting()) {
    const auto spec = MakeSpec(architecture, layout, 5);
    ASSERT_TRUE(spec.ok()) << spec.error().message;
    const int features = layout.width * layout.height * layout.channels;
    EXPECT_EQ(spec->input.values(), features);
    const auto shapes = InferShapes(*spec);
    ASSERT_TRUE(shapes.ok()) << WordsOf(architecture).name << ": " << shapes.error().message;
    if (architecture == Architecture::kAutoencoder) {
      EXPECT_EQ(shapes->back().values(), features);
      continue;
    }
    EXPECT_EQ(shapes->back(), (Shape{1, 1, 5})) << WordsOf(architecture).name;
    const auto model = Initialise(*spec, 1);
    ASSERT_TRUE(model.ok()) << model.error().message;
    const auto scores = trainer::Run(*model, std::vector<float>(static_cast<size_t>(features), 0.5f));
    ASSERT_TRUE(scores.ok()) << scores.error().message;
    EXPECT_NEAR(std::accumulate(scores->begin(), scores->end(), 0.0f), 1.0f, 1e-5f) << WordsOf(architecture).name;
  }
}

TEST(Zoo, EveryNetworkRunsInInt8) {
  for (const auto& [architecture, layout] : Fitting()) {
    if (architecture == Architecture::kDsCnnM) continue;  // ds_cnn_s with more filters
    const auto model = Initialise(*MakeSpec(architecture, layout, 3), 1);
    ASSERT_TRUE(model.ok());
    Random random(7);
    std::vector<float> rows(4 * static_cast<size_t>(model->spec.input.values()));
    for (float& value : rows) value = random.Normal();
    const auto quantised = Quantise(*model, rows);
    ASSERT_TRUE(quantised.ok()) << quantised.error().message;
    const AlignedMemory file(std::span<const std::byte>(WriteTflite(*quantised)));
    const AlignedMemory arena(size_t{1} << 20);
    runtime::Network network;
    runtime::Fault fault;
    EXPECT_EQ(network.Load(file.span(), kernels::AllOperators(), arena.span(), &fault), Status::kOk)
        << WordsOf(architecture).name;
    EXPECT_EQ(network.Invoke(), Status::kOk);
  }
}

TEST(Zoo, SizesAreThoseOfThePapers) {
  // Running statistics count as parameters here: two for each channel behind a convolution more than in the papers.
  EXPECT_NEAR(Parameters(Architecture::kDsCnnS, kFrames, 12), 24'000, 1'500);
  EXPECT_NEAR(Parameters(Architecture::kMobilenetV1, kPicture, 2), 221'000, 6'000);
  EXPECT_LT(Parameters(Architecture::kTcn, kFrames, 10), 4'000);
  EXPECT_LT(Parameters(Architecture::kConv1d, kWaveform, 4), 3'500);
  EXPECT_EQ(Parameters(Architecture::kDense, kFlat, 4), 39 * 20 + 20 + 20 * 10 + 10 + 10 * 4 + 4);
}

TEST(Zoo, SmallPicturesKeepPositionsToLookAt) {
  for (const Architecture architecture : {Architecture::kMobilenetV1, Architecture::kMobilenetV2}) {
    const auto spec = MakeSpec(architecture, kDigit, 10);
    ASSERT_TRUE(spec.ok());
    const auto shapes = InferShapes(*spec);
    for (size_t i = 0; i < spec->layers.size(); ++i) {
      if (spec->layers[i].kind != LayerKind::kDepthwise) continue;
      EXPECT_GE((*shapes)[i].height, 3) << WordsOf(architecture).name << " layer " << i;
    }
  }
}

TEST(Zoo, WidthDepthAndDropoutAreObeyed) {
  const auto spec = MakeSpec(Architecture::kDense, kFlat, 4, false, {.width = 8, .depth = 1, .dropout = 0});
  ASSERT_TRUE(spec.ok());
  ASSERT_EQ(spec->layers.size(), 3u);  // hidden, last, softmax
  EXPECT_EQ(spec->layers[0].units, 8);
  const auto regressor = MakeSpec(Architecture::kDense, kFlat, 2, true, {.dropout = 0});
  ASSERT_TRUE(regressor.ok());
  EXPECT_EQ(regressor->layers.back().kind, LayerKind::kDense);
  EXPECT_LT(Parameters(Architecture::kMobilenetV2, kPicture, 2),
            Parameters(Architecture::kMobilenetV1, kPicture, 2) * 3);
}

TEST(Zoo, RefusesWhatDoesNotGoTogether) {
  const auto refusal = [](Architecture architecture, const dsp::Layout& layout, int outputs,
                          const ArchitectureOptions& options = {}) {
    const auto spec = MakeSpec(architecture, layout, outputs, false, options);
    return spec ? std::string() : spec.error().message;
  };
  EXPECT_NE(refusal(Architecture::kConv1d, kFlat, 3).find("take dense"), std::string::npos);
  EXPECT_NE(refusal(Architecture::kTcn, kPicture, 3).find("conv2d"), std::string::npos);
  EXPECT_NE(refusal(Architecture::kDense, kFlat, 0).find("output"), std::string::npos);
  EXPECT_NE(refusal(Architecture::kDense, {}, 3).find("no features"), std::string::npos);
  EXPECT_NE(refusal(Architecture::kDense, kFlat, 3, {.width = -1}).find("width"), std::string::npos);
  EXPECT_NE(refusal(Architecture::kDense, kFlat, 3, {.depth = 33}).find("depth"), std::string::npos);
  EXPECT_NE(refusal(Architecture::kDense, kFlat, 3, {.dropout = 0.95f}).find("dropout"), std::string::npos);
}

TEST(Zoo, DefaultsSuitTheLayout) {
  EXPECT_EQ(DefaultArchitecture(kFlat), Architecture::kDense);
  EXPECT_EQ(DefaultArchitecture(kFrames), Architecture::kConv1d);
  EXPECT_EQ(DefaultArchitecture(kDigit), Architecture::kConv2d);
  EXPECT_EQ(DefaultArchitecture(kPicture), Architecture::kMobilenetV1);
}

}  // namespace
}  // namespace thimble::trainer
