// The parts of Network that its source files share: what is known while it is loaded and while it runs.
#ifndef THIMBLE_RUNTIME_NETWORK_PARTS_H_
#define THIMBLE_RUNTIME_NETWORK_PARTS_H_

#include "runtime/network.h"

namespace thimble::runtime {

// Offsets of tensors that have none; during planning they say why.
inline constexpr uint32_t kNowhere = UINT32_MAX;  // a constant, or no scratch
inline constexpr uint32_t kUnwritten = UINT32_MAX - 1;
inline constexpr uint32_t kFirstVariable =
    UINT32_MAX - 2;  // and downwards: handles of the first variable, the second, …
inline constexpr uint32_t kNoOffset = uint32_t{1} << 31;  // all offsets are below

/// What is known while a network is being loaded.
struct Network::Planning {
  Fault& fault;
  std::span<const std::byte> model;
  std::span<uint32_t> offsets = {};  ///< as Network::offsets_
  std::span<std::byte> memory = {};  ///< where the tensors will be, and before that what planning itself needs
  size_t used_bytes = 0;             ///< of it
  Frame main = {};
  bool any_scratch = false;
  const kernels::SubgraphSupport* subgraphs = nullptr;  ///< set if an operator runs subgraphs
};

/// Runs operators, which may run subgraphs.
struct Network::Machine {
  const Network& network;
  int subgraph;        ///< whose operators run
  uint32_t runs_left;  ///< of subgraphs
  bool stopped = false;

  bool RunOperators(const Graph& graph, std::byte* frame, int first, int end);
};

/// The views of one operator's operands and its options, decoded from the model for as long as it runs. Keeping none
/// of this in the arena costs some hundred instructions an operator and saves its RAM.
struct Network::Operands {
  using Visit = uint32_t (*)(const Operands&);

  const kernels::Operator* op;
  kernels::Call call;
  alignas(uint64_t) std::byte params[kernels::kMaxParamsBytes];

  /// visit(operands) with operator `index` decoded on the stack: a small frame for nearly all, a larger one for an
  /// LSTM, a large one for a concatenation of dozens.
  static uint32_t With(Machine& machine, const Graph& graph, std::byte* frame, int index, Visit visit);

  // What is done with them.
  static uint32_t Check(const Operands& o);
  static uint32_t ScratchBytes(const Operands& o);
  static uint32_t Run(const Operands& o);

 private:
  template <int kTensors>
  static uint32_t WithRoom(Machine& machine, const Graph& graph, std::byte* frame, int index, Visit visit);
  uint32_t DecodeAndVisit(Machine& machine, const Graph& graph, std::byte* frame, int index, kernels::Tensor* tensors,
                          Visit visit);
};

}  // namespace thimble::runtime

namespace thimble::kernels {

/// runtime/subgraphs.cc
struct SubgraphSupport {
  using Network = runtime::Network;
  using Graph = runtime::Graph;

  /// Plans what the operators of a graph run, before it is planned itself. `outer` subgraphs run around it; `depth`
  /// becomes how many run inside each other, itself included.
  Reason (*plan)(Network& network, const Graph& graph, int outer, Network::Planning& planning, uint32_t& depth);
  /// visit(operands) with the network's subgraphs.
  uint32_t (*lend)(Network::Machine& machine, Network::Operands& operands, Network::Operands::Visit visit);
};

/// runtime/variables.cc
struct VariableSupport {
  using Network = runtime::Network;

  /// Numbers the variables by their names, and takes memory for each.
  Reason (*place)(const Network& network, Arena& memory, Network::Planning& planning);
  /// Makes all of them as they were after loading.
  void (*reset)(const Network& network);
  /// Of the variable that a handle in the main graph names.
  size_t (*size_bytes)(const Network& network, int handle);
};

}  // namespace thimble::kernels

#endif  // THIMBLE_RUNTIME_NETWORK_PARTS_H_
