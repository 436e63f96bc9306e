// QUADSPI: the interface to serial flash, with the kit's chip behind it.
#ifndef THIMBLE_SIMULATOR_STM32F412_QUADSPI_H_
#define THIMBLE_SIMULATOR_STM32F412_QUADSPI_H_

#include "simulator/stm32f412/en25qh16.h"
#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, section 12. Commands and bytes take their clocks; where the real bus waits (DR read while the FIFO is empty
/// or written while it is full) the bytes come or go at once. Reads through the mapped window take no time.
class Quadspi final : public Peripheral {
 public:
  static constexpr uint32_t kWindowBase = 0x9000'0000, kWindowBytes = 0x1000'0000;
  static constexpr int kInterrupt = 92;

  explicit Quadspi(Chip& chip);

  std::string_view Name() const override { return "QUADSPI"; }
  /// The chip behind it is not reset.
  void Reset() override;
  void PowerOn() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  /// Its own registers and those of the chip behind it.
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// What the external chip keeps.
  PagedMemory& memory() { return flash_.memory(); }
  const PagedMemory& memory() const { return flash_.memory(); }
  En25qh16& external_chip() { return flash_; }

  /// The 1 KiB page of the window at `offset` from kWindowBase, while memory-mapped mode is on and simply shows memory;
  /// else nullptr. It stays valid until Chip::MemoryChanged names the window.
  const std::byte* MappedPage(uint32_t offset) const;
  /// A read in the window. False: not in memory-mapped mode, or beyond the configured size (a bus fault).
  bool ReadMapped(uint32_t offset, int bytes, uint32_t& value);

 private:
  static constexpr int kFifoBytes = 32;
  struct Registers {
    uint32_t cr, dcr, flags, dlr, ccr, ar, abr, psmkr, psmar, pir, lptr;
    uint8_t fifo[kFifoBytes];
    uint32_t fifo_first, fifo_count;
    bool running;         // a command is under way
    bool writes, polls;   // else it reads, or has no data
    bool polled;          // an answer lies in the FIFO that nobody has read
    uint64_t left;        // bytes
    uint64_t next_cycle;  // when the next byte, or a poll's answer, has passed; without bytes: when the command is done
  };

  uint32_t Mode() const { return own_.ccr >> 26 & 3; }
  bool Enabled() const { return (own_.cr & 1) != 0; }
  bool HasData() const { return (own_.ccr >> 24 & 3) != 0; }
  bool Mapped() const { return Enabled() && Mode() == 3; }
  uint64_t SizeBytes() const;
  SerialFlashCommand Command() const;
  uint64_t Cycles(uint64_t clocks) const;
  uint64_t CommandCycles() const;
  uint64_t ByteCycles() const;
  bool Stalled() const;
  void Push(uint8_t byte);
  uint8_t Pop();
  void Begin();
  void StepByte();
  void StepPoll();
  void Finish();
  void Abort();
  void Update();
  void Changed();
  bool Threshold() const;
  uint32_t Status() const;
  uint32_t ReadData(int bytes);
  void WriteData(uint32_t value, int bytes);

  struct {
    Registers own;
    En25qh16::StateData external;
  } state_ = {};
  Registers& own_ = state_.own;
  Chip& chip_;
  En25qh16 flash_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_QUADSPI_H_
