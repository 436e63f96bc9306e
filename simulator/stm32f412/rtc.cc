#include "simulator/stm32f412/rtc.h"

#include <algorithm>

#include "simulator/stm32f412/clock_arithmetic.h"
#include "simulator/stm32f412/rcc.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kTr = 0x00, kDr = 0x04, kCr = 0x08, kIsr = 0x0c, kPrer = 0x10, kWutr = 0x14, kCalibr = 0x18,
                   kAlrmar = 0x1c, kAlrmbr = 0x20, kWpr = 0x24, kSsr = 0x28, kShiftr = 0x2c, kCalr = 0x3c,
                   kTafcr = 0x40, kAlrmassr = 0x44, kAlrmbssr = 0x48, kBackup = 0x50;
constexpr uint32_t kTrMask = 0x007f'7f7f, kDrMask = 0x00ff'ff3f, kDateReset = 0x2101, kPrescalerReset = 0x007f'00ff;

// CR
constexpr uint32_t kBypassShadow = 1u << 5, kTwelveHours = 1u << 6, kCoarseCalibration = 1u << 7, kWakeUpOn = 1u << 10,
                   kTimeStampOn = 1u << 11, kWakeUpInterrupt = 1u << 14, kAddHour = 1u << 16, kSubtractHour = 1u << 17,
                   kCrMask = 0x00fc'fff7, kOutputs = 0x00e0'0000;
constexpr uint32_t AlarmOn(int index) { return 1u << (8 + index); }
constexpr uint32_t AlarmInterrupt(int index) { return 1u << (12 + index); }
// ISR
constexpr uint32_t kWakeUpWritable = 1u << 2, kYearSet = 1u << 4, kSynchronised = 1u << 5, kInitFlag = 1u << 6,
                   kInit = 1u << 7, kWakeUpFlag = 1u << 10, kFlags = 0x3f00;
constexpr uint32_t AlarmFlag(int index) { return 1u << (8 + index); }

constexpr uint32_t kPm = 1u << 22;

/// Both BCD digits; what no clock shows (a digit above 9) counts by its value.
constexpr uint32_t FromBcd(uint32_t bcd) { return (bcd >> 4) * 10 + (bcd & 15); }
constexpr uint32_t ToBcd(uint32_t value) { return value / 10 << 4 | value % 10; }

constexpr uint32_t DaysIn(uint32_t month, uint32_t year) {
  constexpr uint32_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && year % 4 == 0 ? 1 : 0);
}

}  // namespace

Rtc::Rtc(Chip& chip, Rcc& rcc) : chip_(chip), rcc_(rcc) {
  BackupDomainReset();
  rcc.on_rtc_clock = [this] { ClockSourceChanged(); };
  rcc.on_backup_domain_reset = [this] { BackupDomainReset(); };
}

void Rtc::BackupDomainReset() {
  state_ = {};
  state_.date = kDateReset;
  state_.prescaler = kPrescalerReset;
  state_.wake_up = 0xffff;
  for (Alarm& alarm : state_.alarms) alarm.fires_tick = kNever;
  state_.wake_up_tick = state_.init_tick = state_.sync_tick = kNever;
  state_.origin_ns = chip_.NowNs();
  ClockSourceChanged();
}

void Rtc::PowerOn() {
  BackupDomainReset();
  Reset();
}

void Rtc::Reset() {
  Update();
  if ((state_.isr & kInitFlag) != 0) state_.second_tick = TickNow();
  state_.isr &= ~(kInit | kInitFlag | kSynchronised);
  state_.init_tick = kNever;
  state_.sync_tick = AddTime(TickNow(), 2);
  state_.time_held = state_.date_held = false;
  ScheduleNext();
}

// Time.

uint64_t Rtc::TickNow() const {
  return AddTime(state_.origin_tick, MultiplyDivide(chip_.NowNs() - state_.origin_ns, state_.clock_hz, kNsPerSecond));
}

uint64_t Rtc::NsOfTick(uint64_t tick) const {
  if (tick == kNever || state_.clock_hz == 0) return kNever;
  if (tick <= state_.origin_tick) return state_.origin_ns;
  return AddTime(state_.origin_ns, MultiplyDivideUp(tick - state_.origin_tick, kNsPerSecond, state_.clock_hz));
}

uint64_t Rtc::TicksPerSecond() const {
  return (uint64_t{state_.prescaler >> 16} + 1) * ((state_.prescaler & 0x7fff) + 1);
}

uint32_t Rtc::SubSecond() const {
  const uint32_t reload = state_.prescaler & 0x7fff;
  if (Stopped()) return reload;
  const uint64_t steps = (TickNow() - state_.second_tick) / ((state_.prescaler >> 16) + 1);
  return steps > reload ? 0 : reload - static_cast<uint32_t>(steps);
}

bool Rtc::Stopped() const { return (state_.isr & kInitFlag) != 0; }

void Rtc::ClockSourceChanged() {
  const uint32_t hz = rcc_.RtcHz();
  if (hz == state_.clock_hz) return;
  Update();
  state_.origin_tick = TickNow();
  state_.origin_ns = chip_.NowNs();
  state_.clock_hz = hz;
  ScheduleNext();
}

void Rtc::AddSeconds(int64_t seconds) {
  uint32_t hour = FromBcd(state_.time >> 16 & 0x3f);
  if ((state_.cr & kTwelveHours) != 0) hour = hour % 12 + ((state_.time & kPm) != 0 ? 12 : 0);
  const uint32_t minute = FromBcd(state_.time >> 8 & 0x7f) % 60, second = FromBcd(state_.time & 0x7f) % 60;
  uint32_t year = FromBcd(state_.date >> 16 & 0xff) % 100;
  uint32_t month = std::clamp(FromBcd(state_.date >> 8 & 0x1f), 1u, 12u);
  uint32_t day = std::clamp(FromBcd(state_.date & 0x3f), 1u, DaysIn(month, year));
  const uint32_t weekday = std::max(state_.date >> 13 & 7, 1u);

  constexpr int64_t kDay = 86'400;
  const int64_t total = int64_t{hour % 24} * 3600 + minute * 60 + second + seconds;
  int64_t days = total / kDay, of_day = total % kDay;
  if (of_day < 0) {
    of_day += kDay;
    --days;
  }
  if (days != 0) {
    constexpr int64_t kCentury = 36'525;  // its calendar begins anew after the year 99
    const auto new_weekday = static_cast<uint32_t>(((weekday - 1 + days) % 7 + 7) % 7 + 1);
    int64_t day_of_century = day - 1;
    for (uint32_t m = 1; m < month; ++m) day_of_century += DaysIn(m, year);
    day_of_century += int64_t{year} * 365 + (year + 3) / 4;
    day_of_century = ((day_of_century + days) % kCentury + kCentury) % kCentury;
    // Four years have 1461 days, the first of them 366.
    year = static_cast<uint32_t>(day_of_century / 1461 * 4);
    int64_t left = day_of_century % 1461;
    while (left >= (year % 4 == 0 ? 366 : 365)) left -= year++ % 4 == 0 ? 366 : 365;
    month = 1;
    while (left >= DaysIn(month, year)) left -= DaysIn(month++, year);
    day = static_cast<uint32_t>(left) + 1;
    state_.date = ToBcd(year) << 16 | new_weekday << 13 | ToBcd(month) << 8 | ToBcd(day);
  }
  auto new_hour = static_cast<uint32_t>(of_day / 3600);
  uint32_t afternoon = 0;
  if ((state_.cr & kTwelveHours) != 0) {
    afternoon = new_hour >= 12 ? kPm : 0;
    new_hour = new_hour % 12 == 0 ? 12 : new_hour % 12;
  }
  state_.time = afternoon | ToBcd(new_hour) << 16 | ToBcd(static_cast<uint32_t>(of_day / 60 % 60)) << 8 |
                ToBcd(static_cast<uint32_t>(of_day % 60));
}

// Alarms and the wake-up timer.

void Rtc::ArmAlarm(int index) {
  Alarm& alarm = state_.alarms[index];
  alarm.fires_tick = kNever;
  if ((state_.cr & AlarmOn(index)) == 0) return;
  const auto differs = [&](uint32_t mask_bit, uint32_t field) {
    return (alarm.time >> mask_bit & 1) == 0 && ((state_.time ^ alarm.time) & field) != 0;
  };
  if (differs(7, 0x7f) || differs(15, 0x7f00) || differs(23, 0x7f'0000)) return;
  if ((alarm.time >> 31) == 0) {
    const bool by_weekday = (alarm.time & 1u << 30) != 0;
    if (by_weekday ? (state_.date >> 13 & 7) != (alarm.time >> 24 & 15)
                   : (state_.date & 0x3f) != (alarm.time >> 24 & 0x3f)) {
      return;
    }
  }
  // Within the second: when as many low bits of SSR, which counts down, as MASKSS says are those of SS.
  const uint32_t bits = alarm.sub_second >> 24 & 15, reload = state_.prescaler & 0x7fff;
  const uint32_t steps = (reload - (alarm.sub_second & 0x7fff)) & ((1u << bits) - 1);
  if (steps > reload) return;
  alarm.fires_tick = state_.second_tick + uint64_t{steps} * ((state_.prescaler >> 16) + 1);
}

void Rtc::Fire(uint32_t flag, uint32_t enable, int line) {
  const bool was_set = (state_.isr & flag) != 0;
  state_.isr |= flag;
  if (!was_set && (state_.cr & enable) != 0) chip_.PulseExti(line);
}

uint64_t Rtc::WakeUpTicks() const {
  const uint64_t count = uint64_t{state_.wake_up} + 1;
  const uint32_t clock = state_.cr & 7;
  if (clock < 4) return count * (16u >> clock);
  return (clock < 6 ? count : count + 0x1'0000) * TicksPerSecond();
}

void Rtc::Update() {
  const uint64_t now = TickNow();
  if (state_.init_tick <= now) {
    state_.init_tick = kNever;
    state_.isr |= kInitFlag;
  }
  if (state_.sync_tick <= now) {
    state_.sync_tick = kNever;
    state_.isr |= kSynchronised;
  }
  const auto fire_alarms = [&] {
    for (int i = 0; i < 2; ++i) {
      if (state_.alarms[i].fires_tick > now) continue;
      state_.alarms[i].fires_tick = kNever;
      Fire(AlarmFlag(i), AlarmInterrupt(i), kAlarmLine);
    }
  };
  fire_alarms();
  if (!Stopped()) {
    const uint64_t second = TicksPerSecond();
    uint64_t passed = (now - state_.second_tick) / second;
    // With an alarm on, somebody looks every second; only a program that just changed the prescalers is further behind.
    constexpr uint64_t kLookedAt = 64;
    if (passed > kLookedAt) {
      AddSeconds(static_cast<int64_t>(std::min<uint64_t>(passed - kLookedAt, uint64_t{1} << 40)));
      state_.second_tick += (passed - kLookedAt) * second;
      passed = kLookedAt;
    }
    const bool alarmed = (state_.cr & (AlarmOn(0) | AlarmOn(1))) != 0;
    while (passed > 0) {
      const uint64_t step = alarmed ? 1 : passed;
      AddSeconds(static_cast<int64_t>(step));
      state_.second_tick += step * second;
      passed -= step;
      if (alarmed) {
        ArmAlarm(0);
        ArmAlarm(1);
        fire_alarms();
      }
    }
  }
  if (state_.wake_up_tick <= now) {
    const uint64_t period = WakeUpTicks();
    state_.wake_up_tick += ((now - state_.wake_up_tick) / period + 1) * period;
    Fire(kWakeUpFlag, kWakeUpInterrupt, kWakeUpLine);
  }
}

void Rtc::ScheduleNext() {
  uint64_t next = (state_.cr & kWakeUpInterrupt) != 0 ? state_.wake_up_tick : kNever;
  for (int i = 0; i < 2; ++i) {
    next = std::min(next, state_.alarms[i].fires_tick);
    if ((state_.cr & AlarmOn(i)) != 0 && !Stopped()) next = std::min(next, state_.second_tick + TicksPerSecond());
  }
  chip_.ScheduleAtNs(*this, NsOfTick(next));
}

void Rtc::Due() {
  Update();
  ScheduleNext();
}

// Registers.

uint32_t Rtc::Read(uint32_t offset, int) {
  Update();
  const bool shadow = (state_.cr & kBypassShadow) == 0;
  uint32_t value = 0;
  switch (offset) {
    case kTr:
      value = state_.time_held && shadow ? state_.held_time : state_.time;
      state_.held_date = state_.date_held && shadow ? state_.held_date : state_.date;
      state_.date_held = shadow;
      break;
    case kDr:
      value = state_.date_held && shadow ? state_.held_date : state_.date;
      state_.time_held = state_.date_held = false;
      break;
    case kSsr:
      value = SubSecond();
      if (shadow && !state_.time_held) state_.held_time = state_.time;
      if (shadow && !state_.date_held) state_.held_date = state_.date;
      state_.time_held = state_.date_held = shadow;
      break;
    case kCr:
      value = state_.cr;
      break;
    case kIsr:
      value = state_.isr;
      for (int i = 0; i < 2; ++i) value |= (state_.cr & AlarmOn(i)) == 0 || Stopped() ? 1u << i : 0;
      if ((state_.cr & kWakeUpOn) == 0) value |= kWakeUpWritable;
      if ((state_.date >> 16 & 0xff) != 0) value |= kYearSet;
      break;
    case kPrer:
      value = state_.prescaler;
      break;
    case kWutr:
      value = state_.wake_up;
      break;
    case kCalibr:
      value = state_.calibration;
      break;
    case kAlrmar:
      value = state_.alarms[0].time;
      break;
    case kAlrmbr:
      value = state_.alarms[1].time;
      break;
    case kCalr:
      value = state_.smooth_calibration;
      break;
    case kTafcr:
      value = state_.tamper;
      break;
    case kAlrmassr:
      value = state_.alarms[0].sub_second;
      break;
    case kAlrmbssr:
      value = state_.alarms[1].sub_second;
      break;
    default:
      if (offset >= kBackup && offset < kBackup + 4 * kBackupRegisters) value = state_.backup[(offset - kBackup) / 4];
      break;
  }
  ScheduleNext();
  return value;
}

void Rtc::WriteControl(uint32_t value, uint32_t lanes) {
  const uint32_t before = state_.cr;
  uint32_t next = Merge(before, value, lanes) & kCrMask;
  if (!Stopped()) next = (next & ~kTwelveHours) | (before & kTwelveHours);
  if ((before & next & kWakeUpOn) != 0) next = (next & ~7u) | (before & 7);
  state_.cr = next & ~(kAddHour | kSubtractHour);
  if (!Stopped()) {
    if ((value & lanes & kAddHour) != 0) AddSeconds(3600);
    if ((value & lanes & kSubtractHour) != 0) AddSeconds(-3600);
  }
  if ((next & kWakeUpOn) == 0) {
    state_.wake_up_tick = kNever;
  } else if ((before & kWakeUpOn) == 0) {
    state_.wake_up_tick = AddTime(TickNow(), WakeUpTicks());
  }
  for (int i = 0; i < 2; ++i) {
    if ((next & AlarmOn(i)) == 0) state_.alarms[i].fires_tick = kNever;
  }
  const auto newly = [&](uint32_t enable, uint32_t flag) {
    return (next & ~before & enable) != 0 && (state_.isr & flag) != 0;
  };
  if (newly(AlarmInterrupt(0), AlarmFlag(0)) || newly(AlarmInterrupt(1), AlarmFlag(1))) chip_.PulseExti(kAlarmLine);
  if (newly(kWakeUpInterrupt, kWakeUpFlag)) chip_.PulseExti(kWakeUpLine);
  if ((next & kCoarseCalibration) != 0) chip_.Note("RTC CR: coarse calibration (DCE) is not modelled");
  if ((next & kTimeStampOn) != 0) chip_.Note("RTC CR: time stamps (TSE) are not modelled");
  if ((next & kOutputs) != 0) chip_.Note("RTC CR: the outputs (OSEL, COE) are not modelled");
}

void Rtc::WriteStatus(uint32_t value, uint32_t lanes, bool unlocked) {
  state_.isr &= value | ~lanes | ~kFlags;
  if (!unlocked) return;
  if ((lanes & kSynchronised) != 0 && (value & kSynchronised) == 0) {
    state_.isr &= ~kSynchronised;
    state_.sync_tick = AddTime(TickNow(), 2);
  }
  if ((lanes & kInit) == 0) return;
  const bool was = (state_.isr & kInit) != 0, wanted = (value & kInit) != 0;
  if (wanted && !was) {
    state_.isr |= kInit;
    state_.init_tick = AddTime(TickNow(), 2);
  } else if (!wanted && was) {
    if (Stopped()) {
      state_.second_tick = TickNow();
      state_.isr &= ~kSynchronised;
      state_.sync_tick = AddTime(TickNow(), 4);
    }
    state_.isr &= ~(kInit | kInitFlag);
    state_.init_tick = kNever;
  }
}

void Rtc::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  Update();
  value &= lanes;
  if (offset == kWpr) {
    constexpr uint32_t kKeys[] = {0xca, 0x53};
    if ((lanes & 0xff) == 0) return;
    const uint32_t key = value & 0xff;
    if (state_.keys < 2 && key == kKeys[state_.keys]) {
      ++state_.keys;
    } else {
      state_.keys = key == kKeys[0] ? 1 : 0;
    }
    return;
  }
  if (rcc_.backup_writable && !rcc_.backup_writable()) {
    chip_.Note("RTC: a register was written while PWR_CR.DBP is clear: ignored");
    return;
  }
  if (offset >= kBackup && offset < kBackup + 4 * kBackupRegisters) {
    uint32_t& backup = state_.backup[(offset - kBackup) / 4];
    backup = Merge(backup, value, lanes);
    return;
  }
  const bool unlocked = state_.keys == 2;
  if (offset == kTafcr) {
    state_.tamper = Merge(state_.tamper, value, lanes) & 0x0007'ff1f;
    if ((state_.tamper & 0x9) != 0) chip_.Note("RTC TAFCR: tamper detection is not modelled");
    return;
  }
  if (offset == kIsr) {
    WriteStatus(value, lanes, unlocked);
    Update();
    ScheduleNext();
    return;
  }
  if (!unlocked) {
    chip_.Note("RTC: a register was written without the keys of RTC_WPR before: ignored");
    return;
  }
  const auto only = [&](bool allowed, const char* sentence) {
    if (!allowed) chip_.Note(sentence);
    return allowed;
  };
  constexpr const char* kInitOnly = "RTC: TR, DR or PRER was written outside initialisation mode (ISR.INIT): ignored";
  constexpr const char* kAlarmOffOnly = "RTC: an alarm was written while it is on (CR.ALRAE, ALRBE): ignored";
  const auto alarm_writable = [&](int i) { return only((state_.cr & AlarmOn(i)) == 0 || Stopped(), kAlarmOffOnly); };
  switch (offset) {
    case kTr:
      if (only(Stopped(), kInitOnly)) state_.time = Merge(state_.time, value, lanes) & kTrMask;
      break;
    case kDr:
      if (only(Stopped(), kInitOnly)) state_.date = Merge(state_.date, value, lanes) & kDrMask;
      break;
    case kPrer:
      if (only(Stopped(), kInitOnly)) state_.prescaler = Merge(state_.prescaler, value, lanes) & 0x007f'7fff;
      break;
    case kCr:
      WriteControl(value, lanes);
      break;
    case kWutr:
      if (only((state_.cr & kWakeUpOn) == 0, "RTC WUTR was written while the timer is on (CR.WUTE): ignored")) {
        state_.wake_up = Merge(state_.wake_up, value, lanes) & 0xffff;
      }
      break;
    case kCalibr:
      state_.calibration = Merge(state_.calibration, value, lanes) & 0x9f;
      break;
    case kAlrmar:
    case kAlrmbr: {
      const int i = offset == kAlrmar ? 0 : 1;
      if (alarm_writable(i)) state_.alarms[i].time = Merge(state_.alarms[i].time, value, lanes);
      break;
    }
    case kAlrmassr:
    case kAlrmbssr: {
      const int i = offset == kAlrmassr ? 0 : 1;
      if (alarm_writable(i))
        state_.alarms[i].sub_second = Merge(state_.alarms[i].sub_second, value, lanes) & 0x0f00'7fff;
      break;
    }
    case kCalr:
      state_.smooth_calibration = Merge(state_.smooth_calibration, value, lanes) & 0xe1ff;
      if (state_.smooth_calibration != 0) chip_.Note("RTC CALR: calibration is not modelled; the crystal is exact");
      break;
    case kShiftr:
      chip_.Note("RTC SHIFTR: shifting the clock is not modelled: ignored");
      break;
    default:
      break;
  }
  Update();
  ScheduleNext();
}

}  // namespace thimble::simulator
