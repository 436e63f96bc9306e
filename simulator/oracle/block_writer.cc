#include "simulator/oracle/block_writer.h"

#include <algorithm>
#include <optional>

#include "simulator/cortex_m4/state.h"
#include "simulator/cortex_m4/timing.h"

namespace thimble::simulator::oracle {
namespace {

constexpr uint32_t Bits(uint32_t word, int high, int low) { return word >> low & ((2u << (high - low)) - 1); }
constexpr int Ones(uint32_t word) { return __builtin_popcount(word); }

/// Nothing answers there.
constexpr uint32_t kNowhere = 0x7000'0000;
/// Loads and stores go here: the lower part of the scratch memory. The stack is above.
constexpr uint32_t kDataBytes = 0x100;
/// What the MPU tells apart there; above is memory for everybody, as far as the stack comes down.
constexpr uint32_t kCellBytes = 32, kPlainBytes = 0x90;

/// How a load or store makes its address.
struct Address {
  uint32_t base = 0;
  int index = -1;  ///< register, shifted left by `shift`
  uint32_t shift = 0;
  int32_t offset = 0;      ///< from the base to the first byte accessed
  uint32_t bytes = 4;      ///< altogether
  uint32_t alignment = 1;  ///< without which it faults whatever CCR says
  uint32_t usual_alignment = 4;
  bool writes_back = false;
};

int32_t Signed(bool adds, uint32_t offset) {
  return adds ? static_cast<int32_t>(offset) : -static_cast<int32_t>(offset);
}

Address NarrowAddress(uint32_t code) {
  Address address;
  const uint32_t top = Bits(code, 15, 12);
  if (top == 0x5) {
    address.base = Bits(code, 5, 3);
    address.index = static_cast<int>(Bits(code, 8, 6));
    constexpr uint32_t kSizes[] = {4, 2, 1, 1, 4, 2, 1, 2};
    address.bytes = kSizes[Bits(code, 11, 9)];
  } else if (top == 0xc) {
    address.base = Bits(code, 10, 8);
    address.bytes = 4 * static_cast<uint32_t>(Ones(code & 0xff));
    address.alignment = 4;
    address.writes_back = true;
  } else if (top == 0x9) {
    address.base = kSp;
    address.offset = static_cast<int32_t>(Bits(code, 7, 0) * 4);
  } else {
    address.base = Bits(code, 5, 3);
    address.bytes = top == 6 ? 4 : top == 7 ? 1 : 2;
    address.offset = static_cast<int32_t>(Bits(code, 10, 6) * address.bytes);
  }
  address.usual_alignment = std::min(address.bytes, 4u);
  return address;
}

Address WideAddress(const Encoding& encoding, uint32_t code) {
  Address address;
  address.base = Bits(code, 19, 16);
  const bool adds = Bits(code, 23, 23) != 0;
  if (encoding.kind == EncodingClass::kFloatLoad || encoding.kind == EncodingClass::kFloatStore) {
    const bool is_single_access = Bits(code, 24, 24) != 0 && Bits(code, 21, 21) == 0;
    address.alignment = 4;
    if (is_single_access) {
      address.bytes = Bits(code, 8, 8) != 0 ? 8 : 4;
      address.offset = Signed(adds, Bits(code, 7, 0) * 4);
    } else {
      address.bytes = 4 * Bits(code, 7, 0);
      address.writes_back = Bits(code, 21, 21) != 0;
      if (!adds) address.offset = -static_cast<int32_t>(address.bytes);
    }
    return address;
  }
  if (Bits(code, 31, 25) == 0b1110100) {
    address.alignment = 4;
    if (Bits(code, 22, 22) == 0) {  // several
      address.bytes = 4 * static_cast<uint32_t>(Ones(code & 0xffff));
      address.writes_back = Bits(code, 21, 21) != 0;
      if (!adds) address.offset = -static_cast<int32_t>(address.bytes);
    } else {  // two
      address.bytes = 8;
      address.writes_back = Bits(code, 21, 21) != 0;
      if (Bits(code, 24, 24) != 0) address.offset = Signed(adds, Bits(code, 7, 0) * 4);
    }
    return address;
  }
  address.bytes = 1u << Bits(code, 22, 21);
  address.usual_alignment = address.bytes;
  if (adds) {
    address.offset = static_cast<int32_t>(Bits(code, 11, 0));
  } else if (Bits(code, 11, 11) == 0) {
    address.index = static_cast<int>(Bits(code, 3, 0));
    address.shift = Bits(code, 5, 4);
  } else {
    const bool is_before = Bits(code, 10, 10) != 0;
    address.writes_back = Bits(code, 8, 8) != 0;
    if (is_before) address.offset = Signed(Bits(code, 9, 9) != 0, Bits(code, 7, 0));
  }
  return address;
}

/// Reads at an address that depends on nothing but where the instruction lies.
bool IsLiteral(const Encoding& encoding, uint32_t code) {
  if (!encoding.wide) return encoding.instruction == Instruction::kNLdrLiteral;
  return Bits(code, 19, 16) == kPc &&
         (encoding.kind == EncodingClass::kLoad || encoding.kind == EncodingClass::kFloatLoad);
}

bool IsMemory(EncodingClass kind) {
  switch (kind) {
    case EncodingClass::kLoad:
    case EncodingClass::kStore:
    case EncodingClass::kLoadMultiple:
    case EncodingClass::kStoreMultiple:
    case EncodingClass::kFloatLoad:
    case EncodingClass::kFloatStore:
      return true;
    default:
      return false;
  }
}

/// What only computes with registers and flags.
bool OnlyComputes(EncodingClass kind) {
  switch (kind) {
    case EncodingClass::kMove:
    case EncodingClass::kArithmetic:
    case EncodingClass::kLogic:
    case EncodingClass::kShift:
    case EncodingClass::kCompare:
    case EncodingClass::kExtend:
    case EncodingClass::kPack:
    case EncodingClass::kReverse:
    case EncodingClass::kBitField:
    case EncodingClass::kSaturate:
    case EncodingClass::kParallel:
    case EncodingClass::kMultiply:
    case EncodingClass::kLongMultiply:
    case EncodingClass::kFloatArithmetic:
    case EncodingClass::kFloatCompare:
    case EncodingClass::kFloatConvert:
    case EncodingClass::kFloatMove:
      return true;
    default:
      return false;
  }
}

/// Writes the stack pointer or the program counter although it is of a class that computes.
bool WritesSpOrPc(const Encoding& encoding, uint32_t code) {
  switch (encoding.instruction) {
    case Instruction::kNAddSpImm:
    case Instruction::kNSubSpImm:
      return true;
    case Instruction::kNAddHigh:
    case Instruction::kNMovHigh:
      return (Bits(code, 7, 7) << 3 | Bits(code, 2, 0)) >= kSp && (Bits(code, 7, 7) << 3 | Bits(code, 2, 0)) != kLr;
    case Instruction::kWMovReg:
    case Instruction::kWAddReg:
    case Instruction::kWSubReg:
    case Instruction::kWAddImm:
    case Instruction::kWSubImm:
    case Instruction::kWAddw:
    case Instruction::kWSubw:
      return Bits(code, 11, 8) == kSp;
    default:
      return false;
  }
}

const Encoding& EncodingOf(Instruction instruction) { return kEncodings[static_cast<int>(instruction)]; }

}  // namespace

uint32_t EdgyWord(Random& random) {
  constexpr uint32_t kEdges[] = {
      0,           1,           2,           0x7f,        0x80,        0xff,        0x7fff,      0x8000,
      0xffff,      0x7fff'ffff, 0x8000'0000, 0x8000'0001, 0xffff'ffff, 0xffff'fffe, 0x7fff'8000, 0x8000'7fff,
      0x7f80'807f, 0x00ff'ff00, 0x8080'8080, 0x7f7f'7f7f, 0x3f80'0000, 0xbf80'0000, 0x4000'0000, 0x3f00'0000,
      0x7f80'0000, 0xff80'0000, 0x7fc0'0000, 0x7f80'0001, 0xffc1'2345, 0x0080'0000, 0x007f'ffff, 0x7f7f'ffff,
      0x4f00'0000, 0xcf00'0000, 0x4f7f'ffff, 0x4b00'0001, 0x3c00'7c00, 0x7bff'0400, 0x7e01'7d01, 0x0001'03ff,
      31,          32,          33,          255};
  switch (random.Below(8)) {
    case 0:
    case 1:
      return kEdges[random.Below(std::size(kEdges))];
    case 2:
      return 1u << random.Below(32);
    case 3:
      return kEdges[random.Below(std::size(kEdges))] + random.Below(5) - 2;
    case 4:  // a number of middle size
    case 5:
      return random.Below(2) << 31 | (100 + random.Below(60)) << 23 | (random.Word() & 0x7f'ffff);
    default:
      return random.Word();
  }
}

Block BlockWriter::Write(int length) {
  while (instructions_ < length) Group();
  block_.groups.push_back(static_cast<uint32_t>(block_.code.size()));
  block_.address = address_;
  return std::move(block_);
}

void BlockWriter::Emit(uint32_t code, bool wide) {
  if (wide) block_.code.push_back(static_cast<uint16_t>(code >> 16));
  block_.code.push_back(static_cast<uint16_t>(code));
  ++instructions_;
  ++coverage_.instructions;
  if (!counts_) return;
  if (const Encoding* encoding = FindEncoding(code, wide)) ++coverage_.drawn[encoding - kEncodings];
}

void BlockWriter::SetLowPart(uint32_t number, uint32_t value) {
  Emit(EncodingOf(Instruction::kWMovw).value | Bits(value, 11, 11) << 26 | Bits(value, 15, 12) << 16 |
           Bits(value, 10, 8) << 12 | number << 8 | Bits(value, 7, 0),
       true);
}

void BlockWriter::SetRegister(uint32_t number, uint32_t value) {
  SetLowPart(number, value & 0xffff);
  value >>= 16;
  Emit(EncodingOf(Instruction::kWMovt).value | Bits(value, 11, 11) << 26 | Bits(value, 15, 12) << 16 |
           Bits(value, 10, 8) << 12 | number << 8 | Bits(value, 7, 0),
       true);
}

/// The encoding's fixed bits and others at random, such that it is an instruction and this one.
uint32_t BlockWriter::Draw(const Encoding& encoding) {
  while (true) {
    const uint32_t code = encoding.value | (random_.Word() & ~encoding.mask & (encoding.wide ? 0xffff'ffff : 0xffffu));
    if (FindEncoding(code, encoding.wide) == &encoding) return code;
  }
}

void BlockWriter::Group() {
  block_.groups.push_back(static_cast<uint32_t>(block_.code.size()));
  if (random_.OneIn(150)) return Undefined();
  while (!Single(kEncodings[random_.Below(kEncodingCount)], Place::kAnywhere)) {
  }
}

/// What is no instruction, and will never be an unpredictable one.
void BlockWriter::Undefined() {
  struct Pattern {
    uint32_t mask, value;
    bool wide;
  };
  constexpr Pattern kPatterns[] = {
      {0xff00, 0xb800, false},        {0xffc0, 0xba80, false},        {0xffc0, 0xb600, false},
      {0xffe08000, 0xeaa00000, true}, {0xffe08000, 0xeae00000, true}, {0xffe08000, 0xeb200000, true},
      {0xffe08000, 0xeb800000, true}, {0xffe08000, 0xebe00000, true}, {0xfbe08000, 0xf0a00000, true},
      {0xfbe08000, 0xf0c00000, true}, {0xfbe08000, 0xf0e00000, true}, {0xfbe08000, 0xf1200000, true},
      {0xfbe08000, 0xf1800000, true}, {0xfbe08000, 0xf1e00000, true}, {0xff80f0f0, 0xfa80f030, true},
      {0xff80f0f0, 0xfa80f070, true}, {0xff808000, 0xfa000000, true}, {0xff700000, 0xf8600000, true},
      {0xff700000, 0xf9600000, true}, {0xfff000f0, 0xfb900000, true}, {0xfff000f0, 0xfb800070, true},
  };
  const Pattern& pattern = kPatterns[random_.Below(std::size(kPatterns))];
  Emit(pattern.value | (random_.Word() & ~pattern.mask & (pattern.wide ? 0xffff'ffff : 0xffff)), pattern.wide);
}

bool BlockWriter::Single(const Encoding& encoding, Place place) {
  const uint32_t code = Draw(encoding);
  if (WritesSpOrPc(encoding, code)) return place == Place::kAnywhere && StackAccess(encoding, code);
  // FPSCR itself is left alone where it would make later results depend on a branch in ways that are hard to read.
  if (OnlyComputes(encoding.kind)) {
    // Unpredictable in an IT block.
    if (place != Place::kAnywhere && encoding.instruction == Instruction::kNMovs) return false;
    Emit(encoding, code);
    return true;
  }
  if (IsMemory(encoding.kind)) {
    if (place == Place::kConditional) return false;
    return Access(encoding, code);
  }
  if (place != Place::kAnywhere) return false;
  switch (encoding.kind) {
    case EncodingClass::kDivide:
      // QEMU may have other flags than the last ones when a division faults in the middle of a block.
      if (traps_) Emit(EncodingOf(Instruction::kWIsb).value | 0xf, true);
      Emit(encoding, code);
      return true;
    case EncodingClass::kBarrier:
      Emit(encoding, code);
      return true;
    case EncodingClass::kExclusive:
      return Exclusive(encoding, code);
    case EncodingClass::kBranch:
      return Branch(encoding, code);
    case EncodingClass::kIfThen:
      IfThen(code);
      return true;
    case EncodingClass::kHint:
      return Hint(encoding, code);
    case EncodingClass::kSpecial:
      return Special(encoding, code);
    case EncodingClass::kTrap:
      // SVC 254 and 255 are the program's own; BKPT 0xab would ask QEMU for a service.
      if (encoding.instruction == Instruction::kNSvc && (code & 0xff) >= 254) return false;
      if (encoding.instruction == Instruction::kNBkpt) {
        if ((code & 0xff) == 0xab) return false;
        // guest.S could not tell it from an SVC before it that became a HardFault.
        if (!block_.code.empty() && block_.code.back() >> 8 == 0xdf) return false;
      }
      Emit(encoding, code);
      return true;
    default:
      return false;
  }
}

/// QEMU does not see that a floating-point context begins if the first instruction of it that it translates is jumped
/// over.
void BlockWriter::BeginFloat() {
  if (!has_float_) Emit(EncodingOf(Instruction::kFVmovReg).value, true);
  has_float_ = true;
}

void BlockWriter::Skippable(int count) {
  const bool counted = counts_;
  counts_ = false;
  while (count > 0) {
    if (Single(kEncodings[random_.Below(kEncodingCount)], Place::kConditional)) --count;
  }
  counts_ = counted;
}

void BlockWriter::IfThen(uint32_t code) {
  BeginFloat();
  const uint32_t mask = Bits(code, 3, 0);
  int count = 4 - __builtin_ctz(mask);
  // The first one may access memory; what that needs comes before the IT.
  const size_t begin = block_.code.size();
  const bool counted = counts_;
  counts_ = false;
  bool has_first = false;
  if (random_.OneIn(2)) {
    const Encoding& encoding = kEncodings[random_.Below(kEncodingCount)];
    has_first = IsMemory(encoding.kind) && Single(encoding, Place::kFirstOfIt);
  }
  counts_ = counted;
  if (has_first) {
    // The access is the last instruction so far.
    const size_t size = block_.code.size();
    size_t at = begin;
    size_t last = begin;
    while (at < size) {
      last = at;
      at += IsWide(block_.code[at]) ? 2 : 1;
    }
    block_.code.insert(block_.code.begin() + static_cast<ptrdiff_t>(last), static_cast<uint16_t>(code));
    ++instructions_;
    ++coverage_.instructions;
    if (counts_) ++coverage_.drawn[&EncodingOf(Instruction::kNIt) - kEncodings];
    --count;
  } else {
    Emit(code, false);
  }
  Skippable(count);
}

bool BlockWriter::Access(const Encoding& encoding, uint32_t code) {
  if (IsLiteral(encoding, code)) {
    if (encoding.wide && encoding.kind == EncodingClass::kLoad && Bits(code, 15, 12) >= kSp &&
        Bits(code, 15, 12) != kLr) {
      return false;
    }
    Emit(encoding, code);
    return true;
  }
  if (encoding.instruction == Instruction::kNPush || encoding.instruction == Instruction::kNPop) {
    return counts_ && StackAccess(encoding, code);
  }
  const bool is_single_load = encoding.wide && encoding.kind == EncodingClass::kLoad && Bits(code, 31, 25) == 0b1111100;
  if (is_single_load && Bits(code, 15, 12) == kSp) return false;
  const bool is_load_multiple = encoding.wide && encoding.kind == EncodingClass::kLoadMultiple;
  if ((is_single_load && Bits(code, 15, 12) == kPc) || (is_load_multiple && (code & 0x8000) != 0)) {
    return counts_ && LoadsPc(encoding, code);
  }
  if (!encoding.wide && Bits(code, 15, 12) == 0x9) {
    code = (code & ~0xffu) | random_.Below((kScratchBase + kScratchBytes - sp_) / 4);
  }
  const Address address = encoding.wide ? WideAddress(encoding, code) : NarrowAddress(code);
  if (address.bytes > kPlainBytes) return false;
  if (address.base == kSp) {
    const uint32_t target = sp_ + static_cast<uint32_t>(address.offset);
    if (address.writes_back || address.index >= 0) return false;
    const uint32_t end = target + address.bytes;
    if (target < kScratchBase || end > kScratchBase + kScratchBytes) return false;
    if (target < kScratchBase + kDataBytes && target / kCellBytes != (end - 1) / kCellBytes) return false;
    Emit(encoding, code);
    return true;
  }
  if (address.index == static_cast<int>(address.base)) return false;
  // Within memory of one kind: a fault in the middle leaves open which registers have been loaded, and QEMU looks only
  // at the first byte's permission.
  uint32_t target = kScratchBase;
  if (address.bytes > kCellBytes) {
    target += kDataBytes + random_.Below(kPlainBytes + 1 - address.bytes);
  } else {
    target += random_.Below(kDataBytes / kCellBytes) * kCellBytes + random_.Below(kCellBytes + 1 - address.bytes);
  }
  const bool must_align = address.alignment == 4 ? !random_.OneIn(30) : !random_.OneIn(3);
  if (must_align) target &= ~(std::max(address.alignment, address.usual_alignment) - 1);
  if (random_.OneIn(60)) target = kNowhere + (target & 0xff8);
  if (random_.OneIn(60) && address.bytes <= 4)
    target = 0x2200'0000 + (target - 0x2000'0000) * 32 + random_.Below(8) * 4;
  if (address.index >= 0) {
    const uint32_t index = random_.Below(16) - 4;
    SetRegister(static_cast<uint32_t>(address.index), index);
    target -= index << address.shift;
  }
  SetRegister(address.base, target - static_cast<uint32_t>(address.offset));
  Emit(encoding, code);
  return true;
}

/// Moves the stack pointer, but not far.
bool BlockWriter::StackAccess(const Encoding& encoding, uint32_t code) {
  const auto fits = [](uint32_t sp) { return sp >= kStackPointer - 0x80 && sp <= kStackPointer + 0x40; };
  switch (encoding.instruction) {
    case Instruction::kNAddSpImm:
    case Instruction::kNSubSpImm: {
      const uint32_t step = random_.Below(16) * 4;
      const uint32_t sp = encoding.instruction == Instruction::kNAddSpImm ? sp_ + step : sp_ - step;
      if (!fits(sp)) return false;
      Emit(encoding.value | step / 4, false);
      sp_ = sp;
      return true;
    }
    case Instruction::kNPush: {
      const uint32_t bytes = 4 * static_cast<uint32_t>(Ones(code & 0x1ff));
      if (!fits(sp_ - bytes)) return false;
      Emit(encoding, code);
      sp_ -= bytes;
      return true;
    }
    case Instruction::kNPop: {
      const uint32_t bytes = 4 * static_cast<uint32_t>(Ones(code & 0x1ff));
      if (!fits(sp_ + bytes)) return false;
      if ((code & 0x100) != 0) {
        // The target is pushed from where the PC will come.
        const uint32_t list = code & 0xff;
        if (!fits(sp_ - bytes)) return false;
        const uint32_t target = Here() + 8 + 2 + 2;
        SetRegister(kLr, target | 1);
        Emit(EncodingOf(Instruction::kNPush).value | 0x100 | list, false);
        Emit(encoding, code);
        return true;
      }
      Emit(encoding, code);
      sp_ += bytes;
      return true;
    }
    case Instruction::kWAddImm:
    case Instruction::kWSubImm:
    case Instruction::kWAddw:
    case Instruction::kWSubw: {
      const bool adds = encoding.instruction == Instruction::kWAddImm || encoding.instruction == Instruction::kWAddw;
      const uint32_t step = random_.Below(16) * 4;
      const uint32_t sp = adds ? sp_ + step : sp_ - step;
      if (!fits(sp)) return false;
      Emit((code & ~0x0400'70ffu) | step, true);
      sp_ = sp;
      return true;
    }
    case Instruction::kNMovHigh:
    case Instruction::kNAddHigh: {
      const uint32_t destination = Bits(code, 7, 7) << 3 | Bits(code, 2, 0), source = Bits(code, 6, 3);
      if (source >= kSp && source != kLr) return false;
      const bool adds = encoding.instruction == Instruction::kNAddHigh;
      if (destination == kPc) {
        BeginFloat();
        const int count = static_cast<int>(random_.Below(4));
        const size_t at = block_.code.size();
        SetRegister(source, 0);
        Emit(encoding, code);
        const uint32_t origin = Here() + 2;
        Skippable(count);
        // Now that the target is known the instructions that load it are written anew.
        const uint32_t target = Here();
        std::vector<uint16_t> rest(block_.code.begin() + static_cast<ptrdiff_t>(at) + 4, block_.code.end());
        block_.code.resize(at);
        const bool counted = counts_;
        const int instructions = instructions_;
        const uint64_t all = coverage_.instructions;
        counts_ = false;
        SetRegister(source, adds ? target - origin : target | random_.Below(2));
        counts_ = counted;
        instructions_ = instructions;
        coverage_.instructions = all;
        block_.code.insert(block_.code.end(), rest.begin(), rest.end());
        return true;
      }
      const uint32_t sp = kStackPointer - 0x40 + random_.Below(32) * 4;
      SetRegister(source, adds ? sp - sp_ : sp | random_.Below(4));
      Emit(encoding, code);
      sp_ = sp;
      return true;
    }
    case Instruction::kWMovReg:
    case Instruction::kWAddReg:
    case Instruction::kWSubReg: {
      const uint32_t source = Bits(code, 3, 0);
      if (source >= kSp && source != kLr) return false;
      const uint32_t shift = encoding.instruction == Instruction::kWMovReg ? 0 : Bits(code, 7, 6);
      uint32_t sp = kStackPointer - 0x40 + random_.Below(32) * 4;
      if (encoding.instruction == Instruction::kWMovReg) {
        if ((code & 0x0010'0000) != 0) return false;
        SetRegister(source, sp);
      } else {
        const uint32_t step = random_.Below(8) * 8;
        sp = encoding.instruction == Instruction::kWAddReg ? sp_ + step : sp_ - step;
        if (!fits(sp)) return false;
        SetRegister(source, step >> shift);
        if ((step >> shift) << shift != step) sp = 0;
      }
      if (!fits(sp)) return false;
      Emit(encoding, code);
      sp_ = sp;
      return true;
    }
    default:
      return false;
  }
}

bool BlockWriter::Exclusive(const Encoding& encoding, uint32_t code) {
  constexpr uint32_t kClrex = 0xf3bf'8f2f;
  if (encoding.instruction == Instruction::kWClrex) {
    Emit(encoding, code);
    return true;
  }
  // A pair for the same address, since the monitors of processors differ in how many addresses they tell apart.
  struct Pair {
    Instruction load, store;
  };
  constexpr Pair kPairs[] = {{Instruction::kWLdrex, Instruction::kWStrex},
                             {Instruction::kWLdrexb, Instruction::kWStrexb},
                             {Instruction::kWLdrexh, Instruction::kWStrexh}};
  const auto* pair = std::find_if(std::begin(kPairs), std::end(kPairs), [&](const Pair& each) {
    return each.load == encoding.instruction || each.store == encoding.instruction;
  });
  const Encoding &load = EncodingOf(pair->load), &store = EncodingOf(pair->store);
  uint32_t load_code = Draw(load), store_code = Draw(store);
  const uint32_t base = Bits(load_code, 19, 16);
  const uint32_t offset = pair->load == Instruction::kWLdrex ? Bits(load_code, 7, 0) * 4 : 0;
  store_code = (store_code & ~0x000f'0000u) | base << 16;
  if (pair->load == Instruction::kWLdrex) store_code = (store_code & ~0xffu) | (load_code & 0xff);
  // The base stays until the store.
  if (base == kSp || Bits(load_code, 15, 12) == base || FindEncoding(store_code, true) != &store) return false;
  const uint32_t size = pair->load == Instruction::kWLdrex ? 4 : pair->load == Instruction::kWLdrexb ? 1 : 2;
  // Whether a store that fails asks for permission is up to the processor, so it has it.
  uint32_t target = kScratchBase + kDataBytes + random_.Below(kPlainBytes / 4) * 4;
  if (random_.OneIn(8)) target += random_.Below(4);
  const bool faults = target % size != 0;
  const bool fails = random_.OneIn(3);
  SetRegister(base, target - offset);
  if (!fails || random_.OneIn(2)) Emit(load_code, true);
  if (fails) Emit(kClrex, true);
  if (!faults) Emit(store_code, true);
  Emit(kClrex, true);
  return true;
}

bool BlockWriter::LoadsPc(const Encoding& encoding, uint32_t code) {
  // r: address in the scratch memory, t: target.
  Address address = WideAddress(encoding, code);
  if (address.base >= kSp || address.index == static_cast<int>(address.base)) return false;
  const uint32_t other = address.base == 0 ? 1 : 0;
  // Where everybody may read and write: a PC that has not been stored would be anywhere.
  const uint32_t place = kScratchBase + kDataBytes + random_.Below((kPlainBytes - address.bytes) / 4 + 1) * 4;
  const uint32_t last = place + address.bytes - 4;  // PC is the highest register
  // MOVW MOVT MOVW MOVT STR (MOVW MOVT) MOVW MOVT load
  const uint32_t target = Here() + 5 * 4 + (address.index >= 0 ? 8 : 0) + 8 + 4;
  SetRegister(other, target | 1);
  SetRegister(address.base, last);
  Emit(EncodingOf(Instruction::kWStrImm12).value | address.base << 16 | other << 12, true);
  uint32_t base = place - static_cast<uint32_t>(address.offset);
  if (address.index >= 0) {
    const uint32_t index = random_.Below(16);
    SetRegister(static_cast<uint32_t>(address.index), index);
    base -= index << address.shift;
  }
  SetRegister(address.base, base);
  Emit(encoding, code);
  return true;
}

bool BlockWriter::Branch(const Encoding& encoding, uint32_t code) {
  BeginFloat();
  const int count = static_cast<int>(random_.Below(4));
  const size_t at = block_.code.size();
  // Displacements are known only once what they jump over has been drawn.
  const auto patch_jump = [&](size_t where, const Encoding& jump, uint32_t drawn, uint32_t to) {
    const uint32_t from = address_ + static_cast<uint32_t>(where) * 2 + 4;
    const auto distance = static_cast<uint32_t>(to - from);
    uint32_t patched = drawn;
    switch (jump.instruction) {
      case Instruction::kNB:
        patched = jump.value | (distance >> 1 & 0x7ff);
        break;
      case Instruction::kNBcc:
        patched = (drawn & 0xff00) | (distance >> 1 & 0xff);
        break;
      case Instruction::kNCbz:
      case Instruction::kNCbnz:
        patched = (drawn & 0xfd07) | Bits(distance, 6, 6) << 9 | Bits(distance, 5, 1) << 3;
        break;
      case Instruction::kWBcc:
        patched = (drawn & 0xfbc0'd000) | Bits(distance, 31, 31) << 26 | Bits(distance, 17, 12) << 16 |
                  Bits(distance, 18, 18) << 13 | Bits(distance, 19, 19) << 11 | Bits(distance, 11, 1);
        break;
      default: {  // B T4 and BL
        const uint32_t sign = Bits(distance, 31, 31);
        const uint32_t j1 = (Bits(distance, 23, 23) ^ 1) ^ sign, j2 = (Bits(distance, 22, 22) ^ 1) ^ sign;
        patched = jump.value | sign << 26 | Bits(distance, 21, 12) << 16 | j1 << 13 | j2 << 11 | Bits(distance, 11, 1);
      }
    }
    if (jump.wide) block_.code[where++] = static_cast<uint16_t>(patched >> 16);
    block_.code[where] = static_cast<uint16_t>(patched);
  };
  switch (encoding.instruction) {
    case Instruction::kNCbz:
    case Instruction::kNCbnz:
    case Instruction::kNB:
    case Instruction::kNBcc:
    case Instruction::kWB:
    case Instruction::kWBcc:
    case Instruction::kWBl: {
      const bool only_forward =
          encoding.instruction == Instruction::kNCbz || encoding.instruction == Instruction::kNCbnz;
      if (!only_forward && random_.OneIn(3)) {
        // Over the middle to this branch, which may go back to the middle, which goes behind it.
        const Encoding& jump = EncodingOf(Instruction::kNB);
        Emit(jump.value, false);
        const uint32_t middle = Here();
        Skippable(count);
        const size_t out = block_.code.size();
        Emit(jump.value, false);
        const size_t back = block_.code.size();
        patch_jump(at, jump, 0, Here());
        Emit(encoding, code);
        patch_jump(back, encoding, code, middle);
        patch_jump(out, jump, 0, Here());
        return true;
      }
      // CBZ cannot jump to the next instruction but one half further on, nor could a distance of 0 be told apart.
      Emit(encoding, code);
      Skippable(count + 1);
      patch_jump(at, encoding, code, Here());
      return true;
    }
    case Instruction::kNBx:
    case Instruction::kNBlx: {
      const uint32_t source = Bits(code, 6, 3);
      if (source >= kSp && source != kLr) return false;
      const bool is_wrong = random_.OneIn(300);
      SetRegister(source, 0);
      Emit(encoding, code);
      Skippable(count);
      // QEMU tells a wrong state only where an instruction of Arm's other set could be.
      const uint32_t target = is_wrong && Here() % 4 == 0 ? Here() : Here() | 1;
      // MOVW, then MOVT: their immediate fields.
      const auto set = [&](size_t where, uint32_t value) {
        block_.code[where] =
            static_cast<uint16_t>((block_.code[where] & ~0x040fu) | Bits(value, 11, 11) << 10 | Bits(value, 15, 12));
        block_.code[where + 1] =
            static_cast<uint16_t>((block_.code[where + 1] & ~0x70ffu) | Bits(value, 10, 8) << 12 | Bits(value, 7, 0));
      };
      set(at, target & 0xffff);
      set(at + 2, target >> 16);
      return true;
    }
    case Instruction::kWTbb:
    case Instruction::kWTbh: {
      const uint32_t index = Bits(code, 3, 0);
      const bool is_byte = encoding.instruction == Instruction::kWTbb;
      const uint32_t chosen = random_.Below(4);
      const uint32_t base = Bits(code, 19, 16);
      // The table lies behind the instruction, and PC or another register says so.
      if (base < kSp && base != index && random_.OneIn(2)) {
        SetRegister(base, Here() + 8 + 4 + 4);
      } else {
        code |= 0xf'0000;
      }
      SetLowPart(index, chosen);
      Emit(encoding, code);
      const size_t table = block_.code.size();
      block_.code.resize(table + (is_byte ? 2 : 4));
      const uint32_t origin = address_ + static_cast<uint32_t>(table) * 2;
      uint32_t targets[4];
      for (uint32_t& target : targets) {
        target = (Here() - origin) / 2;
        Skippable(1);
      }
      for (size_t i = 0; i < 4; ++i) {
        if (is_byte) {
          block_.code[table + i / 2] |= static_cast<uint16_t>(targets[i] << (i % 2 * 8));
        } else {
          block_.code[table + i] = static_cast<uint16_t>(targets[i]);
        }
      }
      return true;
    }
    default:
      return false;
  }
}

bool BlockWriter::Special(const Encoding& encoding, uint32_t code) {
  if (encoding.instruction == Instruction::kWMrs) {
    Emit(encoding, code);
    return true;
  }
  if (encoding.instruction == Instruction::kNCps) {
    if ((code & 3) == 0) return false;
    if ((code & 1) != 0) {
      // While FAULTMASK is set a fault would be the end.
      const bool counted = counts_;
      Emit((code & ~3u) | 0x11 | (code & 2), false);
      Emit(EncodingOf(Instruction::kWMrs).value | 19 | (random_.Below(8) << 8), true);
      counts_ = counted;
      Emit((code & ~0x13u) | 1, false);
      return true;
    }
    Emit(encoding, code);
    return true;
  }
  // MSR.
  const uint32_t what = Bits(code, 7, 0), source = Bits(code, 19, 16);
  constexpr uint32_t kMainStack = 8, kProcessStack = 9, kBasepri = 17, kBasepriMax = 18, kFaultMask = 19, kControl = 20;
  if (what == kMainStack || what == kProcessStack) {
    if (!unprivileged_) return false;
  } else if (what == kFaultMask) {
    SetLowPart(source, 0);
  } else if (what == kControl) {
    // Without FPCA, a new floating-point context would begin (see RandomProgram::WriteStates).
    if (!unprivileged_ && !random_.OneIn(4)) return false;
    const uint32_t gives_up_privilege = random_.Below(2);
    Emit(EncodingOf(Instruction::kWMrs).value | source << 8 | kControl, true);
    Emit(EncodingOf(Instruction::kWOrrImm).value | source << 16 | source << 8 | gives_up_privilege, true);
    if (gives_up_privilege != 0) unprivileged_ = true;
  } else if (what == kBasepri || what == kBasepriMax) {
    // QEMU has eight bits of priority, an STM32F4 four.
    SetLowPart(source, random_.Below(16) << 4);
  }
  Emit(encoding, code);
  return true;
}

bool BlockWriter::Hint(const Encoding& encoding, uint32_t code) {
  switch (encoding.instruction) {
    case Instruction::kNWfe:
    case Instruction::kWWfe:
      // Twice: whatever the event register was before.
      Emit(EncodingOf(Instruction::kNSev).value, false);
      Emit(encoding, code);
      return true;
    case Instruction::kNWfi:
    case Instruction::kWWfi: {
      if (unprivileged_) return false;
      // An interrupt is pending, so that it goes on at once, and is not taken.
      const uint32_t base = random_.Below(7), value = 7;
      constexpr uint32_t kSetPending = 0xe000'e200, kClearPending = 0x80;
      Emit(0xb672, false);  // CPSID i
      SetRegister(base, kSetPending);
      SetRegister(value, 1);
      Emit(EncodingOf(Instruction::kWStrImm12).value | base << 16 | value << 12, true);
      Emit(0xf3bf'8f4f, true);  // DSB
      Emit(encoding, code);
      Emit(EncodingOf(Instruction::kWStrImm12).value | base << 16 | value << 12 | kClearPending, true);
      Emit(0xf3bf'8f4f, true);
      return true;
    }
    default:
      Emit(encoding, code);
      return true;
  }
}

}  // namespace thimble::simulator::oracle
