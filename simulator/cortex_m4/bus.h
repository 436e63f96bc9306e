// What a processor core sees of the chip around it: pages of plain memory, and everything else access by access.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_BUS_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_BUS_H_

#include <cstddef>
#include <cstdint>

namespace thimble::simulator {

/// The core asks for memory in pages of this size, aligned to it, and keeps what it got until Core::ForgetMemory.
inline constexpr uint32_t kPageBytes = 1024;

class Bus {
 public:
  virtual ~Bus() = default;

  /// The page that holds `address`, if reads of it have no effect but their value; else nullptr.
  virtual const std::byte* PageToRead(uint32_t address) = 0;

  /// The page that holds `address`, if it may simply be written (RAM, not flash); else nullptr. It is the same memory
  /// as PageToRead's from then on: a pointer from an earlier PageToRead of this page is not used again.
  virtual std::byte* PageToWrite(uint32_t address) = 0;

  /// An access that no page answers: `bytes` is 1, 2 or 4, `address` a multiple of it. False: nothing answers there,
  /// which the program sees as a precise bus fault. May call Core::SetInterrupt, StopAt and ForgetMemory.
  virtual bool Read(uint32_t address, int bytes, uint32_t& value) = 0;
  virtual bool Write(uint32_t address, int bytes, uint32_t value) = 0;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_BUS_H_
