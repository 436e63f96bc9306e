// Places pieces of memory that are needed at different times so that together they take as little as possible.
#ifndef THIMBLE_RUNTIME_PLANNER_H_
#define THIMBLE_RUNTIME_PLANNER_H_

#include <cstdint>
#include <span>

namespace thimble::runtime {

/// One piece of memory: needed from the first step to the last, both included.
struct Piece {
  uint32_t size_bytes;    ///< at most 2^30
  uint32_t offset_bytes;  ///< what the planner finds
  uint16_t first, last;
};
static_assert(sizeof(Piece) == 12, "the same plan on every machine");

/// More than any arena: what a plan is said to take that would be larger.
inline constexpr uint32_t kTooManyBytes = UINT32_MAX;

/// The most that is needed at the same time: no plan is smaller. kTooManyBytes beyond 2^31.
uint32_t PeakBytes(std::span<const Piece> pieces);

/// Fills in every offset so that no two pieces that are needed at the same step overlap; the end of the highest, or
/// kTooManyBytes, and then the offsets mean nothing. `sequence` and `by_offset` are room for one index a piece each;
/// `peak_bytes` is PeakBytes(pieces), at which the search ends. The same offsets on every machine, always.
///
/// Each piece takes the lowest gap, the largest piece first (greedy by size: Pisarchyk and Lee, "Efficient Memory
/// Management for Deep Neural Net Inference", section 5.2). If that is above the peak, the piece at the top takes its
/// turn earlier and all are placed again; some such rounds reach the peak on nearly every real network.
uint32_t PlanPieces(std::span<Piece> pieces, std::span<uint16_t> sequence, std::span<uint16_t> by_offset,
                    uint32_t peak_bytes);

}  // namespace thimble::runtime

#endif  // THIMBLE_RUNTIME_PLANNER_H_
