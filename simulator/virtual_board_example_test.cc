// The example of docs/virtual-board.md: it compiles, it finds what it should, and the page has it word for word.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "simulator/kit_link.h"
#include "simulator/stm32f412/test_program.h"

namespace thimble::simulator {
namespace {

// The example begins.
/// Cuts the power at one flash operation of a program after the other, and gives those after which it never again came
/// to the point where it says `good`.
std::vector<uint64_t> FatalCuts(const Program& program, const std::string& good) {
  Kit kit;
  std::string said;
  kit.on_serial = [&](std::byte byte, uint64_t) { said += static_cast<char>(byte); };
  Install(program, kit);
  kit.PowerOn();
  const ChipSnapshot beginning = kit.chip().Save();
  constexpr uint64_t kPatienceNs = 5'000'000'000;

  std::vector<uint64_t> fatal;
  for (uint64_t operation = 0;; ++operation) {
    kit.chip().Restore(beginning);
    kit.chip().CutPower({.at_memory_operation = kit.chip().memory_operations() + operation});
    if (kit.chip().RunUntilNs(kPatienceNs) != ChipStop::kPowerLost) return fatal;  // it does no more than that
    kit.PowerOn(Ram::kLost);  // flash is as the cut left it, the word under way torn
    said.clear();
    kit.chip().RunUntilNs(kit.chip().NowNs() + kPatienceNs);
    if (said.find(good) == std::string::npos) fatal.push_back(operation);
  }
}
// The example ends.

/// Erases sector 11, programs four words and says "k"; what it does when they are there already is `otherwise`.
std::string Updates(const std::string& otherwise) {
  return R"(
#define FLASH(offset) REG(0x40023c00 + offset)
#define WORD(index) REG(0x080e0000 + 4 * (index))
void Run(void) {
  REG(0x40023830) |= 1;
  REG(0x40023844) |= 1 << 5;
  REG(0x40020000) |= 2u << 22;
  REG(0x40020024) |= 8 << 12;
  REG(0x40011408) = 139;
  REG(0x4001140c) = 0x2008;
  )" + otherwise +
         R"(
  FLASH(4) = 0x45670123;
  FLASH(4) = 0xcdef89ab;
  FLASH(0x10) = 2 << 8 | 11 << 3 | 2;
  FLASH(0x10) |= 1 << 16;
  while (FLASH(0x0c) & 1 << 16) {}
  FLASH(0x10) = 2 << 8 | 1;
  for (u32 i = 0; i < 4; ++i) {
    WORD(i) = 0xabcd0000 + i;
    while (FLASH(0x0c) & 1 << 16) {}
  }
  REG(0x40011404) = 'k';
  for (;;) __asm__("wfi");
})";
}

std::vector<uint64_t> FatalCutsOf(const std::string& code) {
  const auto program = LoadKitProgram(BuildTestProgram(code));
  EXPECT_TRUE(program.ok());
  return program.ok() ? FatalCuts(*program, "k") : std::vector<uint64_t>{};
}

TEST(VirtualBoardExample, FindsNothingWrongWithAProgramThatBeginsAnew) {
  EXPECT_EQ(FatalCutsOf(Updates("")), std::vector<uint64_t>());
}

TEST(VirtualBoardExample, FindsTheCutsThatAProgramDoesNotSurvive) {
  // It trusts the first word to tell whether the others are there.
  EXPECT_EQ(FatalCutsOf(Updates("if (WORD(0) == 0xabcd0000) while (WORD(3) != 0xabcd0003) {}")),
            (std::vector<uint64_t>{2, 3, 4}));
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(VirtualBoardExample, IsTheOneInTheDocumentation) {
  const std::string root = THIMBLE_SOURCE_DIR, source = ReadText(root + "/simulator/virtual_board_example_test.cc");
  const size_t begin = source.find('\n', source.find("// The example begins.")) + 1;
  const std::string example = source.substr(begin, source.find("// The example ends.") - begin);
  EXPECT_GT(example.size(), 500u);
  EXPECT_NE(ReadText(root + "/docs/virtual-board.md").find("```cpp\n" + example + "```"), std::string::npos);
}

}  // namespace
}  // namespace thimble::simulator
