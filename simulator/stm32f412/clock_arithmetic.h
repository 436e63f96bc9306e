// Cycles and nanoseconds into each other, without overflow.
#ifndef THIMBLE_SIMULATOR_STM32F412_CLOCK_ARITHMETIC_H_
#define THIMBLE_SIMULATOR_STM32F412_CLOCK_ARITHMETIC_H_

#include <cstdint>

namespace thimble::simulator {

inline constexpr uint64_t kNsPerSecond = 1'000'000'000;

/// a · b / c, rounded down; 2^64 - 1 when it is more than that. c is not 0.
constexpr uint64_t MultiplyDivide(uint64_t a, uint64_t b, uint64_t c) {
  __extension__ using Wide = unsigned __int128;
  const Wide quotient = static_cast<Wide>(a) * b / c;
  return quotient > ~uint64_t{0} ? ~uint64_t{0} : static_cast<uint64_t>(quotient);
}

/// The same, rounded up.
constexpr uint64_t MultiplyDivideUp(uint64_t a, uint64_t b, uint64_t c) {
  __extension__ using Wide = unsigned __int128;
  const Wide quotient = (static_cast<Wide>(a) * b + (c - 1)) / c;
  return quotient > ~uint64_t{0} ? ~uint64_t{0} : static_cast<uint64_t>(quotient);
}

/// a + b, at most 2^64 - 2 (so that a time never becomes "never").
constexpr uint64_t AddTime(uint64_t a, uint64_t b) { return b > ~uint64_t{1} - a ? ~uint64_t{1} : a + b; }

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_CLOCK_ARITHMETIC_H_
