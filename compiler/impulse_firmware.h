// An impulse becomes firmware for a board.
#ifndef THIMBLE_COMPILER_IMPULSE_FIRMWARE_H_
#define THIMBLE_COMPILER_IMPULSE_FIRMWARE_H_

#include <cstddef>
#include <span>

#include "base/error.h"
#include "compiler/firmware_build.h"
#include "compiler/impulse_file.h"

namespace thimble::compiler {

/// Writes the sources into `build.folder` and links them for `build.board`. On boards with a motion sensor the firmware
/// listens to it by itself; on others, and with a detector of anomalies, samples come over the serial line.
///
///   kUnsupported   the impulse's axes are none that the board has
///   others         as BuildFirmware and BoundImpulse::Bind
Expected<Firmware> BuildImpulseFirmware(const ImpulseDescription& impulse, std::span<const std::byte> model,
                                        const FirmwareOptions& build);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_IMPULSE_FIRMWARE_H_
