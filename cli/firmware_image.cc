#include "cli/firmware_image.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "cli/board_name.h"
#include "cli/plan_options.h"
#include "compiler/compile.h"
#include "compiler/emit_plan.h"
#include "compiler/firmware_build.h"
#include "compiler/impulse_file.h"
#include "compiler/impulse_firmware.h"
#include "compiler/model_file.h"
#include "simulator/program.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHello = "hello_world";
constexpr const char* kImpulse = "impulse";
constexpr const char* kFramed = "impulse_application";

bool HasLibrary(const fs::path& device, const char* name) {
  std::error_code error;
  return fs::exists(device / "lib" / ("lib" + std::string(name) + ".a"), error);
}

Outcome Write(const fs::path& file, std::string_view text) {
  if ((std::ofstream(file, std::ios::binary) << text).flush()) return Nothing{};
  return {Status::kFailed, file.string() + ": cannot be written; is the disk full?"};
}

struct Results {
  compiler::ImpulseDescription description;
  AlignedMemory model;
};

/// `usual`: the folder that the command which makes such results uses.
Expected<Results> ReadResults(const std::string& folder, const std::string& usual, const std::string& command) {
  const fs::path place = folder.empty() ? usual : folder;
  const fs::path file = place / "impulse.json";
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open()) {
    return {Status::kNotFound, file.string() + ": no such file; run '" + command +
                                   "' here first, or name its folder of results with --impulse"};
  }
  Results results;
  THIMBLE_ASSIGN(results.description, compiler::ParseImpulse(file.string(), text));
  if (results.description.has_network()) {
    THIMBLE_ASSIGN(results.model, compiler::ReadTflite(place / results.description.model_file));
  }
  return results;
}

Expected<compiler::Firmware> BuildHello(const Results& results, const firmware::Board& board,
                                        const compiler::FirmwareOptions& build) {
  compiler::CompileOptions compile;
  compile.name = kHello;
  THIMBLE_ASSIGN(compile.target, TargetOfCore(board.core));
  THIMBLE_ASSIGN(const compiler::Plan plan, compiler::Compile(results.model.span(), compile));
  const compiler::EmittedPlan emitted = compiler::EmitPlan(plan, "model.h");
  THIMBLE_EXPECT(Write(build.folder / "model.h", emitted.header));
  THIMBLE_EXPECT(Write(build.folder / "model.cc", emitted.source));
  THIMBLE_EXPECT(Write(build.folder / "linked.cc", compiler::EmitLinkedPlan(plan, "model.h")));
  compiler::FirmwareOptions options = build;
  options.sources = {"model", "linked"};
  options.application = "hello_world_application";
  return compiler::BuildFirmware(options);
}

}  // namespace

std::vector<std::string> FirmwareNames(const std::string& board) {
  std::vector<std::string> names = {kHello, kImpulse};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(compiler::DeviceDirectoryOf(board), error)) {
    if (entry.path().extension() == ".elf") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Expected<FirmwareImage> MakeFirmwareImage(const FirmwareImageOptions& options) {
  THIMBLE_ASSIGN(const firmware::Board* board, BoardOfName(options.board));
  const fs::path device = compiler::DeviceDirectoryOf(options.board);
  if (options.name != kHello && options.name != kImpulse) {
    const std::vector<std::string> names = FirmwareNames(options.board);
    if (std::find(names.begin(), names.end(), options.name) == names.end()) {
      std::string list;
      for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
      return {Status::kNotFound, options.name + ": no such file, and no such program for " + options.board +
                                     "; there are " + list +
                                     (HasLibrary(device, kFramed) ? "" : " (./run build builds all of them)")};
    }
    return FirmwareImage{
        .elf = device / (options.name + ".elf"), .what = options.name + " for " + options.board, .built_in = {}};
  }
  const bool hello = options.name == kHello;
  THIMBLE_ASSIGN(const Results results, ReadResults(options.impulse, hello ? "thimble-hello" : "thimble-demo",
                                                    hello ? "thimble hello" : "thimble demo"));
  THIMBLE_ASSIGN(compiler::TemporaryFolder folder, compiler::TemporaryFolder::Make());
  const compiler::FirmwareOptions build{.folder = folder.path(), .device_directory = device, .board = options.board};
  THIMBLE_ASSIGN(const compiler::Firmware firmware,
                 hello ? BuildHello(results, *board, build)
                       : compiler::BuildImpulseFirmware(results.description, results.model.span(), build));
  const std::string bytes = std::to_string(firmware.flash_code_bytes + firmware.flash_model_bytes) +
                            " bytes of flash, " + std::to_string(firmware.ram_bytes) + " bytes of RAM";
  FirmwareImage image{.elf = firmware.elf,
                      .what = options.name + " for " + options.board + ": " + results.description.name + ", " + bytes,
                      .built_in = {}};
  image.built_in.emplace(std::move(folder));
  return image;
}

Expected<std::vector<std::byte>> RawImage(const fs::path& elf, const std::string& board_name) {
  THIMBLE_ASSIGN(const firmware::Board* board, BoardOfName(board_name));
  THIMBLE_ASSIGN(const simulator::Program program, simulator::LoadProgram(elf, *board));
  return simulator::RawImage(program, *board);
}

}  // namespace thimble::cli
