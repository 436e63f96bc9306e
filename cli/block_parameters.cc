#include "cli/block_parameters.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace thimble::cli {

using Json = nlohmann::ordered_json;
using compiler::BlockParameter;
using compiler::BlockParams;

Expected<BlockParams> BlockNamed(const std::string& name) {
  BlockParams params = compiler::DefaultParams(name);
  if (std::holds_alternative<std::monostate>(params)) {
    return {Status::kNotFound, name + ": there is no such block; there are " + compiler::BlockNames()};
  }
  return params;
}

Outcome SetParameters(const std::vector<std::string>& pairs, BlockParams& params) {
  const std::vector<BlockParameter> known = compiler::ParametersOf(params);
  Json object = Json::object();
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return {Status::kInvalidArgument, "--param " + pair + ": write name=value, as in fft-length=64"};
    }
    const std::string name = pair.substr(0, equals);
    const std::string value = pair.substr(equals + 1);
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.field.name == name; });
    if (found == known.end()) {
      std::string names;
      for (const BlockParameter& one : known) names += (names.empty() ? "" : ", ") + std::string(one.field.name);
      return {Status::kInvalidArgument,
              "--param " + pair + ": " + compiler::BlockOf(params).name + " has no such parameter; it has " + names};
    }
    // Choices are texts, whatever they look like ("3"); the rest is JSON as it stands, or a text that is refused.
    Json json = found->kind == BlockParameter::Kind::kChoice ? Json(value) : Json::parse(value, nullptr, false);
    object[name] = json.is_discarded() ? Json(value) : std::move(json);
  }
  const Outcome read =
      compiler::ReadParameters("--param", object.dump(-1, ' ', false, Json::error_handler_t::replace), params);
  if (!read.ok()) return {Status::kInvalidArgument, read.error().message};
  return Nothing{};
}

}  // namespace thimble::cli
