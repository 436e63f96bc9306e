// Sums of four output channels over rows of int8 inputs: the core of steps whose outputs share their inputs.
#ifndef THIMBLE_STEPS_FOUR_SUMS_SUMS_H_
#define THIMBLE_STEPS_FOUR_SUMS_SUMS_H_

#include <cstddef>
#include <cstdint>

namespace thimble::steps {

/// A row of inputs, which are taken by fours. The last word is put together apart, for the row may end within it.
struct InputRow {
  const int8_t* inputs;
  int32_t quads;       ///< at least 1
  uint32_t last_word;  ///< the last four inputs; 0 for those beyond the row
};

/// In int64_t when a plan is checked, in int32_t when it runs.
template <typename Int>
constexpr Int QuadsOf(Int inputs) {
  return (inputs + 3) / 4;
}

/// Constants of four channels: biases and lanes of weights, as cortex_m4.S describes them.
template <typename Int>
constexpr Int FourSumsBytes(Int quads) {
  return 16 * (1 + quads);
}

/// `count` inputs, at least one.
InputRow MakeInputRow(const int8_t* inputs, int32_t count);

extern "C" const std::byte* thimble_four_sums(const std::byte* constants, const InputRow* rows, int32_t* sums,
                                              const InputRow* rows_end);

/// sums[4 * r + c] = bias[r, c] + sum_i rows[r][i] * w[r, c, i] of the four channels c that `constants`, aligned to 4,
/// hold for each row r, one behind the other. Returns where they end.
template <size_t kRows>
const std::byte* FourSums(const std::byte* constants, const InputRow (&rows)[kRows], int32_t (&sums)[4 * kRows]) {
  return thimble_four_sums(constants, rows, sums, rows + kRows);
}

}  // namespace thimble::steps

#endif  // THIMBLE_STEPS_FOUR_SUMS_SUMS_H_
