#include "steps/softmax/pack.h"

#include "kernels/fixed_functions.h"

namespace thimble::steps {

std::optional<Packed<Softmax::Params>> PackSoftmax(const Distribution& layer, Target) {
  constexpr int kDifferenceBits = 5;  // before the point
  if (layer.columns < 1 || layer.columns >= 1 << 12 || layer.difference.shift < 1 || layer.difference.shift >= 30) {
    return std::nullopt;
  }
  // Further below the largest than this, a difference would leave those bits, and its exponential is 0.
  const int64_t furthest = (int64_t{(1 << kDifferenceBits) - 1} << (31 - kDifferenceBits)) >> layer.difference.shift;
  std::vector<int32_t> table;
  for (int32_t below = 0; below < 256 && below <= furthest; ++below) {
    table.push_back(kernels::ExpOfNegative(Scale(-below, layer.difference), kDifferenceBits));
  }
  while (table.size() > 1 && table.back() == 0) table.pop_back();
  Packed<Softmax::Params> packed;
  packed.params.rows = layer.rows;
  packed.params.columns = layer.columns;
  packed.params.entries = static_cast<int32_t>(table.size());
  ConstantWriter writer;
  for (const int32_t value : table) writer.Write(value);
  packed.constants = writer.Take();
  packed.stack_bytes = 60;
  packed.lead_bytes = 0;
  packed.cycles = 60 + layer.rows * (175.0 + 49.0 * layer.columns);
  return packed;
}

}  // namespace thimble::steps
