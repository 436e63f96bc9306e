// EXTI: edges at pins and inside the chip become interrupts and events.
#ifndef THIMBLE_SIMULATOR_STM32F412_EXTI_H_
#define THIMBLE_SIMULATOR_STM32F412_EXTI_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, chapter 10. Lines 0 to 15 are pins, 16 PVD, 17 RTC alarm, 18 USB wake-up, 21 tamper and time stamp, 22 RTC
/// wake-up.
class Exti final : public Peripheral {
 public:
  static constexpr int kLines = 23;

  explicit Exti(Chip& chip) : chip_(chip) {}

  std::string_view Name() const override { return "EXTI"; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// An edge on `line`, 0 to 22.
  void Edge(int line, bool rising);

 private:
  struct Contents {
    uint32_t imr, emr, rtsr, ftsr, swier, pr;
  };

  void UpdateInterrupts();

  Chip& chip_;
  Contents state_ = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_EXTI_H_
