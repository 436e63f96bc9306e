// Cortex-M0, M0+ and M1: no fault registers, and nothing that guards a stack but the end of the memory below it.
#include "firmware/cortex_m/core.h"

extern "C" const uint32_t stack_bottom;  // from firmware/cortex_m/sections.ld

namespace thimble::firmware {

void SetUpCore(const uint32_t*) {}

void ReadFault(wire::Crash& crash) {
  // The host reads the registers of the larger architectures: this bit of CFSR is their word for a stack that has left
  // its memory.
  constexpr uint32_t kStackingFailed = 1 << 12;
  if (crash.sp < reinterpret_cast<uintptr_t>(&stack_bottom)) crash.cfsr = kStackingFailed;
}

}  // namespace thimble::firmware
