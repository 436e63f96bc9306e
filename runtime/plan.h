// A network as a list of steps with fixed offsets: what the compiler makes of a model, run without planning anything.
#ifndef THIMBLE_RUNTIME_PLAN_H_
#define THIMBLE_RUNTIME_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "steps/step.h"
#include "steps/tensor_record.h"

namespace thimble::runtime {

/// One call of a kernel.
struct PlannedStep {
  void (*run)(const void* params, const steps::Memory& memory);
  const void* params;
};

/// A (sub)graph of the model. The first one is the network.
struct PlannedGraph {
  std::span<const PlannedStep> steps;
  std::span<const steps::TensorRecord> inputs, outputs;
  uint32_t frame_bytes;  ///< its tensors and the scratch of its steps; of a subgraph, it is scratch of who runs it
};

/// `bytes` of the state from `offset` are `value` at first and after a reset.
struct InitialState {
  uint32_t offset, bytes;
  uint32_t value;  ///< of each byte
};

/// With more than one graph, so many bytes at the beginning of the state are the runtime's own: whether this is the
/// first run since the start or a reset, which CALL_ONCE asks.
inline constexpr uint32_t kRunStateBytes = 16;

struct Plan;

/// What plans with subgraphs need besides. They point at it, so that a program links it with them and not before.
struct PlannedSubgraphs {
  /// Runs steps `first` to `end - 1` of the network with its subgraphs at hand.
  bool (*run)(const Plan& plan, std::byte* arena, int first, int end, uint32_t most_subgraph_runs);
};
extern const PlannedSubgraphs kPlannedSubgraphs;

/// A network that is linked into the program, all of it constant.
struct Plan {
  const char* name;
  const unsigned char* constants;  ///< aligned to kArenaAlignment
  std::span<const PlannedGraph> graphs;
  std::span<const InitialState> initial_state;
  uint32_t state_bytes;  ///< a multiple of kArenaAlignment; the arena is the state, then the first graph's frame
  uint32_t arena_bytes;  ///< exactly what it needs
  const PlannedSubgraphs* subgraphs = nullptr;  ///< &kPlannedSubgraphs if there is more than one graph
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_PLAN_H_
