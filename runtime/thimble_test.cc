#include "runtime/thimble.h"

#include "runtime/test_models.h"

extern "C" int RunReluTwiceFromC(const void* model, size_t model_bytes, void* arena, size_t arena_bytes, float* values,
                                 int count, thimble_fault* fault);

namespace thimble::runtime {
namespace {

AlignedBytes OneRelu(int version = 1) {
  ModelBuilder model;
  model.tensors = {{{1, 3}}, {{1, 3}}};
  model.operators = {{tflite::BuiltinOperator::RELU, {0}, {1}, {tflite::BuiltinOptions::NONE, nullptr}, version}};
  model.inputs = {0};
  model.outputs = {1};
  return model.Build();
}

TEST(FirmwareInC, LoadsAndRunsAModel) {
  const AlignedBytes model = OneRelu();
  const AlignedBytes arena(1024);
  float values[] = {-1, 0.5f, 5};
  thimble_fault fault;
  ASSERT_EQ(RunReluTwiceFromC(model.span().data(), model.span().size(), arena.span().data(), 1024, values, 3, &fault),
            0);
  EXPECT_EQ(fault.reason, 0);
  EXPECT_EQ(values[0], -1);
  EXPECT_EQ(values[1], -1);
  EXPECT_EQ(values[2], 3);
}

TEST(FirmwareInC, IsToldWhatIsWrong) {
  const AlignedBytes model = OneRelu(9);
  const AlignedBytes arena(1024);
  float values[3] = {};
  thimble_fault fault;
  const int status =
      RunReluTwiceFromC(model.span().data(), model.span().size(), arena.span().data(), 1024, values, 3, &fault);
  EXPECT_EQ(status, static_cast<int>(Status::kUnsupported));
  EXPECT_EQ(fault.operator_index, 0);
  EXPECT_STREQ(thimble_reason_text(fault.reason), Sentence(Reason::kOperatorVersion));
  EXPECT_STREQ(thimble_status_text(status), thimble::Reason(Status::kUnsupported));
}

}  // namespace
}  // namespace thimble::runtime
