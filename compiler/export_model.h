// A .tflite becomes an export in one call: planned for the right cores, compiled where that helps.
#ifndef THIMBLE_COMPILER_EXPORT_MODEL_H_
#define THIMBLE_COMPILER_EXPORT_MODEL_H_

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/export.h"

namespace thimble::compiler {

struct ModelExport {
  std::vector<ExportedFile> files;  ///< by path
  size_t libraries = 0;             ///< of them, compiled
  std::string remark;               ///< why there are none, where there could be
  size_t arena_bytes = 0;
  size_t constants_bytes = 0;
};

/// Either may be empty.
struct ExportProgress {
  std::function<void(const Plan&)> planned;
  std::function<bool(double share)> compiled;  ///< of an Arduino library, see PrecompileForArduino
};

/// The export called "arduino", or kInvalidArgument with those there are.
Expected<ExportKind> ExportKindNamed(const std::string& name);

/// Plans for `compile.target` (of an Arduino library also for cores without a DSP extension) under the name of
/// `options`, and exports. Errors as Compile, Export and PrecompileForArduino.
Expected<ModelExport> ExportModel(std::span<const std::byte> model, CompileOptions compile,
                                  const ExportOptions& options, const ExportProgress& progress = {});

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EXPORT_MODEL_H_
