// `thimble compile`: a model becomes C++ or a planned package, and what that takes is said.
#include "compiler/compile.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arena_picture.h"
#include "cli/commands.h"
#include "cli/plan_options.h"
#include "cli/staging.h"
#include "cli/terminal.h"
#include "compiler/emit_plan.h"
#include "compiler/model_file.h"
#include "compiler/package.h"

namespace thimble::cli {
namespace {

using compiler::Plan;
using compiler::PlanStep;
using Json = nlohmann::ordered_json;

Expected<steps::Target> TargetOf(const std::string& name) {
  std::string names;
  for (const compiler::TargetName& known : compiler::kTargets) {
    if (name == known.name) return known.target;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  if (const Expected<steps::Target> target = TargetOfCore(name)) return *target;
  return {Status::kInvalidArgument, name + ": there are no kernels for this core; there are some for " + names};
}

/// The files, by name.
std::vector<std::pair<std::string, std::string>> FilesOf(const Plan& plan, bool package) {
  if (package) {
    const std::vector<std::byte> bytes = compiler::WritePackage(plan);
    return {{plan.name + ".thimble-plan", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())}};
  }
  compiler::EmittedPlan emitted = compiler::EmitPlan(plan, plan.name + ".h");
  return {{plan.name + ".h", std::move(emitted.header)}, {plan.name + ".cc", std::move(emitted.source)}};
}

int64_t MacsOf(const Plan& plan) {
  int64_t macs = 0;
  for (const PlanStep& step : plan.graphs[0].steps) macs += step.macs;
  return macs;
}

std::string StepName(const PlanStep& step) {
  return step.operator_folder.empty() ? step.step : "reference " + step.operator_folder;
}

std::string Text(const Plan& plan, const CompileOptions& options, const std::vector<std::string>& files,
                 const Style& style) {
  const int columns = std::min(style.width, 110);
  const auto number = [](int64_t value) { return value == 0 ? std::string("·") : Thousands(value); };
  const auto cycles = [&](double value) { return number(std::llround(value)); };
  std::vector<std::vector<std::string>> table = {{"layer", "step", "multiply-acc.", "constants", "cycles"}};
  const std::vector<PlanStep>& steps = plan.graphs[0].steps;
  for (size_t i = 0; i < steps.size(); ++i) {
    const PlanStep& step = steps[i];
    table.push_back({Shorten(std::to_string(i) + "  " + Printable(step.layer), std::max(columns - 58, 44), style),
                     StepName(step), number(step.macs), number(step.constants_bytes), cycles(step.cycles)});
  }
  table.push_back({"all", "", number(MacsOf(plan)), number(static_cast<int64_t>(plan.constants.size())),
                   cycles(compiler::PredictCycles(plan))});
  std::string text = style.Bold(Printable(options.model)) + " for " + compiler::NameOf(plan.target) + "\n\n" +
                     style.Plain(Table(table, 2)) + "\n";

  const auto line = [&](const std::string& heading, const std::string& sentence) {
    text += "  " + style.Bold(PadRight(heading, 11)) + Wrap(style.Plain(Printable(sentence)), 13, columns) + "\n";
  };
  const compiler::ArenaFacts arena = compiler::ArenaOf(plan);
  line("arena", Thousands(plan.arena_bytes) + " bytes of RAM, exactly" +
                    (plan.state_bytes > 0 ? ": " + Thousands(plan.state_bytes) + " of them stay between runs" : "") +
                    ". With these steps no plan can do with less than " + Thousands(plan.least_arena_bytes));
  if (const std::string picture = ArenaText(arena, style); !picture.empty()) text += "\n" + picture + "\n";
  line("flash", Thousands(static_cast<long long>(plan.constants.size())) + " bytes of weights and tables");
  line("cycles", cycles(compiler::PredictCycles(plan)) + " a run expected, if memory never makes the core wait");
  for (size_t i = 0; i < plan.remarks.size(); ++i) line(i == 0 ? "passes" : "", plan.remarks[i]);
  for (size_t i = 0; i < files.size(); ++i) line(i == 0 ? "written" : "", files[i]);
  if (files.empty()) line("", "nothing written: --out names a folder for the files");
  return text;
}

std::string JsonText(const Plan& plan, const CompileOptions& options, const std::vector<std::string>& files) {
  Json steps = Json::array();
  for (const PlanStep& step : plan.graphs[0].steps) {
    steps.push_back({{"layer", step.layer},
                     {"step", step.step},
                     {"operator", step.operator_folder.empty() ? Json() : Json(step.operator_folder)},
                     {"macs", step.macs},
                     {"constants_bytes", step.constants_bytes},
                     {"scratch_bytes", step.scratch_bytes},
                     {"cycles", std::llround(step.cycles)}});
  }
  const Json object = {{"model", options.model},
                       {"name", plan.name},
                       {"target", compiler::NameOf(plan.target)},
                       {"arena_bytes", plan.arena_bytes},
                       {"state_bytes", plan.state_bytes},
                       {"least_arena_bytes", plan.least_arena_bytes},
                       {"constants_bytes", plan.constants.size()},
                       {"macs", MacsOf(plan)},
                       {"cycles", std::llround(compiler::PredictCycles(plan))},
                       {"steps", steps},
                       {"passes", plan.remarks},
                       {"files", files}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Outcome Compile(const CompileOptions& options) {
  THIMBLE_ASSIGN(compiler::CompileOptions compile, ToCompileOptions(options.plan, options.model));
  THIMBLE_ASSIGN(compile.target, TargetOf(options.target));
  if (!options.name.empty()) compile.name = options.name;
  THIMBLE_ASSIGN(const AlignedMemory model, compiler::ReadTflite(options.model));
  const Expected<Plan> plan = compiler::Compile(model.span(), compile);
  if (!plan) return {plan.error().status, options.model + ": " + plan.error().message};

  std::vector<std::string> written;
  if (!options.out.empty()) {
    THIMBLE_ASSIGN(Staging staging, Staging::Begin(options.out));
    for (const auto& [name, text] : FilesOf(*plan, options.package)) {
      THIMBLE_EXPECT(staging.Write(name, text));
      written.push_back((staging.target() / name).string());
    }
    THIMBLE_EXPECT(staging.Commit());
  }
  if (options.common.json) {
    std::printf("%s\n", JsonText(*plan, options, written).c_str());
  } else if (!options.common.quiet) {
    std::fputs(Text(*plan, options, written, StyleOf(stdout)).c_str(), stdout);
  }
  return Nothing{};
}

}  // namespace thimble::cli
