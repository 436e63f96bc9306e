// What a peripheral of the chip is, and what it may ask of the chip.
#ifndef THIMBLE_SIMULATOR_STM32F412_PERIPHERAL_H_
#define THIMBLE_SIMULATOR_STM32F412_PERIPHERAL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "simulator/stm32f412/state_bytes.h"

namespace thimble::simulator {

inline constexpr uint64_t kNever = ~uint64_t{0};

/// Sets the bits of `lanes` in `old` to those of `value`.
constexpr uint32_t Merge(uint32_t old, uint32_t value, uint32_t lanes) { return (old & ~lanes) | (value & lanes); }

/// A block of registers in the memory map. All that it remembers lies in one trivially copyable struct, State(), so
/// that saving, restoring, comparing and forking a board is copying bytes. Same inputs, same behaviour: no clocks of
/// the host, no random numbers but from seeds in the state.
class Peripheral {
 public:
  virtual ~Peripheral() = default;

  /// "USART6": as the reference manual (RM0402) calls it.
  virtual std::string_view Name() const = 0;

  /// The values after a system reset. Power-on: what a system reset leaves alone (backup registers, RCC_CSR flags, the
  /// memory of an external chip) keeps its value here, and is set by PowerOn.
  virtual void Reset() = 0;
  virtual void PowerOn() { Reset(); }

  /// The word of registers at `offset` (a multiple of 4) from the peripheral's base. `bytes`, 1, 2 or 4, is the size of
  /// the access, of which the chip picks its part; it matters to data registers with a queue behind them.
  virtual uint32_t Read(uint32_t offset, int bytes) = 0;

  /// `lanes` has ones where the access writes (0xff, 0xff00, …, 0xffff'ffff); `value` lies in the same place.
  virtual void Write(uint32_t offset, uint32_t value, uint32_t lanes) = 0;

  /// A DMA controller moved data for the request line (controller, stream, channel); `left` items are still to come.
  /// For requests that end by being served (timers), and for those who must know of the last (I2C).
  virtual void DmaServed(int controller, int stream, int channel, uint32_t left) {
    (void)controller, (void)stream, (void)channel, (void)left;
  }

  /// The time asked for with Chip::Schedule has come.
  virtual void Due() {}

  /// The frequencies of the clock tree changed; the peripheral may have to schedule anew.
  virtual void ClockChanged() {}

  virtual std::span<std::byte> State() = 0;
};

/// What a chip offers its peripherals.
class Chip {
 public:
  virtual ~Chip() = default;

  /// Of the processor's clock, HCLK, since power-on.
  virtual uint64_t Cycles() const = 0;
  /// Of the world, since power-on; goes on evenly however the clock tree is set.
  virtual uint64_t NowNs() const = 0;

  virtual uint32_t HclkHz() const = 0;
  /// 1 or 2: the bus's peripheral clock; timers get twice that when the bus is divided (RM0402, RCC_DCKCFGR.TIMPRE).
  virtual uint32_t PclkHz(int bus) const = 0;
  virtual uint32_t TimerHz(int bus) const = 0;
  virtual void ClockTreeChanged(uint32_t hclk_hz, uint32_t pclk1_hz, uint32_t pclk2_hz, uint32_t timer1_hz,
                                uint32_t timer2_hz) = 0;

  /// Calls `peripheral`.Due() at that cycle, or at that time of the world; one appointment each, a new one replaces it,
  /// kNever cancels it. A time that has passed already comes at once, after the instruction.
  virtual void ScheduleAtCycle(Peripheral& peripheral, uint64_t cycle) = 0;
  virtual void ScheduleAtNs(Peripheral& peripheral, uint64_t ns) = 0;

  /// The wire of interrupt `number` (RM0402, table 39: USART6 is 71).
  virtual void SetInterrupt(int number, bool high) = 0;

  /// The lines into EXTI beyond the pins (16 to 22: PVD, RTC alarm, …): a rising edge.
  virtual void PulseExti(int line) = 0;

  /// Wakes a core in WFE: an event of EXTI.
  virtual void SendEvent() {}

  /// A pin as others drive it from outside the chip, or as a peripheral drives it when GPIO gives it the pin (alternate
  /// function). Port 0 is A.
  virtual void DrivePin(int port, int pin, bool high) = 0;

  /// The request lines into a DMA stream (RM0402, tables 28 and 29): `controller` 1 or 2. Level: as long as it is high,
  /// the stream with that channel selected moves data.
  virtual void SetDmaRequest(int controller, int stream, int channel, bool high) = 0;

  /// From a DMA controller, for the peripheral behind that request line: Peripheral::DmaServed of each of them.
  virtual void DmaServed(int controller, int stream, int channel, uint32_t left) {
    (void)controller, (void)stream, (void)channel, (void)left;
  }

  /// Memory as a DMA controller sees it: no MPU. False: nothing answers.
  virtual bool BusRead(uint32_t address, int bytes, uint32_t& value) = 0;
  virtual bool BusWrite(uint32_t address, int bytes, uint32_t value) = 0;

  /// Bits for RCC_CSR's reset flags (31:25), then the reset itself once the instruction is done.
  virtual void RequestReset(uint32_t csr_flags) = 0;

  /// Asked before each change to memory that keeps its contents: a flash word, a sector's erase, an option byte, a page
  /// of the external chip. False: the power fails in the middle of this one; the caller leaves it torn, with bits from
  /// Random(), and does no more.
  virtual bool PowerHolds() = 0;

  /// 64 bits from the chip's own seeded sequence, part of its state.
  virtual uint64_t Random() = 0;

  /// The level at a pin of the chip changed: GPIO tells, EXTI and the board around the chip hear it.
  virtual void PinChanged(int port, int pin, bool high) = 0;

  /// Flash that the core reads changed at these bus addresses.
  virtual void MemoryChanged(uint32_t address, uint32_t bytes) = 0;

  /// The core's flash interface was set up anew (FLASH_ACR): wait states and caches.
  virtual void FlashTimingChanged(int wait_states, bool prefetch, bool instruction_cache, bool data_cache) = 0;

  /// The program used what is not modelled: "TIM3 SMCR: slave mode 4 is not modelled". Reported once per sentence.
  virtual void Note(std::string sentence) = 0;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_PERIPHERAL_H_
