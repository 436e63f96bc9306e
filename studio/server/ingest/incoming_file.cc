#include "studio/server/ingest/incoming_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace thimble::studio {
namespace {

constexpr size_t kLargeBytes = 1024 * 1024;

Error SystemError(const std::string& what) {
  const int code = errno;
  if (code == ENOSPC || code == EDQUOT) {
    return {Status::kOutOfMemory, what + ": the disk is full; free some space and try again"};
  }
  return {Status::kFailed, what + ": " + std::strerror(code)};
}

}  // namespace

IncomingFile::IncomingFile(IncomingFile&& other) noexcept
    : blobs_(other.blobs_),
      folder_(std::move(other.folder_)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      small_(std::move(other.small_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      writer_(std::move(other.writer_)),
      mapped_(std::exchange(other.mapped_, nullptr)) {}

IncomingFile::~IncomingFile() {
  if (mapped_ != nullptr) ::munmap(mapped_, static_cast<size_t>(size_bytes_));
  if (descriptor_ >= 0) ::close(descriptor_);
}

Outcome IncomingFile::Spill() {
  std::string name = (folder_ / "arriving-XXXXXX").string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) return SystemError(folder_.string());
  ::unlink(name.c_str());
  THIMBLE_ASSIGN(BlobWriter writer, blobs_->StartWriting());
  writer_.emplace(std::move(writer));
  const std::string gathered = std::exchange(small_, {});
  return WriteOut(gathered);
}

Outcome IncomingFile::WriteOut(std::string_view bytes) {
  THIMBLE_EXPECT(writer_->Append(bytes));
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(folder_.string());
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Nothing{};
}

Outcome IncomingFile::Append(std::string_view bytes) {
  size_bytes_ += static_cast<int64_t>(bytes.size());
  if (size_bytes_ > kMostBytes) {
    return {Status::kInvalidArgument, "the file is larger than " + std::to_string(kMostBytes >> 20) + " MiB; cut it"};
  }
  if (descriptor_ < 0) {
    small_ += bytes;
    return small_.size() > kLargeBytes ? Spill() : Nothing{};
  }
  return WriteOut(bytes);
}

Expected<std::string_view> IncomingFile::View() {
  if (descriptor_ < 0) return std::string_view(small_);
  if (mapped_ == nullptr) {
    void* const place = ::mmap(nullptr, static_cast<size_t>(size_bytes_), PROT_READ, MAP_PRIVATE, descriptor_, 0);
    if (place == MAP_FAILED) return SystemError(folder_.string());
    mapped_ = place;
  }
  return std::string_view(static_cast<const char*>(mapped_), static_cast<size_t>(size_bytes_));
}

Expected<StagedBlob> IncomingFile::Stage() { return writer_ ? writer_->Finish() : blobs_->Stage(small_); }

}  // namespace thimble::studio
