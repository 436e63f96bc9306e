// Everything a Cortex-M4F remembers: plain data, so that a board can be saved, compared and forked by copying bytes.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_STATE_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_STATE_H_

#include <cstdint>
#include <type_traits>

namespace thimble::simulator {

inline constexpr int kSp = 13, kLr = 14, kPc = 15;

/// Interrupts beyond the processor's own 16 exceptions: enough for any STM32F4.
inline constexpr int kInterrupts = 112;
inline constexpr int kExceptions = 16 + kInterrupts;

/// Exception numbers (DDI0403, table B1-4).
enum Exception : uint16_t {
  kThreadMode = 0,
  kResetException = 1,
  kNmi = 2,
  kHardFault = 3,
  kMemManage = 4,
  kBusFault = 5,
  kUsageFault = 6,
  kSvCall = 11,
  kDebugMonitor = 12,
  kPendSv = 14,
  kSysTickException = 15,
  kFirstInterrupt = 16,
};

/// What instructions read and write.
struct Registers {
  uint32_t r[16];     ///< r[13]: the stack pointer in use. r[15]: the address of the next instruction, bit 0 clear
  uint32_t other_sp;  ///< the stack pointer that is not in use: PSP while the main stack is in use, else MSP
  bool n, z, c, v, q;
  uint8_t ge;          ///< bits 3:0
  uint8_t it;          ///< ITSTATE, 0 outside an IT block
  bool thumb;          ///< EPSR.T; an instruction executed without it is a usage fault (INVSTATE)
  uint16_t exception;  ///< IPSR: 0 in thread mode
  bool primask;        ///< PRIMASK.PM
  bool faultmask;      ///< FAULTMASK.FM
  uint8_t basepri;     ///< BASEPRI, in the upper four bits
  bool unprivileged;   ///< CONTROL.nPRIV; handlers are always privileged
  bool process_stack;  ///< CONTROL.SPSEL: thread mode uses the process stack
  bool float_active;   ///< CONTROL.FPCA
  bool exclusive;      ///< the local monitor of LDREX
  bool event;          ///< the event register of WFE
  bool sleeping;       ///< in WFI, or in WFE without an event
  bool locked_up;      ///< faulted where no handler could run; only a reset helps
  uint32_t s[32];      ///< the registers of the FPU; d[i] is s[2i], s[2i + 1]
  uint32_t fpscr;
  uint32_t unused;        ///< no holes: the same state has the same bytes
  uint64_t cycles;        ///< of the processor's clock since power-on; goes on while sleeping
  uint64_t instructions;  ///< completed since power-on; instructions that faulted do not count

  /// In handler mode, or in thread mode with CONTROL.nPRIV clear.
  bool Privileged() const { return exception != kThreadMode || !unprivileged; }
  /// MSP and PSP whichever is in use.
  bool UsesProcessStack() const { return process_stack && exception == kThreadMode; }
  uint32_t Msp() const { return UsesProcessStack() ? other_sp : r[kSp]; }
  uint32_t Psp() const { return UsesProcessStack() ? r[kSp] : other_sp; }
  uint32_t Apsr() const {
    return static_cast<uint32_t>(n) << 31 | static_cast<uint32_t>(z) << 30 | static_cast<uint32_t>(c) << 29 |
           static_cast<uint32_t>(v) << 28 | static_cast<uint32_t>(q) << 27 | static_cast<uint32_t>(ge) << 16;
  }
  /// APSR, IPSR and EPSR as an exception stacks them (bit 9 aside, which tells of padding).
  uint32_t Xpsr() const {
    return Apsr() | exception | static_cast<uint32_t>(thumb) << 24 | static_cast<uint32_t>(it & 3) << 25 |
           static_cast<uint32_t>(it >> 2) << 10;
  }
};
static_assert(std::is_trivially_copyable_v<Registers> && std::has_unique_object_representations_v<Registers>);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_STATE_H_
