// One file on its way in: small ones in memory, large ones on the disk, each whole in the end or not there at all.
#ifndef THIMBLE_STUDIO_SERVER_INGEST_INCOMING_FILE_H_
#define THIMBLE_STUDIO_SERVER_INGEST_INCOMING_FILE_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "studio/store/blobs.h"

namespace thimble::studio {

class IncomingFile {
 public:
  static constexpr int64_t kMostBytes = 100 * 1024 * 1024;

  /// `folder`: where large ones lie while they come, without a name.
  IncomingFile(Blobs& blobs, std::filesystem::path folder) : blobs_(&blobs), folder_(std::move(folder)) {}
  IncomingFile(IncomingFile&& other) noexcept;
  IncomingFile& operator=(IncomingFile&& other) = delete;
  ~IncomingFile();

  /// kInvalidArgument beyond kMostBytes; kOutOfMemory for a full disk.
  Outcome Append(std::string_view bytes);

  /// Everything that came. Valid as long as this object lives and nothing is appended.
  Expected<std::string_view> View();

  /// Its content among the blobs, staged.
  Expected<StagedBlob> Stage();

 private:
  Outcome Spill();
  Outcome WriteOut(std::string_view bytes);

  Blobs* blobs_;
  std::filesystem::path folder_;
  int64_t size_bytes_ = 0;
  std::string small_;  ///< everything, until it is large
  int descriptor_ = -1;
  std::optional<BlobWriter> writer_;
  void* mapped_ = nullptr;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_INGEST_INCOMING_FILE_H_
