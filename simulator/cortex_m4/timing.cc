#include "simulator/cortex_m4/timing.h"

namespace thimble::simulator {
namespace {

using Kind = Timing::Kind;

constexpr int kPc = 15, kSp = 13;

constexpr uint32_t Bits(uint32_t word, int high, int low) { return word >> low & ((2u << (high - low)) - 1); }
constexpr uint16_t Register(uint32_t number) { return static_cast<uint16_t>(1u << number); }
constexpr int Count(uint32_t list) { return __builtin_popcount(list); }

Timing DataProcessing(uint32_t destination) {
  Timing timing;
  if (destination != kPc) timing.writes = Register(destination);
  return timing;
}

Timing Nothing() { return {}; }

Timing Branch() {
  Timing timing;
  timing.kind = Kind::kDirectBranch;
  return timing;
}

Timing IndirectBranch(int cycles = 1) {
  Timing timing;
  timing.kind = Kind::kIndirectBranch;
  timing.cycles = cycles;
  return timing;
}

Timing Load(uint32_t target, uint16_t address) {
  Timing timing;
  const bool jumps = target == kPc;
  timing.kind = jumps ? Kind::kIndirectBranch : Kind::kLoad;
  timing.cycles = jumps ? 3 : 2;
  timing.loads = Register(target);
  timing.address = address;
  timing.follows_a_load = !jumps;
  timing.may_be_unaligned = true;
  return timing;
}

/// The write buffer hides a store, but not the second register of its address.
Timing Store(uint16_t address, bool has_register_offset) {
  Timing timing;
  timing.cycles = has_register_offset ? 2 : 1;
  timing.address = address;
  timing.follows_a_load = has_register_offset;
  timing.may_be_unaligned = true;
  return timing;
}

Timing Several(uint32_t base, int count, bool jumps = false) {
  Timing timing;
  if (jumps) timing.kind = Kind::kIndirectBranch;
  timing.cycles = 1 + count;
  timing.address = Register(base);
  return timing;
}

/// A 16-bit instruction: Arm DDI0403, section A5.2.
Timing Narrow(uint16_t code) {
  const uint16_t low_base = Register(Bits(code, 5, 3));
  if (Bits(code, 15, 14) == 0) {
    if (Bits(code, 13, 13) == 0) return DataProcessing(Bits(code, 2, 0));  // shift, add, subtract
    if (Bits(code, 12, 11) == 1) return DataProcessing(kPc);               // compare
    return DataProcessing(Bits(code, 10, 8));                              // move, add, subtract of 8 bits
  }
  if (Bits(code, 15, 10) == 0b010000) {
    const uint32_t operation = Bits(code, 9, 6);
    const bool compares = operation == 8 || operation == 10 || operation == 11;
    return DataProcessing(compares ? kPc : Bits(code, 2, 0));
  }
  if (Bits(code, 15, 10) == 0b010001) {
    const uint32_t operation = Bits(code, 9, 8);
    const uint32_t destination = Bits(code, 7, 7) << 3 | Bits(code, 2, 0);
    if (operation == 1) return DataProcessing(kPc);  // compare
    if (operation == 3 || destination == kPc) return IndirectBranch();
    return DataProcessing(destination);
  }
  switch (Bits(code, 15, 12)) {
    case 0b0100:
      return Load(Bits(code, 10, 8), 0);  // a literal
    case 0b0101: {
      const uint16_t address = low_base | Register(Bits(code, 8, 6));
      return Bits(code, 11, 9) < 3 ? Store(address, true) : Load(Bits(code, 2, 0), address);
    }
    case 0b0110:
    case 0b0111:
    case 0b1000:
      return Bits(code, 11, 11) != 0 ? Load(Bits(code, 2, 0), low_base) : Store(low_base, false);
    case 0b1001:
      return Bits(code, 11, 11) != 0 ? Load(Bits(code, 10, 8), Register(kSp)) : Store(Register(kSp), false);
    case 0b1010:
      return DataProcessing(Bits(code, 10, 8));
    case 0b1100:
      return Several(Bits(code, 10, 8), Count(Bits(code, 7, 0)));
    case 0b1011:
      break;
    default:
      return Branch();
  }
  // Miscellaneous.
  const bool is_push = Bits(code, 11, 9) == 0b010, is_pop = Bits(code, 11, 9) == 0b110;
  if (Bits(code, 11, 8) == 0) return DataProcessing(kSp);
  if ((code & 0xf500) == 0xb100) return Branch();  // compare with zero and branch
  if (is_push) return Several(kSp, Count(Bits(code, 8, 0)));
  if (is_pop) return Several(kSp, Count(Bits(code, 8, 0)), Bits(code, 8, 8) != 0);
  if (Bits(code, 11, 8) == 0b1111) {
    Timing timing = Nothing();
    if (Bits(code, 3, 0) != 0) timing.kind = Kind::kIfThen;
    return timing;
  }
  if (Bits(code, 11, 8) == 0b1110) return Nothing();  // breakpoint
  return DataProcessing(Bits(code, 2, 0));
}

/// A floating-point instruction: Arm DDI0403, section A6.
Timing FloatingPoint(uint16_t first, uint16_t second) {
  Timing timing;
  const bool is_double = Bits(second, 11, 8) == 0b1011;
  const uint32_t d = Bits(second, 15, 12) << 1 | Bits(first, 6, 6);
  const uint32_t n = Bits(first, 3, 0) << 1 | Bits(second, 7, 7);
  const uint32_t m = Bits(second, 3, 0) << 1 | Bits(second, 5, 5);
  const auto read = [&](uint32_t number) { timing.floats_read |= uint64_t{1} << number; };
  if (Bits(first, 15, 9) == 0b1110110) {
    const bool loads = Bits(first, 4, 4) != 0;
    if (Bits(first, 15, 5) == 0b11101100010) {  // two core registers
      timing.cycles = 2;
      if (loads) timing.writes = Register(Bits(second, 15, 12)) | Register(Bits(first, 3, 0));
      return timing;
    }
    timing.address = Register(Bits(first, 3, 0));
    if (Bits(first, 8, 8) != 0 && Bits(first, 5, 5) == 0) {  // one
      timing.cycles = is_double ? 3 : 2;
      timing.may_be_unaligned = true;
      if (!loads) read(d);
    } else {
      timing.cycles = 1 + static_cast<int>(Bits(second, 7, 0));
    }
    return timing;
  }
  if (Bits(second, 4, 4) != 0) {  // one core register
    if (Bits(first, 4, 4) != 0 && Bits(second, 15, 12) != kPc) {
      timing.writes = Register(Bits(second, 15, 12));
      read(n);
    }
    return timing;
  }
  timing.float_written = static_cast<int>(d);
  constexpr int kDivision = 14, kMultiplyAccumulate = 3;
  switch (Bits(first, 7, 4) & 0b1011) {
    case 0b0000:
    case 0b0001:
    case 0b1001:
    case 0b1010:
      timing.cycles = kMultiplyAccumulate;
      read(d), read(n), read(m);
      break;
    case 0b0010:
    case 0b0011:
      read(n), read(m);
      break;
    case 0b1000:
      timing.cycles = kDivision;
      read(n), read(m);
      break;
    default: {
      const uint32_t operation = Bits(first, 3, 0);
      if (Bits(second, 6, 6) != 0) read(m);
      if (operation == 1 && Bits(second, 7, 6) == 3) timing.cycles = kDivision;  // square root
      if ((operation & 0b1110) == 0b0100) {                                      // compare
        read(d);
        timing.float_written = -1;
      }
    }
  }
  return timing;
}

/// A 32-bit instruction: Arm DDI0403, section A5.3.
Timing Wide(uint16_t first, uint16_t second) {
  const uint32_t group = Bits(first, 12, 11), operation = Bits(first, 10, 4), base = Bits(first, 3, 0);
  if (group != 2 && (operation & 0x40) != 0) {
    const uint32_t coprocessor = Bits(second, 11, 8);
    return coprocessor == 10 || coprocessor == 11 ? FloatingPoint(first, second) : Nothing();
  }
  const bool loads = Bits(first, 4, 4) != 0;
  if (group == 1) {
    if ((operation & 0x64) == 0) return Several(base, Count(second), loads && Bits(second, 15, 15) != 0);
    if ((operation & 0x64) != 4) return DataProcessing(Bits(second, 11, 8));
    if (Bits(first, 15, 4) == 0xe8d && Bits(second, 15, 5) == 0x780) {  // table branch
      Timing timing = IndirectBranch(4);
      timing.address = Register(base) | Register(Bits(second, 3, 0));
      return timing;
    }
    const bool is_exclusive = Bits(first, 8, 8) == 0 && Bits(first, 5, 5) == 0;
    return Several(base, is_exclusive ? 1 : 2);
  }
  if (group == 2) {
    if (Bits(second, 15, 15) == 0) return DataProcessing(Bits(second, 11, 8));
    const bool is_branch = (Bits(second, 14, 14) << 1 | Bits(second, 12, 12)) != 0 || Bits(first, 9, 7) != 7;
    if (is_branch) return Branch();
    const bool reads_special = Bits(first, 15, 5) == 0x79f;
    return reads_special ? DataProcessing(Bits(second, 11, 8)) : Nothing();
  }
  const bool is_load = (operation & 0x67) == 1 || (operation & 0x67) == 3 || (operation & 0x67) == 5;
  if ((operation & 0x71) == 0 || is_load) {
    const bool is_literal = is_load && base == kPc;
    const bool has_register_offset = !is_literal && Bits(first, 7, 7) == 0 && Bits(second, 11, 11) == 0;
    uint16_t address = is_literal ? 0 : Register(base);
    if (has_register_offset) address |= Register(Bits(second, 3, 0));
    if (!is_load) return Store(address, has_register_offset);
    const bool only_prefetches = Bits(second, 15, 12) == kPc && (operation & 0x67) != 5;
    return only_prefetches ? Nothing() : Load(Bits(second, 15, 12), address);
  }
  if ((operation & 0x70) == 0x20 || (operation & 0x78) == 0x30) return DataProcessing(Bits(second, 11, 8));
  if ((operation & 0x78) == 0x38) {  // long multiplication, and division, whose time depends on the operands
    const uint32_t kind = Bits(first, 6, 4);
    Timing timing = DataProcessing(Bits(second, 11, 8));
    if (kind == 1 || kind == 3) {
      timing.cycles = 8;
    } else {
      timing.writes |= Register(Bits(second, 15, 12));
    }
    return timing;
  }
  return Nothing();
}

}  // namespace

Timing TimingOf(uint16_t first, uint16_t second) { return IsWide(first) ? Wide(first, second) : Narrow(first); }

Before Behind(const Timing& timing, bool is_wide) {
  const bool branches = timing.kind == Kind::kDirectBranch || timing.kind == Kind::kIndirectBranch;
  return {.writes = timing.writes,
          .loads = timing.kind == Kind::kLoad ? timing.loads : uint16_t{0},
          .float_written = static_cast<int8_t>(timing.float_written),
          .folds = !is_wide && !branches && timing.kind != Kind::kIfThen};
}

int CyclesBehind(const Before& before, const Timing& timing) {
  // IT is folded into a 16-bit instruction before it.
  if (timing.kind == Kind::kIfThen && before.folds) return 0;
  int cycles = timing.cycles;
  if (timing.follows_a_load && before.loads != 0 && (before.loads & timing.address) == 0) {
    --cycles;
  } else if ((before.writes & timing.address) != 0) {
    ++cycles;
  }
  if (before.float_written >= 0 && (timing.floats_read >> before.float_written & 1) != 0) ++cycles;
  return cycles;
}

}  // namespace thimble::simulator
