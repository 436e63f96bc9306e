// How exceptions are entered and left (DDI0403, B1.5). Where QEMU 7.2 differs, a comment says so.
#include <cstddef>
#include <utility>

#include "simulator/cortex_m4/system.h"

namespace thimble::simulator {
namespace {

// CFSR
constexpr uint32_t kInstructionAccess = 1 << 0, kDataAccess = 1 << 1, kMpuUnstacking = 1 << 3, kMpuStacking = 1 << 4,
                   kMpuLazyStacking = 1 << 5, kMpuAddressValid = 1 << 7;
constexpr uint32_t kInstructionBus = 1 << 8, kPreciseBus = 1 << 9, kBusUnstacking = 1 << 11, kBusStacking = 1 << 12,
                   kBusLazyStacking = 1 << 13, kBusAddressValid = 1 << 15;
constexpr uint32_t kUndefinedInstruction = 1 << 16, kInvalidState = 1 << 17, kInvalidPc = 1 << 18,
                   kNoCoprocessor = 1 << 19, kUnalignedAccess = 1 << 24, kDivisionByZero = 1 << 25;

// HFSR, DFSR
constexpr uint32_t kVectorTableFault = 1 << 1, kForced = 1 << 30, kDebugEvent = 1u << 31;
constexpr uint32_t kDebugBreakpoint = 1 << 1;

// CCR, SCR
constexpr uint32_t kThreadFromNested = 1 << 0, kAlignStack = 1 << 9;
constexpr uint32_t kSleepOnExit = 1 << 1;

// FPCCR
constexpr uint32_t kLspact = 1 << 0, kUser = 1 << 1, kThread = 1 << 3, kHardFaultReady = 1 << 4,
                   kMemManageReady = 1 << 5, kBusFaultReady = 1 << 6, kMonitorReady = 1 << 8, kLazyEnabled = 1 << 30,
                   kAutomatic = 1u << 31;

constexpr uint32_t kFloatFrame = 0x68, kBasicFrame = 0x20;
constexpr uint32_t kFloatOffset = 0x20;  // in the frame: S0 to S15, FPSCR, a reserved word
constexpr uint32_t kXpsrPadding = 1 << 9;

// Cycles (Cortex-M4 TRM, 3.9, with memory that does not wait).
constexpr uint64_t kEntryCycles = 12, kTailChainCycles = 6, kReturnCycles = 10, kFloatCycles = 17;

struct FaultKind {
  uint32_t cfsr;
  uint16_t exception;
};

FaultKind KindOf(Fault fault) {
  switch (fault) {
    case Fault::kMpuFetch:
      return {kInstructionAccess, kMemManage};
    case Fault::kMpuData:
      return {kDataAccess | kMpuAddressValid, kMemManage};
    case Fault::kBusFetch:
      return {kInstructionBus, kBusFault};
    case Fault::kBusData:
      return {kPreciseBus | kBusAddressValid, kBusFault};
    case Fault::kInvalidState:
      return {kInvalidState, kUsageFault};
    case Fault::kInvalidPc:
      return {kInvalidPc, kUsageFault};
    case Fault::kNoCoprocessor:
      return {kNoCoprocessor, kUsageFault};
    case Fault::kUnaligned:
      return {kUnalignedAccess, kUsageFault};
    case Fault::kDivideByZero:
      return {kDivisionByZero, kUsageFault};
    case Fault::kBreakpoint:
      return {0, kDebugMonitor};
    case Fault::kUndefined:
    case Fault::kNone:
    case Fault::kLazyStacking:
      break;
  }
  return {kUndefinedInstruction, kUsageFault};
}

}  // namespace

// ---- faults

void System::Report(Fault fault, uint32_t address, uint16_t exception) {
  port_.FaultTaken({.fault = fault,
                    .exception = exception,
                    .address = address,
                    .cfsr = state_.cfsr,
                    .hfsr = state_.hfsr,
                    .registers = registers_});
}

/// The program counter stays at the instruction that nobody could handle, where debuggers and reports look for it; in a
/// real core it reads as 0xFFFF'FFFE.
void System::LockUp() {
  registers_.locked_up = true;
  registers_.sleeping = false;
  UpdateAttention();
  port_.AttentionChanged();
}

/// Escalates what may not preempt (DDI0403, B1.5.3). Returns what is pending now, or 0 if that is impossible.
uint16_t System::PendSynchronous(uint16_t exception) {
  const bool may_preempt = state_.enabled[exception] && GroupPriority(Priority(exception)) < execution_priority_;
  if (!may_preempt) {
    if (execution_priority_ <= -1) return 0;
    // A BKPT is told apart by DEBUGEVT (DDI0403, B3.2.16); QEMU 7.2 sets FORCED.
    state_.hfsr |= exception == kDebugMonitor ? kDebugEvent : kForced;
    exception = kHardFault;
  }
  SetPending(exception, true);
  return exception;
}

void System::Raise(Fault fault, uint32_t address) {
  if (registers_.locked_up) return;
  if (fault == Fault::kLazyStacking) {
    if (CanPreempt(execution_priority_)) Enter();
    return;
  }
  const FaultKind kind = KindOf(fault);
  if (fault == Fault::kMpuData || fault == Fault::kBusData) {
    // MMFAR and BFAR are one register, which is valid for one of them (Cortex-M4 TRM, table 4-1); QEMU 7.2 has two.
    state_.cfsr &= ~(kMpuAddressValid | kBusAddressValid);
    state_.mmfar = state_.bfar = address;
  }
  state_.cfsr |= kind.cfsr;
  if (fault == Fault::kBreakpoint) state_.dfsr |= kDebugBreakpoint;
  const uint16_t entered = PendSynchronous(kind.exception);
  Report(fault, address, entered);
  if (entered == 0) {
    LockUp();
  } else {
    Enter();
  }
}

void System::SupervisorCall() {
  const uint16_t entered = PendSynchronous(kSvCall);
  if (entered != kSvCall) Report(Fault::kNone, 0, entered);
  if (entered == 0) {
    LockUp();
  } else {
    Enter();
  }
}

/// A fault during stacking or unstacking: pends, and competes with what is being entered (DDI0403, B1.5.11).
void System::DerivedFault(Fault fault, uint32_t address, uint32_t cfsr_bit, uint16_t exception) {
  state_.cfsr |= cfsr_bit;
  const uint16_t entered = PendSynchronous(exception);
  Report(fault, address, entered);
  if (entered == 0) LockUp();
}

// ---- entry

void System::TakeException() {
  if (registers_.locked_up) return;
  if (registers_.sleeping) {
    if (!WakesFromSleep()) return;
    registers_.sleeping = false;
    state_.event_wakes = false;
    UpdateAttention();
  }
  if (CanPreempt(execution_priority_)) Enter();
}

void System::Enter() {
  const int original = best_ready_;
  const uint32_t exc_return = PushStack();
  if (registers_.locked_up) return;
  registers_.cycles += kEntryCycles;
  TakeBest(original, exc_return);
}

/// Stores the frame and returns EXC_RETURN. What cannot be stored is left out: the fault pends.
uint32_t System::PushStack() {
  const bool with_float = registers_.float_active;
  const bool align = with_float || (state_.ccr & kAlignStack) != 0;
  const bool privileged = registers_.Privileged();
  const bool handler = registers_.exception != kThreadMode;
  const uint32_t exc_return = 0xFFFF'FFE1 | (with_float ? 0 : 1u << 4) | (handler ? 0 : 1u << 3) |
                              (registers_.UsesProcessStack() ? 1u << 2 : 0);
  const uint32_t stack = registers_.r[kSp] & ~3u;
  const bool padded = align && (stack & 4) != 0;
  const uint32_t frame = (stack - (with_float ? kFloatFrame : kBasicFrame)) & ~(align ? 7u : 3u);
  // The stack pointer moves whether or not the stores succeed.
  registers_.r[kSp] = frame;

  const auto store = [&](uint32_t address, uint32_t value) {
    const Fault fault = port_.WriteWord(address, privileged, value);
    if (fault == Fault::kNone) return true;
    if (fault == Fault::kMpuData) {
      DerivedFault(fault, address, kMpuStacking, kMemManage);
    } else {
      DerivedFault(fault, address, kBusStacking, kBusFault);
    }
    return false;
  };
  const uint32_t words[8] = {
      registers_.r[0],  registers_.r[1],   registers_.r[2],   registers_.r[3],
      registers_.r[12], registers_.r[kLr], registers_.r[kPc], registers_.Xpsr() | (padded ? kXpsrPadding : 0)};
  bool stored = true;
  for (uint32_t i = 0; stored && i < 8; ++i) stored = store(frame + 4 * i, words[i]);

  if (!with_float || registers_.locked_up) return exc_return;
  if ((state_.fpccr & kLazyEnabled) != 0) {
    NoteLazyState(frame + kFloatOffset);
    return exc_return;
  }
  if (!FloatEnabled(privileged)) {
    DerivedFault(Fault::kNoCoprocessor, 0, kNoCoprocessor, kUsageFault);
    return exc_return;
  }
  for (uint32_t i = 0; stored && i < 16; ++i) stored = store(frame + kFloatOffset + 4 * i, registers_.s[i]);
  if (stored) store(frame + kFloatOffset + 64, registers_.fpscr);
  registers_.cycles += kFloatCycles;
  return exc_return;
}

/// Room was left on the stack; what is needed to fill it later is remembered (DDI0403, B1.5.7, UpdateFPCCR).
void System::NoteLazyState(uint32_t frame) {
  const auto ready = [&](uint16_t exception) {
    return state_.enabled[exception] && execution_priority_ > GroupPriority(Priority(exception));
  };
  state_.fpcar = frame & ~7u;
  state_.fpccr &= kAutomatic | kLazyEnabled;
  state_.fpccr |= kLspact | (registers_.Privileged() ? 0 : kUser) |
                  (registers_.exception == kThreadMode ? kThread : 0) |
                  (execution_priority_ > -1 ? kHardFaultReady : 0) | (ready(kBusFault) ? kBusFaultReady : 0) |
                  (ready(kMemManage) ? kMemManageReady : 0) | (ready(kDebugMonitor) ? kMonitorReady : 0);
}

/// The vector table is read by the default memory map (DDI0403, B3.5.1).
Fault System::ReadVector(uint32_t address, uint32_t& value) {
  Fault fault = Fault::kNone;
  const auto read = [&] { fault = port_.ReadWord(address, true, value); };
  if (PermissionAt(address, true).read) {
    read();
  } else {
    WithMpu(true, read);
  }
  return fault;
}

/// Does `access` with the MPU ignored, or not, whatever the execution priority says.
template <typename Access>
void System::WithMpu(bool ignored, Access access) {
  if (ignored == ignores_mpu_) {
    access();
    return;
  }
  ignores_mpu_ = ignored;
  port_.PermissionsChanged();
  access();
  ignores_mpu_ = !ignored;
  port_.PermissionsChanged();
  MasksChanged();
}

/// The frame is stored: `original` is entered, or what came later and is more urgent (late arrival, derived faults).
void System::TakeBest(int original, uint32_t exc_return) {
  const auto before = [&](int one, int other) {
    return Priority(one) < Priority(other) || (Priority(one) == Priority(other) && one < other);
  };
  int exception = original;
  if (best_ready_ != 0 && before(best_ready_, exception)) exception = best_ready_;
  uint32_t vector = 0;
  if (const uint32_t address = state_.vtor + 4 * static_cast<uint32_t>(exception);
      ReadVector(address, vector) != Fault::kNone) {
    // What was to be entered stays pending; HardFault takes its place, if it can.
    state_.hfsr |= kVectorTableFault;
    if (Priority(exception) <= -1) {
      Report(Fault::kBusData, address, 0);
      LockUp();
      return;
    }
    SetPending(kHardFault, true);
    Report(Fault::kBusData, address, kHardFault);
    exception = kHardFault;
    if (best_ready_ != 0 && before(best_ready_, exception)) exception = best_ready_;
    const uint32_t next = state_.vtor + 4 * static_cast<uint32_t>(exception);
    if (ReadVector(next, vector) != Fault::kNone) {
      Report(Fault::kBusData, next, 0);
      LockUp();
      return;
    }
  }

  const bool used_process_stack = registers_.UsesProcessStack();
  registers_.process_stack = false;
  if (used_process_stack) std::swap(registers_.r[kSp], registers_.other_sp);
  registers_.exception = static_cast<uint16_t>(exception);
  registers_.r[kLr] = exc_return;
  registers_.r[kPc] = vector & ~1u;
  registers_.thumb = (vector & 1) != 0;
  registers_.it = 0;
  registers_.float_active = false;
  registers_.exclusive = false;
  registers_.event = true;
  registers_.sleeping = false;
  SetPending(exception, false);
  SetActive(exception, true);
}

// ---- return

void System::ReturnFromException(uint32_t exc_return) {
  const int returning = registers_.exception;
  const bool known = returning < kExceptions && state_.active[returning];
  const int nested = active_.Count();
  const uint32_t kind = exc_return & 15;
  const bool to_handler = kind == 1, to_thread = kind == 9 || kind == 13;

  if (returning != kNmi) registers_.faultmask = false;
  if (known) {
    if (state_.line[returning]) SetPending(returning, true);
    SetActive(returning, false);
  } else {
    MasksChanged();
  }
  const bool valid = known && (to_handler || (to_thread && (nested == 1 || (state_.ccr & kThreadFromNested) != 0)));
  if (!valid) {
    InvalidReturn(exc_return);
    return;
  }
  if (CanPreempt(execution_priority_)) {
    registers_.cycles += kTailChainCycles;
    TakeBest(best_ready_, exc_return);
    return;
  }
  if (!PopStack(exc_return)) return;
  registers_.exclusive = false;
  registers_.event = true;
  registers_.cycles += kReturnCycles;
  if (to_thread && nested == 1 && (state_.scr & kSleepOnExit) != 0) registers_.sleeping = true;
  UpdateAttention();
}

/// A usage fault on the frame that should have been left; it stays where it is.
void System::InvalidReturn(uint32_t exc_return) {
  state_.cfsr |= kInvalidPc;
  const uint16_t entered = PendSynchronous(kUsageFault);
  Report(Fault::kInvalidPc, exc_return, entered);
  if (entered == 0) {
    LockUp();
    return;
  }
  registers_.cycles += kTailChainCycles;
  TakeBest(best_ready_, exc_return);
}

/// False: something else was entered, and the frame left for it.
bool System::PopStack(uint32_t exc_return) {
  const bool to_handler = (exc_return & 15) == 1, process = (exc_return & 15) == 13;
  const bool with_float = (exc_return & 1u << 4) == 0;
  const bool align = with_float || (state_.ccr & kAlignStack) != 0;
  const bool privileged = to_handler || !registers_.unprivileged;
  uint32_t& stack = process ? registers_.other_sp : registers_.r[kSp];
  const uint32_t frame = stack & ~3u;

  // A fault of its own is entered by tail-chaining.
  const auto chain = [&] {
    if (registers_.locked_up) return;
    registers_.cycles += kTailChainCycles;
    TakeBest(best_ready_, exc_return);
  };
  const auto load = [&](uint32_t address, uint32_t& value) {
    const Fault fault = port_.ReadWord(address, privileged, value);
    if (fault == Fault::kNone) return true;
    if (fault == Fault::kMpuData) {
      DerivedFault(fault, address, kMpuUnstacking, kMemManage);
    } else {
      DerivedFault(fault, address, kBusUnstacking, kBusFault);
    }
    chain();
    return false;
  };
  uint32_t words[8] = {};
  for (uint32_t i = 0; i < 8; ++i) {
    if (!load(frame + 4 * i, words[i])) return false;
  }
  const uint32_t xpsr = words[7];
  const auto exception = static_cast<uint16_t>(xpsr & 0x1FF);
  const bool consistent = to_handler == (exception != kThreadMode);

  if (with_float && consistent) {
    if ((state_.fpccr & kLspact) != 0) {
      state_.fpccr &= ~kLspact;  // nobody used the FPU: its registers are still right
    } else if (!FloatEnabled(privileged)) {
      DerivedFault(Fault::kNoCoprocessor, 0, kNoCoprocessor, kUsageFault);
      chain();
      return false;
    } else {
      uint32_t floats[17] = {};
      for (uint32_t i = 0; i < 17; ++i) {
        if (!load(frame + kFloatOffset + 4 * i, floats[i])) return false;
      }
      for (size_t i = 0; i < 16; ++i) registers_.s[i] = floats[i];
      registers_.fpscr = floats[16] & 0xF7C0'009F;
      registers_.cycles += kFloatCycles;
    }
  }

  for (size_t i = 0; i < 4; ++i) registers_.r[i] = words[i];
  registers_.r[12] = words[4];
  registers_.r[kLr] = words[5];
  registers_.n = (xpsr >> 31 & 1) != 0;
  registers_.z = (xpsr >> 30 & 1) != 0;
  registers_.c = (xpsr >> 29 & 1) != 0;
  registers_.v = (xpsr >> 28 & 1) != 0;
  registers_.q = (xpsr >> 27 & 1) != 0;
  registers_.ge = xpsr >> 16 & 15;
  if (!consistent) {
    // The manual pops the frame and pushes it again, which comes to leaving it alone.
    InvalidReturn(exc_return);
    return false;
  }

  stack = (frame + (with_float ? kFloatFrame : kBasicFrame)) | (align && (xpsr & kXpsrPadding) != 0 ? 4u : 0);
  registers_.r[kPc] = words[6] & ~1u;
  registers_.thumb = (xpsr >> 24 & 1) != 0;
  registers_.it = static_cast<uint8_t>((xpsr >> 25 & 3) | (xpsr >> 10 & 63) << 2);
  registers_.float_active = with_float;
  registers_.exception = exception;
  registers_.process_stack = process;
  if (process) std::swap(registers_.r[kSp], registers_.other_sp);
  return true;
}

// ---- the floating-point context

bool System::FloatEnabled(bool privileged) const {
  // CP10 decides; what CP10 and CP11 mean when they differ is unpredictable, and 0b10 is reserved.
  const uint32_t access = state_.cpacr >> 20 & 3;
  return access == 3 || (access == 1 && privileged);
}

Fault System::PrepareFloatContext(uint32_t& address) {
  if (!FloatEnabled(registers_.Privileged())) return Fault::kNoCoprocessor;
  if ((state_.fpccr & kLspact) != 0) {
    address = state_.fpcar;
    if (!SaveLazily()) return Fault::kLazyStacking;
  }
  if (!registers_.float_active && (state_.fpccr & kAutomatic) != 0) {
    // Modes only, as DDI0403's ExecuteFPCheck has it; QEMU 7.2 clears the flags, too.
    constexpr uint32_t kModes = 0x07C0'0000;
    registers_.fpscr = (registers_.fpscr & ~kModes) | (state_.fpdscr & kModes);
    registers_.float_active = true;
  }
  return Fault::kNone;
}

/// Stores the context for which an exception left room, with the rights and the priority of that time. False: that
/// failed, and the fault is to be taken before the instruction.
bool System::SaveLazily() {
  const bool privileged = (state_.fpccr & kUser) == 0;
  const bool hard_fault_ready = (state_.fpccr & kHardFaultReady) != 0;
  Fault fault = Fault::kNone;
  uint32_t address = state_.fpcar;
  WithMpu(!hard_fault_ready && (state_.mpu.control & 2) == 0, [&] {
    for (size_t i = 0; i < 17 && fault == Fault::kNone; ++i) {
      address = state_.fpcar + 4 * static_cast<uint32_t>(i);
      fault = port_.WriteWord(address, privileged, i < 16 ? registers_.s[i] : registers_.fpscr);
    }
  });
  registers_.cycles += kFloatCycles;
  if (fault != Fault::kNone) {
    const bool mpu = fault == Fault::kMpuData;
    state_.cfsr |= mpu ? kMpuLazyStacking : kBusLazyStacking;
    uint16_t exception = mpu ? kMemManage : kBusFault;
    if ((state_.fpccr & (mpu ? kMemManageReady : kBusFaultReady)) == 0) {
      if (!hard_fault_ready) {
        Report(fault, address, 0);
        LockUp();
        return false;
      }
      state_.hfsr |= kForced;
      exception = kHardFault;
    }
    SetPending(exception, true);
    Report(fault, address, exception);
    // What may not preempt waits; the context counts as saved meanwhile.
    if (CanPreempt(execution_priority_)) return false;
  }
  state_.fpccr &= ~kLspact;
  return true;
}

}  // namespace thimble::simulator
