// `thimble flash`: a program onto a board, real or virtual, and the proof that it is there.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bridge/flash/flash_kit.h"
#include "cli/board_name.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"

namespace thimble::cli {
namespace {

using bridge::FlashReport;

constexpr const char* kKit = "az3166";

Expected<FlashReport> Flash(const bridge::KitImage& image, const FlashOptions& options,
                            const bridge::FlashRequest& request) {
  if (!options.virtual_image.empty()) return bridge::FlashVirtual(image, options.virtual_image, request);
  const bridge::OpenOcdOptions openocd;
  const bridge::DriveOptions drive;
  if (options.by == "openocd") return bridge::FlashByOpenOcd(image, openocd, request);
  if (options.by == "drive") return bridge::FlashByDrive(image, drive, request);
  // OpenOCD reads back what it wrote; the drive needs no installation.
  auto report = bridge::FlashByOpenOcd(image, openocd, request);
  if (report || report.error().status != Status::kNotFound) return report;
  if (bridge::FindVolume(drive.volume, drive.mounts).empty()) {
    return Error{Status::kNotFound,
                 "no kit is here to flash: openocd is not installed ('sudo apt-get install openocd'), and no drive " +
                     drive.volume + " is mounted; plug the kit in (without one: --virtual board.flash)"};
  }
  return bridge::FlashByDrive(image, drive, request);
}

}  // namespace

Outcome FlashBoard(const FlashOptions& options) {
  THIMBLE_ASSIGN(const firmware::Board* board, BoardOfName(options.board));
  if (std::string_view(board->name) != kKit) {
    return {Status::kUnsupported, options.board + ": there is no way to flash this board, only " + kKit +
                                      "; QEMU runs the others without (thimble prove, thimble bench)"};
  }
  THIMBLE_ASSIGN(const bridge::KitImage image, bridge::LoadKitImage(options.file));
  const Style err = StyleOf(stderr);
  bridge::FlashRequest request;
  request.dry_run = options.dry_run;
  request.cancelled = &InterruptFlag();
  request.say = [&](const std::string& text) {
    if (!options.common.quiet) std::fprintf(stderr, "%s\n", err.Plain(Printable(text)).c_str());
  };
  THIMBLE_ASSIGN(const FlashReport report, Flash(image, options, request));
  if (options.common.json) {
    const nlohmann::ordered_json object = {
        {"board", board->name},       {"file", options.file},        {"how", report.how},    {"bytes", report.bytes},
        {"dry_run", options.dry_run}, {"verified", report.verified}, {"steps", report.steps}};
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return Nothing{};
  }
  if (options.dry_run) {
    std::printf("would do:\n");
    for (const std::string& step : report.steps) std::printf("  %s\n", Printable(step).c_str());
  } else {
    std::printf("%s: %s bytes, %s\n", Printable(options.file).c_str(),
                Thousands(static_cast<long long>(report.bytes)).c_str(), Printable(report.steps.back()).c_str());
  }
  return Nothing{};
}

}  // namespace thimble::cli
