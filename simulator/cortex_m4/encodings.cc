#include "simulator/cortex_m4/encodings.h"

#include <vector>

#include "simulator/cortex_m4/state.h"

namespace thimble::simulator {
namespace {

constexpr uint32_t Bits(uint32_t word, int high, int low) { return word >> low & ((2u << (high - low)) - 1); }

bool IsGoodList(uint32_t code) {
  const uint32_t list = code & 0xffff;
  const bool writes_back = Bits(code, 21, 21) != 0, loads = Bits(code, 20, 20) != 0;
  if ((list & (list - 1)) == 0 || (list & 1u << kSp) != 0) return false;
  if (loads && (list >> kLr) == 3) return false;
  return !writes_back || (list >> Bits(code, 19, 16) & 1) == 0;
}

bool IsGoodFloatList(const Encoding& encoding, uint32_t code) {
  const bool is_double = Bits(code, 8, 8) != 0;
  if (encoding.kind == EncodingClass::kFloatMove) return (Bits(code, 3, 0) << 1 | Bits(code, 5, 5)) < 31;
  const uint32_t words = Bits(code, 7, 0);
  const uint32_t first = is_double ? Bits(code, 15, 12) * 2 : (Bits(code, 15, 12) << 1 | Bits(code, 22, 22));
  return words >= (is_double ? 2u : 1u) && first + (is_double ? words & ~1u : words) <= 32;
}

/// Encodings in the order of the list, those aside that no code of a bucket can be.
class Index {
 public:
  Index() {
    for (uint16_t i = 0; i < kEncodingCount; ++i) {
      const Encoding& encoding = kEncodings[i];
      std::vector<std::vector<uint16_t>>& buckets = encoding.wide ? wide_ : narrow_;
      const int shift = encoding.wide ? kWideShift : kNarrowShift;
      for (uint32_t bucket = 0; bucket < buckets.size(); ++bucket) {
        const uint32_t known = static_cast<uint32_t>(buckets.size() - 1) << shift;
        if (((bucket << shift ^ encoding.value) & encoding.mask & known) == 0) buckets[bucket].push_back(i);
      }
    }
  }

  const std::vector<uint16_t>& Candidates(uint32_t code, bool wide) const {
    return wide ? wide_[code >> kWideShift & (wide_.size() - 1)] : narrow_[code >> kNarrowShift & (narrow_.size() - 1)];
  }

 private:
  static constexpr int kWideShift = 20, kNarrowShift = 6;
  std::vector<std::vector<uint16_t>> wide_{512}, narrow_{1024};
};

}  // namespace

bool IsPredictable(const Encoding& encoding, uint32_t code) {
  const uint16_t rules = encoding.rules;
  if (!encoding.wide) {
    switch (encoding.instruction) {
      case Instruction::kNBcc:
        return Bits(code, 11, 8) < 14;
      case Instruction::kNIt: {
        const uint32_t condition = Bits(code, 7, 4), mask = Bits(code, 3, 0);
        return condition != 15 && (condition != 14 || (mask & (mask - 1)) == 0);
      }
      case Instruction::kNAddHigh:
        return Bits(code, 6, 3) != kPc || (Bits(code, 7, 7) << 3 | Bits(code, 2, 0)) != kPc;
      case Instruction::kNCmpHigh: {
        const uint32_t n = Bits(code, 7, 7) << 3 | Bits(code, 2, 0), m = Bits(code, 6, 3);
        return n != kPc && m != kPc;  // two low registers: unpredictable, but QEMU and cores compare
      }
      case Instruction::kNBlx:
        return Bits(code, 6, 3) != kPc;
      case Instruction::kNPush:
      case Instruction::kNPop:
        return (code & 0x1ff) != 0;
      case Instruction::kNStm:  // a base that is not the first of the list is stored as it was, as QEMU does
      case Instruction::kNLdm:
        return (code & 0xff) != 0;
      default:
        return true;
    }
  }
  if (rules == kAnything) return true;
  const uint32_t d = Bits(code, 11, 8), n = Bits(code, 19, 16), t = Bits(code, 15, 12), m = Bits(code, 3, 0);
  const auto breaks = [rules](uint16_t rule, bool broken) { return (rules & rule) != 0 && broken; };
  if (breaks(kNoSpD, d == kSp) || breaks(kNoPcD, d == kPc) || breaks(kNoSpN, n == kSp) || breaks(kNoPcN, n == kPc) ||
      breaks(kNoSpT, t == kSp) || breaks(kNoPcT, t == kPc) || breaks(kNoSpM, m == kSp) || breaks(kNoPcM, m == kPc)) {
    return false;
  }
  if (breaks(kDistinctDT, d == t) || breaks(kBaseNotT, n == t) || breaks(kSameM, n != m)) return false;
  if (breaks(kSpOnlyFromSp, d == kSp && n != kSp)) return false;
  if (breaks(kList, !IsGoodList(code)) || breaks(kFloatList, !IsGoodFloatList(encoding, code))) return false;
  if (breaks(kLowDouble, Bits(code, 22, 22) != 0) || breaks(kNoItCondition, Bits(code, 25, 22) >= 14)) return false;
  switch (encoding.instruction) {
    case Instruction::kWMovReg:
      return d != kSp || m != kSp;
    case Instruction::kWAddReg:
    case Instruction::kWSubReg:
      return d != kSp || (Bits(code, 5, 4) == 0 && (Bits(code, 14, 12) << 2 | Bits(code, 7, 6)) <= 3);
    case Instruction::kWStrex:
      return d != n;
    case Instruction::kWStrexb:
    case Instruction::kWStrexh:
      return m != n && m != t;
    case Instruction::kWStrdIndexed:
    case Instruction::kWLdrdIndexed:
      return n != d;
    case Instruction::kWSbfx:
    case Instruction::kWUbfx:
      return (Bits(code, 14, 12) << 2 | Bits(code, 7, 6)) + Bits(code, 4, 0) < 32;
    case Instruction::kWSsat:
    case Instruction::kWUsat:  // a shift right by 0 is SSAT16 or USAT16, with a bit where those have none
      return Bits(code, 21, 21) == 0 || (Bits(code, 14, 12) << 2 | Bits(code, 7, 6)) != 0;
    case Instruction::kWBfi:
    case Instruction::kWBfc:
      return Bits(code, 4, 0) >= (Bits(code, 14, 12) << 2 | Bits(code, 7, 6));
    case Instruction::kWMsr: {
      const uint32_t what = code & 0xff, fields = Bits(code, 11, 10);
      if (what <= 3) return fields != 0;
      const bool exists = what <= 9 || (what >= 16 && what <= 20);
      return exists && what != 4 && fields == 2;
    }
    case Instruction::kWMrs: {
      const uint32_t what = code & 0xff;
      return (what <= 9 && what != 4) || (what >= 16 && what <= 20);
    }
    case Instruction::kFVcvtFromFixed:
    case Instruction::kFVcvtToFixed: {
      const uint32_t bits = Bits(code, 7, 7) != 0 ? 32 : 16;
      return (Bits(code, 3, 0) << 1 | Bits(code, 5, 5)) <= bits;
    }
    default:
      return true;
  }
}

const Encoding* FindEncoding(uint32_t code, bool wide) {
  static const Index index;
  for (const uint16_t i : index.Candidates(code, wide)) {
    const Encoding& encoding = kEncodings[i];
    // What breaks the rules of the first encoding that fits is not some other instruction.
    if ((code & encoding.mask) == encoding.value) return IsPredictable(encoding, code) ? &encoding : nullptr;
  }
  return nullptr;
}

}  // namespace thimble::simulator
