#include "compiler/emit_plan.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "compiler/emit.h"
#include "compiler/operator_use.h"
#include "steps/operator_call/step.h"
#include "steps/steps_headers.inc"

namespace thimble::compiler {
namespace {

using steps::OperatorCall;
using steps::Place;
using steps::TensorRecord;

std::string Thousands(int64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

/// Text that may stand in a // comment: one line, nothing that continues it.
std::string Comment(std::string_view text) {
  std::string safe;
  for (const char c : text) safe += (static_cast<unsigned char>(c) < ' ' || c == '\\') ? ' ' : c;
  return safe;
}

const char* NameOf(steps::Target target) {
  switch (target) {
    case steps::Target::kCortexM0:
      return "a Cortex-M0";
    case steps::Target::kCortexM4:
      return "a Cortex-M4";
    case steps::Target::kCortexM55:
      return "a Cortex-M55";
    case steps::Target::kX86:
      break;
  }
  return "x86-64";
}

template <typename T>
std::vector<std::string> FieldNames() {
  std::vector<std::string> names;
  typename T::Params params{};
  T::Fields([&](const char* name, auto&) { names.emplace_back(name); }, params);
  return names;
}

/// Names of the words of a step's Params.
std::vector<std::string> FieldNamesOf(std::string_view step) {
#define STEP(type) \
  if (step == steps::type::kName) return FieldNames<steps::type>();
#include "steps/steps.inc"
#undef STEP
  return {};
}

std::string Designated(const char* name, int64_t value) {
  return std::string("    .") + name + " = " + std::to_string(value) + ",\n";
}

OperatorCall::Params CallOf(const PlanStep& step) {
  OperatorCall::Params params;
  std::memcpy(&params, step.params.data(), sizeof params);
  return params;
}

TensorRecord RecordAt(const Plan& plan, const OperatorCall::Params& params, int index) {
  TensorRecord record;
  std::memcpy(&record, plan.constants.data() + params.records + static_cast<size_t>(index) * sizeof record,
              sizeof record);
  return record;
}

std::string Arena(const Plan& plan) {
  return "alignas(kArenaAlignment) std::byte arena[" + std::to_string(std::max<uint32_t>(plan.arena_bytes, 1)) +
         "];\n\n";
}

constexpr const char* kLinkedArena = "constinit const std::span<std::byte> kLinkedPlanArena = arena;\n";

class Emitter {
 public:
  explicit Emitter(const Plan& plan) : plan_(plan) {}

  std::string Header() const {
    std::string guard = plan_.name + "_H_";
    for (char& c : guard) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return Summary() + "#ifndef " + guard + "\n#define " + guard +
           "\n\n#include <cstddef>\n\n#include \"runtime/plan.h\"\n\nnamespace " + plan_.name +
           " {\n\n// For thimble::runtime::PlannedNetwork (runtime/planned_network.h).\n"
           "extern const thimble::runtime::Plan kPlan;\n\n"
           "// Exact: planned, not tried. The arena must begin at a multiple of 16.\ninline constexpr size_t "
           "kArenaBytes = " +
           std::to_string(plan_.arena_bytes) +
           ";\ninline constexpr int kInputCount = " + std::to_string(plan_.graphs[0].inputs.size()) +
           ";\ninline constexpr int kOutputCount = " + std::to_string(plan_.graphs[0].outputs.size()) +
           ";\n\n}  // namespace " + plan_.name + "\n\n#endif\n";
  }

  std::string Source(std::string_view header_name) const {
    std::string text = Summary();
    for (const std::string& remark : plan_.remarks) text += "//   " + Comment(remark) + "\n";
    text += "#include \"" + std::string(header_name) + "\"\n\n" + Includes() + "\nnamespace " + plan_.name +
            " {\nnamespace {\n\nnamespace kernels = thimble::kernels;\nnamespace runtime = thimble::runtime;\n"
            "namespace steps = thimble::steps;\n\n" +
            Constants();
    for (size_t g = 0; g < plan_.graphs.size(); ++g) text += Graph(g);
    text += "constexpr runtime::PlannedGraph kGraphs[] = {\n";
    for (size_t g = 0; g < plan_.graphs.size(); ++g) text += GraphEntry(g);
    text += "};\n\n";
    if (!plan_.initial_state.empty()) {
      text += "constexpr runtime::InitialState kInitialState[] = {\n";
      for (const InitialState& piece : plan_.initial_state) {
        text += "    {.offset = " + std::to_string(piece.offset) + ", .bytes = " + std::to_string(piece.bytes) +
                ", .value = " + std::to_string(piece.value) + "},\n";
      }
      text += "};\n\n";
    }
    return text +
           "}  // namespace\n\nconstinit const runtime::Plan kPlan = {\n    .name = " + StringLiteral(plan_.name) +
           ",\n    .constants = " + (plan_.constants.empty() ? "nullptr" : "kConstants") +
           ",\n    .graphs = kGraphs,\n    .initial_state = " + (plan_.initial_state.empty() ? "{}" : "kInitialState") +
           ",\n" + Designated("state_bytes", plan_.state_bytes) + "    .arena_bytes = kArenaBytes,\n" +
           (plan_.graphs.size() > 1 ? "    .subgraphs = &runtime::kPlannedSubgraphs,\n" : "") +
           "};\n\n}  // namespace " + plan_.name + "\n";
  }

 private:
  std::string Summary() const {
    int64_t macs = 0, steps = 0;
    double cycles = 0;
    for (const PlanGraph& graph : plan_.graphs) {
      for (const PlanStep& step : graph.steps) {
        ++steps;
        macs += step.macs;
        cycles += step.cycles;
      }
    }
    return "// " + Comment(plan_.name) + ": " + Counted(steps, "step") + ", " + Thousands(macs) + " MACs, " +
           Thousands(static_cast<int64_t>(plan_.constants.size())) + " bytes of constants, " +
           Thousands(plan_.arena_bytes) + " bytes of RAM" +
           (cycles > 0 ? ", about " + Thousands(std::llround(cycles)) + " cycles on " + NameOf(plan_.target) : "") +
           ".\n// Written by thimble.\n";
  }

  static std::string Counted(int64_t count, const char* what) {
    return Thousands(count) + " " + what + (count == 1 ? "" : "s");
  }

  std::string Includes() const {
    std::set<std::string> includes = {"steps/tensor_record.h"};
    for (const PlanGraph& graph : plan_.graphs) {
      for (const PlanStep& step : graph.steps) {
        includes.insert("steps/" + step.step + "/step.h");
        if (!step.operator_folder.empty()) includes.insert("kernels/" + step.operator_folder + "/op.h");
      }
    }
    std::string text;
    for (const std::string& include : includes) text += "#include \"" + include + "\"\n";
    return text;
  }

  /// "3", or "1_3" in a subgraph.
  static std::string StepName(size_t graph, size_t step) {
    return (graph == 0 ? "" : std::to_string(graph) + "_") + std::to_string(step);
  }

  /// What begins where in the constants.
  std::map<int64_t, std::string> Landmarks() const {
    std::map<int64_t, std::string> at;
    const auto mark = [&](int64_t offset, const std::string& what) {
      std::string& text = at[offset];
      text += (text.empty() ? "" : "; ") + what;
    };
    for (size_t g = 0; g < plan_.graphs.size(); ++g) {
      for (size_t s = 0; s < plan_.graphs[g].steps.size(); ++s) {
        const PlanStep& step = plan_.graphs[g].steps[s];
        const std::string name = "step " + StepName(g, s);
        if (step.number != OperatorCall::kNumber) {
          const std::vector<std::string> fields = FieldNamesOf(step.step);
          for (size_t i = 0; i < fields.size(); ++i) {
            if (fields[i] == "constants" && step.constants_bytes > 0) mark(step.params[i], name + ": " + step.step);
          }
          continue;
        }
        const OperatorCall::Params params = CallOf(step);
        mark(params.records, name + ": tensors of " + step.operator_folder);
        mark(params.options, name + ": options of " + step.operator_folder);
        for (int i = 0; i < params.input_count; ++i) {
          const TensorRecord record = RecordAt(plan_, params, i);
          if (record.place == static_cast<int32_t>(Place::kConstants)) {
            mark(record.offset, name + ": input " + std::to_string(i));
          }
        }
      }
    }
    return at;
  }

  std::string Constants() const {
    if (plan_.constants.empty()) return "";
    constexpr int kBytesPerLine = 24;
    std::string text =
        "alignas(16) constexpr unsigned char kConstants[" + std::to_string(plan_.constants.size()) + "] = {\n";
    text.reserve(text.size() + plan_.constants.size() * 5);
    const std::map<int64_t, std::string> landmarks = Landmarks();
    int column = 0;
    for (size_t i = 0; i < plan_.constants.size(); ++i) {
      if (const auto landmark = landmarks.find(static_cast<int64_t>(i)); landmark != landmarks.end()) {
        text += std::string(column == 0 ? "" : "\n") + "    // " + std::to_string(i) + ": " +
                Comment(landmark->second) + "\n";
        column = 0;
      }
      char byte[8];
      std::snprintf(byte, sizeof byte, "%u,", std::to_integer<unsigned>(plan_.constants[i]));
      text += (column == 0 ? "    " : " ") + std::string(byte);
      if (++column == kBytesPerLine) {
        text += "\n";
        column = 0;
      }
    }
    return text + (column == 0 ? "" : "\n") + "};\n\n";
  }

  std::string Graph(size_t g) const {
    const PlanGraph& graph = plan_.graphs[g];
    std::string text;
    for (size_t s = 0; s < graph.steps.size(); ++s) text += StepParams(g, s);
    if (!graph.steps.empty()) {
      text += "constexpr runtime::PlannedStep kSteps" + Suffix(g) + "[] = {\n";
      for (size_t s = 0; s < graph.steps.size(); ++s) {
        text += "    {&steps::" + RunnerOf(graph.steps[s]) + ", &kStep" + StepName(g, s) + "},\n";
      }
      text += "};\n\n";
    }
    return text + Records("kInputs" + Suffix(g), graph.inputs) + Records("kOutputs" + Suffix(g), graph.outputs);
  }

  static std::string Suffix(size_t graph) { return graph == 0 ? "" : std::to_string(graph); }

  std::string StepParams(size_t g, size_t s) const {
    const PlanStep& step = plan_.graphs[g].steps[s];
    std::string text = "// " + Comment(step.layer) + "\n//   ";
    if (step.macs > 0) text += Counted(step.macs, "MAC") + ", ";
    text += Thousands(step.constants_bytes) + " bytes of constants";
    if (step.scratch_bytes > 0) text += ", " + Thousands(step.scratch_bytes) + " of scratch";
    if (step.cycles > 0) text += ", about " + Thousands(std::llround(step.cycles)) + " cycles";
    text += "\nconstexpr steps::" + TypeName(step.step) + "::Params kStep" + StepName(g, s) + " = {\n";
    const std::vector<std::string> fields = FieldNamesOf(step.step);
    for (size_t i = 0; i < fields.size() && i < step.params.size(); ++i) {
      text += Designated(fields[i].c_str(), step.params[i]);
    }
    return text + "};\n\n";
  }

  std::string RunnerOf(const PlanStep& step) const {
    if (step.number != OperatorCall::kNumber) return "RunStep<steps::" + TypeName(step.step) + ">";
    const OperatorCall::Params params = CallOf(step);
    const auto type =
        params.input_count == 0 ? kernels::Type::kAbsent : static_cast<kernels::Type>(RecordAt(plan_, params, 0).type);
    return "RunOperator<" + OperatorArguments(step.operator_folder, {type}) + ">";
  }

  static std::string Records(const std::string& name, const std::vector<TensorRecord>& records) {
    if (records.empty()) return "";
    std::string text = "constexpr steps::TensorRecord " + name + "[] = {\n";
    for (const TensorRecord& record : records) {
      std::string fields;
      TensorRecord::Fields(
          [&](const char* field, int32_t value) {
            fields += std::string(fields.empty() ? "" : ", ") + "." + field + " = " + std::to_string(value);
          },
          record);
      text += "    {" + fields + "},\n";
    }
    return text + "};\n\n";
  }

  std::string GraphEntry(size_t g) const {
    const PlanGraph& graph = plan_.graphs[g];
    const auto list = [&](const char* name, bool empty) { return empty ? std::string("{}") : name + Suffix(g); };
    return "    {.steps = " + list("kSteps", graph.steps.empty()) +
           ", .inputs = " + list("kInputs", graph.inputs.empty()) +
           ", .outputs = " + list("kOutputs", graph.outputs.empty()) +
           ", .frame_bytes = " + std::to_string(graph.frame_bytes) + "},\n";
  }

  const Plan& plan_;
};

}  // namespace

std::string EmitLinkedPlan(const Plan& plan, std::string_view header_name) {
  return "// Written by thimble.\n#include \"runtime/linked_plan.h\"\n\n#include \"" + std::string(header_name) +
         "\"\n\nnamespace thimble::runtime {\nnamespace {\n\n" + Arena(plan) +
         "}  // namespace\n\nconstinit const Plan& kLinkedPlan = " + plan.name + "::kPlan;\n" + kLinkedArena +
         "\n}  // namespace thimble::runtime\n";
}

std::string EmitLinkedPackage(const Plan& plan, std::string_view symbol, size_t package_bytes,
                              std::string_view header_name) {
  std::set<std::string> steps;
  OperatorUse operators;
  for (const PlanGraph& graph : plan.graphs) {
    for (const PlanStep& step : graph.steps) {
      steps.insert(step.step);
      if (step.operator_folder.empty()) continue;
      const OperatorCall::Params params = CallOf(step);
      std::set<kernels::Type>& types = operators[step.operator_folder];
      if (params.input_count > 0) types.insert(static_cast<kernels::Type>(RecordAt(plan, params, 0).type));
    }
  }
  std::string text = "// Written by thimble.\n#include \"runtime/linked_plan.h\"\n\n";
  for (const std::string& step : steps) text += "#include \"steps/" + step + "/step.h\"\n";
  text += OperatorIncludes(operators) + "#include \"" + std::string(header_name) +
          "\"\n\nnamespace thimble::runtime {\nnamespace {\n\nconstexpr const steps::Step* kSteps[] = {\n";
  for (const std::string& step : steps) text += "    &steps::kStep<steps::" + TypeName(step) + ">,\n";
  text += "};\n";
  if (!operators.empty()) text += OperatorList(operators);
  text += "\n" + Arena(plan) + "}  // namespace\n\n";
  return text + "constinit const std::span<const unsigned char> kLinkedPackage = {" + std::string(symbol) + ", " +
         std::to_string(package_bytes) +
         "};\nconstinit const std::span<const steps::Step* const> kLinkedSteps = kSteps;\n"
         "constinit const std::span<const kernels::Operator* const> kLinkedOperators" +
         (operators.empty() ? "" : " = kOperators") + ";\n" + kLinkedArena + "\n}  // namespace thimble::runtime\n";
}

EmittedPlan EmitPlan(const Plan& plan, std::string_view header_name) {
  const Emitter emitter(plan);
  return {emitter.Header(), emitter.Source(header_name)};
}

}  // namespace thimble::compiler
