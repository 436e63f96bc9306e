#include "compiler/export_sources.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::compiler {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolders[] = {"base/", "kernels/", "steps/", "runtime/"};
constexpr std::string_view kInclude = "#include \"";

// They would round differently from every other machine.
constexpr const char* kNoFusedMultiplyAdd =
    "#ifdef __clang__\n#pragma clang fp contract(off)\n#elif defined(__GNUC__)\n"
    "#pragma GCC optimize(\"fp-contract=off\")\n#endif\n\n";

bool IsOurs(std::string_view path) {
  for (const std::string_view folder : kFolders) {
    if (path.starts_with(folder)) return true;
  }
  return false;
}

bool IsCpp(const fs::path& path) { return path.extension() == ".cc"; }

/// What a header declares is defined in these; sources for tests and for the compiler's side are none of them.
bool IsPartOfPrograms(const fs::path& path) {
  if (path.extension() == ".S") return true;
  const std::string stem = path.stem().string();
  return IsCpp(path) && stem != "pack" && !stem.ends_with("_test") && !stem.ends_with("_fuzz") &&
         !stem.ends_with("_benchmark");
}

/// Calls change(path) for what each line `#include "path"` names; the line then includes what it returns.
template <typename Change>
std::string ChangeIncludes(std::string_view text, Change&& change) {
  std::string changed;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const size_t end = line.find('"', kInclude.size());
    if (line.starts_with(kInclude) && end != std::string_view::npos) {
      changed += kInclude;
      changed += change(line.substr(kInclude.size(), end - kInclude.size()));
      changed += line.substr(end);
    } else {
      changed += line;
    }
    text.remove_prefix(line.size());
    if (!text.empty()) {
      changed += '\n';
      text.remove_prefix(1);
    }
  }
  return changed;
}

class Collection {
 public:
  Collection(const fs::path& root, const SourceLayout& layout) : root_(root), layout_(layout) {}

  void AddProgram(const std::string& name, const std::string& text) { Place(layout_.folder + "/" + name, text); }
  void Want(const std::string& path) { wanted_.insert(path); }

  /// Adds what is wanted until nothing is.
  Outcome AddMissing() {
    while (!wanted_.empty()) {
      const std::string path = *wanted_.begin();
      wanted_.erase(wanted_.begin());
      if (!known_.insert(path).second) continue;
      std::ifstream file(root_ / path, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      if (!file.is_open() || text.empty()) {
        return {Status::kNotFound,
                (root_ / path).string() + ": this source of Thimble is missing; build anew with ./run build"};
      }
      Place(layout_.folder + "/thimble/" + path, text);
      WantDefinitionsOf(path);
    }
    return Nothing{};
  }

  std::map<std::string, std::string> Take() && { return std::move(files_); }

 private:
  void WantDefinitionsOf(const fs::path& header) {
    if (header.extension() != ".h") return;
    const fs::path folder = header.parent_path();
    if (!folder.has_parent_path()) {  // base/arena.h, steps/step.h
      const fs::path source = fs::path(header).replace_extension(".cc");
      std::error_code error;
      if (fs::exists(root_ / source, error)) wanted_.insert(source.generic_string());
      return;
    }
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(root_ / folder, error)) {
      if (entry.is_regular_file(error) && IsPartOfPrograms(entry.path())) {
        wanted_.insert((folder / entry.path().filename()).generic_string());
      }
    }
  }

  void Place(const fs::path& path, const std::string& text) {
    const fs::path folder = path.parent_path();
    std::string whole = ChangeIncludes(text, [&](std::string_view included) -> std::string {
      if (!IsOurs(included)) return std::string(included);
      wanted_.insert(std::string(included));
      return (fs::path(layout_.folder) / "thimble" / included).lexically_relative(folder).generic_string();
    });
    fs::path written = path;
    if (IsCpp(path)) {
      whole = "#if __cplusplus <= 201703L\n#error \"" + layout_.needs + "\"\n#else\n\n" +
              (layout_.sets_flags ? "" : kNoFusedMultiplyAdd) + whole + "\n#endif\n";
      written.replace_extension(layout_.cpp_ending);
    } else if (path.extension() == ".S") {
      // Without this mark linkers for Linux fear that the program wants an executable stack.
      whole += "\n#if defined(__ELF__)\n  .section .note.GNU-stack,\"\",%progbits\n#endif\n";
    }
    files_[written.generic_string()] = std::move(whole);
  }

  const fs::path& root_;
  const SourceLayout& layout_;
  std::map<std::string, std::string> files_;
  std::set<std::string> wanted_, known_;
};

}  // namespace

Expected<std::map<std::string, std::string>> CollectSources(const fs::path& root,
                                                            const std::map<std::string, std::string>& programs,
                                                            const std::set<std::string>& besides,
                                                            const SourceLayout& layout) {
  Collection collection(root, layout);
  for (const auto& [name, text] : programs) collection.AddProgram(name, text);
  for (const std::string& path : besides) collection.Want(path);
  THIMBLE_EXPECT(collection.AddMissing());
  return std::move(collection).Take();
}

}  // namespace thimble::compiler
