// RNG: random numbers, deterministic from the chip's seed.
#ifndef THIMBLE_SIMULATOR_STM32F412_RNG_H_
#define THIMBLE_SIMULATOR_STM32F412_RNG_H_

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

class Rcc;

/// RM0402, section 17: a number each 40 periods of the 48 MHz clock.
class Rng final : public Peripheral {
 public:
  static constexpr int kInterrupt = 80;

  /// Becomes `rcc`'s on_clk48.
  Rng(Chip& chip, Rcc& rcc);

  std::string_view Name() const override { return "RNG"; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  void ClockChanged() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// The noise source is broken (or well again): SECS and SEIS, and no numbers.
  void SetSeedFault(bool broken);

 private:
  bool ClockFault() const;
  void Begin();
  void Update();
  void UpdateInterrupt();

  struct {
    uint32_t cr;
    uint32_t number;
    bool ready, clock_fault, seed_fault, clock_flag, seed_flag;
    uint8_t unused[3];
    uint64_t ready_cycle;  // kNever: none is being made
  } state_ = {};
  Chip& chip_;
  Rcc& rcc_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_RNG_H_
