// A project's samples as recordings that can be learnt from.
#ifndef THIMBLE_STUDIO_SERVER_JOBS_STORED_DATA_H_
#define THIMBLE_STUDIO_SERVER_JOBS_STORED_DATA_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "dataset/recording.h"
#include "studio/store/store.h"

namespace thimble::studio {

struct StoredDataOptions {
  int64_t project_id = 0;
  int64_t snapshot = 0;  ///< a project version's id, or 0: the data set as it is now
  /// Recordings of the category "anomaly" are for testing what is not normal; elsewhere they are left out.
  bool with_anomalies = false;
  /// Called after each sample; returns false to stop (kCancelled).
  std::function<bool(size_t done, size_t total)> progress = {};
};

/// The enabled samples, in the order of their ids. A sample with labels for stretches of it becomes a recording for
/// each stretch. `Recording::file` is "sample 17/wave.1.json": see SampleIdOf.
///
///   kInvalidArgument  there are none; axes, units or rates differ
///   kNotFound, kDataLoss  a sample's bytes are gone or damaged (which one)
Expected<dataset::Dataset> ReadStored(Store& store, const StoredDataOptions& options);

/// Of a recording that ReadStored gave, or of a part of one; 0 of others.
int64_t SampleIdOf(std::string_view file);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_JOBS_STORED_DATA_H_
