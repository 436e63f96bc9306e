// Serial line and tick counter of the MPS3, application note 547.
#include "firmware/boards/mps3_an547/board.h"

#include "firmware/drivers/cmsdk.h"

namespace thimble::firmware {
namespace {

// UART 0 and the interrupt "UART 0 receive" (DAI0547).
constexpr CmsdkUart kUart(0x5930'3000, 33);

// The system counter of the SSE-300 (Arm 101773, "System counter"): 64 bits, 32 MHz.
struct Counter {
  volatile uint32_t control;  // bit 0: enable
  volatile uint32_t status;
  volatile uint32_t low;
  volatile uint32_t high;
};
Counter& SystemCounter() { return *reinterpret_cast<Counter*>(0x5810'0000); }

uint32_t QuarterCount() {
  while (true) {
    const uint32_t high = SystemCounter().high;
    const uint32_t low = SystemCounter().low;
    if (SystemCounter().high == high) return high << 30 | low >> 2;
  }
}

constinit uint32_t start = 0;

}  // namespace

const Board& ThisBoard() { return kMps3An547; }

void SetUpBoard() {
  kUart.SetUp(kMps3An547.clock_hz);
  SystemCounter().control = 1;
}

std::byte ReadByte() { return kUart.ReadByte(); }

void Write(std::span<const std::byte> bytes) { kUart.Write(bytes); }

void StartTicks() {
  // At the beginning of a tick, so that the same work is the same number of ticks in every run.
  const uint32_t now = QuarterCount();
  while ((start = QuarterCount()) == now) {
  }
}

uint32_t Ticks() { return QuarterCount() - start; }

}  // namespace thimble::firmware
