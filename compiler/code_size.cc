#include "compiler/code_size.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "compiler/command.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCompiler = "arm-none-eabi-g++";
constexpr const char* kSizeTool = "arm-none-eabi-size";

/// The smallest program around a network. Model and arena are known to nobody, so that nothing can be left out.
std::string Source(const OperatorUse& operators) {
  return "#include \"runtime/network.h\"\n" + OperatorIncludes(operators) + "using namespace thimble;\n" +
         OperatorList(operators) +
         "struct Bytes { std::byte* first; size_t count; };\n"
         "volatile Bytes model, arena;\n"
         "extern \"C\" void Measure() {\n"
         "  runtime::Network network;\n"
         "  const Status status = network.Load({model.first, model.count}, kOperators, {arena.first, arena.count});\n"
         "  if (ok(status)) (void)network.Invoke();\n"
         "}\n";
}

Expected<std::string> Run(std::vector<std::string> arguments) {
  const std::string program = arguments.front();
  auto command = Command::Start(std::move(arguments));
  if (!command.ok()) {
    return {command.error().status, program + " is not installed; on Debian: sudo apt-get install gcc-arm-none-eabi"};
  }
  Command::Ending ending = command->Wait();
  if (!ending.succeeded) return {Status::kFailed, program + " says:\n" + ending.output};
  return std::move(ending.output);
}

Expected<size_t> MeasureIn(const fs::path& folder, const OperatorUse& operators, const fs::path& device) {
  const std::string source = (folder / "measure.cc").string();
  const std::string program = (folder / "measure.elf").string();
  if (!(std::ofstream(source) << Source(operators)).flush()) {
    return {Status::kFailed, source + ": cannot be written"};
  }
  THIMBLE_EXPECT(
      Run({kCompiler, "@" + (device / "compile_flags.txt").string(), "-I" + (device / "device_root").string(),
           "-I" + (device / "generated").string(), source, "-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs",
           "-Wl,--gc-sections,--entry=Measure,--undefined=Measure,--no-warnings", "-L" + (device / "lib").string(),
           "-lruntime", "-lkernels", "-lbase", "-o", program}));
  THIMBLE_ASSIGN(const std::string table, Run({kSizeTool, program}));
  // "   text    data     bss …" and below it the numbers.
  size_t text = 0, data = 0;
  const size_t second = table.find('\n');
  if (second == std::string::npos || std::sscanf(table.c_str() + second, "%zu %zu", &text, &data) != 2) {
    return {Status::kFailed, std::string(kSizeTool) + " answered something unexpected:\n" + table};
  }
  return text + data;
}

}  // namespace

Expected<size_t> MeasureCode(const OperatorUse& operators, const fs::path& device_directory) {
  std::error_code error;
  if (device_directory.empty() || !fs::exists(device_directory / "lib" / "libruntime.a", error)) {
    return {
        Status::kNotFound,
        "the libraries for the microcontroller are missing; run ./run build, or set THIMBLE_DEVICE_DIR to the build "
        "directory of preset 'device'"};
  }
  std::string folder = (fs::temp_directory_path(error) / "thimble_size_XXXXXX").string();
  if (error || mkdtemp(folder.data()) == nullptr) return {Status::kFailed, folder + ": cannot make a temporary folder"};
  Expected<size_t> bytes = MeasureIn(folder, operators, device_directory);
  fs::remove_all(folder, error);
  return bytes;
}

}  // namespace thimble::compiler
