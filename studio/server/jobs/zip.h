// ZIP archives in memory: what builds and projects are handed over as.
#ifndef THIMBLE_STUDIO_SERVER_JOBS_ZIP_H_
#define THIMBLE_STUDIO_SERVER_JOBS_ZIP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace thimble::studio {

/// Writes an archive piece by piece. The same files, the same bytes: it holds no times.
///
/// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16; without ZIP64, so at most 65,535 files and 4 GB.
class ZipWriter {
 public:
  /// `path` is relative, with forward slashes. kInvalidArgument: the archive would become too large.
  Outcome Add(const std::string& path, std::string_view bytes);

  std::string Finish() &&;

 private:
  std::string archive_, directory_;
  uint32_t files_ = 0;
};

/// A file of an archive, not yet unpacked.
struct ZipEntry {
  std::string path;  ///< clean: relative, without ".."
  uint64_t bytes = 0;
  uint32_t crc = 0;
  uint16_t method = 0;
  std::string_view packed;  ///< in the archive
};

/// The files of an archive, in its order; folders are passed over. Made for bytes from strangers.
///
///   kDataLoss     it is no archive, or damaged
///   kUnsupported  it is encrypted, in parts, ZIP64, or packed by another method than deflate
///   kInvalidArgument  a path leads out of the archive; files lie over each other; more than `most_files`
Expected<std::vector<ZipEntry>> ReadZip(std::string_view archive, size_t most_files = 65'535);

/// Its bytes, checked against length and CRC.
///
///   kInvalidArgument  it is larger than `most_bytes`, whatever its header says
///   kDataLoss         it is damaged
Expected<std::string> Unpack(const ZipEntry& entry, uint64_t most_bytes);

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_JOBS_ZIP_H_
