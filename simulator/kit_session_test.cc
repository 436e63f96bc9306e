// A kit at work: what ends it, what presses its buttons, who watches.
#include "simulator/kit_session.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "simulator/fault_text.h"
#include "simulator/kit_link.h"
#include "simulator/stm32f412/test_program.h"

namespace thimble::simulator {
namespace {

constexpr char kLoops[] = "void Run(void) { for (;;) {} }";

/// Sends 'A' or 'B' when a button goes down, 'a' or 'b' when it comes up.
constexpr char kButtons[] = R"(
void Run(void) {
  REG(0x40023830) |= 1;
  REG(0x40023844) |= 1 << 5;
  REG(0x40020000) |= 2u << 22 | 2u << 24;
  REG(0x40020024) |= 8 << 12 | 8 << 16;
  REG(0x40011408) = 139;
  REG(0x4001140c) = 0x200c;
  for (u32 was = REG(0x40020010) & 0x410;;) {
    const u32 now = REG(0x40020010) & 0x410, change = was ^ now;
    if (change & 0x10) REG(0x40011404) = now & 0x10 ? 'a' : 'A';
    if (change & 0x400) REG(0x40011404) = now & 0x400 ? 'b' : 'B';
    if (change) while (!(REG(0x40011400) & 0x40)) {}
    was = now;
  }
})";

/// A serial line as a test holds it.
class Tape final : public SerialEnd {
 public:
  void Write(std::span<const std::byte> bytes) override {
    for (const std::byte byte : bytes) said += static_cast<char>(byte);
  }
  size_t Read(std::span<std::byte>) override { return 0; }
  void Flush() override {}
  std::string Describe() const override { return "a tape"; }
  std::string said;
};

struct Session {
  Kit kit;
  Program program;
  Tape tape;
  SessionOptions options;

  explicit Session(const std::string& code) {
    auto loaded = LoadKitProgram(BuildTestProgram(code));
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    if (loaded.ok()) program = *std::move(loaded);
    Install(program, kit);
    kit.PowerOn();
    options.serial = &tape;
    options.until_ns = 100'000'000;
  }
  SessionResult Run() { return RunSession(kit, options); }
};

TEST(KitSession, EndsWhenItsTimeIsUp) {
  Session session(kLoops);
  EXPECT_EQ(session.Run().end, SessionEnd::kTimeIsUp);
  EXPECT_NEAR(static_cast<double>(session.kit.chip().NowNs()), 100e6, 1e3);
}

TEST(KitSession, PressesButtonsWhenItShould) {
  Session session(kButtons);
  session.options.presses = {{Button::kA, 10'000'000, 5'000'000},
                             {Button::kB, 20'000'000, 30'000'000},
                             {Button::kA, 30'000'000, 10'000'000},
                             {Button::kA, 35'000'000, 10'000'000}};
  EXPECT_EQ(session.Run().end, SessionEnd::kTimeIsUp);
  EXPECT_EQ(session.tape.said, "AaBAab") << "presses of one button that overlap are one";
}

TEST(KitSession, EndsAtTheFirstFaultAndNamesIt) {
  Session session(R"(
__attribute__((noinline)) static u32 Divide(u32 a, u32 b) { return a / b; }
void Run(void) { REG(0xe000ed14) |= 1 << 4; REG(0x20000000) = Divide(1, REG(0x20000000) * 0); for (;;) {} })");
  const SessionResult result = session.Run();
  EXPECT_EQ(result.end, SessionEnd::kFault);
  EXPECT_EQ(result.faults, 1u);
  const std::string sentence = FaultSentence(result.fault, session.program);
  EXPECT_NE(sentence.find("Divide"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("divides by zero"), std::string::npos) << sentence;
}

TEST(KitSession, LetsAProgramHandleItsFaults) {
  // The handler counts, and goes on behind the instruction.
  Session session(R"(
__attribute__((naked)) void Fault(void) {
  __asm__("ldr r1, [sp, #24]\n adds r1, #2\n str r1, [sp, #24]\n ldr r2, =0x20008000\n"
          "ldr r1, [r2]\n adds r1, #1\n str r1, [r2]\n bx lr\n .ltorg");
}
void Run(void) { REG(0x20008000) = 0; for (u32 i = 0; i < 5; ++i) __asm__("udf #0" ::: "r1", "r2"); for (;;) {} })");
  session.options.stop_at_faults = false;
  const SessionResult result = session.Run();
  EXPECT_EQ(result.end, SessionEnd::kTimeIsUp);
  EXPECT_EQ(result.faults, 5u);
  uint32_t counted = 0;
  ASSERT_TRUE(session.kit.chip().Peek(0x2000'8000, 4, counted));
  EXPECT_EQ(counted, 5u);
}

TEST(KitSession, EndsAtALockup) {
  Session session("void Fault(void) { __asm__(\"udf #1\"); } void Run(void) { __asm__(\"udf #0\"); }");
  session.options.stop_at_faults = false;
  const SessionResult result = session.Run();
  EXPECT_EQ(result.end, SessionEnd::kLockup);
  EXPECT_EQ(result.faults, 2u);
  EXPECT_EQ(result.fault.exception, 0) << "no handler was entered for the last one";
}

TEST(KitSession, EndsWhenThePowerFails) {
  Session session(kLoops);
  session.kit.chip().CutPower({.at_instruction = 1'000});
  EXPECT_EQ(session.Run().end, SessionEnd::kPowerLost);
}

TEST(KitSession, EndsSoonAfterItIsCancelled) {
  Session session(kLoops);
  std::atomic<bool> cancelled = false;
  session.options.until_ns = kNever;
  session.options.real_time = true;
  session.options.cancelled = &cancelled;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    cancelled = true;
  });
  EXPECT_EQ(session.Run().end, SessionEnd::kCancelled);
  canceller.join();
}

TEST(KitSession, IsNoFasterThanABoardWhenTold) {
  Session session("void Run(void) { for (;;) __asm__(\"wfi\"); }");
  session.options.real_time = true;
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(session.Run().end, SessionEnd::kTimeIsUp);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(98));
}

TEST(KitSession, TracesEveryInstructionAndTellsHowFarItIs) {
  Session session(kLoops);
  uint64_t traced = 0, told = 0;
  session.options.until_ns = 1'000'000;
  session.options.trace = [&](const Registers&) { ++traced; };
  session.options.progress = [&](uint64_t) { ++told; };
  session.Run();
  EXPECT_EQ(traced, session.kit.chip().core().registers().instructions);
  EXPECT_EQ(told, 1u);
  session.options.trace = nullptr;
  session.options.until_ns = 1'000'000'000;
  session.Run();
  EXPECT_GE(told, 10u);
  EXPECT_LE(told, 12u);
}

}  // namespace
}  // namespace thimble::simulator
