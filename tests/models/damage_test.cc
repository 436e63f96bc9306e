// Models that were cut off or hit by a stray bit: refused, or run without leaving their memory.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "base/aligned_memory.h"
#include "base/random.h"
#include "compiler/model_file.h"
#include "kernels/all_operators.h"
#include "runtime/network.h"

namespace thimble::models {
namespace {

namespace fs = std::filesystem;

// Damage is tried with an arena this large; what asks for more is refused, as it would be on a device.
constexpr size_t kArenaBytes = size_t{256} << 10;
// Loading is quick; running a large model thousands of times is not.
constexpr size_t kLargestModelToRun = size_t{32} << 10;
constexpr uint32_t kMostSubgraphRuns = 16;

/// A copy of exactly that size, so that a sanitizer sees every step outside it.
bool LoadsAndRuns(std::span<const std::byte> bytes, const AlignedMemory& arena) {
  const AlignedMemory model(bytes);
  runtime::Network network;
  if (!ok(network.Load(model.span(), kernels::AllOperators(), arena.span()))) return false;
  if (bytes.size() <= kLargestModelToRun) (void)network.Invoke(kMostSubgraphRuns);
  return true;
}

class DamagedModel : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* shared = getenv("THIMBLE_SHARED");
    const fs::path golden =
        (shared != nullptr ? fs::path(shared) : fs::path(THIMBLE_SOURCE_DIR) / "../shared") / "golden";
    const fs::path file = golden / "models" / GetParam() / "model.tflite";
    if (!fs::exists(file)) GTEST_SKIP() << "no reference models: set THIMBLE_SHARED";
    auto read = compiler::ReadTflite(file);
    ASSERT_TRUE(read.ok()) << read.error().message;
    model_ = *std::move(read);
  }

  AlignedMemory model_;
  const AlignedMemory arena_{kArenaBytes};
};

TEST_P(DamagedModel, IsRefusedOrSafeWhereverItIsCutOff) {
  const std::span<const std::byte> whole = model_.span();
  ASSERT_TRUE(LoadsAndRuns(whole, arena_));
  size_t loaded = 0;
  for (size_t size = 0; size < whole.size(); ++size) loaded += LoadsAndRuns(whole.first(size), arena_) ? 1 : 0;
  // A file may end in padding that nothing points at, and nothing more.
  EXPECT_LE(loaded, 16u);
}

TEST_P(DamagedModel, IsRefusedOrSafeWithAnyByteChanged) {
  constexpr int kChanges = 1000;
  Random random(1);
  std::vector<std::byte> bytes(model_.span().begin(), model_.span().end());
  for (int i = 0; i < kChanges; ++i) {
    std::byte& byte = bytes[random.Below(static_cast<uint32_t>(bytes.size()))];
    const std::byte before = byte;
    byte ^= static_cast<std::byte>(1 + random.Below(255));
    (void)LoadsAndRuns(bytes, arena_);
    byte = before;
  }
  EXPECT_TRUE(LoadsAndRuns(bytes, arena_));
}

INSTANTIATE_TEST_SUITE_P(Golden, DamagedModel,
                         testing::Values("hello_int8", "hello_float", "micro_speech_int8", "keyword_scrambled_8bit",
                                         "mnist_lstm_int8", "kws_dscnn_int8", "sww_int8", "ic_resnet8_int8",
                                         "ad01_int8", "person_detect_int8"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace thimble::models
