#include "simulator/cortex_m4/system.h"

#include <algorithm>

namespace thimble::simulator {
namespace {

constexpr int kNoPriority = 256;  // lower than all

// SCR
constexpr uint32_t kSendEventOnPend = 1 << 4;

// SYST_CSR
constexpr uint32_t kTickEnable = 1, kTickInterrupt = 2, kTickProcessorClock = 4;

/// The cycles of a tick: the processor's clock, or an eighth of it, as STM32F4 wires the external reference.
uint64_t CyclesPerTick(const SystemState& state) { return (state.systick_control & kTickProcessorClock) != 0 ? 1 : 8; }

}  // namespace

int System::Priority(int exception) const {
  switch (exception) {
    case kResetException:
      return -3;
    case kNmi:
      return -2;
    case kHardFault:
      return -1;
    default:
      return state_.priority[exception];
  }
}

/// AIRCR.PRIGROUP n leaves bits 7:n+1 for the group, which decides about preemption (DDI0403, table B1-5).
int System::GroupPriority(int priority) const {
  const uint32_t group = state_.aircr >> 8 & 7;
  return priority < 0 ? priority : priority & ~((2 << group) - 1);
}

void System::SetEnabled(int exception, bool enabled) {
  state_.enabled[exception] = enabled;
  ready_.Put(exception, enabled && state_.pending[exception]);
  ReadyChanged();
}

void System::SetPending(int exception, bool pending) {
  if (pending == state_.pending[exception]) return;
  state_.pending[exception] = pending;
  ready_.Put(exception, pending && state_.enabled[exception]);
  if (pending && (state_.scr & kSendEventOnPend) != 0 && !state_.active[exception]) {
    // Which of WFI and WFE it sleeps in makes no difference here: Armv7-M lets a WFI end for any reason.
    if (registers_.sleeping) {
      state_.event_wakes = true;
    } else {
      registers_.event = true;
    }
  }
  ReadyChanged();
}

void System::SetActive(int exception, bool active) {
  state_.active[exception] = active;
  active_.Put(exception, active);
  ActiveChanged();
}

void System::PrioritiesChanged() {
  ReadyChanged();
  ActiveChanged();
}

void System::ReadyChanged() {
  int best = 0, best_priority = kNoPriority;
  ready_.ForEach([&](int exception) {
    const int priority = Priority(exception);
    if (priority < best_priority) best = exception, best_priority = priority;
  });
  best_ready_ = best;
  UpdateAttention();
}

void System::ActiveChanged() {
  int highest = kNoPriority;
  active_.ForEach([&](int exception) { highest = std::min(highest, Priority(exception)); });
  active_priority_ = highest == kNoPriority ? kNoPriority : GroupPriority(highest);
  MasksChanged();
}

int System::PriorityWithoutPrimask() const {
  int priority = active_priority_;
  if ((registers_.basepri & 0xF0) != 0) priority = std::min(priority, GroupPriority(registers_.basepri & 0xF0));
  return registers_.faultmask ? std::min(priority, -1) : priority;
}

/// The execution priority (DDI0403, B1.5.4, ExecutionPriority).
void System::MasksChanged() {
  const int priority = PriorityWithoutPrimask();
  execution_priority_ = registers_.primask ? std::min(priority, 0) : priority;
  const bool ignores_mpu = priority < 0 && (state_.mpu.control & 2) == 0;
  if (ignores_mpu != ignores_mpu_) {
    ignores_mpu_ = ignores_mpu;
    if ((state_.mpu.control & 1) != 0) port_.PermissionsChanged();
  }
  UpdateAttention();
}

bool System::CanPreempt(int execution_priority) const {
  return best_ready_ != 0 && GroupPriority(Priority(best_ready_)) < execution_priority;
}

bool System::WakesFromSleep() const { return state_.event_wakes || CanPreempt(PriorityWithoutPrimask()); }

void System::UpdateAttention() {
  const bool needed =
      !registers_.locked_up && (CanPreempt(execution_priority_) || (registers_.sleeping && WakesFromSleep()));
  const bool news = needed && !attention_;
  attention_ = needed;
  if (news) port_.AttentionChanged();
}

void System::Restored() {
  ready_ = {};
  active_ = {};
  for (int i = 0; i < kExceptions; ++i) {
    ready_.Put(i, state_.pending[i] && state_.enabled[i]);
    active_.Put(i, state_.active[i]);
  }
  attention_ = false;
  PrioritiesChanged();
  port_.PermissionsChanged();
  port_.AttentionChanged();
}

void System::ResetRegisters() {
  const uint64_t cycles = registers_.cycles, instructions = registers_.instructions;
  registers_ = {};
  registers_.cycles = cycles;
  registers_.instructions = instructions;
  registers_.r[kLr] = 0xFFFF'FFFF;
}

void System::Reset(uint32_t vector_table) {
  ResetRegisters();
  state_ = {};
  for (const int exception : {kNmi, kHardFault, kSvCall, kPendSv, kSysTickException}) state_.enabled[exception] = true;
  state_.vtor = vector_table & ~0x7Fu;
  state_.ccr = 1 << 9;         // STKALIGN
  state_.fpccr = 0xC000'0000;  // ASPEN, LSPEN
  Restored();
  uint32_t stack = 0, start = 0;
  if (port_.ReadWord(vector_table & ~3u, true, stack) != Fault::kNone ||
      port_.ReadWord((vector_table & ~3u) + 4, true, start) != Fault::kNone) {
    LockUp();
    return;
  }
  registers_.r[kSp] = stack & ~3u;
  registers_.r[kPc] = start & ~1u;
  registers_.thumb = (start & 1) != 0;
}

void System::SetInterrupt(int number, bool high) {
  if (number < 0 || number >= kInterrupts) return;
  const int exception = kFirstInterrupt + number;
  if (state_.line[exception] == high) return;
  state_.line[exception] = high;
  if (high) SetPending(exception, true);
}

void System::Pend(uint16_t exception) {
  if (exception < kExceptions) SetPending(exception, true);
}

uint64_t System::NextEventCycle() const {
  if ((state_.systick_control & (kTickEnable | kTickInterrupt)) != (kTickEnable | kTickInterrupt)) return ~uint64_t{0};
  uint64_t ticks = state_.systick_value;
  if (ticks == 0) {
    if (state_.systick_reload == 0) return ~uint64_t{0};
    ticks = uint64_t{state_.systick_reload} + 1;
  }
  const uint64_t length = CyclesPerTick(state_);
  return (state_.systick_since / length + ticks) * length;
}

void System::Advance() {
  if ((state_.systick_control & kTickEnable) == 0) return;
  const uint64_t length = CyclesPerTick(state_);
  uint64_t ticks = registers_.cycles / length - state_.systick_since / length;
  state_.systick_since = registers_.cycles;
  if (ticks == 0) return;
  const uint64_t value = state_.systick_value, reload = state_.systick_reload;
  bool reached_zero = false;
  if (ticks < value) {
    state_.systick_value = static_cast<uint32_t>(value - ticks);
  } else {
    reached_zero = value != 0;
    ticks -= value;
    // The tick after zero loads RELOAD; with RELOAD 0 the counter stays where it is.
    const uint64_t period = reload + 1;
    if (reload == 0 || ticks == 0) {
      state_.systick_value = 0;
    } else {
      reached_zero |= ticks >= period;
      state_.systick_value = static_cast<uint32_t>(reload - (ticks - 1) % period);
    }
  }
  if (reached_zero) {
    state_.systick_counted = true;
    if ((state_.systick_control & kTickInterrupt) != 0) SetPending(kSysTickException, true);
  }
}

}  // namespace thimble::simulator
