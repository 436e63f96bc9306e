// Runs a network that the compiler planned and that is linked into the program.
#ifndef THIMBLE_RUNTIME_PLANNED_NETWORK_H_
#define THIMBLE_RUNTIME_PLANNED_NETWORK_H_

#include "runtime/plan.h"
#include "runtime/planned.h"

namespace thimble::runtime {

/// A plan and its memory. It holds no more than that, and nothing is verified: the compiler has done it.
class PlannedNetwork : public Planned<PlannedNetwork> {
 public:
  /// `plan` and `arena`, which must begin at a multiple of 16, must outlive the network.
  ///   kOutOfMemory       the arena is smaller than plan.arena_bytes
  ///   kInvalidArgument   it begins elsewhere
  Status Start(const Plan& plan, std::span<std::byte> arena);

  /// Forgets: the state is as it was at the start, and a CALL_ONCE calls again.
  void Reset();

  int step_count() const { return static_cast<int>(plan_->graphs[0].steps.size()); }
  size_t arena_bytes() const { return plan_->arena_bytes; }

  // For Planned.
  Status Run(int first, int end, uint32_t most_subgraph_runs);
  std::span<const steps::TensorRecord> operands(Side side) const {
    return side == Side::kInputs ? plan_->graphs[0].inputs : plan_->graphs[0].outputs;
  }
  steps::Memory memory() const;

 private:
  const Plan* plan_ = nullptr;
  std::byte* arena_ = nullptr;
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_PLANNED_NETWORK_H_
