// The steps' own random tests, repeated on boards: what this computer's plain C++ wrote, each core's fast kernels
// write.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/aligned_memory.h"
#include "base/hash.h"
#include "simulator/board_client.h"
#include "simulator/qemu.h"
#include "steps/all_steps.h"
#include "steps/recorded_case.h"
#include "wire/message.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string step;
  uint64_t hash;  ///< of what it writes here
};

/// Records what the tests of steps/ run, and runs it once more here.
class RecordedCases : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("thimble_steps_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    const std::string file = (folder_ / "cases").string();
    const std::string command =
        "THIMBLE_STEP_CASES=" + file + " " THIMBLE_STEPS_TESTS " --gtest_filter='-*Damaged*' > /dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const AlignedMemory copy(std::as_bytes(std::span(bytes)));
    for (size_t at = 0; at < bytes.size();) {
      const auto& head = *reinterpret_cast<const steps::RecordedCase*>(copy.span().data() + at);
      ASSERT_EQ(head.magic, steps::RecordedCase::kMagic);
      const std::byte* params = copy.span().data() + at + sizeof head;
      const std::byte* constants = params + AlignUp(head.params_bytes);
      std::byte* frame = const_cast<std::byte*>(constants) + AlignUp(head.constants_bytes);
      for (const steps::Step* step : steps::AllSteps()) {
        if (step->number != head.number) continue;
        step->run(params, {constants, frame, frame + AlignUp(head.frame_bytes), nullptr});
        cases_.push_back({step->name, Fnv1a({frame + head.output, head.output_bytes})});
      }
      at += steps::SizeOf(head);
    }
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static void AreTheSameOn(const std::string& board) {
    const fs::path device =
        board == "mps2_an386" ? fs::path(THIMBLE_DEVICE_DIR) : fs::path(THIMBLE_DEVICE_DIR "-" + board);
    if (!fs::exists(device / "step_runner.elf")) {
      GTEST_SKIP() << "no firmware for " << board << "; ./run build boards builds it";
    }
    auto qemu = simulator::Qemu::Start({.elf = device / "step_runner.elf", .board = board, .model = folder_ / "cases"});
    ASSERT_TRUE(qemu.ok()) << qemu.error().message;
    simulator::BoardClient client(**qemu);
    std::map<std::string, int> wrong;
    for (size_t first = 0; first < cases_.size(); first += wire::kMostLayers) {
      const size_t count = std::min<size_t>(wire::kMostLayers, cases_.size() - first);
      const auto hashes = client.InvokeLayers(static_cast<int>(first), static_cast<int>(count));
      ASSERT_TRUE(hashes.ok()) << hashes.error().message << " (cases from " << first << ", a " << cases_[first].step
                               << ")";
      for (size_t i = 0; i < count; ++i)
        wrong[cases_[first + i].step] += (*hashes)[i] != cases_[first + i].hash ? 1 : 0;
    }
    for (const auto& [step, count] : wrong) EXPECT_EQ(count, 0) << step << " differs in " << count << " cases";
    EXPECT_GT(wrong.size(), 5u);
  }

 private:
  static inline fs::path folder_;
  static inline std::vector<Case> cases_;
};

TEST_F(RecordedCases, AreTheSameWithTheDspExtension) { AreTheSameOn("mps2_an386"); }
TEST_F(RecordedCases, AreTheSameWithTheDspExtensionOfArmv8M) { AreTheSameOn("mps2_an505"); }
TEST_F(RecordedCases, AreTheSameWithHelium) { AreTheSameOn("mps3_an547"); }
TEST_F(RecordedCases, AreTheSameOnAPlainCore) { AreTheSameOn("mps2_an385"); }

}  // namespace
}  // namespace thimble
