// Where the buffers of a plan lie, so that together they take as little memory as possible.
#ifndef THIMBLE_COMPILER_PLACE_H_
#define THIMBLE_COMPILER_PLACE_H_

#include <cstdint>
#include <vector>

namespace thimble::compiler {

/// A piece of memory that is needed from step `first` to step `last`, both included.
struct Buffer {
  int64_t size_bytes = 0;
  int first = 0, last = 0;
};

/// Two buffers that are both alive in one step only, the last one of `input` and the first one of `output`, and may
/// overlap: before the step writes output byte k it has read all input bytes up to k - lead_bytes. So the output lies
/// there or lower: output offset <= input offset - lead_bytes. (Or it is apart, as ever.) A pair has at most one.
struct Overlap {
  int input = 0, output = 0;  ///< indices of buffers
  int64_t lead_bytes = 0;
  bool exact = false;  ///< not an inequality: output offset == input offset - lead_bytes, a multiple of 16
};

struct Layout {
  std::vector<int64_t> offsets;  ///< multiples of 16
  int64_t bytes = 0;             ///< the end of the highest, rounded up to a multiple of 16
  int64_t least_bytes = 0;       ///< no layout is smaller; often none is that small
};

/// What the buffers of each step need together at least. No layout is below the largest of these.
std::vector<int64_t> LeastBytes(const std::vector<Buffer>& buffers, const std::vector<Overlap>& overlaps, int steps);

/// The best layout found within `rounds` tries, of which the first few are the usual heuristics and the others are
/// local search: every buffer takes the lowest place that is free when its turn comes, and what is searched for is the
/// order of turns. The same layout on every machine, always.
Layout Place(const std::vector<Buffer>& buffers, const std::vector<Overlap>& overlaps, int rounds);

}  // namespace thimble::compiler

#endif  // THIMBLE_COMPILER_PLACE_H_
