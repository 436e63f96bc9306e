// What was built along with the running program, and lies beside it or in a folder around it.
#ifndef THIMBLE_COMPILER_AROUND_PROGRAM_H_
#define THIMBLE_COMPILER_AROUND_PROGRAM_H_

#include <filesystem>

namespace thimble::compiler {

/// `path` in the running program's folder, or in the nearest one around it that has such a thing; empty when none has.
inline std::filesystem::path FindAroundProgram(const std::filesystem::path& path) {
  std::error_code error;
  for (std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
       folder.has_relative_path(); folder = folder.parent_path()) {
    if (std::filesystem::exists(folder / path, error)) return folder / path;
  }
  return {};
}

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_AROUND_PROGRAM_H_
