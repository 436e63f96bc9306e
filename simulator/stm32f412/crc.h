// CRC: the checksum unit, CRC-32 with polynomial 0x04C11DB7, most significant bit first, one word at a time.
#ifndef THIMBLE_SIMULATOR_STM32F412_CRC_H_
#define THIMBLE_SIMULATOR_STM32F412_CRC_H_

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, section 4. A word takes four cycles on a real chip, which makes the bus wait; here it is done at once.
class Crc final : public Peripheral {
 public:
  explicit Crc(Chip& chip) : chip_(chip) { Reset(); }

  std::string_view Name() const override { return "CRC"; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  std::span<std::byte> State() override { return StateBytes(state_); }

 private:
  struct {
    uint32_t dr, idr;
  } state_ = {};
  Chip& chip_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_CRC_H_
