// GDB's remote protocol: packet by packet, and with GDB itself.
#include "simulator/gdb_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "compiler/command.h"
#include "simulator/kit_link.h"
#include "simulator/kit_session.h"
#include "simulator/stm32f412/test_program.h"

namespace thimble::simulator {
namespace {

constexpr char kCalls[] = R"(
__attribute__((noinline)) u32 Square(u32 x) {
  REG(0x20008000) = x;
  return x * x;
}
__attribute__((noinline)) u32 Sum(u32 count) {
  u32 sum = 0;
  for (u32 i = 1; i <= count; ++i) sum += Square(i);
  return sum;
}
void Run(void) {
  for (;;) REG(0x20008004) = Sum(4);
})";

class GdbPackets : public testing::Test {
 protected:
  void SetUp() override {
    auto program = LoadKitProgram(BuildTestProgram(kCalls));
    ASSERT_TRUE(program.ok()) << program.error().message;
    Install(*program, kit_);
    kit_.PowerOn();
  }
  std::string Ask(const std::string& packet) { return gdb_.Answer(packet); }
  Stm32f412& chip() { return kit_.chip(); }

  Kit kit_;
  GdbProtocol gdb_{kit_.chip()};
};

TEST_F(GdbPackets, TellWhatTheBoardIs) {
  EXPECT_NE(Ask("qSupported:multiprocess+;swbreak+").find("qXfer:features:read+"), std::string::npos);
  std::string description;
  for (std::string part = "m"; part[0] == 'm';) {
    char packet[64];
    std::snprintf(packet, sizeof packet, "qXfer:features:read:target.xml:%zx,40", description.size());
    part = Ask(packet);
    ASSERT_FALSE(part.empty());
    description += part.substr(1);
    ASSERT_LT(description.size(), 20'000u);
  }
  EXPECT_NE(description.find("org.gnu.gdb.arm.m-profile"), std::string::npos);
  EXPECT_EQ(description.substr(description.size() - 9), "</target>");
  EXPECT_EQ(Ask("?"), "S05");
  EXPECT_EQ(Ask("qAttached"), "1");
  EXPECT_EQ(Ask("vMustReplyEmpty"), "");
}

TEST_F(GdbPackets, ReadAndWriteRegistersAndMemory) {
  const std::string all = Ask("g");
  EXPECT_EQ(all.size(), 17u * 8 + 16 * 16 + 7 * 8);
  EXPECT_EQ(Ask("pd"), "00000120") << "the stack begins at 0x20010000";
  EXPECT_EQ(Ask("P3=78563412"), "OK");
  EXPECT_EQ(chip().core().registers().r[3], 0x1234'5678u);
  EXPECT_EQ(Ask("p3"), "78563412");
  EXPECT_EQ(Ask("P12=000000000000f03f"), "OK") << "d1";
  EXPECT_EQ(Ask("p12"), "000000000000f03f");
  EXPECT_EQ(Ask("M20000001,3:aabbcc"), "OK");
  EXPECT_EQ(Ask("m20000001,3"), "aabbcc");
  EXPECT_EQ(Ask("X20000001,2:\x01}"), "OK") << "the server has unescaped it";
  EXPECT_EQ(Ask("m20000001,2"), "017d");
  EXPECT_EQ(Ask("m800c000,4"), "00000120");
  EXPECT_EQ(Ask("M80e0000,4:01020304"), "OK") << "flash, as a probe would";
  EXPECT_EQ(Ask("m80e0000,4"), "01020304");
  EXPECT_EQ(Ask("me000ed00,4").size(), 8u) << "registers of the processor";
  EXPECT_EQ(Ask("md0000000,4"), "E14");
  std::string changed = all;
  changed.replace(0, 8, "efbeadde");
  EXPECT_EQ(Ask("G" + changed), "OK");
  EXPECT_EQ(chip().core().registers().r[0], 0xdead'beefu);
}

TEST_F(GdbPackets, StopWhereTheyShould) {
  EXPECT_EQ(Ask("Z0,800c040,2"), "OK");
  EXPECT_EQ(Ask("Z0,800c040,2"), "OK") << "twice is once";
  EXPECT_EQ(Ask("z0,800c040,2"), "OK");
  EXPECT_EQ(Ask("Z2,20008000,4"), "OK");
  EXPECT_EQ(Ask("c"), "");
  ASSERT_TRUE(gdb_.running());
  ASSERT_EQ(chip().RunUntilNs(10'000'000), ChipStop::kWatchpoint);
  EXPECT_EQ(gdb_.Stopped(ChipStop::kWatchpoint), "T05watch:20008000;thread:1;");
  EXPECT_FALSE(gdb_.running());
  EXPECT_EQ(Ask("s"), "");
  EXPECT_TRUE(gdb_.stepping());
  gdb_.Stopped(ChipStop::kReached);
  EXPECT_EQ(Ask("D"), "OK");
  EXPECT_TRUE(gdb_.detached());
  EXPECT_EQ(chip().RunUntilNs(10'000'000), ChipStop::kReached) << "a debugger that goes takes its watchpoints along";
}

TEST_F(GdbPackets, ObeyTheMonitor) {
  ASSERT_EQ(chip().RunUntilNs(1'000'000), ChipStop::kReached);
  EXPECT_NE(Ask("qRcmd,6379636c6573").size(), 0u);
  EXPECT_NE(Ask("qRcmd,"), "");
  Ask("qRcmd,7265736574");
  EXPECT_EQ(Ask("pd"), "00000120") << "after a reset";
}

TEST_F(GdbPackets, MayBeNonsense) {
  for (const char* packet : {"m",
                             "m,",
                             "m1",
                             "m1,",
                             "mx,4",
                             "m1,ffffffffff",
                             "M",
                             "M1,1",
                             "M1,1:",
                             "M1,1:zz",
                             "M1,2:00",
                             "X1,5:ab",
                             "P",
                             "P=",
                             "Pff=00000000",
                             "P1=",
                             "P1=12",
                             "P27=00000000",
                             "p",
                             "pffffffff",
                             "pzz",
                             "G",
                             "Gzz",
                             "Z",
                             "Z0",
                             "Z0,",
                             "Z9,0,1",
                             "Z2,0,0",
                             "z0,1,",
                             "vCont;",
                             "vCont;x",
                             "vCont",
                             "qXfer:features:read:target.xml:",
                             "qRcmd,z",
                             "qXfer:features:read:target.xml:ffffff,10",
                             "s",
                             "H",
                             "!",
                             "\xff\xff",
                             "Q",
                             "q"}) {
    const std::string answer = Ask(packet);
    EXPECT_LT(answer.size(), 5000u) << packet;
    if (gdb_.running()) gdb_.Stopped(ChipStop::kReached);
  }
  EXPECT_EQ(Ask("Z2,0,0"), "E01");
  EXPECT_EQ(Ask("m0,ffffffff").size(), Ask("m0,ffffffff").size()) << "no memory for a board's whole address space";
}

/// The board runs in this thread, as `thimble board run --gdb` has it, and GDB in a process of its own.
std::string DebugWith(const std::string& code, const std::vector<std::string>& commands) {
  const std::filesystem::path elf = BuildTestProgram(code);
  const auto program = LoadKitProgram(elf);
  EXPECT_TRUE(program.ok());
  Kit kit;
  Install(*program, kit);
  kit.PowerOn();
  auto server = GdbServer::Listen(kit.chip(), 0);
  EXPECT_TRUE(server.ok()) << server.error().message;

  std::vector<std::string> arguments = {
      "timeout",       "60",
      "gdb-multiarch", "-nx",
      "-batch",        elf.string(),
      "-ex",           "set tcp auto-retry on",
      "-ex",           "target remote 127.0.0.1:" + std::to_string((*server)->port())};
  for (const std::string& command : commands) {
    arguments.push_back("-ex");
    arguments.push_back(command);
  }
  auto gdb = compiler::Command::Start(arguments);
  if (!gdb.ok()) return "";
  std::atomic<bool> ended = false;
  std::string output;
  std::thread waiter([&] {
    output = gdb->Wait().output;
    ended = true;
  });
  SessionOptions options;
  options.debugger = server->get();
  options.cancelled = &ended;
  RunSession(kit, options);
  waiter.join();
  return output;
}

bool GdbIsThere() { return compiler::Command::Start({"gdb-multiarch", "--version"}).ok(); }

TEST(Gdb, BreaksStepsLooksAndFinishes) {
  if (!GdbIsThere()) GTEST_SKIP() << "gdb-multiarch is not installed";
  const std::string said =
      DebugWith(kCalls, {"break Square", "continue", "print x", "backtrace", "continue", "print x", "finish", "delete",
                         "watch *(unsigned*)0x20008004", "continue", "print *(unsigned*)0x20008004", "delete", "stepi",
                         "set var $r0 = 77", "print $r0", "print/x $sp", "x/2xw 0x0800c000", "monitor cycles",
                         "info registers xpsr"});
  for (const char* part : {"Breakpoint 1, Square (x=", "$1 = 1", "in Sum (count=", "in Run ()", "$2 = 2",
                           "Value returned is $3 = 4", "Hardware watchpoint 2", "New value = 30", "$4 = 30", "$5 = 77",
                           "$6 = 0x2000ff", "0x20010000", "instructions", "xpsr"}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << "\n" << said;
  }
}

TEST(Gdb, StepsThroughSleepAndStopsAtBreakInstructions) {
  if (!GdbIsThere()) GTEST_SKIP() << "gdb-multiarch is not installed";
  const std::string said = DebugWith(R"(
void Tick(void) { REG(0x20008000)++; }
void Run(void) {
  REG(0x20008000) = 0;
  REG(0xe000e014) = 99999;
  REG(0xe000e018) = 0;
  REG(0xe000e010) = 7;
  __asm__("wfi");
  __asm__("bkpt #0");
  for (;;) {}
})",
                                     {"continue", "print *(unsigned*)0x20008000", "x/i $pc"});
  EXPECT_NE(said.find("SIGTRAP"), std::string::npos) << said;
  EXPECT_NE(said.find("$1 = 1"), std::string::npos) << said;
  EXPECT_NE(said.find("bkpt"), std::string::npos) << said;
}

TEST(Gdb, SeesALockup) {
  if (!GdbIsThere()) GTEST_SKIP() << "gdb-multiarch is not installed";
  const std::string said =
      DebugWith("void Fault(void) { __asm__(\"udf #1\"); } void Run(void) { __asm__(\"udf #0\"); }",
                {"continue", "info registers pc"});
  EXPECT_NE(said.find("SIGSEGV"), std::string::npos) << said;
}

/// A debugger that is no debugger.
class Stranger {
 public:
  explicit Stranger(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    peer_ = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(peer_.number, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void Say(const std::string& text) { EXPECT_GT(send(peer_.number, text.data(), text.size(), MSG_NOSIGNAL), 0); }
  std::string Hear() {
    char buffer[8192];
    const ssize_t count = recv(peer_.number, buffer, sizeof buffer, MSG_DONTWAIT);
    return count > 0 ? std::string(buffer, static_cast<size_t>(count)) : "";
  }

 private:
  Descriptor peer_;
};

TEST(GdbServer, AnswersFramesAndIgnoresNoise) {
  Kit kit;
  kit.PowerOn();
  auto server = GdbServer::Listen(kit.chip(), 0);
  ASSERT_TRUE(server.ok());
  EXPECT_FALSE((*server)->running());
  Stranger stranger((*server)->port());
  const auto serve = [&] {
    for (int i = 0; i < 5; ++i) (*server)->Serve(20);
    return stranger.Hear();
  };
  serve();
  EXPECT_TRUE((*server)->attached());
  stranger.Say("+++noise$?#3f");
  EXPECT_EQ(serve(), "+$S05#b8");
  stranger.Say("$?#00");
  EXPECT_EQ(serve(), "-") << "a wrong sum";
  stranger.Say("$qAtta");
  EXPECT_EQ(serve(), "") << "half a packet";
  stranger.Say("ched#8f");
  EXPECT_EQ(serve(), "+$1#31");
  stranger.Say("$c#63");
  EXPECT_EQ(serve(), "+");
  EXPECT_TRUE((*server)->running());
  stranger.Say("\x03");
  EXPECT_EQ(serve(), "$T02thread:1;#d4");
  EXPECT_FALSE((*server)->running());
  stranger.Say("$D#44");
  EXPECT_EQ(serve(), "+$OK#9a");
  EXPECT_FALSE((*server)->attached());
  EXPECT_TRUE((*server)->running()) << "whoever is left alone runs";
}

TEST(GdbServer, DropsWhoTalksWithoutEnd) {
  Kit kit;
  kit.PowerOn();
  auto server = GdbServer::Listen(kit.chip(), 0);
  ASSERT_TRUE(server.ok());
  Stranger stranger((*server)->port());
  (*server)->Serve(100);
  ASSERT_TRUE((*server)->attached());
  stranger.Say("$" + std::string(100'000, 'm'));
  for (int i = 0; i < 100 && (*server)->attached(); ++i) (*server)->Serve(20);
  EXPECT_FALSE((*server)->attached());
  EXPECT_TRUE((*server)->running());
}

}  // namespace
}  // namespace thimble::simulator
