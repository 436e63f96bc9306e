// A serial line of an STM32F4.
#ifndef THIMBLE_FIRMWARE_DRIVERS_STM32F4_USART_H_
#define THIMBLE_FIRMWARE_DRIVERS_STM32F4_USART_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "firmware/cortex_m/nvic.h"
#include "firmware/drivers/stm32f4/registers.h"

namespace thimble::firmware::stm32f4 {

/// RM0402, chapter 24: 8 data bits, no parity, one stop bit.
class SerialLine {
 public:
  SerialLine(Usart& usart, uint32_t interrupt) : usart_(usart), interrupt_(interrupt) {}

  /// `clock_hz`: of the bus that the USART is on, whose clock is enabled.
  void SetUp(uint32_t clock_hz, uint32_t baud) const {
    usart_.baud = (clock_hz + baud / 2) / baud;
    usart_.control1 = kEnable | kTransmit | kReceive | kReceiveInterrupt;
    EnableInterrupt(interrupt_);
  }

  /// Also the last words of a program whose line moves by DMA (dma_serial.h): that ends here.
  void Write(std::span<const std::byte> bytes) const {
    usart_.control3 = usart_.control3 & ~kDmaTransmit;
    for (const std::byte byte : bytes) {
      while ((usart_.status & kTransmitEmpty) == 0) {
      }
      usart_.data = std::to_integer<uint32_t>(byte);
    }
  }

  /// Until the last bit has left: before the clock changes or the board resets.
  void Drain() const {
    while ((usart_.status & kTransmitted) == 0) {
    }
  }

 private:
  static constexpr uint32_t kTransmitted = 1 << 6, kTransmitEmpty = 1 << 7;  // in status
  static constexpr uint32_t kReceive = 1 << 2, kTransmit = 1 << 3, kReceiveInterrupt = 1 << 5, kEnable = 1 << 13;
  static constexpr uint32_t kDmaTransmit = 1 << 7;  // in control3

  Usart& usart_;
  uint32_t interrupt_;
};

}  // namespace thimble::firmware::stm32f4

#endif  // THIMBLE_FIRMWARE_DRIVERS_STM32F4_USART_H_
