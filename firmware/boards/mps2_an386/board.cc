// Serial line and tick counter of the MPS2+, application note 386.
#include "firmware/boards/mps2_an386/board.h"

namespace thimble::firmware {
namespace {

// Arm CMSDK APB UART (DDI0479, section 4.3).
struct Uart {
  volatile uint32_t data;
  volatile uint32_t state;  // bit 0: transmit buffer full, bit 1: receive buffer full
  volatile uint32_t control;
  volatile uint32_t interrupt;
  volatile uint32_t baud_divider;
};
constexpr uint32_t kTransmitFull = 1 << 0;
constexpr uint32_t kReceiveFull = 1 << 1;
constexpr uint32_t kEnableTransmit = 1 << 0;
constexpr uint32_t kEnableReceive = 1 << 1;
constexpr uint32_t kEnableReceiveInterrupt = 1 << 3;
constexpr uint32_t kReceiveInterrupt = 1 << 1;
constexpr uint32_t kBaud = 115'200;

// Arm CMSDK APB timer (DDI0479, section 4.1): counts down.
struct Timer {
  volatile uint32_t control;  // bit 0: enable
  volatile uint32_t value;
  volatile uint32_t reload;
};
constexpr uint32_t kFromTheTop = 0xffff'ffff;

Uart& Uart0() { return *reinterpret_cast<Uart*>(0x4000'4000); }
Timer& Timer0() { return *reinterpret_cast<Timer*>(0x4000'0000); }

// Interrupt 0 is "UART 0 receive" (DAI0386). It is enabled but never taken: it only ends a sleep.
volatile uint32_t& InterruptEnable() { return *reinterpret_cast<volatile uint32_t*>(0xe000'e100); }
volatile uint32_t& InterruptClearPending() { return *reinterpret_cast<volatile uint32_t*>(0xe000'e280); }
constexpr uint32_t kUart0Receive = 1 << 0;

}  // namespace

const Board& ThisBoard() { return kMps2An386; }

void SetUpBoard() {
  Uart0().baud_divider = kMps2An386.clock_hz / kBaud;
  Uart0().control = kEnableTransmit | kEnableReceive | kEnableReceiveInterrupt;
  InterruptEnable() = kUart0Receive;
  Timer0().reload = kFromTheTop;
  Timer0().control = 1;
}

std::byte ReadByte() {
  // Asking again and again would keep QEMU, which counts instructions, too busy to fetch the byte: 100 times slower.
  while ((Uart0().state & kReceiveFull) == 0) {
    __asm volatile("wfi");
    Uart0().interrupt = kReceiveInterrupt;
    InterruptClearPending() = kUart0Receive;
  }
  return static_cast<std::byte>(Uart0().data);
}

void Write(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) {
    while ((Uart0().state & kTransmitFull) != 0) {
    }
    Uart0().data = std::to_integer<uint32_t>(byte);
  }
}

void StartTicks() { Timer0().value = kFromTheTop; }

uint32_t Ticks() { return kFromTheTop - Timer0().value; }

}  // namespace thimble::firmware
