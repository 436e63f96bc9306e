#include "simulator/kit_session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace thimble::simulator {
namespace {

using Clock = std::chrono::steady_clock;

// Between two looks at the serial line, the buttons and the debugger, of the board's time.
constexpr uint64_t kSliceNs = 1'000'000;
constexpr uint64_t kStepCycles = 100'000;
constexpr uint64_t kProgressNs = 100'000'000;
constexpr int kWaitForDebuggerMs = 20;

class Session final : public CoreObserver {
 public:
  Session(Kit& kit, const SessionOptions& options) : kit_(kit), options_(options) {
    kit_.on_serial = [this](std::byte byte, uint64_t) { said_.push_back(byte); };
    kit_.chip().core().SetObserver(this, static_cast<bool>(options_.trace));
  }
  ~Session() override {
    kit_.on_serial = nullptr;
    kit_.chip().core().SetObserver(nullptr, false);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  SessionResult Run() {
    const Clock::time_point began = Clock::now();
    const uint64_t began_ns = kit_.chip().NowNs();
    uint64_t next_progress_ns = began_ns;
    std::chrono::nanoseconds halted{0};
    while (true) {
      if (options_.cancelled != nullptr && *options_.cancelled) return End(SessionEnd::kCancelled);
      GdbServer* const debugger = options_.debugger;
      if (debugger != nullptr) {
        const Clock::time_point before = Clock::now();
        debugger->Serve(kWaitForDebuggerMs);
        if (debugger->killed()) return End(SessionEnd::kKilledByDebugger);
        if (!debugger->running()) {
          halted += Clock::now() - before;
          continue;
        }
      }
      const uint64_t now_ns = kit_.chip().NowNs();
      if (now_ns >= options_.until_ns) return End(SessionEnd::kTimeIsUp);
      if (options_.progress && now_ns >= next_progress_ns) {
        options_.progress(now_ns);
        next_progress_ns = now_ns + kProgressNs;
      }
      MoveButtons(now_ns);
      Listen();
      const uint64_t slice_end_ns = std::min({options_.until_ns, now_ns + kSliceNs, NextButtonNs(now_ns)});
      const bool steps = debugger != nullptr && debugger->stepping();
      const uint64_t instructions = kit_.chip().core().registers().instructions;
      // A sleeping core has no next instruction, so a step is bounded in time as well.
      const ChipStop stop = steps ? kit_.chip().Run(kit_.chip().Cycles() + kStepCycles, instructions + 1)
                                  : kit_.chip().RunUntilNs(slice_end_ns);
      Speak();
      switch (stop) {
        case ChipStop::kReached:
          if (steps && kit_.chip().core().registers().instructions != instructions) debugger->Stopped(stop);
          break;
        case ChipStop::kInterrupted:  // by FaultTaken
          if (debugger != nullptr && debugger->attached()) {
            debugger->Stopped(stop);
          } else if (faulted_ && options_.stop_at_faults) {
            return End(SessionEnd::kFault);
          }
          break;
        case ChipStop::kLockup:
          if (debugger == nullptr || !debugger->attached()) return End(SessionEnd::kLockup);
          debugger->Stopped(stop);
          break;
        case ChipStop::kPowerLost:
          return End(SessionEnd::kPowerLost);
        case ChipStop::kBreakpoint:
        case ChipStop::kWatchpoint:
        case ChipStop::kBreakInstruction:
          if (debugger != nullptr) debugger->Stopped(stop);
          break;
      }
      if (options_.real_time) {
        const std::chrono::nanoseconds due(kit_.chip().NowNs() - began_ns);
        std::this_thread::sleep_until(began + halted + due);
      }
    }
  }

  void BeforeInstruction(const Registers& registers) override {
    if (options_.trace) options_.trace(registers);
  }

  void FaultTaken(const FaultRecord& record) override {
    result_.fault = record;
    ++result_.faults;
    faulted_ = true;
    if (options_.stop_at_faults && (options_.debugger == nullptr || !options_.debugger->attached())) {
      kit_.chip().Interrupt();
    }
  }

 private:
  SessionResult End(SessionEnd end) {
    Speak();
    result_.end = end;
    return result_;
  }

  void MoveButtons(uint64_t now_ns) {
    for (const Button button : {Button::kA, Button::kB}) {
      bool pressed = false, mentioned = false;
      for (const ButtonPress& press : options_.presses) {
        if (press.button != button) continue;
        mentioned = true;
        pressed |= press.at_ns <= now_ns && now_ns - press.at_ns < press.for_ns;
      }
      if (mentioned) kit_.Press(button, pressed);
    }
  }

  /// When a button goes down or up next.
  uint64_t NextButtonNs(uint64_t now_ns) const {
    uint64_t next = kNever;
    for (const ButtonPress& press : options_.presses) {
      for (const uint64_t ns : {press.at_ns, press.at_ns + press.for_ns}) {
        if (ns > now_ns) next = std::min(next, ns);
      }
    }
    return next;
  }

  void Listen() {
    if (options_.serial == nullptr) return;
    if (heard_.empty()) {
      std::array<std::byte, 4096> buffer;
      const size_t count = options_.serial->Read(buffer);
      heard_.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
    }
    if (heard_.empty()) return;
    const size_t taken = kit_.SendSerial(heard_);
    heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(taken));
  }

  void Speak() {
    if (options_.serial == nullptr) return;
    if (!said_.empty()) options_.serial->Write(said_);
    options_.serial->Flush();
    said_.clear();
  }

  Kit& kit_;
  const SessionOptions& options_;
  SessionResult result_;
  bool faulted_ = false;
  std::vector<std::byte> said_, heard_;
};

}  // namespace

SessionResult RunSession(Kit& kit, const SessionOptions& options) { return Session(kit, options).Run(); }

}  // namespace thimble::simulator
