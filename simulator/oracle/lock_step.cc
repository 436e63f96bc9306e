#include "simulator/oracle/lock_step.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "firmware/boards/mps2_an386/board.h"
#include "simulator/descriptor.h"
#include "simulator/oracle/child.h"
#include "simulator/oracle/mps2_an386.h"
#include "simulator/program.h"

namespace thimble::simulator::oracle {
namespace {

/// What QEMU writes down of a processor.
struct Dump {
  std::array<uint32_t, 16> r = {};
  uint32_t xpsr = 0;
  std::array<uint32_t, 32> s = {};
  uint32_t fpscr = 0;

  bool operator==(const Dump&) const = default;
};

Dump DumpOf(const Registers& registers, bool floats) {
  Dump dump{.xpsr = registers.Xpsr()};
  std::copy_n(registers.r, 16, dump.r.begin());
  if (floats) {
    std::copy_n(registers.s, 32, dump.s.begin());
    dump.fpscr = registers.fpscr;
  }
  return dump;
}

std::string Describe(const Dump& dump, bool floats) {
  std::string text;
  char word[32];
  for (size_t i = 0; i < dump.r.size(); ++i) {
    std::snprintf(word, sizeof word, "r%zu=%08x ", i, dump.r[i]);
    text += word;
  }
  std::snprintf(word, sizeof word, "xpsr=%08x", dump.xpsr);
  text += word;
  if (!floats) return text;
  for (size_t i = 0; i < dump.s.size(); ++i) {
    std::snprintf(word, sizeof word, " s%zu=%08x", i, dump.s[i]);
    text += word;
  }
  std::snprintf(word, sizeof word, " fpscr=%08x", dump.fpscr);
  return text + word;
}

/// The log of `-d cpu` as it comes, and beside it what comes up the serial line, which QEMU would else wait for.
class Trace {
 public:
  Trace(Descriptor log, Descriptor serial, bool floats)
      : log_(std::move(log)), serial_(std::move(serial)), floats_(floats), buffer_(1 << 20) {}

  /// `count` bytes from the serial line, or fewer when there are no more within a second.
  std::vector<std::byte> Output(size_t count) {
    for (pollfd ready{serial_.number, POLLIN, 0}; output_.size() < count && poll(&ready, 1, 1000) > 0;) {
      if (!Receive()) break;
    }
    return output_;
  }

  /// False: QEMU has ended.
  bool Next(Dump& dump) {
    std::string_view line;
    do {
      if (!Line(line)) return false;
    } while (!line.starts_with("R00="));
    for (size_t row = 0; row < 4; ++row) {
      if (row > 0 && !Line(line)) return false;
      for (size_t i = 0; i < 4; ++i) dump.r[row * 4 + i] = Hex(line, 4 + 13 * i);
    }
    if (!Line(line)) return false;
    dump.xpsr = Hex(line, 5);
    if (!floats_) return true;
    for (size_t row = 0; row < 16; ++row) {
      if (!Line(line)) return false;
      dump.s[row * 2] = Hex(line, 4);
      dump.s[row * 2 + 1] = Hex(line, 17);
    }
    if (!Line(line)) return false;
    dump.fpscr = Hex(line, 7);
    return true;
  }

 private:
  bool Line(std::string_view& line) {
    for (size_t searched = begin_;;) {
      const void* found = std::memchr(buffer_.data() + searched, '\n', end_ - searched);
      if (found != nullptr) {
        const auto at = static_cast<size_t>(static_cast<const char*>(found) - buffer_.data());
        line = {buffer_.data() + begin_, at - begin_};
        begin_ = at + 1;
        return true;
      }
      if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
      }
      searched = end_;
      if (end_ == buffer_.size()) return false;
      pollfd ready[] = {{log_.number, POLLIN, 0}, {serial_.number, POLLIN, 0}};
      while (ready[0].revents == 0) {
        if (poll(ready, 2, -1) < 0) return false;
        if (ready[1].revents != 0 && !Receive()) ready[1].fd = -1;
      }
      const ssize_t count = read(log_.number, buffer_.data() + end_, buffer_.size() - end_);
      if (count <= 0) return false;
      end_ += static_cast<size_t>(count);
    }
  }

  bool Receive() {
    std::byte bytes[1024];
    const ssize_t count = recv(serial_.number, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    output_.insert(output_.end(), bytes, bytes + count);
    return true;
  }

  static uint32_t Hex(std::string_view line, size_t at) {
    uint32_t value = 0;
    for (size_t i = at; i < at + 8 && i < line.size(); ++i) {
      const char digit = line[i];
      value = value << 4 | static_cast<uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return value;
  }

  Descriptor log_, serial_;
  bool floats_;
  std::vector<std::byte> output_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
};

/// Lets our processor go where QEMU has been.
class Follower : public CoreObserver {
 public:
  Follower(Core& core, Trace& trace, const Program& program, bool floats)
      : core_(core), trace_(trace), program_(program), floats_(floats) {
    for (const Program::Function& function : program.functions) {
      const std::string_view name = function.name;
      if (name == "thimble::firmware::Ticks()") ticks_ = function;
      if (name == "thimble::firmware::ReadByte()" || name == "thimble::firmware::Ticks()" ||
          name.starts_with("thimble::firmware::Write(")) {
        apart_.push_back(function);
      }
    }
  }

  void BeforeInstruction(const Registers& registers) override {
    if (!failure_.empty()) return;
    const bool was_apart = std::exchange(is_apart_, IsApart(registers.r[kPc]));
    if (is_apart_) was_in_ticks_ = registers.r[kPc] - ticks_.address < ticks_.bytes;
    if (is_apart_ && was_apart) return;  // inside; how it began has been compared
    if (!expected_ready_ && !Expect(was_apart)) return;
    if (registers.r[kPc] != expected_.r[kPc]) return Miss(registers);
    Dump found = DumpOf(registers, floats_);
    if (was_apart) {
      // Who called knows r0, and what a function must leave as it was.
      Adopt(found);
    } else if (comparisons_ == 0) {
      found.xpsr = (found.xpsr & 0x07ff'ffff) | (expected_.xpsr & 0xf800'0000);  // flags are unknown after a reset
    }
    if (found != expected_) return Miss(registers);
    if (was_apart || comparisons_ == 0) TakeOver();
    ++comparisons_;
    misses_ = 0;
    first_miss_.clear();
    expected_ready_ = false;
  }

  uint64_t comparisons() const { return comparisons_; }
  const std::string& failure() const { return failure_; }

 private:
  /// A block of QEMU is never longer.
  static constexpr int kMostMisses = 2048;

  bool IsApart(uint32_t pc) const {
    return std::any_of(apart_.begin(), apart_.end(),
                       [pc](const Program::Function& function) { return pc - function.address < function.bytes; });
  }

  /// Where QEMU's next block begins, or, where our processor has come back from a function that is apart, QEMU's first
  /// block after it.
  bool Expect(bool after_apart) {
    const Dump before = expected_;
    do {
      if (!trace_.Next(expected_)) {
        Fail("QEMU ended");
        return false;
      }
      // A block that QEMU gave up before it had begun is written down twice.
    } while ((after_apart && IsApart(expected_.r[kPc])) || (!after_apart && comparisons_ > 0 && expected_ == before));
    expected_ready_ = true;
    return true;
  }

  void Adopt(Dump& found) const {
    for (const size_t i : {1, 2, 3, 12, 14}) found.r[i] = expected_.r[i];
    if (was_in_ticks_) found.r[0] = expected_.r[0];
    found.xpsr = (found.xpsr & 0x07ff'ffff) | (expected_.xpsr & 0xf800'0000);
  }

  void TakeOver() {
    Registers& registers = core_.registers();
    std::copy_n(expected_.r.begin(), 15, registers.r);
    registers.n = expected_.xpsr >> 31 != 0;
    registers.z = (expected_.xpsr >> 30 & 1) != 0;
    registers.c = (expected_.xpsr >> 29 & 1) != 0;
    registers.v = (expected_.xpsr >> 28 & 1) != 0;
    registers.q = (expected_.xpsr >> 27 & 1) != 0;
  }

  /// Not the place, or not the registers. It may be the middle of a block that a later block jumps back into.
  void Miss(const Registers& registers) {
    if (first_miss_.empty() && registers.r[kPc] == expected_.r[kPc])
      first_miss_ = Describe(DumpOf(registers, floats_), floats_);
    if (++misses_ <= kMostMisses) return;
    Fail(
        "in " + program_.NameOf(expected_.r[kPc]) + " after " + std::to_string(comparisons_) +
        " comparisons\n  QEMU: " + Describe(expected_, floats_) + "\n  here: " +
        (first_miss_.empty() ? "never came there; now " + Describe(DumpOf(registers, floats_), floats_) : first_miss_));
  }

  void Fail(std::string what) {
    failure_ = std::move(what);
    core_.StopAt(0);
  }

  Core& core_;
  Trace& trace_;
  const Program& program_;
  bool floats_;
  std::vector<Program::Function> apart_;
  Program::Function ticks_;
  bool is_apart_ = false;
  bool was_in_ticks_ = false;
  bool expected_ready_ = false;
  Dump expected_;
  int misses_ = 0;
  std::string first_miss_;
  uint64_t comparisons_ = 0;
  std::string failure_;
};

}  // namespace

Expected<LockStepReport> RunInLockStep(const LockStepOptions& options) {
  THIMBLE_ASSIGN(const Program program, LoadProgram(options.elf, firmware::kMps2An386));
  THIMBLE_ASSIGN(const std::unique_ptr<Mps2An386> board, Mps2An386::Start(options.elf));
  THIMBLE_EXPECT(board->Write(options.input));

  int pipes[2], sockets[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return SystemError("pipe2");
  Descriptor log_read(pipes[0]), log_write(pipes[1]);
  fcntl(log_read.number, F_SETPIPE_SZ, 1 << 20);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return SystemError("socketpair");
  Descriptor serial(sockets[0]), their_serial(sockets[1]);
  THIMBLE_ASSIGN(
      const Child qemu,
      Child::Start({"qemu-system-arm", "-M", "mps2-an386", "-nodefaults", "-display", "none", "-icount", "shift=0",
                    "-chardev", "socket,id=serial,fd=3", "-serial", "chardev:serial", "-kernel", options.elf.string(),
                    "-d", options.floats ? "nochain,cpu,fpu" : "nochain,cpu", "-D", "/proc/self/fd/4"},
                   {their_serial.number, log_write.number}));
  their_serial.Close();
  log_write.Close();
  for (size_t sent = 0; sent < options.input.size();) {
    const ssize_t count = send(serial.number, options.input.data() + sent, options.input.size() - sent, MSG_NOSIGNAL);
    if (count < 0) return SystemError("send");
    sent += static_cast<size_t>(count);
  }

  Trace trace(std::move(log_read), std::move(serial), options.floats);
  Follower follower(board->core(), trace, program, options.floats);
  board->core().SetObserver(&follower, true);
  LockStepReport report;
  for (std::byte buffer[4096]; follower.failure().empty();) {
    THIMBLE_ASSIGN(const size_t count, board->Read(buffer, 1000));
    report.output.insert(report.output.end(), buffer, buffer + count);
    if (count == 0 && board->core().registers().sleeping && board->unreceived() == 0) break;
  }
  report.instructions = board->core().registers().instructions;
  report.comparisons = follower.comparisons();
  if (!follower.failure().empty()) {
    return {Status::kVerificationFailed, options.elf.string() + ": " + follower.failure()};
  }
  if (trace.Output(report.output.size()) != report.output) {
    return {Status::kVerificationFailed, options.elf.string() + ": the two have not sent the same bytes"};
  }
  return report;
}

}  // namespace thimble::simulator::oracle
