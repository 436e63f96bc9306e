#include "cli/export_eim.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "cli/output_files.h"
#include "cli/terminal.h"
#include "compiler/compile.h"
#include "compiler/model_file.h"
#include "runner/eim_file.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;

Expected<runner::Eim> ReadImpulse(const fs::path& named) {
  constexpr const char* kImpulse = "impulse.json";
  const fs::path folder = fs::is_directory(named) ? named : named.parent_path();
  const fs::path path = folder / kImpulse;
  std::ifstream file(path, std::ios::binary);
  if (!file || !fs::exists(named)) {
    return {Status::kNotFound,
            (file ? named : path).string() + ": no such file; name the folder that thimble train wrote"};
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  runner::Eim eim;
  THIMBLE_ASSIGN(eim.impulse, compiler::ParseImpulse(path.string(), text));
  if (!eim.impulse.has_network()) return eim;
  if (folder != named && named.filename() != kImpulse) eim.impulse.model_file = named.filename();
  THIMBLE_ASSIGN(eim.model, compiler::ReadTflite(folder / eim.impulse.model_file));
  return eim;
}

}  // namespace

Outcome ExportEim(const ExportOptions& options) {
  if (!options.labels.empty() || !options.target.empty()) {
    return {Status::kInvalidArgument,
            "a .eim is all that impulse.json says, as it is; leave out --labels and --target"};
  }
  THIMBLE_ASSIGN(runner::Eim eim, ReadImpulse(options.model));
  if (!options.name.empty()) eim.impulse.name = options.name;
  eim.origin = {.project = eim.impulse.name, .owner = "local"};
  THIMBLE_ASSIGN(const std::string program, runner::ReadProgram());
  THIMBLE_ASSIGN(const std::string bytes, runner::WriteEim(program, eim.origin, eim.impulse, eim.model.span()));
  const fs::path out = fs::is_directory(options.out)
                           ? fs::path(options.out) / (compiler::IdentifierOf(eim.impulse.name) + ".eim")
                           : fs::path(options.out);
  OutputFiles files;
  THIMBLE_EXPECT(files.Add(out, bytes));
  THIMBLE_EXPECT(files.Commit());
  std::error_code error;
  constexpr auto kMayRun = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  fs::permissions(out, kMayRun, fs::perm_options::add, error);
  if (error) return {Status::kFailed, out.string() + ": cannot be made a program: " + error.message()};

  if (options.common.json) {
    const nlohmann::ordered_json object = {{"model", options.model},
                                           {"kind", options.kind},
                                           {"name", eim.impulse.name},
                                           {"out", out.string()},
                                           {"target", runner::kTarget},
                                           {"bytes", bytes.size()},
                                           {"model_bytes", eim.model.span().size()}};
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else if (!options.common.quiet) {
    const Style style = StyleOf(stdout);
    const std::string file = Printable(out.string());
    std::printf("%s\n\n  %s\n", style.Bold(file).c_str(),
                style
                    .Plain(Printable(eim.impulse.name) + ": " + Thousands(static_cast<long long>(bytes.size())) +
                           " bytes, for any Linux of this kind of processor\n  try it with: edge-impulse-linux-runner "
                           "--model-file " +
                           file + " --run-http-server 1337")
                    .c_str());
  }
  return Nothing{};
}

}  // namespace thimble::cli
