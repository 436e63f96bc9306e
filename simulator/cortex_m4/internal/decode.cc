#include <bit>

#include "simulator/cortex_m4/internal/operation.h"
#include "simulator/cortex_m4/state.h"

namespace thimble::simulator::internal {
namespace {

using I = Instruction;

constexpr uint32_t Bits(uint32_t word, int high, int low) { return word >> low & ((2u << (high - low)) - 1); }
constexpr uint8_t Field(uint32_t word, int high, int low) { return static_cast<uint8_t>(Bits(word, high, low)); }
constexpr uint32_t SignExtend(uint32_t value, int bits) {
  return static_cast<uint32_t>(static_cast<int32_t>(value << (32 - bits)) >> (32 - bits));
}

constexpr uint8_t kCarryUnchanged = 2;

/// The operations that differ in nothing but what they compute lie in this order in Code.
enum AluForm : uint8_t { kImmediate, kRegister, kShifted };

Code AluCode(Code first, AluForm form, bool sets_flags) {
  return static_cast<Code>(static_cast<int>(first) + form + (sets_flags ? 3 : 0));
}
Code Next(Code code, int steps) { return static_cast<Code>(static_cast<int>(code) + steps); }

class Decoder {
 public:
  Decoder(uint32_t code, uint32_t pc, uint8_t it, Decoded& decoded) : code_(code), pc_(pc), it_(it), out_(decoded) {}

  void Narrow(I instruction);
  void Wide(I instruction);

 private:
  uint32_t At(int high, int low) const { return Bits(code_, high, low); }
  uint8_t FieldAt(int high, int low) const { return Field(code_, high, low); }
  bool InIt() const { return it_ != 0; }
  bool LastInIt() const { return (it_ & 15) == 8; }

  Op& Emit(Op op) { return out_.ops.emplace_back(op); }

  void Undefined() {
    out_.ops.clear();
    Emit({.code = Code::kUndefined});
    Leaves();
  }
  /// A branch within an IT block must be its last instruction.
  bool Misplaced() {
    if (!InIt() || LastInIt()) return false;
    Undefined();
    return true;
  }
  bool NotInIt() {
    if (!InIt()) return false;
    Undefined();
    return true;
  }
  void Leaves() { out_.ends_block = out_.always_leaves = true; }
  void Ends() { out_.ends_block = true; }

  void ReadsPc() { Emit({.immediate = pc_ + 4, .code = Code::kSetPc}); }
  /// SP's lowest bits are always clear.
  void WritesSp(uint8_t d) {
    if (d == kSp) Emit({.code = Code::kAlignSp});
  }

  void Memory(Op op) {
    out_.accesses_memory = true;
    const uint8_t t = op.d;
    const bool is_load = op.code == Code::kLoadGeneral;
    if (is_load && t == kPc) {
      if (Misplaced()) return;
      op.code = Code::kLoadPc;
      Emit(op);
      Leaves();
      return;
    }
    const uint8_t kind = op.extra & kAddressKind;
    const bool fast = (op.extra & kAsUnprivileged) == 0 && !(is_load && t == kSp) && kind != kLiteral &&
                      !(op.n == kSp && (kind == kPreIndexed || kind == kPostIndexed) && (op.immediate & 3) != 0);
    if (fast) {
      constexpr Code kLoads[] = {Code::kLdrImm, Code::kLdrhImm, Code::kLdrbImm, Code::kLdrshImm, Code::kLdrsbImm};
      constexpr Code kStores[] = {Code::kStrImm, Code::kStrhImm, Code::kStrbImm};
      constexpr int kStep[] = {0, 1, 0, 2, 3};
      op.code = Next(is_load ? kLoads[op.a] : kStores[op.a], kStep[kind]);
      if (kind == kRegisterOffset) op.extra = op.extra >> 4 & 3;
    } else if (is_load && kind == kLiteral && op.a == kWord && t != kSp) {
      op.code = Code::kLdrLiteral;
    }
    Emit(op);
  }
  void Load(uint8_t t, uint8_t n, uint32_t offset, Width width) {
    Memory({.immediate = offset, .code = Code::kLoadGeneral, .d = t, .n = n, .a = width, .extra = kOffset});
  }
  void Store(uint8_t t, uint8_t n, uint32_t offset, Width width) {
    Memory({.immediate = offset, .code = Code::kStoreGeneral, .d = t, .n = n, .a = width, .extra = kOffset});
  }
  void NarrowRegister(bool is_load, Width width) {
    Memory({.code = is_load ? Code::kLoadGeneral : Code::kStoreGeneral,
            .d = FieldAt(2, 0),
            .n = FieldAt(5, 3),
            .m = FieldAt(8, 6),
            .a = width,
            .extra = kRegisterOffset});
  }
  enum class Form : uint8_t { kImm12, kImm8, kIndexed, kReg, kLiteralPool, kUnprivileged };
  void WideMemory(bool is_load, Width width, Form form) {
    Op op = {.code = is_load ? Code::kLoadGeneral : Code::kStoreGeneral,
             .d = FieldAt(15, 12),
             .n = FieldAt(19, 16),
             .m = FieldAt(3, 0),
             .a = width};
    switch (form) {
      case Form::kImm12:
        op.immediate = At(11, 0);
        break;
      case Form::kImm8:
        op.immediate = 0u - At(7, 0);
        break;
      case Form::kUnprivileged:
        op.immediate = At(7, 0);
        op.extra = kAsUnprivileged;
        break;
      case Form::kIndexed:
        op.immediate = At(9, 9) != 0 ? At(7, 0) : 0u - At(7, 0);
        op.extra = At(10, 10) != 0 ? kPreIndexed : kPostIndexed;
        break;
      case Form::kReg:
        op.extra = static_cast<uint8_t>(kRegisterOffset | At(5, 4) << 4);
        break;
      case Form::kLiteralPool:
        op.immediate = ((pc_ + 4) & ~3u) + (At(23, 23) != 0 ? At(11, 0) : 0u - At(11, 0));
        op.extra = kLiteral;
        break;
    }
    Memory(op);
  }

  void Multiple(bool is_load, uint8_t n, uint32_t list, bool writes_back, bool decrements) {
    out_.accesses_memory = true;
    const bool jumps = is_load && (list & 1u << kPc) != 0;
    if (jumps && Misplaced()) return;
    const auto flags = static_cast<uint8_t>((writes_back ? kWritesBack : 0) | (decrements ? kDecrements : 0));
    Emit({.immediate = list,
          .code = jumps     ? Code::kLdmPc
                  : is_load ? Code::kLdm
                            : Code::kStm,
          .n = n,
          .m = static_cast<uint8_t>(std::popcount(list)),
          .a = flags});
    if (jumps) Leaves();
  }

  void Two(bool is_load, uint8_t kind) {
    out_.accesses_memory = true;
    const uint32_t offset = At(7, 0) * 4, signed_offset = At(23, 23) != 0 ? offset : 0u - offset;
    Emit({.immediate = kind == kLiteral ? ((pc_ + 4) & ~3u) + signed_offset : signed_offset,
          .code = is_load ? Code::kLdrd : Code::kStrd,
          .d = FieldAt(15, 12),
          .n = FieldAt(19, 16),
          .a = FieldAt(11, 8),
          .extra = kind});
  }

  // Data processing.
  void Alu(Code first, AluForm form, bool sets_flags, Op op) {
    op.code = AluCode(first, form, sets_flags);
    const bool stays_aligned = (first == Code::kAddImm || first == Code::kSubImm) && form == kImmediate &&
                               op.n == kSp && (op.immediate & 3) == 0;
    const bool is_sp = op.d == kSp && !stays_aligned;
    Emit(op);
    if (is_sp) WritesSp(kSp);
  }
  /// The amount as the manual's DecodeImmShift gives it.
  static void SetShift(Op& op, uint32_t type, uint32_t amount) {
    op.a = static_cast<uint8_t>(type);
    if (type == kRor && amount == 0) {
      op.a = kRrx;
      amount = 1;
    } else if ((type == kLsr || type == kAsr) && amount == 0) {
      amount = 32;
    }
    op.extra = static_cast<uint8_t>(amount);
  }
  void AluWideRegister(Code first, bool sets_flags) {
    Op op = {.d = FieldAt(11, 8), .n = FieldAt(19, 16), .m = FieldAt(3, 0)};
    const uint32_t type = At(5, 4), amount = At(14, 12) << 2 | At(7, 6);
    SetShift(op, type, amount);
    Alu(first, type == 0 && amount == 0 ? kRegister : kShifted, sets_flags, op);
  }
  void CompareWideRegister(Code first) {
    Op op = {.n = FieldAt(19, 16), .m = FieldAt(3, 0)};
    const uint32_t type = At(5, 4), amount = At(14, 12) << 2 | At(7, 6);
    SetShift(op, type, amount);
    op.code = Next(first, type == 0 && amount == 0 ? 1 : 2);
    Emit(op);
  }
  void Shift(uint8_t d, uint8_t m, uint32_t type, uint32_t amount, bool sets_flags) {
    Op op = {.d = d, .m = m};
    SetShift(op, type, amount);
    constexpr Code kShifts[] = {Code::kLslImm, Code::kLsrImm, Code::kAsrImm, Code::kRorImm, Code::kRrx};
    op.code = Next(kShifts[op.a], sets_flags ? 1 : 0);
    if (op.a == kLsl && op.extra == 0) op.code = sets_flags ? Code::kMovRegS : Code::kMovReg;
    Emit(op);
    WritesSp(d);
  }
  struct Constant {
    uint32_t value;
    uint8_t carry;
  };
  Constant Expand() const {
    const uint32_t top = At(26, 26) << 11 | At(14, 12) << 8 | At(7, 0);
    const uint32_t byte = top & 0xff;
    if (top >> 10 == 0) {
      switch (top >> 8 & 3) {
        case 0:
          return {byte, kCarryUnchanged};
        case 1:
          return {byte << 16 | byte, kCarryUnchanged};
        case 2:
          return {byte << 24 | byte << 8, kCarryUnchanged};
        default:
          return {byte * 0x01010101u, kCarryUnchanged};
      }
    }
    const uint32_t value = std::rotr(0x80u | (top & 0x7f), static_cast<int>(top >> 7));
    return {value, static_cast<uint8_t>(value >> 31)};
  }
  void AluWideImmediate(Code first, bool sets_flags) {
    const Constant constant = Expand();
    Alu(first, kImmediate, sets_flags,
        {.immediate = constant.value, .d = FieldAt(11, 8), .n = FieldAt(19, 16), .extra = constant.carry});
  }
  void CompareWideImmediate(Code first) {
    const Constant constant = Expand();
    Emit({.immediate = constant.value, .code = first, .n = FieldAt(19, 16), .extra = constant.carry});
  }
  void AluPlain(Code first) {
    const uint32_t value = At(26, 26) << 11 | At(14, 12) << 8 | At(7, 0);
    Alu(first, kImmediate, false, {.immediate = value, .d = FieldAt(11, 8), .n = FieldAt(19, 16)});
  }
  void NarrowAlu(Code first) {
    const uint8_t d = FieldAt(2, 0);
    Alu(first, kRegister, !InIt(), {.d = d, .n = d, .m = FieldAt(5, 3)});
  }
  void NarrowShiftRegister(Code first) {
    const uint8_t d = FieldAt(2, 0);
    Emit({.code = Next(first, InIt() ? 2 : 3), .d = d, .n = d, .m = FieldAt(5, 3)});
  }
  /// Registers at D, N, M and T (as the accumulator).
  void Four(Code code, uint8_t extra = 0) {
    Emit({.code = code,
          .d = FieldAt(11, 8),
          .n = FieldAt(19, 16),
          .m = FieldAt(3, 0),
          .a = FieldAt(15, 12),
          .extra = extra});
  }
  void Extend(Code alone, Code adds) {
    const bool is_alone = At(19, 16) == 15;
    Four(is_alone ? alone : adds, static_cast<uint8_t>(At(5, 4) * 8));
  }
  void Parallel(ParallelKind kind, ParallelStyle style) {
    Emit({.immediate = static_cast<uint32_t>(style),
          .code = Code::kParallel,
          .d = FieldAt(11, 8),
          .n = FieldAt(19, 16),
          .m = FieldAt(3, 0),
          .extra = kind});
  }
  void Target(Code code, uint32_t offset) {
    Emit({.immediate = pc_ + 4 + offset, .code = code});
    Leaves();
  }

  // Floating point: single-precision registers.
  uint8_t Sd() const { return static_cast<uint8_t>(At(15, 12) << 1 | At(22, 22)); }
  uint8_t Sn() const { return static_cast<uint8_t>(At(19, 16) << 1 | At(7, 7)); }
  uint8_t Sm() const { return static_cast<uint8_t>(At(3, 0) << 1 | At(5, 5)); }
  void Float(Code code, uint8_t extra = 0, uint32_t immediate = 0) {
    out_.is_float = true;
    Emit({.immediate = immediate, .code = code, .d = Sd(), .n = Sn(), .m = Sm(), .extra = extra});
  }
  void FloatMemory(bool is_load, bool is_double) {
    out_.is_float = out_.accesses_memory = true;
    const uint32_t offset = At(23, 23) != 0 ? At(7, 0) * 4 : 0u - At(7, 0) * 4;
    const uint8_t n = FieldAt(19, 16);
    const bool literal = n == kPc;
    Emit({.immediate = literal ? ((pc_ + 4) & ~3u) + offset : offset,
          .code = is_load ? Code::kVldr : Code::kVstr,
          .d = is_double ? static_cast<uint8_t>(At(15, 12) * 2) : Sd(),
          .n = n,
          .m = is_double ? uint8_t{2} : uint8_t{1},
          .extra = literal ? kLiteral : kOffset});
  }
  void FloatMultiple(bool is_load, bool is_double, bool decrements) {
    out_.is_float = out_.accesses_memory = true;
    const uint32_t words = At(7, 0);
    const bool writes_back = At(21, 21) != 0;
    Emit({.immediate = words * 4,
          .code = is_load ? Code::kVldm : Code::kVstm,
          .d = is_double ? static_cast<uint8_t>(At(15, 12) * 2) : Sd(),
          .n = FieldAt(19, 16),
          .m = static_cast<uint8_t>(is_double ? words & ~1u : words),
          .a = static_cast<uint8_t>((writes_back ? kWritesBack : 0) | (decrements ? kDecrements : 0))});
  }

  uint32_t code_, pc_;
  uint8_t it_;
  Decoded& out_;
};

void Decoder::Narrow(I instruction) {
  const uint8_t low = FieldAt(2, 0), middle = FieldAt(5, 3), high = FieldAt(10, 8);
  const bool sets = !InIt();
  const auto d4 = static_cast<uint8_t>(At(7, 7) << 3 | At(2, 0));
  const uint8_t m4 = FieldAt(6, 3);
  switch (instruction) {
    case I::kNMovs:
      if (NotInIt()) return;
      Emit({.code = Code::kMovRegS, .d = low, .m = middle});
      return;
    case I::kNLslImm:
      return Shift(low, middle, kLsl, At(10, 6), sets);
    case I::kNLsrImm:
      return Shift(low, middle, kLsr, At(10, 6), sets);
    case I::kNAsrImm:
      return Shift(low, middle, kAsr, At(10, 6), sets);
    case I::kNAddReg:
      return Alu(Code::kAddImm, kRegister, sets, {.d = low, .n = middle, .m = FieldAt(8, 6)});
    case I::kNSubReg:
      return Alu(Code::kSubImm, kRegister, sets, {.d = low, .n = middle, .m = FieldAt(8, 6)});
    case I::kNAddImm3:
      return Alu(Code::kAddImm, kImmediate, sets, {.immediate = At(8, 6), .d = low, .n = middle});
    case I::kNSubImm3:
      return Alu(Code::kSubImm, kImmediate, sets, {.immediate = At(8, 6), .d = low, .n = middle});
    case I::kNMovImm:
      Emit({.immediate = At(7, 0), .code = sets ? Code::kMovImmS : Code::kMovImm, .d = high, .extra = kCarryUnchanged});
      return;
    case I::kNCmpImm:
      Emit({.immediate = At(7, 0), .code = Code::kCmpImm, .n = high});
      return;
    case I::kNAddImm8:
      return Alu(Code::kAddImm, kImmediate, sets, {.immediate = At(7, 0), .d = high, .n = high});
    case I::kNSubImm8:
      return Alu(Code::kSubImm, kImmediate, sets, {.immediate = At(7, 0), .d = high, .n = high});
    case I::kNAnd:
      return NarrowAlu(Code::kAndImm);
    case I::kNEor:
      return NarrowAlu(Code::kEorImm);
    case I::kNLslReg:
      return NarrowShiftRegister(Code::kLslImm);
    case I::kNLsrReg:
      return NarrowShiftRegister(Code::kLsrImm);
    case I::kNAsrReg:
      return NarrowShiftRegister(Code::kAsrImm);
    case I::kNRorReg:
      return NarrowShiftRegister(Code::kRorImm);
    case I::kNAdc:
      return NarrowAlu(Code::kAdcImm);
    case I::kNSbc:
      return NarrowAlu(Code::kSbcImm);
    case I::kNTst:
      Emit({.code = Code::kTstReg, .n = low, .m = middle});
      return;
    case I::kNRsb:
      return Alu(Code::kRsbImm, kImmediate, sets, {.d = low, .n = middle});
    case I::kNCmpReg:
      Emit({.code = Code::kCmpReg, .n = low, .m = middle});
      return;
    case I::kNCmn:
      Emit({.code = Code::kCmnReg, .n = low, .m = middle});
      return;
    case I::kNOrr:
      return NarrowAlu(Code::kOrrImm);
    case I::kNMul:
      Emit({.code = sets ? Code::kMulS : Code::kMul, .d = low, .n = middle, .m = low});
      return;
    case I::kNBic:
      return NarrowAlu(Code::kBicImm);
    case I::kNMvn:
      Emit({.code = sets ? Code::kMvnRegS : Code::kMvnReg, .d = low, .m = middle});
      return;
    case I::kNAddHigh:
      if (d4 == kPc) {
        if (Misplaced()) return;
        Emit({.immediate = pc_ + 4, .code = Code::kAddPc, .m = m4});
        return Leaves();
      }
      if (m4 == kPc) ReadsPc();
      return Alu(Code::kAddImm, kRegister, false, {.d = d4, .n = d4, .m = m4});
    case I::kNCmpHigh:
      Emit({.code = Code::kCmpReg, .n = d4, .m = m4});
      return;
    case I::kNMovHigh:
      if (d4 == kPc && Misplaced()) return;
      if (m4 == kPc) ReadsPc();
      if (d4 == kPc) {
        Emit({.code = Code::kMovPc, .m = m4});
        return Leaves();
      }
      Emit({.code = Code::kMovReg, .d = d4, .m = m4});
      return WritesSp(d4);
    case I::kNBx:
      if (Misplaced()) return;
      if (m4 == kPc) ReadsPc();
      Emit({.code = Code::kBx, .m = m4});
      return Leaves();
    case I::kNBlx:
      if (Misplaced()) return;
      Emit({.immediate = (pc_ + 2) | 1, .code = Code::kBlxReg, .m = m4});
      return Leaves();
    case I::kNLdrLiteral:
      return Memory({.immediate = ((pc_ + 4) & ~3u) + At(7, 0) * 4,
                     .code = Code::kLoadGeneral,
                     .d = high,
                     .a = kWord,
                     .extra = kLiteral});
    case I::kNStrReg:
      return NarrowRegister(false, kWord);
    case I::kNStrhReg:
      return NarrowRegister(false, kHalf);
    case I::kNStrbReg:
      return NarrowRegister(false, kByte);
    case I::kNLdrsbReg:
      return NarrowRegister(true, kSignedByte);
    case I::kNLdrReg:
      return NarrowRegister(true, kWord);
    case I::kNLdrhReg:
      return NarrowRegister(true, kHalf);
    case I::kNLdrbReg:
      return NarrowRegister(true, kByte);
    case I::kNLdrshReg:
      return NarrowRegister(true, kSignedHalf);
    case I::kNStrImm:
      return Store(low, middle, At(10, 6) * 4, kWord);
    case I::kNLdrImm:
      return Load(low, middle, At(10, 6) * 4, kWord);
    case I::kNStrbImm:
      return Store(low, middle, At(10, 6), kByte);
    case I::kNLdrbImm:
      return Load(low, middle, At(10, 6), kByte);
    case I::kNStrhImm:
      return Store(low, middle, At(10, 6) * 2, kHalf);
    case I::kNLdrhImm:
      return Load(low, middle, At(10, 6) * 2, kHalf);
    case I::kNStrSp:
      return Store(high, kSp, At(7, 0) * 4, kWord);
    case I::kNLdrSp:
      return Load(high, kSp, At(7, 0) * 4, kWord);
    case I::kNAdr:
      Emit({.immediate = ((pc_ + 4) & ~3u) + At(7, 0) * 4, .code = Code::kMovImm, .d = high});
      return;
    case I::kNAddSp:
      return Alu(Code::kAddImm, kImmediate, false, {.immediate = At(7, 0) * 4, .d = high, .n = kSp});
    case I::kNAddSpImm:
      return Alu(Code::kAddImm, kImmediate, false, {.immediate = At(6, 0) * 4, .d = kSp, .n = kSp});
    case I::kNSubSpImm:
      return Alu(Code::kSubImm, kImmediate, false, {.immediate = At(6, 0) * 4, .d = kSp, .n = kSp});
    case I::kNCbz:
    case I::kNCbnz:
      if (NotInIt()) return;
      Emit({.immediate = pc_ + 4 + (At(9, 9) << 6 | At(7, 3) << 1),
            .code = instruction == I::kNCbz ? Code::kCbz : Code::kCbnz,
            .n = low});
      return Ends();
    case I::kNSxth:
      Emit({.code = Code::kSxth, .d = low, .m = middle});
      return;
    case I::kNSxtb:
      Emit({.code = Code::kSxtb, .d = low, .m = middle});
      return;
    case I::kNUxth:
      Emit({.code = Code::kUxth, .d = low, .m = middle});
      return;
    case I::kNUxtb:
      Emit({.code = Code::kUxtb, .d = low, .m = middle});
      return;
    case I::kNPush:
      return Multiple(false, kSp, At(7, 0) | At(8, 8) << kLr, true, true);
    case I::kNPop:
      return Multiple(true, kSp, At(7, 0) | At(8, 8) << kPc, true, false);
    case I::kNCps:
      if (NotInIt()) return;
      Emit({.code = Code::kCps, .a = FieldAt(4, 4), .extra = FieldAt(1, 0)});
      return Ends();
    case I::kNRev:
      Emit({.code = Code::kRev, .d = low, .m = middle});
      return;
    case I::kNRev16:
      Emit({.code = Code::kRev16, .d = low, .m = middle});
      return;
    case I::kNRevsh:
      Emit({.code = Code::kRevsh, .d = low, .m = middle});
      return;
    case I::kNBkpt:
      Emit({.immediate = At(7, 0), .code = Code::kBkpt});
      return Leaves();
    case I::kNHint:
      if (At(15, 0) != kBeginRegion && At(15, 0) != kEndRegion) {
        Emit({.code = Code::kNop});
        return;
      }
      Emit({.immediate = At(15, 0), .code = Code::kMark});
      return Ends();
    case I::kNNop:
    case I::kNYield:
      Emit({.code = Code::kNop});
      return;
    case I::kNWfe:
      Emit({.code = Code::kWfe});
      return Ends();
    case I::kNWfi:
      Emit({.code = Code::kWfi});
      return Ends();
    case I::kNSev:
      Emit({.code = Code::kSev});
      return;
    case I::kNIt:
      if (NotInIt()) return;
      Emit({.immediate = At(7, 0), .code = Code::kNop});
      return;
    case I::kNStm:
      return Multiple(false, high, At(7, 0), true, false);
    case I::kNLdm:
      return Multiple(true, high, At(7, 0), (At(7, 0) >> high & 1) == 0, false);
    case I::kNUdf:
      return Undefined();
    case I::kNSvc:
      Emit({.immediate = At(7, 0), .code = Code::kSvc});
      return Leaves();
    case I::kNBcc:
      if (NotInIt()) return;
      Emit(
          {.immediate = pc_ + 4 + SignExtend(At(7, 0) << 1, 9), .code = Next(Code::kBEq, static_cast<int>(At(11, 8)))});
      return Ends();
    case I::kNB:
      if (Misplaced()) return;
      return Target(Code::kB, SignExtend(At(10, 0) << 1, 12));
    default:
      return Undefined();
  }
}

void Decoder::Wide(I instruction) {
  const uint8_t d = FieldAt(11, 8), n = FieldAt(19, 16), t = FieldAt(15, 12), m = FieldAt(3, 0);
  const bool sets = At(20, 20) != 0;
  const uint32_t plain = At(26, 26) << 11 | At(14, 12) << 8 | At(7, 0);
  const uint32_t amount = At(14, 12) << 2 | At(7, 6);
  switch (instruction) {
    case I::kWStm:
      return Multiple(false, n, At(15, 0), At(21, 21) != 0, false);
    case I::kWLdm:
      return Multiple(true, n, At(15, 0), At(21, 21) != 0, false);
    case I::kWStmdb:
      return Multiple(false, n, At(15, 0), At(21, 21) != 0, true);
    case I::kWLdmdb:
      return Multiple(true, n, At(15, 0), At(21, 21) != 0, true);
    case I::kWStrex:
    case I::kWStrexb:
    case I::kWStrexh:
      out_.accesses_memory = true;
      Emit({.immediate = instruction == I::kWStrex ? At(7, 0) * 4 : 0,
            .code = Code::kStoreExclusive,
            .d = instruction == I::kWStrex ? d : m,
            .n = n,
            .m = t,
            .a = static_cast<uint8_t>(instruction == I::kWStrex    ? kWord
                                      : instruction == I::kWStrexh ? kHalf
                                                                   : kByte)});
      return;
    case I::kWLdrex:
    case I::kWLdrexb:
    case I::kWLdrexh:
      out_.accesses_memory = true;
      Emit({.immediate = instruction == I::kWLdrex ? At(7, 0) * 4 : 0,
            .code = Code::kLoadExclusive,
            .d = t,
            .n = n,
            .a = static_cast<uint8_t>(instruction == I::kWLdrex    ? kWord
                                      : instruction == I::kWLdrexh ? kHalf
                                                                   : kByte)});
      return;
    case I::kWTbb:
    case I::kWTbh:
      if (Misplaced()) return;
      out_.accesses_memory = true;
      if (n == kPc) ReadsPc();
      Emit({.immediate = pc_ + 4,
            .code = Code::kTableBranch,
            .n = n,
            .m = m,
            .extra = static_cast<uint8_t>(instruction == I::kWTbh ? 1 : 0)});
      return Leaves();
    case I::kWStrdOffset:
      return Two(false, kOffset);
    case I::kWStrdIndexed:
      return Two(false, At(24, 24) != 0 ? kPreIndexed : kPostIndexed);
    case I::kWLdrdLiteral:
      return Two(true, kLiteral);
    case I::kWLdrdOffset:
      return Two(true, kOffset);
    case I::kWLdrdIndexed:
      return Two(true, At(24, 24) != 0 ? kPreIndexed : kPostIndexed);

    case I::kWTstReg:
      return CompareWideRegister(Code::kTstImm);
    case I::kWAndReg:
      return AluWideRegister(Code::kAndImm, sets);
    case I::kWBicReg:
      return AluWideRegister(Code::kBicImm, sets);
    case I::kWMovsShift:
    case I::kWMovShift:
    case I::kWMovReg:
      return Shift(d, m, At(5, 4), amount, sets);
    case I::kWOrrReg:
      return AluWideRegister(Code::kOrrImm, sets);
    case I::kWMvnReg: {
      Op op = {.d = d, .m = m};
      SetShift(op, At(5, 4), amount);
      const bool shifts = At(5, 4) != 0 || amount != 0;
      op.code = shifts ? (sets ? Code::kMvnShiftS : Code::kMvnShift) : (sets ? Code::kMvnRegS : Code::kMvnReg);
      Emit(op);
      return;
    }
    case I::kWOrnReg:
      return AluWideRegister(Code::kOrnImm, sets);
    case I::kWTeqReg:
      return CompareWideRegister(Code::kTeqImm);
    case I::kWEorReg:
      return AluWideRegister(Code::kEorImm, sets);
    case I::kWPkh: {
      Op op = {.code = At(5, 5) != 0 ? Code::kPkhtb : Code::kPkhbt, .d = d, .n = n, .m = m};
      op.extra = static_cast<uint8_t>(At(5, 5) != 0 && amount == 0 ? 32 : amount);
      Emit(op);
      return;
    }
    case I::kWCmnReg:
      return CompareWideRegister(Code::kCmnImm);
    case I::kWAddReg:
      return AluWideRegister(Code::kAddImm, sets);
    case I::kWAdcReg:
      return AluWideRegister(Code::kAdcImm, sets);
    case I::kWSbcReg:
      return AluWideRegister(Code::kSbcImm, sets);
    case I::kWCmpReg:
      return CompareWideRegister(Code::kCmpImm);
    case I::kWSubReg:
      return AluWideRegister(Code::kSubImm, sets);
    case I::kWRsbReg:
      return AluWideRegister(Code::kRsbImm, sets);

    case I::kWTstImm:
      return CompareWideImmediate(Code::kTstImm);
    case I::kWAndImm:
      return AluWideImmediate(Code::kAndImm, sets);
    case I::kWBicImm:
      return AluWideImmediate(Code::kBicImm, sets);
    case I::kWMovImm:
    case I::kWMvnImm: {
      const Constant constant = Expand();
      Emit({.immediate = instruction == I::kWMvnImm ? ~constant.value : constant.value,
            .code = sets ? Code::kMovImmS : Code::kMovImm,
            .d = d,
            .extra = constant.carry});
      return;
    }
    case I::kWOrrImm:
      return AluWideImmediate(Code::kOrrImm, sets);
    case I::kWOrnImm:
      return AluWideImmediate(Code::kOrnImm, sets);
    case I::kWTeqImm:
      return CompareWideImmediate(Code::kTeqImm);
    case I::kWEorImm:
      return AluWideImmediate(Code::kEorImm, sets);
    case I::kWCmnImm:
      return CompareWideImmediate(Code::kCmnImm);
    case I::kWAddImm:
      return AluWideImmediate(Code::kAddImm, sets);
    case I::kWAdcImm:
      return AluWideImmediate(Code::kAdcImm, sets);
    case I::kWSbcImm:
      return AluWideImmediate(Code::kSbcImm, sets);
    case I::kWCmpImm:
      return CompareWideImmediate(Code::kCmpImm);
    case I::kWSubImm:
      return AluWideImmediate(Code::kSubImm, sets);
    case I::kWRsbImm:
      return AluWideImmediate(Code::kRsbImm, sets);

    case I::kWAdrAdd:
      Emit({.immediate = ((pc_ + 4) & ~3u) + plain, .code = Code::kMovImm, .d = d});
      return;
    case I::kWAdrSub:
      Emit({.immediate = ((pc_ + 4) & ~3u) - plain, .code = Code::kMovImm, .d = d});
      return;
    case I::kWAddw:
      return AluPlain(Code::kAddImm);
    case I::kWSubw:
      return AluPlain(Code::kSubImm);
    case I::kWMovw:
      Emit({.immediate = n << 12 | plain, .code = Code::kMovImm, .d = d});
      return;
    case I::kWMovt:
      Emit({.immediate = (n << 12 | plain) << 16, .code = Code::kMovt, .d = d});
      return;
    case I::kWSsat16:
      Emit({.immediate = At(3, 0) + 1, .code = Code::kSsat16, .d = d, .n = n});
      return;
    case I::kWUsat16:
      Emit({.immediate = At(3, 0), .code = Code::kUsat16, .d = d, .n = n});
      return;
    case I::kWSsat:
    case I::kWUsat: {
      Op op = {.code = instruction == I::kWSsat ? Code::kSsat : Code::kUsat, .d = d, .n = n};
      op.immediate = At(4, 0) + (instruction == I::kWSsat ? 1 : 0);
      SetShift(op, At(21, 21) << 1, amount);
      Emit(op);
      return;
    }
    case I::kWSbfx:
    case I::kWUbfx:
      Emit({.immediate = 31 - At(4, 0),  // what the field is shifted left by, so that its last bit is bit 31
            .code = instruction == I::kWSbfx ? Code::kSbfx : Code::kUbfx,
            .d = d,
            .n = n,
            .extra = static_cast<uint8_t>(amount)});
      return;
    case I::kWBfc:
    case I::kWBfi:
      Emit({.immediate = (2u << (At(4, 0) - amount)) - 1,
            .code = instruction == I::kWBfi ? Code::kBfi : Code::kBfc,
            .d = d,
            .n = n,
            .extra = static_cast<uint8_t>(amount)});
      return;

    case I::kWMsr:
      Emit({.immediate = At(7, 0), .code = Code::kMsr, .n = n, .extra = FieldAt(11, 10)});
      return Ends();
    case I::kWMrs:
      Emit({.immediate = At(7, 0), .code = Code::kMrs, .d = d});
      return;
    case I::kWWfe:
      Emit({.code = Code::kWfe});
      return Ends();
    case I::kWWfi:
      Emit({.code = Code::kWfi});
      return Ends();
    case I::kWSev:
      Emit({.code = Code::kSev});
      return;
    case I::kWClrex:
      Emit({.code = Code::kClrex});
      return;
    case I::kWHint:
    case I::kWDsb:
    case I::kWDmb:
    case I::kWIsb:
    case I::kWPldLiteral:
    case I::kWPldImm12:
    case I::kWPldImm8:
    case I::kWPldReg:
    case I::kWPliLiteral:
    case I::kWPliImm12:
    case I::kWPliImm8:
    case I::kWPliReg:
    case I::kWHintHalfLiteral:
    case I::kWHintHalfImm12:
    case I::kWHintHalfImm8:
    case I::kWHintHalfReg:
      Emit({.code = Code::kNop});
      return;
    case I::kWUdf:
      return Undefined();
    case I::kWBl:
    case I::kWB: {
      if (Misplaced()) return;
      const uint32_t s = At(26, 26), i1 = 1 ^ At(13, 13) ^ s, i2 = 1 ^ At(11, 11) ^ s;
      const uint32_t offset = SignExtend(s << 24 | i1 << 23 | i2 << 22 | At(25, 16) << 12 | At(10, 0) << 1, 25);
      return Target(instruction == I::kWBl ? Code::kBl : Code::kB, offset);
    }
    case I::kWBcc: {
      if (NotInIt()) return;
      const uint32_t offset =
          At(26, 26) << 20 | At(11, 11) << 19 | At(13, 13) << 18 | At(21, 16) << 12 | At(10, 0) << 1;
      Emit({.immediate = pc_ + 4 + SignExtend(offset, 21), .code = Next(Code::kBEq, static_cast<int>(At(25, 22)))});
      return Ends();
    }

#define X(name, is_load, width)                        \
  case I::kW##name##Imm12:                             \
    return WideMemory(is_load, width, Form::kImm12);   \
  case I::kW##name##Imm8:                              \
    return WideMemory(is_load, width, Form::kImm8);    \
  case I::kW##name##Indexed:                           \
    return WideMemory(is_load, width, Form::kIndexed); \
  case I::kW##name##Reg:                               \
    return WideMemory(is_load, width, Form::kReg);     \
  case I::kW##name##t:                                 \
    return WideMemory(is_load, width, Form::kUnprivileged);
      // clang-format off
      X(Str, false, kWord) X(Strh, false, kHalf) X(Strb, false, kByte)
      X(Ldr, true, kWord) X(Ldrh, true, kHalf) X(Ldrb, true, kByte)
      X(Ldrsh, true, kSignedHalf) X(Ldrsb, true, kSignedByte)
      // clang-format on
#undef X
              case I::kWLdrLiteral : return WideMemory(true, kWord, Form::kLiteralPool);
    case I::kWLdrhLiteral:
      return WideMemory(true, kHalf, Form::kLiteralPool);
    case I::kWLdrbLiteral:
      return WideMemory(true, kByte, Form::kLiteralPool);
    case I::kWLdrshLiteral:
      return WideMemory(true, kSignedHalf, Form::kLiteralPool);
    case I::kWLdrsbLiteral:
      return WideMemory(true, kSignedByte, Form::kLiteralPool);

    case I::kWLslReg:
      return Four(sets ? Code::kLslRegS : Code::kLslReg);
    case I::kWLsrReg:
      return Four(sets ? Code::kLsrRegS : Code::kLsrReg);
    case I::kWAsrReg:
      return Four(sets ? Code::kAsrRegS : Code::kAsrReg);
    case I::kWRorReg:
      return Four(sets ? Code::kRorRegS : Code::kRorReg);
    case I::kWSxtah:
      return Extend(Code::kSxth, Code::kSxtah);
    case I::kWUxtah:
      return Extend(Code::kUxth, Code::kUxtah);
    case I::kWSxtab16:
      return Extend(Code::kSxtb16, Code::kSxtab16);
    case I::kWUxtab16:
      return Extend(Code::kUxtb16, Code::kUxtab16);
    case I::kWSxtab:
      return Extend(Code::kSxtb, Code::kSxtab);
    case I::kWUxtab:
      return Extend(Code::kUxtb, Code::kUxtab);

#define X(prefix, style)            \
  case I::kW##prefix##add8:         \
    return Parallel(kAdd8, style);  \
  case I::kW##prefix##add16:        \
    return Parallel(kAdd16, style); \
  case I::kW##prefix##asx:          \
    return Parallel(kAsx, style);   \
  case I::kW##prefix##sub8:         \
    return Parallel(kSub8, style);  \
  case I::kW##prefix##sub16:        \
    return Parallel(kSub16, style); \
  case I::kW##prefix##sax:          \
    return Parallel(kSax, style);
      // clang-format off
      X(S, kSigned) X(Q, kSaturating) X(Sh, kHalving)
      X(U, kUnsigned) X(Uq, kUnsignedSaturating) X(Uh, kUnsignedHalving)
      // clang-format on
#undef X
          case I::kWQadd : return Four(Code::kQadd);
    case I::kWQdadd:
      return Four(Code::kQdadd);
    case I::kWQsub:
      return Four(Code::kQsub);
    case I::kWQdsub:
      return Four(Code::kQdsub);
    case I::kWRev:
      return Four(Code::kRev);
    case I::kWRev16:
      return Four(Code::kRev16);
    case I::kWRbit:
      return Four(Code::kRbit);
    case I::kWRevsh:
      return Four(Code::kRevsh);
    case I::kWSel:
      return Four(Code::kSel);
    case I::kWClz:
      return Four(Code::kClz);

    // Which halves are multiplied is in `extra`: bit 4 (16) shifts the first, bit 5 the second register.
    case I::kWMul:
      return Four(Code::kMul);
    case I::kWMla:
      return Four(Code::kMla);
    case I::kWMls:
      return Four(Code::kMls);
    case I::kWSmulxy:
      return Four(Code::kSmulxy, static_cast<uint8_t>(At(5, 5) << 4 | At(4, 4) << 5));
    case I::kWSmlaxy:
      return Four(Code::kSmlaxy, static_cast<uint8_t>(At(5, 5) << 4 | At(4, 4) << 5));
    case I::kWSmlalxy:
      return Four(Code::kSmlalxy, static_cast<uint8_t>(At(5, 5) << 4 | At(4, 4) << 5));
    // The second register's halves change places when `extra` is 16; of a word it is the half that counts.
    case I::kWSmuad:
      return Four(Code::kSmuad, static_cast<uint8_t>(At(4, 4) << 4));
    case I::kWSmlad:
      return Four(Code::kSmlad, static_cast<uint8_t>(At(4, 4) << 4));
    case I::kWSmulwy:
      return Four(Code::kSmulwy, static_cast<uint8_t>(At(4, 4) << 4));
    case I::kWSmlawy:
      return Four(Code::kSmlawy, static_cast<uint8_t>(At(4, 4) << 4));
    case I::kWSmusd:
      return Four(Code::kSmusd, static_cast<uint8_t>(At(4, 4) << 4));
    case I::kWSmlsd:
      return Four(Code::kSmlsd, static_cast<uint8_t>(At(4, 4) << 4));
    case I::kWSmlald:
      return Four(Code::kSmlald, static_cast<uint8_t>(At(4, 4) << 4));
    case I::kWSmlsld:
      return Four(Code::kSmlsld, static_cast<uint8_t>(At(4, 4) << 4));
    // Rounding is adding 2^31.
    case I::kWSmmul:
      Four(Code::kSmmul);
      out_.ops.back().immediate = At(4, 4) << 31;
      return;
    case I::kWSmmla:
      Four(Code::kSmmla);
      out_.ops.back().immediate = At(4, 4) << 31;
      return;
    case I::kWSmmls:
      Four(Code::kSmmls);
      out_.ops.back().immediate = At(4, 4) << 31;
      return;
    case I::kWUsad8:
      return Four(Code::kUsad8);
    case I::kWUsada8:
      return Four(Code::kUsada8);
    case I::kWSmull:
      return Four(Code::kSmull);
    case I::kWUmull:
      return Four(Code::kUmull);
    case I::kWSmlal:
      return Four(Code::kSmlal);
    case I::kWUmlal:
      return Four(Code::kUmlal);
    case I::kWUmaal:
      return Four(Code::kUmaal);
    case I::kWSdiv:
      return Four(Code::kSdiv);
    case I::kWUdiv:
      return Four(Code::kUdiv);

    case I::kFVmla:
      return Float(Code::kVmla);
    case I::kFVmls:
      return Float(Code::kVmls);
    case I::kFVnmls:
      return Float(Code::kVnmls);
    case I::kFVnmla:
      return Float(Code::kVnmla);
    case I::kFVmul:
      return Float(Code::kVmul);
    case I::kFVnmul:
      return Float(Code::kVnmul);
    case I::kFVadd:
      return Float(Code::kVadd);
    case I::kFVsub:
      return Float(Code::kVsub);
    case I::kFVdiv:
      return Float(Code::kVdiv);
    case I::kFVfnms:
      return Float(Code::kVfnms);
    case I::kFVfnma:
      return Float(Code::kVfnma);
    case I::kFVfma:
      return Float(Code::kVfma);
    case I::kFVfms:
      return Float(Code::kVfms);
    case I::kFVmovImm: {
      const uint32_t byte = At(19, 16) << 4 | At(3, 0);
      const uint32_t exponent = (byte & 0x40) != 0 ? 0x1f : 0x20;
      return Float(Code::kVmovImm, 0, (byte & 0x80) << 24 | exponent << 25 | (byte & 0x3f) << 19);
    }
    case I::kFVmovReg:
      return Float(Code::kVmovReg);
    case I::kFVabs:
      return Float(Code::kVabs);
    case I::kFVneg:
      return Float(Code::kVneg);
    case I::kFVsqrt:
      return Float(Code::kVsqrt);
    case I::kFVcvtFromHalf:  // `extra`: which half
      return Float(Code::kVcvtFromHalf, static_cast<uint8_t>(At(7, 7) * 16));
    case I::kFVcvtToHalf:
      return Float(Code::kVcvtToHalf, static_cast<uint8_t>(At(7, 7) * 16));
    case I::kFVcmp:  // `extra`: a quiet NaN is an invalid operation, too
      return Float(Code::kVcmp, FieldAt(7, 7));
    case I::kFVcmpZero:
      return Float(Code::kVcmpZero, FieldAt(7, 7));
    case I::kFVcvtFromInt:  // `extra`: it is unsigned
      return Float(Code::kVcvtFromInt, static_cast<uint8_t>(At(7, 7) ^ 1));
    case I::kFVcvtToUnsigned:  // `extra`: bit 0, to unsigned; bit 1, towards zero
      return Float(Code::kVcvtToInt, static_cast<uint8_t>(1 | At(7, 7) << 1));
    case I::kFVcvtToSigned:
      return Float(Code::kVcvtToInt, static_cast<uint8_t>(At(7, 7) << 1));
    case I::kFVcvtFromFixed:
    case I::kFVcvtToFixed: {  // `extra`: bit 0, unsigned; bit 1, of 32 bits. The destination is the source.
      const uint32_t bits = At(7, 7) != 0 ? 32 : 16;
      return Float(instruction == I::kFVcvtFromFixed ? Code::kVcvtFromFixed : Code::kVcvtToFixed,
                   static_cast<uint8_t>(At(16, 16) | At(7, 7) << 1), bits - (At(3, 0) << 1 | At(5, 5)));
    }
    case I::kFVmovToSingle:
    case I::kFVmovFromSingle:
      out_.is_float = true;
      Emit({.code = instruction == I::kFVmovToSingle ? Code::kVmovToSingle : Code::kVmovFromSingle, .d = t, .n = Sn()});
      return;
    case I::kFVmovToHalfDouble:
    case I::kFVmovFromHalfDouble:
      out_.is_float = true;
      Emit({.code = instruction == I::kFVmovToHalfDouble ? Code::kVmovToSingle : Code::kVmovFromSingle,
            .d = t,
            .n = static_cast<uint8_t>(n << 1 | At(21, 21))});
      return;
    case I::kFVmsr:
      out_.is_float = true;
      Emit({.code = Code::kVmsr, .d = t});
      return;
    case I::kFVmrs:
      out_.is_float = true;
      Emit({.code = Code::kVmrs, .d = t});
      return;
    case I::kFVmovToSingles:
    case I::kFVmovFromSingles:
      out_.is_float = true;
      Emit({.code = instruction == I::kFVmovToSingles ? Code::kVmovToSingles : Code::kVmovFromSingles,
            .d = t,
            .n = n,
            .m = Sm()});
      return;
    case I::kFVmovToDouble:
    case I::kFVmovFromDouble:
      out_.is_float = true;
      Emit({.code = instruction == I::kFVmovToDouble ? Code::kVmovToSingles : Code::kVmovFromSingles,
            .d = t,
            .n = n,
            .m = static_cast<uint8_t>(m << 1)});
      return;
    case I::kFVstrSingle:
      return FloatMemory(false, false);
    case I::kFVldrSingle:
      return FloatMemory(true, false);
    case I::kFVstrDouble:
      return FloatMemory(false, true);
    case I::kFVldrDouble:
      return FloatMemory(true, true);
    case I::kFVstmiaSingle:
      return FloatMultiple(false, false, false);
    case I::kFVldmiaSingle:
      return FloatMultiple(true, false, false);
    case I::kFVstmdbSingle:
      return FloatMultiple(false, false, true);
    case I::kFVldmdbSingle:
      return FloatMultiple(true, false, true);
    case I::kFVstmiaDouble:
      return FloatMultiple(false, true, false);
    case I::kFVldmiaDouble:
      return FloatMultiple(true, true, false);
    case I::kFVstmdbDouble:
      return FloatMultiple(false, true, true);
    case I::kFVldmdbDouble:
      return FloatMultiple(true, true, true);
    default:
      return Undefined();
  }
}

}  // namespace

void Decode(uint32_t code, bool wide, uint32_t pc, uint8_t it, Decoded& decoded) {
  decoded.ops.clear();
  decoded.ends_block = decoded.always_leaves = decoded.is_float = decoded.accesses_memory = false;
  decoded.timing = wide ? TimingOf(static_cast<uint16_t>(code >> 16), static_cast<uint16_t>(code))
                        : TimingOf(static_cast<uint16_t>(code), 0);
  Decoder decoder(code, pc, it, decoded);
  const Encoding* encoding = FindEncoding(code, wide);
  if (encoding != nullptr) return wide ? decoder.Wide(encoding->instruction) : decoder.Narrow(encoding->instruction);
  // Whatever is for a coprocessor asks whether it is there, before anything else (DDI0403, B1.4.7).
  const bool is_coprocessor = wide && Bits(code, 27, 26) == 3 && Bits(code, 31, 29) == 7 && Bits(code, 25, 24) != 3;
  const uint32_t coprocessor = Bits(code, 11, 8);
  decoded.is_float = is_coprocessor && (coprocessor == 10 || coprocessor == 11);
  decoded.ops.push_back({.code = is_coprocessor && !decoded.is_float ? Code::kNoCoprocessor : Code::kUndefined});
  decoded.ends_block = decoded.always_leaves = true;
}

}  // namespace thimble::simulator::internal
