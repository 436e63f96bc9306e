#include "simulator/stm32f412/rng.h"

#include "simulator/stm32f412/clock_arithmetic.h"
#include "simulator/stm32f412/rcc.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t kCr = 0x00, kSr = 0x04, kDr = 0x08;
constexpr uint32_t kEnable = 1u << 2, kInterruptEnable = 1u << 3;
constexpr uint32_t kReady = 1u << 0, kClockError = 1u << 1, kSeedError = 1u << 2, kClockFlag = 1u << 5,
                   kSeedFlag = 1u << 6;

}  // namespace

Rng::Rng(Chip& chip, Rcc& rcc) : chip_(chip), rcc_(rcc) {
  state_.ready_cycle = kNever;
  rcc.on_clk48 = [this] { ClockChanged(); };
}

void Rng::Reset() {
  const bool broken = state_.seed_fault;
  state_ = {};
  state_.seed_fault = broken;
  state_.ready_cycle = kNever;
  chip_.SetInterrupt(kInterrupt, false);
  chip_.ScheduleAtCycle(*this, kNever);
}

bool Rng::ClockFault() const {  // RM0402, section 17.3.2: slower than a sixteenth of HCLK
  return uint64_t{rcc_.Clk48Hz()} * 16 < chip_.HclkHz();
}

void Rng::Begin() {
  state_.ready_cycle = kNever;
  const uint32_t hz = rcc_.Clk48Hz();
  if ((state_.cr & kEnable) != 0 && !state_.ready && !state_.seed_fault && hz != 0) {
    state_.ready_cycle = AddTime(chip_.Cycles(), MultiplyDivideUp(40, chip_.HclkHz(), hz));
  }
  chip_.ScheduleAtCycle(*this, state_.ready_cycle);
}

void Rng::Update() {
  const bool on = (state_.cr & kEnable) != 0;
  const bool fault = on && ClockFault();
  if (fault && !state_.clock_fault) state_.clock_flag = true;
  state_.clock_fault = fault;
  if (on && state_.seed_fault) state_.seed_flag = true;
  if (state_.ready_cycle <= chip_.Cycles()) {
    state_.ready_cycle = kNever;
    state_.ready = true;
    state_.number = static_cast<uint32_t>(chip_.Random() >> 32);
  }
  UpdateInterrupt();
}

void Rng::UpdateInterrupt() {
  chip_.SetInterrupt(kInterrupt,
                     (state_.cr & kInterruptEnable) != 0 && (state_.ready || state_.clock_flag || state_.seed_flag));
}

void Rng::Due() { Update(); }

void Rng::ClockChanged() {
  Update();
  Begin();
}

void Rng::SetSeedFault(bool broken) {
  state_.seed_fault = broken;
  Update();
  Begin();
}

uint32_t Rng::Read(uint32_t offset, int) {
  Update();
  switch (offset) {
    case kCr:
      return state_.cr;
    case kSr:
      return (state_.ready ? kReady : 0) | (state_.clock_fault ? kClockError : 0) |
             (state_.seed_fault && (state_.cr & kEnable) != 0 ? kSeedError : 0) | (state_.clock_flag ? kClockFlag : 0) |
             (state_.seed_flag ? kSeedFlag : 0);
    case kDr: {
      if (!state_.ready) return 0;
      const uint32_t number = state_.number;
      state_.ready = false;
      Begin();
      UpdateInterrupt();
      return number;
    }
    default:
      return 0;
  }
}

void Rng::Write(uint32_t offset, uint32_t value, uint32_t lanes) {
  Update();
  if (offset == kCr) {
    const uint32_t before = state_.cr;
    state_.cr = Merge(state_.cr, value, lanes) & (kEnable | kInterruptEnable);
    if (((before ^ state_.cr) & kEnable) != 0) {
      state_.ready = false;
      if ((state_.cr & kEnable) != 0 && rcc_.Clk48Hz() == 0) {
        chip_.Note("RNG is switched on without its 48 MHz clock (PLL output Q): no numbers come");
      }
      Begin();
    }
  } else if (offset == kSr) {
    if ((lanes & kClockFlag) != 0 && (value & kClockFlag) == 0) state_.clock_flag = false;
    if ((lanes & kSeedFlag) != 0 && (value & kSeedFlag) == 0) state_.seed_flag = false;
    UpdateInterrupt();
    return;
  }
  Update();
}

}  // namespace thimble::simulator
