#include "simulator/stm32f412/wwdg.h"

#include <algorithm>

#include "simulator/stm32f412/clock_arithmetic.h"
#include "simulator/stm32f412/rcc.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kCr = 0x00, kCfr = 0x04, kSr = 0x08;
constexpr uint32_t kActivate = 1u << 7, kEarlyInterrupt = 1u << 9;
constexpr uint32_t kEarlyCount = 0x40;  // one less is a reset

}  // namespace

void Wwdg::Reset() {
  state_ = {};
  state_.configuration = 0x7f;
  state_.count = 0x7f;
  state_.since_cycle = chip_.Cycles();
  state_.bus_divider = std::max(chip_.HclkHz() / std::max(chip_.PclkHz(1), 1u), 1u);
  chip_.SetInterrupt(kInterrupt, false);
  chip_.ScheduleAtCycle(*this, kNever);
}

uint64_t Wwdg::StepCycles() const { return (uint64_t{4096} << (state_.configuration >> 7 & 3)) * state_.bus_divider; }

void Wwdg::Update() {
  const uint64_t step = StepCycles();
  const uint64_t steps = (chip_.Cycles() - state_.since_cycle) / step;
  if (steps == 0) return;
  const uint32_t before = state_.count;
  state_.since_cycle += steps * step;
  if (!state_.active) {  // it counts on, around and around
    state_.count = static_cast<uint32_t>((before - steps) & 0x7f);
    return;
  }
  if (before > kEarlyCount && before - kEarlyCount <= steps) {
    state_.early_flag = true;
    chip_.SetInterrupt(kInterrupt, (state_.configuration & kEarlyInterrupt) != 0);
  }
  if (before < kEarlyCount || steps > before - kEarlyCount) {
    state_.active = false;
    chip_.RequestReset(Rcc::kWindowWatchdogFlag);
  }
  state_.count = static_cast<uint32_t>((before - steps) & 0x7f);
}

void Wwdg::ScheduleNext() {
  uint64_t next = kNever;
  if (state_.active) {
    const uint32_t target = state_.count > kEarlyCount ? kEarlyCount : kEarlyCount - 1;
    next = AddTime(state_.since_cycle, (state_.count - target) * StepCycles());
  }
  chip_.ScheduleAtCycle(*this, next);
}

void Wwdg::Due() {
  Update();
  ScheduleNext();
}

void Wwdg::ClockChanged() {
  // Called after the change: the steps so far were counted with the bus divider of before.
  Update();
  state_.bus_divider = std::max(chip_.HclkHz() / std::max(chip_.PclkHz(1), 1u), 1u);
  ScheduleNext();
}

uint32_t Wwdg::Read(uint32_t offset, int) {
  Update();
  ScheduleNext();
  switch (offset) {
    case kCr:
      return state_.count | (state_.active ? kActivate : 0);
    case kCfr:
      return state_.configuration;
    case kSr:
      return state_.early_flag ? 1 : 0;
    default:
      return 0;
  }
}

void Wwdg::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  Update();
  value &= lanes;
  switch (offset) {
    case kCr: {
      if ((lanes & 0xff) == 0) break;
      const bool early = state_.active && state_.count > (state_.configuration & 0x7f);
      state_.active = state_.active || (value & kActivate) != 0;
      state_.count = value & 0x7f;
      state_.since_cycle = chip_.Cycles();
      if (early || (state_.active && state_.count < kEarlyCount)) {
        state_.active = false;
        chip_.RequestReset(Rcc::kWindowWatchdogFlag);
      }
      break;
    }
    case kCfr:
      state_.configuration =
          (Merge(state_.configuration, value, lanes) & 0x3ff) | (state_.configuration & kEarlyInterrupt);
      chip_.SetInterrupt(kInterrupt, state_.early_flag && (state_.configuration & kEarlyInterrupt) != 0);
      break;
    case kSr:
      if ((lanes & 1) != 0 && (value & 1) == 0) {
        state_.early_flag = false;
        chip_.SetInterrupt(kInterrupt, false);
      }
      break;
    default:
      break;
  }
  Update();
  ScheduleNext();
}

}  // namespace thimble::simulator
