// Cortex-M3, M4 and M7: the memory protection unit guards the stack.
#include "firmware/cortex_m/core.h"
#include "firmware/cortex_m/fault_registers.h"

namespace thimble::firmware {
namespace {

// Armv7-M Architecture Reference Manual (DDI0403), section B3.5.
constexpr uint32_t kMpuControl = 0xe000'ed94;  // bit 0: on, bit 2: what no region covers is as without an MPU
constexpr uint32_t kMpuRegionBase = 0xe000'ed9c;
constexpr uint32_t kMpuRegionAttributes = 0xe000'eda0;

// The 16 MiB below the stack: large enough that no frame of a function jumps over it.
constexpr uint32_t kGuardBytes = 1 << 24;
constexpr uint32_t kGuardAttributes = 1 << 28 | 23 << 1 | 1;  // no access, never executed, 2^(23 + 1) bytes, on

}  // namespace

void SetUpCore(const uint32_t* stack_bottom) {
  SetUpFpuAndDivision();
  // There is no memory below the stack, but a bus may swallow such a write (QEMU's does): the MPU makes it a fault.
  Register(kMpuRegionBase) = (static_cast<uint32_t>(reinterpret_cast<uintptr_t>(stack_bottom)) - kGuardBytes) | 1 << 4;
  Register(kMpuRegionAttributes) = kGuardAttributes;
  Register(kMpuControl) = 1 << 2 | 1 << 0;
  __asm volatile("dsb\n isb");
}

void ReadFault(wire::Crash& crash) { ReadFaultRegisters(crash); }

}  // namespace thimble::firmware
