// Sound as RIFF WAVE files hold it becomes a recording of one axis.
#ifndef THIMBLE_DATASET_INTERNAL_WAV_H_
#define THIMBLE_DATASET_INTERNAL_WAV_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dataset/recording.h"

namespace thimble::dataset {

/// Reads PCM of 8, 16, 24 or 32 bits and float of 32, plain or WAVE_FORMAT_EXTENSIBLE; other chunks are passed over.
/// Several channels are mixed into one with a notice. Whatever the file holds, full scale becomes ±32768: signal
/// processing counts in the steps of a 16-bit microphone. Errors do not name the file.
///
/// Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", and RFC 2361.
///
/// `take`: given, the samples go there instead of into Recording::values.
Expected<Recording> ReadWav(std::string_view bytes, std::vector<std::string>& notices,
                            const std::function<void(float, size_t)>& take = {});

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_INTERNAL_WAV_H_
