#include "firmware/drivers/stm32f4/clock.h"

#include "firmware/drivers/stm32f4/registers.h"

namespace thimble::firmware::stm32f4 {
namespace {

constexpr uint32_t kCrystalOn = 1 << 16, kCrystalReady = 1 << 17, kPllOn = 1 << 24, kPllReady = 1 << 25;
constexpr uint32_t kPowerClock = 1 << 28;   // of APB1
constexpr uint32_t kFullVoltage = 3 << 14;  // PWR_CR.VOS: scale 1, up to 100 MHz
constexpr uint32_t kSystemClockPll = 2, kSystemClockMask = 3;
constexpr uint32_t kApb1Half = 4 << 10;
// 26 MHz / 13 = 2 MHz, times 96 = 192 MHz; by 2 for the processor, by 4 for what wants 48 MHz.
constexpr uint32_t kPll = 13 | 96 << 6 | 0 << 16 | 1 << 22 | 4 << 24 | 2 << 28;
constexpr uint32_t kThreeWaitStates = 3, kPrefetch = 1 << 8, kInstructionCache = 1 << 9, kDataCache = 1 << 10;
// The crystal needs 2 ms: at 16 MHz some 4,000 turns of the loop.
constexpr uint32_t kMostTurns = 100'000;

}  // namespace

uint32_t SetUpClock() {
  rcc().apb1_enable = rcc().apb1_enable | kPowerClock;
  pwr().control = pwr().control | kFullVoltage;
  rcc().control = rcc().control | kCrystalOn;
  if (!WaitFor([] { return (rcc().control & kCrystalReady) != 0; }, kMostTurns)) return kInternalHz;
  rcc().pll = kPll;
  rcc().control = rcc().control | kPllOn;
  if (!WaitFor([] { return (rcc().control & kPllReady) != 0; }, kMostTurns)) return kInternalHz;
  flash().access = kThreeWaitStates | kPrefetch | kInstructionCache | kDataCache;
  rcc().configuration = kApb1Half;
  rcc().configuration = kApb1Half | kSystemClockPll;
  const auto switched = [] { return (rcc().configuration >> 2 & kSystemClockMask) == kSystemClockPll; };
  return WaitFor(switched, kMostTurns) ? 96'000'000 : kInternalHz;
}

}  // namespace thimble::firmware::stm32f4
