// Runs a program of random_program.h in QEMU.
#ifndef THIMBLE_SIMULATOR_ORACLE_QEMU_GUEST_H_
#define THIMBLE_SIMULATOR_ORACLE_QEMU_GUEST_H_

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "base/error.h"

namespace thimble::simulator::oracle {

/// What lies in the board's PSRAM once `guest` (oracle_guest.elf) has run what `program` puts there. The memory is
/// shared with QEMU, so nothing is copied while it runs. kDeviceFailed: QEMU ended, or the guest did not in
/// `timeout_ms`.
Expected<std::vector<std::byte>> RunInQemu(const std::filesystem::path& guest, std::span<const std::byte> program,
                                           int timeout_ms = 120'000);

}  // namespace thimble::simulator::oracle

#endif  // THIMBLE_SIMULATOR_ORACLE_QEMU_GUEST_H_
