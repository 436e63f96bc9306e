#include "steps/four_sums/sums.h"

#include <cstring>

namespace thimble::steps {

#if !defined(__ARM_FEATURE_DSP)

const std::byte* thimble_four_sums(const std::byte* constants, const InputRow* rows, int32_t* sums,
                                   const InputRow* rows_end) {
  for (; rows != rows_end; ++rows) {
    uint32_t both[2], first[2];
    std::memcpy(both, constants, sizeof both);
    std::memcpy(first, constants + sizeof both, sizeof first);
    constants += sizeof both + sizeof first;
    const auto quad = [&](uint32_t word) {
      for (int32_t odd = 0; odd < 2; ++odd) {
        for (int32_t pair = 0; pair < 2; ++pair) {
          for (int32_t lane = 0; lane < 2; ++lane, constants += 2) {
            int16_t weights;
            std::memcpy(&weights, constants, sizeof weights);
            // NOLINTNEXTLINE(bugprone-signed-char-misuse): a number, not a letter
            const int32_t x = static_cast<int8_t>(word >> (16 * lane + 8 * odd));
            both[pair] += static_cast<uint32_t>(weights * x);
            first[pair] += static_cast<uint32_t>(static_cast<int8_t>(weights) * x);
          }
        }
      }
    };
    quad(rows->last_word);
    for (int32_t i = 0; i + 1 < rows->quads; ++i) {
      uint32_t word;
      std::memcpy(&word, rows->inputs + 4 * i, sizeof word);
      quad(word);
    }
    for (int32_t pair = 0; pair < 2; ++pair) {
      *sums++ = static_cast<int32_t>(first[pair]);
      *sums++ = static_cast<int32_t>(both[pair] - first[pair]) >> 8;
    }
  }
  return constants;
}

#endif

InputRow MakeInputRow(const int8_t* inputs, int32_t count) {
  InputRow row = {inputs, QuadsOf(count), 0};
  for (int32_t i = count; i-- > 4 * (row.quads - 1);)
    row.last_word = row.last_word << 8 | static_cast<uint8_t>(inputs[i]);
  return row;
}

}  // namespace thimble::steps
