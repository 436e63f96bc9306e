#include "runtime/network.h"

#include "runtime/planner.h"

namespace thimble::runtime {
namespace {

using kernels::Operator;
using kernels::Sharing;
using kernels::Tensor;
using kernels::Type;

// Offsets of tensors that have none; during planning they say why.
constexpr uint32_t kNowhere = UINT32_MAX;  // a constant, or no scratch
constexpr uint32_t kUnwritten = UINT32_MAX - 1;
constexpr uint32_t kFirstVariable = UINT32_MAX - 2;  // and downwards: handles of the first variable, the second, …
constexpr uint32_t kNoOffset = uint32_t{1} << 31;    // all offsets are below

uint32_t AlignedSize(const Tensor& tensor) { return static_cast<uint32_t>(AlignUp(tensor.SizeBytes())); }

/// Whether it stays from one run to the next.
bool IsVariable(const Tensor& tensor) { return tensor.variable || tensor.type == Type::kResource; }

/// What a variable holds before anything is written: stored zeros, but for int8 the real zero, as in TFLite Micro.
int FirstByte(const Tensor& tensor) { return tensor.type == Type::kInt8 ? tensor.zero_point : 0; }

bool Contains(flat::Vector<int32_t> list, int index) {
  for (int i = 0; i < list.size(); ++i) {
    if (list[i] == index) return true;
  }
  return false;
}

}  // namespace

/// What is known while a network is being loaded.
struct Network::Planning {
  Fault& fault;
  std::span<uint32_t> offsets;  ///< as Network::offsets_
  std::span<std::byte> memory;  ///< where the tensors will be, and before that what planning itself needs
  size_t used_bytes = 0;        ///< of it
  Frame main = {};
  bool any_scratch = false;
};

/// Runs operators, and subgraphs for those that ask for it.
class Network::Machine final : public kernels::Subgraphs {
 public:
  Machine(const Network& network, int subgraph, uint32_t most_runs)
      : network_(network), runs_left_(most_runs), subgraph_(subgraph) {}

  int Count(int subgraph, Side side) const override {
    return subgraph < 0 || subgraph >= network_.model_.graph_count() ? -1 : List(GraphAt(subgraph), side).size();
  }
  Tensor OperandAt(int subgraph, Side side, int index, std::byte* frame) const override {
    const Graph graph = GraphAt(subgraph);
    return network_.TensorIn(graph, frame, List(graph, side)[index]);
  }
  size_t FrameBytes(int subgraph) const override { return network_.frames_[static_cast<size_t>(subgraph)].bytes; }
  bool in_main() const override { return subgraph_ == 0; }
  bool first_run() const override { return network_.first_run_; }

  bool Run(int subgraph, std::byte* frame) override {
    if (runs_left_ == 0) {
      stopped_ = true;
      return false;
    }
    --runs_left_;
    const Graph graph = GraphAt(subgraph);
    return RunOperators(graph, frame, 0, graph.operator_count());
  }
  bool RunOperators(const Graph& graph, std::byte* frame, int first, int end);

 private:
  Graph GraphAt(int subgraph) const { return network_.model_.GraphAt(subgraph); }
  static flat::Vector<int32_t> List(const Graph& graph, Side side) {
    return side == Side::kInputs ? graph.inputs() : graph.outputs();
  }

  const Network& network_;
  uint32_t runs_left_;
  int subgraph_;
  bool stopped_ = false;
};

/// The views of one operator's operands and its options, decoded from the model for as long as it runs. Keeping none
/// of this in the arena costs some hundred instructions an operator and saves its RAM.
struct Network::Operands {
  const Operator* op;
  kernels::Call call;
  alignas(uint64_t) std::byte params[kernels::kMaxParamsBytes];

  /// `tensors` has room for all views and outlives this.
  [[gnu::noinline]] void Decode(const Network& network, const Graph& graph, std::byte* frame, int index,
                                Tensor* tensors) {
    const auto inputs = graph.InputsOf(index);
    const auto outputs = graph.OutputsOf(index);
    Tensor* next = tensors;
    for (int i = 0; i < inputs.size(); ++i, ++next) {
      *next = inputs[i] < 0 ? Tensor{} : network.TensorIn(graph, frame, inputs[i]);
    }
    for (int i = 0; i < outputs.size(); ++i, ++next) *next = network.TensorIn(graph, frame, outputs[i]);
    op = &network.OperatorOf(graph, index);
    call.in = {tensors, static_cast<size_t>(inputs.size())};
    call.out = {tensors + inputs.size(), static_cast<size_t>(outputs.size())};
    const auto slot = static_cast<size_t>(network.model_.total_tensors() + graph.first_operator() + index);
    const bool has_scratch = slot < network.offsets_.size() && network.offsets_[slot] < kNoOffset;
    call.scratch = has_scratch ? frame + network.offsets_[slot] : nullptr;
    op->read(graph.OptionsOf(index), params);
  }

  using Visit = uint32_t (*)(const Operands&);

  /// visit(operands) with operator `index` decoded on the stack: a small frame for nearly all, a larger one for an
  /// LSTM, a large one for a concatenation of dozens.
  static uint32_t With(const Network& network, Machine& machine, const Graph& graph, std::byte* frame, int index,
                       Visit visit) {
    const int count = graph.InputsOf(index).size() + graph.OutputsOf(index).size();
    return count <= kFew    ? WithRoom<kFew>(network, machine, graph, frame, index, visit)
           : count <= kMany ? WithRoom<kMany>(network, machine, graph, frame, index, visit)
                            : WithRoom<2 * kMaxOperands>(network, machine, graph, frame, index, visit);
  }

  // What is done with them.
  static uint32_t Check(const Operands& o) {
    for (const std::span<const Tensor> side : {o.call.in, o.call.out}) {
      for (const Tensor& tensor : side) {
        if (tensor.type == Type::kResource && !o.op->handles_variables) return static_cast<uint32_t>(Reason::kResource);
      }
    }
    return static_cast<uint32_t>(o.op->check(o.params, o.call));
  }
  static uint32_t ScratchBytes(const Operands& o) {
    return static_cast<uint32_t>(AlignUp(o.op->scratch_bytes(o.params, o.call)));
  }
  static uint32_t Run(const Operands& o) {
    o.op->run(o.params, o.call);
    return 0;
  }

 private:
  static constexpr int kFew = 6;
  static constexpr int kMany = 32;
  template <int kTensors>
  [[gnu::noinline]] static uint32_t WithRoom(const Network& network, Machine& machine, const Graph& graph,
                                             std::byte* frame, int index, Visit visit) {
    Tensor tensors[kTensors];
    Operands operands;
    operands.Decode(network, graph, frame, index, tensors);
    operands.call.subgraphs = &machine;
    return visit(operands);
  }
};

bool Network::Machine::RunOperators(const Graph& graph, std::byte* frame, int first, int end) {
  for (int i = first; i < end && !stopped_; ++i) {
    Operands::With(network_, *this, graph, frame, i, &Operands::Run);
  }
  return !stopped_;
}

// ------------------------------------------------------------------------------------------------------------------
// Loading.

Status Network::Load(std::span<const std::byte> model, std::span<const Operator* const> operators,
                     std::span<std::byte> arena, Fault* fault) {
  Fault unseen;
  Fault& found = fault == nullptr ? unseen : *fault;
  found = {};
  *this = Network();
  operators_ = operators;
  arena = arena.first(arena.size() / kArenaAlignment * kArenaAlignment);  // a broken last line of 16 helps nobody
  Planning planning = {.fault = found, .offsets = {}, .memory = {}};
  Reason reason = Reason::kArenaMisaligned;
  if (reinterpret_cast<uintptr_t>(arena.data()) % kArenaAlignment == 0) reason = model_.Open(model, found);
  if (ok(reason)) reason = Prepare(planning);
  if (ok(reason)) reason = PlanArena(arena, planning);
  found.reason = reason;
  if (!ok(reason)) *this = Network();
  return StatusOf(reason);
}

int Network::Find(const Graph::Code& code) const {
  for (size_t i = 0; i < operators_.size(); ++i) {
    if (operators_[i]->tflite_code == code.builtin) return static_cast<int>(i);
  }
  return -1;
}

int Network::CalleesOf(const Graph& graph, int index, int32_t (&callees)[kernels::kMaxCallees]) const {
  const Operator& op = OperatorOf(graph, index);
  if (op.callees == nullptr) return 0;
  alignas(uint64_t) std::byte params[kernels::kMaxParamsBytes];
  op.read(graph.OptionsOf(index), params);
  return op.callees(params, callees);
}

// Everything that can be wrong with an operator by itself.
Reason Network::Prepare(Planning& planning) {
  constexpr int kCustomOperator = 32;
  for (int g = 0; g < model_.graph_count(); ++g) {
    planning.fault.subgraph_index = g;
    const Graph graph = model_.GraphAt(g);
    Machine machine(*this, g, 0);
    for (int i = 0; i < graph.operator_count(); ++i) {
      planning.fault.operator_index = i;
      const Graph::Code code = graph.CodeOf(i);
      THIMBLE_REQUIRE(code.builtin != kCustomOperator, OperatorCustom);
      const int found = Find(code);
      THIMBLE_REQUIRE(found >= 0, OperatorMissing);
      const Operator& op = *operators_[found];
      THIMBLE_REQUIRE(code.version <= op.max_version, OperatorVersion);
      const bool has_options = op.options_type != 0 && graph.OptionsOf(i).present();
      THIMBLE_REQUIRE(!has_options || graph.OptionsTypeOf(i) == op.options_type, OptionsType);
      const auto with = [&](Operands::Visit visit) { return Operands::With(*this, machine, graph, nullptr, i, visit); };
      THIMBLE_CHECK(static_cast<Reason>(with(&Operands::Check)));
      // How much a subgraph needs is known later, but that it will need a place is sure.
      if (op.callees != nullptr || with(&Operands::ScratchBytes) != 0) planning.any_scratch = true;
    }
  }
  planning.fault.operator_index = -1;
  planning.fault.subgraph_index = 0;
  return Reason::kNone;
}

// The arena: table of offsets | frames of subgraphs | variables | the frame of the main subgraph, or what planning
// needs.
Reason Network::PlanArena(std::span<std::byte> arena, Planning& planning) {
  Arena memory(arena);
  const auto tensors = static_cast<size_t>(model_.total_tensors());
  const size_t offset_count = tensors + static_cast<size_t>(planning.any_scratch ? model_.total_operators() : 0);
  const auto graphs = static_cast<size_t>(model_.graph_count());
  planning.offsets = memory.Take<uint32_t>(offset_count);
  if (graphs > 1) frames_ = memory.Take<Frame>(graphs);
  THIMBLE_REQUIRE(planning.offsets.size() == offset_count, ArenaTooSmall);
  THIMBLE_REQUIRE(graphs == 1 || frames_.size() == graphs, ArenaTooSmall);
  for (uint32_t& offset : planning.offsets) offset = kNowhere;
  for (Frame& frame : frames_) frame = {};
  THIMBLE_CHECK(PlaceVariables(memory, planning));
  persistent_bytes_ = memory.used_bytes();
  planning.memory = memory.Rest();
  THIMBLE_CHECK(PlanGraph(0, 0, planning));

  const Frame main = graphs > 1 ? frames_[0] : planning.main;
  const size_t bytes = main.bytes > planning.used_bytes ? main.bytes : planning.used_bytes;
  THIMBLE_REQUIRE(bytes <= planning.memory.size(), ArenaTooSmall);
  arena_bytes_ = persistent_bytes_ + bytes;
  if (bytes > 0) std::memset(planning.memory.data(), 0, bytes);
  arena_ = arena.data();
  offsets_ = planning.offsets;
  Reset();
  return Reason::kNone;
}

/// Walks over the operators of all subgraphs that name, read or assign a variable.
class Network::Handlers {
 public:
  explicit Handlers(const Network& network) : graph(network.model_), network_(network) {}

  bool Next() {
    while (true) {
      for (++index; index < graph.operator_count(); ++index) {
        if (network_.OperatorOf(graph, index).handles_variables) return true;
      }
      if (++subgraph >= network_.model_.graph_count()) return false;
      graph = network_.model_.GraphAt(subgraph);
      index = -1;
    }
  }

  /// The tensor that is read or assigned; -1: the operator only names the variable.
  int value() const {
    const auto inputs = graph.InputsOf(index);
    return inputs.size() == 0 ? -1 : inputs.size() == 1 ? graph.OutputsOf(index)[0] : inputs[1];
  }
  int handle() const { return value() < 0 ? graph.OutputsOf(index)[0] : graph.InputsOf(index)[0]; }
  size_t handle_slot() const { return static_cast<size_t>(graph.first_tensor() + handle()); }

  Graph graph;
  int subgraph = 0;
  int index = -1;

 private:
  const Network& network_;
};

Reason Network::PlaceVariables(Arena& memory, Planning& planning) const {
  const std::span<uint32_t> offsets = planning.offsets;
  const auto place = [&memory](const Tensor& tensor, uint32_t& offset) {
    offset = static_cast<uint32_t>(memory.used_bytes());
    return memory.Take<std::byte>(tensor.SizeBytes()).size() == tensor.SizeBytes() && memory.used_bytes() < kNoOffset;
  };
  // Variable tensors belong to one subgraph.
  for (int g = 0; g < model_.graph_count(); ++g) {
    const Graph graph = model_.GraphAt(g);
    for (int i = 0; i < graph.tensor_count(); ++i) {
      const Tensor tensor = graph.TensorAt(i);
      const auto slot = static_cast<size_t>(graph.first_tensor() + i);
      THIMBLE_REQUIRE(!tensor.variable || place(tensor, offsets[slot]), ArenaTooSmall);
    }
  }
  // Named variables belong to all. Names are numbered first: a handle is the number of its name …
  Fault& fault = planning.fault;
  int handlers = 0;
  uint32_t variables = 0;
  for (Handlers named(*this); named.Next();) {
    fault.subgraph_index = named.subgraph;
    fault.operator_index = named.index;
    THIMBLE_REQUIRE(++handlers <= kMaxVariableOperators, TooManyTensors);
    if (named.value() >= 0) continue;
    uint32_t number = kFirstVariable - variables;
    for (Handlers other(*this); other.Next() && (other.subgraph != named.subgraph || other.index != named.index);) {
      if (other.value() < 0 && named.graph.NamesTheSameVariable(named.index, other.graph, other.index)) {
        number = offsets[other.handle_slot()];
      }
    }
    THIMBLE_REQUIRE(offsets[named.handle_slot()] == kNowhere, WrittenTwice);
    offsets[named.handle_slot()] = number;
    if (number == kFirstVariable - variables) ++variables;
  }
  // … then whoever reads or assigns first gives the variable its place, and the others must agree.
  for (Handlers user(*this); user.Next();) {
    if (user.value() < 0) continue;
    fault.subgraph_index = user.subgraph;
    fault.operator_index = user.index;
    const Tensor value = user.graph.TensorAt(user.value());
    const uint32_t number = offsets[user.handle_slot()];
    THIMBLE_REQUIRE(number != kNowhere, Resource);
    if (number >= kNoOffset) {
      uint32_t offset = 0;
      THIMBLE_REQUIRE(place(value, offset), ArenaTooSmall);
      for (uint32_t& each : offsets) {
        if (each == number) each = offset;
      }
      continue;
    }
    Handlers first(*this);
    while (first.Next() && (first.value() < 0 || offsets[first.handle_slot()] != number)) {
    }
    const Tensor agreed = first.graph.TensorAt(first.value());
    THIMBLE_REQUIRE(value.type == agreed.type && value.SizeBytes() == agreed.SizeBytes(), Resource);
  }
  fault.subgraph_index = 0;
  fault.operator_index = -1;
  return Reason::kNone;
}

// Plans what a subgraph runs before it is planned itself, because that is scratch of its operators.
Reason Network::PlanCallees(const Graph& graph, int outer, Planning& planning, uint32_t& depth) {
  for (int i = 0; i < graph.operator_count(); ++i) {
    planning.fault.operator_index = i;
    int32_t callees[kernels::kMaxCallees];
    const int count = CalleesOf(graph, i, callees);
    for (int k = 0; k < count; ++k) {
      THIMBLE_REQUIRE(outer + 1 < kMaxSubgraphDepth, SubgraphDepth);
      const Frame& callee = frames_[static_cast<size_t>(callees[k])];
      if (callee.depth == 0) {
        const Fault here = planning.fault;
        THIMBLE_CHECK(PlanGraph(callees[k], outer + 1, planning));
        planning.fault = here;
      }
      if (callee.depth + 1 > depth) depth = callee.depth + 1;
      THIMBLE_REQUIRE(depth <= kMaxSubgraphDepth, SubgraphDepth);
    }
  }
  planning.fault.operator_index = -1;
  return Reason::kNone;
}

Reason Network::PlanGraph(int subgraph, int outer, Planning& planning) {
  Fault& fault = planning.fault;
  fault.subgraph_index = subgraph;
  const Graph graph = model_.GraphAt(subgraph);
  uint32_t depth = 1;
  THIMBLE_CHECK(PlanCallees(graph, outer, planning, depth));

  const int tensors = graph.tensor_count();
  const int operators = graph.operator_count();
  const std::span<uint32_t> offsets = planning.offsets.subspan(static_cast<size_t>(graph.first_tensor()));
  const std::span<uint32_t> scratch = planning.offsets.subspan(
      planning.any_scratch ? static_cast<size_t>(model_.total_tensors() + graph.first_operator()) : 0);
  Machine machine(*this, subgraph, 0);
  const auto scratch_bytes = [&](int index) {
    return planning.any_scratch ? Operands::With(*this, machine, graph, nullptr, index, &Operands::ScratchBytes) : 0;
  };
  uint32_t piece_count = 0;
  for (int i = 0; i < tensors; ++i) {
    const Tensor tensor = graph.TensorAt(i);
    if (tensor.constant || IsVariable(tensor)) continue;
    offsets[i] = kUnwritten;
    ++piece_count;
  }
  for (int i = 0; i < operators; ++i) piece_count += scratch_bytes(i) == 0 ? 0 : 1;

  Arena memory(planning.memory);
  const std::span<Piece> pieces = memory.Take<Piece>(piece_count);
  const std::span<uint16_t> indices = memory.Take<uint16_t>(2 * piece_count);
  THIMBLE_REQUIRE(pieces.size() == piece_count && indices.size() == 2 * piece_count, ArenaTooSmall);
  if (memory.used_bytes() > planning.used_bytes) planning.used_bytes = memory.used_bytes();

  // While planning, offsets[i] is the index of the tensor's piece. A piece begins with the tensor that is written.
  uint32_t used = 0;
  const auto add = [&](uint32_t& offset, uint32_t size_bytes, int first) {
    offset = used;
    pieces[used++] = {size_bytes, 0, static_cast<uint16_t>(first), static_cast<uint16_t>(first)};
  };
  const auto write = [&](int tensor, int first) {
    fault.tensor_index = tensor;
    THIMBLE_REQUIRE(offsets[tensor] == kUnwritten, WrittenTwice);
    add(offsets[tensor], AlignedSize(graph.TensorAt(tensor)), first);
    return Reason::kNone;
  };
  const auto is_planned = [&](int tensor) {
    return !IsVariable(graph.TensorAt(tensor)) && offsets[tensor] < kNoOffset;
  };
  const auto read = [&](int tensor, int last) {
    fault.tensor_index = tensor;
    THIMBLE_REQUIRE(offsets[tensor] != kUnwritten, NeverWritten);
    if (is_planned(tensor)) pieces[offsets[tensor]].last = static_cast<uint16_t>(last);
    return Reason::kNone;
  };
  const auto inputs_of_graph = graph.inputs();
  for (int i = 0; i < inputs_of_graph.size(); ++i) THIMBLE_CHECK(write(inputs_of_graph[i], 0));
  for (int i = 0; i < operators; ++i) {
    fault.operator_index = i;
    const auto inputs = graph.InputsOf(i);
    const auto outputs = graph.OutputsOf(i);
    for (int k = 0; k < inputs.size(); ++k) {
      if (inputs[k] >= 0) THIMBLE_CHECK(read(inputs[k], i));
    }
    for (int k = 0; k < outputs.size(); ++k) {
      if (graph.TensorAt(outputs[k]).type != Type::kResource) THIMBLE_CHECK(write(outputs[k], i));
    }
    if (const uint32_t bytes = scratch_bytes(i); bytes != 0) add(scratch[i], bytes, i);
  }
  fault.operator_index = -1;
  const auto outputs_of_graph = graph.outputs();
  for (int i = 0; i < outputs_of_graph.size(); ++i) {
    THIMBLE_CHECK(read(outputs_of_graph[i], operators));
    THIMBLE_REQUIRE(graph.TensorAt(outputs_of_graph[i]).type != Type::kResource, Resource);
  }
  fault.tensor_index = -1;

  // Outputs move into their input's piece where the operator allows it. Lives are complete by now, so "nobody reads
  // it afterwards" is a comparison.
  for (int i = 0; i < operators; ++i) {
    const Sharing sharing = OperatorOf(graph, i).sharing;
    const auto inputs = graph.InputsOf(i);
    if (sharing == Sharing::kNone || inputs[0] < 0 || !is_planned(inputs[0])) continue;
    const int output = graph.OutputsOf(i)[0];
    Piece& source = pieces[offsets[inputs[0]]];
    Piece& result = pieces[offsets[output]];
    if (sharing == Sharing::kOverwrite) {
      // Not the pieces' sizes: those are rounded up, and an input that is repeated may be as large by that.
      const bool same_size = graph.TensorAt(inputs[0]).SizeBytes() == graph.TensorAt(output).SizeBytes();
      if (!same_size || source.last != i) continue;
    }
    if (result.last > source.last) source.last = result.last;
    result.size_bytes = 0;  // an empty piece fits anywhere
    offsets[output] = offsets[inputs[0]];
  }

  peak_bytes_ = PeakBytes(pieces.first(used));
  const uint32_t bytes = PlanPieces(pieces.first(used), indices.first(used), indices.subspan(piece_count, used),
                                    static_cast<uint32_t>(peak_bytes_));
  THIMBLE_REQUIRE(bytes != kTooManyBytes, ArenaTooSmall);
  for (int i = 0; i < tensors; ++i) {
    if (is_planned(i)) offsets[i] = pieces[offsets[i]].offset_bytes;
  }
  for (int i = 0; planning.any_scratch && i < operators; ++i) {
    if (scratch[i] < kNoOffset) scratch[i] = pieces[scratch[i]].offset_bytes;
  }
  (frames_.empty() ? planning.main : frames_[static_cast<size_t>(subgraph)]) = {bytes, depth};
  return Reason::kNone;
}

// ------------------------------------------------------------------------------------------------------------------
// Running.

void Network::Reset() {
  first_run_ = true;
  for (int g = 0; g < model_.graph_count(); ++g) {
    const Graph graph = model_.GraphAt(g);
    for (int i = 0; i < graph.tensor_count(); ++i) {
      const Tensor tensor = TensorIn(graph, nullptr, i);
      if (tensor.variable) std::memset(tensor.data, FirstByte(tensor), tensor.SizeBytes());
    }
  }
  for (Handlers user(*this); user.Next();) {
    if (user.value() < 0) continue;
    const Tensor value = user.graph.TensorAt(user.value());
    std::memset(arena_ + offsets_[user.handle_slot()], FirstByte(value), value.SizeBytes());
  }
}

Status Network::Invoke(uint32_t most_subgraph_runs) {
  Machine machine(*this, 0, most_subgraph_runs);
  const bool done = machine.RunOperators(model_, arena_ + persistent_bytes_, 0, operator_count());
  first_run_ = false;
  return done ? Status::kOk : Status::kCancelled;
}

Status Network::InvokeOperator(int index, uint32_t most_subgraph_runs) {
  Machine machine(*this, 0, most_subgraph_runs);
  const bool done = machine.RunOperators(model_, arena_ + persistent_bytes_, index, index + 1);
  if (index + 1 == operator_count()) first_run_ = false;
  return done ? Status::kOk : Status::kCancelled;
}

kernels::Tensor Network::TensorIn(const Graph& graph, std::byte* frame, int index) const {
  Tensor tensor = graph.TensorAt(index);
  if (tensor.constant || offsets_.empty()) return tensor;
  const uint32_t offset = offsets_[static_cast<size_t>(graph.first_tensor() + index)];
  std::byte* base = IsVariable(tensor) ? arena_ : frame;
  if (base != nullptr && offset < kNoOffset) tensor.data = base + offset;
  return tensor;
}

kernels::Tensor Network::TensorAt(int index) const { return TensorIn(model_, arena_ + persistent_bytes_, index); }

Allocation Network::AllocationAt(int index) const {
  Allocation allocation;
  const int tensors = model_.tensor_count();
  const int operators = operator_count();
  const bool is_scratch = index >= tensors;
  const auto slot = static_cast<size_t>(is_scratch ? model_.total_tensors() + index - tensors : index);
  if (slot >= offsets_.size() || index - tensors >= operators || offsets_[slot] >= kNoOffset) return allocation;
  allocation.offset_bytes = persistent_bytes_ + offsets_[slot];
  if (is_scratch) {
    Machine machine(*this, 0, 0);
    allocation.first_operator = allocation.last_operator = index - tensors;
    allocation.size_bytes = Operands::With(*this, machine, model_, nullptr, index - tensors, &Operands::ScratchBytes);
    return allocation;
  }
  const Tensor tensor = model_.TensorAt(index);
  allocation.tensor = index;
  allocation.size_bytes = tensor.SizeBytes();
  if (IsVariable(tensor)) {
    allocation.offset_bytes = offsets_[slot];
    allocation.last_operator = operators > 0 ? operators - 1 : 0;
    for (Handlers user(*this); user.Next() && user.subgraph == 0;) {  // a handle says nothing of its variable's size
      if (user.value() >= 0 && user.handle() == index)
        allocation.size_bytes = model_.TensorAt(user.value()).SizeBytes();
    }
    return allocation;
  }
  for (int i = 0; i < operators; ++i) {
    if (Contains(model_.OutputsOf(i), index)) allocation.first_operator = allocation.last_operator = i;
    if (Contains(model_.InputsOf(i), index)) allocation.last_operator = i;
  }
  if (Contains(model_.outputs(), index) && operators > 0) allocation.last_operator = operators - 1;
  return allocation;
}

}  // namespace thimble::runtime
