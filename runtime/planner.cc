#include "runtime/planner.h"

#include <cstddef>

namespace thimble::runtime {
namespace {

constexpr uint32_t kMostBytes = uint32_t{1} << 31;  // plus one piece, an offset still fits 32 bits

class Planner {
 public:
  Planner(std::span<Piece> pieces, std::span<uint16_t> sequence, std::span<uint16_t> by_offset)
      : pieces_(pieces), sequence_(sequence), by_offset_(by_offset) {}

  uint32_t Plan(uint32_t peak_bytes) {
    if (peak_bytes == kTooManyBytes) return kTooManyBytes;
    // Each round looks at every pair, so large networks get fewer.
    const size_t pairs = pieces_.size() * pieces_.size() + 1;
    const int rounds = pairs > kMostSteps             ? 0
                       : kMostSteps / pairs < kRounds ? static_cast<int>(kMostSteps / pairs)
                                                      : kRounds;
    // Rounds are deterministic: walking to the best one again costs no memory for remembering it.
    const int best_round = Walk(rounds, peak_bytes);
    if (best_round != last_round_) Walk(best_round, 0);
    return last_bytes_;
  }

 private:
  static constexpr int kRounds = 200;
  static constexpr size_t kMostSteps = size_t{1} << 22;

  /// Round 0 to `rounds`, or until one takes no more than `enough_bytes`: the one that took least.
  int Walk(int rounds, uint32_t enough_bytes) {
    uint32_t best_bytes = UINT32_MAX;
    int best_round = 0;
    SortBySize();
    random_ = 0;
    for (int round = 0; round <= rounds && best_bytes > enough_bytes; ++round) {
      if (round > 0) MoveTopForward();
      last_bytes_ = PlaceAll();
      last_round_ = round;
      if (last_bytes_ >= best_bytes) continue;
      best_bytes = last_bytes_;
      best_round = round;
    }
    return best_round;
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

  // Any place before its own will do; choosing at random, the same way every time, does not get caught in circles.
  void MoveTopForward() {
    size_t top = 0;
    for (size_t i = 1; i < sequence_.size(); ++i) {
      if (End(sequence_[i]) > End(sequence_[top])) top = i;
    }
    if (top == 0) return;
    random_ = random_ * 1664525 + 1013904223;  // Knuth and Lewis, as in Numerical Recipes
    const size_t place = (random_ >> 16) % top;
    const uint16_t piece = sequence_[top];
    for (; top > place; --top) sequence_[top] = sequence_[top - 1];
    sequence_[place] = piece;
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
      if (End(index) > kMostBytes) return kTooManyBytes;
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
  uint32_t last_bytes_ = 0;
  int last_round_ = 0;
  uint32_t random_ = 0;
};

}  // namespace

uint32_t PeakBytes(std::span<const Piece> pieces) {
  uint32_t peak_bytes = 0;
  // The busiest step is always one at which something begins.
  for (const Piece& at : pieces) {
    uint32_t alive_bytes = 0;
    for (const Piece& piece : pieces) {
      if (piece.first > at.first || at.first > piece.last) continue;
      alive_bytes += piece.size_bytes;
      if (alive_bytes > kMostBytes) return kTooManyBytes;
    }
    if (alive_bytes > peak_bytes) peak_bytes = alive_bytes;
  }
  return peak_bytes;
}

uint32_t PlanPieces(std::span<Piece> pieces, std::span<uint16_t> sequence, std::span<uint16_t> by_offset,
                    uint32_t peak_bytes) {
  return Planner(pieces, sequence, by_offset).Plan(peak_bytes);
}

}  // namespace thimble::runtime
