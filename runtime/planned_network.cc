#include "runtime/planned_network.h"

#include "runtime/plan_runner.h"

namespace thimble::runtime {

Status PlannedNetwork::Start(const Plan& plan, std::span<std::byte> arena) {
  if (reinterpret_cast<uintptr_t>(arena.data()) % kArenaAlignment != 0) return Status::kInvalidArgument;
  if (arena.size() < plan.arena_bytes) return Status::kOutOfMemory;
  plan_ = &plan;
  arena_ = arena.data();
  Reset();
  return Status::kOk;
}

void PlannedNetwork::Reset() { ResetState(arena_, plan_->initial_state, plan_->subgraphs != nullptr); }

steps::Memory PlannedNetwork::memory() const {
  return {.constants = reinterpret_cast<const std::byte*>(plan_->constants),
          .frame = arena_ + plan_->state_bytes,
          .state = arena_,
          .subgraphs = nullptr};
}

Status PlannedNetwork::Run(int first, int end, uint32_t most_subgraph_runs) {
  if (plan_->subgraphs != nullptr) {
    const bool done = plan_->subgraphs->run(*plan_, arena_, first, end, most_subgraph_runs);
    return done ? Status::kOk : Status::kCancelled;
  }
  const steps::Memory here = memory();
  for (const PlannedStep& step :
       plan_->graphs[0].steps.subspan(static_cast<size_t>(first), static_cast<size_t>(end - first))) {
    step.run(step.params, here);
  }
  return Status::kOk;
}

}  // namespace thimble::runtime
