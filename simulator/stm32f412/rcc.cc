#include "simulator/stm32f412/rcc.h"

#include <algorithm>
#include <iterator>

#include "simulator/stm32f412/clock_arithmetic.h"

namespace thimble::simulator {
namespace {

// Registers.
constexpr uint32_t kCr = 0x00, kPllcfgr = 0x04, kCfgr = 0x08, kCir = 0x0c, kBdcr = 0x70, kCsr = 0x74, kSscgr = 0x80,
                   kPlli2scfgr = 0x84, kDckcfgr = 0x8c, kCkgatenr = 0x90, kDckcfgr2 = 0x94;
constexpr uint32_t kResets = 0x10, kEnables = 0x30, kLowPower = 0x50;  // AHB1, 2, 3, a gap, APB1, APB2

// CR: HSION 0, HSIRDY 1, HSITRIM 7:3, HSICAL 15:8, HSEON 16, HSERDY 17, HSEBYP 18, CSSON 19, PLLON 24, PLLRDY 25,
// PLLI2SON 26, PLLI2SRDY 27.
constexpr uint32_t kHsiOn = 1u << 0, kHseOn = 1u << 16, kHseBypass = 1u << 18, kPllOn = 1u << 24, kPllI2sOn = 1u << 26;
constexpr uint32_t kCrKept = 0x000c'00f8;  // the bits that are not an oscillator's
constexpr uint32_t kHsiCalibration = 0x80u << 8;
constexpr uint32_t kPllMask = 0x7f43'7fff, kPllReset = 0x2400'3010;
constexpr uint32_t kPllFromHse = 1u << 22;
constexpr uint32_t kPllI2sMask = 0x7f40'7fff, kPllI2sReset = 0x2400'3010;
constexpr uint32_t kCfgrMask = 0xffff'fcf3;
constexpr uint32_t kBdcrMask = 0x0001'830d, kLseOn = 1u << 0, kLseBypass = 1u << 2, kRtcEnable = 1u << 15,
                   kBackupReset = 1u << 16;
constexpr uint32_t kLsiOn = 1u << 0, kRemoveFlags = 1u << 24;
constexpr uint32_t kTimerPrescaler = 1u << 24, kClk48FromI2s = 1u << 27;
constexpr int kInterrupt = 5;

// Ready flags in CIR, by Oscillator: HSI, HSE, PLL, PLLI2S, LSE, LSI. The enables are 8 bits, the clears 16 bits
// higher.
constexpr int kReadyFlag[] = {2, 3, 4, 5, 1, 0};

// Typical start-up times: STM32F412 data sheet, sections 6.3.8 to 6.3.10.
constexpr uint64_t kStartNs[] = {2'200, 2'000'000, 200'000, 200'000, 2'000'000'000, 15'000};

enum Bus : uint8_t { kAhb1, kAhb2, kAhb3, kApb1, kApb2, kBuses };
constexpr uint32_t kGateMask[kBuses] = {0x0060'10ff, 0xc0, 0x3, 0x17e6'cdff, 0x0117'f933};
constexpr uint32_t kResetMask[kBuses] = {0x0060'10ff, 0xc0, 0x3, 0x17e6'c9ff, 0x0117'7933};
constexpr uint32_t kLowPowerMask[kBuses] = {0x0061'90ff, 0xc0, 0x3, 0x17e6'cdff, 0x0117'f933};
// RTCAPBEN and EXTITEN are on.
constexpr uint32_t kGateReset[kBuses] = {0, 0, 0, 1u << 10, 1u << 15};
constexpr const char* kBusName[kBuses] = {"AHB1", "AHB2", "AHB3", "APB1", "APB2"};

struct Gate {
  uint32_t base;
  uint8_t bus, bit;
};
// RM0402, table 1 and sections 6.3.5 to 6.3.14.
constexpr Gate kGates[] = {
    {0x4002'0000, kAhb1, 0},   // GPIOA
    {0x4002'0400, kAhb1, 1},   // GPIOB
    {0x4002'0800, kAhb1, 2},   // GPIOC
    {0x4002'0c00, kAhb1, 3},   // GPIOD
    {0x4002'1000, kAhb1, 4},   // GPIOE
    {0x4002'1400, kAhb1, 5},   // GPIOF
    {0x4002'1800, kAhb1, 6},   // GPIOG
    {0x4002'1c00, kAhb1, 7},   // GPIOH
    {0x4002'3000, kAhb1, 12},  // CRC
    {0x4002'6000, kAhb1, 21},  // DMA1
    {0x4002'6400, kAhb1, 22},  // DMA2
    {0x5006'0800, kAhb2, 6},   // RNG
    {0x5000'0000, kAhb2, 7},   // OTG_FS
    {0xa000'0000, kAhb3, 0},   // FSMC
    {0xa000'1000, kAhb3, 1},   // QUADSPI
    {0x4000'0000, kApb1, 0},   // TIM2
    {0x4000'0400, kApb1, 1},   // TIM3
    {0x4000'0800, kApb1, 2},   // TIM4
    {0x4000'0c00, kApb1, 3},   // TIM5
    {0x4000'1000, kApb1, 4},   // TIM6
    {0x4000'1400, kApb1, 5},   // TIM7
    {0x4000'1800, kApb1, 6},   // TIM12
    {0x4000'1c00, kApb1, 7},   // TIM13
    {0x4000'2000, kApb1, 8},   // TIM14
    {0x4000'2800, kApb1, 10},  // RTC
    {0x4000'2c00, kApb1, 11},  // WWDG
    {0x4000'3800, kApb1, 14},  // SPI2
    {0x4000'3c00, kApb1, 15},  // SPI3
    {0x4000'4400, kApb1, 17},  // USART2
    {0x4000'4800, kApb1, 18},  // USART3
    {0x4000'5400, kApb1, 21},  // I2C1
    {0x4000'5800, kApb1, 22},  // I2C2
    {0x4000'5c00, kApb1, 23},  // I2C3
    {0x4000'6000, kApb1, 24},  // FMPI2C1
    {0x4000'6400, kApb1, 25},  // CAN1
    {0x4000'6800, kApb1, 26},  // CAN2
    {0x4000'7000, kApb1, 28},  // PWR
    {0x4001'0000, kApb2, 0},   // TIM1
    {0x4001'0400, kApb2, 1},   // TIM8
    {0x4001'1000, kApb2, 4},   // USART1
    {0x4001'1400, kApb2, 5},   // USART6
    {0x4001'2000, kApb2, 8},   // ADC1
    {0x4001'2c00, kApb2, 11},  // SDIO
    {0x4001'3000, kApb2, 12},  // SPI1
    {0x4001'3400, kApb2, 13},  // SPI4
    {0x4001'3800, kApb2, 14},  // SYSCFG
    {0x4001'3c00, kApb2, 15},  // EXTI
    {0x4001'4000, kApb2, 16},  // TIM9
    {0x4001'4400, kApb2, 17},  // TIM10
    {0x4001'4800, kApb2, 18},  // TIM11
    {0x4001'5000, kApb2, 20},  // SPI5
    {0x4001'6000, kApb2, 24},  // DFSDM1
};

const Gate* GateOf(uint32_t base) {
  const auto* found = std::find_if(std::begin(kGates), std::end(kGates), [&](const Gate& g) { return g.base == base; });
  return found == std::end(kGates) ? nullptr : found;
}

/// The bus of a register in a group of five, or -1.
int BusOf(uint32_t offset, uint32_t group) {
  if (offset < group || offset > group + 0x14 || offset == group + 0x0c) return -1;
  const auto index = static_cast<int>((offset - group) / 4);
  return index < 3 ? index : index - 1;
}

constexpr uint32_t AhbDivider(uint32_t hpre) {
  constexpr uint32_t kDividers[] = {2, 4, 8, 16, 64, 128, 256, 512};
  return hpre < 8 ? 1 : kDividers[hpre - 8];
}
constexpr uint32_t ApbDivider(uint32_t ppre) { return ppre < 4 ? 1 : 2u << (ppre - 4); }

}  // namespace

Rcc::Rcc(Chip& chip, uint32_t hse_hz, uint32_t lse_hz) : chip_(chip), hse_hz_(hse_hz), lse_hz_(lse_hz) { PowerOn(); }

void Rcc::PowerOn() {
  state_ = {};
  Reset();
  state_.reset_flags = kPowerOnFlag | kPinFlag | kBrownOutFlag;
}

void Rcc::Reset() {
  // The backup domain (LSE, RTC's clock) and the reset flags stay; all else begins anew.
  const StateData before = state_;
  state_ = {};
  state_.backup = before.backup;
  state_.reset_flags = before.reset_flags;
  std::fill(std::begin(state_.ready_ns), std::end(state_.ready_ns), kNever);
  state_.on[kLse] = before.on[kLse];
  state_.ready[kLse] = before.ready[kLse];
  if (before.on[kLse] && !before.ready[kLse]) state_.ready_ns[kLse] = before.ready_ns[kLse];
  state_.on[kHsi] = state_.ready[kHsi] = true;
  state_.cr = 0x10u << 3;  // HSITRIM
  state_.pll = kPllReset;
  state_.pll_i2s = kPllI2sReset;
  std::copy(std::begin(kGateReset), std::end(kGateReset), state_.enables);
  std::copy(std::begin(kLowPowerMask), std::end(kLowPowerMask), state_.low_power);
  chip_.SetInterrupt(kInterrupt, false);
  TellClocks();
  TellOthers();
  ScheduleNext();
}

bool Rcc::LsiRuns() const { return state_.ready[kLsi] || (lsi_forced && lsi_forced()); }

bool Rcc::IsClocked(uint32_t base) const {
  const Gate* gate = GateOf(base);
  return gate == nullptr || (state_.enables[gate->bus] >> gate->bit & 1) != 0;
}

std::string Rcc::ClockGateName(uint32_t base) const {
  const Gate* gate = GateOf(base);
  if (gate == nullptr) return "";
  return std::string("RCC_") + kBusName[gate->bus] + "ENR bit " + std::to_string(gate->bit);
}

// Frequencies.

uint64_t Rcc::PllVcoHz(bool i2s) const {
  const uint32_t settings = i2s ? state_.pll_i2s : state_.pll;
  const uint32_t m = settings & 0x3f, n = settings >> 6 & 0x1ff;
  if (m < 2) return 0;
  const uint32_t source = (state_.pll & kPllFromHse) != 0 ? hse_hz_ : kHsiHz;
  return static_cast<uint64_t>(source) * n / m;
}

uint32_t Rcc::PllOutputHz(bool i2s, char output) const {
  if (!state_.ready[i2s ? kPllI2s : kPll]) return 0;
  const uint32_t settings = i2s ? state_.pll_i2s : state_.pll;
  const uint32_t divider = output == 'P' ? (settings >> 16 & 3) * 2 + 2 : settings >> 24 & 15;
  return divider < 2 ? 0 : static_cast<uint32_t>(std::min<uint64_t>(PllVcoHz(i2s) / divider, ~0u));
}

uint32_t Rcc::SystemHz() const {
  switch (state_.system_clock) {
    case 1:
      return hse_hz_;
    case 2:
      return PllOutputHz(false, 'P');
    default:
      return kHsiHz;
  }
}

uint32_t Rcc::RtcHz() const {
  if ((state_.backup & kRtcEnable) == 0) return 0;
  switch (state_.backup >> 8 & 3) {
    case 1:
      return state_.ready[kLse] ? lse_hz_ : 0;
    case 2:
      return LsiRuns() ? kLsiHz : 0;
    case 3: {
      const uint32_t divider = state_.cfgr >> 16 & 31;
      return state_.ready[kHse] && divider >= 2 ? hse_hz_ / divider : 0;
    }
    default:
      return 0;
  }
}

uint32_t Rcc::Clk48Hz() const { return PllOutputHz((state_.dedicated2 & kClk48FromI2s) != 0, 'Q'); }

bool Rcc::PllSettingsWork(uint32_t settings, bool i2s) {
  const char* name = i2s ? "RCC: PLLI2S" : "RCC: PLL";
  const uint32_t m = settings & 0x3f, n = settings >> 6 & 0x1ff;
  const uint32_t source = (state_.pll & kPllFromHse) != 0 ? hse_hz_ : kHsiHz;
  if ((state_.pll & kPllFromHse) != 0 && !state_.on[kHse]) {
    chip_.Note(std::string(name) + " was switched on while its source HSE is off; it never locks");
    return false;
  }
  if (m < 2 || n < 50 || n > 432) {
    chip_.Note(std::string(name) + "M " + std::to_string(m) + " and N " + std::to_string(n) +
               ": M must be 2 to 63 and N 50 to 432; it never locks");
    return false;
  }
  const uint32_t input = source / m;
  const uint64_t vco = static_cast<uint64_t>(source) * n / m;
  if (input < 950'000 || input > 2'100'000 || vco < 100'000'000 || vco > 432'000'000) {
    chip_.Note(std::string(name) + ": an input of " + std::to_string(input) + " Hz and a VCO of " +
               std::to_string(vco) + " Hz; a real chip wants 1 to 2 MHz and 100 to 432 MHz");
  }
  return true;
}

void Rcc::TellClocks() {
  const uint32_t hclk = std::max(SystemHz() / AhbDivider(state_.cfgr >> 4 & 15), 1u);
  const uint32_t divider1 = ApbDivider(state_.cfgr >> 10 & 7), divider2 = ApbDivider(state_.cfgr >> 13 & 7);
  const uint32_t pclk1 = std::max(hclk / divider1, 1u), pclk2 = std::max(hclk / divider2, 1u);
  const auto timer = [&](uint32_t pclk, uint32_t divider) -> uint32_t {
    if ((state_.dedicated & kTimerPrescaler) != 0) return divider <= 4 ? hclk : pclk * 4;
    return divider == 1 ? hclk : pclk * 2;
  };
  const auto too_fast = [&](const char* clock, uint32_t hz, uint32_t highest) {
    if (hz <= highest) return;
    chip_.Note(std::string("RCC: ") + clock + " is " + std::to_string(hz) + " Hz, and at most " +
               std::to_string(highest) + " Hz are allowed");
  };
  too_fast("HCLK", hclk, 100'000'000);
  too_fast("PCLK1", pclk1, 50'000'000);
  too_fast("PCLK2", pclk2, 100'000'000);
  chip_.ClockTreeChanged(hclk, pclk1, pclk2, timer(pclk1, divider1), timer(pclk2, divider2));
}

void Rcc::TellOthers() {
  if (on_rtc_clock) on_rtc_clock();
  if (on_clk48) on_clk48();
}

// Oscillators.

void Rcc::SwitchOscillator(Oscillator oscillator, bool on) {
  if (state_.on[oscillator] == on) return;
  state_.on[oscillator] = on;
  state_.ready[oscillator] = false;
  state_.ready_ns[oscillator] = kNever;
  if (!on) return;
  uint64_t start_ns = kStartNs[oscillator];
  switch (oscillator) {
    case kHse:
      if (hse_hz_ == 0) return chip_.Note("RCC: this board has no crystal at HSE; HSERDY never comes");
      if ((state_.cr & kHseBypass) != 0) start_ns = 0;
      break;
    case kLse:
      if (lse_hz_ == 0) return chip_.Note("RCC: this board has no crystal at LSE; LSERDY never comes");
      if ((state_.backup & kLseBypass) != 0) start_ns = 0;
      break;
    case kPll:
    case kPllI2s:
      if (!PllSettingsWork(oscillator == kPll ? state_.pll : state_.pll_i2s, oscillator == kPllI2s)) return;
      if ((state_.pll & kPllFromHse) != 0 && !state_.ready[kHse]) {  // it locks once its source runs
        state_.ready_ns[oscillator] = AddTime(state_.ready_ns[kHse], start_ns);
        return;
      }
      break;
    default:
      break;
  }
  state_.ready_ns[oscillator] = AddTime(chip_.NowNs(), start_ns);
}

void Rcc::Update() {
  const uint64_t now = chip_.NowNs();
  bool came = false;
  for (int i = 0; i < kOscillators; ++i) {
    if (state_.ready_ns[i] > now) continue;
    state_.ready_ns[i] = kNever;
    state_.ready[i] = came = true;
    const uint32_t flag = 1u << kReadyFlag[i];
    if ((state_.interrupts & flag << 8) != 0) state_.interrupts |= flag;
  }
  if (!came) return;
  UpdateInterrupt();
  SwitchSystemClock();
  TellOthers();
}

void Rcc::Due() {
  Update();
  ScheduleNext();
}

void Rcc::ScheduleNext() {
  chip_.ScheduleAtNs(*this, *std::min_element(std::begin(state_.ready_ns), std::end(state_.ready_ns)));
}

void Rcc::UpdateInterrupt() {
  chip_.SetInterrupt(kInterrupt, (state_.interrupts & state_.interrupts >> 8 & 0x3f) != 0);
}

void Rcc::SwitchSystemClock() {
  const uint32_t wanted = state_.cfgr & 3;
  if (wanted == state_.system_clock || wanted == 3) return;
  constexpr Oscillator kSources[] = {kHsi, kHse, kPll};
  if (!state_.ready[kSources[wanted]]) return;  // it happens when it is
  state_.system_clock = wanted;
  TellClocks();
}

// Registers.

uint32_t Rcc::Read(uint32_t offset, int) {
  Update();
  const auto bits = [&](Oscillator oscillator, int on_bit) {
    return static_cast<uint32_t>(state_.on[oscillator]) << on_bit | static_cast<uint32_t>(state_.ready[oscillator])
                                                                        << (on_bit + 1);
  };
  switch (offset) {
    case kCr:
      return state_.cr | kHsiCalibration | bits(kHsi, 0) | bits(kHse, 16) | bits(kPll, 24) | bits(kPllI2s, 26);
    case kPllcfgr:
      return state_.pll;
    case kCfgr:
      return state_.cfgr | state_.system_clock << 2;
    case kCir:
      return state_.interrupts;
    case kBdcr:
      return state_.backup | bits(kLse, 0);
    case kCsr:
      return bits(kLsi, 0) | (LsiRuns() ? 2u : 0u) | state_.reset_flags;
    case kSscgr:
      return state_.spread;
    case kPlli2scfgr:
      return state_.pll_i2s;
    case kDckcfgr:
      return state_.dedicated;
    case kCkgatenr:
      return state_.gated;
    case kDckcfgr2:
      return state_.dedicated2;
    default:
      break;
  }
  if (const int bus = BusOf(offset, kResets); bus >= 0) return state_.resets[bus];
  if (const int bus = BusOf(offset, kEnables); bus >= 0) return state_.enables[bus];
  if (const int bus = BusOf(offset, kLowPower); bus >= 0) return state_.low_power[bus];
  return 0;
}

void Rcc::WriteControl(uint32_t value, uint32_t lanes) {
  const auto wanted = [&](uint32_t bit, Oscillator oscillator) {
    return (lanes & bit) != 0 ? (value & bit) != 0 : state_.on[oscillator];
  };
  state_.cr = Merge(state_.cr, value, lanes & kCrKept);
  const bool pll_drives = state_.system_clock == 2 || (state_.cfgr & 3) == 2;
  const bool pll_from_hse = (state_.pll & kPllFromHse) != 0;
  // What drives the system cannot be switched off.
  const bool hsi_needed = state_.system_clock == 0 || (pll_drives && !pll_from_hse);
  const bool hse_needed = state_.system_clock == 1 || (pll_drives && pll_from_hse);
  SwitchOscillator(kHse, wanted(kHseOn, kHse) || (hse_needed && state_.on[kHse]));
  SwitchOscillator(kHsi, wanted(kHsiOn, kHsi) || (hsi_needed && state_.on[kHsi]));
  SwitchOscillator(kPll, wanted(kPllOn, kPll) || (pll_drives && state_.on[kPll]));
  SwitchOscillator(kPllI2s, wanted(kPllI2sOn, kPllI2s));
  Update();
  TellOthers();
}

void Rcc::WriteBackup(uint32_t value, uint32_t lanes) {
  if (backup_writable && !backup_writable()) {
    chip_.Note("RCC BDCR was written while PWR_CR.DBP is clear: ignored");
    return;
  }
  uint32_t next = Merge(state_.backup | (state_.on[kLse] ? kLseOn : 0), value, lanes) & kBdcrMask;
  const bool was_reset = (state_.backup & kBackupReset) != 0;
  if ((next & kBackupReset) != 0) {
    state_.backup = kBackupReset;
    SwitchOscillator(kLse, false);
    if (!was_reset && on_backup_domain_reset) on_backup_domain_reset();
  } else {
    const uint32_t source = state_.backup & 0x300;
    if (source != 0 && source != (next & 0x300)) {  // chosen once, until the backup domain is reset
      chip_.Note("RCC BDCR: RTCSEL can be changed only by a reset of the backup domain (BDRST): kept");
      next = (next & ~0x300u) | source;
    }
    state_.backup = next & ~kLseOn;
    SwitchOscillator(kLse, (next & kLseOn) != 0);
  }
  Update();
  TellOthers();
}

void Rcc::PulseResets(int bus, uint32_t before) {
  const uint32_t began = state_.resets[bus] & ~before;
  if (began == 0 || !on_peripheral_reset) return;
  for (const Gate& gate : kGates) {
    if (gate.bus == bus && (began >> gate.bit & 1) != 0) on_peripheral_reset(gate.base);
  }
}

void Rcc::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  Update();
  value &= lanes;
  switch (offset) {
    case kCr:
      WriteControl(value, lanes);
      break;
    case kPllcfgr:
      if (state_.on[kPll] || state_.on[kPllI2s]) {
        chip_.Note("RCC PLLCFGR was written while a PLL is on: ignored");
        break;
      }
      state_.pll = Merge(state_.pll, value, lanes & kPllMask);
      break;
    case kPlli2scfgr:
      if (state_.on[kPllI2s]) {
        chip_.Note("RCC PLLI2SCFGR was written while PLLI2S is on: ignored");
        break;
      }
      state_.pll_i2s = Merge(state_.pll_i2s, value, lanes & kPllI2sMask);
      break;
    case kCfgr: {
      const uint32_t before = state_.cfgr;
      state_.cfgr = Merge(state_.cfgr, value, lanes & kCfgrMask);
      if ((state_.cfgr & 3) == 3) {
        chip_.Note("RCC CFGR: SW 3 selects no clock: kept as it was");
        state_.cfgr = (state_.cfgr & ~3u) | (before & 3);
      }
      const uint32_t running = state_.system_clock;
      SwitchSystemClock();
      if (running == state_.system_clock && ((before ^ state_.cfgr) & 0xfcf0) != 0) TellClocks();
      if (((before ^ state_.cfgr) & 0x001f'0000) != 0) TellOthers();
      break;
    }
    case kCir:
      state_.interrupts = Merge(state_.interrupts, value, lanes & 0x3f00) & ~(value >> 16 & 0xff);
      UpdateInterrupt();
      break;
    case kBdcr:
      WriteBackup(value, lanes);
      break;
    case kCsr:
      if ((value & kRemoveFlags) != 0) state_.reset_flags = 0;
      if ((lanes & kLsiOn) != 0) SwitchOscillator(kLsi, (value & kLsiOn) != 0);
      Update();
      TellOthers();
      break;
    case kSscgr:
      state_.spread = Merge(state_.spread, value, lanes) & 0xcfff'ffff;
      if ((state_.spread >> 31) != 0) chip_.Note("RCC SSCGR: spread spectrum is not modelled; the frequency stays");
      break;
    case kDckcfgr: {
      const uint32_t before = state_.dedicated;
      state_.dedicated = Merge(state_.dedicated, value, lanes) & 0x9f00'8000;
      if (((before ^ state_.dedicated) & kTimerPrescaler) != 0) TellClocks();
      break;
    }
    case kCkgatenr:
      state_.gated = Merge(state_.gated, value, lanes) & 0xff;
      break;
    case kDckcfgr2:
      state_.dedicated2 = Merge(state_.dedicated2, value, lanes) & 0x18c0'0000;
      TellOthers();
      break;
    default:
      if (const int reset_bus = BusOf(offset, kResets); reset_bus >= 0) {
        const uint32_t before = state_.resets[reset_bus];
        state_.resets[reset_bus] = Merge(before, value, lanes) & kResetMask[reset_bus];
        PulseResets(reset_bus, before);
      } else if (const int enable_bus = BusOf(offset, kEnables); enable_bus >= 0) {
        state_.enables[enable_bus] = Merge(state_.enables[enable_bus], value, lanes) & kGateMask[enable_bus];
      } else if (const int sleep_bus = BusOf(offset, kLowPower); sleep_bus >= 0) {
        state_.low_power[sleep_bus] = Merge(state_.low_power[sleep_bus], value, lanes) & kLowPowerMask[sleep_bus];
      }
      break;
  }
  ScheduleNext();
}

}  // namespace thimble::simulator
