// Ctrl-C as a question that long work asks now and then, so that it can stop cleanly.
#ifndef THIMBLE_CLI_INTERRUPT_H_
#define THIMBLE_CLI_INTERRUPT_H_

#include <atomic>

#include "base/error.h"

namespace thimble::cli {

/// From now on SIGINT and SIGTERM are remembered instead of ending the program; a second one ends it at once.
void WatchForInterrupt();

/// Has one arrived?
bool Interrupted();

/// The same as a flag, for work that watches one by itself.
const std::atomic<bool>& InterruptFlag();

/// The one that arrived was answered; the next one is a first again.
void ForgetInterrupt();

/// kCancelled once one has arrived.
Outcome CheckInterrupt();

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_INTERRUPT_H_
