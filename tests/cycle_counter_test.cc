// The cycle counter against small programs whose cycles can be told from the manual.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "compiler/command.h"
#include "compiler/temporary_folder.h"
#include "simulator/cycles.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

/// Instructions, and what they take (Arm DDI0439, section 3.3.1, and notes there on pairing).
struct Sequence {
  const char* name;
  const char* code;
  uint64_t cycles, instructions;
};

// r4 is the address of a word in RAM, aligned to 8.
constexpr Sequence kSequences[] = {
    {"nothing", "", 0, 0},
    {"additions", "adds r0, r0, r1\n adds r1, r0, r1\n add.w r8, r0, r1\n", 3, 3},
    {"loads behind each other share a cycle", "ldr r0, [r4]\n ldr r1, [r4]\n ldr r2, [r4]\n", 4, 3},
    {"a load that waits for an address", "mov r5, r4\n ldr r0, [r5]\n", 4, 2},
    {"a load of an address that was loaded", "ldr r5, =data\n ldr r0, [r5]\n", 4, 2},
    {"stores, with one and with two registers", "movs r1, #0\n nop\n str r0, [r4]\n str r0, [r4, r1]\n", 5, 4},
    {"several registers", "push {r0-r3, r5}\n pop {r0-r3, r5}\n ldrd r0, r1, [r4]\n", 15, 3},
    {"multiplications of all kinds",
     "mul r0, r1, r2\n smlad r0, r1, r2, r3\n smlal r0, r1, r2, r3\n smmul r0, r1, r2\n", 4, 4},
    {"division", "udiv r0, r1, r2\n", 8, 1},
    {"an access across words",
     "adds r5, r4, #1\n nop\n ldr r0, [r5]\n nop\n ldrh r0, [r4, #3]\n nop\n ldr r0, [r4, #2]\n", 14, 7},
    {"a loop", "movs r0, #10\n nop\n1: subs r0, #1\n bne 1b\n", 31, 22},
    {"a loop that begins with half of a wide instruction", "movs r0, #10\n1: subs.w r0, r0, #1\n bne 1b\n", 39, 21},
    {"a call and its return", "bl 2f\n b 3f\n .balign 4\n2: bx lr\n .balign 4\n3:\n", 7, 3},
    {"a folded condition", "cmp r0, r0\n it eq\n addeq r0, r0, r1\n", 2, 3},
    {"floats",
     "vmul.f32 s0, s1, s2\n vadd.f32 s3, s0, s1\n vmla.f32 s4, s1, s2\n vdiv.f32 s5, s1, s2\n vldr s6, [r4]\n", 22, 5},
};

// The closing mark, a NOP, and the jump behind it, with which its block ends.
constexpr uint64_t kMarkCycles = 2, kMarkInstructions = 2;

std::string Program() {
  std::string text =
      ".syntax unified\n.cpu cortex-m4\n.fpu fpv4-sp-d16\n.thumb\n"
      ".section .vectors, \"a\"\n.word 0x20010000\n.word reset + 1\n"
      ".text\n.thumb_func\nreset:\n"
      " ldr r0, =0xe000ed88\n ldr r1, =0xf00000\n str r1, [r0]\n dsb\n isb\n"
      " movs r1, #3\n movs r2, #1\n vmov.f32 s1, #1.0\n vmov.f32 s2, #1.0\n";
  for (const Sequence& sequence : kSequences) {
    // A block of its own begins behind the opening mark.
    text += " ldr r4, =data\n movs r1, #3\n movs r2, #1\n .inst.n 0xbf80\n b 9f\n .ltorg\n .balign 8\n9:\n";
    text += std::string(" ") + sequence.code + " .inst.n 0xbf90\n b 9f\n .balign 8\n9:\n";
  }
  return text +
         " movs r0, #0x18\n ldr r1, =0x20026\n bkpt 0xab\n b .\n .ltorg\n"
         ".section .data\n.balign 8\ndata: .word 0, 0, 0, 0\n";
}

constexpr const char* kLinkerScript =
    "MEMORY { CODE (rx) : ORIGIN = 0, LENGTH = 1M  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 1M }\n"
    "SECTIONS { .vectors : { KEEP(*(.vectors)) } > CODE .text : { *(.text) } > CODE\n"
    "  .data (NOLOAD) : { *(.data) } > RAM }\n";

void RunTool(std::vector<std::string> arguments) {
  auto command = compiler::Command::Start(std::move(arguments));
  ASSERT_TRUE(command.ok()) << command.error().message;
  const compiler::Command::Ending ending = command->Wait();
  ASSERT_TRUE(ending.succeeded) << ending.output;
}

TEST(CycleCounter, CountsWhatTheManualSays) {
  const fs::path counter = simulator::DefaultCycleCounter();
  ASSERT_FALSE(counter.empty()) << "build target m4_cycles";
  const auto folder = compiler::TemporaryFolder::Make();
  ASSERT_TRUE(folder.ok());
  const std::string source = (folder->path() / "program.s").string(), script = (folder->path() / "link.ld").string();
  const std::string elf = (folder->path() / "program.elf").string();
  const fs::path report = folder->path() / "cycles.txt";
  std::ofstream(source) << Program();
  std::ofstream(script) << kLinkerScript;
  RunTool({"arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-nostdlib",
           "-Wl,--build-id=none,--no-warnings", "-T", script, source, "-o", elf});
  RunTool({"qemu-system-arm", "-M", "mps2-an386", "-nodefaults", "-display", "none", "-semihosting-config",
           "enable=on,target=native", "-kernel", elf, "-plugin", counter.string() + ",out=" + report.string()});
  const auto regions = simulator::ReadCycles(report);
  ASSERT_TRUE(regions.ok()) << regions.error().message;
  ASSERT_EQ(regions->size(), std::size(kSequences));
  for (size_t i = 0; i < regions->size(); ++i) {
    EXPECT_EQ((*regions)[i].cycles, kSequences[i].cycles + kMarkCycles) << kSequences[i].name;
    EXPECT_EQ((*regions)[i].instructions, kSequences[i].instructions + kMarkInstructions) << kSequences[i].name;
  }
}

}  // namespace
}  // namespace thimble
