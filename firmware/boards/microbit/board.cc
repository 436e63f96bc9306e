// Serial line and tick counter of the BBC micro:bit (nRF51822).
#include "firmware/boards/microbit/board.h"

#include "firmware/cortex_m/nvic.h"

namespace thimble::firmware {
namespace {

volatile uint32_t& Register(uint32_t address) { return *reinterpret_cast<volatile uint32_t*>(address); }

// nRF51 Series Reference Manual 3.0, chapter 12 (CLOCK).
constexpr uint32_t kStartCrystal = 0x4000'0000;

// Chapter 28 (UART). Its interrupt number is 2, as that of every peripheral follows from its address.
constexpr uint32_t kUart = 0x4000'2000;
constexpr uint32_t kStartReceive = kUart;
constexpr uint32_t kStartTransmit = kUart + 0x008;
constexpr uint32_t kReceived = kUart + 0x108;
constexpr uint32_t kTransmitted = kUart + 0x11c;
constexpr uint32_t kInterruptEnable = kUart + 0x304;
constexpr uint32_t kEnable = kUart + 0x500;
constexpr uint32_t kTransmitPin = kUart + 0x50c;
constexpr uint32_t kReceivePin = kUart + 0x514;
constexpr uint32_t kReceiveData = kUart + 0x518;
constexpr uint32_t kTransmitData = kUart + 0x51c;
constexpr uint32_t kBaud = kUart + 0x524;
constexpr uint32_t kBaud115200 = 0x01d7'e000;
constexpr uint32_t kReceivedInterrupt = 1 << 2;
constexpr uint32_t kUartInterrupt = 2;

// Chapter 18 (TIMER): 16 MHz / 2^prescaler.
constexpr uint32_t kTimer = 0x4000'8000;
constexpr uint32_t kTimerStart = kTimer;
constexpr uint32_t kTimerClear = kTimer + 0x00c;
constexpr uint32_t kTimerCapture = kTimer + 0x040;
constexpr uint32_t kTimerBits = kTimer + 0x508;
constexpr uint32_t kTimerPrescaler = kTimer + 0x510;
constexpr uint32_t kTimerCaptured = kTimer + 0x540;
constexpr uint32_t k32Bits = 3;

}  // namespace

const Board& ThisBoard() { return kMicrobit; }

void SetUpBoard() {
  Register(kStartCrystal) = 1;  // the oscillator that runs from reset on is too far off for a serial line
  Register(kTransmitPin) = 24;
  Register(kReceivePin) = 25;
  Register(kBaud) = kBaud115200;
  Register(kEnable) = 4;
  Register(kInterruptEnable) = kReceivedInterrupt;
  EnableInterrupt(kUartInterrupt);
  Register(kStartTransmit) = 1;
  Register(kStartReceive) = 1;
  Register(kTimerBits) = k32Bits;
  Register(kTimerPrescaler) = 1;
  Register(kTimerStart) = 1;
}

std::byte ReadByte() {
  while (Register(kReceived) == 0) {
    __asm volatile("wfi");
    ClearPendingInterrupt(kUartInterrupt);
  }
  Register(kReceived) = 0;  // first, for reading the byte lets the next one come
  return static_cast<std::byte>(Register(kReceiveData));
}

void Write(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) {
    Register(kTransmitted) = 0;
    Register(kTransmitData) = std::to_integer<uint32_t>(byte);
    while (Register(kTransmitted) == 0) {
    }
  }
}

void StartTicks() { Register(kTimerClear) = 1; }

uint32_t Ticks() {
  Register(kTimerCapture) = 1;
  return Register(kTimerCaptured);
}

}  // namespace thimble::firmware
