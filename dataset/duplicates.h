// Finds recordings that repeat another one, wholly or in part, and removes them before they can leak into the test.
#ifndef THIMBLE_DATASET_DUPLICATES_H_
#define THIMBLE_DATASET_DUPLICATES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataset/recording.h"

namespace thimble::dataset {

/// One recording that was removed, and the one that stays in its place.
struct Duplicate {
  std::string kept;     ///< Recording::name
  std::string removed;  ///< Recording::name
  Category kept_category = Category::kUnassigned;
  Category removed_category = Category::kUnassigned;
  size_t shared_readings = 0;     ///< length of the run found in both
  bool whole = false;             ///< the two are the same from first to last reading
  bool across_the_split = false;  ///< one was for training, the other for testing: accuracy would have been a lie
  bool labels_differ = false;     ///< the same readings under two labels: one of them is wrong
  std::string sentence;           ///< all of this for people
};

/// Removes every recording that repeats a run of kSharedReadings readings (or fewer, when the recordings are shorter)
/// of another one, at any offset, number for number.
///
/// Across the split the training copy goes; an unassigned copy of an assigned one goes; else the later one. Runs that
/// hardly change (a sensor at rest or clipped) prove nothing and do not count; recordings that are equal from first to
/// last reading always do, for the second one adds nothing.
///
/// Takes time and memory in proportion to the number of readings.
std::vector<Duplicate> RemoveDuplicates(Dataset& dataset);

/// The list in one or two sentences: "140 recordings repeat another one and were left out: 3 of them in training repeat
/// testing". Empty for an empty list.
std::string Summary(std::span<const Duplicate> duplicates);

/// A run of this many equal readings is a copy and no coincidence.
inline constexpr size_t kSharedReadings = 64;

/// A fingerprint of a recording's readings, names aside: equal readings have equal fingerprints.
uint64_t ContentHash(const Recording& recording);

/// A fingerprint of all recordings and their labels, whatever order they were read in: 16 hexadecimal digits.
std::string DataHash(const Dataset& dataset);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_DUPLICATES_H_
