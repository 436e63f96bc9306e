// The STM32F4's own flash, erased by sectors and programmed by words.
#ifndef THIMBLE_FIRMWARE_DRIVERS_STM32F4_FLASH_H_
#define THIMBLE_FIRMWARE_DRIVERS_STM32F4_FLASH_H_

#include <cstdint>
#include <span>

#include "base/status.h"

namespace thimble::firmware::stm32f4 {

/// RM0402, section 3.6. Flash cannot be read while it works, so the program stands still meanwhile: up to two seconds
/// for a sector. kInvalidArgument: not a sector, or not aligned; kVerificationFailed: the controller refused (write
/// protection), or flash does not hold what was written.
class InternalFlash {
 public:
  static constexpr int kSectors = 12;

  /// Where sector 0 to 11 begins, and how long it is: four of 16 KiB, one of 64, seven of 128.
  static constexpr uint32_t SectorAddress(int sector) {
    return 0x0800'0000 + (sector < 4    ? 0x4000u * static_cast<uint32_t>(sector)
                          : sector == 4 ? 0x1'0000u
                                        : 0x2'0000u * static_cast<uint32_t>(sector - 4));
  }
  static constexpr uint32_t SectorBytes(int sector) {
    return sector < 4 ? 0x4000u : sector == 4 ? 0x1'0000u : 0x2'0000u;
  }

  static Status Erase(int sector);
  /// `address` is a multiple of 4, and the words were erased before.
  static Status Program(uint32_t address, std::span<const uint32_t> words);
};

}  // namespace thimble::firmware::stm32f4

#endif  // THIMBLE_FIRMWARE_DRIVERS_STM32F4_FLASH_H_
