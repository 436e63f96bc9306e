// The files around the sources of an export: what each build system wants to find.
#ifndef THIMBLE_COMPILER_EXPORT_PACKAGES_H_
#define THIMBLE_COMPILER_EXPORT_PACKAGES_H_

#include <map>
#include <string>
#include <vector>

#include "compiler/export.h"
#include "compiler/export_interface.h"

namespace thimble::compiler {

struct PackageFacts {
  std::string model_file;
  int64_t ram_bytes = 0, constants_bytes = 0;
  int64_t macs = 0;
  std::string core;                  ///< what the steps were chosen for: "cortex-m4"
  std::vector<std::string> sources;  ///< paths of what is compiled
};

/// Where the header lies in an export of this kind, from its root: "include" or "src".
std::string HeaderFolder(ExportKind kind);

/// Texts by path: build files, example, README.
std::map<std::string, std::string> PackageFiles(ExportKind kind, const Interface& interface, const PackageFacts& facts);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EXPORT_PACKAGES_H_
