#include "simulator/stm32f412/iwdg.h"

#include <algorithm>

#include "simulator/stm32f412/clock_arithmetic.h"
#include "simulator/stm32f412/rcc.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kKr = 0x00, kPr = 0x04, kRlr = 0x08, kSr = 0x0c;
constexpr uint32_t kUnlock = 0x5555, kFeed = 0xaaaa, kStart = 0xcccc;
// A new value is taken over after five periods of LSI (RM0402, section 21.4.4).
constexpr uint64_t kTakeOverNs = 5 * kNsPerSecond / Rcc::kLsiHz;

/// Periods of LSI for one step: PR 6 and 7 are both 256.
constexpr uint64_t Divider(uint32_t prescaler) { return uint64_t{4} << std::min(prescaler, 6u); }

}  // namespace

void Iwdg::Reset() {
  state_ = {};
  state_.reload = state_.new_reload = 0xfff;
  state_.prescaler_ns = state_.reload_ns = kNever;
  chip_.ScheduleAtNs(*this, kNever);
}

uint32_t Iwdg::Count() const {
  const uint64_t periods = MultiplyDivide(chip_.NowNs() - state_.since_ns, Rcc::kLsiHz, kNsPerSecond);
  const uint64_t steps = periods / Divider(state_.prescaler);
  return steps > state_.count ? 0 : state_.count - static_cast<uint32_t>(steps);
}

void Iwdg::CountFrom(uint32_t count) {
  state_.count = count;
  state_.since_ns = chip_.NowNs();
}

void Iwdg::Start() {
  state_.running = true;
  CountFrom(state_.reload);
  Update();
}

void Iwdg::Update() {
  const uint64_t now = chip_.NowNs();
  if (state_.prescaler_ns <= now) {
    const uint32_t count = Count();
    state_.prescaler = state_.new_prescaler;
    state_.prescaler_ns = kNever;
    CountFrom(count);
  }
  if (state_.reload_ns <= now) {
    state_.reload = state_.new_reload;
    state_.reload_ns = kNever;
  }
  uint64_t next = std::min(state_.prescaler_ns, state_.reload_ns);
  if (state_.running) {
    const uint64_t periods = (uint64_t{state_.count} + 1) * Divider(state_.prescaler);
    const uint64_t ends_ns = AddTime(state_.since_ns, MultiplyDivideUp(periods, kNsPerSecond, Rcc::kLsiHz));
    if (ends_ns <= now) {
      state_.running = false;
      chip_.RequestReset(Rcc::kIndependentWatchdogFlag);
    } else {
      next = std::min(next, ends_ns);
    }
  }
  chip_.ScheduleAtNs(*this, next);
}

void Iwdg::Due() { Update(); }

uint32_t Iwdg::Read(uint32_t offset, int) {
  Update();
  switch (offset) {
    case kPr:
      return state_.new_prescaler;
    case kRlr:
      return state_.new_reload;
    case kSr:
      return (state_.prescaler_ns != kNever ? 1u : 0u) | (state_.reload_ns != kNever ? 2u : 0u);
    default:
      return 0;
  }
}

void Iwdg::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  Update();
  value &= lanes;
  switch (offset) {
    case kKr:
      state_.unlocked = (value & 0xffff) == kUnlock;
      if ((value & 0xffff) == kFeed) CountFrom(state_.reload);
      if ((value & 0xffff) == kStart && !state_.running) Start();
      break;
    case kPr:
    case kRlr:
      if (!state_.unlocked) {
        chip_.Note("IWDG: PR or RLR was written without key 0x5555 before: ignored");
      } else if ((offset == kPr ? state_.prescaler_ns : state_.reload_ns) != kNever) {
        chip_.Note("IWDG: PR or RLR was written while the value before was not taken over yet (PVU, RVU): ignored");
      } else if (offset == kPr) {
        state_.new_prescaler = value & 7;
        state_.prescaler_ns = AddTime(chip_.NowNs(), kTakeOverNs);
      } else {
        state_.new_reload = value & 0xfff;
        state_.reload_ns = AddTime(chip_.NowNs(), kTakeOverNs);
      }
      break;
    default:
      break;
  }
  Update();
}

}  // namespace thimble::simulator
