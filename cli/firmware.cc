// `thimble firmware`: a program for a board as files that can be flashed.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/commands.h"
#include "cli/firmware_image.h"
#include "cli/terminal.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

/// Whole or not at all.
Outcome WriteWhole(const fs::path& file, std::string_view bytes) {
  const fs::path unfinished = file.string() + ".unfinished";
  std::error_code error;
  if ((std::ofstream(unfinished, std::ios::binary) << bytes).flush()) {
    fs::rename(unfinished, file, error);
    if (!error) return Nothing{};
  }
  fs::remove(unfinished, error);
  return {Status::kFailed, file.string() + ": cannot be written; is its folder there, and the disk not full?"};
}

}  // namespace

Outcome MakeFirmware(const FirmwareOptions& options) {
  THIMBLE_ASSIGN(const FirmwareImage image,
                 MakeFirmwareImage({.name = options.name, .impulse = options.impulse, .board = options.board}));
  THIMBLE_ASSIGN(const std::vector<std::byte> raw, RawImage(image.elf, options.board));
  fs::path elf = options.out.empty() ? options.name : options.out;
  if (elf.extension() == ".elf" || elf.extension() == ".bin") elf.replace_extension();
  const fs::path bin = elf.string() + ".bin";
  elf += ".elf";
  std::ifstream stream(image.elf, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  THIMBLE_EXPECT(WriteWhole(elf, bytes));
  THIMBLE_EXPECT(WriteWhole(bin, {reinterpret_cast<const char*>(raw.data()), raw.size()}));
  if (options.common.json) {
    const nlohmann::ordered_json object = {
        {"board", options.board}, {"elf", elf.string()}, {"bin", bin.string()}, {"bin_bytes", raw.size()}};
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::fputs(StyleOf(stdout)
                   .Plain(Printable(image.what) + "\n  " + Printable(elf.string()) + "\n  " + Printable(bin.string()) +
                          "  " + Thousands(static_cast<long long>(raw.size())) + " bytes, for thimble flash\n")
                   .c_str(),
               stdout);
  }
  return Nothing{};
}

}  // namespace thimble::cli
