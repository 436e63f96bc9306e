// Makes .eim files: what the program itself never does.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/hash.h"
#include "compiler/around_program.h"
#include "compiler/compile.h"
#include "compiler/package.h"
#include "runner/eim_file.h"
#include "runner/internal/tail.h"

namespace thimble::runner {
namespace {

namespace fs = std::filesystem;
using internal::Tail;
using Json = nlohmann::ordered_json;

std::string WriteOrigin(const Origin& origin) {
  // Both fit into kMostOriginBytes however their letters are escaped.
  constexpr size_t kMostNameBytes = internal::kMostOriginBytes / 16;
  const Json json = {{"project_id", origin.project_id},
                     {"project", origin.project.substr(0, kMostNameBytes)},
                     {"owner", origin.owner.substr(0, kMostNameBytes)},
                     {"version", origin.version}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view Characters(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Expected<std::string> ReadProgram() {
  const char* const named = std::getenv("THIMBLE_RUNNER");
  const fs::path path =
      named != nullptr && *named != '\0' ? fs::path(named) : compiler::FindAroundProgram("runner/impulse_runner");
  std::ifstream file(path, std::ios::binary);
  std::string program{std::istreambuf_iterator<char>(file), {}};
  if (!program.empty()) return program;
  return {Status::kNotFound, (path.empty() ? std::string("runner/impulse_runner") : path.string()) +
                                 ": the program that .eim files begin with is missing; run ./run build, or set "
                                 "THIMBLE_RUNNER to it"};
}

Expected<std::string> WriteEim(std::string_view program, const Origin& origin,
                               const compiler::ImpulseDescription& impulse, std::span<const std::byte> model) {
  THIMBLE_EXPECT(compiler::BoundImpulse::Bind(impulse, model));
  std::vector<std::byte> plan;
  if (impulse.has_network()) {
    compiler::CompileOptions options;
    options.target = steps::Target::kX86;
    THIMBLE_ASSIGN(const compiler::Plan compiled, compiler::Compile(model, options));
    plan = compiler::WritePackage(compiled);
  }
  const std::string origin_text = WriteOrigin(origin), impulse_text = compiler::WriteImpulse(impulse);
  std::string file(program);
  file += origin_text;
  file += impulse_text;
  file += Characters(model);
  file += Characters(plan);
  Tail tail = {.program_bytes = program.size(),
               .origin_bytes = static_cast<uint32_t>(origin_text.size()),
               .impulse_bytes = static_cast<uint32_t>(impulse_text.size()),
               .model_bytes = static_cast<uint32_t>(model.size()),
               .plan_bytes = static_cast<uint32_t>(plan.size()),
               .version = internal::kVersion,
               .reserved = 0,
               .hash = 0,
               .magic = {}};
  std::memcpy(tail.magic, internal::kMagic, sizeof tail.magic);
  const std::string_view bytes(reinterpret_cast<const char*>(&tail), sizeof tail);
  file += bytes.substr(0, offsetof(Tail, hash));
  tail.hash = Fnv1a(std::as_bytes(std::span(file)));
  file += bytes.substr(offsetof(Tail, hash));
  return file;
}

}  // namespace thimble::runner
