// What planned networks offer, linked and packaged ones alike.
#ifndef THIMBLE_RUNTIME_PLANNED_H_
#define THIMBLE_RUNTIME_PLANNED_H_

#include <concepts>

#include "base/status.h"
#include "runtime/network.h"
#include "steps/tensor_record.h"

namespace thimble::runtime {

/// The face of `Derived`, which has
///   int step_count() const;                                          of the network
///   Status Run(int first, int end, uint32_t most_subgraph_runs);     steps `first` to `end - 1`
///   std::span<const steps::TensorRecord> operands(Side side) const;  of the network
///   steps::Memory memory() const;
template <typename Derived>
class Planned {
 public:
  using Side = kernels::Subgraphs::Side;

  /// Computes the outputs from the inputs. Inputs may be overwritten while it runs: fill them anew each time. State
  /// (the memory of LSTM, SVDF and streaming models) stays for the next time.
  ///
  ///   kCancelled   subgraphs ran `most_subgraph_runs` times and wanted to run once more; outputs and state hold
  ///                anything. Impossible for models without IF and WHILE.
  Status Invoke(uint32_t most_subgraph_runs = kMostSubgraphRuns) {
    return self().Run(0, self().step_count(), most_subgraph_runs);
  }

  /// Invoke, and observe(index) after each step of the network. A subgraph is part of the step that runs it.
  template <std::invocable<int> Observer>
  Status Invoke(Observer&& observe, uint32_t most_subgraph_runs = kMostSubgraphRuns) {
    for (int i = 0; i < self().step_count(); ++i) {
      THIMBLE_TRY(self().Run(i, i + 1, most_subgraph_runs));
      observe(i);
    }
    return Status::kOk;
  }

  int input_count() const { return static_cast<int>(self().operands(Side::kInputs).size()); }
  int output_count() const { return static_cast<int>(self().operands(Side::kOutputs).size()); }
  kernels::Tensor input(int index) const { return At(Side::kInputs, index); }
  kernels::Tensor output(int index) const { return At(Side::kOutputs, index); }

 private:
  friend Derived;
  Planned() = default;

  Derived& self() { return static_cast<Derived&>(*this); }
  const Derived& self() const { return static_cast<const Derived&>(*this); }
  kernels::Tensor At(Side side, int index) const {
    return steps::View(self().operands(side)[static_cast<size_t>(index)], self().memory());
  }
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_PLANNED_H_
