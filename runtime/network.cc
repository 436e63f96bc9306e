#include "runtime/network.h"

#include "base/arena.h"

namespace thimble::runtime {
namespace {

using kernels::Operator;
using kernels::Sharing;
using kernels::Tensor;

constexpr uint32_t kNowhere = UINT32_MAX;  // a constant, or no scratch
constexpr uint32_t kUnwritten = UINT32_MAX - 1;

/// One piece of memory during planning: needed from the first operator to the last, both included.
struct Piece {
  uint32_t size_bytes;
  uint32_t offset_bytes;
  uint16_t first, last;
};
static_assert(sizeof(Piece) == 12, "the same plan on every machine");

uint32_t AlignedSize(const Tensor& tensor) { return static_cast<uint32_t>(AlignUp(tensor.SizeBytes())); }

/// Finds a place for every piece so that no two that are alive at the same operator overlap.
///
/// Each piece takes the lowest gap, the largest piece first (greedy by size: Pisarchyk and Lee, "Efficient Memory
/// Management for Deep Neural Net Inference", section 5.2). If that is not optimal, the piece at the top goes first
/// and all are placed again; a few such rounds reach the lower bound on nearly every real network.
class Planner {
 public:
  /// `sequence` and `by_offset` are room for one index a piece each.
  Planner(std::span<Piece> pieces, std::span<uint16_t> sequence, std::span<uint16_t> by_offset)
      : pieces_(pieces), sequence_(sequence), by_offset_(by_offset) {}

  /// Fills in every offset; the end of the highest piece.
  uint32_t Plan() {
    const uint32_t bound_bytes = LowerBound();
    const int rounds = pieces_.size() <= kPiecesForRounds ? kRounds : 0;
    uint32_t best_bytes = UINT32_MAX;
    int best_round = 0;
    SortBySize();
    for (int round = 0; round <= rounds && best_bytes > bound_bytes; ++round) {
      if (round > 0) MoveTopToFront();
      if (const uint32_t bytes = PlaceAll(); bytes < best_bytes) {
        best_bytes = bytes;
        best_round = round;
      }
    }
    // Rounds are deterministic: walking to the best one again costs no memory for remembering it.
    SortBySize();
    uint32_t bytes = PlaceAll();
    for (int round = 0; round < best_round; ++round) {
      MoveTopToFront();
      bytes = PlaceAll();
    }
    return bytes;
  }

 private:
  static constexpr int kRounds = 24;
  static constexpr size_t kPiecesForRounds = 512;  // each round looks at every pair

  /// What is alive at the busiest operator. The busiest is always one at which something begins.
  uint32_t LowerBound() const {
    uint32_t bound_bytes = 0;
    for (const Piece& at : pieces_) {
      uint32_t alive_bytes = 0;
      for (const Piece& piece : pieces_) {
        if (piece.first <= at.first && at.first <= piece.last) alive_bytes += piece.size_bytes;
      }
      if (alive_bytes > bound_bytes) bound_bytes = alive_bytes;
    }
    return bound_bytes;
  }

  // Insertion sort; the earliest first among equals.
  void SortBySize() {
    for (size_t i = 0; i < pieces_.size(); ++i) {
      size_t slot = i;
      for (; slot > 0 && pieces_[sequence_[slot - 1]].size_bytes < pieces_[i].size_bytes; --slot) {
        sequence_[slot] = sequence_[slot - 1];
      }
      sequence_[slot] = static_cast<uint16_t>(i);
    }
  }

  void MoveTopToFront() {
    size_t top = 0;
    for (size_t i = 1; i < sequence_.size(); ++i) {
      if (End(sequence_[i]) > End(sequence_[top])) top = i;
    }
    const uint16_t piece = sequence_[top];
    for (; top > 0; --top) sequence_[top] = sequence_[top - 1];
    sequence_[0] = piece;
  }

  uint32_t PlaceAll() {
    uint32_t peak_bytes = 0;
    for (size_t placed = 0; placed < sequence_.size(); ++placed) {
      const uint16_t index = sequence_[placed];
      Piece& piece = pieces_[index];
      // The pieces before are listed by rising offset, so one walk finds the first gap.
      uint32_t offset = 0;
      for (size_t i = 0; i < placed; ++i) {
        const Piece& other = pieces_[by_offset_[i]];
        if (other.first > piece.last || other.last < piece.first) continue;
        if (other.offset_bytes >= offset + piece.size_bytes) break;
        if (End(by_offset_[i]) > offset) offset = End(by_offset_[i]);
      }
      piece.offset_bytes = offset;
      size_t slot = placed;
      for (; slot > 0 && pieces_[by_offset_[slot - 1]].offset_bytes > offset; --slot) {
        by_offset_[slot] = by_offset_[slot - 1];
      }
      by_offset_[slot] = index;
      if (End(index) > peak_bytes) peak_bytes = End(index);
    }
    return peak_bytes;
  }

  uint32_t End(uint16_t index) const { return pieces_[index].offset_bytes + pieces_[index].size_bytes; }

  std::span<Piece> pieces_;
  std::span<uint16_t> sequence_;
  std::span<uint16_t> by_offset_;
};

}  // namespace

/// The views of one operator's operands and its options, decoded from the model for as long as it runs. Keeping none
/// of this in the arena costs some hundred instructions an operator and saves its RAM.
struct Network::Operands {
  const Operator* op;
  kernels::Call call;
  alignas(uint64_t) std::byte params[kernels::kMaxParamsBytes];

  /// `tensors` has room for all views and outlives this.
  [[gnu::noinline]] void Decode(const Network& network, int index, Tensor* tensors) {
    const Model& model = network.model_;
    const auto inputs = model.InputsOf(index);
    const auto outputs = model.OutputsOf(index);
    Tensor* next = tensors;
    for (int i = 0; i < inputs.size(); ++i, ++next) *next = inputs[i] < 0 ? Tensor{} : network.TensorAt(inputs[i]);
    for (int i = 0; i < outputs.size(); ++i, ++next) *next = network.TensorAt(outputs[i]);
    op = &network.OperatorAt(index);
    call.in = {tensors, static_cast<size_t>(inputs.size())};
    call.out = {tensors + inputs.size(), static_cast<size_t>(outputs.size())};
    const size_t slot = static_cast<size_t>(model.tensor_count()) + static_cast<size_t>(index);
    const bool has_scratch = slot < network.offsets_.size() && network.offsets_[slot] != kNowhere;
    call.scratch = has_scratch ? network.arena_ + network.offsets_[slot] : nullptr;
    op->read(model.OptionsOf(index), params);
  }

  /// visit(operands) with operator `index` decoded on the stack: a small frame for nearly all, a large one for those
  /// with many operands.
  static uint32_t With(const Network& network, int index, uint32_t (*visit)(const Operands&)) {
    const int count = network.model_.InputsOf(index).size() + network.model_.OutputsOf(index).size();
    return count <= kFew ? WithRoom<kFew>(network, index, visit) : WithRoom<2 * kMaxOperands>(network, index, visit);
  }

  // What is done with them.
  static uint32_t Check(const Operands& o) { return static_cast<uint32_t>(o.op->check(o.params, o.call)); }
  static uint32_t ScratchBytes(const Operands& o) {
    return static_cast<uint32_t>(AlignUp(o.op->scratch_bytes(o.params, o.call)));
  }
  static uint32_t Run(const Operands& o) {
    o.op->run(o.params, o.call);
    return 0;
  }

 private:
  static constexpr int kFew = 6;
  template <int kTensors>
  [[gnu::noinline]] static uint32_t WithRoom(const Network& network, int index, uint32_t (*visit)(const Operands&)) {
    Tensor tensors[kTensors];
    Operands operands;
    operands.Decode(network, index, tensors);
    return visit(operands);
  }
};

Status Network::Load(std::span<const std::byte> model, std::span<const Operator* const> operators,
                     std::span<std::byte> arena, Fault* fault) {
  Fault unseen;
  Fault& found = fault == nullptr ? unseen : *fault;
  found = {};
  operators_ = operators;
  offsets_ = {};
  arena = arena.first(arena.size() / kArenaAlignment * kArenaAlignment);  // a broken last line of 16 helps nobody
  Reason reason = Reason::kArenaMisaligned;
  if (reinterpret_cast<uintptr_t>(arena.data()) % kArenaAlignment == 0) reason = model_.Open(model, found);
  if (ok(reason)) reason = Prepare(found);
  if (ok(reason)) reason = PlanArena(arena, found);
  found.reason = reason;
  if (!ok(reason)) *this = Network();
  return StatusOf(reason);
}

int Network::Find(const Model::Code& code) const {
  for (size_t i = 0; i < operators_.size(); ++i) {
    if (operators_[i]->tflite_code == code.builtin) return static_cast<int>(i);
  }
  return -1;
}

// Everything that can be wrong with an operator by itself.
Reason Network::Prepare(Fault& fault) {
  constexpr int kCustomOperator = 32;
  for (int i = 0; i < operator_count(); ++i) {
    fault.operator_index = i;
    const Model::Code code = model_.CodeOf(i);
    THIMBLE_REQUIRE(code.builtin != kCustomOperator, OperatorCustom);
    const int found = Find(code);
    THIMBLE_REQUIRE(found >= 0, OperatorMissing);
    const Operator& op = *operators_[found];
    THIMBLE_REQUIRE(code.version <= op.max_version, OperatorVersion);
    const bool has_options = op.options_type != 0 && model_.OptionsOf(i).present();
    THIMBLE_REQUIRE(!has_options || model_.OptionsTypeOf(i) == op.options_type, OptionsType);
    THIMBLE_CHECK(static_cast<Reason>(Operands::With(*this, i, &Operands::Check)));
  }
  fault.operator_index = -1;
  return Reason::kNone;
}

Reason Network::PlanArena(std::span<std::byte> arena, Fault& fault) {
  const int tensors = model_.tensor_count();
  const int operators = operator_count();
  const auto scratch_bytes = [this](int index) { return Operands::With(*this, index, &Operands::ScratchBytes); };
  uint32_t piece_count = 0;
  bool any_scratch = false;
  for (int i = 0; i < tensors; ++i) piece_count += model_.TensorAt(i).constant ? 0 : 1;
  for (int i = 0; i < operators; ++i) {
    if (scratch_bytes(i) == 0) continue;
    any_scratch = true;
    ++piece_count;
  }

  // The offsets stay; behind them, where the tensors will be, lies what planning itself needs.
  Arena memory(arena);
  const size_t offset_count = static_cast<size_t>(tensors) + static_cast<size_t>(any_scratch ? operators : 0);
  const std::span<uint32_t> offsets = memory.Take<uint32_t>(offset_count);
  persistent_bytes_ = memory.used_bytes();
  const std::span<Piece> pieces = memory.Take<Piece>(piece_count);
  const std::span<uint16_t> indices = memory.Take<uint16_t>(2 * piece_count);
  THIMBLE_REQUIRE(offsets.size() == offset_count, ArenaTooSmall);
  THIMBLE_REQUIRE(pieces.size() == piece_count && indices.size() == 2 * piece_count, ArenaTooSmall);

  // While planning, offsets[i] is the index of the tensor's piece. A piece begins with the tensor that is written.
  uint32_t used = 0;
  const auto add = [&](uint32_t& offset, uint32_t size_bytes, int first) {
    offset = used;
    pieces[used++] = {size_bytes, 0, static_cast<uint16_t>(first), static_cast<uint16_t>(first)};
  };
  const auto write = [&](int tensor, int first) {
    fault.tensor_index = tensor;
    THIMBLE_REQUIRE(offsets[tensor] == kUnwritten, WrittenTwice);
    add(offsets[tensor], AlignedSize(model_.TensorAt(tensor)), first);
    return Reason::kNone;
  };
  const auto read = [&](int tensor, int last) {
    fault.tensor_index = tensor;
    THIMBLE_REQUIRE(offsets[tensor] != kUnwritten, NeverWritten);
    if (offsets[tensor] != kNowhere) pieces[offsets[tensor]].last = static_cast<uint16_t>(last);
    return Reason::kNone;
  };
  for (int i = 0; i < tensors; ++i) offsets[i] = model_.TensorAt(i).constant ? kNowhere : kUnwritten;
  for (int i = 0; i < input_count(); ++i) THIMBLE_CHECK(write(model_.inputs()[i], 0));
  for (int i = 0; i < operators; ++i) {
    fault.operator_index = i;
    const auto inputs = model_.InputsOf(i);
    const auto outputs = model_.OutputsOf(i);
    for (int k = 0; k < inputs.size(); ++k) {
      if (inputs[k] >= 0) THIMBLE_CHECK(read(inputs[k], i));
    }
    for (int k = 0; k < outputs.size(); ++k) THIMBLE_CHECK(write(outputs[k], i));
    if (!any_scratch) continue;
    offsets[tensors + i] = kNowhere;
    if (const uint32_t bytes = scratch_bytes(i); bytes != 0) add(offsets[tensors + i], bytes, i);
  }
  fault.operator_index = -1;
  for (int i = 0; i < output_count(); ++i) THIMBLE_CHECK(read(model_.outputs()[i], operators));
  fault.tensor_index = -1;

  // Outputs move into their input's piece where the operator allows it. Lives are complete by now, so "nobody reads
  // it afterwards" is a comparison.
  for (int i = 0; i < operators; ++i) {
    const Sharing sharing = OperatorAt(i).sharing;
    const auto inputs = model_.InputsOf(i);
    if (sharing == Sharing::kNone || inputs[0] < 0 || offsets[inputs[0]] == kNowhere) continue;
    const int output = model_.OutputsOf(i)[0];
    Piece& source = pieces[offsets[inputs[0]]];
    Piece& result = pieces[offsets[output]];
    if (sharing == Sharing::kOverwrite) {
      // Not the pieces' sizes: those are rounded up, and an input that is repeated may be as large by that.
      const bool same_size = model_.TensorAt(inputs[0]).SizeBytes() == model_.TensorAt(output).SizeBytes();
      if (!same_size || source.last != i) continue;
    }
    if (result.last > source.last) source.last = result.last;
    result.size_bytes = 0;  // an empty piece fits anywhere
    offsets[output] = offsets[inputs[0]];
  }

  const uint32_t peak_bytes =
      Planner(pieces.first(used), indices.first(used), indices.subspan(piece_count, used)).Plan();
  for (uint32_t& offset : offsets) {
    if (offset < kUnwritten) offset = static_cast<uint32_t>(persistent_bytes_) + pieces[offset].offset_bytes;
  }
  const size_t planning_bytes = memory.used_bytes();
  arena_bytes_ = persistent_bytes_ + peak_bytes > planning_bytes ? persistent_bytes_ + peak_bytes : planning_bytes;
  THIMBLE_REQUIRE(arena_bytes_ <= arena.size(), ArenaTooSmall);
  std::memset(arena.data() + persistent_bytes_, 0, arena_bytes_ - persistent_bytes_);
  arena_ = arena.data();
  offsets_ = offsets;
  return Reason::kNone;
}

void Network::Invoke() {
  for (int i = 0; i < operator_count(); ++i) InvokeOperator(i);
}

void Network::InvokeOperator(int index) { Operands::With(*this, index, &Operands::Run); }

kernels::Tensor Network::TensorAt(int index) const {
  Tensor tensor = model_.TensorAt(index);
  if (!tensor.constant && !offsets_.empty()) tensor.data = arena_ + offsets_[static_cast<size_t>(index)];
  return tensor;
}

Allocation Network::AllocationAt(int index) const {
  Allocation allocation;
  if (static_cast<size_t>(index) >= offsets_.size() || offsets_[static_cast<size_t>(index)] >= kUnwritten) {
    return allocation;
  }
  allocation.offset_bytes = offsets_[static_cast<size_t>(index)];
  const int tensors = model_.tensor_count();
  if (index >= tensors) {
    allocation.first_operator = allocation.last_operator = index - tensors;
    allocation.size_bytes = Operands::With(*this, index - tensors, &Operands::ScratchBytes);
    return allocation;
  }
  const auto has = [index](flat::Vector<int32_t> list) {
    for (int i = 0; i < list.size(); ++i) {
      if (list[i] == index) return true;
    }
    return false;
  };
  allocation.tensor = index;
  allocation.size_bytes = model_.TensorAt(index).SizeBytes();
  for (int i = 0; i < operator_count(); ++i) {
    if (has(model_.OutputsOf(i))) allocation.first_operator = allocation.last_operator = i;
    if (has(model_.InputsOf(i))) allocation.last_operator = i;
  }
  if (has(model_.outputs()) && operator_count() > 0) allocation.last_operator = operator_count() - 1;
  return allocation;
}

}  // namespace thimble::runtime
