#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <string_view>

namespace thimble::cli {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait for a lock");

extern "C" void Remember(int signal_number) {
  if (interrupted) {
    // Whoever asks twice does not want to wait. The cursor may be hidden; only async-signal-safe calls here.
    constexpr std::string_view kShowCursor = "\x1b[?25h";
    if (isatty(STDERR_FILENO) != 0) {
      [[maybe_unused]] const auto written = write(STDERR_FILENO, kShowCursor.data(), kShowCursor.size());
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
  }
  interrupted = true;
}

}  // namespace

void WatchForInterrupt() {
  struct sigaction action = {};
  action.sa_handler = &Remember;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() { return interrupted; }

const std::atomic<bool>& InterruptFlag() { return interrupted; }

void ForgetInterrupt() { interrupted = false; }

Outcome CheckInterrupt() {
  if (Interrupted()) return {Status::kCancelled, "stopped; nothing was written"};
  return Nothing{};
}

}  // namespace thimble::cli
