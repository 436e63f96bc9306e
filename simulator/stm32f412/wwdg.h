// WWDG: the window watchdog, which wants to be fed neither late nor early.
#ifndef THIMBLE_SIMULATOR_STM32F412_WWDG_H_
#define THIMBLE_SIMULATOR_STM32F412_WWDG_H_

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, section 22. The prescaler begins anew at each write of the counter; on a chip it runs freely, so that the
/// first step may come up to one period sooner.
class Wwdg final : public Peripheral {
 public:
  static constexpr int kInterrupt = 0;

  explicit Wwdg(Chip& chip) : chip_(chip) { Reset(); }

  std::string_view Name() const override { return "WWDG"; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  void ClockChanged() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

 private:
  uint64_t StepCycles() const;
  void Update();
  void ScheduleNext();

  struct {
    bool active, early_flag;
    uint8_t unused[2];
    uint32_t configuration;
    uint32_t count;        // T, at since_cycle
    uint32_t bus_divider;  // HCLK / PCLK1 since then
    uint64_t since_cycle;
  } state_ = {};
  Chip& chip_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_WWDG_H_
