// A virtual kit at work: its serial line pumped, its time paced, its buttons pressed, until something ends it.
#ifndef THIMBLE_SIMULATOR_KIT_SESSION_H_
#define THIMBLE_SIMULATOR_KIT_SESSION_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "simulator/az3166/kit.h"
#include "simulator/gdb_server.h"
#include "simulator/serial_end.h"

namespace thimble::simulator {

/// A button held down for a while.
struct ButtonPress {
  Button button = Button::kA;
  uint64_t at_ns = 0;
  uint64_t for_ns = 200'000'000;
};

struct SessionOptions {
  uint64_t until_ns = kNever;     ///< of the board's time
  bool real_time = false;         ///< not faster than a real board
  bool stop_at_faults = true;     ///< else only at a lockup
  SerialEnd* serial = nullptr;    ///< none: what the board says is lost
  GdbServer* debugger = nullptr;  ///< given: the board waits for it before its first instruction
  std::vector<ButtonPress> presses;
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(const Registers&)> trace;    ///< before each instruction
  std::function<void(uint64_t now_ns)> progress;  ///< every 100 ms of the board's time
};

enum class SessionEnd : uint8_t { kTimeIsUp, kFault, kLockup, kPowerLost, kCancelled, kKilledByDebugger };

struct SessionResult {
  SessionEnd end = SessionEnd::kTimeIsUp;
  FaultRecord fault;  ///< the last one, for kFault and kLockup
  uint64_t faults = 0;
};

/// Runs the kit, which has its program and its power, until something ends it.
SessionResult RunSession(Kit& kit, const SessionOptions& options);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_KIT_SESSION_H_
