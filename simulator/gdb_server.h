// Lets GDB look into a virtual board: its remote protocol over TCP.
//
//   gdb-multiarch firmware.elf -ex 'target remote :3333'
#ifndef THIMBLE_SIMULATOR_GDB_SERVER_H_
#define THIMBLE_SIMULATOR_GDB_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "simulator/descriptor.h"
#include "simulator/stm32f412/stm32f412.h"

namespace thimble::simulator {

/// The packets, without their way here. What comes in may be anything. Source: "Debugging with GDB", appendix E.
class GdbProtocol {
 public:
  explicit GdbProtocol(Stm32f412& chip) : chip_(chip) {}

  /// The answer to one packet's content, or nothing to be sent when the program is to run first: then running() holds
  /// and Stopped() gives the answer later.
  std::string Answer(std::string_view packet);

  /// The program runs; for one instruction if stepping().
  bool running() const { return running_; }
  bool stepping() const { return stepping_; }
  /// It ran, and stopped for that reason; or the debugger asked it to stop (kInterrupted).
  std::string Stopped(ChipStop reason);

  /// The debugger said goodbye, or to end the board.
  bool detached() const { return detached_; }
  bool killed() const { return killed_; }
  /// Acknowledgements were agreed to be left out.
  bool without_acknowledgements() const { return without_acknowledgements_; }

  /// Takes all breakpoints out, and lets the program run.
  void Detach();

 private:
  std::string ReadRegisters() const;
  std::string WriteRegisters(std::string_view text);
  std::string ReadRegister(uint32_t number) const;
  bool WriteRegister(uint32_t number, std::string_view text);
  std::string ReadMemory(std::string_view arguments);
  std::string WriteMemory(std::string_view arguments, bool is_binary);
  std::string ChangeBreakpoint(std::string_view packet);
  std::string Query(std::string_view packet);
  std::string Monitor(std::string_view hexadecimal);
  std::string Resume(std::string_view action);
  bool WriteBytes(uint32_t address, std::string_view bytes);

  Stm32f412& chip_;
  bool running_ = false, stepping_ = false, detached_ = false, killed_ = false, without_acknowledgements_ = false;
  std::string last_stop_ = "S05";
  std::vector<uint32_t> breakpoints_;
  struct Watchpoint {
    uint32_t address, bytes;
    bool reads, writes;
    bool operator==(const Watchpoint&) const = default;
  };
  std::vector<Watchpoint> watchpoints_;
};

class GdbServer {
 public:
  /// On the loopback; `port` 0: any that is free.
  static Expected<std::unique_ptr<GdbServer>> Listen(Stm32f412& chip, int port);

  int port() const { return port_; }
  bool attached() const { return peer_.number >= 0; }
  /// The program may run now. Until a debugger has come and gone or let it run, it may not.
  bool running() const { return protocol_->running(); }
  bool stepping() const { return protocol_->stepping(); }
  bool killed() const { return protocol_->killed(); }

  /// Handles what has come, waiting up to `timeout_ms` for it while the program does not run.
  void Serve(int timeout_ms);
  /// The program stopped by itself.
  void Stopped(ChipStop reason);

 private:
  GdbServer(Stm32f412& chip, Descriptor listener, int port);
  void Receive();
  void HandleInput();
  void Send(const std::string& answer);
  void Drop();

  Stm32f412& chip_;
  Descriptor listener_, peer_;
  int port_;
  std::unique_ptr<GdbProtocol> protocol_;
  std::string input_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_GDB_SERVER_H_
