// An STM32F412RG: a Cortex-M4F with its memories and peripherals, deterministic and forkable.
#ifndef THIMBLE_SIMULATOR_STM32F412_STM32F412_H_
#define THIMBLE_SIMULATOR_STM32F412_STM32F412_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "simulator/cortex_m4/core.h"
#include "simulator/stm32f412/paged_memory.h"
#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

class Dma;
class Exti;
class FlashController;
class GeneralTimer;
class Gpio;
class I2c;
class Iwdg;
class Pwr;
class Quadspi;
class Rcc;
class Rtc;
class Spi;
class Syscfg;
class Usart;

/// What two chips of the same kind differ in.
struct ChipOptions {
  std::array<uint32_t, 3> unique_id = {0x0042'0031, 0x3238'510e, 0x3436'3730};
  uint64_t seed = 1;           ///< of the random number generator, of torn flash, of RAM after power-on
  bool flash_timing = false;   ///< flash makes the core wait as FLASH_ACR says (slower to simulate)
  bool stop_at_lockup = true;  ///< else time goes on, until a watchdog or the reset pin ends it
};

/// Why a chip stopped running.
enum class ChipStop : uint8_t {
  kReached,  ///< the cycle or the number of instructions that was asked for
  kBreakpoint,
  kWatchpoint,
  kBreakInstruction,
  kLockup,
  kPowerLost,    ///< as planned with CutPower
  kInterrupted,  ///< Interrupt() was called
};

/// When the power fails: whichever comes first. It fails once; after the next PowerOn it holds.
struct PowerCut {
  uint64_t at_instruction = kNever;       ///< Registers::instructions
  uint64_t at_memory_operation = kNever;  ///< counted as memory_operations(): that one is torn
};

/// RAM when the power comes back.
enum class Ram : uint8_t {
  kKept,  ///< a short cut
  kLost,  ///< random bits
};

/// All of a chip at one moment. Copies are cheap: memory is shared until somebody writes.
struct ChipSnapshot {
  Core::State core;
  PagedMemory flash, otp, ram, external;
  std::vector<std::byte> rest;  ///< States of peripherals and the chip's own

  bool operator==(const ChipSnapshot& other) const;
};

class Stm32f412 final : private Bus, private Chip {
 public:
  static constexpr uint32_t kFlashBase = 0x0800'0000, kFlashBytes = 1024 * 1024;
  static constexpr uint32_t kRamBase = 0x2000'0000, kRamBytes = 256 * 1024;

  explicit Stm32f412(const ChipOptions& options);
  ~Stm32f412() override;

  /// Bytes into flash (or OTP) as a programmer with the debug port would, before or between runs. False: not all of
  /// them lie in it.
  bool Program(uint32_t address, std::span<const std::byte> bytes);

  /// Power comes: everything at its power-on value, then a reset. Where the program starts: at the vector table at the
  /// beginning of flash; if that is erased, as the kit's own boot loader would, at `application`.
  void PowerOn(Ram ram = Ram::kLost);
  void SetApplication(uint32_t vector_table) { application_ = vector_table; }

  /// The reset pin.
  void PressReset();

  /// Runs until the core's cycle counter or its instructions reach those (absolute; see Core::Run). Resets by software
  /// or watchdog are carried out and the run goes on.
  ChipStop Run(uint64_t until_cycle, uint64_t until_instructions = kNever);
  /// Runs until that much time of the world has passed since power-on.
  ChipStop RunUntilNs(uint64_t ns);

  /// From another thread or a signal handler: Run returns soon.
  void Interrupt() { interrupted_ = true; }

  void CutPower(const PowerCut& cut) { cut_ = cut; }
  uint64_t memory_operations() const { return own_.memory_operations; }

  ChipSnapshot Save() const;
  void Restore(const ChipSnapshot& snapshot);

  /// What is saved and restored beside the chip's own: devices around it. Call it before the first Save.
  void AlsoSave(std::span<std::byte> state) {
    if (!state.empty()) states_.push_back(state);
  }

  Core& core() { return *core_; }
  /// What the peripherals see of the chip.
  Chip& services() { return *this; }
  uint64_t NowNs() const override;
  uint64_t Cycles() const override;
  uint32_t HclkHz() const override { return own_.hclk_hz; }

  FlashController& flash() { return *flash_; }
  Gpio& gpio(int port);
  I2c& i2c1() { return *i2c1_; }
  Quadspi& quadspi() { return *quadspi_; }
  /// 1, 2 or 6.
  Usart& usart(int number);
  /// 2 to 5.
  GeneralTimer& timer(int number);

  /// A level at a pin that is driven by the board around the chip.
  void SetPin(int port, int pin, bool high) { DrivePin(port, pin, high); }

  /// A pin's level changed (any cause).
  std::function<void(int port, int pin, bool high)> on_pin;
  /// The program did something that is not modelled; once per sentence.
  std::function<void(const std::string&)> on_note;
  /// A reset, with RCC_CSR's flags.
  std::function<void(uint32_t csr_flags)> on_reset;

  /// Memory and registers as a debugger sees them. False: nothing answers.
  bool Peek(uint32_t address, int bytes, uint32_t& value) { return core_->Peek(address, bytes, value); }
  bool Poke(uint32_t address, int bytes, uint32_t value) { return core_->Poke(address, bytes, value); }

 private:
  struct Window {
    uint32_t base, bytes;
    Peripheral* peripheral;
  };
  struct Appointment {
    uint64_t cycle, ns;  ///< kNever: none. With ns, cycle is derived from it and the clock
  };
  /// State of the chip that belongs to no peripheral.
  struct Own {
    uint64_t clock_cycle, clock_ns;  ///< since when hclk_hz holds
    uint32_t hclk_hz, pclk_hz[2], timer_hz[2];
    uint32_t pending_reset;
    thimble::Random random{0};
    uint64_t memory_operations;
    FlashTiming flash_timing;
    Appointment appointments[48];
  };

  // Bus
  const std::byte* PageToRead(uint32_t address) override;
  std::byte* PageToWrite(uint32_t address) override;
  bool Read(uint32_t address, int bytes, uint32_t& value) override;
  bool Write(uint32_t address, int bytes, uint32_t value) override;

  // Chip
  uint32_t PclkHz(int bus) const override { return own_.pclk_hz[bus - 1]; }
  uint32_t TimerHz(int bus) const override { return own_.timer_hz[bus - 1]; }
  void ClockTreeChanged(uint32_t hclk_hz, uint32_t pclk1_hz, uint32_t pclk2_hz, uint32_t timer1_hz,
                        uint32_t timer2_hz) override;
  void ScheduleAtCycle(Peripheral& peripheral, uint64_t cycle) override;
  void ScheduleAtNs(Peripheral& peripheral, uint64_t ns) override;
  void SetInterrupt(int number, bool high) override { core_->SetInterrupt(number, high); }
  void PulseExti(int line) override;
  void SendEvent() override;
  void DmaServed(int controller, int stream, int channel, uint32_t left) override;
  void DrivePin(int port, int pin, bool high) override;
  void SetDmaRequest(int controller, int stream, int channel, bool high) override;
  bool BusRead(uint32_t address, int bytes, uint32_t& value) override;
  bool BusWrite(uint32_t address, int bytes, uint32_t value) override;
  void RequestReset(uint32_t csr_flags) override;
  bool PowerHolds() override;
  uint64_t Random() override;
  void PinChanged(int port, int pin, bool high) override;
  void MemoryChanged(uint32_t address, uint32_t bytes) override { core_->ForgetMemory(address, bytes); }
  void FlashTimingChanged(int wait_states, bool prefetch, bool instruction_cache, bool data_cache) override;
  void Note(std::string sentence) override;

  template <typename T, typename... Arguments>
  std::unique_ptr<T> Add(uint32_t base, uint32_t bytes, Arguments&&... arguments);
  const Window* FindWindow(uint32_t address) const;
  uint64_t CycleAtNs(uint64_t ns) const;
  void SystemReset(uint32_t csr_flags);
  void StallWhileFlashWorks();
  uint32_t Remapped(uint32_t address) const;
  std::byte* OwnRam(uint32_t offset);
  uint32_t StartVectors();
  void ApplyFlashTiming();
  static const char* UnmodelledAt(uint32_t address);
  uint64_t EarliestAppointment() const;
  void KeepAppointments();

  ChipOptions options_;
  Own own_ = {};
  uint32_t application_ = kFlashBase;
  PowerCut cut_;
  bool power_lost_ = false;
  std::atomic<bool> interrupted_ = false;
  std::unique_ptr<Core> core_;
  PagedMemory ram_{kRamBytes};
  std::unique_ptr<Rcc> rcc_;
  std::unique_ptr<Pwr> pwr_;
  std::unique_ptr<Iwdg> iwdg_;
  std::unique_ptr<FlashController> flash_;
  std::unique_ptr<Syscfg> syscfg_;
  std::unique_ptr<Exti> exti_;
  std::array<std::unique_ptr<Gpio>, 6> gpio_;  // A to E, H
  std::array<std::unique_ptr<Usart>, 3> usarts_;
  std::vector<std::unique_ptr<GeneralTimer>> timers_;
  std::array<std::unique_ptr<Dma>, 2> dma_;
  std::unique_ptr<I2c> i2c1_;
  std::unique_ptr<Quadspi> quadspi_;
  std::vector<std::unique_ptr<Peripheral>> others_;
  std::vector<Window> windows_;           // by address
  std::vector<Peripheral*> peripherals_;  // an index here is one in appointments
  std::unordered_map<const Peripheral*, size_t> appointment_of_;
  std::vector<std::span<std::byte>> states_;
  std::vector<std::string> notes_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_STM32F412_H_
