// Programs onto an AZ3166: by OpenOCD and its debug port, by the drive that it shows on USB, or into a virtual one's
// file.
#ifndef THIMBLE_BRIDGE_FLASH_FLASH_KIT_H_
#define THIMBLE_BRIDGE_FLASH_FLASH_KIT_H_

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "simulator/program.h"

namespace thimble::bridge {

/// A program that belongs on the kit, and the raw bytes that go to the beginning of its application flash.
struct KitImage {
  simulator::Program program;
  std::vector<std::byte> raw;
};

/// Reads an ELF or a .bin. What is linked for other boards, or lies where the kit's boot loader is, is refused with
/// what is wrong. Errors as simulator::LoadProgram's.
Expected<KitImage> LoadKitImage(const std::filesystem::path& file);

/// What was done, or would be.
struct FlashReport {
  std::string how;                 ///< "openocd", "drive" or "virtual"
  std::vector<std::string> steps;  ///< sentences, or the command itself
  bool verified = false;           ///< what is in flash was compared with the image
  size_t bytes = 0;
};

struct OpenOcdOptions {
  std::string program = "openocd";
  int timeout_ms = 120'000;
};

struct DriveOptions {
  std::string volume = "AZ3166";
  std::filesystem::path mounts = "/proc/mounts";
  int timeout_ms = 60'000;  ///< for the drive to come back
  int leaving_ms = 5'000;   ///< after so long without vanishing, the drive is taken to have stayed
};

struct FlashRequest {
  bool dry_run = false;
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(const std::string&)> say;
};

/// `openocd -f interface/stlink.cfg -f target/stm32f4x.cfg -c "program … verify reset exit 0x0800C000"`.
///
///   kNotFound            OpenOCD is not installed
///   kDeviceFailed        it finds no kit, fails, or takes too long; with what it said
///   kVerificationFailed  what it read back is not what it wrote
Expected<FlashReport> FlashByOpenOcd(const KitImage& image, const OpenOcdOptions& options, const FlashRequest& request);

/// Copies the image onto the kit's drive, waits until the drive has come back, and looks for FAIL.TXT. The drive cannot
/// be read back: the kit's interface chip compares, and reports only failures.
///
///   kNotFound       no such drive is mounted
///   kDeviceFailed   the kit refused the image (with what FAIL.TXT says), or its drive does not come back
///   kFailed         the drive cannot be written
Expected<FlashReport> FlashByDrive(const KitImage& image, const DriveOptions& options, const FlashRequest& request);

/// Where a volume of that name is mounted; empty: nowhere.
std::filesystem::path FindVolume(const std::string& volume, const std::filesystem::path& mounts);

/// Into the flash image of a virtual board, made when it is not there; read back and compared.
Expected<FlashReport> FlashVirtual(const KitImage& image, const std::filesystem::path& file,
                                   const FlashRequest& request);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_FLASH_FLASH_KIT_H_
