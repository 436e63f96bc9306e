// Recordings as files that Edge Impulse, its tools and dataset/reader.h take.
#ifndef THIMBLE_BRIDGE_RECORDING_FILE_H_
#define THIMBLE_BRIDGE_RECORDING_FILE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "bridge/capture.h"

namespace thimble::bridge {

/// What stands in a file beside the readings.
struct FileFacts {
  std::string device_name;  ///< unique; empty: left out
  std::string device_type = "thimble";
  int64_t issued_s = 0;  ///< seconds since 1970
};

/// The data acquisition format as JSON, not signed (alg "none", a signature of zeros). What was measured of the clock,
/// and where readings are missing, stands beside the payload under "capture", which other readers pass over.
std::string RecordingJson(const Captured& captured, const FileFacts& facts);

/// "wave.1700000000123.json". Characters of the label that would mean something to a file system become '_'.
std::string RecordingFileName(std::string_view label, int64_t time_ms);

/// Writes the file under that name in `folder` (made when it is not there): wholly, on the disk, or not at all. Another
/// file of that name is left alone, and the name gets a number. Gives the path.
///
///   kFailed   it cannot be written; the disk may be full
Expected<std::filesystem::path> WriteRecording(const std::filesystem::path& folder, const std::string& name,
                                               std::string_view bytes);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_RECORDING_FILE_H_
