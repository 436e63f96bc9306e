// Programs for boards by their name: those that are built with the device libraries, and those around somebody's model.
#ifndef THIMBLE_CLI_FIRMWARE_IMAGE_H_
#define THIMBLE_CLI_FIRMWARE_IMAGE_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/temporary_folder.h"

namespace thimble::cli {

struct FirmwareImageOptions {
  std::string name;     ///< "sensor_dump", "hello_world", "impulse", or another program of the device build
  std::string impulse;  ///< folder with impulse.json and its model; empty: where `thimble hello` or `demo` put it here
  std::string board = "az3166";
};

/// An ELF that is there as long as this object.
struct FirmwareImage {
  std::filesystem::path elf;
  std::string what;                                   ///< one sentence
  std::optional<compiler::TemporaryFolder> built_in;  ///< nothing: it belongs to the device build
};

/// The names that there are for the board now.
std::vector<std::string> FirmwareNames(const std::string& board);

/// Finds the program, or builds it around its model.
///
///   kNotFound      no such program, board, device build or impulse; the sentence says what there is and what to run
///   kUnsupported   the impulse's axes are none that the board has
///   others         as compiler::BuildFirmware and BoundImpulse::Bind
Expected<FirmwareImage> MakeFirmwareImage(const FirmwareImageOptions& options);

/// The bytes from the first to the last that the program has in flash: what a .bin is.
Expected<std::vector<std::byte>> RawImage(const std::filesystem::path& elf, const std::string& board);

}  // namespace thimble::cli

#endif  // THIMBLE_CLI_FIRMWARE_IMAGE_H_
