#include "firmware/boards/az3166/kit.h"

#include "firmware/board.h"
#include "firmware/boards/az3166/clock.h"
#include "firmware/cortex_m/fault_registers.h"
#include "firmware/cortex_m/nvic.h"
#include "firmware/drivers/stm32f4/clock.h"
#include "firmware/drivers/stm32f4/registers.h"

namespace thimble::firmware::az3166 {
namespace {

constexpr stm32f4::Pin kClock = {1, 8}, kData = {1, 9};
constexpr uint32_t kI2cEventInterrupt = 31, kI2cErrorInterrupt = 32;
constexpr uint32_t kI2cFunction = 4, kI2cClock = 1 << 21;
constexpr uint32_t kTimer2Function = 1, kTimer3Function = 2, kTimerClocks = 1 << 0 | 1 << 1;
constexpr uint32_t kPwmHz = 1000, kPwmSteps = 255;
constexpr uint32_t kPwmMode = 6, kPreload = 1;

constexpr uint32_t kTimer5Clock = 1 << 3, kUpdateNow = 1;
// DDI0403, section B3.3: the tick. It only ends a sleep, since interrupts are never taken.
constexpr uint32_t kTickControl = 0xe000'e010, kTickReload = 0xe000'e014, kTickValue = 0xe000'e018;
constexpr uint32_t kTickOn = 7;
constexpr uint32_t kNapsPerSecond = 2000;

// DDI0403, section B3.5.
constexpr uint32_t kMpuRegionBase = 0xe000'ed9c, kMpuRegionAttributes = 0xe000'eda0, kMpuRegionGiven = 1 << 4;
constexpr uint32_t kReadOnlyForThePrivileged = 5 << 24, kNeverExecuted = 1 << 28, kUniqueIdRegionBytes = 1024;

uint32_t us_before = 0, us_wraps = 0;

constinit stm32f4::I2cBus bus(stm32f4::kI2c1Address);

void SetUpPwm(stm32f4::Timer& timer) {
  timer.prescaler = CoreHz() / (kPwmHz * kPwmSteps) - 1;
  timer.reload = kPwmSteps - 1;
  timer.mode[0] = (kPwmMode << 4 | kPreload << 3) * 0x101;  // channels 1 and 2
  timer.enable = 1 << 0 | 1 << 4;
  timer.control1 = 1 << 0 | 1 << 7;
}

}  // namespace

stm32f4::I2cBus& Bus() { return bus; }

void SetUpKit() {
  for (const stm32f4::Pin& pin : {kWifiLed, kAzureLed, kUserLed, kDisplayReset}) {
    pin.EnableClock();
    pin.Set(false);
    pin.SetUpOutput();
  }
  for (const stm32f4::Pin& pin : {kButtonA, kButtonB}) pin.SetUpInput(stm32f4::Pull::kUp);
  kRedLed.SetUpAlternate(kTimer3Function);
  kGreenLed.SetUpAlternate(kTimer2Function);
  kBlueLed.SetUpAlternate(kTimer3Function);
  stm32f4::rcc().apb1_enable = stm32f4::rcc().apb1_enable | kTimerClocks | kI2cClock;
  SetUpPwm(stm32f4::timer(2));
  SetUpPwm(stm32f4::timer(3));
  // The cycle counter stands still while the core sleeps; timer 5 does not.
  stm32f4::rcc().apb1_enable = stm32f4::rcc().apb1_enable | kTimer5Clock;
  stm32f4::Timer& clock = stm32f4::timer(5);
  clock.prescaler = CoreHz() / 1'000'000 - 1;
  clock.reload = 0xffff'ffff;
  clock.event = kUpdateNow;  // takes the prescaler over
  clock.control1 = 1;
  Register(kTickReload) = CoreHz() / kNapsPerSecond - 1;
  Register(kTickValue) = 0;
  Register(kTickControl) = kTickOn;
  for (const stm32f4::Pin& pin : {kClock, kData}) {
    pin.SetUpOpenDrain();
    pin.SetUpAlternate(kI2cFunction, stm32f4::Pull::kUp);
  }
  EnableInterrupt(kI2cEventInterrupt);
  EnableInterrupt(kI2cErrorInterrupt);
  bus.SetUp(stm32f4::Apb1Hz(CoreHz()));
  WaitMs(1);
  kDisplayReset.Set(true);
  WaitMs(1);
}

void SetColour(uint8_t red, uint8_t green, uint8_t blue) {
  stm32f4::timer(3).compare[0] = red;
  stm32f4::timer(2).compare[1] = green;
  stm32f4::timer(3).compare[1] = blue;
}

uint64_t NowUs() {
  const uint32_t now = stm32f4::timer(5).count;
  if (now < us_before) ++us_wraps;
  us_before = now;
  return uint64_t{us_wraps} << 32 | now;
}

void Nap() { SleepOnce(); }

std::array<char, 24> DeviceId() {
  // The guard below the stack (cortex_m/armv7m.cc) covers this memory. A region of a higher number wins: 1 KiB of it
  // may be read, and still not written.
  Register(kMpuRegionBase) = (stm32f4::kUniqueIdAddress & ~uint32_t{kUniqueIdRegionBytes - 1}) | kMpuRegionGiven | 1;
  Register(kMpuRegionAttributes) = kReadOnlyForThePrivileged | kNeverExecuted | 9 << 1 | 1;  // 2^(9 + 1) bytes, on
  __asm volatile("dsb\n isb");
  std::array<char, 24> text;
  for (size_t i = 0; i < text.size(); ++i) {
    const uint32_t word = Register(stm32f4::kUniqueIdAddress + static_cast<uint32_t>(i / 8 * 4));
    text[i] = "0123456789abcdef"[word >> (28 - i % 8 * 4) & 15];
  }
  return text;
}

void WaitMs(uint32_t ms) {
  const uint32_t start = Ticks(), cycles = CoreHz() / 1000 * ms;
  // A turn takes several cycles, so the second bound only ends it where the counter does not count (QEMU).
  for (uint32_t turns = 0; Ticks() - start < cycles && turns < cycles; ++turns) {
  }
}

}  // namespace thimble::firmware::az3166
