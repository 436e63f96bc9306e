// Our own Cortex-M4F against QEMU's: random instructions, the golden models from reset to the end, and cycles.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/command.h"
#include "compiler/compile.h"
#include "compiler/model_file.h"
#include "compiler/plan_firmware.h"
#include "kernels/all_operators.h"
#include "runtime/network.h"
#include "simulator/board_client.h"
#include "simulator/cycles.h"
#include "simulator/layer_proof.h"
#include "simulator/oracle/compare.h"
#include "simulator/oracle/cycles_here.h"
#include "simulator/oracle/lock_step.h"
#include "simulator/oracle/mps2_an386.h"
#include "simulator/qemu.h"
#include "tests/journeys/command.h"
#include "tests/journeys/numbers.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
namespace oracle = simulator::oracle;
using Bytes = std::vector<std::byte>;

#define ASSERT_FINE(expected) ASSERT_TRUE((expected).ok()) << (expected).error().message

const fs::path kGuest = fs::path(THIMBLE_DEVICE_DIR) / "oracle_guest.elf";

/// `./run test full` asks for more, and for others each time.
bool IsFull() { return std::getenv("THIMBLE_ORACLE_FULL") != nullptr; }

// ---- random instructions

/// The programs that are run: the same ones in every gate.
std::vector<oracle::RandomProgram> Programs(int setting) {
  constexpr int kLength = 48, kBlocks = 5500, kMostBlocks = 30'000, kFullRuns = 2;
  static const uint64_t seed =
      IsFull() ? static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) : 1;
  std::vector<oracle::RandomProgram> programs;
  for (int run = 0; run < (IsFull() ? kFullRuns : 1); ++run) {
    const uint64_t number = seed * 8 + static_cast<uint64_t>(run * oracle::kSettings + setting);
    programs.emplace_back(number, static_cast<oracle::Setting>(setting), IsFull() ? kMostBlocks : kBlocks, kLength);
  }
  return programs;
}

class RandomInstructions : public testing::TestWithParam<int> {};

TEST_P(RandomInstructions, LeaveTheSameAsInQemu) {
  for (const oracle::RandomProgram& program : Programs(GetParam())) {
    const auto comparison = oracle::Compare(kGuest, program);
    ASSERT_FINE(comparison);
    EXPECT_EQ(comparison->different_blocks, 0) << comparison->description;
  }
}

INSTANTIATE_TEST_SUITE_P(Settings, RandomInstructions, testing::Range(0, oracle::kSettings));

TEST(RandomInstructions, AreEveryEncodingAThousandTimes) {
  oracle::Coverage coverage;
  for (int setting = 0; setting < oracle::kSettings; ++setting) {
    for (const oracle::RandomProgram& program : Programs(setting)) coverage.Add(program.coverage());
  }
  constexpr uint64_t kWanted = 1000;
  EXPECT_EQ(coverage.Missing(kWanted), "");
  EXPECT_GE(coverage.instructions, IsFull() ? 10'000'000 : 1'000'000);
  std::printf("%llu random instructions; each of %d encodings at least %llu times where it is surely executed\n",
              static_cast<unsigned long long>(coverage.instructions), simulator::kEncodingCount,
              static_cast<unsigned long long>(*std::min_element(coverage.drawn.begin(), coverage.drawn.end())));
}

// ---- golden models

/// Keeps what passes.
class Recorder : public simulator::BoardLink {
 public:
  explicit Recorder(simulator::BoardLink& link) : link_(link) {}

  Outcome Write(std::span<const std::byte> bytes) override {
    sent.insert(sent.end(), bytes.begin(), bytes.end());
    return link_.Write(bytes);
  }
  Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) override {
    auto count = link_.Read(buffer, timeout_ms);
    if (count.ok()) received.insert(received.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(*count));
    return count;
  }
  std::string Describe() const override { return link_.Describe(); }

  Bytes sent, received;

 private:
  simulator::BoardLink& link_;
};

/// A golden model as `thimble bench` builds it, and the input that bench gives it.
class GoldenModel : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const fs::path shared = journeys::SharedFolder();
    if (shared.empty()) GTEST_SKIP() << "no golden models: set THIMBLE_SHARED";
    const fs::path path = shared / "golden" / "models" / GetParam() / "model.tflite";
    const auto model = compiler::ReadTflite(path);
    ASSERT_FINE(model);
    compiler::CompileOptions options;
    options.name = compiler::IdentifierOf(path.filename().string());
    const auto plan = compiler::Compile(model->span(), options);
    ASSERT_FINE(plan);
    const auto firmware = compiler::BuildPlanRunner(*plan, folder_.path(), {.device_directory = THIMBLE_DEVICE_DIR});
    ASSERT_FINE(firmware);
    elf_ = firmware->elf;
    auto loaded = compiler::LoadNetwork(model->span(), kernels::AllOperators());
    ASSERT_FINE(loaded);
    constexpr uint64_t kSeed = 1;
    input_ = simulator::RandomInput(loaded->network, kSeed);
  }

  journeys::TemporaryFolder folder_;
  fs::path elf_;
  Bytes input_;
};

class LockStep : public GoldenModel {};

// From reset to the last byte of the answer.
TEST_P(LockStep, GoesTheSameWayAsQemu) {
  if (IsSkipped() || HasFatalFailure()) return;
  const auto board = oracle::Mps2An386::Start(elf_);
  ASSERT_FINE(board);
  Recorder recorder(**board);
  simulator::BoardClient client(recorder);
  ASSERT_FINE(client.RunModel(input_));
  const bool computes_in_float = std::string_view(GetParam()).find("int8") == std::string_view::npos;
  const auto report = oracle::RunInLockStep({.elf = elf_, .input = recorder.sent, .floats = computes_in_float});
  ASSERT_FINE(report);
  EXPECT_GT(report->comparisons, 1000u);
  EXPECT_EQ(recorder.received, report->output) << "alone it counts other ticks";
  std::printf("%llu instructions, all registers compared %llu times\n",
              static_cast<unsigned long long>(report->instructions),
              static_cast<unsigned long long>(report->comparisons));
}

INSTANTIATE_TEST_SUITE_P(GoldenModels, LockStep,
                         testing::Values("hello_int8", "hello_float", "ad01_int8", "ad01_fp32", "kws_dscnn_int8",
                                         "ic_resnet8_int8", "sww_int8", "micro_speech_int8", "mnist_lstm_int8",
                                         "keyword_scrambled_8bit", "vww_96_int8", "person_detect_int8"),
                         [](const auto& one) { return one.param; });

class Cycles : public GoldenModel {};

TEST_P(Cycles, AreThoseOfThePlugin) {
  if (IsSkipped() || HasFatalFailure()) return;
  const fs::path counter = simulator::DefaultCycleCounter();
  if (counter.empty()) GTEST_SKIP() << "no cycle counter in this build";
  const fs::path file = folder_.path() / "cycles.txt";
  const auto qemu = simulator::Qemu::Start({.elf = elf_, .cycle_counter = counter, .cycle_report = file});
  ASSERT_FINE(qemu);
  const auto there = simulator::BoardClient(**qemu).RunModel(input_);
  ASSERT_FINE(there);
  (*qemu)->Stop();
  const auto expected = simulator::ReadCycles(file);
  ASSERT_FINE(expected);

  const auto board = oracle::Mps2An386::Start(elf_);
  ASSERT_FINE(board);
  const oracle::CyclesHere counted((*board)->core());
  const auto here = simulator::BoardClient(**board).RunModel(input_);
  ASSERT_FINE(here);
  EXPECT_EQ(here->output, there->output);
  ASSERT_EQ(counted.regions().size(), expected->size());
  const simulator::CycleRegion &theirs = expected->front(), &ours = counted.regions().front();
  EXPECT_EQ(ours.instructions, theirs.instructions);
  EXPECT_NEAR(static_cast<double>(ours.cycles), static_cast<double>(theirs.cycles),
              0.03 * static_cast<double>(theirs.cycles));
  const std::string name = GetParam();
  journeys::CheckNumbers(
      name + ".virtual_core.mps2_an386",
      "build/thimble bench ../shared/golden/models/" + name + "/model.tflite's firmware, on our own Cortex-M4F",
      {{"cycles", std::to_string(ours.cycles)}, {"instructions", std::to_string(ours.instructions)}});
}

INSTANTIATE_TEST_SUITE_P(GoldenModels, Cycles, testing::Values("kws_dscnn_int8", "ic_resnet8_int8", "ad01_int8"),
                         [](const auto& one) { return one.param; });

// ---- Mbed TLS

/// All that a program sends until its last byte, or until it is silent.
Bytes OutputOf(simulator::BoardLink& link) {
  constexpr int kSilenceMs = 60'000;
  constexpr std::byte kEndOfTransmission{4};
  Bytes output;
  std::byte buffer[4096];
  while (output.empty() || output.back() != kEndOfTransmission) {
    const auto count = link.Read(buffer, kSilenceMs);
    if (!count.ok() || *count == 0) break;
    output.insert(output.end(), buffer, buffer + *count);
  }
  return output;
}

// A thousand million instructions of ciphers, hashes and big numbers, which know by themselves whether they are right.
TEST(MbedTls, PassesItsSelfTestsAsInQemu) {
  const fs::path folder = fs::path(THIMBLE_BINARY_DIR) / "mbedtls";
  auto build = compiler::Command::Start({THIMBLE_SOURCE_DIR "/simulator/oracle/mbedtls/build.sh", folder.string()});
  ASSERT_FINE(build);
  const auto built = build->Wait();
  if (built.output.find("cannot be fetched") != std::string::npos) GTEST_SKIP() << built.output;
  ASSERT_TRUE(built.succeeded) << built.output;
  const fs::path elf = folder / "selftest.elf";
  const auto qemu = simulator::Qemu::Start({.elf = elf});
  ASSERT_FINE(qemu);
  const Bytes there = OutputOf(**qemu);
  const auto board = oracle::Mps2An386::Start(elf);
  ASSERT_FINE(board);
  const Bytes here = OutputOf(**board);
  const std::string text(reinterpret_cast<const char*>(here.data()), here.size());
  EXPECT_EQ(here, there) << text;
  EXPECT_NE(text.find("[ All tests PASS ]"), std::string::npos) << text;
}

}  // namespace
}  // namespace thimble
