// Starts an ELF in qemu-system-arm and connects its serial line to this process.
#ifndef THIMBLE_SIMULATOR_QEMU_H_
#define THIMBLE_SIMULATOR_QEMU_H_

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "firmware/board.h"
#include "simulator/board_link.h"

namespace thimble::simulator {

struct QemuOptions {
  std::filesystem::path elf;
  /// A board of firmware/all_boards.h that QEMU has; the one that the ELF was built for.
  std::string board = "mps2_an386";
  /// For the model runner: a .tflite to place in the board's memory.
  std::optional<std::filesystem::path> model = std::nullopt;
  std::string program = "qemu-system-arm";
  /// A plugin that counts cycles (simulator/cycles.h), and the file that it writes when QEMU stops. With it time is the
  /// real one: ticks are no instructions.
  std::filesystem::path cycle_counter = {};
  std::filesystem::path cycle_report = {};
};

/// A running board. Instructions take exactly 1 ns of its time each, so two runs with the same bytes on the serial
/// line count the same ticks; the line carries about 120 KB/s.
///
/// QEMU ends with this object, and, on Linux, with the thread that started it, however that ends.
class Qemu : public BoardLink {
 public:
  /// kNotFound: no such file or board, or QEMU is not installed. kInvalidArgument: the model does not fit.
  static Expected<std::unique_ptr<Qemu>> Start(const QemuOptions& options);

  ~Qemu() override;
  Qemu(const Qemu&) = delete;
  Qemu& operator=(const Qemu&) = delete;

  Outcome Write(std::span<const std::byte> bytes) override;
  Expected<size_t> Read(std::span<std::byte> buffer, int timeout_ms) override;
  std::string Describe() const override;

  /// Ends QEMU and waits until it has written all reports.
  void Stop();

 private:
  Qemu() = default;
  Error Ended();

  std::string program_;
  const firmware::Board* board_ = nullptr;
  pid_t process_ = -1;
  int serial_ = -1;    // our end of the socket that is the board's serial line
  int wake_ = -1;      // our end of a line to QEMU's monitor, or none
  int messages_ = -1;  // what QEMU wrote to its standard output and error
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_QEMU_H_
