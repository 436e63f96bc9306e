// Random numbers that are the same on every machine: the distributions of <random> differ between libraries.
#ifndef THIMBLE_BASE_RANDOM_H_
#define THIMBLE_BASE_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace thimble {

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). Not for secrets.
class Random {
 public:
  explicit constexpr Random(uint64_t seed) : state_(seed) {}

  constexpr uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Any 32 bits.
  constexpr uint32_t Word() { return static_cast<uint32_t>(Next() >> 32); }

  /// 0 … bound - 1.
  constexpr uint32_t Below(uint32_t bound) { return static_cast<uint32_t>((uint64_t{Word()} * bound) >> 32); }

  /// True once in n times.
  constexpr bool OneIn(uint32_t n) { return Below(n) == 0; }

  /// 0 … 1, without 1.
  constexpr float Uniform() { return static_cast<float>(Next() >> 40) * 0x1p-24f; }

  /// low … high, without high.
  constexpr double Between(double low, double high) {
    return low + (high - low) * (static_cast<double>(Next() >> 11) * 0x1p-53);
  }

  constexpr bool Chance(double probability) { return Between(0, 1) < probability; }

  /// Mean 0, standard deviation 1, never beyond ±6: the sum of twelve uniform numbers, for which no logarithm or cosine
  /// of the platform is needed.
  constexpr float Normal() {
    int32_t sum = 0;
    for (int i = 0; i < 3; ++i) {
      for (uint64_t bits = Next(), part = 0; part < 4; ++part, bits >>= 16) sum += static_cast<int32_t>(bits & 0xffff);
    }
    // Twelve numbers of mean 65535/2 and variance (65536² - 1)/12.
    return (static_cast<float>(sum) - 6.0f * 65535.0f) * (1.0f / 65536.0f);
  }

  template <typename T>
  constexpr void Shuffle(std::span<T> items) {
    for (size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[Below(static_cast<uint32_t>(left))]);
    }
  }

 private:
  uint64_t state_;
};

}  // namespace thimble

#endif  // THIMBLE_BASE_RANDOM_H_
