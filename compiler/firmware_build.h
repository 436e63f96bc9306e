// Compiles what emit.h wrote with the cross-compiler and links it with the prepared libraries into firmware.
#ifndef THIMBLE_COMPILER_FIRMWARE_BUILD_H_
#define THIMBLE_COMPILER_FIRMWARE_BUILD_H_

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::compiler {

/// The build directory of preset "device": what the environment variable THIMBLE_DEVICE_DIR names, or else the folder
/// "device" beside the running program or beside one of the folders around it. Empty when there is none.
std::filesystem::path DefaultDeviceDirectory();

/// The board that DefaultDeviceDirectory() is built for.
inline constexpr const char* kUsualBoard = "mps2_an386";

/// The build directory for `board`: DefaultDeviceDirectory(), or "device-NAME" beside it. Empty when there is none.
std::filesystem::path DeviceDirectoryOf(const std::string& board);

struct FirmwareOptions {
  std::filesystem::path folder;  ///< holds the sources; firmware.elf is written there
  /// Without ".cc". The constants of "model" are what is counted as the model.
  std::vector<std::string> sources = {"model", "impulse"};
  /// Library of firmware/ around them. Empty: none, and no board; the program begins with `extern "C" void Measure()`,
  /// is for measuring what it takes, and runs nowhere.
  std::string application = "impulse_application";
  std::filesystem::path device_directory = DefaultDeviceDirectory();
  std::string board = kUsualBoard;
  std::string compiler = "arm-none-eabi-g++";
};

/// A linked program, and what it takes of the board's memory.
struct Firmware {
  std::filesystem::path elf;
  size_t flash_code_bytes = 0;   ///< instructions, constants, start values: all but the model
  size_t flash_model_bytes = 0;  ///< the .tflite, or what was made of it
  size_t ram_bytes = 0;          ///< stack, variables and arena
  size_t stack_bytes = 0;        ///< that are in it
};

/// Compiles and links the application around the sources in the folder. Object files go to a temporary folder
/// and away again; the ELF names no path of this machine.
///
///   kNotFound   the cross-compiler, the device build or a source is missing
///   kFailed     it does not compile, link, or fit the board, with what the compiler said
Expected<Firmware> BuildFirmware(const FirmwareOptions& options);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_FIRMWARE_BUILD_H_
