// `thimble prove`: a board computes what this computer computes, bit for bit, layer by layer; or where it does not.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "cli/board_name.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/tensor_file.h"
#include "cli/terminal.h"
#include "compiler/firmware_build.h"
#include "compiler/model_file.h"
#include "kernels/all_operators.h"
#include "simulator/board_client.h"
#include "simulator/layer_proof.h"
#include "simulator/start_board.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using kernels::Tensor;

constexpr int kTimeoutMs = 120'000;       // a large model on a simulated core without floating point
constexpr double kFloatTolerance = 1e-4;  // of golden floats: other programs sum in another order

/// The model runner of a board: in the device build for the usual board, in one beside it for others.
Expected<fs::path> FindModelRunner(const std::string& board) {
  const fs::path folder = compiler::DeviceDirectoryOf(board);
  std::error_code error;
  if (!folder.empty() && fs::exists(folder / "model_runner.elf", error)) return folder / "model_runner.elf";
  return {Status::kNotFound,
          "the model runner for " + board +
              " is not built; run ./run build (./run build boards for the others), or set THIMBLE_DEVICE_DIR "
              "to the build directory of preset 'device'"};
}

Expected<std::vector<std::byte>> ReadGolden(const ProveOptions& options, const runtime::Network& network) {
  std::vector<std::byte> input;
  if (options.inputs.size() != static_cast<size_t>(network.input_count())) {
    return {Status::kInvalidArgument, options.model + ": a golden case needs --input " +
                                          std::to_string(network.input_count()) + " times, once for each input"};
  }
  for (int i = 0; i < network.input_count(); ++i) {
    THIMBLE_ASSIGN(const std::vector<std::byte> bytes, ReadTensorFile(options.inputs[static_cast<size_t>(i)],
                                                                      network.input(i), "input " + std::to_string(i)));
    input.insert(input.end(), bytes.begin(), bytes.end());
  }
  return input;
}

/// The outputs that `network` holds against the files.
Outcome CheckGolden(const ProveOptions& options, const runtime::Network& network) {
  if (options.expects.size() > static_cast<size_t>(network.output_count())) {
    return {Status::kInvalidArgument,
            options.model + ": has " + std::to_string(network.output_count()) + " outputs, fewer than --expect"};
  }
  for (size_t i = 0; i < options.expects.size(); ++i) {
    const Tensor tensor = network.output(static_cast<int>(i));
    THIMBLE_ASSIGN(std::vector<std::byte> bytes,
                   ReadTensorFile(options.expects[i], tensor, "output " + std::to_string(i)));
    Tensor expected = tensor;
    expected.data = bytes.data();
    for (int k = 0; k < tensor.shape.Count(); ++k) {
      const double ours = ElementOf(tensor, k), theirs = ElementOf(expected, k);
      const bool same = tensor.type == kernels::Type::kFloat32
                            ? std::abs(ours - theirs) <= kFloatTolerance * std::max(1.0, std::abs(theirs)) ||
                                  (std::isnan(ours) && std::isnan(theirs))
                            : ours == theirs;
      if (same) continue;
      return {Status::kVerificationFailed, options.expects[i] + ": output " + std::to_string(i) + ", element " +
                                               std::to_string(k) + " should be " + ElementText(expected, k) +
                                               ", but is " + ElementText(tensor, k)};
    }
  }
  return Nothing{};
}

std::string Hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

Outcome Prove(const ProveOptions& options) {
  const bool golden = !options.inputs.empty();
  if (!golden && !options.expects.empty()) {
    return {Status::kInvalidArgument, "--expect needs the --input that gives it"};
  }
  THIMBLE_ASSIGN(const firmware::Board* facts, BoardOfName(options.board));
  THIMBLE_ASSIGN(const AlignedMemory model, compiler::ReadTflite(options.model));
  Expected<compiler::LoadedNetwork> loaded = compiler::LoadNetwork(model.span(), kernels::AllOperators());
  if (!loaded) {
    return {loaded.error().status, options.model + ": " + loaded.error().message + "; thimble doctor says more"};
  }
  runtime::Network& network = loaded->network;
  if (network.arena_bytes() > facts->ram.bytes) {
    return {Status::kUnsupported, options.model + ": needs an arena of " + std::to_string(network.arena_bytes()) +
                                      " bytes, but " + options.board + " has " + std::to_string(facts->ram.bytes) +
                                      " bytes of RAM; thimble doctor names the boards that it fits"};
  }
  THIMBLE_ASSIGN(const fs::path runner, FindModelRunner(options.board));
  THIMBLE_ASSIGN(const std::unique_ptr<simulator::BoardLink> link,
                 simulator::StartBoard({.elf = runner, .board = options.board, .model = options.model}));
  simulator::BoardClient board(*link, {.timeout_ms = kTimeoutMs, .cancel = &InterruptFlag()});
  THIMBLE_ASSIGN(const simulator::BoardAbout about, board.Introduce());
  if (about.arena_bytes != network.arena_bytes()) {
    return {Status::kVerificationFailed, options.board + ": plans an arena of " + std::to_string(about.arena_bytes) +
                                             " bytes where this computer plans " +
                                             std::to_string(network.arena_bytes()) + "; is its firmware an old one?"};
  }

  Progress progress(stderr, StyleOf(stderr), 1, options.common.quiet);
  progress.Begin("prove");
  uint64_t fingerprint = kFnvOffset;
  const int cases = options.cases + (golden ? 1 : 0);
  for (int i = 0; i < cases; ++i) {
    progress.Update(static_cast<double>(i) / cases, std::to_string(i) + " of " + std::to_string(cases) + " cases");
    THIMBLE_EXPECT(CheckInterrupt());
    const bool from_files = golden && i == 0;
    const uint64_t seed = options.seed + static_cast<uint64_t>(i - (golden ? 1 : 0));
    std::vector<std::byte> input = simulator::RandomInput(network, seed);
    if (from_files) {
      THIMBLE_ASSIGN(input, ReadGolden(options, network));
    }
    THIMBLE_ASSIGN(const simulator::LayerProof proof, simulator::CompareLayers(network, board, input));
    if (proof.divergence) {
      progress.Fail();
      return {Status::kVerificationFailed,
              options.model + " on " + options.board + ", " +
                  (from_files ? std::string("the golden case") : "seed " + std::to_string(seed)) + ": " +
                  proof.divergence->Sentence(network) + "; please report this as a bug"};
    }
    if (from_files) THIMBLE_EXPECT(CheckGolden(options, network));
    fingerprint = Fnv1a(std::as_bytes(std::span(proof.hashes)), fingerprint);
  }
  const int layers = network.operator_count();
  progress.End(std::to_string(cases) + " cases of " + std::to_string(layers) + " layers");

  if (options.common.json) {
    const nlohmann::ordered_json object = {{"model", options.model},
                                           {"board", options.board},
                                           {"identical", true},
                                           {"cases", cases},
                                           {"layers", layers},
                                           {"hashes", static_cast<int64_t>(cases) * layers},
                                           {"golden", golden},
                                           {"expected", options.expects.size()},
                                           {"seed", options.seed},
                                           {"arena_bytes", network.arena_bytes()},
                                           {"fingerprint", Hex(fingerprint)}};
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return Nothing{};
  }
  const Style style = StyleOf(stdout);
  std::string text = style.Paint(style.Plain("✓ "), Tint::kGreen) + Printable(options.model) + ": " + options.board +
                     " computes the same bits as this computer\n";
  text += "  " + Thousands(cases) + (cases == 1 ? " case, " : " cases, ") + Thousands(layers) +
          (layers == 1 ? " layer" : " layers") + " each: " + Thousands(static_cast<long long>(cases) * layers) +
          " hashes equal; arena " + Thousands(static_cast<long long>(network.arena_bytes())) + " bytes on both\n";
  if (!options.expects.empty()) text += "  the golden case gives what it should\n";
  text += "  fingerprint " + Hex(fingerprint) + style.Dim("  of all hashes; the same on every machine") + "\n";
  std::fputs(style.Plain(text).c_str(), stdout);
  return Nothing{};
}

}  // namespace thimble::cli
