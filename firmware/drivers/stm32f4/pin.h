// Pins of an STM32F4: which port, which number, and what they do.
#ifndef THIMBLE_FIRMWARE_DRIVERS_STM32F4_PIN_H_
#define THIMBLE_FIRMWARE_DRIVERS_STM32F4_PIN_H_

#include <cstdint>

#include "firmware/drivers/stm32f4/registers.h"

namespace thimble::firmware::stm32f4 {

enum class Pull : uint8_t { kNone, kUp, kDown };

/// RM0402, section 7.3. `port` 0 is A.
struct Pin {
  int port = 0;
  int number = 0;

  void SetUpInput(Pull pull) const {
    SetField(gpio(port).pull, 2, static_cast<uint32_t>(pull));
    SetField(gpio(port).mode, 2, 0);
  }
  void SetUpOutput() const { SetField(gpio(port).mode, 2, 1); }
  void SetUpOpenDrain() const { gpio(port).output_type = gpio(port).output_type | 1u << number; }
  /// `function`: table 11 of the data sheet.
  void SetUpAlternate(uint32_t function, Pull pull = Pull::kNone) const {
    volatile uint32_t& word = gpio(port).alternate[number / 8];
    const int shift = number % 8 * 4;
    word = (word & ~(15u << shift)) | function << shift;
    SetField(gpio(port).pull, 2, static_cast<uint32_t>(pull));
    SetField(gpio(port).speed, 2, 2);
    SetField(gpio(port).mode, 2, 2);
  }
  /// The port's clock; before anything else.
  void EnableClock() const { rcc().ahb1_enable = rcc().ahb1_enable | 1u << port; }

  void Set(bool high) const { gpio(port).set_reset = high ? 1u << number : 1u << (number + 16); }
  bool IsHigh() const { return (gpio(port).input >> number & 1) != 0; }

 private:
  void SetField(volatile uint32_t& word, int bits, uint32_t value) const {
    const int shift = number * bits;
    word = (word & ~(((1u << bits) - 1) << shift)) | value << shift;
  }
};

}  // namespace thimble::firmware::stm32f4

#endif  // THIMBLE_FIRMWARE_DRIVERS_STM32F4_PIN_H_
