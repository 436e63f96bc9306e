// Small data sets for the trainer's tests and benchmark.
#ifndef THIMBLE_TRAINER_TEST_TABLES_H_
#define THIMBLE_TRAINER_TEST_TABLES_H_

#include <cmath>

#include "base/random.h"
#include "trainer/table.h"

namespace thimble::trainer {

/// Each label is a cloud in three dimensions of very different size: deviation 1, 0.2 and 4. Recordings of a label
/// lie a little apart. Recording r of label l is group l × recordings + r.
inline Table Clouds(int labels, int recordings, int rows_each, uint64_t seed) {
  Random random(seed);
  Table table;
  table.feature_count = 3;
  for (int label = 0; label < labels; ++label) {
    for (int recording = 0; recording < recordings; ++recording) {
      const float shift = 0.3f * random.Normal();
      for (int row = 0; row < rows_each; ++row) {
        const auto turn = static_cast<float>(label);
        table.features.push_back(5.0f * turn + shift + random.Normal());
        table.features.push_back(0.2f * (4.0f * static_cast<float>(label % 2) + random.Normal()));
        const int half = label / 2;
        table.features.push_back(4.0f * (static_cast<float>(half) * 4.0f + random.Normal()));
        table.labels.push_back(label);
        table.groups.push_back(label * recordings + recording);
      }
    }
  }
  return table;
}

/// y = sin(x) + noise for x in 0 … 2 pi.
inline Table Sine(int rows, float noise, uint64_t seed) {
  Random random(seed);
  Table table;
  table.feature_count = 1;
  for (int row = 0; row < rows; ++row) {
    const float x = 6.2831853f * random.Uniform();
    table.features.push_back(x);
    table.targets.push_back(std::sin(x) + noise * random.Normal());
  }
  return table;
}

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_TEST_TABLES_H_
