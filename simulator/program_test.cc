// Firmware files: what is read from good ones, and that bad ones get a sentence and never more than that.
#include "simulator/program.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "firmware/boards/az3166/board.h"
#include "simulator/stm32f412/test_program.h"

namespace thimble::simulator {
namespace {

namespace fs = std::filesystem;
using firmware::kAz3166;

constexpr char kCode[] = R"(
__attribute__((noinline)) u32 Twice(u32 x) { return 2 * x; }
void Run(void) { for (;;) REG(0x20008000) = Twice(REG(0x20008000)); })";

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ProgramFile : public testing::Test {
 protected:
  void SetUp() override {
    elf_ = BuildTestProgram(kCode);
    good_ = ReadText(elf_);
    ASSERT_GT(good_.size(), 500u);
  }

  Expected<Program> Load(const std::string& content, const std::string& name = "changed") {
    const fs::path path = elf_.parent_path() / name;
    std::ofstream(path, std::ios::binary) << content;
    return LoadProgram(path, kAz3166);
  }

  /// The good file with a field of its headers changed.
  std::string With(size_t offset, uint32_t value, size_t bytes) {
    std::string content = good_;
    std::memcpy(content.data() + offset, &value, bytes);
    return content;
  }

  fs::path elf_;
  std::string good_;
};

TEST_F(ProgramFile, HasSegmentsAndFunctions) {
  const auto program = LoadProgram(elf_, kAz3166);
  ASSERT_TRUE(program.ok()) << program.error().message;
  EXPECT_EQ(program->VectorTable(), 0x0800'c000u);
  ASSERT_FALSE(program->segments.empty());
  EXPECT_GT(program->flash_bytes, 64u);
  EXPECT_LT(program->flash_bytes, 1024u);
  EXPECT_EQ(program->ram_bytes, 0u);
  bool found = false;
  for (const Program::Function& function : program->functions) {
    if (function.name != "Twice") continue;
    found = true;
    EXPECT_EQ(function.address & 1, 0u);
    EXPECT_EQ(program->NameOf(function.address), "Twice");
    EXPECT_EQ(program->NameOf(function.address | 1), "Twice");
    EXPECT_EQ(program->NameOf(function.address + 2), "Twice+0x2");
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(program->NameOf(0), "");
  EXPECT_EQ(program->NameOf(0x2000'0000), "");
  EXPECT_EQ(program->NameOf(~0u), "");
}

TEST_F(ProgramFile, IsTheSameAsARawImage) {
  const std::string raw = elf_.string() + ".bin";
  RunTestTool({"arm-none-eabi-objcopy", "-O", "binary", elf_.string(), raw});
  const auto from_raw = LoadProgram(raw, kAz3166), from_elf = LoadProgram(elf_, kAz3166);
  ASSERT_TRUE(from_raw.ok()) << from_raw.error().message;
  ASSERT_TRUE(from_elf.ok());
  EXPECT_EQ(from_raw->VectorTable(), from_elf->VectorTable());
  EXPECT_EQ(from_raw->segments.front().bytes, from_elf->segments.front().bytes);
  EXPECT_TRUE(from_raw->functions.empty());
}

TEST_F(ProgramFile, MayBeStripped) {
  const std::string stripped = elf_.string() + ".stripped";
  RunTestTool({"arm-none-eabi-strip", "-o", stripped, elf_.string()});
  const auto program = LoadProgram(stripped, kAz3166);
  ASSERT_TRUE(program.ok()) << program.error().message;
  EXPECT_EQ(program->NameOf(0x0800'c040), "");
}

TEST_F(ProgramFile, CutShortAnywhereIsRefusedOrWhole) {
  const auto whole = LoadProgram(elf_, kAz3166);
  ASSERT_TRUE(whole.ok());
  size_t refused = 0;
  for (size_t bytes = 0; bytes < good_.size(); bytes += bytes < 600 ? 1 : 97) {
    const auto program = Load(good_.substr(0, bytes));
    if (program.ok()) {
      // Names lie behind the code: without them it still is the whole program.
      ASSERT_EQ(program->segments.size(), whole->segments.size());
      ASSERT_EQ(program->segments.front().bytes, whole->segments.front().bytes);
    } else {
      ASSERT_EQ(program.error().status, Status::kDataLoss) << bytes << ": " << program.error().message;
      ++refused;
    }
  }
  EXPECT_GT(refused, 500u);
}

TEST_F(ProgramFile, SurvivesWildNumbersInItsHeaders) {
  std::mt19937 random(3);
  for (int i = 0; i < 1000; ++i) {
    std::string content = good_;
    for (int change = 0; change < 3; ++change) {
      // The file's header, the program headers behind it, the section headers at the end.
      const size_t from_end = random() % 600;
      const size_t at = (random() & 1) != 0 ? random() % 150 : content.size() - 1 - from_end % content.size();
      content[at] = static_cast<char>((random() & 1) != 0 ? 0xff : random());
    }
    const auto program = Load(content);
    if (program.ok()) {
      (void)program->NameOf(static_cast<uint32_t>(random()));
    } else {
      ASSERT_NE(program.error().message, "");
    }
  }
}

TEST_F(ProgramFile, ForAnotherProcessorIsNamedAsSuch) {
  constexpr size_t kClass = 4, kData = 5, kMachine = 18;
  for (const std::string& content : {With(kMachine, 62, 2), With(kClass, 2, 1), With(kData, 2, 1)}) {
    const auto program = Load(content);
    ASSERT_FALSE(program.ok());
    EXPECT_EQ(program.error().status, Status::kDataLoss);
    EXPECT_NE(program.error().message.find("an ELF for another kind of processor"), std::string::npos)
        << program.error().message;
  }
  const auto host = LoadProgram("/proc/self/exe", kAz3166);
  ASSERT_FALSE(host.ok());
  EXPECT_NE(host.error().message.find("another kind of processor"), std::string::npos) << host.error().message;
}

TEST_F(ProgramFile, ForAnotherBoardIsNamedAsSuch) {
  const std::string elsewhere = elf_.string() + ".moved";
  RunTestTool({"arm-none-eabi-objcopy", "--change-addresses", "0x1000000", elf_.string(), elsewhere});
  const auto program = LoadProgram(elsewhere, kAz3166);
  ASSERT_FALSE(program.ok());
  EXPECT_EQ(program.error().status, Status::kInvalidArgument);
  EXPECT_NE(program.error().message.find("do not lie in the flash of az3166"), std::string::npos)
      << program.error().message;
}

TEST_F(ProgramFile, WithoutVectorsIsRefused) {
  for (const std::string& content : {std::string(), std::string("{\"a\": 1}"), std::string(4096, '\0'),
                                     std::string(4096, '\xff'), std::string("MZ\x90", 3),
                                     std::string("\x7f"
                                                 "EL")}) {
    const auto program = Load(content, "image.bin");
    ASSERT_FALSE(program.ok());
    EXPECT_EQ(program.error().status, Status::kDataLoss);
    EXPECT_NE(program.error().message.find("does not begin with vectors for az3166"), std::string::npos)
        << program.error().message;
  }
}

TEST_F(ProgramFile, ThatIsNotThereIsNotFound) {
  const auto none = LoadProgram(elf_.parent_path() / "nothing.elf", kAz3166);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().status, Status::kNotFound);
  const auto folder = LoadProgram(elf_.parent_path(), kAz3166);
  ASSERT_FALSE(folder.ok());
}

TEST_F(ProgramFile, LargerThanTheFlashIsRefused) {
  std::string content(firmware::kAz3166.flash.bytes + 4, '\0');
  const uint32_t vectors[] = {0x2001'0000, 0x0800'c101};
  std::memcpy(content.data(), vectors, sizeof vectors);
  const auto program = Load(content, "large.bin");
  ASSERT_FALSE(program.ok());
  EXPECT_EQ(program.error().status, Status::kInvalidArgument) << program.error().message;
}

TEST(Program, NamesFunctionsOfUnknownLengthUpToTheNext) {
  Program program;
  program.functions = {{0x100, 0, "start"}, {0x120, 8, "main"}};
  EXPECT_EQ(program.NameOf(0xff), "");
  EXPECT_EQ(program.NameOf(0x11e), "start+0x1e");
  EXPECT_EQ(program.NameOf(0x126), "main+0x6");
  EXPECT_EQ(program.NameOf(0x128), "") << "behind the end of what is known";
}

}  // namespace
}  // namespace thimble::simulator
