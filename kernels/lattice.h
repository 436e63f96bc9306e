// What operators that only move elements share: a copy between two regular patterns of memory.
#ifndef THIMBLE_KERNELS_LATTICE_H_
#define THIMBLE_KERNELS_LATTICE_H_

#include "kernels/op.h"

namespace thimble::kernels {

/// A copy of elements from one regular pattern of memory to another. Each dimension has a number of elements and the
/// bytes from one of them to the next on either side; a step of 0 repeats, a negative one goes backwards. A slice, a
/// transposition, a repetition, a tensor within a larger one: all are lattices.
class Lattice {
 public:
  /// Of single elements of `element_bytes`.
  explicit Lattice(uint32_t element_bytes) : block_bytes_(static_cast<int32_t>(element_bytes)) {}

  /// Adds a dimension within those added before: the outermost comes first. At most kMaxDimensions that are not 1.
  void Add(int32_t count, int32_t from_bytes, int32_t to_bytes);

  /// Copies every element. Nothing if a dimension has none.
  void Copy(const std::byte* from, std::byte* to);

  static constexpr int kMaxDimensions = 2 * kMaxRank;

 private:
  struct Dimension {
    int32_t count, from_bytes, to_bytes, index;
  };
  Dimension dimensions_[kMaxDimensions];
  int used_ = 0;
  int32_t block_bytes_;
  bool empty_ = false;
};

/// The bytes from one element of each dimension to the next, in a tensor without gaps.
struct Steps {
  int32_t bytes[kMaxRank] = {};

  explicit Steps(const Tensor& tensor) {
    auto step = static_cast<int32_t>(BytesOf(tensor.type));
    for (int d = tensor.shape.rank - 1; d >= 0; --d) {
      bytes[d] = step;
      step *= tensor.shape[d];
    }
  }
  int32_t operator[](int dimension) const { return bytes[dimension]; }
};

/// The product of the sizes of dimensions begin <= d < end.
constexpr int32_t CountOf(const Shape& shape, int begin, int end) {
  int32_t count = 1;
  for (int d = begin; d < end; ++d) count *= shape[d];
  return count;
}

/// `number` copies of the `block_bytes` at `block`.
void FillWith(const void* block, uint32_t block_bytes, int32_t number, void* to);

/// Whether `axis` names one of `rank` dimensions; negative ones count from the end, and become positive.
constexpr bool ResolveAxis(int32_t rank, int32_t& axis) {
  if (axis < -rank || axis >= rank) return false;
  if (axis < 0) axis += rank;
  return true;
}

/// Whether `tensor` holds indices: int32 or int64.
inline bool IsIndices(const Tensor& tensor) { return tensor.type == Type::kInt32 || tensor.type == Type::kInt64; }

/// Element `i` of a tensor of indices, saturated to 32 bits.
int32_t IndexAt(const Tensor& tensor, int32_t i);
void SetIndex(const Tensor& tensor, int32_t i, int32_t value);

/// `inputs` of them, all present, and one output.
inline Reason CheckCounts(const Call& call, size_t inputs) {
  THIMBLE_REQUIRE(call.in.size() == inputs, InputCount);
  for (const Tensor& tensor : call.in) {
    THIMBLE_REQUIRE(tensor.present(), InputCount);
    THIMBLE_REQUIRE(BytesOf(tensor.type) != 0, OperandTypes);  // the name of a variable has no elements
  }
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  return Reason::kNone;
}

/// A constant list of indices with `count` elements.
inline Reason CheckConstantIndices(const Tensor& tensor, int32_t count) {
  THIMBLE_REQUIRE(IsIndices(tensor), OperandTypes);
  THIMBLE_REQUIRE(tensor.constant, OperandMustBeConstant);
  THIMBLE_REQUIRE(tensor.shape.Count() == count, OperandShapes);
  return Reason::kNone;
}

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_LATTICE_H_
