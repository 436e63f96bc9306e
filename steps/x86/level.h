// Which vector instructions this machine has, found while running: one program for all x86-64 machines.
#ifndef THIMBLE_STEPS_X86_LEVEL_H_
#define THIMBLE_STEPS_X86_LEVEL_H_

#include <cstdint>

namespace thimble::steps::x86 {

enum class Level : uint8_t {
  kPlain,       ///< C++ for every machine
  kAvx2,        ///< 16 multiplications of halves in an instruction
  kAvxVnni,     ///< 32 of bytes
  kAvx512Vnni,  ///< 64 of bytes
};
inline constexpr Level kLevels[] = {Level::kPlain, Level::kAvx2, Level::kAvxVnni, Level::kAvx512Vnni};

/// Whether this machine can run code of that level.
bool Has(Level level);

/// The best one; looked up once.
Level BestLevel();

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_LEVEL_H_
