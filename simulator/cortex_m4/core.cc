#include "simulator/cortex_m4/core.h"

#include <algorithm>
#include <utility>

#include "simulator/cortex_m4/internal/implementation.h"

namespace thimble::simulator {

Core::Implementation::Implementation(Bus& bus) : system_(registers_, *this), bus_(bus), slots_(kBlockSlots, nullptr) {}

void Core::Implementation::Reset(uint32_t vector_table) {
  system_.Reset(vector_table);
  pipeline_ = {};
  flash_.Forget();
  reset_requested_ = false;
  PermissionsChanged();
}

Core::State Core::Implementation::Save() const {
  State state = {};
  state.registers = registers_;
  state.system = system_.state();
  state.before = pipeline_.before;
  state.jumped = pipeline_.jumped;
  state.flash = flash_.state;
  return state;
}

void Core::Implementation::Restore(const State& state) {
  registers_ = state.registers;
  system_.state() = state.system;
  pipeline_ = {.before = state.before, .jumped = state.jumped};
  flash_.state = state.flash;
  reset_requested_ = watch_stop_ = false;
  passed_breakpoint_ = ~uint64_t{0};
  system_.Restored();
  ForgetEverything();
}

void Core::Implementation::SetFlashTiming(const FlashTiming& timing) {
  const bool same = flash_.base == timing.base && flash_.bytes == timing.bytes &&
                    flash_.wait_states == timing.wait_states && flash_.prefetch == timing.prefetch &&
                    flash_.instruction_cache == timing.instruction_cache && flash_.data_cache == timing.data_cache;
  if (same) return;
  flash_.base = timing.base;
  flash_.bytes = timing.bytes;
  flash_.wait_states = timing.bytes == 0 ? 0 : std::clamp(timing.wait_states, 0, 15);
  flash_.prefetch = timing.prefetch;
  flash_.instruction_cache = timing.instruction_cache;
  flash_.data_cache = timing.data_cache;
  ForgetEverything();
}

void Core::Implementation::StopAt(uint64_t cycle) {
  stop_at_ = std::min(stop_at_, cycle);
  leave_ = true;
}

void Core::Implementation::SendEvent() {
  if (registers_.sleeping) {
    registers_.sleeping = false;
    system_.MasksChanged();
  } else {
    registers_.event = true;
  }
  leave_ = true;
}

void Core::Implementation::FaultTaken(const FaultRecord& record) {
  if (observer_ != nullptr) observer_->FaultTaken(record);
}

// ---- running

Stop Core::Implementation::Run(uint64_t until_cycle, uint64_t until_instructions) {
  stop_at_ = ~uint64_t{0};
  watch_stop_ = false;
  stops_ = false;
  for (;;) {
    if (forget_everything_) DropEverything();
    if (registers_.locked_up) return Stop::kLockup;
    if (reset_requested_) {
      reset_requested_ = false;
      return Stop::kResetRequested;
    }
    if (watch_stop_) {
      watch_stop_ = false;
      return Stop::kWatchpoint;
    }
    if (stops_) return stop_;
    const uint64_t until = std::min(until_cycle, stop_at_);
    if (registers_.cycles >= until) return Stop::kReachedCycle;
    if (registers_.instructions >= until_instructions) return Stop::kReachedInstructions;

    uint64_t event = system_.NextEventCycle();
    if (event <= registers_.cycles) {
      system_.Advance();
      event = std::max(system_.NextEventCycle(), registers_.cycles + 1);
    }
    if (system_.AttentionNeeded()) {
      const uint64_t cycles = registers_.cycles;
      const bool slept = registers_.sleeping;
      system_.TakeException();
      pipeline_ = {};
      prepared_ = false;
      if (registers_.cycles != cycles || registers_.sleeping != slept || registers_.locked_up) continue;
    }
    if (registers_.sleeping) {
      registers_.cycles = std::min(until, event);
      continue;
    }
    if (!registers_.thumb) {
      fault_ = Fault::kInvalidState;
      fault_address_ = 0;
      RaiseFault();
      continue;
    }
    if (StopsAtBreakpoint()) return Stop::kBreakpoint;
    deadline_ = std::min(until, event);
    leave_ = false;
    RunBlocks(until_instructions);
  }
}

bool Core::Implementation::StopsAtBreakpoint() {
  if (breakpoints_.empty() || !breakpoints_.contains(registers_.r[kPc])) return false;
  // The one that was reported is passed when the program is to go on.
  if (std::exchange(passed_breakpoint_, registers_.instructions) == registers_.instructions) return false;
  return true;
}

void Core::Implementation::RaiseFault() {
  pipeline_ = {};
  system_.Raise(std::exchange(fault_, Fault::kNone), fault_address_);
}

/// The cycles between the instruction before and the first one of `block`.
void Core::Implementation::Enter(const Block& block) {
  if (pipeline_.jumped) {
    registers_.cycles += block.entry_cycles;
  } else if (pipeline_.before != Before{}) {
    registers_.cycles +=
        static_cast<uint64_t>(int64_t{CyclesBehind(pipeline_.before, block.first) - CyclesBehind({}, block.first)});
  }
  pipeline_ = {};
}

/// Executes as much of `block` as may be begun; a single instruction if somebody watches each.
Core::Implementation::Exit Core::Implementation::ExecutePart(Block& block, uint64_t until_instructions) {
  uint64_t left = until_instructions - registers_.instructions;
  if (flash_.wait_states > 0) left = 1;  // what a fetch takes, only the fetch can tell
  if (observes_instructions_) {
    left = 1;
    if (!prepared_) observer_->BeforeInstruction(registers_);
  }
  prepared_ = false;
  Enter(block);
  const auto begins = [&](const Op& op) {
    return registers_.cycles + op.cycles_before - static_cast<uint64_t>(int64_t{block.waits[op.index]});
  };
  Op* stop = block.ops + 1;
  using internal::Code;
  while (stop->code != Code::kEndOfBlock && (stop->index == 0 || (stop->index < left && begins(*stop) < deadline_))) {
    ++stop;
  }
  // Whatever takes longer than expected ends it, too, and so do all jumps.
  const uint64_t deadline = std::exchange(deadline_, 0);
  const Code code = stop->code;
  if (code != Code::kEndOfBlock) stop->code = Code::kBreakpoint;
  const Exit exit = Execute(&block, 0, 0);
  stop->code = code;
  deadline_ = deadline;
  return exit;
}

void Core::Implementation::RunBlocks(uint64_t until_instructions) {
  Block single;
  for (;;) {
    Block** const link = std::exchange(link_, nullptr);
    Block* const fell_from = std::exchange(fell_from_, nullptr);
    const uint32_t pc = registers_.r[kPc];
    Block* block = registers_.it == 0 ? Find(pc) : nullptr;
    if (block == nullptr) {
      if (fault_ == Fault::kNone || registers_.it != 0) {
        bool cacheable = false;
        fault_ = Build(pc, registers_.Privileged(), registers_.it, 1, single, cacheable);
      }
      if (fault_ != Fault::kNone) {
        RaiseFault();
        return;
      }
      Finish(ExecutePart(single, until_instructions));
      return;
    }
    if (leave_) return;  // what was fetched had effects
    if (link != nullptr && (breakpoints_.empty() || !breakpoints_.contains(pc)) && !observes_instructions_) {
      *link = block;
      if (fell_from != nullptr) {
        fell_from->fall_cycles =
            static_cast<int8_t>(CyclesBehind(fell_from->befores.back(), block->first) - CyclesBehind({}, block->first));
      }
    }
    const bool fits = registers_.cycles + block->cost <= deadline_ &&
                      registers_.instructions + block->count <= until_instructions && !observes_instructions_;
    if (!fits) {
      Finish(ExecutePart(*block, until_instructions));
      return;
    }
    Enter(*block);
    const Exit exit = Execute(block, deadline_, until_instructions);
    if (exit != Exit::kLookup || leave_ || registers_.it != 0 || !registers_.thumb || registers_.cycles >= deadline_ ||
        registers_.instructions >= until_instructions || !breakpoints_.empty()) {
      Finish(exit);
      return;
    }
  }
}

void Core::Implementation::Finish(Exit exit) {
  link_ = nullptr;
  fell_from_ = nullptr;
  switch (exit) {
    case Exit::kLookup:
    case Exit::kLeave:
      return;
    case Exit::kFault:
      RaiseFault();
      return;
    case Exit::kSupervisor:
      pipeline_ = {};
      system_.SupervisorCall();
      return;
    case Exit::kReturn:
      pipeline_ = {};
      system_.ReturnFromException(return_address_);
      return;
    case Exit::kBreak:
      stops_ = true;
      stop_ = Stop::kBreakInstruction;
      return;
  }
}

// ---- special registers

uint32_t Core::Implementation::ReadSpecial(uint32_t what) const {
  const Registers& r = registers_;
  if (what < 8) return ((what & 4) == 0 ? r.Apsr() : 0) | ((what & 1) != 0 ? r.exception : 0u);  // EPSR reads as zero
  if (what == 20) return (r.unprivileged ? 1u : 0) | (r.process_stack ? 2u : 0) | (r.float_active ? 4u : 0);
  if (!r.Privileged()) return 0;
  switch (what) {
    case 8:
      return r.Msp();
    case 9:
      return r.Psp();
    case 16:
      return r.primask ? 1 : 0;
    case 17:
    case 18:
      return r.basepri;
    case 19:
      return r.faultmask ? 1 : 0;
    default:
      return 0;
  }
}

void Core::Implementation::WriteSpecial(uint32_t what, uint32_t fields, uint32_t value) {
  Registers& r = registers_;
  if (what < 4) {
    if ((fields & 2) != 0) {
      r.n = value >> 31 != 0;
      r.z = (value >> 30 & 1) != 0;
      r.c = (value >> 29 & 1) != 0;
      r.v = (value >> 28 & 1) != 0;
      r.q = (value >> 27 & 1) != 0;
    }
    if ((fields & 1) != 0) r.ge = value >> 16 & 15;
    return;
  }
  if (!r.Privileged()) return;
  switch (what) {
    case 8:
      (r.UsesProcessStack() ? r.other_sp : r.r[kSp]) = value & ~3u;
      break;
    case 9:
      (r.UsesProcessStack() ? r.r[kSp] : r.other_sp) = value & ~3u;
      break;
    case 16:
      r.primask = (value & 1) != 0;
      break;
    case 17:
      r.basepri = value & 0xf0;
      break;
    case 18: {
      const uint8_t priority = value & 0xf0;
      if (priority != 0 && (priority < r.basepri || r.basepri == 0)) r.basepri = priority;
      break;
    }
    case 19:
      // Not where it would make no difference: in NMI and HardFault.
      if ((value & 1) == 0) r.faultmask = false;
      if ((value & 1) != 0 && system_.ExecutionPriority() > -1) r.faultmask = true;
      break;
    case 20: {
      r.unprivileged = (value & 1) != 0;
      const bool process_stack = (value & 2) != 0;
      if (r.exception == kThreadMode && process_stack != r.process_stack) {
        std::swap(r.r[kSp], r.other_sp);
        r.process_stack = process_stack;
      }
      r.float_active = (value & 4) != 0;
      break;
    }
    default:
      break;
  }
  system_.MasksChanged();
}

void Core::Implementation::ChangeMasks(bool disables, uint32_t which) {
  if (!registers_.Privileged()) return;
  if ((which & 2) != 0) registers_.primask = disables;
  if ((which & 1) != 0 && (!disables || system_.ExecutionPriority() > -1)) registers_.faultmask = disables;
  system_.MasksChanged();
}

// ---- the face

Core::Core(Bus& bus) : implementation_(std::make_unique<Implementation>(bus)) {}
Core::~Core() = default;
void Core::Reset(uint32_t vector_table) { implementation_->Reset(vector_table); }
Stop Core::Run(uint64_t until_cycle, uint64_t until_instructions) {
  return implementation_->Run(until_cycle, until_instructions);
}
void Core::StopAt(uint64_t cycle) { implementation_->StopAt(cycle); }
Registers& Core::registers() { return implementation_->registers_; }
const Registers& Core::registers() const { return implementation_->registers_; }
System& Core::system() { return implementation_->system_; }
void Core::SetInterrupt(int number, bool high) { implementation_->system_.SetInterrupt(number, high); }
void Core::SendEvent() { implementation_->SendEvent(); }
void Core::ForgetMemory(uint32_t address, uint32_t bytes) { implementation_->ForgetMemory(address, bytes); }
void Core::ForgetPages(uint32_t address, uint32_t bytes) { implementation_->ForgetPages(address, bytes); }
Core::State Core::Save() const { return implementation_->Save(); }
void Core::Restore(const State& state) { implementation_->Restore(state); }
void Core::SetFlashTiming(const FlashTiming& timing) { implementation_->SetFlashTiming(timing); }
void Core::SetObserver(CoreObserver* observer, bool instructions) {
  implementation_->observer_ = observer;
  implementation_->observes_instructions_ = observer != nullptr && instructions;
  implementation_->ForgetEverything();
}
void Core::AddBreakpoint(uint32_t address) {
  implementation_->breakpoints_.insert(address & ~1u);
  implementation_->ForgetEverything();
}
void Core::RemoveBreakpoint(uint32_t address) {
  implementation_->breakpoints_.erase(address & ~1u);
  implementation_->ForgetEverything();
}
void Core::AddWatchpoint(uint32_t address, uint32_t bytes, bool reads, bool writes) {
  implementation_->AddWatchpoint(address, bytes, reads, writes);
}
void Core::RemoveWatchpoint(uint32_t address, uint32_t bytes, bool reads, bool writes) {
  implementation_->RemoveWatchpoint(address, bytes, reads, writes);
}
uint32_t Core::watch_hit() const { return implementation_->watch_hit_; }
void Core::StopAtBkpt(bool stop) { implementation_->stops_at_bkpt_ = stop; }
bool Core::Peek(uint32_t address, int bytes, uint32_t& value) { return implementation_->Peek(address, bytes, value); }
bool Core::Poke(uint32_t address, int bytes, uint32_t value) { return implementation_->Poke(address, bytes, value); }

}  // namespace thimble::simulator
