#include "runtime/network.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "base/arena.h"
#include "kernels/fully_connected/op.h"
#include "runtime/describe.h"
#include "runtime/test_models.h"

namespace thimble::runtime {
namespace {

using kernels::AllOperators;
using kernels::Tensor;
using kernels::Type;
using tflite::BuiltinOperator;
using tflite::BuiltinOptions;

// ------------------------------------------------------------------------------------------------------------------
// The reference models of TensorFlow Lite Micro.

struct GoldenModel {
  const char* name;
  size_t peak_bytes;  ///< of its live tensors: no plan can be smaller
};

// The three that the first impulses need, then others that the same operators cover.
constexpr GoldenModel kGoldenModels[] = {
    {"hello_int8", 32},     {"ad01_int8", 768},          {"kws_dscnn_int8", 16000}, {"ic_resnet8_int8", 49152},
    {"vww_96_int8", 55296}, {"micro_speech_int8", 5960}, {"sww_int8", 6656},        {"person_detect_int8", 55296},
    {"hello_float", 128},   {"ad01_fp32", 3072},
};

class GoldenModelTest : public testing::TestWithParam<GoldenModel> {
 protected:
  void SetUp() override {
    if (GoldenModels().empty()) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  }
  std::filesystem::path folder() const { return GoldenModels() / GetParam().name; }
};

TEST_P(GoldenModelTest, GivesTheRecordedOutputs) {
  Loaded loaded(ReadAligned(folder() / "model.tflite"));
  for (const char* seed : {"12345", "1"}) {
    const AlignedBytes input = ReadAligned(folder() / ("input_" + std::string(seed) + ".bin"));
    const AlignedBytes output = ReadAligned(folder() / ("output_" + std::string(seed) + ".bin"));
    const Tensor x = loaded.network.input(0), y = loaded.network.output(0);
    ASSERT_EQ(input.span().size(), x.SizeBytes());
    ASSERT_EQ(output.span().size(), y.SizeBytes());
    std::memcpy(x.data, input.span().data(), x.SizeBytes());
    ASSERT_TRUE(ok(loaded.network.Invoke()));
    if (y.type == Type::kInt8) {
      EXPECT_EQ(std::memcmp(y.data, output.span().data(), y.SizeBytes()), 0) << "seed " << seed;
      continue;
    }
    // Other orders of summation differ by rounding errors of the largest values.
    const auto* expected = reinterpret_cast<const float*>(output.span().data());
    float largest = 0;
    for (int32_t i = 0; i < y.shape.Count(); ++i) largest = std::max(largest, std::abs(expected[i]));
    for (int32_t i = 0; i < y.shape.Count(); ++i) {
      EXPECT_NEAR(y.As<float>()[i], expected[i], 1e-5f * largest) << "seed " << seed << " element " << i;
    }
  }
}

TEST_P(GoldenModelTest, IsPlannedAtTheLowerBound) {
  const Loaded loaded(ReadAligned(folder() / "model.tflite"));
  const size_t tensors = loaded.network.arena_bytes() - loaded.network.persistent_bytes();
  EXPECT_LE(tensors, GetParam().peak_bytes + GetParam().peak_bytes / 10 + 64);
  EXPECT_LE(loaded.network.persistent_bytes(), 1024u);
}

TEST_P(GoldenModelTest, LoadsInExactlyTheBytesThatItReports) {
  Loaded loaded(ReadAligned(folder() / "model.tflite"));
  const AlignedBytes smaller(loaded.network.arena_bytes() - kArenaAlignment);
  Network network;
  Fault fault;
  EXPECT_EQ(network.Load(loaded.model.span(), AllOperators(), smaller.span(), &fault), Status::kOutOfMemory);
  EXPECT_EQ(fault.reason, Reason::kArenaTooSmall);
}

INSTANTIATE_TEST_SUITE_P(Tflm, GoldenModelTest, testing::ValuesIn(kGoldenModels),
                         [](const auto& instance) { return std::string(instance.param.name); });

// ------------------------------------------------------------------------------------------------------------------
// Broken files.

/// Loads and runs bytes that may be anything; whether they were accepted. The sanitizers judge the rest.
bool LoadAndRun(std::span<const std::byte> bytes) {
  const AlignedBytes model(bytes);
  static const AlignedBytes arena(kPlenty);
  Network network;
  Fault fault;
  const Status status = network.Load(model.span(), AllOperators(), arena.span(), &fault);
  EXPECT_EQ(ok(status), fault.reason == Reason::kNone);
  if (!ok(status)) {
    EXPECT_FALSE(Describe(model.span(), AllOperators(), fault).empty());
    return false;
  }
  EXPECT_TRUE(ok(network.Invoke()) || network.model().graph_count() > 1);
  return true;
}

TEST(BrokenModel, CutAtAnyByteIsRefusedOrRunsSafely) {
  if (GoldenModels().empty()) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  const AlignedBytes model = ReadAligned(GoldenModels() / "hello_int8/model.tflite");
  for (size_t size = 0; size < model.span().size(); ++size) LoadAndRun(model.span().first(size));
  EXPECT_FALSE(LoadAndRun(model.span().first(model.span().size() / 2)));
  EXPECT_TRUE(LoadAndRun(model.span()));
}

TEST(BrokenModel, CutAnywhereIsRefusedOrRunsSafely) {
  if (GoldenModels().empty()) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  std::mt19937 random(1);
  for (const char* name : {"ad01_int8", "kws_dscnn_int8"}) {
    const AlignedBytes model = ReadAligned(GoldenModels() / name / "model.tflite");
    int accepted = 0;
    for (int i = 0; i < 200; ++i) accepted += LoadAndRun(model.span().first(random() % model.span().size())) ? 1 : 0;
    EXPECT_LT(accepted, 20) << name;
  }
}

TEST(BrokenModel, WithFlippedBytesIsRefusedOrRunsSafely) {
  if (GoldenModels().empty()) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  std::mt19937 random(1);
  const AlignedBytes model = ReadAligned(GoldenModels() / "hello_int8/model.tflite");
  const AlignedBytes copy(model.span());
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    const size_t at = random() % copy.span().size();
    copy.span()[at] = static_cast<std::byte>(random());
    refused += LoadAndRun(copy.span()) ? 0 : 1;
    copy.span()[at] = model.span()[at];
  }
  EXPECT_GT(refused, 1000);
}

// Offsets, lengths and indices are small numbers: these flips reach deeper than random bytes.
TEST(BrokenModel, WithChangedNumbersIsRefusedOrRunsSafely) {
  if (GoldenModels().empty()) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
  constexpr uint32_t kInteresting[] = {0, 1, 2, 4, 0x7f, 0xff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
  const AlignedBytes model = ReadAligned(GoldenModels() / "hello_int8/model.tflite");
  const AlignedBytes copy(model.span());
  for (size_t at = 0; at + 4 <= copy.span().size(); at += 2) {
    for (const uint32_t value : kInteresting) {
      std::memcpy(copy.span().data() + at, &value, 4);
      LoadAndRun(copy.span());
    }
    std::memcpy(copy.span().data() + at, model.span().data() + at, 4);
  }
}

// ------------------------------------------------------------------------------------------------------------------
// Models made here.

ModelBuilder::Options AddOptions() {
  return {BuiltinOptions::AddOptions,
          [](flatbuffers::FlatBufferBuilder& builder) { return tflite::CreateAddOptions(builder).Union(); }};
}

/// x[1,4] -> relu -> y[1,4]
ModelBuilder OneRelu() {
  ModelBuilder model;
  model.tensors = {{{1, 4}}, {{1, 4}}};
  model.operators = {{BuiltinOperator::RELU, {0}, {1}}};
  model.inputs = {0};
  model.outputs = {1};
  return model;
}

Reason ReasonFor(const ModelBuilder& builder, std::string* sentence = nullptr) {
  const AlignedBytes model = builder.Build();
  const AlignedBytes arena(kPlenty);
  Network network;
  Fault fault;
  const Status status = network.Load(model.span(), AllOperators(), arena.span(), &fault);
  EXPECT_EQ(status, StatusOf(fault.reason));
  if (sentence != nullptr) *sentence = Describe(model.span(), AllOperators(), fault);
  return fault.reason;
}

TEST(Network, RunsAModel) {
  Loaded loaded(OneRelu().Build());
  EXPECT_EQ(loaded.network.input_count(), 1);
  EXPECT_EQ(loaded.network.output_count(), 1);
  EXPECT_EQ(loaded.network.operator_count(), 1);
  EXPECT_STREQ(loaded.network.OperatorAt(0).name, "relu");
  const float x[] = {-1, 2, -3, 4};
  std::memcpy(loaded.network.input(0).data, x, sizeof x);
  ASSERT_TRUE(ok(loaded.network.Invoke()));
  EXPECT_EQ(loaded.network.output(0).As<float>()[0], 0);
  EXPECT_EQ(loaded.network.output(0).As<float>()[3], 4);
}

TEST(Network, TellsWhichOperatorItMisses) {
  const kernels::Operator* const only_dense[] = {&kernels::kOperator<kernels::FullyConnected>};
  const AlignedBytes model = OneRelu().Build();
  const AlignedBytes arena(kPlenty);
  Network network;
  Fault fault;
  EXPECT_EQ(network.Load(model.span(), only_dense, arena.span(), &fault), Status::kUnsupported);
  EXPECT_EQ(Describe(model.span(), only_dense, fault),
            "operator 0 (relu): this program does not contain that operator; add it to the program's list");
}

TEST(Network, TellsWhichTypeItMisses) {
  const kernels::Operator* const only_int8[] = {&kernels::kOperator<kernels::FullyConnected, Type::kInt8>};
  ModelBuilder builder;
  builder.tensors = {{.shape = {1, 2}}, {.shape = {1, 2}, .data = std::vector<uint8_t>(8)}, {.shape = {1, 1}}};
  builder.operators = {{BuiltinOperator::FULLY_CONNECTED, {0, 1}, {2}}};
  builder.inputs = {0};
  builder.outputs = {2};
  const AlignedBytes model = builder.Build();
  const AlignedBytes arena(kPlenty);
  Network network;
  Fault fault;
  EXPECT_EQ(network.Load(model.span(), only_int8, arena.span(), &fault), Status::kUnsupported);
  EXPECT_EQ(Describe(model.span(), only_int8, fault),
            "operator 0 (fully_connected): this program contains that operator, but not for this type of input; add "
            "the type to it in the program's list (inputs float32[1,2], float32[1,2]; output float32[1,1])");
  const kernels::Operator* const both[] = {&kernels::kOperator<kernels::FullyConnected, Type::kInt8, Type::kFloat32>};
  EXPECT_EQ(network.Load(model.span(), both, arena.span(), &fault), Status::kOk);
}

TEST(Network, NeedsAnAlignedArena) {
  const AlignedBytes model = OneRelu().Build();
  const AlignedBytes arena(kPlenty);
  Network network;
  Fault fault;
  EXPECT_EQ(network.Load(model.span(), AllOperators(), arena.span().subspan(4), &fault), Status::kInvalidArgument);
  EXPECT_EQ(fault.reason, Reason::kArenaMisaligned);
}

TEST(Network, RefusesEachKindOfNonsenseWithItsReason) {
  const auto broken = [](auto change) {
    ModelBuilder model = OneRelu();
    change(model);
    return ReasonFor(model);
  };
  EXPECT_EQ(ReasonFor(OneRelu()), Reason::kNone);
  EXPECT_EQ(broken([](auto& m) { m.version = 2; }), Reason::kFormatVersion);
  EXPECT_EQ(broken([](auto& m) { m.subgraphs = 2; }), Reason::kNone);  // nobody calls the other
  EXPECT_EQ(broken([](auto& m) { m.others.resize(256); }), Reason::kSubgraphCount);
  EXPECT_EQ(broken([](auto& m) { m.subgraphs = 0; }), Reason::kSubgraphCount);
  EXPECT_EQ(broken([](auto& m) { m.inputs = {7}; }), Reason::kTensorIndex);
  EXPECT_EQ(broken([](auto& m) { m.outputs = {-1}; }), Reason::kTensorIndex);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].inputs = {-2}; }), Reason::kTensorIndex);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].outputs = {2}; }), Reason::kTensorIndex);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].inputs.assign(65, 0); }), Reason::kTooManyTensors);
  EXPECT_EQ(broken([](auto& m) { m.tensors.resize(9000, m.tensors[0]); }), Reason::kTooManyTensors);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].buffer = 9; }), Reason::kBufferIndex);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].data.resize(15); }), Reason::kBufferSize);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].type = tflite::TensorType::STRING; }), Reason::kTensorType);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].shape = {1, -4}; }), Reason::kTensorShape);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].shape = {1 << 30, 1 << 30, 1 << 30}; }), Reason::kTensorShape);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].shape.assign(7, 1); }), Reason::kTensorRank);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].variable = true; }), Reason::kWrittenTwice);
  EXPECT_EQ(broken([](auto& m) { m.inputs = {}; }), Reason::kNeverWritten);
  EXPECT_EQ(broken([](auto& m) { m.operators = {}; }), Reason::kNeverWritten);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].outputs = {0}; }), Reason::kWrittenTwice);
  EXPECT_EQ(broken([](auto& m) { m.inputs = {0, 0}; }), Reason::kWrittenTwice);
  EXPECT_EQ(broken([](auto& m) { m.tensors[1].data.resize(16); }), Reason::kWrittenTwice);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].shape = m.tensors[1].shape = {0}; }), Reason::kWrittenTwice);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].code_index = 1; }), Reason::kOperatorCode);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].code = BuiltinOperator::CUSTOM; }), Reason::kOperatorCustom);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].code = BuiltinOperator::BIDIRECTIONAL_SEQUENCE_LSTM; }),
            Reason::kOperatorMissing);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].version = 99; }), Reason::kOperatorVersion);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].inputs = {}; }), Reason::kInputCount);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].inputs = {-1}; }), Reason::kInputCount);
  EXPECT_EQ(broken([](auto& m) { m.operators[0].outputs = {}; }), Reason::kOutputCount);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].type = tflite::TensorType::INT16; }), Reason::kOperandTypes);
  EXPECT_EQ(broken([](auto& m) { m.tensors[0].shape = {1, 5}; }), Reason::kOperandShapes);
  const auto quantised = [&](std::vector<float> scales, std::vector<int64_t> zero_points) {
    return broken([&](auto& m) {
      for (auto& tensor : m.tensors) tensor = {{1, 4}, tflite::TensorType::INT8, scales, zero_points};
    });
  };
  EXPECT_EQ(quantised({0.5f}, {0}), Reason::kNone);
  EXPECT_EQ(quantised({}, {}), Reason::kOperandTypes);
  EXPECT_EQ(quantised({-0.5f}, {0}), Reason::kTensorQuantisation);
  EXPECT_EQ(quantised({std::nanf("")}, {0}), Reason::kTensorQuantisation);
  EXPECT_EQ(quantised({INFINITY}, {0}), Reason::kTensorQuantisation);
  EXPECT_EQ(quantised({0.5f}, {128}), Reason::kTensorQuantisation);
  EXPECT_EQ(quantised({0.5f, 0.5f}, {0, 1}), Reason::kTensorQuantisation);
  ModelBuilder wrong_options = OneRelu();
  wrong_options.operators[0] = {BuiltinOperator::SOFTMAX, {0}, {1}, AddOptions()};
  EXPECT_EQ(ReasonFor(wrong_options), Reason::kOptionsType);
}

TEST(Network, ToldInSentences) {
  const auto sentence = [](auto change) {
    ModelBuilder model = OneRelu();
    change(model);
    std::string text;
    EXPECT_FALSE(ok(ReasonFor(model, &text)));
    return text;
  };
  EXPECT_EQ(sentence([](auto& m) {
              m.tensors[0].shape = {1, 5};
            }),
            "operator 0 (relu): the shapes of inputs and output do not fit together (input float32[1,5]; output "
            "float32[1,4])");
  EXPECT_EQ(sentence([](auto& m) { m.operators[0].version = 9; }),
            "operator 0 (relu): the model needs a newer version of that operator than this program has (version 9; "
            "this program has 3)");
  EXPECT_EQ(sentence([](auto& m) { m.inputs = {}; }),
            "operator 0 (relu): tensor 0 (t0): the tensor is read before anything writes it");
  const std::byte nothing[16] = {};
  Fault fault;
  Network network;
  EXPECT_EQ(network.Load(nothing, AllOperators(), {}, &fault), Status::kVerificationFailed);
  EXPECT_EQ(Describe(nothing, AllOperators(), fault),
            "this is not a TensorFlow Lite model (bytes 4 to 7 are not \"TFL3\")");
}

// A file in which thousands of references lead to the same table must not cost thousands of times its size.
TEST(Network, RefusesAFileThatRefersToTheSameBytesOverAndOver) {
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<flatbuffers::Offset<tflite::Tensor>> tensors(1000, tflite::CreateTensor(builder));
  const std::vector<flatbuffers::Offset<tflite::SubGraph>> subgraphs(1000,
                                                                     tflite::CreateSubGraphDirect(builder, &tensors));
  builder.Finish(tflite::CreateModelDirect(builder, 3, nullptr, &subgraphs), tflite::ModelIdentifier());
  const AlignedBytes model(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  Network network;
  Fault fault;
  EXPECT_EQ(network.Load(model.span(), AllOperators(), {}, &fault), Status::kVerificationFailed);
  EXPECT_EQ(fault.reason, Reason::kTooComplex);
}

// y = x + 10 * (the x before), and the state itself through a relu.
ModelBuilder OneMemory() {
  ModelBuilder model;
  const auto bytes = [](std::vector<float> values) {
    const auto* first = reinterpret_cast<const uint8_t*>(values.data());
    return std::vector<uint8_t>(first, first + values.size() * sizeof(float));
  };
  model.tensors = {{.shape = {1, 1}},
                   {.shape = {1, 1}, .data = bytes({1})},
                   {.shape = {1, 2}, .data = bytes({10, 1})},
                   {.shape = {1, 2}, .variable = true},
                   {.shape = {1, 1}},
                   {.shape = {1, 2}}};
  const auto options = [](flatbuffers::FlatBufferBuilder& builder) {
    return tflite::CreateSVDFOptions(builder, 1).Union();
  };
  model.operators = {{BuiltinOperator::SVDF, {0, 1, 2, -1, 3}, {4}, {BuiltinOptions::SVDFOptions, options}},
                     {BuiltinOperator::RELU, {3}, {5}}};
  model.inputs = {0};
  model.outputs = {4, 5};
  return model;
}

TEST(Variables, KeepWhatARunLeavesUntilReset) {
  Loaded loaded(OneMemory().Build());
  const auto run = [&](float x) {
    loaded.network.input(0).As<float>()[0] = x;
    EXPECT_TRUE(ok(loaded.network.Invoke()));
    return loaded.network.output(0).As<float>()[0];
  };
  EXPECT_EQ(run(3), 3);
  EXPECT_EQ(run(5), 35);
  EXPECT_EQ(run(7), 57);
  EXPECT_EQ(loaded.network.output(1).As<float>()[0], 5);  // a copy: relu must not work in place on a variable
  EXPECT_NE(loaded.network.output(1).data, loaded.network.TensorAt(3).data);
  loaded.network.Reset();
  EXPECT_EQ(run(5), 5);
}

TEST(Variables, LieBeforeAllThatIsSharedAndArePartOfTheExactSize) {
  const AlignedBytes model = OneMemory().Build();
  Loaded loaded(OneMemory().Build());
  const Allocation state = loaded.network.AllocationAt(3);
  EXPECT_EQ(state.size_bytes, 8u);
  EXPECT_EQ(state.first_operator, 0);
  EXPECT_EQ(state.last_operator, 1);
  EXPECT_LE(state.offset_bytes + state.size_bytes, loaded.network.persistent_bytes());
  for (const int tensor : {0, 4, 5}) {
    EXPECT_GE(loaded.network.AllocationAt(tensor).offset_bytes, loaded.network.persistent_bytes());
  }
  const size_t exact_bytes = loaded.network.arena_bytes();
  Network network;
  EXPECT_EQ(network.Load(model.span(), AllOperators(), AlignedBytes(exact_bytes).span()), Status::kOk);
  EXPECT_EQ(network.Load(model.span(), AllOperators(), AlignedBytes(exact_bytes - 16).span()), Status::kOutOfMemory);
}

TEST(Variables, OfInt8BeginAtTheirZeroPoint) {
  ModelBuilder model = OneMemory();
  for (auto& tensor : model.tensors) {
    tensor.type = tflite::TensorType::INT8;
    tensor.scales = {1};
    tensor.zero_points = {0};
    if (!tensor.data.empty()) tensor.data.resize(tensor.data.size() / sizeof(float), 1);
  }
  model.tensors[3].zero_points = model.tensors[5].zero_points = {-50};
  Loaded loaded(model.Build());
  EXPECT_EQ(loaded.network.TensorAt(3).As<int8_t>()[0], -50);
  EXPECT_EQ(loaded.network.TensorAt(3).As<int8_t>()[1], -50);
}

TEST(Variables, ThatAreConstantsAreNoState) {
  ModelBuilder model = OneMemory();
  model.tensors[3].data.resize(8);
  EXPECT_EQ(ReasonFor(model), Reason::kNotVariable);
}

TEST(Plan, ComputesInPlaceOnlyWhatNobodyReadsAfterwards) {
  // relu(x) may lie in x's bytes; relu(a), while a is still to be added, may not.
  ModelBuilder model;
  model.tensors = {{{1, 64}}, {{1, 64}}, {{1, 64}}, {{1, 64}}, {{64}}};
  model.operators = {{BuiltinOperator::RELU, {0}, {1}},
                     {BuiltinOperator::RELU6, {1}, {2}},
                     {BuiltinOperator::ADD, {2, 1}, {3}, AddOptions()},
                     {BuiltinOperator::RESHAPE, {3}, {4}}};
  model.inputs = {0};
  model.outputs = {4};
  Loaded loaded(model.Build());
  const auto offset = [&](int tensor) { return loaded.network.AllocationAt(tensor).offset_bytes; };
  EXPECT_EQ(offset(1), offset(0));
  EXPECT_NE(offset(2), offset(1));
  EXPECT_EQ(offset(3), offset(2));
  EXPECT_EQ(offset(4), offset(3));
  EXPECT_EQ(loaded.network.arena_bytes() - loaded.network.persistent_bytes(), 2 * 64 * sizeof(float));
}

TEST(Plan, SaysWhoOccupiesWhichBytesWhen) {
  Loaded loaded(OneRelu().Build());
  const Allocation input = loaded.network.AllocationAt(0);
  EXPECT_EQ(input.tensor, 0);
  EXPECT_EQ(input.size_bytes, 16u);
  EXPECT_EQ(input.first_operator, 0);
  EXPECT_EQ(input.last_operator, 0);
  EXPECT_EQ(input.offset_bytes, loaded.network.persistent_bytes());
  EXPECT_EQ(loaded.network.AllocationAt(99).size_bytes, 0u);
}

// A random network of elementwise operators, run in one planned arena and, as the oracle, with a vector for each
// tensor. Any two tensors that wrongly share bytes show.
TEST(Plan, NeverLetsTensorsDisturbEachOther) {
  EXPECT_TRUE(rc::check([] {
    const int count = *rc::gen::inRange(1, 40);
    const auto random =
        *rc::gen::container<std::vector<int>>(static_cast<size_t>(4 * count + 4), rc::gen::inRange(0, 1 << 20));
    size_t next = 0;
    const auto pick = [&](size_t below) { return static_cast<int>(static_cast<size_t>(random[next++]) % below); };
    ModelBuilder model;
    // Two inputs; widths of 4 and 1, so that sums repeat the narrow ones, which take as much of the arena.
    model.tensors = {{{1, 4}}, {{1, 1}}};
    model.inputs = {0, 1};
    std::vector<std::vector<float>> values = {std::vector<float>(4), std::vector<float>(1)};
    for (size_t i = 0; i < 4; ++i) values[0][i] = static_cast<float>(i) - 1.5f;
    values[1][0] = 0.5f;
    for (int i = 0; i < count; ++i) {
      const int a = pick(model.tensors.size()), b = pick(model.tensors.size()),
                out = static_cast<int>(model.tensors.size());
      const std::vector<float> first = values[static_cast<size_t>(a)], second = values[static_cast<size_t>(b)];
      std::vector<float> result = first;
      switch (pick(3)) {
        case 0:
          model.operators.push_back({BuiltinOperator::RELU, {a}, {out}});
          for (float& value : result) value = value > 0 ? value : 0;
          break;
        case 1:
          model.operators.push_back({BuiltinOperator::RESHAPE, {a}, {out}});
          break;
        default:
          model.operators.push_back({BuiltinOperator::ADD, {a, b}, {out}, AddOptions()});
          result.resize(std::max(first.size(), second.size()));
          for (size_t k = 0; k < result.size(); ++k) {
            result[k] = first[first.size() == 1 ? 0 : k] + second[second.size() == 1 ? 0 : k];
          }
      }
      values.push_back(result);
      model.tensors.push_back({{1, static_cast<int32_t>(result.size())}});
    }
    model.outputs = {static_cast<int32_t>(model.tensors.size()) - 1, pick(model.tensors.size())};

    Loaded loaded(model.Build());
    for (int repeat = 0; repeat < 2; ++repeat) {
      for (int i = 0; i < 2; ++i) {
        std::memcpy(loaded.network.input(i).data, values[static_cast<size_t>(i)].data(),
                    values[static_cast<size_t>(i)].size() * sizeof(float));
      }
      RC_ASSERT(ok(loaded.network.Invoke()));
      for (int i = 0; i < 2; ++i) {
        const auto& expected = values[static_cast<size_t>(model.outputs[static_cast<size_t>(i)])];
        for (size_t k = 0; k < expected.size(); ++k) {
          RC_ASSERT(loaded.network.output(i).As<float>()[k] == expected[k]);
        }
      }
    }
    // The size is exact.
    const AlignedBytes smaller(loaded.arena.span().size() - kArenaAlignment);
    Network network;
    RC_ASSERT(network.Load(loaded.model.span(), AllOperators(), smaller.span()) == Status::kOutOfMemory);
  }));
}

}  // namespace
}  // namespace thimble::runtime
