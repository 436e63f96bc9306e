// What is known of a signal once each of its numbers has been seen: ranges, axes that never move, clipped readings.
#ifndef THIMBLE_DATASET_SURVEY_H_
#define THIMBLE_DATASET_SURVEY_H_

#include <cstddef>
#include <vector>

namespace thimble::dataset {

struct AxisSurvey {
  float least = 0;
  float greatest = 0;
  /// Readings that stand at the least or the greatest value, three or more in a row: what a sensor says that cannot
  /// say more. 0 when the axis takes few values at all, as a sensor at rest or a switch does, and for runs of zeros,
  /// which is where signals rest.
  size_t clipped = 0;

  /// Every reading says the same: the sensor is not connected, or not moving.
  bool is_constant() const { return least == greatest; }
};

/// Takes a few comparisons a number, and memory for the axes only.
class Survey {
 public:
  void Add(float number, size_t axis);

  /// Of the axes in their order; none without numbers.
  std::vector<AxisSurvey> Axes() const;

 private:
  struct Axis {
    float least = 0, greatest = 0, before = 0;
    float finest = 0;  ///< the smallest step between two readings that differ; 0: none yet
    size_t run = 0;    ///< readings that have been the same by now
    size_t at_least = 0, at_greatest = 0;
  };
  std::vector<Axis> axes_;
};

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_SURVEY_H_
