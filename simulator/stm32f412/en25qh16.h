// EN25QH16: the kit's 2 MiB of serial flash, as it answers commands on one, two or four wires.
#ifndef THIMBLE_SIMULATOR_STM32F412_EN25QH16_H_
#define THIMBLE_SIMULATOR_STM32F412_EN25QH16_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "simulator/stm32f412/paged_memory.h"
#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// What a master sends after it selected the chip and before data flow. Lines: 0 (the phase is left out), 1, 2 or 4.
struct SerialFlashCommand {
  uint8_t instruction = 0;
  uint8_t unused[3] = {};  // no holes: a saved state has the same bytes when it is the same
  int instruction_lines = 1;
  uint32_t address = 0;
  int address_bits = 0, address_lines = 0;
  uint32_t alternate = 0;
  int alternate_bits = 0, alternate_lines = 0;
  int dummy_cycles = 0;
  int data_lines = 0;
  bool double_rate = false;
  uint8_t unused_too[3] = {};

  bool operator==(const SerialFlashCommand&) const = default;
};

class En25qh16 {
 public:
  static constexpr uint32_t kBytes = 2 * 1024 * 1024, kPageBytes = 256;
  static constexpr uint32_t kJedecId = 0x1c'3015;

  /// What the chip remembers beside its memory; `status` keeps its value without power. Zeros: as it came from the
  /// factory.
  struct StateData {
    SerialFlashCommand command;
    bool selected, accepted;
    uint8_t unused[2];
    uint32_t position;  // the address, or the index of the next byte of an answer
    uint32_t count;     // bytes written since Select
    uint8_t page[kPageBytes];
    bool page_filled[kPageBytes];

    uint8_t status;  // BP3:0, WHDIS and SRP; WIP and WEL come from below
    uint8_t new_status;
    bool write_enabled, powered_down, four_wires, reset_enabled;
    uint8_t unused_too[2];
    uint64_t busy_until_ns;
  };

  /// `state` belongs to whoever saves it, and begins as zeros.
  En25qh16(Chip& chip, StateData& state) : state_(state), chip_(chip) {}

  /// The chip has no reset pin here: a reset of the microcontroller leaves it alone.
  void PowerOn();

  /// Chip select goes low and the command comes. ReadByte and WriteByte follow, then Deselect, which starts programming
  /// or erasing.
  void Select(const SerialFlashCommand& command);
  uint8_t ReadByte();
  void WriteByte(uint8_t byte);
  void Deselect();

  /// Whether such a command reads memory from its address on, now: not busy, awake, and well formed.
  bool ReadsMemory(const SerialFlashCommand& command) const;

  bool Busy() const { return chip_.NowNs() < state_.busy_until_ns; }
  uint64_t busy_until_ns() const { return state_.busy_until_ns; }

  PagedMemory& memory() { return memory_; }
  const PagedMemory& memory() const { return memory_; }

 private:
  uint8_t Status() const;
  bool Protected(uint32_t address, uint32_t bytes) const;
  bool WellFormed(const SerialFlashCommand& command) const;
  void TakeTime(uint64_t ns);
  void ProgramPage();
  void Erase(uint32_t address, uint32_t bytes, uint64_t ns);
  void WriteStatus();

  StateData& state_;
  Chip& chip_;
  PagedMemory memory_{kBytes, std::byte{0xff}};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_EN25QH16_H_
