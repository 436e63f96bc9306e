// What signal processing takes on a Cortex-M4F, in cycles, and that its results are the laptop's bits on every board.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/aligned_memory.h"
#include "compiler/temporary_folder.h"
#include "firmware/dsp_bench/cases.h"
#include "simulator/cycles.h"
#include "simulator/qemu.h"
#include "tests/journeys/numbers.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLaptopBytes = 1 << 20;

struct Line {
  std::string name;
  uint64_t ticks = 0;
  size_t memory_bytes = 0;  ///< 0: did not fit
  uint64_t hash = 0;
};

/// What a board's benchmark says (firmware/dsp_bench/main.cc), up to "done".
std::vector<Line> Listen(simulator::Qemu& board) {
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(3);
  while (text.find("done\r\n") == std::string::npos) {
    std::byte buffer[256];
    const auto count = board.Read(buffer, 1000);
    EXPECT_TRUE(count.ok()) << count.error().message;
    if (!count.ok()) break;
    text.append(reinterpret_cast<const char*>(buffer), *count);
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "the benchmark did not end: " << text;
      break;
    }
  }
  std::vector<Line> lines;
  std::istringstream stream(text);
  for (std::string row; std::getline(stream, row) && row != "done\r";) {
    std::istringstream words(row);
    Line line;
    std::string ticks;
    words >> line.name >> ticks;
    if (ticks != "skipped") {
      line.ticks = std::stoull(ticks);
      words >> line.memory_bytes >> std::hex >> line.hash;
    }
    lines.push_back(line);
  }
  return lines;
}

std::map<std::string, uint64_t> LaptopHashes() {
  const AlignedMemory memory(kLaptopBytes);
  std::map<std::string, uint64_t> hashes;
  firmware::RunAll(
      memory.span(), [] {}, [] {},
      [&](const char* name, const firmware::Answer& answer) { hashes[name] = answer.hash; });
  return hashes;
}

fs::path BenchFor(const std::string& board) {
  return fs::path(THIMBLE_DEVICE_DIR + (board == "mps2_an386" ? "" : "-" + board)) / "dsp_bench.elf";
}

class DspBench : public testing::TestWithParam<std::string> {};

TEST_P(DspBench, GivesTheLaptopsBits) {
  const fs::path elf = BenchFor(GetParam());
  if (!fs::exists(elf)) GTEST_SKIP() << elf.string() << " is missing: ./run build and ./run build boards make it";
  auto board = simulator::Qemu::Start({.elf = elf, .board = GetParam()});
  ASSERT_TRUE(board.ok()) << board.error().message;
  const auto expected = LaptopHashes();
  int compared = 0;
  const std::vector<Line> lines = Listen(**board);
  EXPECT_EQ(lines.size(), expected.size());
  for (const Line& line : lines) {
    ASSERT_TRUE(expected.contains(line.name)) << line.name;
    if (line.memory_bytes == 0) continue;
    EXPECT_EQ(line.hash, expected.at(line.name)) << line.name;
    ++compared;
  }
  EXPECT_GE(compared, 3);
}

INSTANTIATE_TEST_SUITE_P(Boards, DspBench,
                         testing::Values("mps2_an386", "mps2_an385", "mps2_an505", "mps3_an547", "microbit"),
                         [](const auto& board) { return board.param; });

TEST(DspCycles, OfIntegersAreAnEighthWithoutAnFpu) {
  const fs::path elf = BenchFor("microbit");
  if (!fs::exists(elf)) GTEST_SKIP() << elf.string() << " is missing: ./run build boards makes it";
  auto board = simulator::Qemu::Start({.elf = elf, .board = "microbit"});
  ASSERT_TRUE(board.ok()) << board.error().message;
  std::map<std::string, uint64_t> ticks;
  for (const Line& line : Listen(**board)) ticks[line.name] = line.ticks;
  int compared = 0;
  const std::string prefix = "fixed_";
  for (const firmware::FixedCase& test : firmware::kFixedCases) {
    const uint64_t fixed = ticks[test.name];
    const uint64_t floats = ticks[std::string(test.name).substr(prefix.size())];
    if (fixed == 0 || floats == 0) continue;
    EXPECT_GE(floats, 8 * fixed) << test.name;
    ++compared;
  }
  EXPECT_GE(compared, 3);
}

TEST(DspCycles, AreTheCommittedOnesAndNoMoreThanPromised) {
  const fs::path elf = BenchFor("mps2_an386");
  if (!fs::exists(elf)) GTEST_SKIP() << elf.string() << " is missing: ./run build makes it";
  const fs::path counter = simulator::DefaultCycleCounter();
  ASSERT_FALSE(counter.empty()) << "build target m4_cycles";
  const auto folder = compiler::TemporaryFolder::Make();
  ASSERT_TRUE(folder.ok());
  const fs::path report = folder->path() / "cycles.txt";
  std::vector<Line> lines;
  {
    auto board = simulator::Qemu::Start({.elf = elf, .cycle_counter = counter, .cycle_report = report});
    ASSERT_TRUE(board.ok()) << board.error().message;
    lines = Listen(**board);
    (*board)->Stop();
  }
  const auto regions = simulator::ReadCycles(report);
  ASSERT_TRUE(regions.ok()) << regions.error().message;
  ASSERT_EQ(regions->size(), lines.size());
  journeys::Numbers numbers;
  for (size_t i = 0; i < lines.size(); ++i) {
    numbers.emplace_back("cycles." + lines[i].name, std::to_string((*regions)[i].cycles));
    numbers.emplace_back("memory_bytes." + lines[i].name, std::to_string(lines[i].memory_bytes));
    for (const firmware::WindowCase& test : firmware::kWindowCases) {
      if (lines[i].name == test.name && test.most_cycles > 0) {
        EXPECT_LE((*regions)[i].cycles, test.most_cycles) << test.name;
      }
    }
  }
  journeys::CheckNumbers("dsp.mps2_an386", "build/host/tests/device_tests --gtest_filter='Dsp*'", numbers);
}

}  // namespace
}  // namespace thimble
