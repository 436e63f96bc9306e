#include "steps/x86/level.h"

#if defined(__x86_64__)
#include <cpuid.h>

#include <atomic>
#endif

namespace thimble::steps::x86 {

#if defined(__x86_64__)

bool Has(Level level) {
  switch (level) {
    case Level::kPlain:
      return true;
    case Level::kAvx2:
      return __builtin_cpu_supports("avx2") != 0;
    case Level::kAvxVnni: {
      // Not every compiler knows it by name: CPUID leaf 7.1, EAX bit 4 (Intel SDM, volume 2, CPUID). That the system
      // keeps the registers is what the answer for AVX2 includes.
      unsigned a = 0, b = 0, c = 0, d = 0;
      return Has(Level::kAvx2) && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 4 & 1) != 0;
    }
    case Level::kAvx512Vnni:
      return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
             __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
             __builtin_cpu_supports("avx512vnni") != 0;
  }
  return false;
}

Level BestLevel() {
  static std::atomic<int> best{-1};  // threads that meet here find the same
  int level = best.load(std::memory_order_relaxed);
  if (level < 0) {
    for (const Level candidate : kLevels) {
      if (Has(candidate)) level = static_cast<int>(candidate);
    }
    best.store(level, std::memory_order_relaxed);
  }
  return static_cast<Level>(level);
}

#else

bool Has(Level level) { return level == Level::kPlain; }
Level BestLevel() { return Level::kPlain; }

#endif

}  // namespace thimble::steps::x86
