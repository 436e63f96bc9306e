// RCC: oscillators, PLLs, the clock tree, clock gates and resets.
#ifndef THIMBLE_SIMULATOR_STM32F412_RCC_H_
#define THIMBLE_SIMULATOR_STM32F412_RCC_H_

#include <functional>

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, section 6. Oscillators and PLLs take their typical time to start (STM32F412 data sheet, section 6.3).
class Rcc final : public Peripheral {
 public:
  /// Bits for AddResetFlags and Chip::RequestReset: RCC_CSR.
  static constexpr uint32_t kBrownOutFlag = 1u << 25, kPinFlag = 1u << 26, kPowerOnFlag = 1u << 27,
                            kSoftwareFlag = 1u << 28, kIndependentWatchdogFlag = 1u << 29,
                            kWindowWatchdogFlag = 1u << 30, kLowPowerFlag = 1u << 31;
  static constexpr uint32_t kHsiHz = 16'000'000, kLsiHz = 32'000;

  /// `hse_hz`, `lse_hz`: the board's crystals; 0: there is none, and it never becomes ready.
  Rcc(Chip& chip, uint32_t hse_hz, uint32_t lse_hz);

  std::string_view Name() const override { return "RCC"; }
  /// Tells Chip::ClockTreeChanged: HSI, 16 MHz. Backup domain and reset flags stay.
  void Reset() override;
  void PowerOn() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// What happened, to be called at each reset after Reset or PowerOn; flags add up until the program clears them
  /// (RMVF). Every reset pulls the reset pin as well.
  void AddResetFlags(uint32_t csr_flags) { state_.reset_flags |= (csr_flags & 0xfe00'0000) | kPinFlag; }

  /// Whether the peripheral at that base address has its clock. Those that need no enabling always have.
  bool IsClocked(uint32_t base) const;
  /// "RCC_AHB1ENR bit 2": where the program switches its clock on; "" where it need not.
  std::string ClockGateName(uint32_t base) const;

  /// The clock of RTC: 0 while RTCEN is off or its source does not run.
  uint32_t RtcHz() const;
  /// The 48 MHz domain of RNG, USB and SDIO: 0 while its PLL does not run.
  uint32_t Clk48Hz() const;
  /// 0 before the PLL has locked.
  uint32_t PllHz() const { return PllOutputHz(false, 'P'); }

  /// The program pulses the reset of the peripheral with that base address.
  std::function<void(uint32_t base)> on_peripheral_reset;
  /// PWR_CR.DBP. Not set: always.
  std::function<bool()> backup_writable;
  /// BDCR.BDRST: RTC and backup registers are reset.
  std::function<void()> on_backup_domain_reset;
  /// RtcHz() may have changed.
  std::function<void()> on_rtc_clock;
  /// Clk48Hz() may have changed.
  std::function<void()> on_clk48;
  /// The independent watchdog runs, so LSI does. Not set: no.
  std::function<bool()> lsi_forced;

 private:
  enum Oscillator : uint8_t { kHsi, kHse, kPll, kPllI2s, kLse, kLsi, kOscillators };
  struct StateData {
    uint32_t cr, pll, cfgr, interrupts, backup, reset_flags;
    uint32_t spread, pll_i2s, dedicated, gated, dedicated2;
    uint32_t resets[5], enables[5], low_power[5];  // AHB1, AHB2, AHB3, APB1, APB2
    uint32_t system_clock;                         // SWS
    bool on[kOscillators], ready[kOscillators];
    uint64_t ready_ns[kOscillators];
  };

  void SwitchOscillator(Oscillator oscillator, bool on);
  void Update();
  void ScheduleNext();
  void UpdateInterrupt();
  void SwitchSystemClock();
  void TellClocks();
  void TellOthers();
  bool PllSettingsWork(uint32_t settings, bool i2s);
  uint64_t PllVcoHz(bool i2s) const;
  uint32_t PllOutputHz(bool i2s, char output) const;
  uint32_t SystemHz() const;
  void WriteControl(uint32_t value, uint32_t lanes);
  void WriteBackup(uint32_t value, uint32_t lanes);
  void PulseResets(int bus, uint32_t before);
  bool LsiRuns() const;

  StateData state_ = {};
  Chip& chip_;
  uint32_t hse_hz_, lse_hz_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_RCC_H_
