#include "runtime/planner.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace thimble::runtime {
namespace {

uint32_t Plan(std::vector<Piece>& pieces) {
  std::vector<uint16_t> sequence(pieces.size()), by_offset(pieces.size());
  return PlanPieces(pieces, sequence, by_offset, PeakBytes(pieces));
}

std::vector<Piece> RandomPieces(int count) {
  std::vector<Piece> pieces;
  for (int i = 0; i < count; ++i) {
    const auto first = *rc::gen::inRange<uint16_t>(0, 12);
    const auto last = static_cast<uint16_t>(first + *rc::gen::inRange(0, 5));
    pieces.push_back({16 * *rc::gen::inRange<uint32_t>(0, 20), 0, first, last});
  }
  return pieces;
}

TEST(Planner, NeverOverlapsPiecesThatAreNeededAtTheSameTime) {
  EXPECT_TRUE(rc::check([] {
    std::vector<Piece> pieces = RandomPieces(*rc::gen::inRange(0, 40));
    const uint32_t bytes = Plan(pieces);
    RC_ASSERT(bytes >= PeakBytes(pieces));
    for (size_t i = 0; i < pieces.size(); ++i) {
      const Piece& a = pieces[i];
      RC_ASSERT(a.offset_bytes + a.size_bytes <= bytes);
      for (size_t k = 0; k < i; ++k) {
        const Piece& b = pieces[k];
        const bool at_once = a.first <= b.last && b.first <= a.last;
        const bool overlap = a.offset_bytes < b.offset_bytes + b.size_bytes &&
                             b.offset_bytes < a.offset_bytes + a.size_bytes && a.size_bytes > 0 && b.size_bytes > 0;
        RC_ASSERT(!(at_once && overlap));
      }
    }
  }));
}

/// Placing pieces at the lowest gap in the best of all orders is optimal.
uint32_t SmallestOfAllOrders(const std::vector<Piece>& pieces) {
  std::vector<size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), size_t{0});
  uint32_t best = UINT32_MAX;
  do {
    std::vector<Piece> placed;
    uint32_t peak = 0;
    for (const size_t index : order) {
      Piece piece = pieces[index];
      piece.offset_bytes = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (const Piece& other : placed) {
          const bool at_once = other.first <= piece.last && piece.first <= other.last;
          if (!at_once || other.offset_bytes >= piece.offset_bytes + piece.size_bytes) continue;
          const uint32_t end = other.offset_bytes + other.size_bytes;
          if (end <= piece.offset_bytes) continue;
          piece.offset_bytes = end;
          moved = true;
        }
      }
      peak = std::max(peak, piece.offset_bytes + piece.size_bytes);
      placed.push_back(piece);
    }
    best = std::min(best, peak);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

TEST(Planner, FindsTheSmallestPlanOfNearlyAllSmallSets) {
  int optimal = 0, all = 0;
  EXPECT_TRUE(rc::check([&] {
    std::vector<Piece> pieces = RandomPieces(*rc::gen::inRange(1, 7));
    const uint32_t best = SmallestOfAllOrders(pieces);
    const uint32_t bytes = Plan(pieces);
    RC_ASSERT(bytes >= best);
    RC_ASSERT(bytes <= best + best / 4);
    optimal += bytes == best ? 1 : 0;
    ++all;
  }));
  EXPECT_GE(optimal * 100, all * 97) << optimal << " of " << all;
}

TEST(Planner, SaysWhenThereIsTooMuch) {
  std::vector<Piece> pieces(8, {uint32_t{1} << 30, 0, 0, 0});
  EXPECT_EQ(PeakBytes(pieces), kTooManyBytes);
  EXPECT_EQ(Plan(pieces), kTooManyBytes);
  pieces.resize(2);
  EXPECT_EQ(Plan(pieces), uint32_t{1} << 31);
}

}  // namespace
}  // namespace thimble::runtime
