// What the runtime does for operators that run subgraphs: it plans those and lends them. Linked only with such
// operators.
#include "runtime/network_parts.h"

namespace thimble::runtime {

using kernels::Operator;
using kernels::Tensor;

struct Network::Callees {
  /// The model's subgraphs for an operator that runs them.
  class Lender final : public kernels::Subgraphs {
   public:
    explicit Lender(Machine& machine) : machine_(machine), network_(machine.network) {}

    int Count(int subgraph, Side side) const override {
      return subgraph < 0 || subgraph >= network_.model_.graph_count() ? -1 : List(GraphAt(subgraph), side).size();
    }
    Tensor OperandAt(int subgraph, Side side, int index, std::byte* frame) const override {
      const Graph graph = GraphAt(subgraph);
      return network_.TensorIn(graph, frame, List(graph, side)[index]);
    }
    size_t FrameBytes(int subgraph) const override { return network_.frames_[static_cast<size_t>(subgraph)].bytes; }
    bool in_main() const override { return machine_.subgraph == 0; }
    bool first_run() const override { return network_.first_run_; }

    bool Run(int subgraph, std::byte* frame) override {
      if (machine_.runs_left == 0) {
        machine_.stopped = true;
        return false;
      }
      --machine_.runs_left;
      const Graph graph = GraphAt(subgraph);
      return machine_.RunOperators(graph, frame, 0, graph.operator_count());
    }

   private:
    Graph GraphAt(int subgraph) const { return network_.model_.GraphAt(subgraph); }
    static flat::Vector<int32_t> List(const Graph& graph, Side side) {
      return side == Side::kInputs ? graph.inputs() : graph.outputs();
    }

    Machine& machine_;
    const Network& network_;
  };

  static uint32_t Lend(Machine& machine, Operands& operands, Operands::Visit visit) {
    Lender lender(machine);
    operands.call.subgraphs = &lender;
    return visit(operands);
  }

  static int Of(const Operator& op, const kernels::Options& options, int32_t (&callees)[kernels::kMaxCallees]) {
    if (op.callees == nullptr) return 0;
    alignas(uint64_t) std::byte params[kernels::kMaxParamsBytes];
    op.read(options, params);
    return op.callees(params, callees);
  }

  static Reason Plan(Network& network, const Graph& graph, int outer, Planning& planning, uint32_t& depth) {
    for (int i = 0; i < graph.operator_count(); ++i) {
      planning.fault.operator_index = i;
      int32_t callees[kernels::kMaxCallees];
      const int count = Of(network.OperatorOf(graph, i), graph.OptionsOf(i), callees);
      for (int k = 0; k < count; ++k) {
        THIMBLE_REQUIRE(outer + 1 < kMaxSubgraphDepth, SubgraphDepth);
        const Frame& callee = network.frames_[static_cast<size_t>(callees[k])];
        if (callee.depth == 0) {
          const Fault here = planning.fault;
          THIMBLE_CHECK(network.PlanGraph(callees[k], outer + 1, planning));
          planning.fault = here;
        }
        if (callee.depth + 1 > depth) depth = callee.depth + 1;
        THIMBLE_REQUIRE(depth <= kMaxSubgraphDepth, SubgraphDepth);
      }
    }
    planning.fault.operator_index = -1;
    return Reason::kNone;
  }
};

}  // namespace thimble::runtime

namespace thimble::kernels {

constexpr SubgraphSupport kSubgraphSupport = {&runtime::Network::Callees::Plan, &runtime::Network::Callees::Lend};

}  // namespace thimble::kernels
