// How weights lie for the x86-64 steps, whatever the width of the machine's vectors: in blocks of 16 output channels.
#ifndef THIMBLE_STEPS_X86_LAYOUT_H_
#define THIMBLE_STEPS_X86_LAYOUT_H_

#include <cstddef>
#include <cstdint>

// For loops that keep their sums in registers: removing partial redundancies makes GCC 12 copy each of the 24 sums to
// and fro around every product. (An option for the whole file would be unknown to clang-tidy.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define THIMBLE_X86_KEEP_SUMS __attribute__((optimize("no-tree-pre")))
#else
#define THIMBLE_X86_KEEP_SUMS
#endif

namespace thimble::steps::x86 {

/// Output channels of a block. The last block of a layer may have fewer; the rest are zeros.
inline constexpr int kBlock = 16;

/// Products that one lane adds at a time: bytes k .. k + 3 of an image meet those of 16 filters.
inline constexpr int kQuad = 4;

/// A block begins with what each of its channels needs, then come its weights: for each quad 16 x 4 int8. Activations x
/// are used as x + 128, 0 .. 255, which is what multiply-accumulate instructions take.
struct BlockHeader {
  int32_t bias[kBlock];      ///< bias - (128 + input zero point) * sum of weights
  int32_t left[kBlock];      ///< 1 + shift to the left before the multiplication: the 1 is the doubling
  int32_t mantissa[kBlock];  ///< of Multiplier
  int32_t tie[kBlock];       ///< shift that makes 1 of a negative number: 31, and 32 (0 of any) without right shift
  int32_t half[kBlock];      ///< 2^(right - 1), or 0
  int32_t right[kBlock];     ///< shift to the right after the multiplication
};

inline constexpr int kHeaderBytes = sizeof(BlockHeader);
inline constexpr int kQuadBytes = kBlock * kQuad;

/// Sums are scaled as they are only if their doubles fit: |sum * 2^left| < 2^30.
inline constexpr int64_t kSumLimit = int64_t{1} << 30;

/// Scratch is used from its first cache line on: a vector of 64 bytes that begins elsewhere is loaded twice.
inline constexpr int kLine = 64;
inline std::byte* ToLine(std::byte* scratch) {
  return scratch + (kLine - reinterpret_cast<uintptr_t>(scratch) % kLine) % kLine;
}
/// What that may cost of scratch that is aligned to 16.
inline constexpr int64_t kLineSlack = kLine - 16;

/// A number of bytes, as whole lines.
constexpr int64_t Lines(int64_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

/// A size that no memory has, of what cannot be computed.
inline constexpr int64_t kTooLarge = int64_t{1} << 40;

/// The loops take at most so many pixels before they store their outputs.
inline constexpr int kMostPixels = 8;

/// What becomes of scaled sums: plus the zero point, within the clamp.
struct Stored {
  int32_t zero_point, clamp_low, clamp_high;
};

}  // namespace thimble::steps::x86

#endif  // THIMBLE_STEPS_X86_LAYOUT_H_
