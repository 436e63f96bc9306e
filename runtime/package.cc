#include "runtime/package.h"

#include <cstring>

#include "base/arena.h"
#include "base/crc32.h"
#include "runtime/model.h"
#include "runtime/plan_runner.h"
#include "steps/operator_call/step.h"

namespace thimble::runtime {
namespace {

using kernels::Operator;
using steps::OperatorCall;
using steps::TensorRecord;
using Side = kernels::Subgraphs::Side;
using Source = PlannedPackage::Source;

constexpr uint32_t kCrcEnd = offsetof(PackageHeader, crc) + sizeof(uint32_t);

/// Whether `count` of T, which must be aligned, lie in the package.
template <typename T>
bool Holds(const PackageHeader& header, uint32_t offset, uint32_t count) {
  return offset % alignof(T) == 0 && offset <= header.bytes && count <= (header.bytes - offset) / sizeof(T);
}

Reason CheckFrame(std::span<const std::byte> bytes, Source& source) {
  THIMBLE_REQUIRE(bytes.size() >= sizeof(PackageHeader), TooShort);
  THIMBLE_REQUIRE(reinterpret_cast<uintptr_t>(bytes.data()) % kArenaAlignment == 0, Misaligned);
  source.package = bytes.data();
  const PackageHeader& header = source.header();
  THIMBLE_REQUIRE(header.magic == PackageHeader::kMagic, NotPackage);
  THIMBLE_REQUIRE(header.version == PackageHeader::kVersion, PackageVersion);
  THIMBLE_REQUIRE(header.bytes >= sizeof(PackageHeader) && header.bytes <= bytes.size(), OutOfBounds);
  THIMBLE_REQUIRE(Crc32(bytes.subspan(kCrcEnd, header.bytes - kCrcEnd)) == header.crc, PackageDamaged);

  THIMBLE_REQUIRE(Holds<std::byte>(header, header.constants, header.constants_bytes), OutOfBounds);
  THIMBLE_REQUIRE(header.constants % kArenaAlignment == 0, Misaligned);
  THIMBLE_REQUIRE(header.graph_count >= 1 && header.graph_count <= kMaxSubgraphs, SubgraphCount);
  THIMBLE_REQUIRE(Holds<PackageGraph>(header, header.graphs, header.graph_count), OutOfBounds);
  THIMBLE_REQUIRE(Holds<InitialState>(header, header.initial_state, header.initial_state_count), OutOfBounds);
  THIMBLE_REQUIRE(Holds<char>(header, header.name, 1), OutOfBounds);
  THIMBLE_REQUIRE(std::memchr(source.At<char>(header.name), 0, header.bytes - header.name) != nullptr, OutOfBounds);

  constexpr uint32_t kTooMuch = uint32_t{1} << 31;
  THIMBLE_REQUIRE(header.state_bytes < kTooMuch && header.state_bytes % kArenaAlignment == 0, PackageMemory);
  THIMBLE_REQUIRE(header.graph_count == 1 || header.state_bytes >= kRunStateBytes, PackageMemory);
  const uint32_t frame_bytes = source.graph(0).frame_bytes;
  THIMBLE_REQUIRE(frame_bytes < kTooMuch && header.state_bytes + frame_bytes <= header.arena_bytes, PackageMemory);
  for (uint32_t i = 0; i < header.initial_state_count; ++i) {
    const auto& piece = source.At<InitialState>(header.initial_state)[i];
    THIMBLE_REQUIRE(piece.offset <= header.state_bytes && piece.bytes <= header.state_bytes - piece.offset,
                    PackageMemory);
  }
  return Reason::kNone;
}

/// Lists of steps and operands: everything that steps may look at of any graph while they are checked.
Reason CheckGraph(const Source& source, const PackageGraph& graph, const steps::Extents& extents) {
  const PackageHeader& header = source.header();
  THIMBLE_REQUIRE(graph.step_count <= kMaxTensorsAndOperators, TooManyTensors);
  THIMBLE_REQUIRE(graph.input_count <= kMaxOperands && graph.output_count <= kMaxOperands, TooManyTensors);
  THIMBLE_REQUIRE(Holds<PackageStep>(header, graph.steps, graph.step_count), OutOfBounds);
  THIMBLE_REQUIRE(Holds<TensorRecord>(header, graph.inputs, graph.input_count), OutOfBounds);
  THIMBLE_REQUIRE(Holds<TensorRecord>(header, graph.outputs, graph.output_count), OutOfBounds);
  THIMBLE_REQUIRE(graph.depth >= 1 && graph.depth <= kMaxSubgraphDepth, SubgraphDepth);
  const auto check = [&](uint32_t records, uint32_t count, bool is_input) {
    for (uint32_t i = 0; i < count; ++i) {
      const auto& record = source.At<TensorRecord>(records)[i];
      const auto type = static_cast<kernels::Type>(record.type);
      THIMBLE_REQUIRE(IsHarmless(record, source.package + header.constants, extents), PackageOperand);
      THIMBLE_REQUIRE(kernels::BytesOf(type) != 0, PackageOperand);
      // Who runs the network, or a subgraph, writes to its inputs.
      const bool is_constant = record.place == static_cast<int32_t>(steps::Place::kConstants);
      THIMBLE_REQUIRE(!is_input || !is_constant, PackageOperand);
    }
    return Reason::kNone;
  };
  THIMBLE_CHECK(check(graph.inputs, graph.input_count, true));
  return check(graph.outputs, graph.output_count, false);
}

/// Whether the subgraphs that a step runs are less deep than the graph that it belongs to, so that there is an end.
Reason CheckCallees(const Source& source, const PackageGraph& graph, const OperatorCall::Params& call) {
  const Operator* op = OperatorCall::Find(source.operators, call.operator_code);
  if (op->callees == nullptr) return Reason::kNone;
  int32_t callees[kernels::kMaxCallees];
  const std::byte* options = source.package + source.header().constants + call.options;
  const int count = op->callees(options, callees);
  for (int i = 0; i < count; ++i) THIMBLE_REQUIRE(source.graph(callees[i]).depth < graph.depth, SubgraphDepth);
  return Reason::kNone;
}

Reason CheckStep(const Source& source, const PackageGraph& graph, const PackageStep& step,
                 const steps::Extents& extents) {
  const PackageHeader& header = source.header();
  const steps::Step* known = source.Find(step.number);
  THIMBLE_REQUIRE(known != nullptr, StepMissing);
  THIMBLE_REQUIRE(Holds<int32_t>(header, step.params, known->params_bytes / sizeof(int32_t)), OutOfBounds);
  const auto* params = source.At<std::byte>(step.params);
  const auto* call = step.number == OperatorCall::kNumber ? source.At<OperatorCall::Params>(step.params) : nullptr;
  THIMBLE_REQUIRE(call == nullptr || OperatorCall::Find(source.operators, call->operator_code) != nullptr,
                  OperatorMissing);
  THIMBLE_REQUIRE(known->check(params, source.package + header.constants, extents), StepRefused);
  return call == nullptr ? Reason::kNone : CheckCallees(source, graph, *call);
}

Reason CheckAll(std::span<const std::byte> bytes, Source& source, Fault& fault) {
  THIMBLE_CHECK(CheckFrame(bytes, source));
  const PackageHeader& header = source.header();
  PlanMachine<Source> machine(source, source.MemoryOf(nullptr), 0);
  const auto extents = [&](const PackageGraph& graph) {
    return steps::Extents{.constants_bytes = header.constants_bytes,
                          .frame_bytes = graph.frame_bytes,
                          .state_bytes = header.state_bytes,
                          .subgraphs = &machine,
                          .operators = source.operators};
  };
  const int graphs = source.graph_count();
  for (int g = 0; g < graphs; ++g) {
    fault.subgraph_index = g;
    THIMBLE_CHECK(CheckGraph(source, source.graph(g), extents(source.graph(g))));
  }
  for (int g = 0; g < graphs; ++g) {
    fault.subgraph_index = g;
    machine.Enter(g);
    for (int i = 0; i < source.step_count(g); ++i) {
      fault.operator_index = i;
      THIMBLE_CHECK(CheckStep(source, source.graph(g), source.step(g, i), extents(source.graph(g))));
    }
    fault.operator_index = -1;
  }
  fault.subgraph_index = 0;
  return Reason::kNone;
}

}  // namespace

steps::Memory PlannedPackage::Source::MemoryOf(std::byte* arena) const {
  return {.constants = package + header().constants,
          .frame = arena == nullptr ? nullptr : arena + header().state_bytes,
          .state = arena,
          .subgraphs = nullptr,
          .operators = operators};
}

const steps::Step* PlannedPackage::Source::Find(uint32_t number) const {
  for (const steps::Step* step : known_steps) {
    if (step->number == number) return step;
  }
  return nullptr;
}

std::span<const TensorRecord> PlannedPackage::Source::operands(int graph_index, Side side) const {
  const PackageGraph& of = graph(graph_index);
  return side == Side::kInputs ? std::span(At<TensorRecord>(of.inputs), of.input_count)
                               : std::span(At<TensorRecord>(of.outputs), of.output_count);
}

void PlannedPackage::Source::RunStep(int graph_index, int index, const steps::Memory& memory) const {
  const PackageStep& here = step(graph_index, index);
  Find(here.number)->run(package + here.params, memory);
}

Reason CheckPackage(std::span<const std::byte> bytes, std::span<const steps::Step* const> steps,
                    std::span<const Operator* const> operators, Fault& fault) {
  fault = {};
  Source source = {.known_steps = steps, .operators = operators};
  return fault.reason = CheckAll(bytes, source, fault);
}

Status PlannedPackage::Open(std::span<const std::byte> package, std::span<const steps::Step* const> steps,
                            std::span<const Operator* const> operators, std::span<std::byte> arena, Fault* fault) {
  Fault unseen;
  Fault& found = fault == nullptr ? unseen : *fault;
  source_ = {};
  arena_ = nullptr;
  Reason reason = CheckPackage(package, steps, operators, found);
  if (ok(reason)) {
    source_ = {.package = package.data(), .known_steps = steps, .operators = operators};
    if (reinterpret_cast<uintptr_t>(arena.data()) % kArenaAlignment != 0) reason = Reason::kArenaMisaligned;
    if (arena.size() < arena_bytes()) reason = Reason::kArenaTooSmall;
  }
  found.reason = reason;
  if (!ok(reason)) return StatusOf(reason);
  arena_ = arena.data();
  Reset();
  return Status::kOk;
}

void PlannedPackage::Reset() {
  const PackageHeader& header = source_.header();
  ResetState(arena_, {source_.At<InitialState>(header.initial_state), header.initial_state_count},
             header.graph_count > 1);
}

Status PlannedPackage::Run(int first, int end, uint32_t most_subgraph_runs) {
  PlanMachine<Source> machine(source_, memory(), most_subgraph_runs);
  const bool done = machine.RunSteps(first, end);
  if (source_.graph_count() > 1 && end == step_count()) HasRun(arena_) = 1;
  return done ? Status::kOk : Status::kCancelled;
}

}  // namespace thimble::runtime
