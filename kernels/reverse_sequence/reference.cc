#include "base/fixed_point.h"
#include "kernels/reverse_sequence/op.h"

namespace thimble::kernels {

Reason ReverseSequence::Check(const Params& params, const Call& call) {
  THIMBLE_CHECK(CheckCounts(call, 2));
  const Tensor &x = call.in[0], &lengths = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.type == y.type && IsIndices(lengths), OperandTypes);
  THIMBLE_REQUIRE(x.shape == y.shape, OperandShapes);
  int32_t sequence = params.seq_dim, batch = params.batch_dim;
  THIMBLE_REQUIRE(ResolveAxis(x.shape.rank, sequence) && ResolveAxis(x.shape.rank, batch), Option);
  THIMBLE_REQUIRE(sequence != batch, Option);
  THIMBLE_REQUIRE(lengths.shape.Count() == x.shape[batch], OperandShapes);
  return Reason::kNone;
}

void ReverseSequence::RunReference(const Params& params, const Call& call) {
  const Tensor &x = call.in[0], &y = call.out[0];
  const Steps steps(x);
  int32_t sequence = params.seq_dim, batch = params.batch_dim;
  (void)ResolveAxis(x.shape.rank, sequence);
  (void)ResolveAxis(x.shape.rank, batch);
  const int32_t size = x.shape[sequence], step = steps[sequence];
  const auto copy = [&](int32_t from, int32_t to, int32_t count, int32_t from_step) {
    Lattice lattice(BytesOf(x.type));
    for (int d = 0; d < x.shape.rank; ++d) {
      if (d == batch) continue;
      lattice.Add(d == sequence ? count : x.shape[d], d == sequence ? from_step : steps[d], steps[d]);
    }
    lattice.Copy(x.As<std::byte>() + from, y.As<std::byte>() + to);
  };
  for (int32_t b = 0; b < x.shape[batch]; ++b) {
    const int32_t start = b * steps[batch], length = Clamp(IndexAt(call.in[1], b), 0, size);
    if (length > 0) copy(start + (length - 1) * step, start, length, -step);
    if (length < size) copy(start + length * step, start + length * step, size - length, step);
  }
}

}  // namespace thimble::kernels
