// SYSCFG: which port's pin each EXTI line listens to, and a few switches.
#ifndef THIMBLE_SIMULATOR_STM32F412_SYSCFG_H_
#define THIMBLE_SIMULATOR_STM32F412_SYSCFG_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, chapter 8.
class Syscfg final : public Peripheral {
 public:
  explicit Syscfg(Chip& chip) : chip_(chip) {}

  std::string_view Name() const override { return "SYSCFG"; }
  void Reset() override { state_ = {}; }
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// The port (0 is A, 7 is H) whose pin `line` reaches EXTI's line of that number, 0 to 15.
  int PortOfExti(int line) const;
  /// MEMRMP: what lies at address 0: 0 flash, 1 system memory, 3 RAM.
  int MemoryMode() const { return static_cast<int>(state_.memrmp & 3); }

 private:
  struct Contents {
    uint32_t memrmp, pmc, exticr[4], cfgr2, cmpcr, cfgr;
  };

  Chip& chip_;
  Contents state_ = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_SYSCFG_H_
