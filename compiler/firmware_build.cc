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

#include "compiler/command.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFlagsFile = "compile_flags.txt";  // firmware/CMakeLists.txt writes it
constexpr const char* kSources[] = {"model", "impulse"};

/// A folder that goes away with its contents.
class TemporaryFolder {
 public:
  static Expected<TemporaryFolder> Make() {
    std::error_code error;
    std::string path = (fs::temp_directory_path(error) / "thimble_firmware_XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr) {
      return {Status::kFailed, path + ": cannot make a temporary folder: " + std::strerror(errno)};
    }
    return TemporaryFolder(path);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

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
  }
  return Nothing{};
}

}  // namespace

fs::path DefaultDeviceDirectory() {
  if (const char* named = std::getenv("THIMBLE_DEVICE_DIR"); named != nullptr && *named != '\0') return named;
  std::error_code error;
  for (fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (fs::exists(folder / "device" / kFlagsFile, error)) return folder / "device";
  }
  return {};
}

Expected<Firmware> BuildFirmware(const FirmwareOptions& options) {
  const fs::path& device = options.device_directory;
  std::error_code error;
  if (device.empty() || !fs::exists(device / "lib" / "libimpulse_application.a", error)) {
    return {Status::kNotFound, (device.empty() ? std::string("the device build") : device.string()) +
                                   ": the libraries for the microcontroller are missing; run ./run build, or set "
                                   "THIMBLE_DEVICE_DIR to the build directory of preset 'device'"};
  }
  for (const char* source : kSources) {
    const fs::path path = options.folder / (source + std::string(".cc"));
    if (!fs::exists(path, error)) return {Status::kNotFound, path.string() + ": no such file"};
  }
  THIMBLE_ASSIGN(const TemporaryFolder objects, TemporaryFolder::Make());
  const std::string flags = "@" + (device / kFlagsFile).string();
  const std::string root = (device / "device_root").string();

  std::vector<Command> compiling;
  for (const char* source : kSources) {
    THIMBLE_ASSIGN(Command command,
                   StartCompiler(options, {flags, "-I" + root, "-I" + (device / "generated").string(), "-c",
                                           (options.folder / (source + std::string(".cc"))).string(), "-o",
                                           (objects.path() / (source + std::string(".o"))).string()}));
    compiling.push_back(std::move(command));
  }
  for (size_t i = 0; i < compiling.size(); ++i) {
    THIMBLE_EXPECT(Finish(compiling[i], kSources[i] + std::string(".cc"), options));
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
  for (const char* source : kSources) arguments.push_back((objects.path() / (source + std::string(".o"))).string());
  for (const std::string& library :
       {std::string("impulse_application"), "board_" + options.board, std::string("runtime"), std::string("kernels"),
        std::string("dsp"), std::string("wire"), std::string("base")}) {
    // The whole application and board: nothing but the linker script refers to them.
    const bool whole = library == "impulse_application" || library.starts_with("board_");
    if (whole) arguments.emplace_back("-Wl,--whole-archive");
    arguments.push_back("-l" + library);
    if (whole) arguments.emplace_back("-Wl,--no-whole-archive");
  }
  arguments.insert(arguments.end(), {"-o", firmware.elf.string()});
  THIMBLE_ASSIGN(Command linking, StartCompiler(options, std::move(arguments)));
  THIMBLE_EXPECT(Finish(linking, "firmware.elf", options));
  THIMBLE_EXPECT(Measure(firmware));
  return firmware;
}

}  // namespace thimble::compiler
