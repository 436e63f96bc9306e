#include "steps/operator_call/step.h"

#include "base/arena.h"

namespace thimble::steps {
namespace {

using kernels::Operator;
using kernels::Sharing;
using kernels::Tensor;
using kernels::Type;

const TensorRecord* RecordsOf(const OperatorCall::Params& params, const std::byte* constants) {
  return reinterpret_cast<const TensorRecord*>(constants + params.records);
}

template <typename Visit>
void Decode(const OperatorCall::Params& params, const Memory& memory, Tensor* tensors, Visit visit) {
  const TensorRecord* records = RecordsOf(params, memory.constants);
  const int count = params.input_count + params.output_count;
  for (int i = 0; i < count; ++i) tensors[i] = View(records[i], memory);
  kernels::Call call;
  call.in = {tensors, static_cast<size_t>(params.input_count)};
  call.out = {tensors + params.input_count, static_cast<size_t>(params.output_count)};
  call.scratch = memory.frame == nullptr ? nullptr : memory.frame + params.scratch;
  call.subgraphs = memory.subgraphs;
  visit(memory.constants + params.options, call);
}

template <int kTensors, typename Visit>
[[gnu::noinline]] void WithRoom(const OperatorCall::Params& params, const Memory& memory, Visit visit) {
  Tensor tensors[kTensors];
  Decode(params, memory, tensors, visit);
}

/// visit(options, call) with the operands on the stack: a small frame for nearly all operators, a large one for a
/// concatenation of dozens.
template <typename Visit>
void With(const OperatorCall::Params& params, const Memory& memory, Visit visit) {
  constexpr int kFew = 6;
  if (params.input_count + params.output_count <= kFew) return WithRoom<kFew>(params, memory, visit);
  WithRoom<2 * OperatorCall::kMostOperands>(params, memory, visit);
}

/// Bytes that an operator touches.
struct Region {
  int32_t place = 0;
  int64_t offset = 0, bytes = 0;

  bool Overlaps(const Region& other) const {
    return place == other.place && offset < other.offset + other.bytes && other.offset < offset + bytes;
  }
  friend bool operator==(const Region&, const Region&) = default;
};

/// What the operator may touch, and that nothing it writes overlaps anything but where it says so.
class Regions {
 public:
  Regions(const TensorRecord* records, const kernels::Call& call) : records_(records), call_(call) {
    for (const std::span<const Tensor> side : {call.in, call.out}) {
      for (const Tensor& tensor : side) {
        // A handle stands for the variable, which is as large as what is read from it or assigned to it.
        if (tensor.type != Type::kResource && tensor.present()) {
          const auto bytes = static_cast<int64_t>(tensor.SizeBytes());
          if (bytes > handle_bytes_) handle_bytes_ = bytes;
        }
      }
    }
  }

  Region At(size_t index) const {
    const Tensor& tensor = Operand(index);
    const TensorRecord& record = records_[index];
    const bool is_handle = tensor.type == Type::kResource;
    const int64_t bytes = !tensor.present() ? 0 : is_handle ? handle_bytes_ : static_cast<int64_t>(tensor.SizeBytes());
    return {record.place, record.offset, bytes};
  }

  bool AreApart(Sharing sharing, const Region& scratch, uint32_t state_bytes) const {
    const size_t count = call_.in.size() + call_.out.size();
    for (size_t i = 0; i < count; ++i) {
      const Region region = At(i);
      if (Operand(i).type == Type::kResource && region.offset + region.bytes > state_bytes) return false;
      if (region.Overlaps(scratch)) return false;
      if (!IsWritten(i)) continue;
      for (size_t other = 0; other < count; ++other) {
        if (other == i || !region.Overlaps(At(other))) continue;
        const bool is_first_output = i == call_.in.size();
        const bool may_share = is_first_output && sharing != Sharing::kNone && other < call_.in.size() &&
                               !IsWritten(other) && region == At(0) && region == At(other);
        if (!may_share) return false;
      }
    }
    return true;
  }

 private:
  const Tensor& Operand(size_t index) const {
    return index < call_.in.size() ? call_.in[index] : call_.out[index - call_.in.size()];
  }
  bool IsWritten(size_t index) const {
    return index >= call_.in.size() || Operand(index).variable || Operand(index).type == Type::kResource;
  }

  const TensorRecord* records_;
  const kernels::Call& call_;
  int64_t handle_bytes_ = 0;
};

}  // namespace

const Operator* OperatorCall::Find(std::span<const Operator* const> operators, int32_t code) {
  for (const Operator* op : operators) {
    if (op->tflite_code == code) return op;
  }
  return nullptr;
}

bool OperatorCall::Check(const Params& params, const std::byte* constants, const Extents& extents) {
  const Operator* op = Find(extents.operators, params.operator_code);
  if (op == nullptr) return false;
  if (params.input_count < 0 || params.input_count > kMostOperands) return false;
  if (params.output_count < 0 || params.output_count > kMostOperands) return false;
  const int count = params.input_count + params.output_count;
  if (!Within(extents.constants_bytes, params.records, count, sizeof(TensorRecord), alignof(TensorRecord)) ||
      !Within(extents.constants_bytes, params.options, kernels::kMaxParamsBytes, 1, alignof(uint64_t))) {
    return false;
  }
  const TensorRecord* records = RecordsOf(params, constants);
  for (int i = 0; i < count; ++i) {
    const TensorRecord& record = records[i];
    if (!IsHarmless(record, constants, extents)) return false;
    const auto type = static_cast<Type>(record.type);
    if (type == Type::kResource && op->variable_support == nullptr) return false;
    const bool is_output = i >= params.input_count;
    if (is_output && (type == Type::kAbsent || record.place == static_cast<int32_t>(Place::kConstants))) return false;
  }

  bool harmless = false;
  const Memory memory = {.constants = constants, .frame = nullptr, .state = nullptr, .subgraphs = extents.subgraphs};
  With(params, memory, [&](const void* options, const kernels::Call& call) {
    if (!kernels::ok(op->check(options, call))) return;
    const size_t scratch_bytes = op->scratch_bytes(options, call);
    if (scratch_bytes >= size_t{1} << 31) return;
    const auto bytes = static_cast<int64_t>(scratch_bytes);
    if (bytes > 0 && !Within(extents.frame_bytes, params.scratch, bytes, 1, kArenaAlignment)) return;
    const Region scratch = {static_cast<int32_t>(Place::kFrame), params.scratch, bytes};
    harmless = Regions(records, call).AreApart(op->sharing, scratch, extents.state_bytes);
  });
  return harmless;
}

void OperatorCall::Run(const Params& params, const Memory& memory) {
  RunKernel(params, memory, Find(memory.operators, params.operator_code)->run);
}

void OperatorCall::RunKernel(const Params& params, const Memory& memory, Kernel kernel) {
  With(params, memory, kernel);
}

}  // namespace thimble::steps
