// Where the other end of a virtual board's serial line comes out: a pseudo-terminal, a TCP port, or this process's
// standard streams.
#ifndef THIMBLE_SIMULATOR_SERIAL_END_H_
#define THIMBLE_SIMULATOR_SERIAL_END_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"

namespace thimble::simulator {

class SerialEnd {
 public:
  virtual ~SerialEnd() = default;

  /// Takes bytes from the board. Those that nobody reads are kept, up to a megabyte, and then dropped from the front as
  /// a terminal that is not open would lose them.
  virtual void Write(std::span<const std::byte> bytes) = 0;

  /// Gives bytes for the board, as many as there are, at most buffer.size(); never waits.
  virtual size_t Read(std::span<std::byte> buffer) = 0;

  /// Tries to pass on what was kept.
  virtual void Flush() = 0;

  /// Nobody will ever send again: the end of standard input.
  virtual bool Ended() const { return false; }

  /// What a person connects to: "/dev/pts/7", "127.0.0.1:4444".
  virtual std::string Describe() const = 0;
};

/// `spec`: "pty", "tcp:PORT" (loopback; port 0: any that is free; one peer at a time), "-" (standard input and output)
/// or "none". kInvalidArgument for anything else, kFailed with the system's reason.
Expected<std::unique_ptr<SerialEnd>> OpenSerialEnd(const std::string& spec);

/// A TCP port of this computer's loopback from "4444"; kInvalidArgument otherwise.
Expected<int> ParsePort(const std::string& text);

/// A listening socket on the loopback, not waiting in accept; `port` 0 becomes the one that was free.
Expected<int> ListenOnLoopback(int& port);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_SERIAL_END_H_
