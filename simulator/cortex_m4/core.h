// A Cortex-M4F: executes instructions as fast as a real one, cycle by cycle, deterministic to the last flag.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_CORE_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_CORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "simulator/cortex_m4/bus.h"
#include "simulator/cortex_m4/flash_accelerator.h"
#include "simulator/cortex_m4/state.h"
#include "simulator/cortex_m4/system.h"
#include "simulator/cortex_m4/timing.h"

namespace thimble::simulator {

/// Why Core::Run returned.
enum class Stop : uint8_t {
  kReachedCycle,         ///< `until_cycle`, or the cycle of StopAt
  kReachedInstructions,  ///< `until_instructions`
  kBreakpoint,           ///< before an instruction at a breakpoint
  kWatchpoint,           ///< after the instruction that touched a watched address
  kBreakInstruction,     ///< before a BKPT, while a debugger is attached (stops_at_bkpt)
  kLockup,
  kResetRequested,  ///< SYSRESETREQ; the board resets itself and the core
};

/// Flash that makes the core wait (RM0402, section 3.4): cycles for a line of 16 bytes, and the accelerator's caches.
struct FlashTiming {
  uint32_t base = 0, bytes = 0;  ///< none: memory never makes the core wait
  int wait_states = 0;
  bool prefetch = false, instruction_cache = false, data_cache = false;
  uint8_t unused = 0;  ///< no holes, for a chip's state

  bool operator==(const FlashTiming&) const = default;
};

/// Sees what happens, for traces and debuggers. Whatever it is given is the core's state at that moment.
class CoreObserver {
 public:
  virtual ~CoreObserver() = default;
  /// Before each instruction, if `Core::observes_instructions`; that costs most of the speed.
  virtual void BeforeInstruction(const Registers&) {}
  virtual void FaultTaken(const FaultRecord&) {}
  /// After a hint kBeginRegion or kEndRegion of timing.h.
  virtual void Marked(uint32_t /*hint*/, const Registers&) {}
};

class Core {
 public:
  /// What a snapshot holds. Decoded instructions and the like are derived from it.
  struct State {
    Registers registers;
    SystemState system;
    // What the next instruction waits for: the one before it, and lines of flash that are not at hand.
    Before before;
    bool jumped;
    uint8_t unused;
    FlashAccelerator::State flash;
  };
  static_assert(std::has_unique_object_representations_v<State>);

  explicit Core(Bus& bus);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Resets the processor (DDI0403, B1.5.5): SP and PC from the words at `vector_table`, which VTOR then holds. Cycles
  /// and instructions go on counting.
  void Reset(uint32_t vector_table);

  /// Executes until the first reason to stop. `until_cycle` and `until_instructions` are absolute, as in Registers; an
  /// instruction is not begun at or after them, so the cycle may be passed by the last instruction's length. Sleeping
  /// (WFI) lets the cycles pass at no cost until an interrupt or `until_cycle`.
  Stop Run(uint64_t until_cycle, uint64_t until_instructions = ~uint64_t{0});

  /// From within a Bus call: the current Run ends at `cycle` at the latest.
  void StopAt(uint64_t cycle);

  Registers& registers();
  const Registers& registers() const;
  System& system();
  /// The clock that DWT, SysTick and the cycle model count, up to date during Bus calls as well.
  uint64_t Cycles() const { return registers().cycles; }

  void SetInterrupt(int number, bool high);

  /// An event from outside, which ends WFE or lets the next one pass.
  void SendEvent();

  /// Memory that the Bus gave out as pages changed behind the core's back (flash was programmed, a page was replaced).
  void ForgetMemory(uint32_t address, uint32_t bytes);

  /// Pages that the Bus gave out for these addresses lie elsewhere now, or may no longer be written: they have to be
  /// asked for again. What they hold is the same, so decoded instructions stay.
  void ForgetPages(uint32_t address, uint32_t bytes);

  State Save() const;
  /// Everything remembered of memory is forgotten.
  void Restore(const State& state);

  void SetFlashTiming(const FlashTiming& timing);

  void SetObserver(CoreObserver* observer, bool instructions);

  // For debuggers.
  void AddBreakpoint(uint32_t address);
  void RemoveBreakpoint(uint32_t address);
  void AddWatchpoint(uint32_t address, uint32_t bytes, bool reads, bool writes);
  void RemoveWatchpoint(uint32_t address, uint32_t bytes, bool reads, bool writes);
  uint32_t watch_hit() const;  ///< the address, after kWatchpoint
  void StopAtBkpt(bool stop);
  /// Memory as a debugger sees it: no MPU, no faults, registers of the processor included. False: nothing there.
  bool Peek(uint32_t address, int bytes, uint32_t& value);
  bool Poke(uint32_t address, int bytes, uint32_t value);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_CORE_H_
