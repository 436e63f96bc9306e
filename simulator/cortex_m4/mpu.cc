#include "simulator/cortex_m4/mpu.h"

namespace thimble::simulator {
namespace {

constexpr int kRegions = 8;
constexpr uint32_t kSmallestRegion = 32;

/// How a block of addresses lies to a region.
enum class Cover : uint8_t { kNone, kPartly, kWhole };

/// Below the regions: XN where the default memory map has devices (DDI0403, table B3-1).
constexpr Permission DefaultPermission(uint32_t address) {
  constexpr uint32_t kExecutableEighths = 0b0001'1011;  // code, SRAM, external RAM twice
  return {.read = true, .write = true, .execute = (kExecutableEighths >> (address >> 29) & 1) != 0};
}

/// The MPU never governs the private peripheral bus (DDI0403, B3.5.1): it has rules of its own.
constexpr bool IsPrivatePeripheralBus(uint32_t address) { return address >> 20 == 0xE00; }

/// RASR's AP and XN (DDI0403, table B3-15). AP 0b100 is reserved and lets nothing through.
Permission RegionPermission(const MpuState::Region& region, uint32_t address, bool privileged) {
  constexpr uint8_t kPrivilegedReads = 0b1110'1110, kPrivilegedWrites = 0b0000'1110;
  constexpr uint8_t kUserReads = 0b1100'1100, kUserWrites = 0b0000'1000;
  const uint32_t access = region.attributes >> 24 & 7;
  const bool read = ((privileged ? kPrivilegedReads : kUserReads) >> access & 1) != 0;
  const bool write = ((privileged ? kPrivilegedWrites : kUserWrites) >> access & 1) != 0;
  const bool never_execute = (region.attributes >> 28 & 1) != 0 || address >> 29 == 7;
  return {.read = read, .write = write, .execute = read && !never_execute};
}

/// The region's size as a power of two, 5 to 32; 0 for a region that is off. The sizes below 32 bytes are reserved and
/// match nothing.
uint32_t SizeBits(const MpuState::Region& region) {
  if ((region.attributes & 1) == 0) return 0;
  const uint32_t bits = (region.attributes >> 1 & 31) + 1;
  return bits < 5 ? 0 : bits;
}

/// Base bits below the region's size do not take part in the comparison, as DDI0403's pseudocode has it. (QEMU 7.2
/// switches a region off whose base is not a multiple of its size.)
bool Holds(const MpuState::Region& region, uint32_t bits, uint32_t address) {
  if (bits < 32 && (address ^ region.base) >> bits != 0) return false;
  if (bits < 8) return true;  // too small for subregions
  const uint32_t subregion = address >> (bits - 3) & 7;
  return (region.attributes >> (8 + subregion) & 1) == 0;
}

/// The same question about `bytes` (a power of two from 32) at `address`.
Cover CoverOf(const MpuState::Region& region, uint32_t bits, uint32_t address, uint32_t bytes) {
  const uint32_t first_differing = address ^ region.base;
  if (bits < 32 && bytes > uint32_t{1} << bits) {
    return (first_differing & ~(bytes - 1)) == 0 ? Cover::kPartly : Cover::kNone;
  }
  if (bits < 32 && first_differing >> bits != 0) return Cover::kNone;
  if (bits >= 8 && bytes > uint32_t{1} << (bits - 3)) {
    const uint32_t disabled = region.attributes >> 8 & 0xFF;
    return disabled == 0 ? Cover::kWhole : disabled == 0xFF ? Cover::kNone : Cover::kPartly;
  }
  return Holds(region, bits, address) ? Cover::kWhole : Cover::kNone;
}

/// For somebody privileged and for somebody who is not.
struct Permissions {
  Permission privileged, unprivileged;

  bool operator==(const Permissions&) const = default;
};

/// Halves the block until no border runs through it. Borders are few, so that this soon ends.
bool FindUniform(const MpuState& state, uint32_t address, uint32_t bytes, Permissions& permissions) {
  const bool on = (state.control & 1) != 0;
  // What the default map and the private peripheral bus cut.
  bool cut = bytes > 1u << 29 || (bytes > 1u << 20 && address <= 0xE000'0000 && 0xE000'0000 - address < bytes);
  if (on && !cut && !IsPrivatePeripheralBus(address)) {
    for (int i = kRegions - 1; i >= 0 && !cut; --i) {
      const uint32_t bits = SizeBits(state.regions[i]);
      if (bits == 0) continue;
      const Cover cover = CoverOf(state.regions[i], bits, address, bytes);
      if (cover == Cover::kWhole) break;
      cut = cover == Cover::kPartly;
    }
  }
  if (!cut) {
    permissions = {PermissionAt(state, address, true, false), PermissionAt(state, address, false, false)};
    return true;
  }
  Permissions upper;
  return FindUniform(state, address, bytes / 2, permissions) &&
         FindUniform(state, address + bytes / 2, bytes / 2, upper) && permissions == upper;
}

}  // namespace

Permission PermissionAt(const MpuState& state, uint32_t address, bool privileged, bool ignores_mpu) {
  if ((state.control & 1) == 0 || ignores_mpu || IsPrivatePeripheralBus(address)) return DefaultPermission(address);
  for (int i = kRegions - 1; i >= 0; --i) {
    const MpuState::Region& region = state.regions[i];
    const uint32_t bits = SizeBits(region);
    if (bits != 0 && Holds(region, bits, address)) return RegionPermission(region, address, privileged);
  }
  return privileged && (state.control & 4) != 0 ? DefaultPermission(address) : Permission{};
}

bool IsUniform(const MpuState& state, uint32_t address, uint32_t bytes) {
  // Within 32 bytes there are no borders.
  if (bytes <= kSmallestRegion) return true;
  Permissions permissions;
  return FindUniform(state, address, bytes, permissions);
}

}  // namespace thimble::simulator
