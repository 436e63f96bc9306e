#include "compiler/compile.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "base/aligned_memory.h"
#include "base/arena.h"
#include "compiler/choose.h"
#include "compiler/lower.h"
#include "compiler/model_file.h"
#include "compiler/passes.h"
#include "kernels/all_operators.h"
#include "steps/operator_call/step.h"

namespace thimble::compiler {
namespace {

using kernels::Tensor;
using steps::TensorRecord;

constexpr PassInfo kOverlap = {"overlap", "Lays an output over the input that its step has finished reading"};

bool IsIdentifier(std::string_view name) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (name.empty() || !letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

std::string Bytes(int64_t bytes) { return std::to_string(bytes) + " bytes"; }

// ------------------------------------------------------------------------------------------------------------------

/// The constants of a plan. What is there already is not put there again.
class ConstantPool {
 public:
  explicit ConstantPool(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  uint32_t Add(std::span<const std::byte> blob, size_t alignment) {
    if (blob.empty()) return 0;
    std::string key(reinterpret_cast<const char*>(blob.data()), blob.size());
    std::vector<uint32_t>& places = places_[std::move(key)];
    for (const uint32_t place : places) {
      if (place % alignment == 0) return place;
    }
    bytes_.resize(AlignUp(bytes_.size(), alignment));
    places.push_back(static_cast<uint32_t>(bytes_.size()));
    bytes_.insert(bytes_.end(), blob.begin(), blob.end());
    return places.back();
  }

 private:
  std::vector<std::byte>& bytes_;
  std::map<std::string, std::vector<uint32_t>> places_;
};

/// The subgraphs that are compiled already, as operators that run them see them. Nothing runs here.
class CompiledSubgraphs final : public kernels::Subgraphs {
 public:
  CompiledSubgraphs(const Lowered& lowered, const std::vector<std::optional<PlanGraph>>& plans)
      : lowered_(lowered), plans_(plans) {}

  int Count(int subgraph, Side side) const override {
    if (subgraph < 0 || static_cast<size_t>(subgraph) >= lowered_.graphs.size()) return -1;
    return static_cast<int>(OperandsOf(subgraph, side).size());
  }
  Tensor OperandAt(int subgraph, Side side, int index, std::byte*) const override {
    return OperandsOf(subgraph, side)[static_cast<size_t>(index)].tensor;
  }
  size_t FrameBytes(int subgraph) const override { return plans_[static_cast<size_t>(subgraph)]->frame_bytes; }
  bool Run(int, std::byte*) override { return false; }
  bool in_main() const override { return true; }
  bool first_run() const override { return false; }

 private:
  const std::vector<Operand>& OperandsOf(int subgraph, Side side) const {
    const LoweredGraph& graph = lowered_.graphs[static_cast<size_t>(subgraph)];
    return side == Side::kInputs ? graph.inputs : graph.outputs;
  }

  const Lowered& lowered_;
  const std::vector<std::optional<PlanGraph>>& plans_;
};

// ------------------------------------------------------------------------------------------------------------------

/// A layer that becomes one step.
struct StepSource {
  PlannedLayer planned;
  const OperatorCall* call = nullptr;  ///< set: the step is operator_call
  std::string title;
  std::vector<int> operators;
  int64_t macs = 0;
};

class Compilation {
 public:
  Compilation(const CompileOptions& options, const Lowered& lowered, Plan& plan)
      : options_(options),
        lowered_(lowered),
        plan_(plan),
        pool_(plan.constants),
        graphs_(lowered.graphs.size()),
        subgraphs_(lowered, graphs_) {}

  Outcome Run() {
    plan_.name = options_.name;
    plan_.target = options_.target;
    plan_.initial_state = lowered_.initial_state;
    plan_.state_bytes = static_cast<uint32_t>(lowered_.state_bytes);
    THIMBLE_EXPECT(CompileGraph(0));
    // Those that nobody runs have to be there for the others' indices.
    for (size_t g = 1; g < graphs_.size(); ++g) THIMBLE_EXPECT(CompileGraph(g));
    for (std::optional<PlanGraph>& graph : graphs_) plan_.graphs.push_back(*std::move(graph));
    plan_.constants.resize(AlignUp(plan_.constants.size()));
    plan_.arena_bytes = plan_.state_bytes + static_cast<uint32_t>(AlignUp(plan_.graphs[0].frame_bytes));
    return CheckBudgets();
  }

 private:
  Outcome CompileGraph(size_t index) {
    if (graphs_[index]) return Nothing{};
    const LoweredGraph& graph = lowered_.graphs[index];
    std::vector<StepSource> sources;
    for (const Layer& layer : graph.layers) THIMBLE_EXPECT(AddSources(layer, sources));

    std::vector<PlannedLayer> layers;
    for (const StepSource& source : sources) layers.push_back(source.planned);
    std::vector<int64_t> value_bytes;
    for (const Value& value : graph.values) value_bytes.push_back(value.bytes);
    const auto values_of = [](const std::vector<Operand>& operands) {
      std::vector<int> values;
      for (const Operand& operand : operands) {
        if (operand.in_frame()) values.push_back(operand.value);
      }
      return values;
    };
    Budget budget;
    budget.prefer_size = options_.preference == Preference::kSize;
    budget.may_overlap = options_.without_passes.count(kOverlap.name) == 0;
    if (options_.ram_bytes && index == 0) budget.ram_bytes = *options_.ram_bytes - lowered_.state_bytes;
    if (options_.flash_bytes) {
      budget.flash_bytes = *options_.flash_bytes - static_cast<int64_t>(plan_.constants.size());
    }
    const Choice choice = Choose(layers, value_bytes, values_of(graph.inputs), values_of(graph.outputs), budget);
    Finish(index, sources, choice);
    return Nothing{};
  }

  /// The steps that a layer becomes: one if something knows it, else its operators.
  Outcome AddSources(const Layer& layer, std::vector<StepSource>& sources) {
    std::vector<Candidate> candidates = Candidates(layer.kind, options_.target);
    if (!candidates.empty()) {
      StepSource source;
      source.planned.candidates = std::move(candidates);
      source.planned.input = layer.input;
      source.planned.second = layer.second;
      source.planned.output = layer.output;
      source.planned.reads = {layer.input};
      if (layer.second >= 0) source.planned.reads.push_back(layer.second);
      source.planned.writes = {layer.output};
      source.title = TitleOf(layer);
      source.macs = MacsOf(layer);
      for (const OperatorCall& call : layer.calls) source.operators.push_back(call.index);
      sources.push_back(std::move(source));
      return Nothing{};
    }
    for (const OperatorCall& call : layer.calls) {
      THIMBLE_ASSIGN(StepSource source, SourceOf(call));
      sources.push_back(std::move(source));
    }
    return Nothing{};
  }

  Expected<StepSource> SourceOf(const OperatorCall& call) {
    StepSource source;
    source.call = &call;
    source.operators = {call.index};
    Layer alone;
    alone.calls = {call};
    source.title = TitleOf(alone);
    source.macs = MacsOf(alone);
    THIMBLE_ASSIGN(Candidate candidate, CandidateOf(call, source.macs));
    for (const Operand& operand : call.in) {
      if (operand.in_frame()) source.planned.reads.push_back(operand.value);
    }
    for (const Operand& operand : call.out) {
      if (operand.in_frame()) source.planned.writes.push_back(operand.value);
    }
    // An elementwise operator computes in place. (Views that are still here have an input that is no frame's.)
    const bool in_place = call.op->sharing == kernels::Sharing::kOverwrite && call.in[0].in_frame() &&
                          call.out[0].in_frame() && call.in[0].tensor.SizeBytes() == call.out[0].tensor.SizeBytes();
    if (in_place) {
      source.planned.input = call.in[0].value;
      source.planned.output = call.out[0].value;
      candidate.lead_bytes = 0;
      candidate.exact = true;
    }
    source.planned.candidates.push_back(std::move(candidate));
    return source;
  }

  Expected<Candidate> CandidateOf(const OperatorCall& call, int64_t macs) {
    Candidate candidate;
    candidate.step = steps::OperatorCall::kName;
    candidate.number = steps::OperatorCall::kNumber;
    steps::OperatorCall::Params params{};
    steps::OperatorCall::Fields([&](const char* name, int32_t) { candidate.fields.emplace_back(name); }, params);
    candidate.parts.emplace_back().params.assign(candidate.fields.size(), 0);
    candidate.Set("operator_code", call.op->tflite_code);
    candidate.Set("input_count", static_cast<int64_t>(call.in.size()));
    candidate.Set("output_count", static_cast<int64_t>(call.out.size()));
    candidate.cycles = candidate.parts[0].cycles = PredictCycles(call, macs);

    if (call.op->callees != nullptr) {
      int32_t callees[kernels::kMaxCallees];
      const int count = call.op->callees(call.params.data(), callees);
      for (int i = 0; i < count; ++i) THIMBLE_EXPECT(CompileGraph(static_cast<size_t>(callees[i])));
    }
    std::vector<Tensor> in, out;
    for (const Operand& operand : call.in) in.push_back(operand.tensor);
    for (const Operand& operand : call.out) out.push_back(operand.tensor);
    const kernels::Call views = {in, out, nullptr, &subgraphs_};
    candidate.scratch_bytes = static_cast<int64_t>(AlignUp(call.op->scratch_bytes(call.params.data(), views)));
    // The weights, so that choosing knows about them.
    for (const Operand& operand : call.in) {
      if (operand.tensor.constant) {
        candidate.constants.resize(candidate.constants.size() + AlignUp(operand.tensor.SizeBytes()));
      }
    }
    return candidate;
  }

  void Finish(size_t index, const std::vector<StepSource>& sources, const Choice& choice) {
    const LoweredGraph& graph = lowered_.graphs[index];
    PlanGraph result;
    result.frame_bytes = static_cast<uint32_t>(choice.frame_bytes);
    const auto offset_of = [&](int value) { return value < 0 ? 0 : choice.offsets[static_cast<size_t>(value)]; };
    std::vector<int> first_steps;
    for (size_t i = 0; i < sources.size(); ++i) {
      const StepSource& source = sources[i];
      Candidate candidate = source.planned.candidates[choice.candidates[i]];
      first_steps.push_back(static_cast<int>(result.steps.size()));
      candidate.Set("scratch", choice.scratch[i]);
      if (source.call != nullptr) {
        FillCall(*source.call, offset_of, candidate);
      } else {
        candidate.SetOperands(offset_of(source.planned.input), offset_of(source.planned.second),
                              offset_of(source.planned.output));
        candidate.Set("constants", pool_.Add(candidate.constants, kArenaAlignment));
      }
      AddSteps(source, candidate, result.steps);
    }
    first_steps.push_back(static_cast<int>(result.steps.size()));
    for (const Operand& operand : graph.inputs) result.inputs.push_back(RecordOf(operand, offset_of));
    for (const Operand& operand : graph.outputs) result.outputs.push_back(RecordOf(operand, offset_of));
    if (index == 0) {
      FillPlacements(graph, sources, choice, first_steps);
      plan_.least_arena_bytes = plan_.state_bytes + static_cast<uint32_t>(choice.least_bytes);
    }
    graphs_[index] = std::move(result);
  }

  static void AddSteps(const StepSource& source, const Candidate& candidate, std::vector<PlanStep>& steps) {
    for (const Candidate::Part& part : candidate.parts) {
      const bool is_first = &part == &candidate.parts.front();
      PlanStep& step = steps.emplace_back();
      step.step = candidate.step;
      step.number = candidate.number;
      step.params = part.params;
      if (source.call != nullptr) step.operator_folder = source.call->op->name;
      step.layer = source.title + (part.what.empty() ? "" : ", " + part.what);
      step.operators = source.operators;
      // Parts share their constants, and the layer's work as they share the time.
      step.macs =
          candidate.parts.size() == 1 ? source.macs : std::llround(static_cast<double>(source.macs) * part.share);
      step.constants_bytes = is_first ? static_cast<int64_t>(candidate.constants.size()) : 0;
      step.scratch_bytes = candidate.scratch_bytes;
      step.cycles = part.cycles;
    }
  }

  template <typename OffsetOf>
  void FillCall(const OperatorCall& call, OffsetOf offset_of, Candidate& candidate) {
    std::vector<TensorRecord> records;
    for (const Operand& operand : call.in) records.push_back(RecordOf(operand, offset_of));
    for (const Operand& operand : call.out) records.push_back(RecordOf(operand, offset_of));
    candidate.Set("records", pool_.Add(std::as_bytes(std::span(records)), alignof(TensorRecord)));
    candidate.Set("options", pool_.Add(std::as_bytes(std::span(call.params)), alignof(uint64_t)));
  }

  template <typename OffsetOf>
  TensorRecord RecordOf(const Operand& operand, OffsetOf offset_of) {
    const Tensor& tensor = operand.tensor;
    TensorRecord record;
    record.type = static_cast<int32_t>(tensor.type);
    if (!tensor.present()) return record;
    if (operand.in_state()) {
      record.place = static_cast<int32_t>(steps::Place::kState);
      record.offset = static_cast<int32_t>(operand.state_offset);
    } else if (tensor.constant) {
      record.place = static_cast<int32_t>(steps::Place::kConstants);
      const std::span data(tensor.As<std::byte>(), tensor.SizeBytes());
      record.offset = static_cast<int32_t>(pool_.Add(data, kArenaAlignment));
    } else {
      record.place = static_cast<int32_t>(steps::Place::kFrame);
      record.offset = static_cast<int32_t>(offset_of(operand.value));
    }
    const std::span dims(tensor.shape.dims, static_cast<size_t>(tensor.shape.rank));
    const std::span scales(tensor.scales, static_cast<size_t>(tensor.scale_count));
    record.rank = tensor.shape.rank;
    record.dims = static_cast<int32_t>(pool_.Add(std::as_bytes(dims), alignof(int32_t)));
    record.scale_count = tensor.scale_count;
    record.scales = static_cast<int32_t>(pool_.Add(std::as_bytes(scales), alignof(float)));
    record.zero_point = tensor.zero_point;
    record.quantised_dimension = tensor.quantised_dimension;
    record.variable = tensor.variable ? 1 : 0;
    return record;
  }

  /// `first_steps`: of each source, and behind the last.
  void FillPlacements(const LoweredGraph& graph, const std::vector<StepSource>& sources, const Choice& choice,
                      const std::vector<int>& first_steps) {
    std::vector<Placement> values(graph.values.size());
    std::vector<bool> is_used(graph.values.size(), false);
    const auto touch = [&](int value, int first, int last) {
      const auto v = static_cast<size_t>(value);
      if (!is_used[v]) values[v] = {graph.values[v].name, false, choice.offsets[v], graph.values[v].bytes, first, last};
      is_used[v] = true;
      values[v].last_step = std::max(values[v].last_step, last);
    };
    for (const Operand& operand : graph.inputs) touch(operand.value, 0, 0);
    for (size_t i = 0; i < sources.size(); ++i) {
      const int first = first_steps[i], last = first_steps[i + 1] - 1;
      for (const int value : sources[i].planned.reads) touch(value, first, last);
      for (const int value : sources[i].planned.writes) touch(value, first, last);
    }
    const int last_step = std::max(first_steps.back() - 1, 0);
    for (const Operand& operand : graph.outputs) {
      if (operand.in_frame()) touch(operand.value, last_step, last_step);
    }
    for (size_t v = 0; v < values.size(); ++v) {
      if (is_used[v] && values[v].size_bytes > 0) plan_.placements.push_back(values[v]);
    }
    for (size_t i = 0; i < sources.size(); ++i) {
      const int64_t bytes = sources[i].planned.candidates[choice.candidates[i]].scratch_bytes;
      if (bytes == 0) continue;
      plan_.placements.push_back({"scratch of step " + std::to_string(first_steps[i]), true, choice.scratch[i], bytes,
                                  first_steps[i], first_steps[i + 1] - 1});
    }
  }

  Outcome CheckBudgets() const {
    const auto refuse = [](const char* what, int64_t least, int64_t budget) {
      return Error{Status::kOutOfMemory, "the network needs " + Bytes(least) + " of " + what +
                                             " at least, which is more than the " + Bytes(budget) +
                                             " that it may have; give it more, or take a smaller network"};
    };
    if (options_.ram_bytes && plan_.arena_bytes > *options_.ram_bytes) {
      return refuse("RAM", plan_.arena_bytes, *options_.ram_bytes);
    }
    const auto constants_bytes = static_cast<int64_t>(plan_.constants.size());
    if (options_.flash_bytes && constants_bytes > *options_.flash_bytes) {
      return refuse("constants", constants_bytes, *options_.flash_bytes);
    }
    return Nothing{};
  }

  const CompileOptions& options_;
  const Lowered& lowered_;
  Plan& plan_;
  ConstantPool pool_;
  std::vector<std::optional<PlanGraph>> graphs_;
  CompiledSubgraphs subgraphs_;
};

}  // namespace

std::vector<PassInfo> AllPasses() {
  std::vector<PassInfo> passes(Passes().begin(), Passes().end());
  passes.insert(passes.end(), std::begin(kLoweringPasses), std::end(kLoweringPasses));
  passes.push_back(kOverlap);
  return passes;
}

const char* NameOf(steps::Target target) {
  for (const TargetName& known : kTargets) {
    if (known.target == target) return known.name;
  }
  return "unknown";
}

std::string IdentifierOf(std::string_view file_name) {
  const size_t slash = file_name.find_last_of('/');
  if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
  if (const size_t dot = file_name.find_last_of('.'); dot != std::string_view::npos && dot > 0) {
    file_name = file_name.substr(0, dot);
  }
  std::string name;
  for (const char c : file_name) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  if (!IsIdentifier(name)) name = "model_" + name;
  return name;
}

Expected<Plan> Compile(std::span<const std::byte> model, const CompileOptions& options) {
  if (!IsIdentifier(options.name)) {
    return {Status::kInvalidArgument, "'" + options.name + "' cannot be a name in C++; take letters, digits and _"};
  }
  const std::vector<PassInfo> passes = AllPasses();
  PassOptions simplifying = {.channels_together = 4};  // what the steps' kernels take
  for (const std::string& name : options.without_passes) {
    const auto has_name = [&](const PassInfo& pass) { return pass.name == name; };
    if (std::none_of(passes.begin(), passes.end(), has_name)) return NoSuchPass(name, passes);
    if (std::any_of(Passes().begin(), Passes().end(), has_name)) simplifying.without.insert(name);
  }
  PassReport report;
  THIMBLE_ASSIGN(const std::vector<std::byte> simplified, Simplify(model, simplifying, &report));
  const AlignedMemory memory{std::span<const std::byte>(simplified)};
  THIMBLE_ASSIGN(const LoadedNetwork loaded, LoadNetwork(memory.span(), kernels::AllOperators()));
  Plan plan;
  for (const PassReport::Line& line : report.lines) plan.remarks.push_back(line.pass + ": " + line.what);
  const Lowered lowered = Lower(loaded.network, options.without_passes, plan.remarks);
  THIMBLE_EXPECT(Compilation(options, lowered, plan).Run());
  return plan;
}

ArenaFacts ArenaOf(const Plan& plan) {
  ArenaFacts arena;
  arena.bytes = plan.arena_bytes;
  arena.persistent_bytes = plan.state_bytes;
  arena.lower_bound_bytes = plan.least_arena_bytes;
  arena.live_bytes.assign(plan.graphs[0].steps.size(), 0);
  for (const Placement& placement : plan.placements) {
    Piece piece;
    piece.kind = placement.scratch                     ? Piece::Kind::kScratch
                 : placement.name.starts_with("input") ? Piece::Kind::kInput
                                                       : Piece::Kind::kTensor;
    piece.name = placement.name;
    piece.offset_bytes = plan.state_bytes + static_cast<size_t>(placement.offset_bytes);
    piece.size_bytes = static_cast<size_t>(placement.size_bytes);
    piece.first_operator = placement.first_step;
    piece.last_operator = placement.last_step;
    arena.pieces.push_back(std::move(piece));
  }
  std::stable_sort(arena.pieces.begin(), arena.pieces.end(), [](const Piece& a, const Piece& b) {
    return std::pair(a.offset_bytes, a.first_operator) < std::pair(b.offset_bytes, b.first_operator);
  });
  for (size_t step = 0; step < arena.live_bytes.size(); ++step) {
    // Bytes that somebody has; where two overlap, once. The pieces rise.
    size_t behind = 0;
    for (const Piece& piece : arena.pieces) {
      if (piece.first_operator > static_cast<int>(step) || piece.last_operator < static_cast<int>(step)) continue;
      const size_t end = piece.offset_bytes + piece.size_bytes;
      arena.live_bytes[step] += end - std::min(end, std::max(behind, piece.offset_bytes));
      behind = std::max(behind, end);
    }
    if (arena.live_bytes[step] > arena.live_bytes[static_cast<size_t>(arena.busiest_operator)]) {
      arena.busiest_operator = static_cast<int>(step);
    }
  }
  return arena;
}

double PredictCycles(const Plan& plan) {
  // PlannedNetwork::Invoke, until the first step begins and after the last has ended; counted on mps2_an386, where it
  // is the same for 3 and for 42 steps. What a call of a step takes is part of the step's own figure.
  constexpr double kInvokeCycles = 84;
  double cycles = kInvokeCycles;
  for (const PlanStep& step : plan.graphs[0].steps) cycles += step.cycles;
  return cycles;
}

size_t PredictRamBytes(const Plan& plan) {
  const size_t pointer_bytes = plan.target == steps::Target::kX86 ? 8 : 4;
  return plan.arena_bytes + 2 * pointer_bytes;  // runtime::PlannedNetwork
}

Expected<steps::Target> TargetOfCore(const std::string& core) {
  using steps::Target;
  const std::string plain = core.ends_with('f') ? core.substr(0, core.size() - 1) : core;
  for (const char* small : {"cortex-m0", "cortex-m0plus", "cortex-m1", "cortex-m3"}) {
    if (plain == small) return Target::kCortexM0;
  }
  for (const char* dsp : {"cortex-m4", "cortex-m7", "cortex-m33"}) {
    if (plain == dsp) return Target::kCortexM4;
  }
  for (const char* helium : {"cortex-m55", "cortex-m85"}) {
    if (plain == helium) return Target::kCortexM55;
  }
  return {Status::kUnsupported, core + ": there are no kernels for this core"};
}

}  // namespace thimble::compiler
