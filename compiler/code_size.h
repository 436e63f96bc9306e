// How much code the network of a model links, measured by linking it.
#ifndef THIMBLE_COMPILER_CODE_SIZE_H_
#define THIMBLE_COMPILER_CODE_SIZE_H_

#include <cstddef>
#include <filesystem>

#include "base/error.h"
#include "compiler/firmware_build.h"
#include "compiler/operator_use.h"

namespace thimble::compiler {

/// Bytes of instructions and constants on a Cortex-M4F of a program that loads and runs a network with these operators
/// and does nothing else: no start-up code, no board, no model. Takes about a second.
///
///   kNotFound   the cross-compiler or the device build is missing
///   kFailed     it does not compile or link, with what the compiler said
Expected<size_t> MeasureCode(const OperatorUse& operators,
                             const std::filesystem::path& device_directory = DefaultDeviceDirectory());

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_CODE_SIZE_H_
