#include "runtime/network.h"

#include <cstring>
#include <new>

#include "runtime/network_parts.h"
#include "runtime/planner.h"

namespace thimble::runtime {
namespace {

using kernels::Operator;
using kernels::Sharing;
using kernels::Tensor;
using kernels::Type;

uint32_t AlignedSize(const Tensor& tensor) { return static_cast<uint32_t>(AlignUp(tensor.SizeBytes())); }

/// Whether it stays from one run to the next.
bool IsVariable(const Tensor& tensor) { return tensor.variable || tensor.type == Type::kResource; }

bool Contains(flat::Vector<int32_t> list, int index) {
  for (int i = 0; i < list.size(); ++i) {
    if (list[i] == index) return true;
  }
  return false;
}

}  // namespace

uint32_t Network::Operands::Check(const Operands& o) {
  for (const std::span<const Tensor> side : {o.call.in, o.call.out}) {
    for (const Tensor& tensor : side) {
      const bool is_handle = tensor.type == Type::kResource;
      if (is_handle && o.op->variable_support == nullptr) return static_cast<uint32_t>(Reason::kResource);
    }
  }
  return static_cast<uint32_t>(o.op->check(o.params, o.call));
}

uint32_t Network::Operands::ScratchBytes(const Operands& o) {
  return static_cast<uint32_t>(AlignUp(o.op->scratch_bytes(o.params, o.call)));
}

uint32_t Network::Operands::Run(const Operands& o) {
  o.op->run(o.params, o.call);
  return 0;
}

// visit(*this), decoded; `tensors` has room for all views.
uint32_t Network::Operands::DecodeAndVisit(Machine& machine, const Graph& graph, std::byte* frame, int index,
                                           Tensor* tensors, Visit visit) {
  const Network& network = machine.network;
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
  return op->subgraph_support == nullptr ? visit(*this) : op->subgraph_support->lend(machine, *this, visit);
}

template <int kTensors>
[[gnu::noinline]] uint32_t Network::Operands::WithRoom(Machine& machine, const Graph& graph, std::byte* frame,
                                                       int index, Visit visit) {
  Tensor tensors[kTensors];
  Operands operands;
  return operands.DecodeAndVisit(machine, graph, frame, index, tensors, visit);
}

uint32_t Network::Operands::With(Machine& machine, const Graph& graph, std::byte* frame, int index, Visit visit) {
  constexpr int kFew = 6;
  constexpr int kMany = 32;
  const int count = graph.InputsOf(index).size() + graph.OutputsOf(index).size();
  return count <= kFew    ? WithRoom<kFew>(machine, graph, frame, index, visit)
         : count <= kMany ? WithRoom<kMany>(machine, graph, frame, index, visit)
                          : WithRoom<2 * kMaxOperands>(machine, graph, frame, index, visit);
}

bool Network::Machine::RunOperators(const Graph& graph, std::byte* frame, int first, int end) {
  for (int i = first; i < end && !stopped; ++i) Operands::With(*this, graph, frame, i, &Operands::Run);
  return !stopped;
}

// ------------------------------------------------------------------------------------------------------------------
// Loading.

Status Network::Load(std::span<const std::byte> model, std::span<const Operator* const> operators,
                     std::span<std::byte> arena, Fault* fault) {
  Fault unseen;
  Fault& found = fault == nullptr ? unseen : *fault;
  found = {};
  Forget();
  operators_ = operators;
  arena = arena.first(arena.size() / kArenaAlignment * kArenaAlignment);  // a broken last line of 16 helps nobody
  Planning planning = {.fault = found, .model = model};
  Reason reason = Reason::kArenaMisaligned;
  if (reinterpret_cast<uintptr_t>(arena.data()) % kArenaAlignment == 0) reason = model_.Open(model, found);
  if (ok(reason)) reason = Prepare(planning);
  if (ok(reason)) reason = PlanArena(arena, planning);
  found.reason = reason;
  if (!ok(reason)) Forget();
  return StatusOf(reason);
}

void Network::Forget() { new (this) Network(); }

int Network::Find(const Graph::Code& code) const {
  for (size_t i = 0; i < operators_.size(); ++i) {
    if (operators_[i]->tflite_code == code.builtin) return static_cast<int>(i);
  }
  return -1;
}

// Everything that can be wrong with an operator by itself.
Reason Network::Prepare(Planning& planning) {
  constexpr int kCustomOperator = 32;
  for (int g = 0; g < model_.graph_count(); ++g) {
    planning.fault.subgraph_index = g;
    const Graph graph = model_.GraphAt(g);
    Machine machine = {.network = *this, .subgraph = g, .runs_left = 0};
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
      const auto with = [&](Operands::Visit visit) { return Operands::With(machine, graph, nullptr, i, visit); };
      THIMBLE_CHECK(static_cast<Reason>(with(&Operands::Check)));
      // How much a subgraph needs is known later, but that it will need a place is sure.
      if (op.subgraph_support != nullptr) planning.subgraphs = op.subgraph_support;
      if (op.variable_support != nullptr) variables_ = op.variable_support;
      if (op.subgraph_support != nullptr || with(&Operands::ScratchBytes) != 0) planning.any_scratch = true;
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

bool Network::TakeVariable(Arena& memory, const Tensor& tensor, uint32_t& offset) {
  offset = static_cast<uint32_t>(memory.used_bytes());
  return memory.Take<std::byte>(tensor.SizeBytes()).size() == tensor.SizeBytes() && memory.used_bytes() < kNoOffset;
}

void Network::ForgetVariable(const Tensor& tensor, void* data) {
  // Stored zeros, but for int8 the real zero, as in TFLite Micro.
  std::memset(data, tensor.type == Type::kInt8 ? tensor.zero_point : 0, tensor.SizeBytes());
}

Reason Network::PlaceVariables(Arena& memory, Planning& planning) const {
  // Variable tensors belong to one subgraph.
  for (int g = 0; g < model_.graph_count(); ++g) {
    const Graph graph = model_.GraphAt(g);
    for (int i = 0; i < graph.tensor_count(); ++i) {
      const Tensor tensor = graph.TensorAt(i);
      const auto slot = static_cast<size_t>(graph.first_tensor() + i);
      THIMBLE_REQUIRE(!tensor.variable || TakeVariable(memory, tensor, planning.offsets[slot]), ArenaTooSmall);
    }
  }
  // Named variables belong to all.
  return variables_ == nullptr ? Reason::kNone : variables_->place(*this, memory, planning);
}

Reason Network::PlanGraph(int subgraph, int outer, Planning& planning) {
  Fault& fault = planning.fault;
  fault.subgraph_index = subgraph;
  const Graph graph = model_.GraphAt(subgraph);
  uint32_t depth = 1;
  if (planning.subgraphs != nullptr) THIMBLE_CHECK(planning.subgraphs->plan(*this, graph, outer, planning, depth));

  const int tensors = graph.tensor_count();
  const int operators = graph.operator_count();
  const std::span<uint32_t> offsets = planning.offsets.subspan(static_cast<size_t>(graph.first_tensor()));
  const std::span<uint32_t> scratch = planning.offsets.subspan(
      planning.any_scratch ? static_cast<size_t>(model_.total_tensors() + graph.first_operator()) : 0);
  Machine machine = {.network = *this, .subgraph = subgraph, .runs_left = 0};
  const auto scratch_bytes = [&](int index) {
    return planning.any_scratch ? Operands::With(machine, graph, nullptr, index, &Operands::ScratchBytes) : 0;
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
      if (tensor.variable) ForgetVariable(tensor, tensor.data);
    }
  }
  if (variables_ != nullptr) variables_->reset(*this);
}

Status Network::Invoke(uint32_t most_subgraph_runs) {
  Machine machine = {.network = *this, .subgraph = 0, .runs_left = most_subgraph_runs};
  const bool done = machine.RunOperators(model_, arena_ + persistent_bytes_, 0, operator_count());
  first_run_ = false;
  return done ? Status::kOk : Status::kCancelled;
}

Status Network::InvokeOperator(int index, uint32_t most_subgraph_runs) {
  Machine machine = {.network = *this, .subgraph = 0, .runs_left = most_subgraph_runs};
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
    Machine machine = {.network = *this, .subgraph = 0, .runs_left = 0};
    allocation.first_operator = allocation.last_operator = index - tensors;
    allocation.size_bytes = Operands::With(machine, model_, nullptr, index - tensors, &Operands::ScratchBytes);
    return allocation;
  }
  const Tensor tensor = model_.TensorAt(index);
  allocation.tensor = index;
  allocation.size_bytes = tensor.SizeBytes();
  if (IsVariable(tensor)) {
    allocation.offset_bytes = offsets_[slot];
    allocation.last_operator = operators > 0 ? operators - 1 : 0;
    if (tensor.type == Type::kResource) allocation.size_bytes = variables_->size_bytes(*this, index);
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
