// A serial port or pseudo-terminal of this computer, for this program alone.
#ifndef THIMBLE_BRIDGE_LINE_SERIAL_PORT_H_
#define THIMBLE_BRIDGE_LINE_SERIAL_PORT_H_

#include <atomic>
#include <memory>
#include <string>

#include "bridge/line/byte_line.h"

namespace thimble::bridge {

/// Raw, eight data bits, no parity, one stop bit, no flow control; any baud rate that the driver can make. No call
/// waits longer than it was told.
class SerialPort final : public ByteLine {
 public:
  /// Takes the port for this program: other programs' locks are respected (advisory, "/var/lock/LCK..", exclusive
  /// mode), and ours are left for them.
  ///
  ///   kNotFound   there is no such port
  ///   kFailed     another program has it (with its number and name if they can be known), no permission, or the
  ///   system's
  ///               reason
  ///   kInvalidArgument  not a serial port, or a baud rate that the driver cannot make
  static Expected<std::unique_ptr<SerialPort>> Open(const std::string& path, int baud,
                                                    const std::atomic<bool>* cancelled = nullptr);

  SerialPort(const SerialPort&) = delete;
  SerialPort& operator=(const SerialPort&) = delete;
  ~SerialPort() override;

  Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) override;
  Outcome Write(std::span<const std::byte> bytes) override;
  void Drain() override;
  Outcome SetBaud(int baud) override;
  bool HasBaud() const override { return true; }
  Outcome Reopen() override;
  double Seconds() const override;
  std::string Describe() const override { return path_; }

 private:
  SerialPort(std::string path, int baud, const std::atomic<bool>* cancelled);
  Outcome Take();
  void Release();
  Error Gone();

  std::string path_;
  int baud_;
  const std::atomic<bool>* cancelled_;
  int descriptor_ = -1;
};

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_LINE_SERIAL_PORT_H_
