// Subgraphs of plans that are linked into the program. Linked only with such a plan.
#include "runtime/plan_runner.h"

namespace thimble::runtime {
namespace {

struct LinkedSource {
  const Plan& plan;

  const PlannedGraph& At(int graph) const { return plan.graphs[static_cast<size_t>(graph)]; }
  int graph_count() const { return static_cast<int>(plan.graphs.size()); }
  int step_count(int graph) const { return static_cast<int>(At(graph).steps.size()); }
  uint32_t frame_bytes(int graph) const { return At(graph).frame_bytes; }
  std::span<const steps::TensorRecord> operands(int graph, kernels::Subgraphs::Side side) const {
    return side == kernels::Subgraphs::Side::kInputs ? At(graph).inputs : At(graph).outputs;
  }
  void RunStep(int graph, int index, const steps::Memory& memory) const {
    const PlannedStep& step = At(graph).steps[static_cast<size_t>(index)];
    step.run(step.params, memory);
  }
};

bool Run(const Plan& plan, std::byte* arena, int first, int end, uint32_t most_subgraph_runs) {
  const steps::Memory memory = {.constants = reinterpret_cast<const std::byte*>(plan.constants),
                                .frame = arena + plan.state_bytes,
                                .state = arena,
                                .subgraphs = nullptr};
  const LinkedSource source = {plan};
  PlanMachine<LinkedSource> machine(source, memory, most_subgraph_runs);
  const bool done = machine.RunSteps(first, end);
  if (end == source.step_count(0)) HasRun(arena) = 1;
  return done;
}

}  // namespace

constexpr PlannedSubgraphs kPlannedSubgraphs = {&Run};

}  // namespace thimble::runtime
