// GPIO: a port of sixteen pins, with what their levels are for the program and for the board around the chip.
#ifndef THIMBLE_SIMULATOR_STM32F412_GPIO_H_
#define THIMBLE_SIMULATOR_STM32F412_GPIO_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, chapter 7. A level is what drives the pin from outside, else the output, else the pull; a floating pin is
/// low. An open-drain output at 0 wins over everything.
class Gpio final : public Peripheral {
 public:
  enum class Mode : uint8_t { kInput, kOutput, kAlternate, kAnalog };

  /// `port`: 0 to 4 for A to E, 7 for H.
  Gpio(Chip& chip, int port);

  std::string_view Name() const override { return name_; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// From outside; stays over resets, until Release.
  void Drive(int pin, bool high);
  void Release(int pin);

  bool Level(int pin) const { return (state_.levels >> (pin & 15) & 1) != 0; }
  Mode ModeOf(int pin) const { return static_cast<Mode>(state_.moder >> (pin & 15) * 2 & 3); }
  bool OpenDrain(int pin) const { return (state_.otyper >> (pin & 15) & 1) != 0; }
  /// 0 to 15, or -1 when the pin is not in alternate-function mode.
  int AlternateFunction(int pin) const;

 private:
  struct Contents {
    uint32_t moder, otyper, ospeedr, pupdr, odr, lckr, afr[2];
    uint32_t lock_step, lock_pins;  ///< writes of the LCKR sequence seen, and the pins they named
    uint32_t driven, drive;         ///< pins driven from outside, and how
    uint32_t levels;
  };

  void WriteLock(uint32_t value, uint32_t lanes);
  /// Works out the levels and tells of those that changed.
  void Settle();

  Chip& chip_;
  int port_;
  std::string name_;
  Contents state_ = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_GPIO_H_
