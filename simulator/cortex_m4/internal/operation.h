// What a decoded instruction is: an operation of the executing loop with its operands laid out.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_OPERATION_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_OPERATION_H_

#include <cstdint>
#include <vector>

#include "simulator/cortex_m4/encodings.h"
#include "simulator/cortex_m4/timing.h"

namespace thimble::simulator::internal {

// clang-format off

// Data processing: an operation for each kind of second operand, with and without flags.
#define THIMBLE_ALU_OPERATIONS(X) X(And) X(Bic) X(Orr) X(Orn) X(Eor) X(Add) X(Adc) X(Sbc) X(Sub) X(Rsb)
#define THIMBLE_COMPARE_OPERATIONS(X) X(Tst) X(Teq) X(Cmn) X(Cmp)
#define THIMBLE_SHIFT_OPERATIONS(X) X(Lsl) X(Lsr) X(Asr) X(Ror)
// Loads and stores with the usual ways to make an address.
#define THIMBLE_LOAD_OPERATIONS(X) X(Ldr) X(Ldrh) X(Ldrb) X(Ldrsh) X(Ldrsb)
#define THIMBLE_STORE_OPERATIONS(X) X(Str) X(Strh) X(Strb)
#define THIMBLE_CONDITIONS(X) X(Eq) X(Ne) X(Cs) X(Cc) X(Mi) X(Pl) X(Vs) X(Vc) X(Hi) X(Ls) X(Ge) X(Lt) X(Gt) X(Le)
#define THIMBLE_FLOAT_OPERATIONS(X)                                                                              \
  X(Vmla) X(Vmls) X(Vnmls) X(Vnmla) X(Vmul) X(Vnmul) X(Vadd) X(Vsub) X(Vdiv) X(Vfnms) X(Vfnma) X(Vfma) X(Vfms)   \
  X(VmovImm) X(VmovReg) X(Vabs) X(Vneg) X(Vsqrt) X(VcvtFromHalf) X(VcvtToHalf) X(Vcmp) X(VcmpZero)               \
  X(VcvtFromInt) X(VcvtToInt) X(VcvtFromFixed) X(VcvtToFixed) X(VmovToSingle) X(VmovFromSingle) X(Vmsr) X(Vmrs)  \
  X(VmovToSingles) X(VmovFromSingles)
#define THIMBLE_OTHER_OPERATIONS(X)                                                                              \
  /* Beside instructions. */                                                                                     \
  X(EndOfBlock) X(Skip) X(SetPc) X(AlignSp) X(PrepareFloat) X(FetchLine) X(Nop)                                  \
  X(MovImm) X(MovImmS) X(MovReg) X(MovRegS) X(MvnReg) X(MvnRegS) X(MvnShift) X(MvnShiftS) X(Rrx) X(RrxS) X(Movt) \
  X(Sxth) X(Sxtb) X(Uxth) X(Uxtb) X(Sxtah) X(Sxtab) X(Uxtah) X(Uxtab) X(Sxtb16) X(Uxtb16) X(Sxtab16) X(Uxtab16)  \
  X(Rev) X(Rev16) X(Revsh) X(Rbit) X(Clz) X(Sbfx) X(Ubfx) X(Bfi) X(Bfc) X(Pkhbt) X(Pkhtb) X(Sel)                 \
  X(Ssat) X(Usat) X(Ssat16) X(Usat16) X(Parallel) X(Qadd) X(Qsub) X(Qdadd) X(Qdsub) X(Usad8) X(Usada8)           \
  X(Mul) X(MulS) X(Mla) X(Mls) X(Smulxy) X(Smlaxy) X(Smuad) X(Smlad) X(Smusd) X(Smlsd) X(Smulwy) X(Smlawy)       \
  X(Smmul) X(Smmla) X(Smmls) X(Smull) X(Umull) X(Smlal) X(Umlal) X(Umaal) X(Smlalxy) X(Smlald) X(Smlsld)         \
  X(Sdiv) X(Udiv)                                                                                                \
  X(LdrLiteral) X(LoadGeneral) X(StoreGeneral) X(LoadPc) X(Ldrd) X(Strd) X(Ldm) X(LdmPc) X(Stm)                  \
  X(LoadExclusive) X(StoreExclusive) X(Clrex) X(Vldr) X(Vstr) X(Vldm) X(Vstm)                                    \
  X(B) X(Bl) X(Cbz) X(Cbnz) X(Bx) X(BlxReg) X(MovPc) X(AddPc) X(TableBranch)                                     \
  X(Mrs) X(Msr) X(Cps) X(Wfi) X(Wfe) X(Sev) X(Mark) X(Svc) X(Bkpt) X(Undefined) X(NoCoprocessor) X(Breakpoint)

enum class Code : uint16_t {
#define X(name) k##name##Imm, k##name##Reg, k##name##Shift, k##name##ImmS, k##name##RegS, k##name##ShiftS,
  THIMBLE_ALU_OPERATIONS(X)
#undef X
#define X(name) k##name##Imm, k##name##Reg, k##name##Shift,
  THIMBLE_COMPARE_OPERATIONS(X)
#undef X
#define X(name) k##name##Imm, k##name##ImmS, k##name##Reg, k##name##RegS,
  THIMBLE_SHIFT_OPERATIONS(X)
#undef X
#define X(name) k##name##Imm, k##name##Reg, k##name##Pre, k##name##Post,
  THIMBLE_LOAD_OPERATIONS(X) THIMBLE_STORE_OPERATIONS(X)
#undef X
#define X(name) kB##name,
  THIMBLE_CONDITIONS(X)
#undef X
#define X(name) k##name,
  THIMBLE_FLOAT_OPERATIONS(X) THIMBLE_OTHER_OPERATIONS(X)
#undef X
  kCount
};
// clang-format on

/// How a register is shifted on its way into the operation.
enum ShiftKind : uint8_t { kLsl, kLsr, kAsr, kRor, kRrx };

/// How an address is made, in Op::extra of the general loads and stores: bits 2:0; then flags.
enum AddressKind : uint8_t {
  kOffset,
  kRegisterOffset,  ///< the shift is in bits 5:4
  kLiteral,         ///< `immediate` is the address
  kPreIndexed,
  kPostIndexed,
  kAddressKind = 7,
  kAsUnprivileged = 8,
};

/// What is loaded or stored, in Op::a.
enum Width : uint8_t { kWord, kHalf, kByte, kSignedHalf, kSignedByte };

// Op::a of Ldm, Stm, Vldm, Vstm.
inline constexpr uint8_t kWritesBack = 1, kDecrements = 2;

/// The first six in the manual's order of op1, the rest of op2 (DDI0403, A5.3.15).
enum ParallelKind : uint8_t { kAdd8, kAdd16, kAsx, kSub8, kSub16, kSax };
enum ParallelStyle : uint8_t { kSigned, kSaturating, kHalving, kUnsigned, kUnsignedSaturating, kUnsignedHalving };

struct Op {
  uint32_t immediate = 0;
  Code code = Code::kNop;
  uint16_t cycles_before = 0;  ///< from the block's begin to this instruction's, without what depends on the run
  uint8_t d = 0, n = 0, m = 0, a = 0;
  uint8_t offset = 0;  ///< of the instruction from the block's begin, in halfwords
  uint8_t index = 0;   ///< instructions before it in the block
  uint8_t it = 0;      ///< ITSTATE when it is executed
  uint8_t extra = 0;
};
static_assert(sizeof(Op) == 16);

/// What one instruction turns into.
struct Decoded {
  std::vector<Op> ops;
  Timing timing;
  bool ends_block = false;     ///< it branches, or the processor must be looked at after it
  bool always_leaves = false;  ///< nothing falls through
  bool is_float = false;       ///< it needs the FPU to be ready
  bool accesses_memory = false;
};

/// Decodes the instruction `code` at `pc` with ITSTATE `it`, whose condition is left to the caller. Ops are appended.
void Decode(uint32_t code, bool wide, uint32_t pc, uint8_t it, Decoded& decoded);

/// ITSTATE after an instruction that is not IT.
constexpr uint8_t AdvanceIt(uint8_t it) {
  return (it & 7) == 0 ? uint8_t{0} : static_cast<uint8_t>((it & 0xe0) | (it << 1 & 0x1f));
}

}  // namespace thimble::simulator::internal

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_OPERATION_H_
