// Finds testing readings that training holds too, up to noise, scale and offset: copies that are not number for number.
#ifndef THIMBLE_DATASET_LEAKS_H_
#define THIMBLE_DATASET_LEAKS_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "dataset/recording.h"

namespace thimble::dataset {

/// A stretch of a testing recording that is nearly a stretch of a training recording.
struct Leak {
  size_t training = 0;  ///< index of the recording in the dataset
  size_t testing = 0;   ///< index of the recording in the dataset
  size_t training_reading = 0;
  size_t testing_reading = 0;
  size_t readings = 0;     ///< length of the stretch
  double correlation = 0;  ///< of both stretches, over all axes
  double scale = 1;        ///< the testing readings are so many times the training ones, but for an offset of each axis
  bool labels_differ = false;
  std::string sentence;  ///< all of this for people
};

/// Stretches of a leak correlate at least this much: one is the other with noise of a thirtieth of its swing, or less.
inline constexpr double kLeastLeakCorrelation = 0.995;

/// Two movements may be as alike as that by chance for half a second, so a short stretch has to be closer.
inline constexpr double kLeastShortLeakCorrelation = 0.998;

/// The longest leak of each pair of a training and a testing recording, in the order of the dataset. Copies that are
/// the same number for number are found too; but RemoveDuplicates does that faster and within training as well.
///
/// A leak is at least 64 readings or 100 ms, whichever is longer, at any offset; two thirds of a recording, but no less
/// than 32 readings, where recordings are shorter. What is not half as long again is short
/// (kLeastShortLeakCorrelation). Readings that repeat themselves prove nothing and do not count: those of a sensor at
/// rest, of a machine, of a steady tone. Nor do pictures.
///
/// Candidates come from random projections of coarse windows (locality-sensitive hashing: M. Charikar, STOC 2002), so
/// time and memory grow with the number of readings and not with that of pairs; one copy in a thousand may be missed.
std::vector<Leak> FindLeaks(const Dataset& dataset);

/// "12 of 25 recordings for testing hold readings that 30 recordings for training hold too, up to noise, scale or
/// offset: accuracy would look better than it is". Empty for an empty list.
std::string Summary(const Dataset& dataset, std::span<const Leak> leaks);

/// Takes the training recordings of these leaks out of the dataset; returns how many. The leaks' indices are void then.
size_t RemoveLeaks(Dataset& dataset, std::span<const Leak> leaks);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_LEAKS_H_
