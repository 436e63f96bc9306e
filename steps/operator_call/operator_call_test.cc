#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "base/arena.h"
#include "base/random.h"
#include "kernels/add/op.h"
#include "kernels/all_operators.h"
#include "kernels/concatenation/op.h"
#include "steps/operator_call/step.h"

namespace thimble::steps {
namespace {

using kernels::Type;

/// Bytes at a multiple of 16 with nothing behind them, so that the address sanitizer sees every step over the end.
class Block {
 public:
  explicit Block(size_t bytes) : size_(bytes) {
    void* at = nullptr;
    if (posix_memalign(&at, kArenaAlignment, bytes) != 0) std::abort();
    bytes_.reset(static_cast<std::byte*>(at));
    std::memset(at, 0, bytes);
  }
  std::byte* get() const { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  size_t size_;
  std::unique_ptr<std::byte[], Free> bytes_;
};

/// `operator_code` on `inputs` float tensors of four elements that lie one behind the other, then the output.
struct Call {
  static constexpr uint32_t kTensorBytes = 16;
  Block constants;
  Block frame;
  OperatorCall::Params params{};
  Extents extents{};

  Call(int32_t operator_code, int inputs, int32_t output_elements = 4)
      : constants(32 + 64 + static_cast<size_t>(inputs + 1) * sizeof(TensorRecord)),
        frame(static_cast<size_t>(inputs) * kTensorBytes + static_cast<size_t>(output_elements) * sizeof(float)) {
    const int32_t dims[] = {4, output_elements};
    std::memcpy(constants.get() + 32, dims, sizeof dims);
    for (int i = 0; i <= inputs; ++i) {
      const TensorRecord record = {.type = static_cast<int32_t>(Type::kFloat32),
                                   .place = static_cast<int32_t>(Place::kFrame),
                                   .offset = i * static_cast<int32_t>(kTensorBytes),
                                   .rank = 1,
                                   .dims = i < inputs ? 32 : 36};
      std::memcpy(constants.get() + 96 + static_cast<size_t>(i) * sizeof record, &record, sizeof record);
    }
    params = {.scratch = 0,
              .records = 96,
              .options = 0,
              .operator_code = operator_code,
              .input_count = inputs,
              .output_count = 1};
    extents = {.constants_bytes = static_cast<uint32_t>(constants.size()),
               .frame_bytes = static_cast<uint32_t>(frame.size()),
               .state_bytes = 0,
               .subgraphs = nullptr,
               .operators = kernels::AllOperators()};
  }

  TensorRecord& record(int index) { return reinterpret_cast<TensorRecord*>(constants.get() + 96)[index]; }
  float* values(int index) { return reinterpret_cast<float*>(frame.get() + record(index).offset); }
  Memory memory() const {
    return {.constants = constants.get(),
            .frame = frame.get(),
            .state = nullptr,
            .subgraphs = nullptr,
            .operators = kernels::AllOperators()};
  }
  bool Check() const { return kStep<OperatorCall>.check(&params, constants.get(), extents); }
};

TEST(OperatorCall, RunsTheOperatorByNumberAndByType) {
  Call call(kernels::Add::kTfliteCode, 2);
  ASSERT_TRUE(call.Check());
  for (const auto run : {kStep<OperatorCall>.run, &RunOperator<kernels::Add>}) {
    for (int i = 0; i < 4; ++i) {
      call.values(0)[i] = static_cast<float>(i);
      call.values(1)[i] = 10;
      call.values(2)[i] = 0;
    }
    run(&call.params, call.memory());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(call.values(2)[i], 10 + static_cast<float>(i));
  }
}

TEST(OperatorCall, HasRoomForDozensOfInputs) {
  constexpr int kInputs = 40;
  Call call(kernels::Concatenation::kTfliteCode, kInputs, 4 * kInputs);
  ASSERT_TRUE(call.Check());
  for (int i = 0; i < 4 * kInputs; ++i) call.values(0)[i] = static_cast<float>(i);
  RunOperator<kernels::Concatenation>(&call.params, call.memory());
  for (int i = 0; i < 4 * kInputs; ++i) EXPECT_EQ(call.values(kInputs)[i], static_cast<float>(i));
}

TEST(OperatorCall, RefusesAnOutputThatLiesWhereTheOperatorStillReads) {
  Call call(kernels::Add::kTfliteCode, 2);
  call.record(2).offset = 0;  // the place of the first input: Sharing::kOverwrite
  EXPECT_TRUE(call.Check());
  call.record(2).offset = 16;  // of the second
  EXPECT_FALSE(call.Check());
  call.record(2).offset = 4;  // between
  EXPECT_FALSE(call.Check());
}

TEST(OperatorCall, RefusesWhatIsNotThere) {
  const auto refuses = [](auto change) {
    Call call(kernels::Add::kTfliteCode, 2);
    change(call);
    return !call.Check();
  };
  EXPECT_FALSE(refuses([](Call&) {}));
  EXPECT_TRUE(refuses([](Call& c) { c.extents.operators = {}; }));
  EXPECT_TRUE(refuses([](Call& c) { c.params.operator_code = 9999; }));
  EXPECT_TRUE(refuses([](Call& c) { c.params.input_count = 3; }));  // records that are not there
  EXPECT_TRUE(refuses([](Call& c) { c.params.input_count = -1; }));
  EXPECT_TRUE(refuses([](Call& c) { c.params.records += 1; }));
  EXPECT_TRUE(refuses([](Call& c) { c.params.options = static_cast<int32_t>(c.constants.size()) - 16; }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(0).offset = static_cast<int32_t>(c.frame.size()); }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(0).offset = -16; }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(0).place = 3; }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(2).place = static_cast<int32_t>(Place::kConstants); }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(0).dims = -4; }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(0).rank = 7; }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(0).type = 77; }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(2).type = static_cast<int32_t>(Type::kAbsent); }));
  EXPECT_TRUE(refuses([](Call& c) { c.record(0).scale_count = 1000; }));
}

// Whatever the words are, a call is refused, or runs within its memory.
TEST(OperatorCall, IsHarmlessWhateverItsWordsAre) {
  Random random(11);
  int taken = 0;
  for (int round = 0; round < 20000; ++round) {
    const int32_t codes[] = {
        kernels::Add::kTfliteCode, kernels::Concatenation::kTfliteCode,
        kernels::AllOperators()[random.Below(static_cast<uint32_t>(kernels::AllOperators().size()))]->tflite_code};
    Call call(codes[random.Below(3)], 1 + static_cast<int>(random.Below(3)));
    for (uint32_t changes = random.Below(4); changes > 0; --changes) {
      const bool of_params = random.Chance(0.3);
      auto* words =
          of_params ? reinterpret_cast<int32_t*>(&call.params) : reinterpret_cast<int32_t*>(call.constants.get());
      const auto count = static_cast<uint32_t>((of_params ? sizeof call.params : call.constants.size()) / 4);
      int32_t& word = words[random.Below(count)];
      word =
          random.Chance(0.5) ? static_cast<int32_t>(random.Next()) : word + static_cast<int32_t>(random.Below(33)) - 16;
    }
    if (!call.Check()) continue;
    ++taken;
    kStep<OperatorCall>.run(&call.params, call.memory());
  }
  EXPECT_GT(taken, 1000);
}

}  // namespace
}  // namespace thimble::steps
