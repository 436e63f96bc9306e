// Serial line and tick counter of the MPS2+, application note 386.
#include "firmware/boards/mps2_an386/board.h"

#include "firmware/drivers/cmsdk.h"

namespace thimble::firmware {
namespace {

// UART 0, timer 0 and the interrupt "UART 0 receive" (DAI0386).
constexpr CmsdkUart kUart(0x4000'4000, 0);
constexpr CmsdkTimer kTimer(0x4000'0000);

}  // namespace

const Board& ThisBoard() { return kMps2An386; }

void SetUpBoard() {
  kUart.SetUp(kMps2An386.clock_hz);
  kTimer.SetUp();
}

std::byte ReadByte() { return kUart.ReadByte(); }

void Write(std::span<const std::byte> bytes) { kUart.Write(bytes); }

void StartTicks() { kTimer.Start(); }

uint32_t Ticks() { return kTimer.Ticks(); }

}  // namespace thimble::firmware
