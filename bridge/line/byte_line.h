// Bytes to and from a board, with a clock beside them: a serial port's, or a virtual board's own time.
#ifndef THIMBLE_BRIDGE_LINE_BYTE_LINE_H_
#define THIMBLE_BRIDGE_LINE_BYTE_LINE_H_

#include <cstddef>
#include <span>
#include <string>

#include "base/error.h"

namespace thimble::bridge {

class ByteLine {
 public:
  virtual ~ByteLine() = default;

  /// Waits up to `timeout_ms` for bytes and gives how many came; 0: none in that time. kDeviceFailed once the other end
  /// is gone, kCancelled when somebody wants to stop.
  virtual Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) = 0;

  /// Sends all of `bytes`, or gives up after a second.
  virtual Outcome Write(std::span<const std::byte> bytes) = 0;

  /// Throws away what arrived and was not read.
  virtual void Drain() = 0;

  /// A line without a baud rate takes any.
  virtual Outcome SetBaud(int baud) = 0;
  virtual bool HasBaud() const = 0;

  /// After the other end has gone: tries once to have it back. kNotFound: not yet.
  virtual Outcome Reopen() = 0;

  /// A simulated board is as fast as a real one, or as fast as this computer can.
  virtual void KeepRealTime(bool /*real*/) {}

  /// Monotonic. Of the board's own time where it is simulated.
  virtual double Seconds() const = 0;

  virtual std::string Describe() const = 0;
};

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_LINE_BYTE_LINE_H_
