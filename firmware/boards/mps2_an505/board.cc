// Serial line and tick counter of the MPS2+, application note 505.
#include "firmware/boards/mps2_an505/board.h"

#include "firmware/drivers/cmsdk.h"

namespace thimble::firmware {
namespace {

// UART 0, timer 0 and the interrupt "UART 0 receive" (DAI0505).
constexpr CmsdkUart kUart(0x5020'0000, 32);
constexpr CmsdkTimer kTimer(0x5000'0000);

}  // namespace

const Board& ThisBoard() { return kMps2An505; }

void SetUpBoard() {
  kUart.SetUp(kMps2An505.clock_hz);
  kTimer.SetUp();
}

std::byte ReadByte() { return kUart.ReadByte(); }

void Write(std::span<const std::byte> bytes) { kUart.Write(bytes); }

void StartTicks() { kTimer.Start(); }

uint32_t Ticks() { return kTimer.Ticks(); }

}  // namespace thimble::firmware
