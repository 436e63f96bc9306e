// Flash that makes the core wait, and the caches in front of it (RM0402, section 3.4).
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_FLASH_ACCELERATOR_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_FLASH_ACCELERATOR_H_

#include <cstdint>

namespace thimble::simulator {

/// Flash is read in lines of 16 bytes. Of the last lines read, 64 of instructions and 8 of data are kept; what has not
/// been used for longest goes first. While a line is executed, prefetching reads the next one.
class FlashAccelerator {
 public:
  static constexpr uint32_t kLineBytes = 16;

  struct State {
    uint32_t instruction_lines[64], data_lines[8];  ///< addresses with bit 0 set; most recent first
    uint32_t current, ahead;  ///< the line that instructions come from, and the one that is being prefetched
    uint64_t ahead_ready;     ///< cycle at which it is there
    uint32_t current_data;
    uint32_t unused;
  };

  /// Cycles that the core waits at `cycle` for instructions, or data, of the line that holds `address`.
  int Fetch(uint32_t address, uint64_t cycle);
  int Read(uint32_t address);

  bool Holds(uint32_t address) const { return address - base < bytes; }
  void Forget() { state = {}; }

  uint32_t base = 0, bytes = 0;
  int wait_states = 0;
  bool prefetch = false, instruction_cache = false, data_cache = false;
  State state = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_FLASH_ACCELERATOR_H_
