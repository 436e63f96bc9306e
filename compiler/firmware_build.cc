#include "compiler/firmware_build.h"

#include <elf.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/around_program.h"
#include "compiler/command.h"
#include "compiler/temporary_folder.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFlagsFile = "compile_flags.txt";  // firmware/CMakeLists.txt writes it

Expected<Command> StartCompiler(const FirmwareOptions& options, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), options.compiler);
  auto command = Command::Start(std::move(arguments));
  if (!command.ok() && command.error().status == Status::kNotFound) {
    return {Status::kNotFound, options.compiler +
                                   " is not installed; on Debian: sudo apt-get install gcc-arm-none-eabi "
                                   "libstdc++-arm-none-eabi-newlib"};
  }
  return command;
}

Outcome Finish(Command& command, const std::string& what, const FirmwareOptions& options) {
  const Command::Ending ending = command.Wait();
  if (ending.succeeded) return Nothing{};
  // The linker's complaint about a full memory is the one that a user can cause.
  if (ending.output.find("overflowed by") != std::string::npos) {
    return {Status::kFailed, what + ": the program does not fit the board " + options.board +
                                 "; choose a smaller network or window. The linker says:\n" + ending.output};
  }
  return {Status::kFailed, what + ": " + options.compiler + " says:\n" + ending.output};
}

/// What the sections of the ELF take. The file was written by our own linker, yet a full disk can cut it.
Outcome Measure(Firmware& firmware) {
  std::ifstream file(firmware.elf, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto at = [&](size_t offset, auto& value) {
    if (offset > bytes.size() || sizeof value > bytes.size() - offset) return false;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return true;
  };
  const Error damaged{Status::kDataLoss, firmware.elf.string() + ": the linker wrote no whole ELF; is the disk full?"};
  Elf32_Ehdr header;
  Elf32_Shdr names;
  if (!at(0, header) || !at(header.e_shoff + size_t{header.e_shstrndx} * sizeof names, names)) return damaged;
  for (size_t i = 0; i < header.e_shnum; ++i) {
    Elf32_Shdr section;
    if (!at(header.e_shoff + i * sizeof section, section)) return damaged;
    if ((section.sh_flags & SHF_ALLOC) == 0) continue;
    const size_t name_at = size_t{names.sh_offset} + section.sh_name;
    const std::string_view name = name_at < bytes.size() ? std::string_view(bytes.c_str() + name_at) : "";
    if (name == ".model") {
      firmware.flash_model_bytes += section.sh_size;
    } else if (section.sh_type != SHT_NOBITS) {
      firmware.flash_code_bytes += section.sh_size;
    }
    if ((section.sh_flags & SHF_WRITE) != 0) firmware.ram_bytes += section.sh_size;
    if (name == ".stack") firmware.stack_bytes += section.sh_size;
  }
  return Nothing{};
}

}  // namespace

fs::path DefaultDeviceDirectory() {
  if (const char* named = std::getenv("THIMBLE_DEVICE_DIR"); named != nullptr && *named != '\0') return named;
  return FindAroundProgram(fs::path("device") / kFlagsFile).parent_path();
}

fs::path DeviceDirectoryOf(const std::string& board) {
  const fs::path usual = DefaultDeviceDirectory();
  return board == kUsualBoard || usual.empty() ? usual : usual.parent_path() / ("device-" + board);
}

Expected<Firmware> BuildFirmware(const FirmwareOptions& options) {
  const fs::path& device = options.device_directory;
  std::error_code error;
  const std::string needed = "lib" + (options.application.empty() ? "runtime" : options.application) + ".a";
  if (device.empty() || !fs::exists(device / "lib" / needed, error)) {
    return {Status::kNotFound, (device.empty() ? std::string("the device build") : device.string()) +
                                   ": the libraries for the microcontroller are missing; run ./run build (./run build "
                                   "boards for other boards), or set THIMBLE_DEVICE_DIR to the build directory of "
                                   "preset 'device'"};
  }
  for (const std::string& source : options.sources) {
    const fs::path path = options.folder / (source + ".cc");
    if (!fs::exists(path, error)) return {Status::kNotFound, path.string() + ": no such file"};
  }
  THIMBLE_ASSIGN(const TemporaryFolder objects, TemporaryFolder::Make());
  const std::string flags = "@" + (device / kFlagsFile).string();
  const std::string root = (device / "device_root").string();

  std::vector<Command> compiling;
  for (const std::string& source : options.sources) {
    THIMBLE_ASSIGN(Command command, StartCompiler(options, {flags, "-I" + root, "-I" + (device / "generated").string(),
                                                            "-c", (options.folder / (source + ".cc")).string(), "-o",
                                                            (objects.path() / (source + ".o")).string()}));
    compiling.push_back(std::move(command));
  }
  for (size_t i = 0; i < compiling.size(); ++i) {
    THIMBLE_EXPECT(Finish(compiling[i], options.sources[i] + ".cc", options));
  }

  Firmware firmware{.elf = options.folder / "firmware.elf"};
  std::vector<std::string> arguments = {flags,
                                        "--specs=nano.specs",
                                        "-nostartfiles",
                                        "-Wl,--gc-sections,--strip-debug",
                                        "-L" + root,
                                        "-L" + (device / "lib").string(),
                                        "-T",
                                        "firmware/boards/" + options.board + "/board.ld"};
  for (const std::string& source : options.sources) arguments.push_back((objects.path() / (source + ".o")).string());
  if (options.application.empty()) {
    // What the C library wants of an operating system is not there, and nothing that is measured asks for it.
    arguments.insert(arguments.end(), {"--specs=nosys.specs", "-Wl,--entry=Measure,--undefined=Measure,--no-warnings"});
  } else {
    // The whole application and board: nothing but the linker script refers to them.
    arguments.insert(arguments.end(), {"-Wl,--whole-archive", "-l" + options.application, "-lboard_" + options.board,
                                       "-Wl,--no-whole-archive"});
  }
  for (const char* library : {"runtime", "steps", "kernels", "dsp", "wire", "base"}) {
    arguments.push_back(std::string("-l") + library);
  }
  arguments.insert(arguments.end(), {"-o", firmware.elf.string()});
  THIMBLE_ASSIGN(Command linking, StartCompiler(options, std::move(arguments)));
  THIMBLE_EXPECT(Finish(linking, "firmware.elf", options));
  THIMBLE_EXPECT(Measure(firmware));
  return firmware;
}

}  // namespace thimble::compiler
