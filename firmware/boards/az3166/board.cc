// Clock, serial line over USB and tick counter of the AZ3166.
#include "firmware/boards/az3166/board.h"

#include "firmware/boards/az3166/clock.h"
#include "firmware/boards/az3166/kit.h"
#include "firmware/cortex_m/fault_registers.h"
#include "firmware/cortex_m/nvic.h"
#include "firmware/drivers/stm32f4/clock.h"
#include "firmware/drivers/stm32f4/pin.h"
#include "firmware/drivers/stm32f4/registers.h"
#include "firmware/drivers/stm32f4/usart.h"

namespace thimble::firmware {
namespace {

constexpr uint32_t kBaud = 115'200;
// USART6 on PA11 and PA12, which lead to the ST-Link and by it to USB.
constexpr stm32f4::Pin kTransmitPin = {0, 11}, kReceivePin = {0, 12};
constexpr uint32_t kUsartFunction = 8, kUsartClock = 1 << 5, kUsartInterrupt = 71;

// DDI0403, sections C1.6.5 and C1.8: the cycle counter.
constexpr uint32_t kDebugControl = 0xe000'edfc, kTraceEnable = 1 << 24;
constexpr uint32_t kDwtControl = 0xe000'1000, kCycleCount = 0xe000'1004;
// DDI0403, section B3.2.5; the kit's boot loader may leave another table in place.
constexpr uint32_t kVectorTable = 0xe000'ed08;

uint32_t core_hz = stm32f4::kInternalHz;

stm32f4::SerialLine Line() { return {stm32f4::usart6(), kUsartInterrupt}; }

}  // namespace

constinit stm32f4::DmaSerial az3166::serial;

uint32_t az3166::CoreHz() { return core_hz; }

const Board& ThisBoard() { return kAz3166; }

void SetUpBoard() {
  Register(kVectorTable) = kAz3166.flash.base;
  core_hz = stm32f4::SetUpClock();
  kTransmitPin.EnableClock();
  stm32f4::rcc().apb2_enable = stm32f4::rcc().apb2_enable | kUsartClock;
  kTransmitPin.SetUpAlternate(kUsartFunction);
  kReceivePin.SetUpAlternate(kUsartFunction, stm32f4::Pull::kUp);
  Line().SetUp(stm32f4::Apb2Hz(core_hz), kBaud);
  az3166::serial.SetUp();
  Register(kDebugControl) = Register(kDebugControl) | kTraceEnable;
  Register(kDwtControl) = Register(kDwtControl) | 1;
}

std::byte ReadByte() {
  std::byte byte{};
  while (!az3166::serial.Read(byte)) SleepOnce();
  return byte;
}

void Write(std::span<const std::byte> bytes) { Line().Write(bytes); }

void StartTicks() { Register(kCycleCount) = 0; }

uint32_t Ticks() { return Register(kCycleCount); }

}  // namespace thimble::firmware
