// Loads a .tflite where it lies (flash, usually), plans one arena exactly, and runs it.
#ifndef THIMBLE_RUNTIME_NETWORK_H_
#define THIMBLE_RUNTIME_NETWORK_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/arena.h"
#include "kernels/op.h"
#include "runtime/fault.h"
#include "runtime/model.h"

namespace thimble::runtime {

/// A piece of the arena and when it is in use. Tensors that an operator computes in place share one piece.
struct Allocation {
  int tensor = -1;          ///< in the model's tensor list, or -1: scratch of an operator
  size_t offset_bytes = 0;  ///< from the start of the arena
  size_t size_bytes = 0;
  int first_operator = 0;  ///< inputs of the network and variables are in use from 0
  int last_operator = 0;   ///< outputs of the network and variables are in use to the last operator
};

/// How often subgraphs may run (IF and WHILE run them) before an invocation ends without a result, unless the caller
/// says otherwise: in WHILE the data decides, and no model may run for ever.
inline constexpr uint32_t kMostSubgraphRuns = 65536;

class Network {
 public:
  /// Verifies `model` completely and plans `arena`, which must begin at a multiple of 16. The model is read in place
  /// and, like the arena, must outlive the network. `operators` are those that the program contains; `fault` (may be
  /// null) says why not. After kOk nothing can step outside the arena, whatever the model holds.
  ///
  ///   kOutOfMemory    the arena is too small (`arena_bytes()` of a network loaded into a larger one is exact)
  ///   anything else   StatusOf(fault->reason)
  Status Load(std::span<const std::byte> model, std::span<const kernels::Operator* const> operators,
              std::span<std::byte> arena, Fault* fault = nullptr);

  /// Computes the outputs from the inputs. Inputs may be overwritten while it runs: fill them anew each time. Variables
  /// (the memory of LSTM, SVDF and streaming models) keep what it leaves in them for the next time.
  ///
  ///   kCancelled   subgraphs ran `most_subgraph_runs` times and wanted to run once more; outputs and variables hold
  ///                anything. Impossible for models without IF and WHILE.
  Status Invoke(uint32_t most_subgraph_runs = kMostSubgraphRuns);

  /// One operator that has just run. A subgraph is part of the operator that runs it.
  struct Layer {
    const Network& network;
    int index;
    const kernels::Operator& op() const { return network.OperatorAt(index); }
    int output_count() const { return network.model().OutputsOf(index).size(); }
    kernels::Tensor output(int output_index) const {
      return network.TensorAt(network.model().OutputsOf(index)[output_index]);
    }
  };

  /// Invoke, and observe(Layer) after each operator. A program that does not call this has no code for it.
  template <typename Observer>
  requires std::invocable<Observer&, Layer> Status Invoke(Observer&& observe,
                                                          uint32_t most_subgraph_runs = kMostSubgraphRuns) {
    for (int i = 0; i < operator_count(); ++i) {
      THIMBLE_TRY(InvokeOperator(i, most_subgraph_runs));
      observe(Layer{*this, i});
    }
    return Status::kOk;
  }

  /// Forgets: variables are as they were after loading, and a CALL_ONCE calls again.
  void Reset();

  int input_count() const { return model_.inputs().size(); }
  int output_count() const { return model_.outputs().size(); }
  kernels::Tensor input(int index) const { return TensorAt(model_.inputs()[index]); }
  kernels::Tensor output(int index) const { return TensorAt(model_.outputs()[index]); }

  /// What Load took of the arena: exactly enough, and the same number on a laptop and on a 32-bit device.
  size_t arena_bytes() const { return arena_bytes_; }

  // For tools: one operator after the other, looking at what each wrote. `Invoke()` is all of them in order.
  int operator_count() const { return model_.operator_count(); }
  const kernels::Operator& OperatorAt(int index) const { return OperatorOf(model_, index); }
  /// An operator of any of the model's subgraphs.
  const kernels::Operator& OperatorOf(const Graph& graph, int index) const {
    return *operators_[Find(graph.CodeOf(index))];
  }
  Status InvokeOperator(int index, uint32_t most_subgraph_runs = kMostSubgraphRuns);
  kernels::Tensor TensorAt(int index) const;
  const Model& model() const { return model_; }

  // For tools: who occupies which bytes when. `AllocationAt(tensor)` for 0 <= tensor < model().tensor_count() has
  // size 0 for constants; for tensor_count() + operator it is that operator's scratch, where subgraphs that it runs
  // have their tensors.
  Allocation AllocationAt(int index) const;
  /// Arena bytes that are in use for as long as the network is loaded: its table of offsets, then its variables. All
  /// tensors lie behind them.
  size_t persistent_bytes() const { return persistent_bytes_; }
  /// The most bytes of tensors and scratch that are needed at the same time: no plan is below persistent_bytes() plus
  /// this.
  size_t peak_bytes() const { return peak_bytes_; }

  // Parts of the runtime's own sources (network_parts.h).
  struct Callees;
  class Handlers;
  struct Machine;
  struct Operands;
  struct Planning;

 private:
  /// What a subgraph needs to run.
  struct Frame {
    uint32_t bytes;
    uint32_t depth;  ///< of subgraphs running inside it, itself included; 0: not planned
  };

  void Forget();  ///< all that was loaded
  Reason Prepare(Planning& planning);
  Reason PlanArena(std::span<std::byte> arena, Planning& planning);
  Reason PlaceVariables(Arena& memory, Planning& planning) const;
  Reason PlanGraph(int subgraph, int outer, Planning& planning);
  int Find(const Graph::Code& code) const;
  /// Whether the arena had room for a variable, which is then at `offset`.
  static bool TakeVariable(Arena& memory, const kernels::Tensor& tensor, uint32_t& offset);
  static void ForgetVariable(const kernels::Tensor& tensor, void* data);
  kernels::Tensor TensorIn(const Graph& graph, std::byte* frame, int index) const;

  Model model_;
  std::span<const kernels::Operator* const> operators_;
  const kernels::VariableSupport* variables_ = nullptr;  ///< set if an operator names variables
  std::byte* arena_ = nullptr;
  /// Where each tensor of all subgraphs lies, then, if any is needed, each operator's scratch: variables in bytes from
  /// arena_, all else from the beginning of the frame of its subgraph. 32-bit offsets, not pointers, so that the table
  /// is equally large on every machine.
  std::span<uint32_t> offsets_;
  std::span<Frame> frames_;  ///< of the subgraphs, if there is more than one
  size_t persistent_bytes_ = 0;
  size_t peak_bytes_ = 0;
  size_t arena_bytes_ = 0;
  bool first_run_ = false;
};

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_NETWORK_H_
