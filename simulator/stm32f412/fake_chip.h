// A chip for the tests of one peripheral: time that the test moves, and a record of all that was asked of it.
#ifndef THIMBLE_SIMULATOR_STM32F412_FAKE_CHIP_H_
#define THIMBLE_SIMULATOR_STM32F412_FAKE_CHIP_H_

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/random.h"
#include "simulator/stm32f412/clock_arithmetic.h"
#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

class FakeChip : public Chip {
 public:
  static constexpr uint32_t kRamBase = 0x2000'0000, kRamBytes = 0x1'0000;

  /// 96 MHz, as the kit runs; APB1 48 MHz, APB2 96 MHz.
  uint32_t hclk_hz = 96'000'000;
  std::array<uint32_t, 2> pclk_hz = {48'000'000, 96'000'000};
  std::array<uint32_t, 2> timer_hz = {96'000'000, 96'000'000};
  std::vector<std::byte> ram = std::vector<std::byte>(kRamBytes);
  thimble::Random random{1};
  /// How many changes of kept memory succeed before the power fails; then none does.
  uint64_t power_holds_for = kNever;
  std::function<void(int port, int pin, bool high)> on_drive_pin;

  // What the peripheral did.
  std::array<bool, 112> interrupts = {};
  std::vector<int> exti_pulses;
  std::map<std::tuple<int, int, int>, bool> dma_requests;  // controller, stream, channel
  std::vector<uint32_t> resets;
  std::vector<std::string> notes;
  std::vector<std::tuple<int, int, bool>> pin_changes;
  std::vector<std::pair<uint32_t, uint32_t>> memory_changes;
  uint64_t memory_operations = 0;
  int wait_states = 0;

  /// Its registers answer BusRead and BusWrite there, and it hears of changes of the clock tree.
  void Attach(uint32_t base, uint32_t bytes, Peripheral& peripheral) { windows_.push_back({base, bytes, &peripheral}); }

  bool Noted(std::string_view part) const {
    return std::any_of(notes.begin(), notes.end(),
                       [&](const std::string& note) { return note.find(part) != std::string::npos; });
  }

  /// Lets time pass; what is due happens at its cycle. A peripheral that is due again and again at the same cycle is
  /// called at most once a cycle, as on a chip that executes an instruction in between.
  void RunCycles(uint64_t cycles) {
    const uint64_t end = cycle_ + cycles;
    for (;;) {
      Appointment* first = nullptr;
      for (Appointment& candidate : appointments_) {
        if (candidate.cycle != kNever && (first == nullptr || candidate.cycle < first->cycle)) first = &candidate;
      }
      if (first == nullptr || first->cycle > end) break;
      cycle_ = std::max(cycle_, first->cycle);
      if (first->last_served == cycle_) {
        if (cycle_ == end) break;
        ++cycle_;
      }
      first->last_served = cycle_;
      first->cycle = kNever;
      first->peripheral->Due();
    }
    cycle_ = std::max(cycle_, end);
  }
  void RunNs(uint64_t ns) {
    const uint64_t end = CycleAtNs(NowNs() + ns);
    if (end > cycle_) RunCycles(end - cycle_);
  }

  /// The cycle of the peripheral's appointment, or kNever.
  uint64_t AppointmentOf(const Peripheral& peripheral) const {
    for (const Appointment& candidate : appointments_) {
      if (candidate.peripheral == &peripheral) return candidate.cycle;
    }
    return kNever;
  }

  // Chip
  uint64_t Cycles() const override { return cycle_; }
  uint64_t NowNs() const override { return clock_ns_ + MultiplyDivide(cycle_ - clock_cycle_, kNsPerSecond, hclk_hz); }
  uint32_t HclkHz() const override { return hclk_hz; }
  uint32_t PclkHz(int bus) const override { return pclk_hz[static_cast<size_t>(bus - 1)]; }
  uint32_t TimerHz(int bus) const override { return timer_hz[static_cast<size_t>(bus - 1)]; }
  void ClockTreeChanged(uint32_t hclk, uint32_t pclk1, uint32_t pclk2, uint32_t timer1, uint32_t timer2) override {
    clock_ns_ = NowNs();
    clock_cycle_ = cycle_;
    hclk_hz = hclk;
    pclk_hz = {pclk1, pclk2};
    timer_hz = {timer1, timer2};
    for (Appointment& appointment : appointments_) {
      if (appointment.ns != kNever && appointment.cycle != kNever) appointment.cycle = CycleAtNs(appointment.ns);
    }
    for (const Window& window : windows_) window.peripheral->ClockChanged();
  }
  void ScheduleAtCycle(Peripheral& peripheral, uint64_t cycle) override {
    Appointment& appointment = Of(peripheral);
    appointment.cycle = cycle;
    appointment.ns = kNever;
  }
  void ScheduleAtNs(Peripheral& peripheral, uint64_t ns) override {
    Appointment& appointment = Of(peripheral);
    appointment.ns = ns;
    appointment.cycle = CycleAtNs(ns);
  }
  void SetInterrupt(int number, bool high) override { interrupts[static_cast<size_t>(number)] = high; }
  void PulseExti(int line) override { exti_pulses.push_back(line); }
  void DrivePin(int port, int pin, bool high) override {
    if (on_drive_pin) on_drive_pin(port, pin, high);
  }
  void SetDmaRequest(int controller, int stream, int channel, bool high) override {
    dma_requests[{controller, stream, channel}] = high;
  }
  bool BusRead(uint32_t address, int bytes, uint32_t& value) override {
    value = 0;
    if (address >= kRamBase && address - kRamBase <= kRamBytes - static_cast<uint32_t>(bytes)) {
      std::memcpy(&value, ram.data() + (address - kRamBase), static_cast<size_t>(bytes));
      return true;
    }
    for (const Window& window : windows_) {
      if (address - window.base >= window.bytes) continue;
      const uint32_t offset = address - window.base;
      value = window.peripheral->Read(offset & ~3u, bytes) >> (offset % 4 * 8);
      if (bytes < 4) value &= (1u << (bytes * 8)) - 1;
      return true;
    }
    return false;
  }
  bool BusWrite(uint32_t address, int bytes, uint32_t value) override {
    if (address >= kRamBase && address - kRamBase <= kRamBytes - static_cast<uint32_t>(bytes)) {
      std::memcpy(ram.data() + (address - kRamBase), &value, static_cast<size_t>(bytes));
      return true;
    }
    for (const Window& window : windows_) {
      if (address - window.base >= window.bytes) continue;
      const uint32_t offset = address - window.base, shift = offset % 4 * 8;
      const uint32_t ones = bytes == 4 ? ~0u : (1u << (bytes * 8)) - 1;
      window.peripheral->Write(offset & ~3u, (value & ones) << shift, ones << shift);
      return true;
    }
    return false;
  }
  void RequestReset(uint32_t csr_flags) override { resets.push_back(csr_flags); }
  bool PowerHolds() override { return memory_operations++ < power_holds_for; }
  uint64_t Random() override { return random.Next(); }
  void PinChanged(int port, int pin, bool high) override { pin_changes.emplace_back(port, pin, high); }
  void MemoryChanged(uint32_t address, uint32_t bytes) override { memory_changes.emplace_back(address, bytes); }
  void FlashTimingChanged(int states, bool, bool, bool) override { wait_states = states; }
  void Note(std::string sentence) override {
    if (std::find(notes.begin(), notes.end(), sentence) == notes.end()) notes.push_back(std::move(sentence));
  }

 private:
  struct Window {
    uint32_t base, bytes;
    Peripheral* peripheral;
  };
  struct Appointment {
    Peripheral* peripheral = nullptr;
    uint64_t cycle = kNever, ns = kNever;
    uint64_t last_served = kNever;
  };

  Appointment& Of(Peripheral& peripheral) {
    for (Appointment& appointment : appointments_) {
      if (appointment.peripheral == &peripheral) return appointment;
    }
    appointments_.push_back({&peripheral});
    return appointments_.back();
  }
  /// The first cycle at which NowNs() is not before `ns`.
  uint64_t CycleAtNs(uint64_t ns) const {
    if (ns == kNever) return kNever;
    if (ns <= clock_ns_) return clock_cycle_;
    return AddTime(clock_cycle_, MultiplyDivideUp(ns - clock_ns_, hclk_hz, kNsPerSecond));
  }

  uint64_t cycle_ = 0, clock_cycle_ = 0, clock_ns_ = 0;
  std::vector<Window> windows_;
  std::vector<Appointment> appointments_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_FAKE_CHIP_H_
