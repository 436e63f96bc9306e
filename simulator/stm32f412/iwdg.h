// IWDG: the independent watchdog, which the low-speed oscillator drives whatever else happens.
#ifndef THIMBLE_SIMULATOR_STM32F412_IWDG_H_
#define THIMBLE_SIMULATOR_STM32F412_IWDG_H_

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, section 21. LSI has exactly 32 kHz.
class Iwdg final : public Peripheral {
 public:
  explicit Iwdg(Chip& chip) : chip_(chip) { Reset(); }

  std::string_view Name() const override { return "IWDG"; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// As key 0xCCCC does; after each reset when the option byte WDG_SW says so (FlashController::HardwareWatchdog).
  void Start();
  bool Running() const { return state_.running; }

 private:
  void Update();
  uint32_t Count() const;
  void CountFrom(uint32_t count);

  struct {
    bool running, unlocked;
    uint8_t unused[2];
    uint32_t prescaler, reload;          // as counted with
    uint32_t new_prescaler, new_reload;  // as written; taken over at the time given (PVU, RVU)
    uint32_t count;                      // at since_ns
    uint64_t prescaler_ns, reload_ns;    // kNever: nothing to take over
    uint64_t since_ns;
  } state_ = {};
  Chip& chip_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_IWDG_H_
