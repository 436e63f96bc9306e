// A planned network becomes what people drop into a project of theirs: sources, a C header, an example, a build file.
#ifndef THIMBLE_COMPILER_EXPORT_H_
#define THIMBLE_COMPILER_EXPORT_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/plan.h"

namespace thimble::compiler {

enum class ExportKind : uint8_t { kC, kArduino, kPlatformio, kCmake, kZephyr, kEspIdf };

struct ExportKindName {
  const char* name;
  ExportKind kind;
  const char* what;  ///< "an Arduino library ..."
};
inline constexpr ExportKindName kExportKinds[] = {
    {"c", ExportKind::kC, "a folder with a Makefile, for anything that a C compiler builds"},
    {"arduino", ExportKind::kArduino, "an Arduino library, compiled for the usual Arm cores, sources for all others"},
    {"platformio", ExportKind::kPlatformio, "a PlatformIO library"},
    {"cmake", ExportKind::kCmake, "a CMake package, for add_subdirectory or find_package"},
    {"zephyr", ExportKind::kZephyr, "a Zephyr module"},
    {"esp-idf", ExportKind::kEspIdf, "an ESP-IDF component"},
};

/// A file of an export, by its path from the export's folder.
struct ExportedFile {
  std::string path, bytes;
};

/// The folder that holds base/, kernels/, steps/ and runtime/ as they were when the program was built: "export_sources"
/// in the program's folder or in one around it. Empty when there is none. Newer sources could read packed weights in
/// another order than this program wrote them.
std::filesystem::path DefaultSourceRoot();

struct ExportOptions {
  ExportKind kind = ExportKind::kC;
  std::string name;                 ///< an identifier: what files and functions are called by
  std::string model_file;           ///< as the README names it
  std::vector<std::string> labels;  ///< one for each element of the only output, or none
  std::filesystem::path source_root = DefaultSourceRoot();
};

/// The export as files, without what a compiler makes of it. The same model, the same bytes. `plan` must be of
/// compiler/compile.h; its name is used for nothing that people see.
///
///   kInvalidArgument  there are not as many labels as the output has elements
///   kUnsupported      an input or output is of a type that C programs cannot fill
///   kNotFound         the sources of Thimble are not there
Expected<std::vector<ExportedFile>> Export(const Plan& plan, const ExportOptions& options);

/// Static libraries for an Arduino library, by the folders where the Arduino tools look for them.
struct Precompiled {
  std::vector<ExportedFile> files;
  std::string remark;  ///< if there are none: why
};

/// Compiles `dsp_plan` for cores with a DSP extension and `plain_plan` for those without, both as Export would write
/// them. Objects need memcpy and its like, and libgcc, and name no path of this machine. `progress(share)` is called
/// between files and may say false: kCancelled.
///
///   kFailed   the compiler refuses its input, with what it says
Expected<Precompiled> PrecompileForArduino(const Plan& dsp_plan, const Plan& plain_plan, const ExportOptions& options,
                                           const std::function<bool(double)>& progress);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EXPORT_H_
