// From what the store keeps of a sample back to its readings.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_RECORDING_OF_H_
#define THIMBLE_STUDIO_SERVER_INGEST_RECORDING_OF_H_

#include <string_view>

#include "base/error.h"
#include "dataset/recording.h"
#include "studio/store/blobs.h"
#include "studio/store/records.h"

namespace thimble::studio {

/// The readings of a sample: of its whole blob, or of the stretch that it is. Name, label and category are the
/// sample's; `file` is its file's name. What is neither for training nor for testing is unassigned.
///
///   kNotFound    its blob is gone
///   kDataLoss    its blob is damaged, or shorter than the stretch
Expected<dataset::Recording> RecordingOf(const Blobs& blobs, const Sample& sample);

/// The same of bytes that are at hand: the whole blob of that sample.
Expected<dataset::Recording> RecordingOf(const Sample& sample, std::string_view bytes);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_RECORDING_OF_H_
