#include "compiler/place.h"

#include <algorithm>
#include <numeric>

#include "base/arena.h"
#include "base/random.h"

namespace thimble::compiler {
namespace {

int64_t Aligned(int64_t bytes) { return static_cast<int64_t>(AlignUp(static_cast<size_t>(bytes))); }

/// `mine` may not lie at offsets strictly between other's offset + `above` and other's offset + `below`, but exactly at
/// other's offset + `point`.
struct Rule {
  int other;
  int64_t above, below;
  int64_t point = kNone;
  static constexpr int64_t kNone = INT64_MIN;
};

/// Gives every buffer its turn, in any order.
class Placer {
 public:
  Placer(const std::vector<Buffer>& buffers, const std::vector<Overlap>& overlaps)
      : buffers_(buffers), rules_(buffers.size()), offsets_(buffers.size()), is_placed_(buffers.size()) {
    for (size_t i = 0; i < buffers.size(); ++i) {
      for (size_t k = 0; k < buffers.size(); ++k) {
        const Buffer &mine = buffers[i], &other = buffers[k];
        if (i == k || mine.size_bytes == 0 || other.size_bytes == 0) continue;
        if (mine.first > other.last || other.first > mine.last) continue;
        rules_[i].push_back({static_cast<int>(k), -mine.size_bytes, other.size_bytes});
      }
    }
    for (const Overlap& overlap : overlaps) {
      const int64_t lead = overlap.lead_bytes;
      const int64_t input_bytes = buffers[static_cast<size_t>(overlap.input)].size_bytes;
      const int64_t output_bytes = buffers[static_cast<size_t>(overlap.output)].size_bytes;
      // Seen from the output: free up to input - lead. Seen from the input: free from output + lead on.
      for (Rule& rule : rules_[static_cast<size_t>(overlap.output)]) {
        if (rule.other == overlap.input) Relax(rule, std::max(-lead, -output_bytes), input_bytes, -lead, overlap);
      }
      for (Rule& rule : rules_[static_cast<size_t>(overlap.input)]) {
        if (rule.other == overlap.output) Relax(rule, -input_bytes, std::min(lead, output_bytes), lead, overlap);
      }
    }
  }

  int64_t PlaceAll(const std::vector<int>& order) {
    std::fill(is_placed_.begin(), is_placed_.end(), false);
    int64_t end = 0;
    for (const int index : order) {
      const auto i = static_cast<size_t>(index);
      offsets_[i] = LowestFree(i);
      is_placed_[i] = true;
      end = std::max(end, offsets_[i] + buffers_[i].size_bytes);
    }
    return end;
  }

  const std::vector<int64_t>& offsets() const { return offsets_; }
  int64_t rule_count() const {
    int64_t count = 0;
    for (const std::vector<Rule>& rules : rules_) count += static_cast<int64_t>(rules.size());
    return count;
  }

 private:
  /// Forbids what lies between `above` and `below`, or, if the overlap is exact, nothing else than before but `point`.
  static void Relax(Rule& rule, int64_t above, int64_t below, int64_t point, const Overlap& overlap) {
    if (overlap.exact) {
      rule.point = point;
    } else {
      rule.above = above;
      rule.below = below;
    }
  }

  int64_t LowestFree(size_t mine) {
    taken_.clear();
    for (const Rule& rule : rules_[mine]) {
      const auto other = static_cast<size_t>(rule.other);
      if (!is_placed_[other]) continue;
      const int64_t below = offsets_[other] + rule.below;
      if (below <= 0 || rule.below <= rule.above) continue;
      int64_t above = offsets_[other] + rule.above;
      if (rule.point > rule.above && rule.point < rule.below) {
        taken_.emplace_back(above, offsets_[other] + rule.point);
        above = offsets_[other] + rule.point;
      }
      taken_.emplace_back(above, below);
    }
    std::sort(taken_.begin(), taken_.end());
    int64_t offset = 0;
    for (const auto& [above, below] : taken_) {
      // Sorted by where they begin: once one begins at or above the offset, none forbids it.
      if (above >= offset) break;
      if (below > offset) offset = Aligned(below);
    }
    return offset;
  }

  const std::vector<Buffer>& buffers_;
  std::vector<std::vector<Rule>> rules_;
  std::vector<int64_t> offsets_;
  std::vector<bool> is_placed_;
  std::vector<std::pair<int64_t, int64_t>> taken_;
};

std::vector<int> OrderBy(size_t count, auto&& before) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), before);
  return order;
}

}  // namespace

std::vector<int64_t> LeastBytes(const std::vector<Buffer>& buffers, const std::vector<Overlap>& overlaps, int steps) {
  std::vector<int64_t> least(static_cast<size_t>(std::max(steps, 0)), 0);
  for (const Buffer& buffer : buffers) {
    for (int step = std::max(buffer.first, 0); step <= buffer.last && step < steps; ++step) {
      least[static_cast<size_t>(step)] += buffer.size_bytes;
    }
  }
  // What an output can save by lying over the inputs of its step.
  std::vector<int64_t> input_bytes(buffers.size(), 0), saved(buffers.size(), 0);
  for (const Overlap& overlap : overlaps) {
    const int64_t input = buffers[static_cast<size_t>(overlap.input)].size_bytes;
    const int64_t output = buffers[static_cast<size_t>(overlap.output)].size_bytes;
    const int64_t together = std::max(output, input + std::max<int64_t>(overlap.lead_bytes, 0));
    saved[static_cast<size_t>(overlap.output)] += std::max<int64_t>(input + output - together, 0);
  }
  for (size_t i = 0; i < buffers.size(); ++i) {
    const int step = buffers[i].first;
    if (step < 0 || step >= steps) continue;
    least[static_cast<size_t>(step)] -= std::min(saved[i], buffers[i].size_bytes);
  }
  return least;
}

Layout Place(const std::vector<Buffer>& buffers, const std::vector<Overlap>& overlaps, int rounds) {
  Layout best;
  int last = -1;
  for (const Buffer& buffer : buffers) last = std::max(last, buffer.last);
  for (const int64_t bytes : LeastBytes(buffers, overlaps, last + 1)) {
    best.least_bytes = std::max(best.least_bytes, Aligned(bytes));
  }
  best.offsets.assign(buffers.size(), 0);
  if (buffers.empty()) return best;

  Placer placer(buffers, overlaps);
  std::vector<int> best_order;
  const auto attempt = [&](const std::vector<int>& order) {
    const int64_t bytes = Aligned(placer.PlaceAll(order));
    if (!best_order.empty() && bytes > best.bytes) return;
    // Equally good orders are taken too: the search walks over plateaus.
    best.bytes = bytes;
    best.offsets = placer.offsets();
    best_order = order;
  };
  const auto at = [&](int i) -> const Buffer& { return buffers[static_cast<size_t>(i)]; };
  // The end first: an output that overlaps its input lies below it, and a chain of them grows upwards into the past.
  attempt(OrderBy(buffers.size(), [&](int a, int b) { return at(a).first > at(b).first; }));
  attempt(OrderBy(buffers.size(), [&](int a, int b) { return at(a).size_bytes > at(b).size_bytes; }));
  attempt(OrderBy(buffers.size(), [&](int a, int b) { return at(a).first < at(b).first; }));
  attempt(OrderBy(buffers.size(), [&](int a, int b) {
    return at(a).last - at(a).first != at(b).last - at(b).first ? at(a).last - at(a).first > at(b).last - at(b).first
                                                                : at(a).first > at(b).first;
  }));

  // Networks of thousands of tensors get fewer rounds, so that this takes a second at most.
  constexpr int64_t kMostRuleVisits = 40'000'000;
  const int64_t affordable = kMostRuleVisits / std::max<int64_t>(placer.rule_count(), 1);
  Random random(1);
  const auto below = [&](size_t count) { return static_cast<size_t>(random.Below(static_cast<uint32_t>(count))); };
  for (int round = 0; round < std::min<int64_t>(rounds, affordable) && best.bytes > best.least_bytes; ++round) {
    std::vector<int> order = best_order;
    // Somebody at the top gets an earlier turn, or anybody any turn.
    size_t from = below(order.size());
    if (round % 2 == 0) {
      int64_t top = 0;
      for (size_t i = 0; i < order.size(); ++i) {
        const auto buffer = static_cast<size_t>(order[i]);
        const int64_t end = best.offsets[buffer] + buffers[buffer].size_bytes;
        if (end > top || (end == top && below(2) == 0)) {
          top = end;
          from = i;
        }
      }
    }
    const size_t to = round % 2 == 0 ? below(from + 1) : below(order.size());
    const int moved = order[from];
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), moved);
    attempt(order);
  }
  return best;
}

}  // namespace thimble::compiler
