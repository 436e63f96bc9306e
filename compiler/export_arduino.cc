// Static libraries for the cores that Arduino boards have: many of their compilers are older than C++20.
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "compiler/command.h"
#include "compiler/compile.h"
#include "compiler/export.h"
#include "compiler/temporary_folder.h"

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;

/// Code that several folders share. Folders are src/{build.mcu}[/{-mfpu}-{-mfloat-abi}] as Arduino's library
/// specification has them. A folder of a core with FPU flags that holds libraries itself would be taken for flags that
/// are not listed, and not link: there is none.
struct CoreBuild {
  bool dsp;  ///< which plan
  std::vector<std::string> flags;
  std::vector<std::string> folders;
};

const std::vector<CoreBuild>& CoreBuilds() {
  static const auto& builds = *new std::vector<CoreBuild>{
      {false, {"-mcpu=cortex-m0plus"}, {"cortex-m0", "cortex-m0plus"}},
      {false, {"-mcpu=cortex-m3"}, {"cortex-m3"}},
      // Cores that differ in what neither our code nor the compiler uses.
      {true,
       {"-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"},
       {"cortex-m4/fpv4-sp-d16-hard", "cortex-m7/fpv4-sp-d16-hard", "cortex-m7/fpv5-sp-d16-hard",
        "cortex-m7/fpv5-d16-hard"}},
      {true,
       {"-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=softfp"},
       {"cortex-m4/fpv4-sp-d16-softfp", "cortex-m7/fpv4-sp-d16-softfp", "cortex-m7/fpv5-sp-d16-softfp",
        "cortex-m7/fpv5-d16-softfp"}},
      {true,
       {"-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"},
       {"cortex-m33/fpv5-sp-d16-hard", "cortex-m33/fpv4-sp-d16-hard"}},
      {true,
       {"-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-mfloat-abi=softfp"},
       {"cortex-m33/fpv5-sp-d16-softfp", "cortex-m33/fpv4-sp-d16-softfp"}},
  };
  return builds;
}

Outcome WriteAll(const std::vector<ExportedFile>& files, const fs::path& folder) {
  for (const ExportedFile& file : files) {
    std::error_code error;
    fs::create_directories((folder / file.path).parent_path(), error);
    if (!(std::ofstream(folder / file.path, std::ios::binary) << file.bytes).flush()) {
      return {Status::kFailed, (folder / file.path).string() + ": cannot be written; is the disk full?"};
    }
  }
  return Nothing{};
}

Outcome Finish(Command& command, const std::string& what) {
  const Command::Ending ending = command.Wait();
  if (ending.succeeded) return Nothing{};
  return {Status::kFailed, what + ": arm-none-eabi-g++ says:\n" + ending.output};
}

class Builder {
 public:
  Builder(std::string name, const std::function<bool(double)>& progress)
      : name_(std::move(name)), progress_(progress) {}

  /// The sources of an export, written into `folder`.
  Expected<std::vector<fs::path>> Write(const Plan& plan, const ExportOptions& options, const fs::path& folder) {
    THIMBLE_ASSIGN(const std::vector<ExportedFile> files, Export(plan, options));
    THIMBLE_EXPECT(WriteAll(files, folder));
    std::vector<fs::path> sources;
    for (const ExportedFile& file : files) {
      const fs::path path = file.path;
      if (path.extension() == ".cc" || path.extension() == ".S") sources.push_back(path);
    }
    return sources;
  }

  void Expect(size_t sources) { expected_ += static_cast<double>(sources); }

  Outcome Compile(const CoreBuild& build, const fs::path& folder, const std::vector<fs::path>& sources,
                  std::vector<ExportedFile>& files) {
    THIMBLE_ASSIGN(const TemporaryFolder made, TemporaryFolder::Make());
    const fs::path library = made.path() / ("lib" + name_ + ".a");
    std::vector<std::string> archive = {"arm-none-eabi-ar", "rcsD", library.string()};
    std::vector<Command> running;
    for (size_t i = 0; i <= sources.size(); ++i) {
      // Two at a time, as there are cores on the smallest machines.
      if (running.size() == 2 || i == sources.size()) {
        for (Command& command : running) THIMBLE_EXPECT(Finish(command, build.folders[0]));
        running.clear();
      }
      if (i == sources.size()) break;
      if (!progress_(done_++ / expected_)) return {Status::kCancelled, "stopped"};
      const std::string object = (made.path() / (std::to_string(i) + ".o")).string();
      std::vector<std::string> arguments = {"arm-none-eabi-g++"};
      arguments.insert(arguments.end(), build.flags.begin(), build.flags.end());
      arguments.insert(arguments.end(), {"-mthumb", "-O2", "-ffunction-sections", "-fdata-sections",
                                         "-ffile-prefix-map=" + folder.string() + "/="});
      if (sources[i].extension() != ".S") {
        arguments.insert(arguments.end(),
                         {"-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-unwind-tables",
                          "-fno-asynchronous-unwind-tables", "-ffp-contract=off"});
      }
      arguments.insert(arguments.end(), {"-c", (folder / sources[i]).string(), "-o", object});
      THIMBLE_ASSIGN(Command command, Command::Start(std::move(arguments)));
      running.push_back(std::move(command));
      archive.push_back(object);
    }
    THIMBLE_ASSIGN(Command archiving, Command::Start(std::move(archive)));
    THIMBLE_EXPECT(Finish(archiving, library.filename().string()));
    std::ifstream file(library, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    for (const std::string& place : build.folders) {
      files.push_back({"src/" + place + "/lib" + name_ + ".a", bytes});
    }
    return Nothing{};
  }

 private:
  std::string name_;
  const std::function<bool(double)>& progress_;
  double done_ = 0, expected_ = 0;
};

}  // namespace

Expected<Precompiled> PrecompileForArduino(const Plan& dsp_plan, const Plan& plain_plan, const ExportOptions& options,
                                           const std::function<bool(double)>& progress) {
  {
    Expected<Command> asked = Command::Start({"arm-none-eabi-g++", "--version"});
    if (!asked.ok() || !asked->Wait().succeeded) {
      return Precompiled{.files = {},
                         .remark =
                             "sources only: arm-none-eabi-g++, which compiles them for the usual cores, is not "
                             "installed; on Debian: sudo apt-get install gcc-arm-none-eabi "
                             "libstdc++-arm-none-eabi-newlib"};
    }
  }
  ExportOptions sources_only = options;
  sources_only.kind = ExportKind::kC;
  THIMBLE_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make());
  Builder builder(options.name, progress);
  THIMBLE_ASSIGN(const std::vector<fs::path> dsp, builder.Write(dsp_plan, sources_only, folder.path() / "dsp"));
  THIMBLE_ASSIGN(const std::vector<fs::path> plain, builder.Write(plain_plan, sources_only, folder.path() / "plain"));
  for (const CoreBuild& build : CoreBuilds()) builder.Expect((build.dsp ? dsp : plain).size());
  Precompiled precompiled;
  for (const CoreBuild& build : CoreBuilds()) {
    THIMBLE_EXPECT(builder.Compile(build, folder.path() / (build.dsp ? "dsp" : "plain"), build.dsp ? dsp : plain,
                                   precompiled.files));
  }
  return precompiled;
}

}  // namespace thimble::compiler
