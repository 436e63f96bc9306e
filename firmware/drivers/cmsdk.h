// Serial line and timer of Arm's Cortex-M System Design Kit, which are on all of its FPGA boards.
#ifndef THIMBLE_FIRMWARE_DRIVERS_CMSDK_H_
#define THIMBLE_FIRMWARE_DRIVERS_CMSDK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "firmware/cortex_m/nvic.h"

namespace thimble::firmware {

/// CMSDK APB UART (DDI0479, section 4.3) and the interrupt that it raises when a byte has come.
class CmsdkUart {
 public:
  constexpr CmsdkUart(uint32_t address, uint32_t receive_interrupt)
      : address_(address), receive_interrupt_(receive_interrupt) {}

  void SetUp(uint32_t clock_hz) const {
    constexpr uint32_t kBaud = 115'200;
    Registers().baud_divider = clock_hz / kBaud;
    Registers().control = kEnableTransmit | kEnableReceive | kEnableReceiveInterrupt;
    EnableInterrupt(receive_interrupt_);
  }

  std::byte ReadByte() const {
    // Asking again and again would keep QEMU, which counts instructions, too busy to fetch the byte: 100 times slower.
    while ((Registers().state & kReceiveFull) == 0) {
      __asm volatile("wfi");
      Registers().interrupt = kReceiveInterrupt;
      ClearPendingInterrupt(receive_interrupt_);
    }
    return static_cast<std::byte>(Registers().data);
  }

  void Write(std::span<const std::byte> bytes) const {
    for (const std::byte byte : bytes) {
      while ((Registers().state & kTransmitFull) != 0) {
      }
      Registers().data = std::to_integer<uint32_t>(byte);
    }
  }

 private:
  struct Layout {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t baud_divider;
  };
  static constexpr uint32_t kTransmitFull = 1 << 0;  // in state
  static constexpr uint32_t kReceiveFull = 1 << 1;
  static constexpr uint32_t kEnableTransmit = 1 << 0;  // in control
  static constexpr uint32_t kEnableReceive = 1 << 1;
  static constexpr uint32_t kEnableReceiveInterrupt = 1 << 3;
  static constexpr uint32_t kReceiveInterrupt = 1 << 1;  // in interrupt

  Layout& Registers() const { return *reinterpret_cast<Layout*>(address_); }

  uint32_t address_;
  uint32_t receive_interrupt_;
};

/// CMSDK APB timer (DDI0479, section 4.1). It counts down, here from the top.
class CmsdkTimer {
 public:
  explicit constexpr CmsdkTimer(uint32_t address) : address_(address) {}

  void SetUp() const {
    Registers().reload = kTop;
    Registers().control = 1;
  }
  void Start() const { Registers().value = kTop; }
  uint32_t Ticks() const { return kTop - Registers().value; }

 private:
  struct Layout {
    volatile uint32_t control;  // bit 0: enable
    volatile uint32_t value;
    volatile uint32_t reload;
  };
  static constexpr uint32_t kTop = 0xffff'ffff;

  Layout& Registers() const { return *reinterpret_cast<Layout*>(address_); }

  uint32_t address_;
};

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_DRIVERS_CMSDK_H_
