#include "simulator/cortex_m4/internal/arithmetic.h"

#include <algorithm>
#include <cstdlib>

namespace thimble::simulator::internal {

uint32_t Parallel(Registers& r, ParallelKind kind, ParallelStyle style, uint32_t n, uint32_t m) {
  const bool is_unsigned = style >= kUnsigned;
  const int bits = kind == kAdd8 || kind == kSub8 ? 8 : 16;
  const uint32_t mask = (1u << bits) - 1;
  const auto lane = [&](uint32_t word, int i) {
    const uint32_t value = word >> (i * bits) & mask;
    return is_unsigned ? static_cast<int32_t>(value) : Signed(value << (32 - bits)) >> (32 - bits);
  };
  const bool exchanges = kind == kAsx || kind == kSax;
  uint32_t result = 0;
  uint8_t ge = 0;
  for (int i = 0; i < 32 / bits; ++i) {
    const bool adds = kind == kAdd8 || kind == kAdd16 || (kind == kAsx && i == 1) || (kind == kSax && i == 0);
    const int32_t a = lane(n, i), b = lane(m, exchanges ? 1 - i : i);
    int32_t value = adds ? a + b : a - b;
    switch (style) {
      case kSigned:
      case kUnsigned: {
        const bool at_least = is_unsigned && adds ? value >= 1 << bits : value >= 0;
        if (at_least) ge |= static_cast<uint8_t>(bits == 8 ? 1 << i : 3 << (2 * i));
        break;
      }
      case kSaturating:
        value = std::clamp(value, -(1 << (bits - 1)), (1 << (bits - 1)) - 1);
        break;
      case kUnsignedSaturating:
        value = std::clamp(value, 0, (1 << bits) - 1);
        break;
      case kHalving:
      case kUnsignedHalving:
        value >>= 1;
        break;
    }
    result |= (static_cast<uint32_t>(value) & mask) << (i * bits);
  }
  if (style == kSigned || style == kUnsigned) r.ge = ge;
  return result;
}

uint32_t ReverseBits(uint32_t value) {
  value = (value >> 1 & 0x5555'5555) | (value & 0x5555'5555) << 1;
  value = (value >> 2 & 0x3333'3333) | (value & 0x3333'3333) << 2;
  value = (value >> 4 & 0x0f0f'0f0f) | (value & 0x0f0f'0f0f) << 4;
  return __builtin_bswap32(value);
}

uint32_t SumOfDifferences(uint32_t a, uint32_t b) {
  int sum = 0;
  for (int shift = 0; shift < 32; shift += 8) {
    sum += std::abs(static_cast<int>(a >> shift & 0xff) - static_cast<int>(b >> shift & 0xff));
  }
  return static_cast<uint32_t>(sum);
}

}  // namespace thimble::simulator::internal
