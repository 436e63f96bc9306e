// Where the architectures of Cortex-M differ: one of armv6m.cc, armv7m.cc and armv8m.cc is part of a program.
#ifndef THIMBLE_FIRMWARE_CORTEX_M_CORE_H_
#define THIMBLE_FIRMWARE_CORTEX_M_CORE_H_

#include <cstdint>

#include "wire/message.h"

namespace thimble::firmware {

/// Brings up the FPU where there is one, makes division by zero a fault, and puts a guard at the lower end of the stack
/// as far as the architecture can. Runs before any variable has its value.
void SetUpCore(const uint32_t* stack_bottom);

/// What the processor knows of the fault that it is in: fills in cfsr, hfsr and address. `crash.sp` is known already.
void ReadFault(wire::Crash& crash);

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_CORTEX_M_CORE_H_
