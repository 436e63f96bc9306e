// Cortex-M33, M55 and M85: a register says how far down the stack may reach.
#include "firmware/cortex_m/core.h"
#include "firmware/cortex_m/fault_registers.h"

namespace thimble::firmware {

void SetUpCore(const uint32_t* stack_bottom) {
  SetUpFpuAndDivision();
  __asm volatile("msr msplim, %0" : : "r"(stack_bottom));
}

void ReadFault(wire::Crash& crash) { ReadFaultRegisters(crash); }

}  // namespace thimble::firmware
