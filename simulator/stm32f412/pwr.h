// PWR: the regulator's voltage scale, the gate of the backup domain, and low-power modes.
#ifndef THIMBLE_SIMULATOR_STM32F412_PWR_H_
#define THIMBLE_SIMULATOR_STM32F412_PWR_H_

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, section 5. The supply is always there and high: PVD and brown-out never fire.
class Pwr final : public Peripheral {
 public:
  explicit Pwr(Chip& chip) : chip_(chip) { PowerOn(); }

  std::string_view Name() const override { return "PWR"; }
  void Reset() override;
  void PowerOn() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void ClockChanged() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// CR.DBP: RTC, backup registers and RCC_BDCR may be written.
  bool BackupWritable() const { return (state_.cr & 1u << 8) != 0; }
  /// 1 (up to 100 MHz), 2 (84 MHz) or 3 (64 MHz).
  int VoltageScale() const;
  /// The core went to sleep with SCR.SLEEPDEEP set. Stop and standby are not modelled: the core sleeps on, and it is
  /// noted.
  void DeepSleepEntered();

 private:
  struct {
    uint32_t cr, csr;
  } state_ = {};
  Chip& chip_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_PWR_H_
