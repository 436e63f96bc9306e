// What instructions compute, apart from where operands come from: shifts, saturation, lanes.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_ARITHMETIC_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_ARITHMETIC_H_

#include <bit>
#include <cstdint>

#include "simulator/cortex_m4/internal/operation.h"
#include "simulator/cortex_m4/state.h"

namespace thimble::simulator::internal {

inline int32_t Signed(uint32_t value) { return static_cast<int32_t>(value); }
inline uint32_t Unsigned(int32_t value) { return static_cast<uint32_t>(value); }
inline int64_t Wide(uint32_t value) { return static_cast<int32_t>(value); }
inline int32_t Low(uint32_t value) { return static_cast<int16_t>(value); }
inline int32_t High(uint32_t value) { return static_cast<int16_t>(value >> 16); }

inline void SetNz(Registers& r, uint32_t value) {
  r.n = value >> 31 != 0;
  r.z = value == 0;
}

inline uint32_t AddFlags(Registers& r, uint32_t a, uint32_t b) {
  const uint32_t sum = a + b;
  SetNz(r, sum);
  r.c = sum < a;
  r.v = ((a ^ sum) & (b ^ sum)) >> 31 != 0;
  return sum;
}

inline uint32_t SubtractFlags(Registers& r, uint32_t a, uint32_t b) {
  const uint32_t difference = a - b;
  SetNz(r, difference);
  r.c = a >= b;
  r.v = ((a ^ b) & (a ^ difference)) >> 31 != 0;
  return difference;
}

inline uint32_t AddCarryFlags(Registers& r, uint32_t a, uint32_t b) {
  const uint64_t wide = uint64_t{a} + b + (r.c ? 1 : 0);
  const auto sum = static_cast<uint32_t>(wide);
  SetNz(r, sum);
  r.c = wide >> 32 != 0;
  r.v = ((a ^ sum) & (b ^ sum)) >> 31 != 0;
  return sum;
}

/// `amount` as Op::extra holds it: 1 to 32 where the kind needs it.
inline uint32_t Shifted(uint32_t value, uint8_t kind, uint8_t amount, bool carry) {
  switch (kind) {
    case kLsl:
      return value << (amount & 31);
    case kLsr:
      return static_cast<uint32_t>(uint64_t{value} >> (amount & 63));
    case kAsr:
      return Unsigned(Signed(value) >> (amount > 31 ? 31 : amount));
    case kRor:
      return std::rotr(value, amount & 31);
    default:
      return value >> 1 | (carry ? 1u << 31 : 0);
  }
}

/// The last bit shifted out.
inline bool ShiftCarry(uint32_t value, uint8_t kind, uint8_t amount, bool carry) {
  switch (kind) {
    case kLsl:
      return amount == 0 ? carry : (value >> ((32 - amount) & 31) & 1) != 0;
    case kLsr:
      return (value >> ((amount - 1) & 31) & 1) != 0;
    case kAsr:
      return (value >> ((amount - 1) & 31) & 1) != 0;
    case kRor:
      return (value >> ((amount - 1) & 31) & 1) != 0;
    default:
      return (value & 1) != 0;
  }
}

/// Shift by the lowest byte of a register; 0 leaves the carry alone.
inline uint32_t ShiftBy(uint32_t value, uint8_t kind, uint32_t amount, bool& carry) {
  amount &= 0xff;
  if (amount == 0) return value;
  switch (kind) {
    case kLsl:
      carry = amount <= 32 && (value >> ((32 - amount) & 31) & 1) != 0;
      return amount < 32 ? value << amount : 0;
    case kLsr:
      carry = amount <= 32 && (value >> ((amount - 1) & 31) & 1) != 0;
      return amount < 32 ? value >> amount : 0;
    case kAsr:
      carry = amount < 32 ? (value >> (amount - 1) & 1) != 0 : value >> 31 != 0;
      return Unsigned(Signed(value) >> (amount < 32 ? amount : 31));
    default: {
      const uint32_t result = std::rotr(value, static_cast<int>(amount & 31));
      carry = result >> 31 != 0;
      return result;
    }
  }
}

/// Into `bits` bits, 1 to 32.
inline uint32_t SaturateSigned(Registers& r, int64_t value, uint32_t bits) {
  const int64_t high = (int64_t{1} << (bits - 1)) - 1, low = -high - 1;
  if (value > high || value < low) {
    r.q = true;
    value = value > high ? high : low;
  }
  return static_cast<uint32_t>(value);
}

/// Into `bits` bits, 0 to 31.
inline uint32_t SaturateUnsigned(Registers& r, int64_t value, uint32_t bits) {
  const int64_t high = (int64_t{1} << bits) - 1;
  if (value > high || value < 0) {
    r.q = true;
    value = value > high ? high : 0;
  }
  return static_cast<uint32_t>(value);
}

/// The additions and subtractions of bytes and halfwords (DDI0403, A5.3.15); plain ones set GE.
uint32_t Parallel(Registers& r, ParallelKind kind, ParallelStyle style, uint32_t n, uint32_t m);

uint32_t ReverseBits(uint32_t value);

/// |a - b| of each byte, added up.
uint32_t SumOfDifferences(uint32_t a, uint32_t b);

/// SDIV and UDIV of a divisor that is not 0.
inline uint32_t DivideSigned(uint32_t a, uint32_t b) {
  return a == 0x8000'0000 && b == 0xffff'ffff ? a : Unsigned(Signed(a) / Signed(b));
}

}  // namespace thimble::simulator::internal

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_INTERNAL_ARITHMETIC_H_
