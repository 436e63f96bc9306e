// FLASH: the main flash memory, one-time-programmable bytes and option bytes, and their controller.
#ifndef THIMBLE_SIMULATOR_STM32F412_FLASH_H_
#define THIMBLE_SIMULATOR_STM32F412_FLASH_H_

#include "simulator/stm32f412/paged_memory.h"
#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, section 3, with the typical times of the STM32F412 data sheet (section 6.3.12).
///
/// An operation changes the memory when it begins and keeps BSY set for its time. Any access to flash in this time
/// makes a real core wait, so a program that runs from flash goes on at BusyUntilCycle(): whoever executes it lets that
/// time pass after Write or WriteData. A program in RAM goes on and may poll BSY.
class FlashController final : public Peripheral {
 public:
  static constexpr uint32_t kBase = 0x0800'0000, kBytes = 1024 * 1024;
  static constexpr uint32_t kOtpBase = 0x1fff'7800, kOtpBytes = 16 * 32 + 16;  ///< the last 16: lock bytes
  static constexpr uint32_t kOptionBase = 0x1fff'c000, kOptionBytes = 16;
  static constexpr int kSectors = 12;
  static constexpr int kInterrupt = 4;

  struct Sector {
    uint32_t offset, bytes;
  };

  explicit FlashController(Chip& chip);

  std::string_view Name() const override { return "FLASH"; }
  /// Loads the option bytes; they, the flash and the OTP bytes stay, as they do at power-on.
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  void ClockChanged() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  PagedMemory& memory() { return memory_; }
  const PagedMemory& memory() const { return memory_; }
  /// kOtpBytes of it are used.
  PagedMemory& otp() { return otp_; }
  const PagedMemory& otp() const { return otp_; }

  /// The 1 KiB page of main flash that holds `address`, which may be read freely; nullptr where it is not main flash,
  /// is protected against reading (PCROP), or an operation is going on.
  const std::byte* PageToRead(uint32_t address) const;

  /// A load from flash, OTP or option bytes. A PCROP sector reads as 0 and sets RDERR. False: nothing is there.
  bool ReadData(uint32_t address, int bytes, uint32_t& value);

  /// A store to them: programs, or sets error flags. False: nothing is there.
  bool WriteData(uint32_t address, int bytes, uint32_t value);

  /// Where the operation that goes on will be done; Cycles() or earlier: none goes on.
  uint64_t BusyUntilCycle() const;

  static Sector SectorAt(int index);
  static int SectorOf(uint32_t offset);

  /// 0: open; 1: the debug port cannot read flash; 2: the debug port is closed for ever.
  int ProtectionLevel() const;
  /// Option byte WDG_SW is clear: IWDG starts with every reset.
  bool HardwareWatchdog() const { return (state_.options & 1u << 5) == 0; }
  /// Sector `index` may be neither programmed nor erased (nWRP, or PCROP).
  bool WriteProtected(int index) const;
  /// Sector `index` may not be read as data.
  bool ReadProtected(int index) const;

 private:
  struct StateData {
    uint32_t acr, sr, cr, optcr;
    uint32_t options;  // as the option bytes hold them, in the layout of OPTCR
    uint8_t keys, option_keys;
    bool keys_locked, option_keys_locked;  // by a wrong key, until reset
    uint64_t busy_until_ns;
    bool completion_due;
    uint8_t unused[7];
  };

  bool Busy() const { return chip_.NowNs() < state_.busy_until_ns; }
  void TakeTime(uint64_t ns);
  void Fail(uint32_t flag);
  void Update();
  void UpdateInterrupt();
  void WriteControl(uint32_t value, uint32_t lanes);
  void WriteOptionControl(uint32_t value, uint32_t lanes);
  void StartErase();
  bool EraseSector(int index);
  void StartOptions();
  bool Program(PagedMemory& memory, uint32_t base, uint32_t offset, int bytes, uint32_t value);
  uint64_t EraseNs(uint32_t bytes) const;

  StateData state_ = {};
  Chip& chip_;
  PagedMemory memory_{kBytes, std::byte{0xff}};
  PagedMemory otp_{PagedMemory::kBytesPerPage, std::byte{0xff}};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_FLASH_H_
