// The memory protection unit of Armv7-M with eight regions (DDI0403, section B3.5), and the default memory map below
// it.
#ifndef THIMBLE_SIMULATOR_CORTEX_M4_MPU_H_
#define THIMBLE_SIMULATOR_CORTEX_M4_MPU_H_

#include <cstdint>

namespace thimble::simulator {

/// What a program may do at an address.
struct Permission {
  bool read = false;
  bool write = false;
  bool execute = false;

  bool operator==(const Permission&) const = default;
};

struct MpuState {
  uint32_t control;  ///< MPU_CTRL: bit 0 on, bit 1 also in HardFault and NMI, bit 2 default map for privileged code
  uint32_t region;   ///< MPU_RNR
  struct Region {
    uint32_t base;        ///< MPU_RBAR without VALID and REGION
    uint32_t attributes;  ///< MPU_RASR
  } regions[8];
};

/// What `state` allows at `address`. `ignores_mpu`: in HardFault, NMI or with FAULTMASK while MPU_CTRL.HFNMIENA is 0.
/// Of several regions that hold the address, the one with the highest number decides, subregions switched off aside.
Permission PermissionAt(const MpuState& state, uint32_t address, bool privileged, bool ignores_mpu);

/// Whether all `bytes` (a power of two) at `address`, a multiple of `bytes`, have the same permission, whatever
/// privilege asks.
bool IsUniform(const MpuState& state, uint32_t address, uint32_t bytes);

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_CORTEX_M4_MPU_H_
