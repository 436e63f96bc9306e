#include "trainer/model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "trainer/well_known_models.h"

namespace thimble::trainer {
namespace {

std::string Complaint(const ModelSpec& spec) {
  const auto shapes = InferShapes(spec);
  return shapes.ok() ? "none" : shapes.error().message;
}

TEST(Shapes, FollowTheLayersOfWellKnownModels) {
  const auto keyword = InferShapes(KeywordModel());
  ASSERT_TRUE(keyword.ok()) << keyword.error().message;
  EXPECT_EQ((*keyword)[0], (Shape{1, 49, 8}));
  EXPECT_EQ((*keyword)[1], (Shape{1, 25, 8}));  // the odd frame keeps its place
  EXPECT_EQ((*keyword)[4], (Shape{1, 13, 16}));
  EXPECT_EQ((*keyword)[6], (Shape{1, 1, 4}));
  const auto ds_cnn = InferShapes(DsCnnModel());
  ASSERT_TRUE(ds_cnn.ok());
  EXPECT_EQ(ds_cnn->front(), (Shape{25, 5, 64}));
  EXPECT_EQ(ds_cnn->back(), (Shape{1, 1, 12}));
  const auto mobile_net = InferShapes(MobileNetModel());
  ASSERT_TRUE(mobile_net.ok());
  EXPECT_EQ(mobile_net->front(), (Shape{48, 48, 8}));
  EXPECT_EQ((*mobile_net)[mobile_net->size() - 4], (Shape{3, 3, 256}));
}

TEST(Shapes, AreThoseOfTflitePadding) {
  EXPECT_EQ(ExtentOf(49, 10, 2, 1, Padding::kSame).outputs, 25);
  EXPECT_EQ(ExtentOf(49, 10, 2, 1, Padding::kSame).before, 4);  // nine zeros, the odd one behind
  EXPECT_EQ(ExtentOf(96, 3, 2, 1, Padding::kSame).before, 0);
  EXPECT_EQ(ExtentOf(7, 3, 1, 2, Padding::kSame).before, 2);
  EXPECT_EQ(ExtentOf(7, 3, 1, 2, Padding::kValid).outputs, 3);
  EXPECT_EQ(ExtentOf(7, 2, 3, 1, Padding::kValid).outputs, 2);
}

TEST(Shapes, SayWhichLayerDoesNotFitAndWhatToDo) {
  const LayerSpec dense{.kind = LayerKind::kDense, .units = 4};
  EXPECT_EQ(Complaint({{1, 1, 3}, {}}), "the model has no layers; add one");
  EXPECT_EQ(Complaint({{1, 0, 3}, {dense}}),
            "the model's input is 0 × 3; height, width and channels must be at least 1, and 67 million values together "
            "at most");
  EXPECT_EQ(Complaint({{1, 1, 3}, {dense, {.kind = LayerKind::kDense, .name = "scores", .units = 0}}}),
            "layer 1 (dense \"scores\"): units is 0; it must be 1 to 65536");
  EXPECT_EQ(Complaint({{1, 1, 3}, {{.kind = LayerKind::kDense, .inputs = {1}, .units = 4}, dense}}),
            "layer 0 (dense): input 1 is not a layer before it; name one of 0 to -1, or -1 for the model's input");
  EXPECT_EQ(
      Complaint({{1, 4, 3},
                 {{.kind = LayerKind::kConvolution, .units = 2, .window = {.width = 5, .padding = Padding::kValid}}}}),
      "layer 0 (conv): a window of 1 × 5 does not fit into 1 × 4 positions; make it smaller, or pad (same)");
  EXPECT_EQ(Complaint({{1, 4, 3}, {{.kind = LayerKind::kMaxPool, .window = {.stride_width = 0}}}}),
            "layer 0 (max pool): a window, stride or dilation is 0; they must be 1 to 65536");
  EXPECT_EQ(Complaint({{1, 1, 3}, {dense, {.kind = LayerKind::kAdd, .inputs = {0, kModelInput}}}}),
            "layer 1 (add): its inputs are 4 and 3; to be added they must have the same shape");
  EXPECT_EQ(Complaint({{1, 4, 3}, {dense, {.kind = LayerKind::kConcat, .inputs = {0, kModelInput}}}}),
            "layer 1 (concat): its inputs are 4 and 4 × 3; to be joined along the channels they must have the same "
            "positions");
  EXPECT_EQ(Complaint({{1, 4, 3}, {{.kind = LayerKind::kAdd}}}),
            "layer 0 (add): it joins at least two inputs; name them");
  EXPECT_EQ(
      Complaint({{1, 4, 3}, {{.kind = LayerKind::kReshape, .shape = {1, 1, 11}}}}),
      "layer 0 (reshape): a shape of 11 does not hold the 12 values of its input; choose one whose product is the "
      "same");
  EXPECT_EQ(Complaint({{2, 4, 3}, {{.kind = LayerKind::kLstm, .units = 4}}}),
            "layer 0 (lstm): its input is 2 × 4 × 3; it goes along the width, so the height must be 1: put a reshape "
            "before it");
  EXPECT_EQ(Complaint({{1, 1, 3}, {{.kind = LayerKind::kDense, .units = 4, .activation = Activation::kTanh}}}),
            "layer 0 (dense): tanh is a layer of its own; add one of kind activation behind it");
  EXPECT_EQ(Complaint({{1, 1, 3}, {{.kind = LayerKind::kDropout, .rate = 0.95f}}}),
            "layer 0 (dropout): the rate is 0.950000; it must be 0 to 0.9");
  EXPECT_EQ(Complaint({{4096, 4096, 4}, {{.kind = LayerKind::kDense, .units = 65536}}}),
            "layer 0 (dense): it would have more than 67 million weights; use fewer units");
}

TEST(Costs, CountParametersAndMultiplications) {
  EXPECT_EQ(ParameterCount(*Initialise(MotionModel(), 1)), 33 * 20 + 20 + 20 * 10 + 10 + 10 * 4 + 4);
  const ModelSpec spec = DsCnnModel();
  const auto costs = Costs(spec, *InferShapes(spec));
  EXPECT_EQ(costs[0].parameters, 10 * 4 * 64 + 64);
  EXPECT_EQ(costs[0].multiplications, 25 * 5 * 40 * 64);
  EXPECT_EQ(costs[1].parameters, 4 * 64);
  EXPECT_EQ(costs[2].multiplications, 25 * 5 * 9 * 64);
  EXPECT_EQ(costs[4].parameters, 64 * 64 + 64);
  const ModelSpec lstm{{1, 10, 3}, {{.kind = LayerKind::kLstm, .units = 5}}};
  EXPECT_EQ(Costs(lstm, *InferShapes(lstm))[0].parameters, 4 * (3 * 5 + 5 * 5 + 5));
}

TEST(Summary, HasALineForEachLayerAndTheirSums) {
  const std::string text = Summary(MotionModel());
  EXPECT_NE(text.find("0 dense, relu                     20                         680               660\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("934"), std::string::npos);
  EXPECT_NE(Summary(KeywordModel()).find("49 × 8 "), std::string::npos);
}

TEST(Initialise, KeepsTheSizeOfSignals) {
  const auto model = Initialise({{1, 1, 400},
                                 {{.kind = LayerKind::kDense, .units = 300, .activation = Activation::kRelu},
                                  {.kind = LayerKind::kDense, .units = 100}}},
                                5);
  const auto deviation = [](const std::vector<float>& values) {
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
    return std::sqrt(sum / static_cast<double>(values.size()));
  };
  EXPECT_NEAR(deviation(model->weights[0].weights), std::sqrt(2.0 / 400), 0.001);
  EXPECT_NEAR(deviation(model->weights[1].weights), std::sqrt(2.0 / 400), 0.002);
  EXPECT_NE(model->weights[0].weights, Initialise(model->spec, 6)->weights[0].weights);
}

// A model whose batch norms have seen something.
Model Experienced(const ModelSpec& spec) {
  Model model = *Initialise(spec, 3);
  Random random(4);
  for (LayerWeights& layer : model.weights) {
    for (float& value : layer.bias) value = random.Normal();
    for (float& value : layer.mean) value = random.Normal();
    for (float& value : layer.variance) value = 0.2f + random.Uniform();
    if (layer.mean.empty()) continue;
    for (float& value : layer.weights) value = random.Normal();
  }
  return model;
}

std::vector<float> SomeRows(const ModelSpec& spec, int rows) {
  Random random(5);
  std::vector<float> x(static_cast<size_t>(rows * spec.input.values()));
  for (float& value : x) value = random.Normal();
  return x;
}

void ExpectSameAnswers(const Model& a, const Model& b) {
  const auto x = SomeRows(a.spec, 3);
  const auto wanted = Run(a, x);
  const auto given = Run(b, x);
  ASSERT_TRUE(given.ok()) << given.error().message;
  ASSERT_EQ(given->size(), wanted->size());
  for (size_t i = 0; i < wanted->size(); ++i) {
    ASSERT_NEAR((*given)[i], (*wanted)[i], 1e-3f * (1 + std::abs((*wanted)[i])));
  }
}

TEST(FoldBatchNorm, KeepsTheFunction) {
  LayerSpec norm{.kind = LayerKind::kBatchNorm, .activation = Activation::kRelu};
  const Window window{.height = 3, .width = 3};
  const Model model = Experienced({{5, 5, 2},
                                   {{.kind = LayerKind::kConvolution, .units = 6, .window = window},
                                    norm,
                                    {.kind = LayerKind::kDepthwise, .window = window},
                                    norm,
                                    {.kind = LayerKind::kDense, .units = 5},
                                    norm}});
  const auto folded = FoldBatchNorm(model);
  ASSERT_TRUE(folded.ok()) << folded.error().message;
  EXPECT_EQ(folded->spec.layers.size(), 3u);
  ExpectSameAnswers(model, *folded);
}

TEST(FoldBatchNorm, LeavesANormWhoseInputOthersReadOrThatAnActivationSeparates) {
  LayerSpec norm{.kind = LayerKind::kBatchNorm};
  LayerSpec early = norm;
  early.inputs = {0};
  const Model model = Experienced({{1, 4, 2},
                                   {{.kind = LayerKind::kConvolution, .units = 3},
                                    norm,
                                    {.kind = LayerKind::kAdd, .inputs = {0, 1}},
                                    {.kind = LayerKind::kConvolution, .units = 3, .activation = Activation::kRelu},
                                    norm}});
  const auto folded = FoldBatchNorm(model);
  EXPECT_EQ(folded->spec.layers.size(), 5u);
  ExpectSameAnswers(model, *folded);
  // The last layer must stay the last, even if another one stands between.
  const Model crossed = Experienced(
      {{1, 4, 2},
       {{.kind = LayerKind::kConvolution, .units = 3}, {.kind = LayerKind::kDropout, .inputs = {kModelInput}}, early}});
  EXPECT_EQ(FoldBatchNorm(crossed)->spec.layers.size(), 3u);
  ExpectSameAnswers(crossed, *FoldBatchNorm(crossed));
}

TEST(RunModel, DoesNotDependOnTheOtherRows) {
  const Model model = Experienced(KeywordModel());
  const auto x = SomeRows(model.spec, 70);
  const auto all = trainer::Run(model, x);
  const auto one = trainer::Run(model, std::span(x).subspan(69 * 637, 637));
  ASSERT_EQ(all->size(), 70u * 4);
  float sum = 0;
  for (size_t c = 0; c < 4; ++c) {
    EXPECT_NEAR((*all)[69 * 4 + c], (*one)[c], 1e-6f);
    sum += (*one)[c];
  }
  EXPECT_NEAR(sum, 1, 1e-5f);
}

TEST(CheckModel, SaysWhatIsWrongWithWeights) {
  Model model = *Initialise(MotionModel(), 1);
  model.weights[1].bias.pop_back();
  EXPECT_EQ(Check(model).error().message, "layer 1 (dense): 9 biases where its shape asks for 10");
  model.weights[1].bias = std::vector<float>(10, NAN);
  EXPECT_EQ(Check(model).error().message, "layer 1 (dense): one of its biases is not a finite number; train it again");
  model.weights.pop_back();
  EXPECT_EQ(Check(model).error().message, "the model has 4 layers, but weights for 3");
  EXPECT_EQ(trainer::Run(*Initialise(MotionModel(), 1), std::vector<float>(34)).error().message,
            "34 numbers are not whole rows of 33, which the model wants");
}

}  // namespace
}  // namespace thimble::trainer
