// The loop that executes decoded instructions: each operation ends by jumping to the next one's code.
#include <bit>
#include <utility>

#include "simulator/cortex_m4/float.h"
#include "simulator/cortex_m4/internal/arithmetic.h"
#include "simulator/cortex_m4/internal/implementation.h"

// Labels as values: what makes an interpreter fast, in GCC and Clang alike.
#pragma GCC diagnostic ignored "-Wpedantic"

namespace thimble::simulator {

using namespace internal;

namespace {

inline uint32_t And(uint32_t a, uint32_t b) { return a & b; }
inline uint32_t Bic(uint32_t a, uint32_t b) { return a & ~b; }
inline uint32_t Orr(uint32_t a, uint32_t b) { return a | b; }
inline uint32_t Orn(uint32_t a, uint32_t b) { return a | ~b; }
inline uint32_t Eor(uint32_t a, uint32_t b) { return a ^ b; }

inline uint32_t AddS(Registers& r, uint32_t a, uint32_t b) { return AddFlags(r, a, b); }
inline uint32_t AdcS(Registers& r, uint32_t a, uint32_t b) { return AddCarryFlags(r, a, b); }
inline uint32_t SbcS(Registers& r, uint32_t a, uint32_t b) { return AddCarryFlags(r, a, ~b); }
inline uint32_t SubS(Registers& r, uint32_t a, uint32_t b) { return SubtractFlags(r, a, b); }
inline uint32_t RsbS(Registers& r, uint32_t a, uint32_t b) { return SubtractFlags(r, b, a); }
inline uint32_t Add(Registers&, uint32_t a, uint32_t b) { return a + b; }
inline uint32_t Adc(Registers& r, uint32_t a, uint32_t b) { return a + b + (r.c ? 1 : 0); }
inline uint32_t Sbc(Registers& r, uint32_t a, uint32_t b) { return a + ~b + (r.c ? 1 : 0); }
inline uint32_t Sub(Registers&, uint32_t a, uint32_t b) { return a - b; }
inline uint32_t Rsb(Registers&, uint32_t a, uint32_t b) { return b - a; }

inline bool Holds(const Registers& r, uint8_t condition) {
  bool holds = true;
  switch (condition >> 1) {
    case 0:
      holds = r.z;
      break;
    case 1:
      holds = r.c;
      break;
    case 2:
      holds = r.n;
      break;
    case 3:
      holds = r.v;
      break;
    case 4:
      holds = r.c && !r.z;
      break;
    case 5:
      holds = r.n == r.v;
      break;
    case 6:
      holds = !r.z && r.n == r.v;
      break;
    default:
      return true;
  }
  return holds != ((condition & 1) != 0);
}

inline uint32_t ExtendHalf(uint32_t value, uint8_t by) { return Unsigned(Low(std::rotr(value, by))); }
inline uint32_t ExtendByte(uint32_t value, uint8_t by) {
  return Unsigned(static_cast<int8_t>(std::rotr(value, by) & 0xff));
}
inline uint32_t TwoSignedBytes(uint32_t value, uint8_t by) {
  value = std::rotr(value, by);
  return (Unsigned(static_cast<int8_t>(value & 0xff)) & 0xffff) | Unsigned(static_cast<int8_t>(value >> 16 & 0xff))
                                                                      << 16;
}
inline uint32_t TwoBytes(uint32_t value, uint8_t by) { return std::rotr(value, by) & 0x00ff'00ff; }
/// Halves added each by itself.
inline uint32_t AddHalves(uint32_t a, uint32_t b) {
  return ((a + b) & 0xffff) | ((a & 0xffff'0000) + (b & 0xffff'0000));
}

inline uint64_t Pair(uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; }

constexpr uint32_t kSign = 0x8000'0000;

}  // namespace

// A block is begun with the registers that Sync brings up to date as they were at its begin.
Core::Implementation::Exit Core::Implementation::Execute(Block* block, const uint64_t until_cycle,
                                                         const uint64_t until_instructions) {
  static const void* const kLabels[] = {
#define X(name) &&name##Imm, &&name##Reg, &&name##Shift, &&name##ImmS, &&name##RegS, &&name##ShiftS,
      THIMBLE_ALU_OPERATIONS(X)
#undef X
#define X(name) &&name##Imm, &&name##Reg, &&name##Shift,
          THIMBLE_COMPARE_OPERATIONS(X)
#undef X
#define X(name) &&name##Imm, &&name##ImmS, &&name##Reg, &&name##RegS,
              THIMBLE_SHIFT_OPERATIONS(X)
#undef X
#define X(name) &&name##Imm, &&name##Reg, &&name##Pre, &&name##Post,
                  THIMBLE_LOAD_OPERATIONS(X) THIMBLE_STORE_OPERATIONS(X)
#undef X
#define X(name) &&B##name,
                      THIMBLE_CONDITIONS(X)
#undef X
#define X(name) &&name,
                          THIMBLE_FLOAT_OPERATIONS(X) THIMBLE_OTHER_OPERATIONS(X)
#undef X
  };
  static_assert(std::size(kLabels) == static_cast<size_t>(Code::kCount));

  Registers& r = registers_;
  const bool privileged = block->privileged;
  const Shortcuts& shortcuts = shortcuts_[privileged];
  const Op* op = block->ops;

#define DISPATCH goto* kLabels[static_cast<size_t>(op->code)]
#define NEXT  \
  do {        \
    ++op;     \
    DISPATCH; \
  } while (false)
// After an access, which may have changed what is to be done next.
#define NEXT_UNLESS_LEAVING  \
  do {                       \
    if (leave_) [[unlikely]] \
      goto leave;            \
    NEXT;                    \
  } while (false)
#define RD r.r[op->d]
#define RN r.r[op->n]
#define RM r.r[op->m]
#define RA r.r[op->a]

  DISPATCH;

  // ---- data processing

#define LOGIC(name)                                                          \
  name##Imm : RD = name(RN, op->immediate);                                  \
  NEXT;                                                                      \
  name##Reg : RD = name(RN, RM);                                             \
  NEXT;                                                                      \
  name##Shift : RD = name(RN, Shifted(RM, op->a, op->extra, r.c));           \
  NEXT;                                                                      \
  name##ImmS : {                                                             \
    const uint32_t result = name(RN, op->immediate);                         \
    RD = result;                                                             \
    SetNz(r, result);                                                        \
    if (op->extra != 2) r.c = op->extra != 0;                                \
  }                                                                          \
  NEXT;                                                                      \
  name##RegS : {                                                             \
    const uint32_t result = name(RN, RM);                                    \
    RD = result;                                                             \
    SetNz(r, result);                                                        \
  }                                                                          \
  NEXT;                                                                      \
  name##ShiftS : {                                                           \
    const uint32_t value = RM;                                               \
    const uint32_t result = name(RN, Shifted(value, op->a, op->extra, r.c)); \
    r.c = ShiftCarry(value, op->a, op->extra, r.c);                          \
    RD = result;                                                             \
    SetNz(r, result);                                                        \
  }                                                                          \
  NEXT;
  LOGIC(And)
  LOGIC(Bic)
  LOGIC(Orr)
  LOGIC(Orn)
  LOGIC(Eor)

#define ARITHMETIC(name)                                                  \
  name##Imm : RD = name(r, RN, op->immediate);                            \
  NEXT;                                                                   \
  name##Reg : RD = name(r, RN, RM);                                       \
  NEXT;                                                                   \
  name##Shift : RD = name(r, RN, Shifted(RM, op->a, op->extra, r.c));     \
  NEXT;                                                                   \
  name##ImmS : RD = name##S(r, RN, op->immediate);                        \
  NEXT;                                                                   \
  name##RegS : RD = name##S(r, RN, RM);                                   \
  NEXT;                                                                   \
  name##ShiftS : RD = name##S(r, RN, Shifted(RM, op->a, op->extra, r.c)); \
  NEXT;
  ARITHMETIC(Add)
  ARITHMETIC(Adc)
  ARITHMETIC(Sbc)
  ARITHMETIC(Sub)
  ARITHMETIC(Rsb)

#define LOGIC_COMPARE(name, logic)                              \
  name##Imm : SetNz(r, logic(RN, op->immediate));               \
  if (op->extra != 2) r.c = op->extra != 0;                     \
  NEXT;                                                         \
  name##Reg : SetNz(r, logic(RN, RM));                          \
  NEXT;                                                         \
  name##Shift : {                                               \
    const uint32_t value = RM;                                  \
    SetNz(r, logic(RN, Shifted(value, op->a, op->extra, r.c))); \
    r.c = ShiftCarry(value, op->a, op->extra, r.c);             \
  }                                                             \
  NEXT;
  LOGIC_COMPARE(Tst, And)
  LOGIC_COMPARE(Teq, Eor)
#define COMPARE(name, flags)                                      \
  name##Imm : flags(r, RN, op->immediate);                        \
  NEXT;                                                           \
  name##Reg : flags(r, RN, RM);                                   \
  NEXT;                                                           \
  name##Shift : flags(r, RN, Shifted(RM, op->a, op->extra, r.c)); \
  NEXT;
  COMPARE(Cmn, AddFlags)
  COMPARE(Cmp, SubtractFlags)

#define SHIFT(name)                                                  \
  name##Imm : RD = Shifted(RM, k##name, op->extra, r.c);             \
  NEXT;                                                              \
  name##ImmS : {                                                     \
    const uint32_t value = RM;                                       \
    const uint32_t result = Shifted(value, k##name, op->extra, r.c); \
    r.c = ShiftCarry(value, k##name, op->extra, r.c);                \
    RD = result;                                                     \
    SetNz(r, result);                                                \
  }                                                                  \
  NEXT;                                                              \
  name##Reg : {                                                      \
    bool carry = r.c;                                                \
    RD = ShiftBy(RN, k##name, RM, carry);                            \
  }                                                                  \
  NEXT;                                                              \
  name##RegS : {                                                     \
    bool carry = r.c;                                                \
    const uint32_t result = ShiftBy(RN, k##name, RM, carry);         \
    r.c = carry;                                                     \
    RD = result;                                                     \
    SetNz(r, result);                                                \
  }                                                                  \
  NEXT;
  SHIFT(Lsl)
  SHIFT(Lsr)
  SHIFT(Asr)
  SHIFT(Ror)
Rrx:
  RD = Shifted(RM, kRrx, 1, r.c);
  NEXT;
RrxS : {
  const uint32_t value = RM, result = Shifted(value, kRrx, 1, r.c);
  r.c = (value & 1) != 0;
  RD = result;
  SetNz(r, result);
}
  NEXT;

MovImm:
  RD = op->immediate;
  NEXT;
MovImmS:
  RD = op->immediate;
  SetNz(r, op->immediate);
  if (op->extra != 2) r.c = op->extra != 0;
  NEXT;
MovReg:
  RD = RM;
  NEXT;
MovRegS:
  RD = RM;
  SetNz(r, RD);
  NEXT;
MvnReg:
  RD = ~RM;
  NEXT;
MvnRegS:
  RD = ~RM;
  SetNz(r, RD);
  NEXT;
MvnShift:
  RD = ~Shifted(RM, op->a, op->extra, r.c);
  NEXT;
MvnShiftS : {
  const uint32_t value = RM, result = ~Shifted(value, op->a, op->extra, r.c);
  r.c = ShiftCarry(value, op->a, op->extra, r.c);
  RD = result;
  SetNz(r, result);
}
  NEXT;
Movt:
  RD = (RD & 0xffff) | op->immediate;
  NEXT;

Sxth:
  RD = ExtendHalf(RM, op->extra);
  NEXT;
Sxtb:
  RD = ExtendByte(RM, op->extra);
  NEXT;
Uxth:
  RD = std::rotr(RM, op->extra) & 0xffff;
  NEXT;
Uxtb:
  RD = std::rotr(RM, op->extra) & 0xff;
  NEXT;
Sxtah:
  RD = RN + ExtendHalf(RM, op->extra);
  NEXT;
Sxtab:
  RD = RN + ExtendByte(RM, op->extra);
  NEXT;
Uxtah:
  RD = RN + (std::rotr(RM, op->extra) & 0xffff);
  NEXT;
Uxtab:
  RD = RN + (std::rotr(RM, op->extra) & 0xff);
  NEXT;
Sxtb16:
  RD = TwoSignedBytes(RM, op->extra);
  NEXT;
Uxtb16:
  RD = TwoBytes(RM, op->extra);
  NEXT;
Sxtab16:
  RD = AddHalves(RN, TwoSignedBytes(RM, op->extra));
  NEXT;
Uxtab16:
  RD = AddHalves(RN, TwoBytes(RM, op->extra));
  NEXT;

Rev:
  RD = __builtin_bswap32(RM);
  NEXT;
Rev16:
  RD = std::rotr(__builtin_bswap32(RM), 16);
  NEXT;
Revsh:
  RD = Unsigned(static_cast<int16_t>(__builtin_bswap16(static_cast<uint16_t>(RM))));
  NEXT;
Rbit:
  RD = ReverseBits(RM);
  NEXT;
Clz:
  RD = static_cast<uint32_t>(std::countl_zero(RM));
  NEXT;
Sbfx:  // the field's last bit goes to bit 31, then its first bit to bit 0
  RD = Unsigned(Signed(RN << (op->immediate - op->extra)) >> op->immediate);
  NEXT;
Ubfx:
  RD = (RN << (op->immediate - op->extra)) >> op->immediate;
  NEXT;
Bfi:
  RD = (RD & ~(op->immediate << op->extra)) | (RN & op->immediate) << op->extra;
  NEXT;
Bfc:
  RD &= ~(op->immediate << op->extra);
  NEXT;
Pkhbt:
  RD = (RN & 0xffff) | ((RM << op->extra) & 0xffff'0000);
  NEXT;
Pkhtb:
  RD = (RN & 0xffff'0000) | (Shifted(RM, kAsr, op->extra, false) & 0xffff);
  NEXT;
Sel : {
  const uint32_t mask = ((r.ge & 1) != 0 ? 0xffu : 0) | ((r.ge & 2) != 0 ? 0xff00u : 0) |
                        ((r.ge & 4) != 0 ? 0xff'0000u : 0) | ((r.ge & 8) != 0 ? 0xff00'0000u : 0);
  RD = (RN & mask) | (RM & ~mask);
}
  NEXT;

Ssat:
  RD = SaturateSigned(r, Signed(Shifted(RN, op->a, op->extra, false)), op->immediate);
  NEXT;
Usat:
  RD = SaturateUnsigned(r, Signed(Shifted(RN, op->a, op->extra, false)), op->immediate);
  NEXT;
Ssat16 : {
  const uint32_t value = RN;
  RD = (SaturateSigned(r, Low(value), op->immediate) & 0xffff) | SaturateSigned(r, High(value), op->immediate) << 16;
}
  NEXT;
Usat16 : {
  const uint32_t value = RN;
  RD = (SaturateUnsigned(r, Low(value), op->immediate) & 0xffff) | SaturateUnsigned(r, High(value), op->immediate)
                                                                       << 16;
}
  NEXT;
Parallel:
  RD = internal::Parallel(r, static_cast<ParallelKind>(op->extra), static_cast<ParallelStyle>(op->immediate), RN, RM);
  NEXT;
Qadd:
  RD = SaturateSigned(r, Wide(RM) + Wide(RN), 32);
  NEXT;
Qsub:
  RD = SaturateSigned(r, Wide(RM) - Wide(RN), 32);
  NEXT;
Qdadd : {
  const uint32_t doubled = SaturateSigned(r, 2 * Wide(RN), 32);
  RD = SaturateSigned(r, Wide(RM) + Wide(doubled), 32);
}
  NEXT;
Qdsub : {
  const uint32_t doubled = SaturateSigned(r, 2 * Wide(RN), 32);
  RD = SaturateSigned(r, Wide(RM) - Wide(doubled), 32);
}
  NEXT;
Usad8:
  RD = SumOfDifferences(RN, RM);
  NEXT;
Usada8:
  RD = RA + SumOfDifferences(RN, RM);
  NEXT;

  // ---- multiplication and division

Mul:
  RD = RN * RM;
  NEXT;
MulS:
  RD = RN * RM;
  SetNz(r, RD);
  NEXT;
Mla:
  RD = RA + RN * RM;
  NEXT;
Mls:
  RD = RA - RN * RM;
  NEXT;
Smulxy:
  RD = Unsigned(Low(RN >> (op->extra & 16)) * Low(RM >> (op->extra >> 1 & 16)));
  NEXT;
Smlaxy : {
  const int64_t sum = int64_t{Low(RN >> (op->extra & 16))} * Low(RM >> (op->extra >> 1 & 16)) + Wide(RA);
  RD = static_cast<uint32_t>(sum);
  if (sum != static_cast<int32_t>(sum)) r.q = true;
}
  NEXT;
#define DUAL(sign, accumulator)                                                                 \
  {                                                                                             \
    const uint32_t n = RN, m = std::rotr(RM, op->extra);                                        \
    const int64_t sum = int64_t{Low(n) * Low(m)} sign int64_t{High(n) * High(m)} + accumulator; \
    RD = static_cast<uint32_t>(sum);                                                            \
    if (sum != static_cast<int32_t>(sum)) r.q = true;                                           \
  }                                                                                             \
  NEXT;
Smuad:
  DUAL(+, 0)
Smlad:
  DUAL(+, Wide(RA))
Smusd:
  DUAL(-, 0)
Smlsd:
  DUAL(-, Wide(RA))
Smulwy:
  RD = static_cast<uint32_t>(Wide(RN) * Low(RM >> op->extra) >> 16);
  NEXT;
Smlawy : {
  const int64_t sum = (Wide(RN) * Low(RM >> op->extra) >> 16) + Wide(RA);
  RD = static_cast<uint32_t>(sum);
  if (sum != static_cast<int32_t>(sum)) r.q = true;
}
  NEXT;
Smmul:
  RD = static_cast<uint32_t>((static_cast<uint64_t>(Wide(RN) * Wide(RM)) + op->immediate) >> 32);
  NEXT;
Smmla:
  RD = static_cast<uint32_t>((Pair(0, RA) + static_cast<uint64_t>(Wide(RN) * Wide(RM)) + op->immediate) >> 32);
  NEXT;
Smmls:
  RD = static_cast<uint32_t>((Pair(0, RA) - static_cast<uint64_t>(Wide(RN) * Wide(RM)) + op->immediate) >> 32);
  NEXT;
#define LONG(value)                           \
  {                                           \
    const uint64_t result = value;            \
    RA = static_cast<uint32_t>(result);       \
    RD = static_cast<uint32_t>(result >> 32); \
  }                                           \
  NEXT;
Smull:
  LONG(static_cast<uint64_t>(Wide(RN) * Wide(RM)))
Umull:
  LONG(uint64_t{RN} * RM)
Smlal:
  LONG(Pair(RA, RD) + static_cast<uint64_t>(Wide(RN) * Wide(RM)))
Umlal:
  LONG(Pair(RA, RD) + uint64_t{RN} * RM)
Umaal:
  LONG(uint64_t{RN} * RM + RA + RD)
Smlalxy:
  LONG(Pair(RA, RD) + static_cast<uint64_t>(int64_t{Low(RN >> (op->extra & 16)) * Low(RM >> (op->extra >> 1 & 16))}))
Smlald : {
  const uint32_t m = std::rotr(RM, op->extra);
  LONG(Pair(RA, RD) + static_cast<uint64_t>(int64_t{Low(RN) * Low(m)} + int64_t{High(RN) * High(m)}))
}
Smlsld : {
  const uint32_t m = std::rotr(RM, op->extra);
  LONG(Pair(RA, RD) + static_cast<uint64_t>(int64_t{Low(RN) * Low(m)} - int64_t{High(RN) * High(m)}))
}
Sdiv:
Udiv : {
  const uint32_t divisor = RM;
  if (divisor == 0) {
    if (system_.TrapsDivideByZero()) {
      Failed(*block, op, Fault::kDivideByZero, 0);
      return Exit::kFault;
    }
    RD = 0;
  } else {
    RD = op->code == Code::kSdiv ? DivideSigned(RN, divisor) : RN / divisor;
  }
}
  NEXT;

  // ---- loads and stores

#define LOAD_FROM(where, type, bytes, value)                                       \
  {                                                                                \
    const uint32_t at = where;                                                     \
    const auto& entry = shortcuts.reads[Slot(at)];                                 \
    if ((at & (~(kPageBytes - 1) | (bytes - 1))) == entry.tag) [[likely]] {        \
      std::memcpy(&(value), entry.host + (at & (kPageBytes - 1)), bytes);          \
    } else {                                                                       \
      uint32_t slow = 0;                                                           \
      if (!ReadSlow(*block, op, at, bytes, privileged, slow)) return Exit::kFault; \
      value = static_cast<type>(slow);                                             \
    }                                                                              \
  }
#define STORE_TO(where, type, bytes, what)                                                     \
  {                                                                                            \
    const uint32_t at = where;                                                                 \
    const type stored = static_cast<type>(what);                                               \
    const auto& entry = shortcuts.writes[Slot(at)];                                            \
    if ((at & (~(kPageBytes - 1) | (bytes - 1))) == entry.tag) [[likely]] {                    \
      std::memcpy(entry.host + (at & (kPageBytes - 1)), &stored, bytes);                       \
    } else if (!WriteSlow(*block, op, at, bytes, privileged, static_cast<uint32_t>(stored))) { \
      return Exit::kFault;                                                                     \
    }                                                                                          \
  }
#define LOADS(name, type, bytes)                          \
  name##Imm : {                                           \
    type value = 0;                                       \
    LOAD_FROM(RN + op->immediate, type, bytes, value)     \
    RD = Unsigned(static_cast<int32_t>(value));           \
  }                                                       \
  NEXT_UNLESS_LEAVING;                                    \
  name##Reg : {                                           \
    type value = 0;                                       \
    LOAD_FROM(RN + (RM << op->extra), type, bytes, value) \
    RD = Unsigned(static_cast<int32_t>(value));           \
  }                                                       \
  NEXT_UNLESS_LEAVING;                                    \
  name##Pre : {                                           \
    type value = 0;                                       \
    LOAD_FROM(RN + op->immediate, type, bytes, value)     \
    RN += op->immediate;                                  \
    RD = Unsigned(static_cast<int32_t>(value));           \
  }                                                       \
  NEXT_UNLESS_LEAVING;                                    \
  name##Post : {                                          \
    type value = 0;                                       \
    LOAD_FROM(RN, type, bytes, value)                     \
    RN += op->immediate;                                  \
    RD = Unsigned(static_cast<int32_t>(value));           \
  }                                                       \
  NEXT_UNLESS_LEAVING;
  LOADS(Ldr, uint32_t, 4)
  LOADS(Ldrh, uint16_t, 2)
  LOADS(Ldrb, uint8_t, 1)
  LOADS(Ldrsh, int16_t, 2)
  LOADS(Ldrsb, int8_t, 1)
#define STORES(name, type, bytes)                                                    \
  name##Imm : STORE_TO(RN + op->immediate, type, bytes, RD) NEXT_UNLESS_LEAVING;     \
  name##Reg : STORE_TO(RN + (RM << op->extra), type, bytes, RD) NEXT_UNLESS_LEAVING; \
  name##Pre : STORE_TO(RN + op->immediate, type, bytes, RD) RN += op->immediate;     \
  NEXT_UNLESS_LEAVING;                                                               \
  name##Post : STORE_TO(RN, type, bytes, RD) RN += op->immediate;                    \
  NEXT_UNLESS_LEAVING;
  STORES(Str, uint32_t, 4)
  STORES(Strh, uint16_t, 2)
  STORES(Strb, uint8_t, 1)

LdrLiteral:
  LOAD_FROM(op->immediate, uint32_t, 4, RD)
  NEXT_UNLESS_LEAVING;

LoadPc:
LoadGeneral:
StoreGeneral : {
  const uint8_t kind = op->extra & kAddressKind;
  const bool stores = op->code == Code::kStoreGeneral;
  const uint32_t base = kind == kLiteral ? 0 : RN;
  const uint32_t offset = kind == kRegisterOffset ? RM << (op->extra >> 4 & 3) : op->immediate;
  const uint32_t address = kind == kPostIndexed ? base : base + offset;
  const bool as_privileged = privileged && (op->extra & kAsUnprivileged) == 0;
  const int bytes = op->a == kWord ? 4 : op->a == kHalf || op->a == kSignedHalf ? 2 : 1;
  uint32_t value = RD;
  const bool done = stores ? WriteSlow(*block, op, address, bytes, as_privileged, value)
                           : ReadSlow(*block, op, address, bytes, as_privileged, value);
  if (!done) return Exit::kFault;
  if (op->a == kSignedHalf) value = Unsigned(Low(value));
  if (op->a == kSignedByte) value = Unsigned(static_cast<int8_t>(value & 0xff));
  if (kind == kPreIndexed || kind == kPostIndexed) RN = op->n == kSp ? (base + offset) & ~3u : base + offset;
  if (op->code == Code::kLoadPc) {
    return_address_ = value;
    goto indirect;
  }
  if (!stores) RD = op->d == kSp ? value & ~3u : value;
}
  NEXT_UNLESS_LEAVING;

Ldrd:
Strd : {
  const uint32_t base = op->extra == kLiteral ? 0 : RN;
  const uint32_t address = op->extra == kPostIndexed ? base : base + op->immediate;
  if (!AlignedOrFault(*block, op, address, 4)) return Exit::kFault;
  if (op->code == Code::kLdrd) {
    uint32_t first = 0, second = 0;
    LOAD_FROM(address, uint32_t, 4, first)
    LOAD_FROM(address + 4, uint32_t, 4, second)
    RD = first;
    RA = second;
  } else {
    if (!IsShortcut(shortcuts.writes, address + 4) &&
        !(MayWriteSlow(*block, op, address, privileged) && MayWriteSlow(*block, op, address + 4, privileged))) {
      return Exit::kFault;
    }
    STORE_TO(address, uint32_t, 4, RD)
    STORE_TO(address + 4, uint32_t, 4, RA)
  }
  if (op->extra == kPreIndexed || op->extra == kPostIndexed) RN = base + op->immediate;
}
  NEXT_UNLESS_LEAVING;

#define MULTIPLE_ADDRESS(bytes)                                                \
  const uint32_t base = RN, length = bytes;                                    \
  const uint32_t address = (op->a & kDecrements) != 0 ? base - length : base;  \
  const uint32_t after = (op->a & kDecrements) != 0 ? address : base + length; \
  if (!AlignedOrFault(*block, op, address, 4)) return Exit::kFault;            \
  const bool in_page = (address & (kPageBytes - 1)) + length <= kPageBytes;
LdmPc:
Ldm : {
  MULTIPLE_ADDRESS(4u * op->m)
  uint32_t values[16];
  const auto& whole = shortcuts.reads[Slot(address)];
  if (in_page && whole.tag == (address & ~(kPageBytes - 1))) [[likely]] {
    std::memcpy(values, whole.host + (address & (kPageBytes - 1)), length);
  } else {
    for (uint32_t i = 0; i < op->m; ++i) LOAD_FROM(address + 4 * i, uint32_t, 4, values[i])
  }
  if ((op->a & kWritesBack) != 0) RN = after;
  const uint32_t* value = values;
  for (uint32_t list = op->immediate & 0x7fff; list != 0; list &= list - 1) r.r[std::countr_zero(list)] = *value++;
  if (op->code == Code::kLdmPc) {
    return_address_ = *value;
    goto indirect;
  }
}
  NEXT_UNLESS_LEAVING;
Stm : {
  MULTIPLE_ADDRESS(4u * op->m)
  uint32_t values[16];
  uint32_t* value = values;
  for (uint32_t list = op->immediate; list != 0; list &= list - 1) *value++ = r.r[std::countr_zero(list)];
  const auto& whole = shortcuts.writes[Slot(address)];
  if (in_page && whole.tag == (address & ~(kPageBytes - 1))) [[likely]] {
    std::memcpy(whole.host + (address & (kPageBytes - 1)), values, length);
  } else {
    for (uint32_t i = 0; i < op->m; ++i) STORE_TO(address + 4 * i, uint32_t, 4, values[i])
  }
  if ((op->a & kWritesBack) != 0) RN = after;
}
  NEXT_UNLESS_LEAVING;

LoadExclusive : {
  const uint32_t address = RN + op->immediate;
  const int bytes = op->a == kWord ? 4 : op->a == kHalf ? 2 : 1;
  uint32_t value = 0;
  if (!AlignedOrFault(*block, op, address, bytes)) return Exit::kFault;
  if (!ReadSlow(*block, op, address, bytes, privileged, value)) return Exit::kFault;
  r.exclusive = true;
  RD = value;
}
  NEXT_UNLESS_LEAVING;
StoreExclusive : {
  const uint32_t address = RN + op->immediate;
  const int bytes = op->a == kWord ? 4 : op->a == kHalf ? 2 : 1;
  if (!AlignedOrFault(*block, op, address, bytes)) return Exit::kFault;
  if (!MayWriteSlow(*block, op, address, privileged)) return Exit::kFault;
  const bool passes = r.exclusive;
  if (passes && !WriteSlow(*block, op, address, bytes, privileged, RM)) return Exit::kFault;
  r.exclusive = false;
  RD = passes ? 0 : 1;
}
  NEXT_UNLESS_LEAVING;
Clrex:
  r.exclusive = false;
  NEXT;

  // ---- floating point

PrepareFloat : {
  const uint64_t cycles = r.cycles;
  Sync(*block, op);
  const Fault fault = system_.PrepareFloat(fault_address_);
  if (fault != Fault::kNone) {
    fault_ = fault;
    return Exit::kFault;
  }
  Unsync(op);
  if (r.cycles == cycles && !leave_) [[likely]]
    NEXT;
  // What there was to save has been saved: the instruction is begun anew after that.
  LeaveAt(*block, op);
  prepared_ = true;
  return Exit::kLeave;
}
#define SD r.s[op->d]
#define SN r.s[op->n]
#define SM r.s[op->m]
Vadd:
  SD = fp::Add(SN, SM, r.fpscr);
  NEXT;
Vsub:
  SD = fp::Subtract(SN, SM, r.fpscr);
  NEXT;
Vmul:
  SD = fp::Multiply(SN, SM, r.fpscr);
  NEXT;
Vnmul:
  SD = fp::Multiply(SN, SM, r.fpscr) ^ kSign;
  NEXT;
Vmla:
  SD = fp::Add(SD, fp::Multiply(SN, SM, r.fpscr), r.fpscr);
  NEXT;
Vmls:
  SD = fp::Add(SD, fp::Multiply(SN, SM, r.fpscr) ^ kSign, r.fpscr);
  NEXT;
Vnmls:
  SD = fp::Add(SD ^ kSign, fp::Multiply(SN, SM, r.fpscr), r.fpscr);
  NEXT;
Vnmla:
  SD = fp::Add(SD ^ kSign, fp::Multiply(SN, SM, r.fpscr) ^ kSign, r.fpscr);
  NEXT;
Vdiv:
  SD = fp::Divide(SN, SM, r.fpscr);
  NEXT;
Vfma:
  SD = fp::MultiplyAdd(SD, SN, SM, r.fpscr);
  NEXT;
Vfms:
  SD = fp::MultiplyAdd(SD, SN ^ kSign, SM, r.fpscr);
  NEXT;
Vfnma:
  SD = fp::MultiplyAdd(SD ^ kSign, SN ^ kSign, SM, r.fpscr);
  NEXT;
Vfnms:
  SD = fp::MultiplyAdd(SD ^ kSign, SN, SM, r.fpscr);
  NEXT;
VmovImm:
  SD = op->immediate;
  NEXT;
VmovReg:
  SD = SM;
  NEXT;
Vabs:
  SD = SM & ~kSign;
  NEXT;
Vneg:
  SD = SM ^ kSign;
  NEXT;
Vsqrt:
  SD = fp::SquareRoot(SM, r.fpscr);
  NEXT;
VcvtFromHalf:
  SD = fp::HalfToSingle(static_cast<uint16_t>(SM >> op->extra), r.fpscr);
  NEXT;
VcvtToHalf : {
  const uint32_t half = fp::SingleToHalf(SM, r.fpscr);
  SD = (SD & ~(0xffffu << op->extra)) | half << op->extra;
}
  NEXT;
Vcmp:
  fp::Compare(SD, SM, op->extra != 0, r.fpscr);
  NEXT;
VcmpZero:
  fp::Compare(SD, 0, op->extra != 0, r.fpscr);
  NEXT;
VcvtFromInt:
  SD = fp::FromInt32(SM, op->extra != 0, r.fpscr);
  NEXT;
VcvtToInt:
  SD = fp::ToInt32(SM, (op->extra & 1) != 0, (op->extra & 2) != 0, r.fpscr);
  NEXT;
VcvtFromFixed:
  SD =
      fp::FromFixed(SD, static_cast<int>(op->immediate), (op->extra & 2) != 0 ? 32 : 16, (op->extra & 1) != 0, r.fpscr);
  NEXT;
VcvtToFixed:
  SD = fp::ToFixed(SD, static_cast<int>(op->immediate), (op->extra & 2) != 0 ? 32 : 16, (op->extra & 1) != 0, r.fpscr);
  NEXT;
VmovToSingle:
  SN = RD;
  NEXT;
VmovFromSingle:
  RD = SN;
  NEXT;
Vmsr:
  r.fpscr = RD & 0xf7c0'009f;
  NEXT;
Vmrs:
  if (op->d == kPc) {
    r.n = r.fpscr >> 31 != 0;
    r.z = (r.fpscr >> 30 & 1) != 0;
    r.c = (r.fpscr >> 29 & 1) != 0;
    r.v = (r.fpscr >> 28 & 1) != 0;
  } else {
    RD = r.fpscr;
  }
  NEXT;
VmovToSingles:
  SM = RD;
  r.s[op->m + 1] = RN;
  NEXT;
VmovFromSingles:
  RD = SM;
  RN = r.s[op->m + 1];
  NEXT;
Vldr : {
  const uint32_t address = (op->extra == kLiteral ? 0 : RN) + op->immediate;
  uint32_t first = 0, second = 0;
  if (!AlignedOrFault(*block, op, address, 4)) return Exit::kFault;
  LOAD_FROM(address, uint32_t, 4, first)
  if (op->m == 2) {
    LOAD_FROM(address + 4, uint32_t, 4, second)
    r.s[op->d + 1] = second;
  }
  SD = first;
}
  NEXT_UNLESS_LEAVING;
Vstr : {
  const uint32_t address = RN + op->immediate;
  if (!AlignedOrFault(*block, op, address, 4)) return Exit::kFault;
  if (op->m == 2 && !IsShortcut(shortcuts.writes, address + 4) &&
      !(MayWriteSlow(*block, op, address, privileged) && MayWriteSlow(*block, op, address + 4, privileged))) {
    return Exit::kFault;
  }
  STORE_TO(address, uint32_t, 4, SD)
  if (op->m == 2) STORE_TO(address + 4, uint32_t, 4, r.s[op->d + 1])
}
  NEXT_UNLESS_LEAVING;
Vldm : {
  MULTIPLE_ADDRESS(op->immediate)
  uint32_t values[32];
  const auto& whole = shortcuts.reads[Slot(address)];
  if (in_page && whole.tag == (address & ~(kPageBytes - 1))) [[likely]] {
    std::memcpy(values, whole.host + (address & (kPageBytes - 1)), 4u * op->m);
  } else {
    for (uint32_t i = 0; i < op->m; ++i) LOAD_FROM(address + 4 * i, uint32_t, 4, values[i])
  }
  std::memcpy(&SD, values, 4u * op->m);
  if ((op->a & kWritesBack) != 0) RN = after;
}
  NEXT_UNLESS_LEAVING;
Vstm : {
  MULTIPLE_ADDRESS(op->immediate)
  const auto& whole = shortcuts.writes[Slot(address)];
  if (in_page && whole.tag == (address & ~(kPageBytes - 1))) [[likely]] {
    std::memcpy(whole.host + (address & (kPageBytes - 1)), &SD, 4u * op->m);
  } else {
    for (uint32_t i = 0; i < op->m; ++i) STORE_TO(address + 4 * i, uint32_t, 4, r.s[op->d + i])
  }
  if ((op->a & kWritesBack) != 0) RN = after;
}
  NEXT_UNLESS_LEAVING;

  // ---- branches

// `op` is the branch; what follows it knows the sums so far.
#define JUMP                                                                 \
  do {                                                                       \
    r.cycles += op[1].cycles_before + uint64_t{kDirectJumpCycles};           \
    r.instructions += op[1].index;                                           \
    Block* const target = block->links[op->d];                               \
    if (target->epoch == epoch_ && r.cycles + target->cost <= until_cycle && \
        r.instructions + target->count <= until_instructions) [[likely]] {   \
      r.cycles += target->entry_cycles;                                      \
      block = target;                                                        \
      op = block->ops;                                                       \
      DISPATCH;                                                              \
    }                                                                        \
    r.r[kPc] = op->immediate;                                                \
    link_ = &block->links[op->d];                                            \
    goto jumped;                                                             \
  } while (false)
#define BRANCH_IF(name, condition) \
  B##name : if (condition) JUMP;   \
  NEXT;
  BRANCH_IF(Eq, r.z)
  BRANCH_IF(Ne, !r.z)
  BRANCH_IF(Cs, r.c)
  BRANCH_IF(Cc, !r.c)
  BRANCH_IF(Mi, r.n)
  BRANCH_IF(Pl, !r.n)
  BRANCH_IF(Vs, r.v)
  BRANCH_IF(Vc, !r.v)
  BRANCH_IF(Hi, r.c && !r.z)
  BRANCH_IF(Ls, !r.c || r.z)
  BRANCH_IF(Ge, r.n == r.v)
  BRANCH_IF(Lt, r.n != r.v)
  BRANCH_IF(Gt, !r.z && r.n == r.v)
  BRANCH_IF(Le, r.z || r.n != r.v)
Cbz:
  if (RN == 0) JUMP;
  NEXT;
Cbnz:
  if (RN != 0) JUMP;
  NEXT;
Bl:
  r.r[kLr] = (block->pc + 2u * op[1].offset) | 1;
  JUMP;
B:
  JUMP;

EndOfBlock : {
  r.cycles += op->cycles_before;
  r.instructions += op->index;
  Block* const target = block->links[op->d];
  if (target->epoch == epoch_ && r.cycles + target->cost <= until_cycle &&
      r.instructions + target->count <= until_instructions) [[likely]] {
    r.cycles += static_cast<uint64_t>(int64_t{block->fall_cycles});
    block = target;
    op = block->ops;
    DISPATCH;
  }
  r.r[kPc] = op->immediate;
  r.it = op->it;
  pipeline_ = {.before = block->befores.back(), .jumped = false};
  link_ = op->it == 0 ? &block->links[op->d] : nullptr;
  fell_from_ = block;
  return Exit::kLookup;
}

BlxReg : {
  const uint32_t target = RM;
  r.r[kLr] = op->immediate;
  r.thumb = (target & 1) != 0;
  return_address_ = target & ~1u;
}
  goto indirect_here;
MovPc:
  return_address_ = RM & ~1u;
  goto indirect_here;
AddPc:
  return_address_ = (op->immediate + (op->m == kPc ? op->immediate : RM)) & ~1u;
  goto indirect_here;
TableBranch : {
  uint32_t entry_value = 0;
  if (op->extra != 0) {
    uint16_t half = 0;
    LOAD_FROM(RN + (RM << 1), uint16_t, 2, half)
    entry_value = half;
  } else {
    uint8_t byte = 0;
    LOAD_FROM(RN + RM, uint8_t, 1, byte)
    entry_value = byte;
  }
  return_address_ = op->immediate + 2 * entry_value;
}
  goto indirect_here;
Bx:
  return_address_ = RM;
  goto indirect;

// To return_address_, which may be more than an address: BX, and loads of PC.
indirect:
  if (r.exception != kThreadMode && return_address_ >> 28 == 15) {
    Sync(*block, op + 1);
    return Exit::kReturn;
  }
  r.thumb = (return_address_ & 1) != 0;
  return_address_ &= ~1u;
indirect_here:
  r.cycles += op[1].cycles_before + uint64_t{kIndirectJumpCycles};
  r.instructions += op[1].index;
  if (Block* const target = slots_[BlockSlot(return_address_, privileged)];
      target != nullptr && target->pc == return_address_ && target->privileged == privileged &&
      target->epoch == epoch_ && r.thumb && !leave_ && breakpoints_.empty() && r.cycles + target->cost <= until_cycle &&
      r.instructions + target->count <= until_instructions) [[likely]] {
    r.cycles += target->entry_cycles;
    block = target;
    op = block->ops;
    DISPATCH;
  }
  r.r[kPc] = return_address_;
  link_ = nullptr;
jumped:
  r.it = 0;
  pipeline_ = {.before = {}, .jumped = true};
  fell_from_ = nullptr;
  return Exit::kLookup;

  // ---- beside instructions

Skip:
  op += Holds(r, op->extra) ? 1 : 1 + op->d;
  DISPATCH;
SetPc:
  r.r[kPc] = op->immediate;
  NEXT;
AlignSp:
  r.r[kSp] &= ~3u;
  NEXT;
FetchLine:
  r.cycles += static_cast<uint64_t>(flash_.Fetch(op->immediate, r.cycles + op->cycles_before));
  NEXT;
Nop:
  NEXT;

  // ---- the processor

Mrs:
  RD = ReadSpecial(op->immediate);
  NEXT;
Msr : {
  const uint32_t value = RN;
  LeaveAt(*block, op + 1);
  WriteSpecial(op->immediate, op->extra, value);
  return Exit::kLeave;
}
Cps:
  LeaveAt(*block, op + 1);
  ChangeMasks(op->a != 0, op->extra);
  return Exit::kLeave;
Wfe:
  LeaveAt(*block, op + 1);
  if (r.event) {
    r.event = false;
  } else {
    r.sleeping = true;
    system_.MasksChanged();
  }
  return Exit::kLeave;
Wfi:
  LeaveAt(*block, op + 1);
  r.sleeping = true;
  system_.MasksChanged();
  return Exit::kLeave;
Sev:
  r.event = true;
  NEXT;
Mark:
  LeaveAt(*block, op + 1);
  if (observer_ != nullptr) observer_->Marked(op->immediate, r);
  return Exit::kLeave;
Svc:
  LeaveAt(*block, op + 1);
  return Exit::kSupervisor;
Bkpt:
  if (stops_at_bkpt_) {
    LeaveAt(*block, op);
    return Exit::kBreak;
  }
  Failed(*block, op, Fault::kBreakpoint, 0);
  return Exit::kFault;
Undefined:
  Failed(*block, op, Fault::kUndefined, 0);
  return Exit::kFault;
NoCoprocessor:
  Failed(*block, op, Fault::kNoCoprocessor, 0);
  return Exit::kFault;
Breakpoint:  // where a block is to be left before its end
  LeaveAt(*block, op);
  return Exit::kLeave;

leave:
  LeaveAt(*block, op + 1);
  return Exit::kLeave;
}

}  // namespace thimble::simulator
