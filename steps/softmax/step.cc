#include "steps/softmax/step.h"

#include <algorithm>

#include "base/fixed_point.h"
#include "kernels/fixed_functions.h"

namespace thimble::steps {
namespace {

constexpr int kSumBits = 12;  // of a sum before the point
constexpr int32_t kMostColumns = (1 << kSumBits) - 1;

}  // namespace

bool Softmax::Check(const Params& p, const std::byte*, const Extents& extents) {
  return p.rows >= 0 && p.columns >= 1 && p.columns <= kMostColumns && p.entries >= 1 && p.entries <= 256 &&
         Within(extents.frame_bytes, p.input, int64_t{p.rows} * p.columns) &&
         Within(extents.frame_bytes, p.output, int64_t{p.rows} * p.columns) &&
         Within(extents.constants_bytes, p.constants, p.entries, sizeof(int32_t), alignof(int32_t));
}

void Softmax::Run(const Params& p, const Memory& memory) {
  const auto* table = reinterpret_cast<const int32_t*>(memory.constants + p.constants);
  const auto* input = reinterpret_cast<const int8_t*>(memory.frame + p.input);
  auto* output = reinterpret_cast<int8_t*>(memory.frame + p.output);
  for (int32_t row = 0; row < p.rows; ++row) {
    int32_t largest = -128;
    for (int32_t i = 0; i < p.columns; ++i) largest = std::max<int32_t>(largest, input[i]);
    uint32_t sum = 0;
    for (int32_t i = 0; i < p.columns; ++i) {
      const int32_t below = largest - input[i];
      if (below < p.entries) sum += (static_cast<uint32_t>(table[below]) + (1u << (kSumBits - 1))) >> kSumBits;
    }
    // A package's table may be anything; the real ones begin with 1, and then a sum is at least 2^19.
    const kernels::Reciprocal reciprocal = kernels::ReciprocalOf(static_cast<int32_t>(std::max<uint32_t>(sum, 1)));
    const int shift = Clamp(reciprocal.shift + kSumBits - 8, 1, 32);
    const uint32_t half = uint32_t{1} << (shift - 1);
    const int32_t entries = shift < 32 ? p.entries : 0;  // a sum above 2^8 has only zeros
    for (int32_t i = 0; i < p.columns; ++i) {
      const int32_t below = largest - input[i];
      uint32_t steps = 0;
      if (below < entries) {
        const int64_t product = static_cast<int64_t>(reciprocal.result) * table[below] + (int64_t{1} << 30);
        steps = (static_cast<uint32_t>(product >> 31) + half) >> shift;
      }
      output[i] = static_cast<int8_t>(std::min<uint32_t>(steps, 255) - 128);
    }
    input += p.columns;
    output += p.columns;
  }
}

}  // namespace thimble::steps
