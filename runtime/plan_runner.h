// What running a plan is, wherever its steps are written: linked into the program, or in a package in flash.
#ifndef THIMBLE_RUNTIME_PLAN_RUNNER_H_
#define THIMBLE_RUNTIME_PLAN_RUNNER_H_

#include <cstring>

#include "runtime/plan.h"

namespace thimble::runtime {

// A Source is where a plan is written; it has
//   int graph_count() const;
//   uint32_t frame_bytes(int graph) const;
//   std::span<const steps::TensorRecord> operands(int graph, kernels::Subgraphs::Side side) const;
//   void RunStep(int graph, int index, const steps::Memory& memory) const;
//   int step_count(int graph) const;

/// The state's first word when there are subgraphs.
inline uint32_t& HasRun(std::byte* state) { return *reinterpret_cast<uint32_t*>(state); }

/// Runs the steps of a plan with subgraphs, and lends those to the steps.
template <typename Source>
class PlanMachine final : public kernels::Subgraphs {
 public:
  /// `memory.frame` is the first graph's.
  PlanMachine(const Source& source, const steps::Memory& memory, uint32_t most_runs)
      : source_(source), memory_(memory), runs_left_(most_runs) {
    memory_.subgraphs = this;
  }

  /// Whether it came to the end.
  bool RunSteps(int first, int end) {
    for (int i = first; i < end && !stopped_; ++i) source_.RunStep(graph_, i, memory_);
    return !stopped_;
  }

  int Count(int graph, Side side) const override {
    return graph < 0 || graph >= source_.graph_count() ? -1 : static_cast<int>(source_.operands(graph, side).size());
  }
  kernels::Tensor OperandAt(int graph, Side side, int index, std::byte* frame) const override {
    steps::Memory there = memory_;
    there.frame = frame;
    return steps::View(source_.operands(graph, side)[static_cast<size_t>(index)], there);
  }
  size_t FrameBytes(int graph) const override { return source_.frame_bytes(graph); }
  bool in_main() const override { return graph_ == 0; }
  bool first_run() const override { return HasRun(memory_.state) == 0; }

  bool Run(int graph, std::byte* frame) override {
    if (runs_left_ == 0) {
      stopped_ = true;
      return false;
    }
    --runs_left_;
    const int caller = graph_;
    std::byte* const callers_frame = memory_.frame;
    graph_ = graph;
    memory_.frame = frame;
    const bool done = RunSteps(0, source_.step_count(graph));
    graph_ = caller;
    memory_.frame = callers_frame;
    return done;
  }

  /// Of which graph steps run, or are being checked.
  void Enter(int graph) { graph_ = graph; }

 private:
  const Source& source_;
  steps::Memory memory_;
  uint32_t runs_left_;
  int graph_ = 0;
  bool stopped_ = false;
};

/// Makes the state as it is at first. `initial` is what the plan says of it.
inline void ResetState(std::byte* state, std::span<const InitialState> initial, bool has_subgraphs) {
  for (const InitialState& piece : initial)
    std::memset(state + piece.offset, static_cast<int>(piece.value), piece.bytes);
  if (has_subgraphs) HasRun(state) = 0;
}

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_PLAN_RUNNER_H_
