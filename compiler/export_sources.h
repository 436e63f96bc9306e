// The sources of ours that a program refers to, found by following its #include lines, for use in another project.
#ifndef THIMBLE_COMPILER_EXPORT_SOURCES_H_
#define THIMBLE_COMPILER_EXPORT_SOURCES_H_

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/error.h"

namespace thimble::compiler {

/// Where exported sources lie and how they are called.
struct SourceLayout {
  std::string folder = "src";      ///< of all sources
  std::string cpp_ending = ".cc";  ///< Arduino's tools want ".cpp"
  std::string needs;               ///< what #error says when the compiler is older than C++20
  bool sets_flags = true;          ///< false: the sources themselves forbid fused multiply-adds
};

/// Texts by path. `programs` are sources by their paths in the layout's folder, with #include "steps/..." as in this
/// repository. Added to them is, below <folder>/thimble/, all that they include, directly or not, and what these
/// headers declare: of a kernel or a step its whole folder, else the source beside the header; and `besides`, paths in
/// this repository of what is defined elsewhere. Every #include becomes relative to the file that it stands in, so that
/// users set no include path and two exports do not meet.
///
///   kNotFound   a file that is included is not below `root`
Expected<std::map<std::string, std::string>> CollectSources(const std::filesystem::path& root,
                                                            const std::map<std::string, std::string>& programs,
                                                            const std::set<std::string>& besides,
                                                            const SourceLayout& layout);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_EXPORT_SOURCES_H_
