// `thimble bench`: what a model takes on a board, step by step: cycles, instructions, RAM, code; and that its answer is
// the interpreter's.
#include <openssl/evp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/board_name.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/plan_options.h"
#include "cli/terminal.h"
#include "compiler/compile.h"
#include "compiler/model_file.h"
#include "compiler/plan_firmware.h"
#include "compiler/temporary_folder.h"
#include "kernels/all_operators.h"
#include "simulator/board_client.h"
#include "simulator/cycles.h"
#include "simulator/layer_proof.h"
#include "simulator/qemu.h"
#include "wire/message.h"

namespace thimble::cli {
namespace {

namespace fs = std::filesystem;
using simulator::CycleRegion;

constexpr int kTimeoutMs = 300'000;  // a large model on a simulated core whose every instruction is looked at

struct Measured {
  compiler::Plan plan;
  compiler::PlanSize size;
  std::vector<std::byte> output;
  uint64_t instructions = 0;
  uint64_t cycles = 0;             ///< 0: nobody counts them on this board
  std::vector<CycleRegion> steps;  ///< of the plan's first graph, or empty
};

/// What the interpreter gives, outputs end to end.
Expected<std::vector<std::byte>> Expect(runtime::Network& network, std::span<const std::byte> input) {
  network.Reset();
  for (int i = 0; i < network.input_count(); ++i) {
    const kernels::Tensor tensor = network.input(i);
    if (tensor.SizeBytes() > 0) std::memcpy(tensor.data, input.data(), tensor.SizeBytes());
    input = input.subspan(tensor.SizeBytes());
  }
  if (!ok(network.Invoke())) {
    return {Status::kCancelled, "a loop of the model does not end with this input; try another --seed"};
  }
  std::vector<std::byte> output;
  for (int i = 0; i < network.output_count(); ++i) {
    const kernels::Tensor tensor = network.output(i);
    output.insert(output.end(), tensor.As<std::byte>(), tensor.As<std::byte>() + tensor.SizeBytes());
  }
  return output;
}

std::string Md5(std::span<const std::byte> bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_md5(), nullptr) != 1) return "";
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%02x", digest[i]);
    text += hex;
  }
  return text;
}

/// Everything on one board.
Outcome RunOnBoard(const BenchOptions& options, const firmware::Board& board, const fs::path& folder,
                   const fs::path& elf, std::span<const std::byte> input, Measured& measured) {
  const bool counts_cycles = simulator::CountsCyclesOf(board.core);
  const fs::path counter = simulator::DefaultCycleCounter();
  const fs::path report = folder / "cycles.txt";
  if (counts_cycles && counter.empty()) {
    return {Status::kNotFound,
            "the cycle counter is not built; run ./run build, or set THIMBLE_CYCLE_COUNTER to m4_cycles.so"};
  }
  simulator::QemuOptions machine{.elf = elf, .board = options.board};
  if (counts_cycles) {
    machine.cycle_counter = counter;
    machine.cycle_report = report;
  }
  THIMBLE_ASSIGN(const std::unique_ptr<simulator::Qemu> qemu, simulator::Qemu::Start(machine));
  simulator::BoardClient client(*qemu, {.timeout_ms = kTimeoutMs, .cancel = &InterruptFlag()});
  THIMBLE_ASSIGN(simulator::ModelRun run, client.RunModel(input));
  measured.output = std::move(run.output);
  measured.instructions = run.instructions;
  if (!counts_cycles) return Nothing{};

  const int steps = static_cast<int>(measured.plan.graphs[0].steps.size());
  THIMBLE_EXPECT(client.Reset());
  THIMBLE_EXPECT(client.WriteInput(input));
  for (int first = 0; first < steps; first += static_cast<int>(wire::kMostLayers)) {
    THIMBLE_EXPECT(client.InvokeLayers(first, std::min(steps - first, static_cast<int>(wire::kMostLayers))));
  }
  qemu->Stop();
  THIMBLE_ASSIGN(std::vector<CycleRegion> regions, simulator::ReadCycles(report));
  if (regions.size() != static_cast<size_t>(steps) + 1) {
    return {Status::kDeviceFailed, "the cycle counter saw " + std::to_string(regions.size()) + " regions where " +
                                       std::to_string(steps + 1) + " ran; is the device build an old one?"};
  }
  measured.cycles = regions[0].cycles;
  measured.instructions = regions[0].instructions;
  measured.steps.assign(regions.begin() + 1, regions.end());
  return Nothing{};
}

Expected<Measured> Measure(const BenchOptions& options, Progress& progress) {
  THIMBLE_ASSIGN(const firmware::Board* board, BoardOfName(options.board));
  THIMBLE_ASSIGN(const AlignedMemory model, compiler::ReadTflite(options.model));
  progress.Begin("compile");
  Measured measured;
  THIMBLE_ASSIGN(compiler::CompileOptions compile, ToCompileOptions(options.plan, options.model));
  THIMBLE_ASSIGN(compile.target, TargetOfCore(board->core));
  Expected<compiler::Plan> plan = compiler::Compile(model.span(), compile);
  if (!plan) return Error{plan.error().status, options.model + ": " + plan.error().message};
  measured.plan = std::move(*plan);
  THIMBLE_ASSIGN(compiler::LoadedNetwork loaded, compiler::LoadNetwork(model.span(), kernels::AllOperators()));
  const std::vector<std::byte> input = simulator::RandomInput(loaded.network, options.seed);
  THIMBLE_ASSIGN(const std::vector<std::byte> expected, Expect(loaded.network, input));
  progress.End();

  progress.Begin("build");
  THIMBLE_EXPECT(CheckInterrupt());
  compiler::PlanFirmwareOptions build{
      .form = options.package ? compiler::PlanForm::kPackaged : compiler::PlanForm::kCompiled,
      .board = options.board,
      .device_directory = compiler::DeviceDirectoryOf(options.board)};
  THIMBLE_ASSIGN(const compiler::TemporaryFolder folder, compiler::TemporaryFolder::Make());
  THIMBLE_ASSIGN(const compiler::Firmware firmware, compiler::BuildPlanRunner(measured.plan, folder.path(), build));
  THIMBLE_ASSIGN(measured.size, compiler::MeasurePlan(measured.plan, build));
  progress.End();

  progress.Begin("run");
  THIMBLE_EXPECT(CheckInterrupt());
  THIMBLE_EXPECT(RunOnBoard(options, *board, folder.path(), firmware.elf, input, measured));
  progress.End();
  if (measured.output != expected) {
    const auto at = std::mismatch(expected.begin(), expected.end(), measured.output.begin(), measured.output.end());
    return Error{Status::kVerificationFailed,
                 options.model + " on " + options.board + ", seed " + std::to_string(options.seed) + ": byte " +
                     std::to_string(at.first - expected.begin()) + " of " + std::to_string(expected.size()) +
                     " output bytes is not what the interpreter gives; please report this as a bug"};
  }
  return measured;
}

nlohmann::ordered_json Json(const BenchOptions& options, const Measured& measured) {
  nlohmann::ordered_json object = {{"model", options.model},
                                   {"board", options.board},
                                   {"form", options.package ? "package" : "compiled"},
                                   {"seed", options.seed}};
  if (measured.cycles > 0) object["cycles"] = measured.cycles;
  object["instructions"] = measured.instructions;
  object["ram_bytes"] = measured.size.ram_bytes;
  object["code_bytes"] = measured.size.code_bytes;
  object["model_bytes"] = measured.size.model_bytes;
  object["output_md5"] = Md5(measured.output);
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  const std::vector<compiler::PlanStep>& list = measured.plan.graphs[0].steps;
  for (size_t i = 0; i < list.size(); ++i) {
    nlohmann::ordered_json step = {{"step", list[i].step},
                                   {"layer", list[i].layer},
                                   {"macs", list[i].macs},
                                   {"constants_bytes", list[i].constants_bytes},
                                   {"scratch_bytes", list[i].scratch_bytes},
                                   {"cycles_expected", std::llround(list[i].cycles)}};
    if (!list[i].operator_folder.empty()) step["operator"] = list[i].operator_folder;
    if (!measured.steps.empty()) {
      step["cycles"] = measured.steps[i].cycles;
      step["instructions"] = measured.steps[i].instructions;
    }
    steps.push_back(std::move(step));
  }
  object["steps"] = std::move(steps);
  return object;
}

std::string Count(uint64_t number) { return Thousands(static_cast<long long>(number)); }

std::string StepTable(const Measured& measured) {
  std::vector<std::vector<std::string>> rows = {{"step", "cycles", "expected", "instructions", "cycles/MAC"}};
  for (size_t i = 0; i < measured.steps.size(); ++i) {
    const compiler::PlanStep& step = measured.plan.graphs[0].steps[i];
    const CycleRegion& region = measured.steps[i];
    char per_mac[32] = "";
    if (step.macs > 0) {
      std::snprintf(per_mac, sizeof per_mac, "%.2f",
                    static_cast<double>(region.cycles) / static_cast<double>(step.macs));
    }
    const std::string& kernel = step.operator_folder.empty() ? step.step : step.operator_folder;
    rows.push_back({std::to_string(i) + " " + kernel + "  " + Printable(step.layer), Count(region.cycles),
                    Thousands(std::llround(step.cycles)), Count(region.instructions), per_mac});
  }
  return Table(rows, 2) + "\n";
}

std::string Text(const BenchOptions& options, const Measured& measured) {
  const Style style = StyleOf(stdout);
  std::string text = style.Paint(style.Plain("✓ "), Tint::kGreen) + Printable(options.model) + " on " + options.board +
                     (options.package ? ", as a package" : ", compiled") + ": the interpreter's bits\n\n";
  if (!measured.steps.empty()) text += StepTable(measured);
  std::vector<std::vector<std::string>> rows;
  if (measured.cycles > 0) rows.push_back({"cycles", Count(measured.cycles)});
  rows.push_back({"instructions", Count(measured.instructions)});
  rows.push_back({"RAM, all but the stack", Count(measured.size.ram_bytes)});
  rows.push_back({"code, without the model", Count(measured.size.code_bytes)});
  rows.push_back({"model", Count(measured.size.model_bytes)});
  return text + Table(rows, 2) + "\n  MD5 of the output " + Md5(measured.output) + "\n";
}

}  // namespace

Outcome Bench(const BenchOptions& options) {
  Progress progress(stderr, StyleOf(stderr), 3, options.common.quiet);
  Expected<Measured> measured = Measure(options, progress);
  if (!measured) {
    progress.Fail();
    return measured.error();
  }
  if (options.common.json) {
    std::printf("%s\n",
                Json(options, *measured).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::fputs(StyleOf(stdout).Plain(Text(options, *measured)).c_str(), stdout);
  }
  return Nothing{};
}

}  // namespace thimble::cli
