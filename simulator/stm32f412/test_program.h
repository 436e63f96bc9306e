// Small programs for tests of the virtual board, compiled when the test runs.
#ifndef THIMBLE_SIMULATOR_STM32F412_TEST_PROGRAM_H_
#define THIMBLE_SIMULATOR_STM32F412_TEST_PROGRAM_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "compiler/command.h"

namespace thimble::simulator {

/// Where the kit's boot loader leaves applications their place.
inline constexpr uint32_t kTestProgramBase = 0x0800'c000;

inline void RunTestTool(std::vector<std::string> arguments) {
  const std::string name = arguments[0];
  auto command = compiler::Command::Start(std::move(arguments));
  ASSERT_TRUE(command.ok()) << command.error().message;
  const auto ending = command->Wait();
  ASSERT_TRUE(ending.succeeded) << name << ": " << ending.output;
}

/// Compiles and links C without a library: it starts in `void Run(void)`, faults come to `void Fault(void)`, SysTick to
/// `void Tick(void)`; what the code does not define waits for ever. There are no variables beyond those on the stack,
/// which ends at 0x20010000. REG(address) is a register. Gives the ELF.
inline std::filesystem::path BuildTestProgram(const std::string& code) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) /
                                       (std::string("thimble_") + test->test_suite_name() + "_" + test->name());
  std::filesystem::create_directories(folder);
  const std::filesystem::path vectors = folder / "vectors.S", source = folder / "program.c",
                              elf = folder / "program.elf";
  std::ofstream(vectors)
      << ".syntax unified\n.thumb\n.text\n.weak Fault\n.weak Tick\n"
         ".thumb_set Fault, Wait\n.thumb_set Tick, Wait\n"
         ".word 0x20010000, Run, Wait, Fault, Fault, Fault, Fault, 0, 0, 0, 0, Wait, 0, 0, Wait, Tick\n"
         ".thumb_func\n.type Wait, %function\nWait: b Wait\n";
  std::ofstream(source) << "typedef unsigned u32;\n#define REG(address) (*(volatile u32*)(address))\nvoid Run(void);\n"
                        << code;
  RunTestTool({"arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Og", "-g", "-ffreestanding", "-nostdlib",
               "-Wl,-Ttext=0x0800c000", "-Wl,-eRun", "-Wl,--build-id=none", "-o", elf.string(), vectors.string(),
               source.string()});
  return elf;
}

/// The same as the bytes that lie at kTestProgramBase.
inline std::vector<std::byte> TestProgramBytes(const std::string& code) {
  const std::filesystem::path elf = BuildTestProgram(code);
  const std::string raw = elf.string() + ".bin";
  RunTestTool({"arm-none-eabi-objcopy", "-O", "binary", elf.string(), raw});
  std::ifstream file(raw, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_TEST_PROGRAM_H_
