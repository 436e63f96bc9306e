// DBGMCU: which chip this is, and which clocks a debugger stops.
#ifndef THIMBLE_SIMULATOR_STM32F412_DBGMCU_H_
#define THIMBLE_SIMULATOR_STM32F412_DBGMCU_H_

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, section 30.16, at 0xE004'2000. The freeze bits are kept and have no effect: nothing runs while a debugger
/// has stopped the board.
class Dbgmcu final : public Peripheral {
 public:
  /// Device 0x441, revision C.
  static constexpr uint32_t kIdCode = 0x3000'6441;

  explicit Dbgmcu(Chip& chip) : chip_(chip) {}

  std::string_view Name() const override { return "DBGMCU"; }
  /// A system reset leaves all of it alone.
  void Reset() override {}
  void PowerOn() override { state_ = {}; }
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  std::span<std::byte> State() override { return StateBytes(state_); }

 private:
  struct {
    uint32_t cr, apb1_freeze, apb2_freeze;
  } state_ = {};
  Chip& chip_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_DBGMCU_H_
