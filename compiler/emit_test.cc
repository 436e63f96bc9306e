#include "compiler/emit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "trainer/model_tflite.h"
#include "trainer/test_models.h"

namespace thimble::compiler {
namespace {

TEST(StringLiteral, EscapesWhatCppWouldMisread) {
  EXPECT_EQ(StringLiteral("wave"), "\"wave\"");
  EXPECT_EQ(StringLiteral("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(StringLiteral("what?"
                          "?/"),
            "\"what\\?\\?/\"");  // no trigraphs
  EXPECT_EQ(StringLiteral(std::string("\n7\0", 3)), "\"\\0127\\000\"");
  EXPECT_EQ(StringLiteral("ü"), "\"ü\"");
}

TEST(EmitModel, IsAnAlignedConstantArrayForCAndCpp) {
  const std::vector<std::byte> model = {std::byte{0x1c}, std::byte{0}, std::byte{0xff}};
  EXPECT_EQ(EmitModelSource("model_tflite", "model.h", model),
            "// Written by thimble.\n"
            "#include \"model.h\"\n"
            "\n"
            "alignas(16) const unsigned char model_tflite[3] = {\n"
            "    0x1c, 0x00, 0xff,\n"
            "};\n"
            "const unsigned int model_tflite_len = 3;\n");
  const std::string header = EmitModelHeader("model_tflite", "a\nname\\", 12345);
  EXPECT_TRUE(header.starts_with("// a name : a TensorFlow Lite model of 12,345 bytes. Written by thimble.\n"))
      << header;
  EXPECT_NE(header.find("extern const unsigned char model_tflite[];\n"), std::string::npos);
}

TEST(EmitImpulse, IsTheImpulseAsConstants) {
  dsp::SpectralAnalysis::Params params;
  params.filter_type = dsp::SpectralAnalysis::FilterType::kHigh;
  const auto model =
      trainer::WriteTflite(trainer::DenseModel(13, {trainer::Weights(std::vector<float>(26, 0.5F), {0, 0})}, true));
  const auto bound = BoundImpulse::Bind({.name = "taps",
                                         .axes = {{"z", "g"}},
                                         .rate_hz = 62.5,
                                         .window_readings = 64,
                                         .stride_readings = 4,
                                         .block = dsp::SpectralAnalysis::Params(),
                                         .labels = {"idle", "\"tap\""},
                                         .data_hash = ""},
                                        *model);
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  const std::string text = EmitImpulseSource(*bound, "model_tflite", "model.h");
  const std::string expected =
      "// taps: every 4 readings, 64 readings of 1 axes -> spectral_analysis -> 13 features -> one of 2 labels.\n"
      "// Written by thimble from impulse.json; edit that instead.\n"
      "#include \"runtime/linked_impulse.h\"\n"
      "\n"
      "#include \"dsp/spectral_analysis/block.h\"\n"
      "#include \"kernels/fully_connected/op.h\"\n"
      "#include \"kernels/softmax/op.h\"\n"
      "#include \"model.h\"\n"
      "\n"
      "namespace thimble::runtime {\n"
      "namespace {\n"
      "\n"
      "using Params = dsp::SpectralAnalysis::Params;\n"
      "\n"
      "constexpr Params kParams = {\n"
      "    .scale_axes = 1.0f,\n"
      "    .input_decimation_ratio = decltype(Params::input_decimation_ratio){0},  // 1\n"
      "    .filter_type = decltype(Params::filter_type){2},  // none\n"
      "    .filter_cutoff = 3.0f,\n"
      "    .filter_order = 6,\n"
      "    .analysis_type = decltype(Params::analysis_type){0},  // FFT\n"
      "    .fft_length = 16,\n"
      "    .do_log = true,\n"
      "    .do_fft_overlap = true,\n"
      "    .wavelet_level = 1,\n"
      "    .wavelet = decltype(Params::wavelet){19},  // db4\n"
      "    .extra_low_freq = false,\n"
      "};\n"
      "\n"
      "constexpr const char* kLabels[] = {\n"
      "    \"idle\",\n"
      "    \"\\\"tap\\\"\",\n"
      "};\n"
      "\n"
      "constexpr const kernels::Operator* kOperators[] = {\n"
      "    &kernels::kOperator<kernels::FullyConnected, kernels::Type::kFloat32>,\n"
      "    &kernels::kOperator<kernels::Softmax>,\n"
      "};\n"
      "\n"
      "// Exact: planned, not tried.\n"
      "constexpr size_t kArenaBytes = " +
      std::to_string(bound->arena_bytes()) +
      ";\n"
      "alignas(kArenaAlignment) std::byte arena[kArenaBytes];\n"
      "\n"
      "}  // namespace\n"
      "\n"
      "constinit const Impulse kLinkedImpulse = {\n"
      "    .name = \"taps\",\n"
      "    .window = {.axes = 1, .readings = 64, .rate_hz = 62.5f},\n"
      "    .stride_readings = 4,\n"
      "    .block = dsp::BlockFor<dsp::SpectralAnalysis>(kParams),\n"
      "    .block_params = &kParams,\n"
      "    .model = {model_tflite, " +
      std::to_string(bound->impulse().model.size()) +
      "},\n"
      "    .operators = kOperators,\n"
      "    .labels = kLabels,\n"
      "};\n"
      "\n"
      "constinit const std::span<std::byte> kLinkedArena = arena;\n"
      "\n"
      "}  // namespace thimble::runtime\n";
  EXPECT_EQ(text, expected);
}

TEST(EmitImpulse, HoldsTheScalingOfFeatures) {
  const auto model = trainer::WriteTflite(trainer::DenseModel(2, {trainer::Weights({1, 1}, {0})}, false));
  const auto bound = BoundImpulse::Bind({.name = "sum",
                                         .axes = {{"x", ""}},
                                         .rate_hz = 1,
                                         .window_readings = 2,
                                         .stride_readings = 1,
                                         .block = DefaultParams("raw"),
                                         .labels = {},
                                         .data_hash = "",
                                         .feature_offsets = {1, -2.5F},
                                         .feature_scales = {0.1F, 0}},
                                        *model);
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  const std::string text = EmitImpulseSource(*bound, "model_tflite", "model.h");
  for (const char* line : {"constexpr float kFeatureOffsets[] = {\n    1.0f, -2.5f,\n};\n",
                           "constexpr float kFeatureScales[] = {\n    0.100000001f, 0.0f,\n};\n",
                           "    .scaling = {.offset = kFeatureOffsets, .scale = kFeatureScales},\n};\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace thimble::compiler
