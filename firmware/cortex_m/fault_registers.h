// Registers that Armv7-M and Armv8-M (Mainline) share.
#ifndef THIMBLE_FIRMWARE_CORTEX_M_FAULT_REGISTERS_H_
#define THIMBLE_FIRMWARE_CORTEX_M_FAULT_REGISTERS_H_

#include <cstdint>

#include "wire/message.h"

namespace thimble::firmware {

// Armv7-M Architecture Reference Manual (DDI0403), section B3.2; Armv8-M (DDI0553), section D1.2.
inline volatile uint32_t& Register(uint32_t address) { return *reinterpret_cast<volatile uint32_t*>(address); }
inline constexpr uint32_t kConfigurationControl = 0xe000'ed14;
inline constexpr uint32_t kDivisionByZeroFaults = 1 << 4;
inline constexpr uint32_t kCoprocessorAccess = 0xe000'ed88;
inline constexpr uint32_t kFpuAccess = 0xf << 20;

inline void SetUpFpuAndDivision() {
  Register(kCoprocessorAccess) = Register(kCoprocessorAccess) | kFpuAccess;  // before any float
  Register(kConfigurationControl) = Register(kConfigurationControl) | kDivisionByZeroFaults;
  __asm volatile("dsb\n isb");
}

inline void ReadFaultRegisters(wire::Crash& crash) {
  constexpr uint32_t kMemoryFaultAddressValid = 1 << 7;  // in CFSR
  crash.cfsr = Register(0xe000'ed28);
  crash.hfsr = Register(0xe000'ed2c);
  crash.address = Register((crash.cfsr & kMemoryFaultAddressValid) != 0 ? 0xe000'ed34 : 0xe000'ed38);
}

}  // namespace thimble::firmware

#endif  // THIMBLE_FIRMWARE_CORTEX_M_FAULT_REGISTERS_H_
