// RTC: calendar, alarms, wake-up timer, and the backup registers that survive resets.
#ifndef THIMBLE_SIMULATOR_STM32F412_RTC_H_
#define THIMBLE_SIMULATOR_STM32F412_RTC_H_

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

class Rcc;

/// RM0402, section 23. Everything here lies in the backup domain: a system reset leaves it running, PowerOn clears it
/// (the kit's VBAT hangs on the supply).
class Rtc final : public Peripheral {
 public:
  static constexpr int kBackupRegisters = 20;
  static constexpr int kAlarmLine = 17, kWakeUpLine = 22;  ///< of EXTI

  /// Becomes `rcc`'s on_rtc_clock and on_backup_domain_reset; asks its backup_writable.
  Rtc(Chip& chip, Rcc& rcc);

  std::string_view Name() const override { return "RTC"; }
  void Reset() override;
  void PowerOn() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// Without the rules for programs.
  uint32_t backup_register(int index) const { return state_.backup[index]; }

 private:
  struct Alarm {
    uint32_t time, sub_second;
    uint64_t fires_tick;  // within the second that has begun; kNever: not in this one
  };
  struct StateData {
    uint32_t time, date, cr, isr, prescaler, wake_up, calibration, smooth_calibration, tamper;
    uint32_t unused;
    Alarm alarms[2];
    uint32_t backup[kBackupRegisters];
    uint8_t keys;               // of WPR that came; 2: unlocked
    bool time_held, date_held;  // shadow registers hold these until DR is read
    uint8_t unused_too;
    uint32_t held_time, held_date;

    // Time in periods of RTCCLK: at origin_ns it was origin_tick.
    uint32_t clock_hz;
    uint64_t origin_ns, origin_tick;
    uint64_t second_tick;   // when the second that runs began
    uint64_t wake_up_tick;  // kNever: the timer is off
    uint64_t init_tick;     // INITF comes then
    uint64_t sync_tick;     // RSF comes then
  };

  void BackupDomainReset();
  void ClockSourceChanged();
  uint64_t TickNow() const;
  uint64_t NsOfTick(uint64_t tick) const;
  uint64_t TicksPerSecond() const;
  uint32_t SubSecond() const;
  bool Stopped() const;
  void Update();
  void AddSeconds(int64_t seconds);
  void ArmAlarm(int index);
  void Fire(uint32_t flag, uint32_t enable, int line);
  uint64_t WakeUpTicks() const;
  void ScheduleNext();
  void WriteControl(uint32_t value, uint32_t lanes);
  void WriteStatus(uint32_t value, uint32_t lanes, bool unlocked);

  StateData state_ = {};
  Chip& chip_;
  Rcc& rcc_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_RTC_H_
