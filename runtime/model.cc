#include "runtime/model.h"

#include <bit>

namespace thimble::runtime {
namespace {

using flat::Field;
using flat::Rule;
using Kind = Field::Kind;
using kernels::Tensor;
using kernels::Type;

// The fields of TensorFlow Lite's schema that we read, with their numbers.

constexpr Rule kAnyOptions = {};  // kernels::Options checks each field when it is read
constexpr Field kOperatorFields[] = {
    {0, Kind::kScalar, 4},               // opcode_index: uint
    {1, Kind::kVector, 4},               // inputs: [int]
    {2, Kind::kVector, 4},               // outputs: [int]
    {3, Kind::kScalar, 1},               // builtin_options_type: ubyte
    {4, Kind::kTable, 0, &kAnyOptions},  // builtin_options: union
};
constexpr Rule kOperator = {kOperatorFields};
constexpr Field kQuantisationFields[] = {
    {2, Kind::kVector, 4},  // scale: [float]
    {3, Kind::kVector, 8},  // zero_point: [long]
    {6, Kind::kScalar, 4},  // quantized_dimension: int
};
constexpr Rule kQuantisation = {kQuantisationFields};
constexpr Field kTensorFields[] = {
    {0, Kind::kVector, 4},                 // shape: [int]
    {1, Kind::kScalar, 1},                 // type: byte
    {2, Kind::kScalar, 4},                 // buffer: uint
    {3, Kind::kVector, 1},                 // name: string
    {4, Kind::kTable, 0, &kQuantisation},  // quantization
    {5, Kind::kScalar, 1},                 // is_variable: bool
};
constexpr Rule kTensor = {kTensorFields};
constexpr Field kSubgraphFields[] = {
    {0, Kind::kTables, 0, &kTensor},    // tensors
    {1, Kind::kVector, 4},              // inputs: [int]
    {2, Kind::kVector, 4},              // outputs: [int]
    {3, Kind::kTables, 0, &kOperator},  // operators
};
constexpr Rule kSubgraph = {kSubgraphFields};
constexpr Field kCodeFields[] = {
    {0, Kind::kScalar, 1},  // deprecated_builtin_code: byte
    {2, Kind::kScalar, 4},  // version: int
    {3, Kind::kScalar, 4},  // builtin_code: int
};
constexpr Rule kCode = {kCodeFields};
constexpr Field kBufferFields[] = {{0, Kind::kVector, 1}};  // data: [ubyte]
constexpr Rule kBuffer = {kBufferFields};
constexpr Field kModelFields[] = {
    {0, Kind::kScalar, 4},              // version: uint
    {1, Kind::kTables, 0, &kCode},      // operator_codes
    {2, Kind::kTables, 0, &kSubgraph},  // subgraphs
    {4, Kind::kTables, 0, &kBuffer},    // buffers
};
constexpr Rule kModel = {kModelFields};

constexpr uint32_t kMaxTensorBytes = uint32_t{1} << 30;

bool IsAligned(const std::byte* at, uintptr_t bytes) { return reinterpret_cast<uintptr_t>(at) % bytes == 0; }

bool IsInteger(Type type) { return type != Type::kFloat32 && type != Type::kBool && type != Type::kResource; }

bool ZeroPointFits(Type type, int64_t zero_point) {
  switch (type) {
    case Type::kInt8:
      return zero_point >= -128 && zero_point <= 127;
    case Type::kUInt8:
      return zero_point >= 0 && zero_point <= 255;
    case Type::kInt16:
      return zero_point >= -32768 && zero_point <= 32767;
    default:
      return zero_point >= INT32_MIN && zero_point <= INT32_MAX;
  }
}

// Finite and not negative, by its bits: converters write 0 for channels that are always 0.
bool IsScale(float value) { return std::bit_cast<uint32_t>(value) < 0x7f800000; }

}  // namespace

Reason Model::Open(std::span<const std::byte> bytes, Fault& fault) {
  THIMBLE_REQUIRE(bytes.size() >= 8, TooShort);
  constexpr uint32_t kIdentifier = 'T' | 'F' << 8 | 'L' << 16 | '3' << 24;
  THIMBLE_REQUIRE(flat::Load<uint32_t>(bytes.data() + 4) == kIdentifier, NotTflite);
  uint32_t byte = 0;
  if (const Reason reason = flat::Verify(bytes, kModel, byte); !ok(reason)) {
    fault.byte = byte;
    return reason;
  }

  const flat::Table root(flat::Follow(bytes.data()));
  THIMBLE_REQUIRE(root.Get<uint32_t>(0) == 3, FormatVersion);
  graphs_ = root.Children(2);
  codes_ = root.Children(1);
  buffers_ = root.Children(4);
  THIMBLE_REQUIRE(graphs_.size() >= 1 && graphs_.size() <= kMaxSubgraphs, SubgraphCount);
  for (int i = 0; i < graphs_.size(); ++i) {
    // In 64 bits: empty subgraphs are cheap to list, and each may have as many tensors as the file is long.
    const int64_t tensors = int64_t{total_tensors_} + graphs_[i].Children(0).size();
    const int64_t operators = int64_t{total_operators_} + graphs_[i].Children(3).size();
    THIMBLE_REQUIRE(tensors + operators + graphs_.size() <= kMaxTensorsAndOperators, TooManyTensors);
    total_tensors_ = static_cast<int>(tensors);
    total_operators_ = static_cast<int>(operators);
  }
  static_cast<Graph&>(*this) = GraphAt(0);
  for (int i = 0; i < graphs_.size(); ++i) {
    fault.subgraph_index = i;
    THIMBLE_CHECK(GraphAt(i).Check(fault));
  }
  fault.subgraph_index = 0;
  return Reason::kNone;
}

Graph Model::GraphAt(int index) const {
  Graph graph;
  graph.codes_ = codes_;
  graph.buffers_ = buffers_;
  for (int i = 0; i <= index; ++i) {
    graph.first_tensor_ += graph.tensors_.size();
    graph.first_operator_ += graph.operators_.size();
    graph.subgraph_ = graphs_[i];
    graph.tensors_ = graph.subgraph_.Children(0);
    graph.operators_ = graph.subgraph_.Children(3);
  }
  return graph;
}

Reason Graph::Check(Fault& fault) const {
  for (int i = 0; i < tensors_.size(); ++i) {
    if (const Reason reason = CheckTensor(i); !ok(reason)) {
      fault.tensor_index = i;
      return reason;
    }
  }
  THIMBLE_CHECK(CheckIndices(inputs(), false, fault));
  THIMBLE_CHECK(CheckIndices(outputs(), false, fault));
  for (int i = 0; i < operators_.size(); ++i) {
    fault.operator_index = i;
    THIMBLE_REQUIRE(operators_[i].Get<uint32_t>(0) < static_cast<uint32_t>(codes_.size()), OperatorCode);
    THIMBLE_CHECK(CheckIndices(InputsOf(i), true, fault));
    THIMBLE_CHECK(CheckIndices(OutputsOf(i), false, fault));
  }
  fault.operator_index = -1;
  return Reason::kNone;
}

Reason Graph::CheckIndices(flat::Vector<int32_t> indices, bool may_be_absent, Fault& fault) const {
  THIMBLE_REQUIRE(indices.size() <= kMaxOperands, TooManyTensors);
  for (int i = 0; i < indices.size(); ++i) {
    if (may_be_absent && indices[i] == -1) continue;
    if (indices[i] < 0 || indices[i] >= tensor_count()) {
      fault.tensor_index = indices[i];
      return Reason::kTensorIndex;
    }
  }
  return Reason::kNone;
}

Reason Graph::CheckTensor(int index) const {
  const flat::Table table = tensors_[index];
  THIMBLE_REQUIRE(table.Get<uint32_t>(2) < static_cast<uint32_t>(buffers_.size()), BufferIndex);
  const auto type = static_cast<Type>(table.Get<uint8_t>(1));
  // A handle of a variable has no bytes of its own.
  const uint32_t element_bytes = kernels::BytesOf(type);
  THIMBLE_REQUIRE(element_bytes != 0 || type == Type::kResource, TensorType);

  const auto dims = table.List<int32_t>(0);
  THIMBLE_REQUIRE(dims.size() <= kernels::kMaxRank, TensorRank);
  THIMBLE_REQUIRE(IsAligned(dims.data(), alignof(int32_t)), Misaligned);
  uint64_t bytes = element_bytes != 0 ? element_bytes : 1;
  for (int i = 0; i < dims.size(); ++i) {
    THIMBLE_REQUIRE(dims[i] >= 0, TensorShape);
    bytes *= static_cast<uint32_t>(dims[i]);  // below 2^30 * 2^31: no overflow
    THIMBLE_REQUIRE(bytes < kMaxTensorBytes, TensorShape);
  }

  const auto data = buffers_[static_cast<int>(table.Get<uint32_t>(2))].List<std::byte>(0);
  if (data.size() != 0) {
    THIMBLE_REQUIRE(static_cast<uint64_t>(data.size()) == bytes, BufferSize);
    // Files from before converters aligned buffers to 16 have 64-bit constants at multiples of 4; kernels copy those
    // out.
    THIMBLE_REQUIRE(element_bytes != 0 && IsAligned(data.data(), element_bytes < 4 ? element_bytes : 4), Misaligned);
  }

  if (!IsInteger(type)) return Reason::kNone;
  const flat::Table quantisation = table.Child(4);
  const auto scales = quantisation.List<float>(2);
  const auto zero_points = quantisation.List<int64_t>(3);
  THIMBLE_REQUIRE(IsAligned(scales.data(), alignof(float)), Misaligned);
  // Old converters give a bias as many scales as channels and the weights' dimension: which dimension several scales
  // belong to is for the operator that uses them to check.
  for (int i = 0; i < scales.size(); ++i) THIMBLE_REQUIRE(IsScale(scales[i]), TensorQuantisation);
  for (int i = 0; i < zero_points.size(); ++i) {
    THIMBLE_REQUIRE(ZeroPointFits(type, zero_points[i]), TensorQuantisation);
    THIMBLE_REQUIRE(scales.size() <= 1 || zero_points[i] == 0, TensorQuantisation);
  }
  return Reason::kNone;
}

Tensor Graph::TensorAt(int index) const {
  const flat::Table table = tensors_[index];
  const auto dims = table.List<int32_t>(0);
  const auto data = buffers_[static_cast<int>(table.Get<uint32_t>(2))].List<std::byte>(0);
  Tensor tensor;
  tensor.type = static_cast<Type>(table.Get<uint8_t>(1));
  tensor.shape = {reinterpret_cast<const int32_t*>(dims.data()), dims.size()};
  const bool is_handle = tensor.type == Type::kResource;
  tensor.constant = !is_handle && (data.size() != 0 || tensor.shape.Count() == 0);
  tensor.variable = !is_handle && !tensor.constant && table.Get<uint8_t>(5) != 0;
  // Nobody writes to a constant: loading refuses models that have one as an operator's output or as an input.
  if (tensor.constant) tensor.data = const_cast<std::byte*>(data.data());
  if (IsInteger(tensor.type)) {
    const flat::Table quantisation = table.Child(4);
    const auto scales = quantisation.List<float>(2);
    const auto zero_points = quantisation.List<int64_t>(3);
    tensor.scales = reinterpret_cast<const float*>(scales.data());
    tensor.scale_count = scales.size();
    tensor.zero_point = zero_points.size() == 0 ? 0 : static_cast<int32_t>(zero_points[0]);
    tensor.quantised_dimension = quantisation.Get<int32_t>(6);
  }
  return tensor;
}

Graph::Code Graph::CodeOf(int operator_index) const {
  const flat::Table code = codes_[static_cast<int>(operators_[operator_index].Get<uint32_t>(0))];
  // Old files have only the byte; newer ones repeat small numbers there and put 127 for those that do not fit.
  const int32_t old_code = code.Get<uint8_t>(0);
  const int32_t new_code = code.Get<int32_t>(3);
  return {new_code > old_code ? new_code : old_code, code.Get<int32_t>(2, 1)};
}

}  // namespace thimble::runtime
