#include "kernels/padding.h"

namespace thimble::kernels {

Reason CheckPaddings(const Call& call) {
  const Tensor &x = call.in[0], &paddings = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type, OperandTypes);
  THIMBLE_CHECK(CheckConstantIndices(paddings, 2 * x.shape.rank));
  THIMBLE_REQUIRE(y.shape.rank == x.shape.rank, OperandShapes);
  for (int d = 0; d < x.shape.rank; ++d) {
    const int64_t before = Before(paddings, d), after = After(paddings, d);
    THIMBLE_REQUIRE(before >= 0 && after >= 0 && before + x.shape[d] + after == y.shape[d], OperandShapes);
  }
  return Reason::kNone;
}

bool SameQuantisation(const Tensor& a, const Tensor& b) {
  if (a.scale_count == 0 || b.scale_count == 0) return true;
  return a.Scale() == b.Scale() && a.zero_point == b.zero_point;
}

uint64_t StoredZero(const Tensor& tensor) {
  uint64_t value = 0;
  const bool quantised = tensor.type == Type::kInt8 || tensor.type == Type::kUInt8 || tensor.type == Type::kInt16;
  if (quantised) std::memcpy(&value, &tensor.zero_point, sizeof(tensor.zero_point));  // little endian everywhere
  return value;
}

void RunPad(const Call& call, const void* value) {
  const Tensor &x = call.in[0], &paddings = call.in[1], &y = call.out[0];
  const Steps x_steps(x), y_steps(y);
  FillWith(value, BytesOf(y.type), y.shape.Count(), y.data);
  Lattice lattice(BytesOf(x.type));
  std::byte* to = y.As<std::byte>();
  for (int d = 0; d < x.shape.rank; ++d) {
    to += Before(paddings, d) * y_steps[d];
    lattice.Add(x.shape[d], x_steps[d], y_steps[d]);
  }
  lattice.Copy(x.As<std::byte>(), to);
}

}  // namespace thimble::kernels
