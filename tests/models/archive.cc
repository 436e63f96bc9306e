#include "tests/models/archive.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <sstream>

#include "base/aligned_memory.h"
#include "kernels/all_operators.h"
#include "runtime/describe.h"
#include "runtime/network.h"

namespace thimble::models {
namespace fs = std::filesystem;
namespace {

using kernels::Tensor;
using kernels::Type;

constexpr size_t kArenaBytes = size_t{64} << 20;

AlignedMemory ReadAligned(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  return AlignedMemory(std::as_bytes(std::span(bytes)));
}

/// The cells of one line; a quoted cell may hold commas.
std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

/// The files <stem><i>.bin for i = 0, 1, …
std::vector<fs::path> Numbered(const std::string& stem) {
  std::vector<fs::path> files;
  while (fs::exists(stem + std::to_string(files.size()) + ".bin")) {
    files.emplace_back(stem + std::to_string(files.size()) + ".bin");
  }
  return files;
}

Expected<std::vector<ReferenceModel>> ReadIndex(const fs::path& folder) {
  std::ifstream file(folder / "INDEX.csv");
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> titles = Cells(line);
  std::vector<ReferenceModel> models;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() != titles.size()) {
      return Error{Status::kDataLoss, (folder / "INDEX.csv").string() + ": line " + std::to_string(models.size() + 2) +
                                          " does not have as many cells as the first"};
    }
    std::map<std::string, std::string> row;
    for (size_t i = 0; i < cells.size(); ++i) row[titles[i]] = cells[i];
    ReferenceModel model;
    model.id = row["id"];
    model.file = folder / (model.id + ".tflite");
    std::istringstream operators(row["ops"]);
    for (std::string entry; std::getline(operators, entry, ';');) {
      model.operators.push_back(entry.substr(0, entry.find(':')));
    }
    model.tflm_ok = row["tflm_ok"] == "True";
    model.tflm_arena_bytes = std::strtoul(row["tflm_arena_bytes"].c_str(), nullptr, 10);
    for (int k = 0;; ++k) {
      const std::string name = "case" + std::to_string(k), stem = (folder / "ref" / model.id / name).string();
      Case one{name, Numbered(stem + ".in"), Numbered(stem + ".tflm")};
      if (one.inputs.empty() && one.outputs.empty()) break;
      model.cases.push_back(std::move(one));
    }
    models.push_back(std::move(model));
  }
  return models;
}

Expected<std::vector<ReferenceModel>> ReadFolders(const fs::path& folder) {
  std::vector<ReferenceModel> models;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    ReferenceModel model;
    model.id = entry.path().filename();
    model.file = entry.path() / "model.tflite";
    if (!fs::exists(model.file)) continue;
    model.tflm_ok = true;
    for (const auto& file : fs::directory_iterator(entry.path())) {
      const std::string name = file.path().filename();
      if (!name.starts_with("input_")) continue;
      const fs::path output = entry.path() / ("output_" + name.substr(6));
      model.cases.push_back({"seed " + file.path().stem().string().substr(6), {file.path()}, {}});
      if (fs::exists(output)) model.cases.back().outputs.push_back(output);
    }
    models.push_back(std::move(model));
  }
  if (models.empty()) {
    return Error{Status::kNotFound, folder.string() + ": neither an INDEX.csv nor a folder with a model.tflite"};
  }
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return models;
}

template <typename T>
std::string Differs(std::span<const T> got, std::span<const T> expected, float tolerance) {
  double largest = 0;
  for (const T value : expected) {
    if (std::isfinite(static_cast<double>(value))) largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto a = static_cast<double>(got[i]), b = static_cast<double>(expected[i]);
    if (got[i] == expected[i] || (std::isnan(a) && std::isnan(b))) continue;
    const double allowed = static_cast<double>(tolerance) * (std::abs(b) + largest / 100);
    if (std::is_floating_point_v<T> && std::isfinite(b) && std::abs(a - b) <= allowed) continue;
    std::ostringstream sentence;
    sentence.precision(9);
    sentence << "element " << i << " is " << a << " instead of " << b;
    return sentence.str();
  }
  return "";
}

template <typename T>
std::string DiffersAs(const Tensor& got, std::span<const std::byte> expected, float tolerance) {
  return Differs(std::span(static_cast<const T*>(got.data), expected.size() / sizeof(T)),
                 std::span(reinterpret_cast<const T*>(expected.data()), expected.size() / sizeof(T)), tolerance);
}

/// What is not as expected, or nothing.
std::string Compare(const Tensor& got, std::span<const std::byte> expected, float tolerance) {
  if (expected.size() != got.SizeBytes()) {
    return "has " + std::to_string(got.SizeBytes()) + " bytes instead of " + std::to_string(expected.size());
  }
  switch (got.type) {
    case Type::kFloat32:
      return DiffersAs<float>(got, expected, tolerance);
    case Type::kInt32:
      return DiffersAs<int32_t>(got, expected, 0);
    case Type::kInt64:
      return DiffersAs<int64_t>(got, expected, 0);
    case Type::kInt16:
      return DiffersAs<int16_t>(got, expected, 0);
    case Type::kInt8:
      return DiffersAs<int8_t>(got, expected, 0);
    default:
      return DiffersAs<uint8_t>(got, expected, 0);
  }
}

/// What goes wrong in one case, or nothing; a network that has just been loaded.
std::string RunCase(runtime::Network& network, const Case& one, float tolerance) {
  if (static_cast<int>(one.inputs.size()) != network.input_count()) {
    return "the model has " + std::to_string(network.input_count()) + " inputs, not " +
           std::to_string(one.inputs.size());
  }
  for (int i = 0; i < network.input_count(); ++i) {
    const Tensor input = network.input(i);
    const AlignedMemory bytes = ReadAligned(one.inputs[static_cast<size_t>(i)]);
    if (bytes.span().size() != input.SizeBytes()) return "input " + std::to_string(i) + " has another size";
    std::copy(bytes.span().begin(), bytes.span().end(), static_cast<std::byte*>(input.data));
  }
  if (!ok(network.Invoke())) return "did not come to an end";
  if (!one.outputs.empty() && static_cast<int>(one.outputs.size()) > network.output_count()) {
    return "the model has only " + std::to_string(network.output_count()) + " outputs";
  }
  for (size_t i = 0; i < one.outputs.size(); ++i) {
    const AlignedMemory expected = ReadAligned(one.outputs[i]);
    const std::string difference = Compare(network.output(static_cast<int>(i)), expected.span(), tolerance);
    if (!difference.empty()) return "output " + std::to_string(i) + ": " + difference;
  }
  return "";
}

}  // namespace

const char* NameOf(Verdict verdict) {
  constexpr const char* kNames[] = {"ok", "runs", "refused", "differs"};
  return kNames[static_cast<int>(verdict)];
}

Expected<std::vector<ReferenceModel>> FindModels(const fs::path& folder) {
  return fs::exists(folder / "INDEX.csv") ? ReadIndex(folder) : ReadFolders(folder);
}

Comparison RunCases(const ReferenceModel& model, float float_tolerance) {
  const AlignedMemory bytes = ReadAligned(model.file);
  const auto operators = kernels::AllOperators();
  runtime::Network network;
  runtime::Fault fault;
  Comparison comparison;
  {
    const AlignedMemory plenty(kArenaBytes);
    if (!ok(network.Load(bytes.span(), operators, plenty.span(), &fault))) {
      return {Verdict::kRefused, runtime::Describe(bytes.span(), operators, fault), 0};
    }
    comparison.arena_bytes = network.arena_bytes();
  }
  comparison.verdict = Verdict::kRuns;
  const AlignedMemory arena(comparison.arena_bytes);
  for (const Case& one : model.cases) {
    std::fill(arena.span().begin(), arena.span().end(), std::byte{0xa5});  // nothing may depend on what was there
    if (!ok(network.Load(bytes.span(), operators, arena.span(), &fault))) {
      return {Verdict::kRefused, "into exactly arena_bytes(): " + runtime::Describe(bytes.span(), operators, fault), 0};
    }
    const std::string difference = RunCase(network, one, float_tolerance);
    if (!difference.empty()) return {Verdict::kDiffers, one.name + ": " + difference, comparison.arena_bytes};
    if (!one.outputs.empty()) comparison.verdict = Verdict::kOk;
  }
  if (model.cases.empty()) {
    std::fill(arena.span().begin(), arena.span().end(), std::byte{0});
    if (!ok(network.Load(bytes.span(), operators, arena.span(), &fault)) || !ok(network.Invoke())) {
      return {Verdict::kDiffers, "does not run on zeros", comparison.arena_bytes};
    }
  }
  return comparison;
}

}  // namespace thimble::models
