#include "kernels/blocks.h"

namespace thimble::kernels {
namespace {

/// One lattice in either direction.
class Exchange {
 public:
  Exchange(uint32_t element_bytes, bool forward) : lattice_(element_bytes), forward_(forward) {}
  void Add(int32_t count, int32_t a_bytes, int32_t b_bytes) {
    lattice_.Add(count, forward_ ? a_bytes : b_bytes, forward_ ? b_bytes : a_bytes);
  }
  void Copy(std::byte* a, std::byte* b) { lattice_.Copy(forward_ ? a : b, forward_ ? b : a); }

 private:
  Lattice lattice_;
  bool forward_;
};

}  // namespace

Reason CheckDepth(const BlockSizeParams& params, const Call& call, const Tensor& space, const Tensor& depth) {
  THIMBLE_CHECK(CheckCounts(call, 1));
  THIMBLE_REQUIRE(space.type == depth.type, OperandTypes);
  THIMBLE_REQUIRE(space.shape.rank == 4 && depth.shape.rank == 4, OperandShapes);
  const int64_t block = params.block_size;
  THIMBLE_REQUIRE(block >= 1 && block < (1 << 15), Option);
  THIMBLE_REQUIRE(space.shape[0] == depth.shape[0], OperandShapes);
  THIMBLE_REQUIRE(space.shape[1] == block * depth.shape[1] && space.shape[2] == block * depth.shape[2], OperandShapes);
  THIMBLE_REQUIRE(depth.shape[3] == block * block * space.shape[3], OperandShapes);
  return Reason::kNone;
}

void RunDepth(const BlockSizeParams& params, const Tensor& space, const Tensor& depth, bool to_depth) {
  const int32_t block = params.block_size;
  const Steps in_space(space), in_depth(depth);
  Exchange exchange(BytesOf(space.type), to_depth);
  exchange.Add(depth.shape[0], in_space[0], in_depth[0]);
  exchange.Add(depth.shape[1], block * in_space[1], in_depth[1]);
  exchange.Add(depth.shape[2], block * in_space[2], in_depth[2]);
  exchange.Add(block, in_space[1], block * in_space[2]);
  exchange.Add(block, in_space[2], in_space[2]);
  exchange.Add(space.shape[3], in_space[3], in_space[3]);
  exchange.Copy(space.As<std::byte>(), depth.As<std::byte>());
}

Reason CheckBatches(const Call& call, const Tensor& space, const Tensor& batches) {
  THIMBLE_CHECK(CheckCounts(call, 3));
  const Tensor &blocks = call.in[1], &borders = call.in[2];
  const int32_t dims = blocks.shape.Count();
  THIMBLE_CHECK(CheckConstantIndices(blocks, dims));
  THIMBLE_REQUIRE(space.type == batches.type, OperandTypes);
  THIMBLE_REQUIRE(dims >= 1 && dims < space.shape.rank && space.shape.rank == batches.shape.rank, OperandShapes);
  THIMBLE_CHECK(CheckConstantIndices(borders, 2 * dims));
  int64_t copies = space.shape[0];
  for (int d = 0; d < dims; ++d) {
    const int64_t block = IndexAt(blocks, d), before = IndexAt(borders, 2 * d), after = IndexAt(borders, 2 * d + 1);
    THIMBLE_REQUIRE(block >= 1 && block < (1 << 30) && before >= 0 && after >= 0, Option);
    THIMBLE_REQUIRE(batches.shape[d + 1] * block == before + space.shape[d + 1] + after, OperandShapes);
    copies *= block;
    THIMBLE_REQUIRE(copies <= batches.shape[0], OperandShapes);
  }
  THIMBLE_REQUIRE(copies == batches.shape[0], OperandShapes);
  for (int d = dims + 1; d < space.shape.rank; ++d) THIMBLE_REQUIRE(space.shape[d] == batches.shape[d], OperandShapes);
  return Reason::kNone;
}

void RunBatches(const Call& call, const Tensor& space, const Tensor& batches, bool to_batches) {
  const Tensor &blocks = call.in[1], &borders = call.in[2];
  const int32_t dims = blocks.shape.Count();
  const Steps in_space(space), in_batches(batches);
  // One lattice for each place in a block: those are the outer part of the batch's number.
  for (int32_t place = 0; place < batches.shape[0] / space.shape[0]; ++place) {
    Exchange exchange(BytesOf(space.type), to_batches);
    exchange.Add(space.shape[0], in_space[0], in_batches[0]);
    int32_t space_start = 0, batches_start = place * space.shape[0] * in_batches[0];
    int32_t rest = batches.shape[0] / space.shape[0];
    for (int d = 0; d < space.shape.rank - 1; ++d) {
      if (d >= dims) {
        exchange.Add(space.shape[d + 1], in_space[d + 1], in_batches[d + 1]);
        continue;
      }
      const int32_t block = IndexAt(blocks, d), size = space.shape[d + 1];
      rest /= block;
      const int32_t shift = place / rest % block - IndexAt(borders, 2 * d);  // of o = 0 against the first element
      const int32_t first = shift >= 0 ? 0 : (-shift + block - 1) / block;
      const int32_t end = size - shift <= 0 ? 0 : (size - shift + block - 1) / block;
      exchange.Add(end > first ? end - first : 0, block * in_space[d + 1], in_batches[d + 1]);
      space_start += (first * block + shift) * in_space[d + 1];
      batches_start += first * in_batches[d + 1];
    }
    exchange.Copy(space.As<std::byte>() + space_start, batches.As<std::byte>() + batches_start);
  }
}

}  // namespace thimble::kernels
