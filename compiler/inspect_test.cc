#include "compiler/inspect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "compiler/model_file.h"
#include "kernels/all_operators.h"
#include "runtime/test_models.h"

namespace thimble::compiler {
namespace {

using runtime::AlignedBytes;
using runtime::ModelBuilder;
using tflite::BuiltinOperator;
using tflite::TensorType;
using Weight = Finding::Weight;

Inspection InspectBytes(const AlignedBytes& model) { return Inspect(model.span(), kernels::AllOperators()); }

const Finding* Find(const Inspection& inspection, std::string_view code) {
  const auto found = std::find_if(inspection.findings.begin(), inspection.findings.end(),
                                  [code](const Finding& finding) { return finding.code == code; });
  return found == inspection.findings.end() ? nullptr : &*found;
}

/// x [1,4] -> fully connected -> y [1,2], with weights and activations of these types.
ModelBuilder Dense(TensorType activations, TensorType weights) {
  ModelBuilder model;
  const std::vector<float> scales = activations == TensorType::FLOAT32 ? std::vector<float>{} : std::vector{0.5f};
  const std::vector<int64_t> zeros(scales.size(), 0);
  const std::vector<float> weight_scales = weights == TensorType::FLOAT32 ? std::vector<float>{} : std::vector{0.25f};
  const size_t weight_bytes = weights == TensorType::FLOAT32 ? 32 : 8;
  model.tensors = {
      {{1, 4}, activations, scales, zeros},
      {{2, 4},
       weights,
       weight_scales,
       std::vector<int64_t>(weight_scales.size(), 0),
       std::vector<uint8_t>(weight_bytes, 1)},
      {{1, 2}, activations, scales, zeros},
  };
  model.operators = {{BuiltinOperator::FULLY_CONNECTED, {0, 1, -1}, {2}}};
  model.inputs = {0};
  model.outputs = {2};
  return model;
}

TEST(Inspect, SaysWhatAModelIs) {
  const Inspection inspection = InspectBytes(Dense(TensorType::INT8, TensorType::INT8).Build());
  ASSERT_TRUE(inspection.runs()) << inspection.findings.at(0).what;
  EXPECT_EQ(inspection.numbers, "int8");
  EXPECT_EQ(inspection.parameters, 8);
  EXPECT_EQ(inspection.macs, 8);
  ASSERT_EQ(inspection.operators.size(), 1u);
  EXPECT_EQ(inspection.operators[0].name, "fully_connected");
  EXPECT_EQ(inspection.operators[0].numbers, "int8");
  EXPECT_EQ(inspection.kernels, (OperatorUse{{"fully_connected", {kernels::Type::kInt8}}}));
  ASSERT_EQ(inspection.inputs.size(), 1u);
  EXPECT_EQ(inspection.inputs[0].type, "int8");
  EXPECT_EQ(inspection.inputs[0].scale, 0.5f);
  EXPECT_TRUE(inspection.findings.empty());
}

TEST(Inspect, FindsHybridModelsAndTheirCure) {
  const Inspection inspection = InspectBytes(Dense(TensorType::FLOAT32, TensorType::INT8).Build());
  const Finding* hybrid = Find(inspection, "hybrid");
  ASSERT_NE(hybrid, nullptr);
  EXPECT_EQ(hybrid->weight, inspection.runs() ? Weight::kWarning : Weight::kRefused);
  EXPECT_NE(hybrid->what.find("operator 0 has float32 activations but 8-bit weights"), std::string::npos);
  EXPECT_NE(hybrid->cure.find("representative_dataset"), std::string::npos);
  EXPECT_EQ(inspection.findings.size(), 1u) << "said once";
  EXPECT_EQ(inspection.operators[0].numbers, "float32 × int8");
}

TEST(Inspect, NotesFloatModels) {
  const Inspection inspection = InspectBytes(Dense(TensorType::FLOAT32, TensorType::FLOAT32).Build());
  ASSERT_TRUE(inspection.runs());
  ASSERT_NE(Find(inspection, "float32"), nullptr);
  EXPECT_EQ(Find(inspection, "float32")->weight, Weight::kNote);
}

TEST(Inspect, FindsFloatAroundAQuantisedModel) {
  ModelBuilder model = Dense(TensorType::INT8, TensorType::INT8);
  model.tensors.push_back({{1, 4}, TensorType::FLOAT32});
  model.tensors.push_back({{1, 2}, TensorType::FLOAT32});
  model.operators.insert(model.operators.begin(), {BuiltinOperator::QUANTIZE, {3}, {0}});
  model.operators.push_back({BuiltinOperator::DEQUANTIZE, {2}, {4}});
  model.inputs = {3};
  model.outputs = {4};
  const Inspection inspection = InspectBytes(model.Build());
  ASSERT_TRUE(inspection.runs()) << inspection.findings.at(0).what;
  EXPECT_EQ(inspection.numbers, "int8 (float32 outside)");
  const Finding* border = Find(inspection, "float_border");
  ASSERT_NE(border, nullptr);
  EXPECT_NE(border->cure.find("inference_input_type"), std::string::npos);

  // The same with a float operator in the middle is an island instead.
  model.tensors.push_back({{1, 2}, TensorType::FLOAT32});
  model.operators.push_back({BuiltinOperator::RELU, {4}, {5}});
  model.outputs = {5};
  const Inspection island = InspectBytes(model.Build());
  ASSERT_NE(Find(island, "float_island"), nullptr);
  EXPECT_NE(Find(island, "float_island")->what.find("operator 3 computes in float32"), std::string::npos);
  EXPECT_EQ(Find(island, "float_border"), nullptr);
}

TEST(Inspect, NamesEveryOperatorThatIsMissingNotOnlyTheFirst) {
  ModelBuilder model = Dense(TensorType::INT8, TensorType::INT8);
  model.operators.push_back({BuiltinOperator::LSH_PROJECTION, {2}, {2}});
  model.operators.push_back({BuiltinOperator::HASHTABLE_LOOKUP, {2}, {2}});
  model.operators.push_back({BuiltinOperator::LSH_PROJECTION, {2}, {2}});
  const Inspection inspection = InspectBytes(model.Build());
  EXPECT_FALSE(inspection.runs());
  std::string all;
  for (const Finding& finding : inspection.findings) all += finding.code + ": " + finding.what + "\n";
  EXPECT_NE(all.find("lsh_projection (operators 1 and 3)"), std::string::npos) << all;
  EXPECT_NE(all.find("hashtable_lookup (operator 2)"), std::string::npos) << all;
  EXPECT_FALSE(inspection.operators[1].known);
  EXPECT_TRUE(inspection.operators[0].known);
}

TEST(Inspect, NamesVersionsThatAreTooNew) {
  ModelBuilder model = Dense(TensorType::INT8, TensorType::INT8);
  model.operators[0].version = 99;
  const Inspection inspection = InspectBytes(model.Build());
  ASSERT_NE(Find(inspection, "operator_version"), nullptr);
  EXPECT_NE(Find(inspection, "operator_version")->what.find("version 99"), std::string::npos);
  EXPECT_EQ(inspection.findings.size(), 1u);
}

TEST(Inspect, SurvivesEveryTruncationAndManyFlips) {
  const AlignedBytes whole = Dense(TensorType::INT8, TensorType::INT8).Build();
  for (size_t size = 0; size < whole.span().size(); ++size) {
    const Inspection inspection = InspectBytes(AlignedBytes(whole.span().first(size)));
    // The last bytes may be padding.
    EXPECT_TRUE(inspection.runs() || !inspection.findings.empty()) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    const AlignedBytes damaged(whole.span());
    damaged.span()[random() % damaged.span().size()] ^= static_cast<std::byte>(1 + random() % 255);
    const Inspection inspection = InspectBytes(damaged);
    EXPECT_TRUE(inspection.runs() || !inspection.findings.empty());
  }
}

// --- The reference models ---

class GoldenModelTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (runtime::GoldenModels().empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
  }
};

TEST_P(GoldenModelTest, ArenaIsDrawnWithoutOverlaps) {
  const auto model = ReadTflite(runtime::GoldenModels() / GetParam() / "model.tflite");
  ASSERT_TRUE(model.ok()) << model.error().message;
  const Inspection inspection = Inspect(model->span(), kernels::AllOperators());
  ASSERT_TRUE(inspection.runs()) << inspection.findings.at(0).what;
  const ArenaFacts& arena = *inspection.arena;
  EXPECT_LE(arena.lower_bound_bytes, arena.bytes);
  EXPECT_EQ(arena.live_bytes.size(), inspection.operators.size());
  for (size_t i = 0; i < arena.pieces.size(); ++i) {
    const Piece& a = arena.pieces[i];
    EXPECT_LE(a.offset_bytes + a.size_bytes, arena.bytes) << a.name;
    for (size_t k = i + 1; k < arena.pieces.size(); ++k) {
      const Piece& b = arena.pieces[k];
      const bool same_time = a.first_operator <= b.last_operator && b.first_operator <= a.last_operator;
      const bool same_place =
          a.offset_bytes < b.offset_bytes + b.size_bytes && b.offset_bytes < a.offset_bytes + a.size_bytes;
      EXPECT_FALSE(same_time && same_place) << a.name << " and " << b.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenModelTest,
                         testing::Values("hello_int8", "ad01_int8", "kws_dscnn_int8", "vww_96_int8", "ic_resnet8_int8",
                                         "person_detect_int8", "micro_speech_int8", "sww_int8", "mnist_lstm_int8"));

TEST(Inspect, CountsWhatMlPerfTinySaysOfItsModels) {
  if (runtime::GoldenModels().empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
  struct Known {
    const char* name;
    int64_t macs, parameters;
  };
  // Counted by hand from the shapes of the layers; the multiply-accumulates are those of the benchmark's paper.
  for (const Known& known : {Known{"kws_dscnn_int8", 2'656'768, 22'604}, Known{"vww_96_int8", 7'489'664, 210'850}}) {
    const auto model = ReadTflite(runtime::GoldenModels() / known.name / "model.tflite");
    ASSERT_TRUE(model.ok());
    const Inspection inspection = Inspect(model->span(), kernels::AllOperators());
    EXPECT_EQ(inspection.macs, known.macs) << known.name;
    EXPECT_EQ(inspection.parameters, known.parameters) << known.name;
  }
}

}  // namespace
}  // namespace thimble::compiler
