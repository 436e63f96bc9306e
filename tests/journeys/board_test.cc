// `thimble board run` as a person uses it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "simulator/stm32f412/test_program.h"
#include "tests/journeys/command.h"

namespace thimble::journeys {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using simulator::BuildTestProgram;

const fs::path kBoardCheck = fs::path(THIMBLE_DEVICE_DIR "-az3166") / "board_check.elf";
const fs::path kOtherBoard = fs::path(THIMBLE_DEVICE_DIR) / "step_runner.elf";

/// Says what it hears, in capitals.
constexpr char kShouts[] = R"(
void Run(void) {
  REG(0x40023830) |= 1;
  REG(0x40023844) |= 1 << 5;
  REG(0x40020000) |= 2u << 22 | 2u << 24;
  REG(0x40020024) |= 8 << 12 | 8 << 16;
  REG(0x40011408) = 139;
  REG(0x4001140c) = 0x200c;
  REG(0x40011404) = '>';
  for (;;) {
    while (!(REG(0x40011400) & 0x20)) {}
    const u32 byte = REG(0x40011404);
    while (!(REG(0x40011400) & 0x80)) {}
    REG(0x40011404) = byte & ~0x20u;
  }
})";

constexpr char kDivides[] = R"(
__attribute__((noinline)) u32 Divide(u32 a, u32 b) { return a / b; }
void Run(void) { REG(0xe000ed14) |= 1 << 4; REG(0x20000000) = Divide(1, REG(0x20000000) * 0); for (;;) {} })";

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Board : testing::Test {
  CommandResult Run(const std::string& firmware, std::vector<std::string> more, int interrupt_after_ms = 0) {
    more.insert(more.begin(), {"board", "run", firmware});
    return RunThimble(more, folder.path(), interrupt_after_ms);
  }
  TemporaryFolder folder;
};

TEST_F(Board, ChecksItselfAndShowsItsFace) {
  if (!fs::exists(kBoardCheck)) GTEST_SKIP() << kBoardCheck.string() << " is missing: ./run build makes it";
  const CommandResult result = Run(kBoardCheck.string(), {"--ignore-faults", "--seconds", "3", "--screen", "face.png",
                                                          "--show", "--cycles"});  // faults are what it tries
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("cpu done\r\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("kit done\r\n"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("FAILED"), std::string::npos) << result.out;
  EXPECT_EQ(ReadText(folder.path() / "face.png").substr(0, 4), "\x89PNG");
  EXPECT_NE(result.err.find("cycles"), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("note:"), std::string::npos) << "the check uses nothing that is not modelled\n"
                                                         << result.err;
}

TEST_F(Board, ReportsAFaultWithRegistersAndTrace) {
  const std::string elf = BuildTestProgram(kDivides).string();
  const CommandResult result = Run(elf, {"--seconds", "1"});
  EXPECT_EQ(result.exit_code, 4);
  for (const char* part : {"HardFault", "(Divide", "divides by zero", "called from", "(Run", "cfsr 02000000"}) {
    EXPECT_NE(result.err.find(part), std::string::npos) << part << "\n" << result.err;
  }
  const CommandResult for_scripts = Run(elf, {"--seconds", "1", "--json", "--quiet"});
  EXPECT_EQ(for_scripts.exit_code, 4);
  const json object = json::parse(for_scripts.out);
  EXPECT_NE(object["error"]["message"].get<std::string>().find("divides by zero"), std::string::npos);
}

TEST_F(Board, SaysWhatIsWrongWithAFile) {
  std::ofstream(folder.path() / "text.elf") << "Dear board, please run.";
  std::ofstream(folder.path() / "zeros.bin") << std::string(1000, '\0');
  std::ofstream(folder.path() / "empty.bin");
  const auto expect = [&](const std::string& file, int exit_code, const std::string& part) {
    const CommandResult result = Run(file, {"--seconds", "1"});
    EXPECT_EQ(result.exit_code, exit_code) << file;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "") << file;
  };
  expect("missing.elf", 3, "missing.elf: no such");
  expect("text.elf", 5, "does not begin with vectors for az3166");
  expect("zeros.bin", 5, "does not begin with vectors for az3166");
  expect("empty.bin", 5, "does not begin with vectors for az3166");
  expect(THIMBLE_COMMAND, 5, "an ELF for another kind of processor");
  if (fs::exists(kOtherBoard)) expect(kOtherBoard.string(), 2, "do not lie in the flash of az3166");
  const std::string elf = BuildTestProgram(kShouts).string();
  std::ofstream(folder.path() / "half.elf") << ReadText(elf).substr(0, 100);
  expect("half.elf", 5, "not all of it");
}

TEST_F(Board, SaysWhatIsWrongWithAnOption) {
  const std::string elf = BuildTestProgram(kShouts).string();
  EXPECT_EQ(Run(elf, {"--board", "abacus"}).exit_code, 3);
  EXPECT_EQ(Run(elf, {"--board", "mps2_an386"}).exit_code, 2) << "it is linked for the AZ3166";
  EXPECT_EQ(Run(elf, {"--serial", "carrier-pigeon"}).exit_code, 2);
  EXPECT_EQ(Run(elf, {"--press", "C@1"}).exit_code, 2);
  EXPECT_EQ(Run(elf, {"--press", "A@1:-1"}).exit_code, 2);
  EXPECT_EQ(Run(elf, {"--json", "--serial", "-"}).exit_code, 2);
  EXPECT_NE(Run(elf, {"--motion", "nobody.csv", "--seconds", "1"}).exit_code, 0);
  EXPECT_NE(Run(elf, {"--trace", "no/such/folder", "--seconds", "1"}).exit_code, 0);
}

TEST_F(Board, RunsARawImageLikeItsElf) {
  const std::string elf = BuildTestProgram(kShouts).string();
  std::ofstream(folder.path() / "raw.bin", std::ios::binary) << [&] {
    const auto bytes = simulator::TestProgramBytes(kShouts);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }();
  const json from_elf = json::parse(Run(elf, {"--seconds", "0.1", "--json"}).out);
  const json from_raw = json::parse(Run("raw.bin", {"--seconds", "0.1", "--json"}).out);
  EXPECT_EQ(from_elf["instructions"], from_raw["instructions"]);
  EXPECT_EQ(from_elf["end"], "time is up");
  EXPECT_EQ(from_elf["board"], "az3166");
  EXPECT_NEAR(from_elf["seconds"].get<double>(), 0.1, 1e-4);
  EXPECT_GT(from_elf["cycles"].get<uint64_t>(), 1'000'000u);
}

TEST_F(Board, TracesEveryInstruction) {
  const std::string elf = BuildTestProgram(kShouts).string();
  const json object = json::parse(Run(elf, {"--seconds", "0.0001", "--trace", "trace.txt", "--json"}).out);
  const std::string trace = ReadText(folder.path() / "trace.txt");
  EXPECT_EQ(static_cast<uint64_t>(std::count(trace.begin(), trace.end(), '\n')),
            object["instructions"].get<uint64_t>());
  EXPECT_NE(trace.find("Run"), std::string::npos);
  EXPECT_NE(trace.find(" r3="), std::string::npos) << trace.substr(0, 1000);
}

TEST_F(Board, EndsOnCtrlC) {
  const std::string elf = BuildTestProgram(kShouts).string();
  const auto began = std::chrono::steady_clock::now();
  const CommandResult result = Run(elf, {"--cycles"}, 500);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  EXPECT_EQ(result.out, ">");
  EXPECT_EQ(result.exit_code, 0) << "ending a board that runs for ever is how its run ends\n" << result.err;
}

std::string Talk(int peer, const std::string& text) {
  EXPECT_EQ(write(peer, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  std::string heard;
  pollfd ready = {peer, POLLIN, 0};
  while (heard.size() < text.size() + 1 && poll(&ready, 1, 5'000) > 0) {
    std::array<char, 256> buffer;
    const ssize_t count = read(peer, buffer.data(), buffer.size());
    if (count <= 0) break;
    heard.append(buffer.data(), static_cast<size_t>(count));
  }
  return heard;
}

/// The command while it runs; what it says on standard error can be read.
class Running {
 public:
  explicit Running(const std::string& arguments)
      : pipe_(popen(("exec " THIMBLE_COMMAND " board run " + arguments + " 2>&1 </dev/null").c_str(), "r")) {}
  ~Running() { pclose(pipe_); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  std::string Line() {
    char text[512];
    return std::fgets(text, sizeof text, pipe_) != nullptr ? text : "";
  }

 private:
  std::FILE* pipe_;
};

TEST_F(Board, TalksOverATerminal) {
  Running board(BuildTestProgram(kShouts).string() + " --serial pty --seconds 3 --pace real");
  const std::string line = board.Line();
  const size_t at = line.find("/dev/pts/");
  ASSERT_NE(at, std::string::npos) << line;
  const int peer = open(line.substr(at, line.find(',', at) - at).c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(peer, 0) << line;
  EXPECT_EQ(Talk(peer, "hello"), ">HELLO");
  close(peer);
}

TEST_F(Board, TalksOverASocket) {
  Running board(BuildTestProgram(kShouts).string() + " --serial tcp:0 --seconds 3 --pace real");
  const std::string line = board.Line();
  const size_t at = line.find("127.0.0.1:");
  ASSERT_NE(at, std::string::npos) << line;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(line.substr(at + 10))));
  const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(Talk(peer, "hello"), ">HELLO");
  close(peer);
}

TEST_F(Board, WaitsForADebugger) {
  const std::string elf = BuildTestProgram(kShouts).string();
  Running board(elf + " --gdb 0 --serial none --seconds 1");
  const std::string line = board.Line();
  const size_t at = line.find("target remote :");
  ASSERT_NE(at, std::string::npos) << line;
  const std::string port = line.substr(at + 15, line.find('\'', at) - at - 15);
  auto gdb = compiler::Command::Start({"timeout", "60", "gdb-multiarch", "-nx", "-batch", elf, "-ex",
                                       "target remote :" + port, "-ex", "print/x $sp", "-ex", "kill"});
  ASSERT_TRUE(gdb.ok());
  const std::string said = gdb->Wait().output;
  if (said.find("failed to run command") != std::string::npos) GTEST_SKIP() << "gdb-multiarch is not installed";
  EXPECT_NE(said.find("0x20010000"), std::string::npos) << said;
}

}  // namespace
}  // namespace thimble::journeys
