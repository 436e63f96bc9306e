// What surrounds the pipeline inside the processor: exceptions, NVIC, SysTick, system control block, MPU, DWT.
//
// The pipeline (core.h) owns the Registers and executes instructions; it calls in here when an instruction faults, when
// an exception is to be taken or returned from, and for accesses to the private peripheral bus.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_SYSTEM_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_SYSTEM_H_

#include <bit>
#include <cstdint>
#include <type_traits>

#include "simulator/cortex_m4/mpu.h"
#include "simulator/cortex_m4/state.h"

namespace thimble::simulator {

/// Why an instruction could not be executed.
enum class Fault : uint8_t {
  kNone,
  kMpuFetch,       ///< MemManage IACCVIOL: the instruction's own address may not be executed
  kMpuData,        ///< MemManage DACCVIOL, with MMFAR
  kBusFetch,       ///< BusFault IBUSERR
  kBusData,        ///< BusFault PRECISERR, with BFAR
  kUndefined,      ///< UsageFault UNDEFINSTR
  kInvalidState,   ///< UsageFault INVSTATE: EPSR.T is clear, or EPSR.ICI/IT does not fit the instruction
  kInvalidPc,      ///< UsageFault INVPC: an EXC_RETURN that does not fit
  kNoCoprocessor,  ///< UsageFault NOCP: the FPU is off (CPACR)
  kUnaligned,      ///< UsageFault UNALIGNED
  kDivideByZero,   ///< UsageFault DIVBYZERO
  kBreakpoint,     ///< BKPT without a debugger: DebugMonitor, else HardFault (HFSR.DEBUGEVT)
  kLazyStacking,   ///< PrepareFloat could not save an earlier context; status bits are set, the exception is pending
};

/// What a fault looked like when it was taken: for people, not for the program.
struct FaultRecord {
  Fault fault = Fault::kNone;
  uint16_t exception = 0;  ///< that was entered for it; 0: the processor locked up
  uint32_t address = 0;    ///< of the access, for kMpuData and kBusData
  uint32_t cfsr = 0;
  uint32_t hfsr = 0;
  Registers registers = {};  ///< before the entry; r[15]: the instruction that faulted
};

/// Memory as exception entry and return use it, and news for the pipeline.
class SystemPort {
 public:
  virtual ~SystemPort() = default;

  /// A word of the stack or of the vector table, at a multiple of 4, with the MPU's permission for `privileged`.
  /// Otherwise kMpuData or kBusData.
  virtual Fault ReadWord(uint32_t address, bool privileged, uint32_t& value) = 0;
  virtual Fault WriteWord(uint32_t address, bool privileged, uint32_t value) = 0;

  /// Permissions changed: MPU registers, or whether the MPU is ignored. What was remembered of them is void.
  virtual void PermissionsChanged() = 0;

  /// AttentionNeeded() may have become true, or NextEventCycle() earlier.
  virtual void AttentionChanged() = 0;

  /// A write of SYSRESETREQ to AIRCR.
  virtual void ResetRequested() = 0;

  /// A fault is about to be taken.
  virtual void FaultTaken(const FaultRecord& record) = 0;

  /// What the chip's maker put on the private peripheral bus, 0xE004'2000 to 0xE00F'EFFF (DBGMCU of an STM32), accessed
  /// by privileged code. False: nothing there.
  virtual bool ReadExternal(uint32_t /*address*/, int /*bytes*/, uint32_t& /*value*/) { return false; }
  virtual bool WriteExternal(uint32_t /*address*/, int /*bytes*/, uint32_t /*value*/) { return false; }
};

struct SystemState {
  // NVIC, by exception number.
  bool enabled[kExceptions];
  bool pending[kExceptions];
  bool active[kExceptions];
  bool line[kExceptions];  ///< level of the interrupt's wire: while high, it pends again when its handler has returned
  uint8_t priority[kExceptions];  ///< in the upper four bits, as STM32F4 has them; fixed exceptions hold 0

  // System control block (DDI0403, B3.2). shcsr holds only the enable bits; pending and active are above.
  uint32_t vtor, aircr, scr, ccr, shcsr, cfsr, hfsr, dfsr, mmfar, bfar, afsr, cpacr, actlr, demcr;
  uint32_t fpccr, fpcar, fpdscr;
  bool event_wakes;  ///< SCR.SEVONPEND: something became pending while the processor slept
  uint8_t unused[3];

  MpuState mpu;

  // SysTick: the value register counts down each processor cycle (or each eighth with CLKSOURCE 0) and is derived from
  // the cycle at which it last was `systick_value`.
  uint32_t systick_control, systick_reload;
  uint32_t systick_value;
  uint32_t unused_too;
  uint64_t systick_since;
  bool systick_counted;  ///< COUNTFLAG
  uint8_t unused_as_well[7];

  // DWT: CYCCNT is the core's cycles less an offset while it runs.
  uint32_t dwt_control, dwt_cycles_held;
  uint64_t dwt_offset;
};
static_assert(std::is_trivially_copyable_v<SystemState> && std::has_unique_object_representations_v<SystemState>);

class System {
 public:
  System(Registers& registers, SystemPort& port) : registers_(registers), port_(port) {}

  SystemState& state() { return state_; }
  const SystemState& state() const { return state_; }

  /// Reset values; which vector table (VTOR) comes from `vector_table`. Registers but cycles and instructions are
  /// reset, SP and PC read from the table; when that fails the processor is locked up.
  void Reset(uint32_t vector_table);

  /// The private peripheral bus, 0xE000'0000 to 0xE00F'FFFF; `bytes` 1, 2 or 4. False: a bus fault (nothing there,
  /// unprivileged, or a size that the register does not have). STIR may be open to unprivileged code
  /// (CCR.USERSETMPEND).
  bool Read(uint32_t address, int bytes, bool privileged, uint32_t& value);
  bool Write(uint32_t address, int bytes, bool privileged, uint32_t value);

  /// The wire of interrupt `number` (0 to kInterrupts - 1).
  void SetInterrupt(int number, bool high);
  /// Sets an exception pending, as by software: SVC, PendSV, NMI.
  void Pend(uint16_t exception);

  /// Whether TakeException has something to do now. Kept up to date at every change, so that it costs a load.
  bool AttentionNeeded() const { return attention_; }
  /// The pipeline changed PRIMASK, FAULTMASK, BASEPRI or the mode.
  void MasksChanged();

  /// Between instructions: enters the pending exception that may be taken, waking the processor from sleep first.
  /// Cycles: 12 for an entry (6 when tail-chained), more with the floating-point frame (17 words).
  void TakeException();
  /// Whether a pending interrupt ends WFI now (also while PRIMASK keeps it from being taken).
  bool WakesFromSleep() const;

  /// The instruction at registers.r[15] could not be executed, and changed nothing. Enters the exception, escalates to
  /// HardFault, or locks up.
  void Raise(Fault fault, uint32_t address);
  /// SVC: the return address is after the instruction, so r[15] has been advanced already.
  void SupervisorCall();
  /// A branch in handler mode to an address of the form 0xFFFF'FFEx/Fx: tail-chains, or unstacks and goes on there.
  void ReturnFromException(uint32_t exc_return);

  /// Before every floating-point instruction: kNoCoprocessor when CPACR does not allow it; otherwise does the lazy
  /// stacking that is due (which may fault) and makes the context a floating-point one (CONTROL.FPCA, FPSCR from
  /// FPDSCR).
  Fault PrepareFloat(uint32_t& address) {
    if (registers_.float_active && (state_.fpccr & kLazyStatePending) == 0 && (state_.cpacr >> 20 & 3) == 3)
        [[likely]] {
      return Fault::kNone;
    }
    return PrepareFloatContext(address);
  }

  Permission PermissionAt(uint32_t address, bool privileged) const {
    return simulator::PermissionAt(state_.mpu, address, privileged, ignores_mpu_);
  }

  /// The cycle at which SysTick next reaches zero with its interrupt on, or ~0.
  uint64_t NextEventCycle() const;
  /// Brings SysTick up to registers.cycles.
  void Advance();

  bool TrapsUnaligned() const { return (state_.ccr & 1u << 3) != 0; }
  bool TrapsDivideByZero() const { return (state_.ccr & 1u << 4) != 0; }
  /// CCR.BFHFNMIGN in HardFault, NMI or with FAULTMASK: a load or store that nothing answers is no fault (a load reads
  /// 0).
  bool IgnoresBusFaults() const { return (state_.ccr & 1u << 8) != 0 && execution_priority_ < 0; }
  /// What an exception needs to preempt, after PRIGROUP (DDI0403, B1.5.4): below it. 256: nothing is active or masked.
  int ExecutionPriority() const { return execution_priority_; }

  /// After the state has been replaced as a whole: derives again what is kept beside it.
  void Restored();

 private:
  static constexpr uint32_t kLazyStatePending = 1;  // FPCCR.LSPACT

  /// Exceptions as bits, to find the few that are in a set.
  struct Set {
    uint64_t words[kExceptions / 64] = {};

    void Put(int exception, bool in) {
      const uint64_t bit = uint64_t{1} << (exception & 63);
      uint64_t& word = words[exception >> 6];
      word = in ? word | bit : word & ~bit;
    }
    template <typename Visit>
    void ForEach(Visit visit) const {
      for (int i = 0; i < kExceptions / 64; ++i) {
        for (uint64_t rest = words[i]; rest != 0; rest &= rest - 1) visit(i * 64 + std::countr_zero(rest));
      }
    }
    int Count() const {
      int count = 0;
      for (const uint64_t word : words) count += std::popcount(word);
      return count;
    }
  };

  // Priorities: system.cc.
  int Priority(int exception) const;
  int GroupPriority(int priority) const;
  void SetEnabled(int exception, bool enabled);
  void SetPending(int exception, bool pending);
  void SetActive(int exception, bool active);
  void PrioritiesChanged();
  void ReadyChanged();
  void ActiveChanged();
  void UpdateAttention();
  bool CanPreempt(int execution_priority) const;
  int PriorityWithoutPrimask() const;
  void ResetRegisters();

  // Exceptions: exceptions.cc.
  Fault PrepareFloatContext(uint32_t& address);
  bool FloatEnabled(bool privileged) const;
  bool SaveLazily();
  uint16_t PendSynchronous(uint16_t exception);
  uint32_t PushStack();
  void NoteLazyState(uint32_t frame);
  bool PopStack(uint32_t exc_return);
  void DerivedFault(Fault fault, uint32_t address, uint32_t cfsr_bit, uint16_t exception);
  void Enter();
  void TakeBest(int original, uint32_t exc_return);
  Fault ReadVector(uint32_t address, uint32_t& value);
  void InvalidReturn(uint32_t exc_return);
  void Report(Fault fault, uint32_t address, uint16_t exception);
  void LockUp();
  template <typename Access>
  void WithMpu(bool ignored, Access access);

  // Registers in memory: private_peripheral_bus.cc.
  uint32_t ReadControlSpace(uint32_t offset);
  uint32_t ReadInterruptControl() const;
  void WriteControlSpace(uint32_t offset, uint32_t value, uint32_t lanes);
  void WriteInterruptControl(uint32_t value);
  void WriteHandlerControl(uint32_t value);
  void WriteResetControl(uint32_t value);
  void WriteMpu(uint32_t offset, uint32_t value, uint32_t lanes);
  void WriteSysTick(uint32_t offset, uint32_t value);
  uint32_t ReadWatch(uint32_t offset) const;
  void WriteWatch(uint32_t offset, uint32_t value);
  void SetCycleCounter(uint32_t dwt_control, uint32_t demcr, uint32_t count);
  uint32_t CycleCount() const;
  bool CountsCycles() const;

  Registers& registers_;
  SystemPort& port_;
  SystemState state_ = {};

  // All of these follow from state_ and registers_.
  Set ready_;  // pending and enabled
  Set active_;
  int best_ready_ = 0;            // the first of ready_ by priority, then number; 0: none
  int active_priority_ = 256;     // of all active exceptions, after PRIGROUP
  int execution_priority_ = 256;  // with the masks
  bool attention_ = false;
  bool ignores_mpu_ = false;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_SYSTEM_H_
