// The processor's own registers in memory (DDI0403, B3.2 to B3.5 and C1): NVIC, SCB, SysTick, MPU, DWT.
#include "simulator/cortex_m4/system.h"

namespace thimble::simulator {
namespace {

// Of System Control Space, 0xE000'E000, as offsets.
constexpr uint32_t kIctr = 0x004, kActlr = 0x008;
constexpr uint32_t kSystCsr = 0x010, kSystRvr = 0x014, kSystCvr = 0x018, kSystCalib = 0x01C;
constexpr uint32_t kIser = 0x100, kIcer = 0x180, kIspr = 0x200, kIcpr = 0x280, kIabr = 0x300, kIpr = 0x400;
constexpr uint32_t kCpuid = 0xD00, kIcsr = 0xD04, kVtor = 0xD08, kAircr = 0xD0C, kScr = 0xD10, kCcr = 0xD14;
constexpr uint32_t kShpr1 = 0xD18, kShpr3 = 0xD20, kShcsr = 0xD24, kCfsr = 0xD28, kHfsr = 0xD2C, kDfsr = 0xD30;
constexpr uint32_t kMmfar = 0xD34, kBfar = 0xD38, kAfsr = 0xD3C, kIdPfr0 = 0xD40, kIdIsar4 = 0xD70, kCpacr = 0xD88;
constexpr uint32_t kMpuType = 0xD90, kMpuCtrl = 0xD94, kMpuRnr = 0xD98, kMpuRbar = 0xD9C, kMpuRasrA3 = 0xDB8;
constexpr uint32_t kDemcr = 0xDFC, kStir = 0xF00, kFpccr = 0xF34, kFpcar = 0xF38, kFpdscr = 0xF3C;
constexpr uint32_t kMvfr0 = 0xF40, kMvfr1 = 0xF44, kPid4 = 0xFD0;

/// ID_PFR0 to ID_ISAR4 (Cortex-M4 TRM, table 4-1).
constexpr uint32_t kFeatures[13] = {0x0000'0030, 0x0000'0200, 0x0010'0000, 0,           0x0010'0030, 0, 0x0100'0000, 0,
                                    0x0114'1110, 0x0211'2000, 0x2123'2231, 0x0111'1131, 0x0131'0132};

/// From 0xFD0: the peripheral and component identification of a Cortex-M4F's System Control Space.
constexpr uint8_t kIdentification[12] = {0x04, 0, 0, 0, 0x0C, 0xB0, 0x0B, 0x00, 0x0D, 0xE0, 0x05, 0xB1};

/// The ROM table, 0xE00F'F000: where the debug components are; bit 0 says that they are there.
constexpr uint32_t kRomTable[6] = {0xFFF0'F003, 0xFFF0'2003, 0xFFF0'3002, 0xFFF0'1002, 0xFFF4'1002, 0xFFF4'2002};

/// SysTick's ten milliseconds are 1 ms in STM32F4: at 12.5 MHz, an eighth of 100 MHz; SKEW, since it is not 10 ms.
constexpr uint32_t kCalibration = 0x4000'0000 | 12'500;

constexpr uint32_t kTickMask = 7, kTickCounted = 1 << 16;
constexpr uint32_t kCycleCounterEnable = 1, kTraceEnable = 1 << 24, kMonitorEnable = 1 << 16, kMonitorPending = 1 << 17;
/// DWT_CTRL: no comparators, trace packets, external triggers or profiling counters.
constexpr uint32_t kWatchAbsent = 1 << 27 | 1 << 26 | 1 << 24;

constexpr uint32_t kCcrMask = 0x31B, kScrMask = 0x16, kActlrMask = 0x307, kDemcrMask = 0x010F'07F1;
constexpr uint32_t kFpccrMask = 0xC000'017B, kFpdscrMask = 0x07C0'0000, kCpacrMask = 0x00F0'0000;
constexpr uint32_t kRasrMask = 0x173F'FF3F;

/// SHCSR's bits.
struct HandlerBit {
  uint8_t bit;
  uint8_t exception;
};
constexpr HandlerBit kActiveBits[] = {{0, kMemManage},    {1, kBusFault}, {3, kUsageFault},       {7, kSvCall},
                                      {8, kDebugMonitor}, {10, kPendSv},  {11, kSysTickException}};
constexpr HandlerBit kPendingBits[] = {{12, kUsageFault}, {13, kMemManage}, {14, kBusFault}, {15, kSvCall}};
constexpr HandlerBit kEnableBits[] = {{16, kMemManage}, {17, kBusFault}, {18, kUsageFault}};

constexpr uint32_t Merge(uint32_t old, uint32_t value, uint32_t lanes) { return (old & ~lanes) | (value & lanes); }

constexpr bool Within(uint32_t offset, uint32_t first, uint32_t bytes) { return offset - first < bytes; }

/// SHPR1 to SHPR3 hold bytes for exceptions 4 to 15, of which some do not exist.
constexpr bool HasPriority(uint32_t exception) {
  return exception >= kFirstInterrupt || (0b1101'1000'0111'0000 >> exception & 1) != 0;
}

}  // namespace

bool System::Read(uint32_t address, int bytes, bool privileged, uint32_t& value) {
  const uint32_t offset = address & 0xFFC, shift = (address & 3) * 8;
  if (!privileged) {
    const bool open = (address & ~3u) == 0xE000'E000 + kStir && (state_.ccr & 2) != 0;
    value = 0;
    return open;
  }
  uint32_t word = 0;
  switch (address >> 12) {
    case 0xE'0000:  // ITM
    case 0xE'0002:  // FPB
    case 0xE'0040:  // TPIU
    case 0xE'0041:  // ETM
      break;        // absent: they read as zero and ignore writes
    case 0xE'0001:
      word = ReadWatch(offset);
      break;
    case 0xE'000E:
      word = ReadControlSpace(offset);
      break;
    case 0xE'00FF:
      word = offset < sizeof(kRomTable) ? kRomTable[offset / 4] : 0;
      break;
    default:
      return Within(address, 0xE004'2000, 0xB'D000) && port_.ReadExternal(address, bytes, value);
  }
  // Parts of any register can be read; the manual leaves it open for most.
  value = word >> shift & (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1);
  return true;
}

bool System::Write(uint32_t address, int bytes, bool privileged, uint32_t value) {
  const uint32_t offset = address & 0xFFC, shift = (address & 3) * 8;
  if (!privileged && ((address & ~3u) != 0xE000'E000 + kStir || (state_.ccr & 2) == 0)) return false;
  const uint32_t lanes = (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1) << shift;
  switch (address >> 12) {
    case 0xE'0000:
    case 0xE'0002:
    case 0xE'0040:
    case 0xE'0041:
    case 0xE'00FF:
      return true;
    case 0xE'0001:
      if (bytes != 4) return false;
      WriteWatch(offset, value);
      return true;
    case 0xE'000E:
      WriteControlSpace(offset, value << shift, lanes);
      return true;
    default:
      return Within(address, 0xE004'2000, 0xB'D000) && port_.WriteExternal(address, bytes, value);
  }
}

// ---- System Control Space

uint32_t System::ReadControlSpace(uint32_t offset) {
  // 32 interrupts a word, and four priorities.
  const auto bits = [&](const bool* set, uint32_t first) {
    uint32_t word = 0;
    for (uint32_t i = 0, number = (offset - first) * 8; i < 32 && number < kInterrupts; ++i, ++number) {
      word |= static_cast<uint32_t>(set[kFirstInterrupt + number]) << i;
    }
    return word;
  };
  const auto priorities = [&](uint32_t first) {
    uint32_t word = 0;
    for (uint32_t i = 0; i < 4 && first + i < kExceptions; ++i) word |= uint32_t{state_.priority[first + i]} << 8 * i;
    return word;
  };
  if (Within(offset, kIser, 64) || Within(offset, kIcer, 64))
    return bits(state_.enabled, offset < kIcer ? kIser : kIcer);
  if (Within(offset, kIspr, 64) || Within(offset, kIcpr, 64))
    return bits(state_.pending, offset < kIcpr ? kIspr : kIcpr);
  if (Within(offset, kIabr, 64)) return bits(state_.active, kIabr);
  if (Within(offset, kIpr, 496)) return priorities(kFirstInterrupt + offset - kIpr);
  if (Within(offset, kShpr1, 12)) return priorities(4 + offset - kShpr1);
  if (Within(offset, kIdPfr0, kIdIsar4 + 4 - kIdPfr0)) return kFeatures[(offset - kIdPfr0) / 4];
  if (Within(offset, kPid4, 48)) return kIdentification[(offset - kPid4) / 4];
  if (Within(offset, kMpuRbar, kMpuRasrA3 + 4 - kMpuRbar)) {
    const MpuState::Region& region = state_.mpu.regions[state_.mpu.region & 7];
    return (offset - kMpuRbar) % 8 == 0 ? region.base | state_.mpu.region : region.attributes;
  }
  switch (offset) {
    case kIctr:
      return (kInterrupts - 1) / 32;
    case kActlr:
      return state_.actlr;
    case kSystCsr: {
      Advance();
      const uint32_t value = state_.systick_control | (state_.systick_counted ? kTickCounted : 0);
      state_.systick_counted = false;
      return value;
    }
    case kSystRvr:
      return state_.systick_reload;
    case kSystCvr:
      Advance();
      return state_.systick_value;
    case kSystCalib:
      return kCalibration;
    case kCpuid:
      return 0x410F'C241;
    case kIcsr:
      return ReadInterruptControl();
    case kVtor:
      return state_.vtor;
    case kAircr:
      return 0xFA05'0000 | state_.aircr;
    case kScr:
      return state_.scr;
    case kCcr:
      return state_.ccr;
    case kShcsr: {
      uint32_t word = state_.shcsr;
      for (const auto [bit, exception] : kActiveBits) word |= static_cast<uint32_t>(state_.active[exception]) << bit;
      for (const auto [bit, exception] : kPendingBits) word |= static_cast<uint32_t>(state_.pending[exception]) << bit;
      return word;
    }
    case kCfsr:
      return state_.cfsr;
    case kHfsr:
      return state_.hfsr;
    case kDfsr:
      return state_.dfsr;
    case kMmfar:
      return state_.mmfar;
    case kBfar:
      return state_.bfar;
    case kAfsr:
      return state_.afsr;
    case kCpacr:
      return state_.cpacr;
    case kMpuType:
      return 0x800;
    case kMpuCtrl:
      return state_.mpu.control;
    case kMpuRnr:
      return state_.mpu.region;
    case kDemcr:
      return state_.demcr | (state_.pending[kDebugMonitor] ? kMonitorPending : 0);
    case kFpccr:
      return state_.fpccr;
    case kFpcar:
      return state_.fpcar;
    case kFpdscr:
      return state_.fpdscr;
    case kMvfr0:
      return 0x1011'0021;
    case kMvfr1:
      return 0x1100'0011;
    default:
      return 0;  // reserved, or of a debugger (DHCSR without one)
  }
}

uint32_t System::ReadInterruptControl() const {
  // VECTPENDING is what may be taken but for PRIMASK (Cortex-M4 user guide, 4.3.3); QEMU 7.2 leaves all masks out.
  const bool takeable = best_ready_ != 0 && CanPreempt(PriorityWithoutPrimask());
  bool interrupt_pending = false;
  for (int i = kFirstInterrupt; i < kExceptions; ++i) interrupt_pending |= state_.pending[i];
  int others = active_.Count();
  if (registers_.exception < kExceptions && state_.active[registers_.exception]) --others;
  return registers_.exception | (others == 0 ? 1u << 11 : 0) |
         (takeable ? static_cast<uint32_t>(best_ready_) << 12 : 0) | (interrupt_pending ? 1u << 22 : 0) |
         (state_.pending[kSysTickException] ? 1u << 26 : 0) | (state_.pending[kPendSv] ? 1u << 28 : 0) |
         (state_.pending[kNmi] ? 1u << 31 : 0);
}

/// All registers take bytes, halfwords and words (Cortex-M4 TRM, 6.2): what is not written keeps its value, and is as
/// if written with zeros where ones do something. (QEMU 7.2 ignores most parts.)
void System::WriteControlSpace(uint32_t offset, uint32_t value, uint32_t lanes) {
  const auto merged = [&](uint32_t old) { return Merge(old, value, lanes); };
  const uint32_t ones = value & lanes;
  if (Within(offset, kIpr, 496) || Within(offset, kShpr1, 12)) {
    const uint32_t first = offset >= kShpr1 ? 4 + offset - kShpr1 : kFirstInterrupt + offset - kIpr;
    for (uint32_t i = 0; i < 4 && first + i < kExceptions; ++i) {
      if ((lanes >> 8 * i & 0xFF) == 0 || !HasPriority(first + i)) continue;
      state_.priority[first + i] = static_cast<uint8_t>(value >> 8 * i & 0xF0);
    }
    PrioritiesChanged();
    return;
  }
  if (Within(offset, kMpuCtrl, kMpuRasrA3 + 4 - kMpuCtrl)) {
    WriteMpu(offset, value, lanes);
    return;
  }
  // Words of 32 interrupts.
  const auto each = [&](uint32_t first, auto act) {
    for (uint32_t i = 0, number = (offset - first) * 8; i < 32 && number < kInterrupts; ++i, ++number) {
      if ((ones >> i & 1) != 0) act(static_cast<int>(kFirstInterrupt + number));
    }
  };
  if (Within(offset, kIser, 64)) return each(kIser, [&](int exception) { SetEnabled(exception, true); });
  if (Within(offset, kIcer, 64)) return each(kIcer, [&](int exception) { SetEnabled(exception, false); });
  if (Within(offset, kIspr, 64)) return each(kIspr, [&](int exception) { SetPending(exception, true); });
  if (Within(offset, kIcpr, 64)) {
    return each(kIcpr, [&](int exception) {
      // A wire that is still high pends at once again.
      if (state_.pending[exception]) SetPending(exception, state_.line[exception] && !state_.active[exception]);
    });
  }
  switch (offset) {
    case kActlr:
      state_.actlr = merged(state_.actlr) & kActlrMask;
      break;
    case kSystCsr:
      WriteSysTick(offset, merged(state_.systick_control));
      break;
    case kSystRvr:
      WriteSysTick(offset, merged(state_.systick_reload));
      break;
    case kSystCvr:
      WriteSysTick(offset, value);
      break;
    case kIcsr:
      WriteInterruptControl(ones);
      break;
    case kVtor:
      state_.vtor = merged(state_.vtor) & ~0x7Fu;
      break;
    case kAircr:
      WriteResetControl(ones);
      break;
    case kScr:
      state_.scr = merged(state_.scr) & kScrMask;
      break;
    case kCcr:
      state_.ccr = merged(state_.ccr) & kCcrMask;
      break;
    case kShcsr:
      WriteHandlerControl(merged(ReadControlSpace(kShcsr)));
      break;
    case kCfsr:
      state_.cfsr &= ~ones;
      break;
    case kHfsr:
      state_.hfsr &= ~ones;
      break;
    case kDfsr:
      state_.dfsr &= ~ones;
      break;
    case kMmfar:
    case kBfar:
      state_.mmfar = state_.bfar = merged(state_.bfar);  // one register, two addresses
      break;
    case kCpacr:
      state_.cpacr = merged(state_.cpacr) & kCpacrMask;
      break;
    case kDemcr: {
      const uint32_t demcr = merged(ReadControlSpace(kDemcr));
      SetCycleCounter(state_.dwt_control, demcr & kDemcrMask, CycleCount());
      SetPending(kDebugMonitor, (demcr & kMonitorPending) != 0);
      SetEnabled(kDebugMonitor, (demcr & kMonitorEnable) != 0);
      break;
    }
    case kStir:
      if ((ones & 0x1FF) < kInterrupts) SetPending(kFirstInterrupt + static_cast<int>(ones & 0x1FF), true);
      break;
    case kFpccr:
      state_.fpccr = merged(state_.fpccr) & kFpccrMask;
      break;
    case kFpcar:
      state_.fpcar = merged(state_.fpcar) & ~7u;
      break;
    case kFpdscr:
      state_.fpdscr = merged(state_.fpdscr) & kFpdscrMask;
      break;
    default:
      break;  // read-only, reserved, or of a debugger
  }
}

void System::WriteInterruptControl(uint32_t value) {
  if ((value >> 31 & 1) != 0) SetPending(kNmi, true);
  if ((value >> 27 & 1) != 0) SetPending(kPendSv, false);
  if ((value >> 28 & 1) != 0) SetPending(kPendSv, true);
  if ((value >> 25 & 1) != 0) SetPending(kSysTickException, false);
  if ((value >> 26 & 1) != 0) SetPending(kSysTickException, true);
}

void System::WriteHandlerControl(uint32_t value) {
  state_.shcsr = 0;
  for (const auto [bit, exception] : kEnableBits) {
    state_.shcsr |= value & 1u << bit;
    SetEnabled(exception, (value >> bit & 1) != 0);
  }
  for (const auto [bit, exception] : kPendingBits) SetPending(exception, (value >> bit & 1) != 0);
  for (const auto [bit, exception] : kActiveBits) SetActive(exception, (value >> bit & 1) != 0);
}

void System::WriteResetControl(uint32_t value) {
  if (value >> 16 != 0x05FA) return;
  state_.aircr = value & 0x700;
  if ((value & 2) != 0) {
    // VECTCLRACTIVE: thread mode from now on. QEMU 7.2 ignores it without a debugger, for whom it is meant.
    for (int exception = kNmi; exception < kExceptions; ++exception) SetActive(exception, false);
    registers_.exception = kThreadMode;
    port_.PermissionsChanged();
  }
  PrioritiesChanged();
  if ((value & 4) != 0) port_.ResetRequested();
}

void System::WriteMpu(uint32_t offset, uint32_t value, uint32_t lanes) {
  MpuState& mpu = state_.mpu;
  if (offset == kMpuRnr) {
    const uint32_t region = Merge(mpu.region, value, lanes) & 0xFF;
    if (region < 8) mpu.region = region;  // there are no others
    return;
  }
  if (offset == kMpuCtrl) {
    const uint32_t control = Merge(mpu.control, value, lanes) & 7;
    if (mpu.control == control) return;
    mpu.control = control;
    MasksChanged();
  } else if ((offset - kMpuRbar) % 8 == 0) {
    if ((value & lanes & 1u << 4) != 0) {  // VALID: REGION says which
      if ((value & 15) >= 8) return;
      mpu.region = value & 15;
    }
    MpuState::Region& region = mpu.regions[mpu.region & 7];
    const uint32_t base = Merge(region.base, value, lanes) & ~31u;
    if (region.base == base) return;
    region.base = base;
  } else {
    MpuState::Region& region = mpu.regions[mpu.region & 7];
    const uint32_t attributes = Merge(region.attributes, value, lanes) & kRasrMask;
    if (region.attributes == attributes) return;
    region.attributes = attributes;
  }
  port_.PermissionsChanged();
}

void System::WriteSysTick(uint32_t offset, uint32_t value) {
  Advance();
  state_.systick_since = registers_.cycles;
  switch (offset) {
    case kSystCsr:
      state_.systick_control = value & kTickMask;
      break;
    case kSystRvr:
      state_.systick_reload = value & 0xFF'FFFF;
      break;
    default:
      state_.systick_value = 0;
      state_.systick_counted = false;
      break;
  }
  port_.AttentionChanged();
}

// ---- DWT

bool System::CountsCycles() const {
  return (state_.dwt_control & kCycleCounterEnable) != 0 && (state_.demcr & kTraceEnable) != 0;
}

uint32_t System::CycleCount() const {
  return CountsCycles() ? static_cast<uint32_t>(registers_.cycles - state_.dwt_offset) : state_.dwt_cycles_held;
}

/// Goes on from `count` with new settings.
void System::SetCycleCounter(uint32_t dwt_control, uint32_t demcr, uint32_t count) {
  state_.dwt_control = dwt_control & kCycleCounterEnable;
  state_.demcr = demcr;
  state_.dwt_cycles_held = count;
  state_.dwt_offset = registers_.cycles - count;
}

uint32_t System::ReadWatch(uint32_t offset) const {
  switch (offset) {
    case 0x000:
      return state_.dwt_control | kWatchAbsent;
    case 0x004:
      return CycleCount();
    default:
      return 0;
  }
}

void System::WriteWatch(uint32_t offset, uint32_t value) {
  if (offset == 0x000) SetCycleCounter(value, state_.demcr, CycleCount());
  if (offset == 0x004) SetCycleCounter(state_.dwt_control, state_.demcr, value);
}

}  // namespace thimble::simulator
