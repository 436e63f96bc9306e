#include "kernels/batch_matmul/op.h"

namespace thimble::kernels {
namespace {

/// One operand's matrices: where they lie, and how to step through one.
struct Matrices {
  const Shape& shape;
  bool adjoint;

  /// Rows as the product sees them, which for the second operand are the ones that are summed.
  int32_t Rows() const { return shape[shape.rank - (adjoint ? 1 : 2)]; }
  int32_t Columns() const { return shape[shape.rank - (adjoint ? 2 : 1)]; }
  int32_t RowStep() const { return adjoint ? 1 : shape.Last(); }
  int32_t ColumnStep() const { return adjoint ? shape.Last() : 1; }

  /// Batch dimension d of the output, counted from the innermost.
  int32_t Batches(int d) const { return d + 3 > shape.rank ? 1 : shape[shape.rank - 3 - d]; }

  /// The first element of the matrix that belongs to `batch` of the output.
  int32_t First(int32_t batch, const Shape& output) const {
    int32_t first = 0, step = Rows() * Columns();
    for (int d = 0; d < output.rank - 2; ++d) {
      const int32_t size = output[output.rank - 3 - d], own = Batches(d);
      if (own > 1) first += batch % size * step;
      batch /= size;
      step *= own;
    }
    return first;
  }
};

// Calls output(y index, sum) for each element.
template <typename T, typename Sum, typename MultiplyAdd, typename Output>
void Multiply(const BatchMatmul::Params& params, const Call& call, MultiplyAdd multiply_add, Output output) {
  const Shape& y = call.out[0].shape;
  const Matrices a{call.in[0].shape, params.adjoint_a != 0}, b{call.in[1].shape, params.adjoint_b != 0};
  const int32_t rows = a.Rows(), columns = b.Columns(), depth = a.Columns();
  for (int32_t index = 0, count = y.Count(); index < count;) {
    const int32_t batch = index / (rows * columns);
    const T* first = call.in[0].As<T>() + a.First(batch, y);
    const T* second = call.in[1].As<T>() + b.First(batch, y);
    for (int32_t i = 0; i < rows; ++i) {
      for (int32_t j = 0; j < columns; ++j, ++index) {
        Sum sum = 0;
        for (int32_t k = 0; k < depth; ++k) {
          sum = multiply_add(sum, first[i * a.RowStep() + k * a.ColumnStep()],
                             second[k * b.RowStep() + j * b.ColumnStep()]);
        }
        output(index, sum);
      }
    }
  }
}

template <typename T, typename Sum>
void RunQuantised(const BatchMatmul::Params& params, const Call& call) {
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  Requantiser requantise = RequantiserOf(a, b, {}, y, 0, StoredRange(Activation::kNone, y), ScaleProduct::kOfFloats);
  requantise.wide = sizeof(T) == 2;
  const int32_t a_zero = a.zero_point, b_zero = b.zero_point;
  Multiply<T, Sum>(
      params, call,
      [=](Sum sum, int32_t left, int32_t right) { return WrapAdd(sum, Sum{(left - a_zero) * (right - b_zero)}); },
      [&](int32_t index, Sum sum) { y.As<T>()[index] = static_cast<T>(requantise(sum)); });
}

}  // namespace

Reason BatchMatmul::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 2 && call.in[0].present() && call.in[1].present(), InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  const Tensor &a = call.in[0], &b = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(!IsFloat(a) || b.type != Type::kInt8, Hybrid);
  THIMBLE_REQUIRE(a.type == b.type && a.type == y.type && a.type != Type::kUInt8, OperandTypes);
  THIMBLE_REQUIRE(IsFloat(a) || (IsQuantised(a) && IsQuantised(b) && IsQuantised(y)), OperandTypes);
  const int32_t rank = a.shape.rank > b.shape.rank ? a.shape.rank : b.shape.rank;
  THIMBLE_REQUIRE(a.shape.rank >= 2 && b.shape.rank >= 2 && y.shape.rank == rank, OperandShapes);
  THIMBLE_REQUIRE(a.shape.Count() > 0 && b.shape.Count() > 0, OperandShapes);
  const Matrices left{a.shape, params.adjoint_a != 0}, right{b.shape, params.adjoint_b != 0}, result{y.shape, false};
  THIMBLE_REQUIRE(left.Columns() == right.Rows(), OperandShapes);
  THIMBLE_REQUIRE(result.Rows() == left.Rows() && result.Columns() == right.Columns(), OperandShapes);
  for (int d = 0; d < rank - 2; ++d) {
    const int32_t first = left.Batches(d), second = right.Batches(d);
    THIMBLE_REQUIRE(first == second || first == 1 || second == 1, OperandShapes);
    THIMBLE_REQUIRE(result.Batches(d) == (first == 1 ? second : first), OperandShapes);
  }
  return Reason::kNone;
}

void BatchMatmul::RunReference(const Params& params, const Call& call) {
  switch (call.in[0].type) {
    case Type::kFloat32:
      return Multiply<float, float>(
          params, call, [](float sum, float a, float b) { return sum + a * b; },
          [&](int32_t index, float sum) { call.out[0].As<float>()[index] = sum; });
    case Type::kInt16:
      return RunQuantised<int16_t, int64_t>(params, call);
    default:
      return RunQuantised<int8_t, int32_t>(params, call);
  }
}

}  // namespace thimble::kernels
